// Why something failed, in the user's language. Newsmux's own reasons and the system's errors arrive in English, sometimes
// with an error number. A provider's own reply stays as it is.
import type { Platform } from "../platform";

export type SystemError = "refused" | "reset" | "timedOut" | "unreachable" | "inUse" | "noSuchAddress" | "notAllowed" | "diskFull" | "readOnly" | "noSuchFile" | "noSuchHost";
export type Causes = { system: Record<SystemError, string>; reasons: [RegExp, string][] };

/** Error numbers of each system. */
const numbers: Record<Platform, Record<number, SystemError>> = {
  linux: {
    1: "notAllowed", 2: "noSuchFile", 13: "notAllowed", 28: "diskFull", 30: "readOnly", 32: "reset", 98: "inUse", 99: "noSuchAddress", 100: "unreachable",
    101: "unreachable", 103: "reset", 104: "reset", 110: "timedOut", 111: "refused", 113: "unreachable",
  },
  macos: {
    1: "notAllowed", 2: "noSuchFile", 13: "notAllowed", 28: "diskFull", 30: "readOnly", 32: "reset", 48: "inUse", 49: "noSuchAddress", 50: "unreachable",
    51: "unreachable", 53: "reset", 54: "reset", 60: "timedOut", 61: "refused", 64: "unreachable", 65: "unreachable",
  },
  windows: {
    2: "noSuchFile", 3: "noSuchFile", 5: "notAllowed", 19: "readOnly", 112: "diskFull", 10013: "notAllowed", 10048: "inUse", 10049: "noSuchAddress",
    10050: "unreachable", 10051: "unreachable", 10053: "reset", 10054: "reset", 10060: "timedOut", 10061: "refused", 10065: "unreachable",
    11001: "noSuchHost", 11002: "noSuchHost", 11004: "noSuchHost",
  },
};

/** The same errors where they come without a number. */
const texts: [RegExp, SystemError][] = [
  [/failed to lookup address information: [^()]*|name or service not known|nodename nor servname provided, or not known|the host has no address/i, "noSuchHost"],
  [/connection refused|the connection was refused/i, "refused"],
  [/connection reset by peer|broken pipe|connection aborted/i, "reset"],
  [/it took too long|connection timed out|timed out$/i, "timedOut"],
  [/no route to host|network is unreachable|host is unreachable/i, "unreachable"],
  [/permission denied/i, "notAllowed"],
  [/no space left on device/i, "diskFull"],
  [/read-only file system/i, "readOnly"],
  [/no such file or directory/i, "noSuchFile"],
];

/** A reason without error numbers, in the language of `causes`. */
export function cause(said: string, causes: Causes, platform: Platform): string {
  let text = said.replace(/([^:()]*?)\s*\(os error (-?\d+)\)/g, (_, message: string, number: string) => {
    const error = numbers[platform][Number(number)];
    return error ? `${/^\s*/.exec(message)?.[0] ?? ""}${causes.system[error]}` : message;
  });
  for (const [pattern, error] of texts) text = text.replace(pattern, causes.system[error]);
  for (const [pattern, words] of causes.reasons) text = text.replace(pattern, words);
  return text;
}
