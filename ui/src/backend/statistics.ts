// The fake's ledger: how much each provider and program did, by hour, day and month. The same at every start.
import type { AccountView, AgeLine, By, Provider, Range, ReportCard, Series, SeriesRow, StepLength, Total } from "../bindings";
import type { World } from "./scenarios";

const DAY_MS = 86_400_000;
const ARTICLE = 742_000;
const BOUNDS = [1, 7, 30, 90, 180, 365, 730, 1095, 1460, 1825, 2190, 2555, 2920, 3285, 3650, 4015];
/** How busy each hour of the day is. */
const HOURS = [3, 2, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6, 8, 9, 10, 9, 7, 5];

/** How good a provider is. `missing`: of so many articles one. `oldest`: it has hardly any article of more days. */
type Nature = { share: number; missing: number; oldest: number; firstByte: number; speed: number; rescued: number; down: number; differed: number };
const natures: Nature[] = [
  { share: 0.66, missing: 90, oldest: 5500, firstByte: 34, speed: 62e6, rescued: 311, down: 4_260, differed: 0 },
  { share: 0.27, missing: 60, oldest: 5500, firstByte: 52, speed: 38e6, rescued: 96, down: 0, differed: 0 },
  { share: 0.05, missing: 12, oldest: 1500, firstByte: 81, speed: 21e6, rescued: 1_204, down: 780, differed: 0 },
  { share: 0.02, missing: 7, oldest: 1200, firstByte: 118, speed: 16e6, rescued: 57, down: 19_400, differed: 30 },
];

type Row = { id: string; name: string; share: number; missing: number; nature: Nature };

/** A number from 0 to 1 that looks like chance. */
function chance(seed: number): number {
  const value = Math.sin(seed * 12.9898) * 43_758.5453;
  return value - Math.floor(value);
}

const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);

function bytesOfDay(day: number, at: number): number {
  const weekday = new Date(day).getDay();
  const busy = chance(day / DAY_MS + at) ** 2;
  return (weekday === 0 || weekday === 6 ? 14e9 : 6e9) + 62e9 * busy;
}

function rowsBy(world: World, by: By): Row[] {
  const nature = (at: number) => natures[at % natures.length]!;
  if (by === "program") {
    const shares = [0.7, 0.27, 0.03];
    return world.settings.clients.map(({ name }, at) => ({ id: name, name, share: shares[at] ?? 0.01, missing: 800, nature: nature(at) }));
  }
  const share = (id: string) => world.settings.providers.reduce((sum, other, at) => sum + ((other.account ?? other.id) === id ? nature(at).share : 0), 0);
  if (by === "account") {
    const owners = world.settings.providers.filter(({ account }) => !account);
    return owners.map(({ id, name, host }, at) => ({ id, name: name ?? host, share: share(id), missing: Infinity, nature: nature(at) }));
  }
  return world.settings.providers.map(({ id, name, host }, at) => ({ id, name: name ?? host, share: nature(at).share, missing: nature(at).missing, nature: nature(at) }));
}

function stepsOf(range: Range, now: number, history: number): { step: StepLength; starts: number[] } {
  const today = midnight(now);
  if (range === "today") return { step: "hour", starts: [...Array(24).keys()].map((hour) => today + hour * 3_600_000) };
  const date = new Date(today);
  if (range === "days30") return { step: "day", starts: [...Array(30).keys()].map((at) => new Date(date.getFullYear(), date.getMonth(), date.getDate() - 29 + at).getTime()) };
  const first = new Date(today - history * DAY_MS);
  const months = range === "months12" ? 12 : (date.getFullYear() - first.getFullYear()) * 12 + date.getMonth() - first.getMonth() + 1;
  return { step: "month", starts: [...Array(months).keys()].map((at) => new Date(date.getFullYear(), date.getMonth() - months + 1 + at, 1).getTime()) };
}

/** The bytes of all rows in a step, as far as it has passed and was recorded. */
function bytesOfStep(start: number, end: number, now: number, history: number, at: number): number {
  const recorded = midnight(now) - history * DAY_MS;
  let sum = 0;
  for (let hour = Math.max(start, recorded); hour < Math.min(end, now); hour += 3_600_000) {
    const weight = (HOURS[new Date(hour).getHours()] ?? 0) / HOURS.reduce((all, one) => all + one, 0);
    sum += bytesOfDay(midnight(hour), at) * weight * Math.min(1, (now - hour) / 3_600_000);
  }
  return sum;
}

export function seriesOf(world: World, range: Range, by: By, now: number): Series {
  const history = world.history ?? (world.fresh || world.settings.providers.length === 0 ? 0 : 800);
  const { step, starts } = stepsOf(range, now, history);
  const end = (at: number) => starts[at + 1] ?? now;
  const rows = history === 0 ? [] : rowsBy(world, by).map((row, index): SeriesRow => {
    const bytes = starts.map((start, at) => Math.round(bytesOfStep(start, end(at), now, history, index % 2) * row.share));
    const articles = bytes.map((all) => Math.round(all / ARTICLE));
    const missing = articles.map((all) => Math.round(all / row.missing));
    const failed = articles.map((all) => Math.round(all / 9_000));
    return { id: row.id, name: row.name, removed: false, bytes, articles, missing, failed, total: totalOf(row, by, range, bytes, articles, missing, failed) };
  });
  rows.sort((a, b) => b.total.bytes - a.total.bytes);
  return { step, steps: starts.map((start) => start / 1000), rows, total: summed(rows.map(({ total }) => total)) };
}

const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);

function totalOf({ nature }: Row, by: By, range: Range, bytes: number[], articles: number[], missing: number[], failed: number[]): Total {
  const part = { today: 0.01, days30: 0.2, months12: 0.8, all: 1 }[range];
  const ofProvider = by === "provider" ? 1 : 0;
  return {
    bytes: sum(bytes), articles: sum(articles), missing: sum(missing), refused: ofProvider * Math.round(sum(articles) / 40_000), failed: sum(failed),
    resumed: ofProvider * Math.round(sum(articles) / 22_000), rescued: ofProvider * Math.round(nature.rescued * part), down_secs: ofProvider * Math.round(nature.down * part),
    bytes_per_sec: nature.speed, first_byte_ms: by === "provider" ? nature.firstByte : null, first_byte_p95_ms: by === "provider" ? nature.firstByte * 4 + 7 : null,
  };
}

function summed(totals: Total[]): Total {
  const all = (key: Exclude<keyof Total, "first_byte_ms" | "first_byte_p95_ms">) => sum(totals.map((total) => total[key]));
  return {
    bytes: all("bytes"), articles: all("articles"), missing: all("missing"), refused: all("refused"), failed: all("failed"), resumed: all("resumed"),
    rescued: all("rescued"), down_secs: all("down_secs"), bytes_per_sec: Math.round(all("bytes_per_sec") / 2),
    first_byte_ms: totals[0]?.first_byte_ms ?? null, first_byte_p95_ms: totals[0]?.first_byte_p95_ms ?? null,
  };
}

export function cardsOf(world: World, range: Range, now: number): ReportCard[] {
  const { rows } = seriesOf(world, range, "provider", now);
  return rows.filter(({ total }) => total.bytes > 0).map(({ id, name, total }) => {
    const at = world.settings.providers.findIndex((provider) => provider.id === id);
    const provider = world.settings.providers[at]!;
    const nature = natures[at % natures.length]!;
    const asked = total.articles + total.missing;
    const ages = agesOf(nature, asked);
    const retained = [...ages].reverse().find(({ completion, exact, estimated }) => completion >= 0.95 && exact.delivered + estimated.delivered >= 50);
    const checked = nature.differed > 0 && provider.backbone ? 120 : 0;
    return {
      id, name, account: provider.account ?? id, removed: false, total, asked, completion: asked > 0 ? total.articles / asked : null, ages,
      retention: retained?.age ?? null, sibling_checked: checked, sibling_differed: checked && nature.differed,
      speed_by_hour: HOURS.map((busy, hour) => Math.round(nature.speed * (1.4 - busy / 11 + 0.25 * chance(hour + at)))),
    };
  });
}

function agesOf({ oldest, missing }: Nature, asked: number): AgeLine[] {
  return BOUNDS.flatMap((to, at) => {
    const from = BOUNDS[at - 1] ?? 0;
    const all = Math.round((asked * 0.9) / (1.5 + at * at));
    if (all < 3) return [];
    const completion = from >= oldest ? 0.41 : 1 - (0.6 + at / 8) / missing;
    const part = (share: number) => {
      const delivered = Math.round(all * share * completion);
      return { delivered, missing: Math.round(all * share) - delivered };
    };
    const [exact, estimated] = at % 4 === 3 ? [part(0), part(1)] : [part(0.7), part(0.3)];
    const [delivered, lost] = [exact.delivered + estimated.delivered, exact.missing + estimated.missing];
    return [{ age: { from_days: from, to_days: to }, exact, estimated, completion: delivered / (delivered + lost) }];
  });
}

/** How the accounts stand. What was used is in the world, or what the settings say. */
export function accountsOf(world: World): AccountView[] {
  const own = ({ account, quota, expires }: Provider) => !account && (quota || expires);
  return world.settings.providers.filter(own).map(({ id, quota, expires }) => {
    const known = world.used?.[id];
    const used = known?.used ?? quota?.used_before ?? 0;
    const left = quota ? Math.max(0, quota.bytes - used) : null;
    const pace = known?.pace ?? 0;
    const [began, ends] = quota && quota.period !== "once" ? ["2026-11-01", "2026-12-01"] : [null, null];
    return {
      id, standing: {
        used, quota: quota?.bytes ?? null, left, period_began: began, period_ends: ends, expires: expires ?? null, pace_per_day: pace,
        exhausted: known?.ended ? { kind: "ended", why: known.ended } : left === 0 ? { kind: "quota" } : null,
        empty_in_days: left && pace ? Math.ceil(left / pace) : null,
      },
    };
  });
}

export function csvOf({ steps, rows }: Series): string {
  const lines = steps.flatMap((start, at) => rows.filter((row) => (row.bytes[at] ?? 0) > 0).map((row) => {
    const counts = [row.bytes, row.articles, row.missing, row.failed].map((numbers) => numbers[at]);
    return [new Date(start * 1000).toISOString(), row.id, row.name, ...counts].join(",");
  }));
  return ["start,id,name,bytes_received,articles,missing,failed", ...lines, ""].join("\r\n");
}
