// The other programs that the fake knows: their settings, and their answers when Newsmux adds itself.
import type { Connected, Doubt, FailureCode, ImportFile, ImportServer, ProgramAddress, Provider, Quota, Reply, Request } from "../bindings";
import { newProvider } from "../pages/provider";

type Connect = Extract<Request, { do: "connect_client" }>;

export const importFiles: ImportFile[] = [
  { program: "sabnzbd", path: "/home/reader/.sabnzbd/sabnzbd.ini" },
  { program: "nzbget", path: "/etc/nzbget.conf" },
];

const server = (name: string, more: Partial<Provider>, doubts: Doubt[], password = true): ImportServer => ({
  provider: { ...newProvider(), name, host: `news.${name.toLowerCase()}.example`, port: 563, username: "reader", ...more }, password, doubts, known: false, same_account_as: null,
});

const limit = (bytes: number): Quota => ({ bytes, used_before: 0, period: "once", reset_day: 1, reserve: 0 });

const sabnzbd: ImportServer[] = [
  server("Harbour", { connections: 30 }, []),
  server("Quarry", { connections: 500, tier: 1, verify: "none", enabled: false, expires: "2027-01-31", quota: limit(500e9) }, [
    { what: "off" }, { what: "less_verified" }, { what: "connections", said: "900", taken: 500 }, { what: "retention", days: 1200 }, { what: "optional" },
    { what: "quota", said: "500G" },
  ]),
  { ...server("Northwind", { host: "news.main.example" }, []), known: true },
];

/** Three servers of one account, and another one of an account that is there. */
const hosts: ImportServer[] = [
  server("Harbour", { host: "us.harbour.example" }, []),
  { ...server("Harbour Europe", { host: "eu.harbour.example", quota: limit(700e9), expires: "2031-06-30" }, [{ what: "quota", said: "700G" }]), same_account_as: { provider: null, servers: [0] } },
  { ...server("Brickyard Europe", { host: "eu.block.example", expires: "2031-06-30" }, []), same_account_as: { provider: "block", servers: [] } },
  { ...server("Harbour Asia", { host: "asia.harbour.example", quota: limit(500e9) }, [{ what: "quota", said: "500G" }]), same_account_as: { provider: null, servers: [0, 1] } },
];

const nzbget: ImportServer[] = [
  server("Meadow", { tls: "off", port: null, tier: 255 }, [
    { what: "not_encrypted" }, { what: "no_password" }, { what: "port", said: "70000" }, { what: "tier", said: "300", taken: 255 },
    { what: "more_verified" }, { what: "joins_group" },
  ], false),
];

/** The servers in a settings file, or null if it is none. */
export function previewOf(nameOrText: string): Extract<Reply, { is: "import" }> | null {
  if (/nzbget\.conf|Server\d+\./.test(nameOrText)) return { is: "import", program: "nzbget", servers: nzbget, left_out: [{ name: "my.newsserver.com", why: "example" }] };
  if (!/sabnzbd\.ini|\[servers\]/.test(nameOrText)) return null;
  if (nameOrText.includes("eu.harbour.example")) return { is: "import", program: "sabnzbd", servers: hosts, left_out: [] };
  return { is: "import", program: "sabnzbd", servers: sabnzbd, left_out: [{ name: "Newsmux", why: "ours" }, { name: "Old", why: "host" }] };
}

/** The result of a set-up. The key "wrong" is refused, and nothing answers at an address with "nowhere" in it, and
 *  the imported password of the user "changed" is an old one. */
export function connectTo({ program, address, secret, disable_direct }: Connect, reachable: ProgramAddress[]): Connected | FailureCode {
  if (/^(?!https?:)\w+:\/\//.test(address)) return "client_address";
  if (/^https:\/\/(?!127\.|localhost)/.test(address)) return "client_encrypted";
  if (address.includes("nowhere")) return "client_silent";
  const known = reachable.some((one) => one.program === program && one.address === address.replace(/\/+$/, "") && one.user !== "changed");
  if (secret === "wrong" || (!secret && !known)) return "client_key";
  const disabled = disable_direct ? [{ name: "Northwind", known: true }, { name: "Harbour", known: false }] : [];
  return { program, address, entry: "Newsmux", disabled, served: false };
}
