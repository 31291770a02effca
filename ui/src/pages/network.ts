// How a provider's connections leave this computer, in the form: a proxy, an interface or address, a version of IP.
import type { PasswordState, Provider } from "../bindings";
import type { Words } from "../i18n";

const SCHEME = "socks5://";
export const ipVersions = ["auto", "v4", "v6"] as const;
export const networkFields = ["proxy", "proxy_password", "bind", "ip"];

export type ProxyAddress = { host: string; port: number; user: string | null };

/** A proxy as it is entered, or null if it is none. The application has the last word: `ProxyAddress::parse`. */
export function proxyAt(entered: string): ProxyAddress | null {
  const found = /^socks5:\/\/(?:([^:\s]+)@)?(\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?\/?$/i.exec(entered);
  const port = Number(found?.[3] ?? 1080);
  if (!found?.[2] || port < 1 || port > 65535) return null;
  return { host: found[2].toLowerCase(), port, user: found[1] ?? null };
}

/** What was entered, with the scheme if it was left out. */
export function proxyText(entered: string | null | undefined): string | null {
  const text = entered?.trim() ?? "";
  return !text || text.includes("://") ? text || null : SCHEME + text;
}

/** Splits `socks5://user:password@host`, which is how many proxies are handed out. */
export function splitPassword(entered: string): { proxy: string; password: string } | null {
  const [, scheme = "", rest = ""] = /^(\w+:\/\/)?(.*)$/.exec(entered.trim()) ?? [];
  const found = /^([^:@\s]+):(\S*)@([^@\s]+)$/.exec(rest);
  return found ? { proxy: `${scheme}${found[1]}@${found[3]}`, password: found[2] ?? "" } : null;
}

export const needsProxyPassword = (provider: Provider) => Boolean(proxyAt(proxyText(provider.proxy) ?? "")?.user);

/** Whether the proxy's saved password was entered for another proxy or user than in the form. */
export function proxyAgain(saved: Provider | undefined, now: Provider, held: PasswordState): boolean {
  if (!needsProxyPassword(now)) return false;
  if (held === "elsewhere") return true;
  const known = saved && held !== "not_needed" && held !== "missing";
  const at = (provider: Provider) => JSON.stringify(proxyAt(proxyText(provider.proxy) ?? ""));
  return Boolean(known && at(saved) !== at(now));
}

const versionOf = (address: string) => (/^\d+(\.\d+){3}$/.test(address) ? "v4" : address.includes(":") ? "v6" : null);

/** What prevents saving, by field. */
export function wrongNetwork(provider: Provider, password: string, again: boolean, held: PasswordState, t: Words) {
  const wrong: { proxy?: string; proxy_password?: string; bind?: string; ip?: string } = {};
  const words = t.network.wrong;
  const proxy = proxyText(provider.proxy);
  const address = proxy ? proxyAt(proxy) : null;
  if (proxy && !address) wrong.proxy = words.proxy;
  if (address?.user && !password) {
    if (again) wrong.proxy_password = words.passwordAgain;
    else if (held === "not_needed") wrong.proxy_password = words.passwordEmpty;
  }
  const bind = provider.bind?.trim() ?? "";
  if (bind === "0.0.0.0" || bind === "::") wrong.bind = words.bind;
  const fixed = [versionOf(bind), proxy ? null : versionOf(provider.host.trim())].filter((version) => version !== null);
  const ip = provider.ip ?? "auto";
  if (ip !== "auto" && fixed.some((version) => version !== ip)) wrong.ip = words.ip;
  else if (fixed.length === 2 && fixed[0] !== fixed[1]) wrong.bind = words.bind;
  return wrong;
}

/** These fields as they are sent. */
export function finishedNetwork({ proxy, bind, ip }: Provider) {
  return { proxy: proxyText(proxy), bind: bind?.trim() || null, ip: ip ?? "auto" };
}
