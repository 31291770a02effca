// What a provider test finds in the fake. The host names the problem, such as `plain.example`; applying the remedy solves it.
import type { Certificate, CheckStep, Finding, Found, Outcome, Password, Provider, Remedy } from "../bindings";
import { defaultPort } from "../pages/provider";
import type { World } from "./scenarios";

const DAY = 24 * 60 * 60_000;

function finding(step: CheckStep, outcome: Outcome, found: Found, words: string | null = null, remedy: Remedy | null = null): Finding {
  return { step, outcome, found, said: found.what, words, remedy };
}

const good = (step: CheckStep, found: Found, words?: string) => finding(step, "good", found, words);

const certificate = (host: string, days = 71): Certificate => ({
  issuer: "Example Authority R3", names: [host, `www.${host}`], expires: Date.now() + days * DAY,
});

/** The problem of a host that begins with this word, until its remedy is applied. */
const faults: Record<string, (provider: Provider, port: number) => Finding | null> = {
  nowhere: () => finding("name", "bad", { what: "no_address", cause: "Name or service not known" }),
  dead: (_, port) => port === 563 ? null
    : finding("connection", "bad", { what: "not_connected", cause: "Connection refused", tried: ["203.0.113.7"] }, null, { change: "use_tls", port: 563 }),
  plain: ({ tls }) => tls === "off" ? null : finding("encryption", "bad", { what: "speaks_no_tls" }, null, { change: "use_no_tls", port: 119 }),
  starttls: ({ tls }) => tls === "starttls" ? null
    : finding("encryption", "bad", { what: "speaks_no_tls" }, null, { change: "use_start_tls", port: 119 }),
  certificate: ({ verify }) => verify === "none" ? null
    : finding("encryption", "bad", { what: "bad_certificate", problem: "other_names", certificate: certificate("elsewhere.example") }),
  ending: ({ host, verify }) =>
    finding("encryption", "doubtful", { what: "encrypted", version: "TLS 1.3", verified: verify, certificate: certificate(host, 9), days_left: 9 }),
  secure: ({ tls }, port) => tls === "on" ? null : finding("greeting", "bad", { what: "speaks_tls" }, null, { change: "use_tls", port }),
  web: () => finding("greeting", "bad", { what: "web_server" }),
  full: () => finding("login", "bad", { what: "refused", why: "connections", proof: "told", beside: 0 }, "502 Too many connections"),
  unclear: () => finding("login", "bad", { what: "refused", why: "login", proof: "tried_twice", beside: 0 }, "482 No"),
  few: ({ connections }) => connections <= 4 ? null
    : finding("connections", "doubtful", { what: "granted", count: 4, wanted: connections, beside: 0, cause: null }, "502 Too many connections",
      { change: "lower_connections", to: 4 }),
};

/** The findings of a test. Besides the host's problem, the password "wrong" is refused. */
export function stepsOf(world: World, provider: Provider, password: Password | null): Finding[] {
  const { host, tls, verify, connections } = provider;
  const port = provider.port ?? defaultPort(tls);
  const steps = [
    ...wayOf(provider),
    good("connection", { what: "connected", port, address: provider.proxy ? null : "203.0.113.7" }),
    tls === "off" ? finding("encryption", "doubtful", { what: "in_the_clear" })
      : good("encryption", { what: "encrypted", version: "TLS 1.3", verified: verify, certificate: certificate(host), days_left: 71 }),
    good("greeting", { what: "greeted", posting: false }, "news.example.com welcomes you"),
    isRefused(world, provider, password) ? finding("login", "bad", { what: "refused", why: "login", proof: "told", beside: 0 }, "481 Authentication failed")
      : good("login", { what: "logged_in", second_try: false }),
    good("capabilities", { what: "capabilities", list: ["VERSION 2", "READER", "XZVER", "COMPRESS DEFLATE"] }),
    good("round_trip", { what: "round_trip", microseconds: 28_412 }),
    good("connections", { what: "granted", count: connections, wanted: connections, beside: 0, cause: null }),
  ];
  const wrong = Object.entries(faults).filter(([word]) => host.startsWith(word)).map(([, fault]) => fault(provider, port));
  return steps.map((step) => wrong.find((other) => other?.step === step.step) ?? step);
}

/** The steps before the connection. An interface that begins with `down` is down, and so is a proxy. */
function wayOf({ host, bind, proxy }: Provider): Finding[] {
  const steps: Finding[] = [];
  if (bind) {
    steps.push(bind.startsWith("down") ? finding("interface", "bad", { what: "not_bound", problem: "no_interface", name: bind, cause: null })
      : good("interface", { what: "bound", interface: bind, addresses: ["10.8.0.2"] }));
  }
  if (!proxy) return [...steps, good("name", { what: "address", host, addresses: ["203.0.113.7", "2001:db8::7"] })];
  const at = proxy.replace(/^socks5:\/\/(?:.*@)?/, "");
  const failed = finding("proxy", "bad", { what: "proxy_failed", problem: "unreachable", proxy: at, cause: "Connection refused" });
  steps.push(at.startsWith("down") ? failed : good("proxy", { what: "proxy_reached", proxy: at }));
  return [...steps, good("name", { what: "address_at_proxy", host })];
}

function isRefused(world: World, provider: Provider, password: Password | null): boolean {
  return password?.secret === "wrong" || (provider.username !== null && !password && !world.passwords[provider.id]);
}
