// Statistics as people read them: names of times and ages, costs, what is plotted, and what is exported.
import type { AgeRange, Provider, Range, ReportCard, Series, SeriesRow } from "../bindings";
import type { Format } from "../format";
import type { Words } from "../i18n";

export type Shown = "provider" | "program";
/** `colour`: the number of a colour of the plot, from 1. */
export type Stripe = { id: string; name: string; bytes: number[]; total: number; colour: number };
type Speaker = { t: Words; format: Format };

/** So many rows have a colour. The rest is one stripe, in the last colour. */
const COLOURS = 7;

export const ranges: Range[] = ["today", "days30", "months12", "all"];

/** When a step is, as a title and as a label of the axis. */
export function stepName({ step, steps }: Series, at: number, format: Format): { long: string; short: string } {
  const time = (steps[at] ?? 0) * 1000;
  if (step === "hour") return { long: format.hour(time), short: format.hour(time) };
  if (step === "day") return { long: format.day(time), short: format.dayOfMonth(time) };
  return { long: format.month(time), short: format.shortMonth(time) };
}

export const rowName = ({ name, id, removed }: SeriesRow | ReportCard, t: Words) => (removed ? t.statistics.removed(name || id) : name || id);

/** The steps that have begun. */
export const stepsSoFar = ({ steps }: Series, now: number) => Math.max(1, steps.filter((start) => start * 1000 <= now).length);

/** What is plotted, the most used first. */
export function stripesOf({ rows }: Series, { t, format }: Speaker): Stripe[] {
  const used = rows.filter((row) => row.total.bytes > 0);
  const fits = used.length <= COLOURS + 1;
  const stripes = used.slice(0, fits ? COLOURS + 1 : COLOURS).map((row, at): Stripe => ({ id: row.id, name: rowName(row, t), bytes: row.bytes, total: row.total.bytes, colour: at + 1 }));
  if (fits) return stripes;
  const rest = used.slice(COLOURS);
  const bytes = rest.reduce((sums, row) => sums.map((sum, at) => sum + (row.bytes[at] ?? 0)), stripes[0]!.bytes.map(() => 0));
  const total = rest.reduce((sum, row) => sum + row.total.bytes, 0);
  return [...stripes, { id: "", name: t.statistics.others(format.number(rest.length)), bytes, total, colour: COLOURS + 1 }];
}

/** The bytes of all in each step. */
export const sumsOf = ({ steps, rows }: Series) => steps.map((_, at) => rows.reduce((sum, row) => sum + (row.bytes[at] ?? 0), 0));

export function ageName({ from_days, to_days }: AgeRange, { t, format }: Speaker): string {
  if (to_days === null) return t.statistics.older(format.unit(Math.round(from_days / 365), "year"));
  if (from_days === 0) return t.statistics.underDay;
  const [unit, length] = to_days <= 90 ? (["day", 1] as const) : to_days <= 365 ? (["month", 30] as const) : (["year", 365] as const);
  return `${format.number(Math.round(from_days / length))}–${format.unit(Math.round(to_days / length), unit)}`;
}

export function durationName(seconds: number, { t, format }: Speaker): string {
  const words = t.statistics.duration;
  if (seconds < 60) return words.seconds(format.number(Math.round(seconds)));
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? words.minutes(format.number(minutes)) : words.hours(format.number(Math.floor(minutes / 60)), format.number(minutes % 60));
}

export type Cost = { cents: number; of: "quota" | "month" };

/** What a TB of a provider's account costs. `month`: the use of the last 30 days by account. */
export function costOf(card: ReportCard, providers: Provider[], month: Series | null): Cost | null {
  const owner = providers.find(({ id }) => id === card.account);
  const price = owner?.price;
  if (price === null || price === undefined) return null;
  if (owner?.quota) return { cents: (price * 1e12) / owner.quota.bytes, of: "quota" };
  const row = month?.rows.find(({ id }) => id === card.account);
  const first = row?.bytes.findIndex((bytes) => bytes > 0) ?? -1;
  // Less says nothing about a month.
  if (!row || first < 0 || row.total.bytes < 1e9) return null;
  const days = row.bytes.length - first;
  return { cents: (price * (days / row.bytes.length) * 1e12) / row.total.bytes, of: "month" };
}

/** The hours with the highest and the lowest speed, of those with any. */
export function extremes(speeds: number[]): { fast: number; slow: number } | null {
  const known = [...speeds.keys()].filter((hour) => (speeds[hour] ?? 0) > 0);
  if (known.length === 0) return null;
  const by = (one: number, other: number) => (speeds[one] ?? 0) - (speeds[other] ?? 0);
  const sorted = known.sort(by);
  return { fast: sorted.at(-1)!, slow: sorted[0]! };
}
