// An account in the form: what was bought, in the units that people enter, and how it stands.
import { backboneAt, domainOf, type Backbone } from "../backbones";
import type { AccountStanding, AccountView, Period, Provider, ProviderView, Quota, Snapshot } from "../bindings";
import type { Format } from "../format";
import type { Words } from "../i18n";

export type Unit = "GB" | "TB";
export type Volume = Period | "unlimited";
/** What was bought, as it is entered. An empty field is null. */
export type Bought = {
  volume: Volume; amount: number | null; unit: Unit; usedBefore: number | null; reserve: number | null; resetDay: number | null; price: number | null;
};
export type BoughtField = "bytes" | "used_before" | "reserve" | "reset_day" | "expires" | "price";

const sizes: Record<Unit, number> = { GB: 1e9, TB: 1e12 };
/** The largest number of bytes that stays exact. */
const MOST_BYTES = 9e15;
const MOST_CENTS = 2 ** 32 - 1;
export const accountFields = ["account", "quota", "bytes", "used_before", "reserve", "reset_day", "expires", "price", "backbone"];

export function boughtOf({ quota, price }: Provider): Bought {
  const cents = price ?? null;
  const shared = { price: cents === null ? null : cents / 100 };
  if (!quota) return { volume: "unlimited", amount: null, unit: "GB", usedBefore: null, reserve: null, resetDay: 1, ...shared };
  const { bytes, used_before, reserve } = quota;
  // TB only where it needs no more digits than people write.
  const unit: Unit = [bytes, used_before, reserve].every((size) => size % 1e10 === 0) && bytes >= 1e12 ? "TB" : "GB";
  const inUnit = (size: number) => size / sizes[unit];
  return { volume: quota.period, amount: inUnit(bytes), unit, usedBefore: inUnit(used_before) || null, reserve: inUnit(reserve) || null, resetDay: quota.reset_day, ...shared };
}

export function quotaOf({ volume, amount, unit, usedBefore, reserve, resetDay }: Bought): Quota | null {
  if (volume === "unlimited") return null;
  const bytes = (entered: number | null) => Math.round((entered ?? 0) * sizes[unit]);
  const hasDay = volume === "week" || volume === "month";
  return { bytes: bytes(amount), used_before: bytes(usedBefore), period: volume, reset_day: hasDay ? (resetDay ?? 1) : 1, reserve: bytes(reserve) };
}

export const centsOf = ({ price }: Bought) => (price === null ? null : Math.round(price * 100));

/** What is wrong with what was bought, by field. `before`: the last day that is saved. */
export function wrongBought(bought: Bought, expires: string | null, before: string | null, t: Words, format: Format): Partial<Record<BoughtField, string>> {
  const words = t.account.wrong;
  const wrong: Partial<Record<BoughtField, string>> = {};
  const quota = quotaOf(bought);
  if (quota) {
    if (quota.bytes <= 0) wrong.bytes = words.bytes;
    else if (quota.bytes > MOST_BYTES) wrong.bytes = words.tooMuch;
    else if (quota.reserve >= quota.bytes) wrong.reserve = words.reserve;
    if (quota.reserve < 0) wrong.reserve = words.negative;
    if (quota.used_before < 0) wrong.used_before = words.negative;
    else if (quota.used_before > MOST_BYTES) wrong.used_before = words.tooMuch;
    const { resetDay } = bought;
    if (bought.volume === "month" && (resetDay === null || !Number.isInteger(resetDay) || resetDay < 1 || resetDay > 31)) {
      wrong.reset_day = t.form.wrong.range(format.number(1), format.number(31));
    }
  }
  const cents = centsOf(bought);
  if (cents !== null && (cents < 0 || cents > MOST_CENTS)) wrong.price = cents < 0 ? words.negative : t.form.wrong.range("0", format.number(MOST_CENTS / 100));
  if (expires && expires !== before && expires < dateOf(Date.now())) wrong.expires = words.past;
  return wrong;
}

/** The local day of a time, as settings write it. */
export function dateOf(at: number): string {
  const date = new Date(at);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** The local midnight at which a day of the settings begins. */
export function timeOf(date: string): number {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  return new Date(year, month - 1, day).getTime();
}

/** The providers whose account a provider can share. */
export function accountsFor(provider: Provider, providers: Provider[]): Provider[] {
  if (isNamed(provider, providers)) return [];
  return providers.filter((other) => other.id !== provider.id && !other.account);
}

/** Whether other providers share this one's account. */
export const isNamed = ({ id }: Provider, providers: Provider[]) => id !== "" && providers.some((other) => other.account === id);

/** The provider of the same domain and user name: probably another server of the same account. */
export function sameAccount(provider: Provider, providers: Provider[]): Provider | undefined {
  const domain = domainOf(provider.host);
  const user = provider.username?.trim();
  if (!domain || !user) return undefined;
  return accountsFor(provider, providers).find((other) => domainOf(other.host) === domain && other.username?.trim() === user);
}

/** Another provider of a host's backbone that takes articles down by another policy. */
export function otherPolicy(known: Backbone, id: string, providers: Provider[]): { provider: Provider; known: Backbone } | undefined {
  for (const provider of providers) {
    const other = backboneAt(provider.host);
    const differs = other?.backbone === known.backbone && other.takedown && known.takedown && other.takedown !== known.takedown;
    if (provider.id !== id && other && differs && provider.backbone === known.backbone) return { provider, known: other };
  }
  return undefined;
}

/** How the account of a provider stands, if it has a limit or an end. */
export function standingOf(id: string, providers: Provider[], accounts: AccountView[] | undefined): AccountStanding | undefined {
  const account = providers.find((provider) => provider.id === id)?.account ?? id;
  return accounts?.find((view) => view.id === account)?.standing;
}

/** What is left of an account, in a sentence. */
export function leftSentence({ left, exhausted, empty_in_days, period_ends }: AccountStanding, t: Words, format: Format): string {
  const words = t.account;
  if (exhausted?.kind === "ended") return words.ended(format.cause(exhausted.why));
  if (exhausted || left === 0) return words.usedUp;
  if (left === null) return words.unlimited;
  if (empty_in_days !== null) return words.leftWithPace(format.bytes(left), format.days(empty_in_days));
  return period_ends ? words.leftUntil(format.bytes(left), format.day(timeOf(period_ends))) : words.left(format.bytes(left));
}

/** When an account expires, in a sentence. */
export function expiresSentence(expires: string, t: Words, format: Format): string {
  const today = dateOf(Date.now());
  if (expires === today) return t.account.expiresToday;
  const day = format.day(timeOf(expires));
  return expires < today ? t.account.expired(day) : t.account.expiresOn(day);
}

/** When a provider that is not well is tried again, in a sentence. */
export function retrySentence({ retry }: ProviderView, { now, t, format }: { now: Snapshot; t: Words; format: Format }): string {
  const words = t.providers.retry;
  if (!retry) return "";
  if (retry.is !== "at") return words[retry.is];
  return retry.time > now.figures.at ? words.at(format.wait(retry.time - now.figures.at)) : words.next_request;
}

/** Why a provider is not well. That its volume is used up is said with the figures. */
export function whyOf(view: ProviderView, { now, t, format }: { now: Snapshot; t: Words; format: Format }): string {
  const standing = view.state === "used_up" ? standingOf(view.id, now.settings.providers, now.accounts) : undefined;
  if (standing?.exhausted?.kind === "ended") return format.cause(standing.exhausted.why);
  if (standing?.quota) return t.account.used(format.bytes(standing.used), format.bytes(standing.quota));
  return format.cause(view.said);
}
