// A provider in the form: its defaults, its errors, and what is sent.
import type { Arranged, Hold, Password, Provider, Remedy, TlsMode, VerifyLevel } from "../bindings";
import type { Format } from "../format";
import type { Words } from "../i18n";
import { megabytes, wrongSpeed } from "./traffic";
import { boughtOf, centsOf, quotaOf, wrongBought, type Bought, type BoughtField } from "./account";
import { finishedNetwork, needsProxyPassword } from "./network";

/** `test`: the form starts a test when it opens. */
export type Draft = { provider: Provider; password: string; proxyPassword: string; bought: Bought; test?: boolean };
export type Wrong = Partial<Record<keyof Provider | "password" | "proxy_password" | BoughtField, string>>;

export function newProvider(): Provider {
  return {
    id: "", name: null, enabled: true, host: "", port: null, tls: "on", verify: "full", ca_file: null,
    username: null, connections: 8, tier: 0, required: false, pipelining: null, timeout_secs: 30,
  };
}

export const defaultPort = (tls: TlsMode) => (tls === "on" ? 563 : 119);

/** The server and port in a pasted address such as `https://news.example.com:563/`, or null if it is no address. */
export function trimHost(entered: string): { host: string; port: number | null } | null {
  const found = /^(?:[a-z+]+:\/\/)?([^\s/:@]+|\[[0-9a-f:]+\])(?::(\d{1,5}))?(?:\/\S*)?$/i.exec(entered.trim());
  if (!found?.[1] || found[1] === entered.trim()) return null;
  return { host: found[1].replace(/^\[|\]$/g, ""), port: found[2] ? Number(found[2]) : null };
}

/** Applies a remedy of the test. Returns the field that it changed. */
export function applyRemedy(provider: Provider, remedy: Remedy): "tls" | "connections" | "host" {
  const encrypt = (tls: TlsMode, port: number) => {
    provider.tls = tls;
    provider.port = port === defaultPort(tls) ? null : port;
    return "tls" as const;
  };
  switch (remedy.change) {
    case "use_tls": return encrypt("on", remedy.port);
    case "use_start_tls": return encrypt("starttls", remedy.port);
    case "use_no_tls": return encrypt("off", remedy.port);
    case "lower_connections":
      provider.connections = remedy.to;
      return "connections";
    case "trim_host":
      provider.host = remedy.host;
      provider.port = remedy.port ?? provider.port;
      return "host";
  }
}

const encryption: Record<TlsMode, number> = { off: 0, starttls: 1, on: 2 };
const verification: Record<VerifyLevel, number> = { none: 0, certificate: 1, full: 2 };

/** Whether the password that was entered for `saved` may be sent to `now`. The application has the last word: `Server::allows`. */
export function keepsPassword(saved: Provider, now: Provider): boolean {
  const server = ({ host, port, tls, username }: Provider) =>
    JSON.stringify([host.trim().toLowerCase(), port ?? defaultPort(tls), username?.trim() || ""]);
  if (server(saved) !== server(now)) return false;
  const isAsSafe = encryption[saved.tls] <= encryption[now.tls] && verification[saved.verify] <= verification[now.verify]
    && (saved.verify === "none" || (saved.ca_file ?? "") === (now.ca_file?.trim() ?? ""));
  return saved.tls === "off" || isAsSafe;
}

/** What prevents saving, by field. `again`: the saved password is for another server. `before`: the provider as it is saved. */
export function wrongWith({ provider, password, bought }: Draft, t: Words, format: Format, again = false, before?: Provider): Wrong {
  const wrong: Wrong = provider.account ? {} : wrongBought(bought, provider.expires ?? null, before?.expires ?? null, t, format);
  const host = wrongHost(provider.host, t);
  if (host) wrong.host = host;
  const within = (field: "port" | "listen_port" | "connections" | "pipelining" | "timeout_secs", from: number, to: number, optional = false) => {
    const value = provider[field];
    if (optional && (value === null || value === undefined)) return;
    if (value === null || value === undefined || !Number.isInteger(value) || value < from || value > to) {
      wrong[field] = t.form.wrong.range(format.number(from), format.number(to));
    }
  };
  within("port", 1, 65535, true);
  within("listen_port", 1, 65535, true);
  within("connections", 1, 500);
  within("pipelining", 1, 64, true);
  within("timeout_secs", 1, 600);
  const speed = wrongSpeed(megabytes(provider.speed), t, format);
  if (speed) wrong.speed = speed;
  if (password && !provider.username?.trim()) wrong.username = t.form.wrong.userEmpty;
  if (!provider.id && provider.username?.trim() && !password) wrong.password = t.form.wrong.passwordEmpty;
  if (again && !password && Object.keys(wrong).length === 0) wrong.password = t.failure.password_again;
  return wrong;
}

export function wrongHost(entered: string, t: Words): string | undefined {
  const wrong = t.form.wrong;
  const host = entered.trim();
  if (!host) return wrong.hostEmpty;
  if (host.includes("/")) return wrong.hostUrl;
  if (/\s/.test(host)) return wrong.hostBlanks;
  if (/^[^:]*:\d*$/.test(host)) return wrong.hostPort;
  return undefined;
}

/** The provider as it is sent. Without a name of its own it is called by its host. */
export function finished({ provider, bought }: Draft): Provider {
  const text = (entered: string | null | undefined) => entered?.trim() || null;
  // What was bought belongs to the account.
  const own = provider.account ? { quota: null, expires: null, price: null } : { quota: quotaOf(bought), expires: text(provider.expires), price: centsOf(bought) };
  return {
    ...provider,
    host: provider.host.trim(),
    name: text(provider.name) ?? text(provider.host),
    username: text(provider.username),
    ca_file: text(provider.ca_file),
    account: text(provider.account),
    backbone: text(provider.backbone)?.toLowerCase() ?? null,
    ...finishedNetwork(provider),
    listen_port: provider.listen_port ?? null,
    ...own,
  };
}

export function passwordOf(draft: Draft, hold: Hold): Password | null {
  return draft.password ? { secret: draft.password, hold } : null;
}

export function proxyPasswordOf(draft: Draft, hold: Hold): Password | null {
  return draft.proxyPassword && needsProxyPassword(draft.provider) ? { secret: draft.proxyPassword, hold } : null;
}

export type Tier<T> = { tier: number; providers: T[] };

/** The providers by priority, the main tier first. */
export function tiersOf<T extends { tier: number }>(providers: T[]): Tier<T>[] {
  const tiers = [...new Set(providers.map((provider) => provider.tier))].sort((a, b) => a - b);
  return tiers.map((tier) => ({ tier, providers: providers.filter((provider) => provider.tier === tier) }));
}

/** All providers with one of them moved up (-1) or down (1) by a tier, or null if it can't move. */
export function moved(providers: Provider[], id: string, by: -1 | 1): Arranged[] | null {
  const tiers = tiersOf(providers).map((tier) => tier.providers.map((provider) => provider.id));
  const from = tiers.findIndex((tier) => tier.includes(id));
  const to = from + by;
  const alone = tiers[from]?.length === 1;
  if (from < 0 || to < 0 || (alone && to === tiers.length)) return null;
  tiers[from] = (tiers[from] ?? []).filter((other) => other !== id);
  tiers[to] = by < 0 ? [...(tiers[to] ?? []), id] : [id, ...(tiers[to] ?? [])];
  return tiers.filter((tier) => tier.length > 0).flatMap((tier, at) => tier.map((other) => ({ id: other, tier: at })));
}

/** A provider to edit. A name that is its host is left empty, so that it follows the host. */
export function draftOf(provider: Provider, test = false): Draft {
  const name = provider.name === provider.host ? null : provider.name;
  return { provider: { ...provider, name }, password: "", proxyPassword: "", bought: boughtOf(provider), test };
}
