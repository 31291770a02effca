// Speed limits as people enter them, in megabytes a second.
import type { Client, Rule, Snapshot } from "../bindings";
import type { Format } from "../format";
import type { Words } from "../i18n";

const MEGABYTE = 1e6;
/** The lowest limit that the settings take, in bytes a second. */
const LOWEST = 1000;

export const megabytes = (speed: number | null | undefined) => (speed ? speed / MEGABYTE : null);
export const bytesOf = (entered: number | null) => (entered === null ? null : Math.round(entered * MEGABYTE));

/** What is wrong with a limit that was entered; an empty field is no limit. */
export function wrongSpeed(entered: number | null, t: Words, format: Format): string {
  const speed = bytesOf(entered);
  return speed !== null && !(speed >= LOWEST) ? t.traffic.wrong(format.speed(LOWEST)) : "";
}

/** What holds other than the limit in the settings, and what the schedule changes next; nothing if neither. */
export function limitSentence({ traffic }: Snapshot, t: Words, format: Format): string {
  const { mode, speed, until, next } = traffic;
  const words = t.traffic;
  if (mode.is === "normal") {
    if (until === null || !next || next.is === "normal") return "";
    return words.begins(format.time(until), next.is === "speed" ? words.limited(format.speed(next.speed)) : words.mode[next.is]);
  }
  if (mode.is === "paused") return "";
  const limit = format.speed(speed ?? 0);
  const what = mode.is === "full" ? words.full : mode.is === "slow" ? words.slowOn(limit) : words.limited(limit);
  return until === null ? what : words.ends(what, format.time(until));
}

export type Kind = "slow" | "speed" | "pause" | "full";
export const kindOf = (rule: Rule): Kind => (rule.pause ? "pause" : rule.slow ? "slow" : rule.full ? "full" : "speed");

/** The logins among the programs of the settings. */
export const loginsOf = ({ settings }: Snapshot): Client[] => settings.clients.filter(({ login }) => login !== false);
