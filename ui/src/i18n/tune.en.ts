// The search for the best number of connections, in English.
import type { Tuned, TuneUnable } from "../bindings";
import type { Format } from "../format";

const connections = (n: number) => (n === 1 ? "1 connection" : `${n} connections`);
const requests = (n: number) => (n === 1 ? "1 request" : `${n} requests`);

export const tune = {
  find: "Find the best number of connections",
  intro: "Newsmux opens more and more connections until downloads no longer get faster. For that, it downloads recent articles again: up to 1 GB, for at most 2 minutes. Stop your downloads first.",
  limited: "This account's volume is limited. The search uses at most a tenth of what is left.",
  plan: "Connections your plan allows",
  planHint: "Newsmux tries no more than that.",
  start: "Start",
  stop: "Stop",
  again: "Try again",
  close: "Close",
  connecting: "Opening the first connection …",
  measured: (n: number, depth: number | null, speed: string) => `${connections(n)}${depth === null ? "" : `, ${requests(depth)} each`}: ${speed}`,
  by: { connections: "Connections", depth: "Requests per connection" },
  curve: (name: string, points: string) => `Speed by ${name.toLowerCase()}: ${points}.`,
  point: (n: number, speed: string) => `${n}: ${speed}`,
  found: ({ connections: n }: Tuned, speed: string) => `${n === 1 ? "1 connection is" : `${n} connections are`} enough: ${speed}.`,
  refused: (words: string) => `The provider refused more: ${words}`,
  pipelining: (depth: number | null) => (depth === null ? "Requests per connection: automatic is fast enough." : `Requests per connection: ${depth}.`),
  unchanged: "The provider already uses these.",
  use: (n: number) => `Use ${connections(n)}`,
  filledIn: "Filled in. Save the provider to use it.",
  unable: {
    not_used: () => "The provider is not in use. Turn on Newsmux and the provider first.",
    paused: () => "Downloads are paused. Resume them first.",
    speed_limit: () => "A speed limit is on. Turn it off first.",
    down: ({ cause }: { cause: string }, format: Format) => `The provider is down${cause ? `: ${format.cause(cause)}` : ""}.`,
    volume: () => "The account's volume is limited.",
    volume_low: () => "Too little is left of the account's volume.",
    no_articles: () => "Download something from this provider first: Newsmux measures with recent articles.",
    downloading: () => "A program is downloading. Stop your downloads, then try again.",
    all_in_use: () => "All connections of the account are in use. Try again later.",
    no_connection: ({ cause }: { cause: string }, format: Format) => `No connection: ${format.cause(cause)}.`,
    changed: () => "The provider was changed in the settings. Try again.",
  } satisfies { [Why in TuneUnable["why"]]: (unable: Extract<TuneUnable, { why: Why }>, format: Format) => string },
};
