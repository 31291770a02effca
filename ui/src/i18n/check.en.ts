// The words of a provider test, in English.
import type { Certificate, CheckStep, Found, Outcome, Problem, Remedy, VerifyLevel, Why } from "../bindings";
import type { Format } from "../format";

type Of<Kind, Tag extends string, Value> = Extract<Kind, Record<Tag, Value>>;

/** A sentence for each finding of a test. */
export type Sentences = { [What in Found["what"]]: (found: Of<Found, "what", What>, format: Format) => string };
/** The button of each remedy. */
export type Remedies = { [Change in Remedy["change"]]: (remedy: Of<Remedy, "change", Change>) => string };

const verified: Record<VerifyLevel, string> = {
  full: "certificate and host name verified",
  certificate: "certificate verified, for any host name",
  none: "certificate not verified. Someone else could be impersonating the server",
};

const problems: Record<Problem, string> = {
  expired: "The certificate has expired. Check this computer's clock, or ask your provider.",
  not_yet_valid: "The certificate is not valid yet. Check this computer's clock.",
  other_names: "The certificate is for another server. Check the news server's name.",
  unknown_authority: "This computer doesn't trust the certificate's issuer. Someone else could be impersonating the server.",
  self_signed: "The certificate is self-signed. Someone else could be impersonating the server.",
  invalid: "The certificate is not valid.",
};

const refusals: Record<Why, string> = {
  connections: "Too many connections: the provider allows no more.",
  login: "The provider refused the user name or password.",
  account: "The provider refused the account. It may be used up, expired or unpaid.",
  unavailable: "The provider isn't available right now. Try again later.",
  encryption: "The provider requires encryption.",
  unexpected: "The provider sent an unexpected reply.",
};

const shown = (certificate: Certificate | null, format: Format) =>
  certificate ? ` For ${format.list(certificate.names)}, issued by ${certificate.issuer}, valid until ${format.day(certificate.expires)}.` : "";

const connections = (n: number) => (n === 1 ? "1 connection" : `${n} connections`);

const found: Sentences = {
  bound: ({ interface: name, addresses }, format) => (name ? `${name}: ${format.list(addresses)}` : format.list(addresses)),
  not_bound: ({ problem, name, cause }, format) => ({
    no_interface: `There is no network interface ${name} with an address. Connect the VPN, or correct the name.`,
    down: `The network interface ${name} is down. Connect the VPN.`,
    no_address_of: `The network interface ${name} has no ${cause} address.`,
    no_address: `This computer doesn't have the address ${name}. Connect the VPN, or correct the address.`,
    refused: `The system doesn't allow ${name}: ${format.cause(cause ?? "")}.`,
  })[problem],
  proxy_reached: ({ proxy }) => proxy,
  proxy_failed: ({ problem, proxy, cause }, format) => ({
    unreachable: `No connection to ${proxy}: ${format.cause(cause ?? "")}.`,
    silent: `${proxy} didn't answer in time.`,
    hung_up: `${proxy} closed the connection.`,
    not_socks: `${proxy} isn't a SOCKS5 proxy.`,
    login_needed: `${proxy} requires a user name and password.`,
    login_refused: `${proxy} refused the user name or password.`,
  })[problem],
  address: ({ host, addresses }, format) => (addresses.length === 0 || addresses[0] === host ? host : `${host}: ${format.list(addresses)}`),
  address_at_proxy: ({ host }) => `${host}, looked up by the proxy`,
  no_address_of: ({ version }) => `The server has no ${version} address.`,
  pasted_host: () => "Enter only the server name.",
  no_address: () => "There is no server with this name. Check the spelling and your network.",
  connected: ({ port, address }) => (address ? `Port ${port} at ${address}` : `Port ${port}`),
  not_connected: ({ cause, tried }, format) =>
    `No connection: ${format.cause(cause)}. Check the server, the port and your network.${tried.length > 0 ? ` Tried: ${format.list(tried)}.` : ""}`,
  not_connected_by_proxy: ({ cause }, format) => `The proxy can't connect to the server: ${format.cause(cause)}.`,
  all_in_use: ({ open }) => `Newsmux is using all ${connections(open)} right now. Try again when there are fewer downloads.`,
  in_the_clear: () => "Off. Your password and downloads can be read in transit.",
  encrypted: ({ version, verified: how, certificate, days_left }, format) => {
    const ends = days_left !== null && days_left < 14 ? ` It expires in ${days_left === 1 ? "1 day" : `${days_left} days`}.` : "";
    return `${version}: ${verified[how]}.${shown(certificate, format)}${ends}`;
  },
  bad_certificate: ({ problem, certificate }, format) => problems[problem] + shown(certificate, format),
  speaks_no_tls: () => "The server doesn't use TLS on this port.",
  tls_failed: ({ cause }, format) => `The TLS handshake failed: ${format.cause(cause)}.`,
  no_start_tls: () => "The server doesn't support STARTTLS.",
  greeted: ({ posting }) => (posting ? "News server, posting allowed." : "News server, no posting."),
  speaks_tls: () => "The server uses TLS on this port, but encryption is off here.",
  web_server: () => "This is a web server. You may have entered an indexer or website instead of a news server.",
  no_news_server: () => "This isn't a news server. Check the server and the port.",
  no_answer: () => "The server didn't answer in time.",
  hung_up: () => "The server closed the connection. Check the port and encryption, or try again later.",
  refused: ({ why, proof, beside }) => {
    const said = [refusals[why]];
    if (proof === "before_login") said.push("User name and password aren't the reason: Newsmux hadn't sent them yet.");
    if (proof === "login_works") said.push("It gave no reason, but Newsmux is logged in with the same password right now.");
    if (proof === "tried_twice") {
      said.push("It gave no reason, but refused twice while Newsmux had no other connection open. The user name or password is probably wrong, or another program is using the account.");
    }
    if (why === "connections" && beside > 0) said.push(`Newsmux has ${connections(beside)} open.`);
    if (why === "connections" && beside === 0) said.push("Newsmux has none open, so another program uses the account, or the provider still counts dropped connections.");
    return said.join(" ");
  },
  logged_in: ({ second_try }) =>
    second_try ? "Accepted on the second try, so the login is right. The provider probably still counted earlier connections." : "Accepted.",
  no_login: () => "No login needed.",
  login_needed: () => "The provider requires a user name and password.",
  unusable_login: () => "The user name or password can't be sent: it is empty or contains a line break.",
  capabilities: ({ list }) => list.join(", "),
  no_capabilities: () => "Not announced, as with many providers.",
  round_trip: ({ microseconds }, format) => `${format.milliseconds(microseconds)} ms`,
  granted: ({ count, wanted, beside, cause }, format) => {
    const granted = beside > 0 ? `${count} more granted, besides the ${beside} that Newsmux has open` : `${count} granted`;
    return `${granted}, ${wanted} requested.${cause ? ` The next one failed: ${format.cause(cause)}.` : ""}`;
  },
};

const remedies: Remedies = {
  use_tls: ({ port }) => `Use TLS on port ${port}`,
  use_start_tls: ({ port }) => `Use STARTTLS on port ${port}`,
  use_no_tls: ({ port }) => `Use no encryption, on port ${port}`,
  lower_connections: ({ to }) => `Use ${connections(to)}`,
  trim_host: ({ host }) => `Use ${host}`,
};

const steps: Record<CheckStep, string> = {
  interface: "Network interface", proxy: "Proxy", name: "DNS lookup", connection: "Connection", encryption: "Encryption", greeting: "Greeting", login: "Login",
  capabilities: "Capabilities", round_trip: "Latency", connections: "Connections",
};

const outcomes: Record<Outcome, string> = { good: "passed", doubtful: "warning", bad: "failed" };

export const check = {
  title: "Test",
  hint: "Newsmux logs in, checks each step, and counts the connections you really get.",
  steps, outcomes, found, remedies,
  says: "Reply:",
  risk: "Others can then read your password and downloads in transit.",
  good: "It works.",
  doubtful: "It works, with warnings.",
  bad: "It doesn't work yet.",
  changed: "Changed since this test. Test again.",
  going: "Testing …",
  testAgain: "Test again",
  waiting: "waiting",
  known: (name: string) => `${name}: TLS on port 563. The test shows how many connections your plan allows.`,
};
