// The words of the test of a provider, in English.
import type { Certificate, CheckStep, Found, Outcome, Problem, Remedy, VerifyLevel, Why } from "../bindings";
import type { Format } from "../format";

type Of<Kind, Tag extends string, Value> = Extract<Kind, Record<Tag, Value>>;

/** A sentence for everything that a test can find. */
export type Sentences = { [What in Found["what"]]: (found: Of<Found, "what", What>, format: Format) => string };
/** What each remedy is called, as something to do. */
export type Remedies = { [Change in Remedy["change"]]: (remedy: Of<Remedy, "change", Change>) => string };

const verified: Record<VerifyLevel, string> = {
  full: "the certificate is valid and for this server",
  certificate: "the certificate is valid, whatever server it is for",
  none: "the certificate was not looked at: anyone may be at the other end",
};

const problems: Record<Problem, string> = {
  expired: "The certificate has expired. Tell your provider, and check this computer's clock.",
  not_yet_valid: "The certificate is not valid yet. Check this computer's clock.",
  other_names: "The certificate is for another server. Check the name above.",
  unknown_authority: "The certificate is by an authority that is not trusted here. Anyone may be at the other end.",
  self_signed: "The server vouches for itself, and nobody else does. Anyone may be at the other end.",
  invalid: "The certificate is not valid.",
};

const refusals: Record<Why, string> = {
  connections: "The provider allows no more connections.",
  login: "The provider refuses the user name or password.",
  account: "The provider refuses the account: it may be used up, expired or not paid for.",
  unavailable: "The provider does not serve you now. Try again later.",
  encryption: "The provider wants encryption.",
  unexpected: "The provider answers in an unknown way.",
};

const shown = (certificate: Certificate | null, format: Format) =>
  certificate ? ` For ${format.list(certificate.names)}, by ${certificate.issuer}, until ${format.day(certificate.expires)}.` : "";

const connections = (n: number) => (n === 1 ? "1 connection" : `${n} connections`);

const found: Sentences = {
  address: ({ host }) => host,
  pasted_host: () => "Only the server's name is needed here.",
  no_address: () => "There is no server of that name. Check its spelling, and your network.",
  connected: ({ port }) => `Port ${port}`,
  not_connected: ({ cause }) => `Nothing answers. Check server and port, and your network. (${cause})`,
  all_in_use: ({ open }) => `Newsmux has all ${connections(open)} busy at the moment. Try again when less is going on.`,
  in_the_clear: () => "There is none: anyone on the way can read along.",
  encrypted: ({ version, verified: how, certificate, days_left }, format) => {
    const ends = days_left !== null && days_left < 14 ? ` It ends in ${days_left === 1 ? "1 day" : `${days_left} days`}.` : "";
    return `${version}: ${verified[how]}.${shown(certificate, format)}${ends}`;
  },
  bad_certificate: ({ problem, certificate }, format) => problems[problem] + shown(certificate, format),
  speaks_no_tls: () => "The server does not encrypt on this port.",
  tls_failed: ({ cause }) => `The encrypted connection failed. (${cause})`,
  no_start_tls: () => "The server does not do STARTTLS.",
  greeted: ({ posting }) => (posting ? "A news server; posting is allowed." : "A news server; no posting."),
  speaks_tls: () => "The server encrypts on this port, and encryption is not on.",
  web_server: () => "This is a web server. It looks like the address of an indexer or a website, not of a news server.",
  no_news_server: () => "What answers is no news server. Check server and port.",
  no_answer: () => "The server does not answer in time.",
  hung_up: () => "The server closed the connection. Check port and encryption, or try again later.",
  refused: ({ why, proof, beside }) => {
    const said = [refusals[why]];
    if (proof === "before_login") said.push("User name and password are not the reason: they had not been sent yet.");
    if (proof === "login_works") said.push("It does not say why, but Newsmux is logged in with the same password right now.");
    if (proof === "tried_twice") {
      said.push("It does not say why, but it refused twice while Newsmux had nothing else open: unless another program uses the account, the login is wrong.");
    }
    if (why === "connections" && beside > 0) said.push(`Newsmux has ${connections(beside)} open.`);
    if (why === "connections" && beside === 0) said.push("Newsmux has none open: another program uses the account, or broken connections are still counted.");
    return said.join(" ");
  },
  logged_in: ({ second_try }) =>
    second_try ? "Accepted at the second try: the login is right. Connections from before were probably still counted." : "Accepted.",
  no_login: () => "None, and none is wanted.",
  login_needed: () => "The provider wants a user name and a password.",
  unusable_login: () => "The user name or password cannot be sent as it is: it is empty or has a line break in it.",
  capabilities: ({ list }) => list.join(", "),
  no_capabilities: () => "Not told, as by many providers.",
  round_trip: ({ microseconds }, format) => `${format.milliseconds(microseconds)} ms`,
  granted: ({ count, wanted, beside, cause }) => {
    const open = beside > 0 ? `${count} more beside the ${beside} that Newsmux has open` : String(count);
    return `${open}, of ${wanted} wanted.${cause ? ` (${cause})` : ""}`;
  },
};

const remedies: Remedies = {
  use_tls: ({ port }) => `Encrypt, on port ${port}`,
  use_start_tls: ({ port }) => `Encrypt with STARTTLS, on port ${port}`,
  use_no_tls: ({ port }) => `Do without encryption, on port ${port}`,
  lower_connections: ({ to }) => `Use ${connections(to)}`,
  trim_host: ({ host }) => `Use ${host}`,
};

const steps: Record<CheckStep, string> = {
  name: "Find the server", connection: "Connect", encryption: "Encrypt", greeting: "Be greeted", login: "Log in",
  capabilities: "What it offers", round_trip: "Distance", connections: "Connections",
};

const outcomes: Record<Outcome, string> = { good: "passed", doubtful: "doubtful", bad: "failed" };

export const check = {
  title: "Test",
  hint: "See whether it works before you save: Newsmux logs in, tells what it finds, and sees how many connections you really get.",
  steps, outcomes, found, remedies,
  says: "It says:",
  risk: "Anyone on the way can then read along, your password too.",
  good: "It works.",
  doubtful: "It works, but not everything is as it should be.",
  bad: "It does not work yet.",
  changed: "Changed since this test. Test again.",
  going: "Testing …",
  again: "Test again",
  waiting: "waiting",
  known: (name: string) => `${name}: encrypted on port 563, as is usual. The test tells how many connections your plan gives you.`,
};
