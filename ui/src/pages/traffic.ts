// Speed limits as people enter them, in megabytes a second.
import type { Client, Snapshot } from "../bindings";
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

/** The limit that was turned on, in a few words; nothing while the one in the settings holds. */
export function limitSentence({ traffic }: Snapshot, t: Words, format: Format): string {
  const { mode, speed } = traffic;
  if (mode.is === "normal" || speed === null) return "";
  return mode.is === "slow" ? t.traffic.slowOn(format.speed(speed)) : t.traffic.limited(format.speed(speed));
}

/** The logins among the programs of the settings. */
export const loginsOf = ({ settings }: Snapshot): Client[] => settings.clients.filter(({ login }) => login !== false);
