// Figures, times and reasons as people of a locale write them.
import { cause, type Causes } from "./i18n/causes";
import { platform } from "./platform";

const BYTES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

export class Format {
  /** Formatters are expensive to create and slow to be freed, so each is created once. */
  #formatters = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.ListFormat>();

  constructor(readonly locale: string, readonly causes: Causes) {}

  number(value: number): string {
    return this.#numbers().format(value);
  }

  /** A reason for a failure, in the language of the window. */
  cause(said: string): string {
    return cause(said, this.causes, platform);
  }

  /** A size, such as 1.4 GB. */
  bytes(bytes: number): string {
    return this.#scaled(bytes, "");
  }

  /** Bytes a second, such as 38.2 MB/s. */
  speed(bytes: number): string {
    return this.#scaled(bytes, "-per-second");
  }

  /** The time of day, with the date unless it is today. */
  time(at: number, now = Date.now()): string {
    const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
    const date = sameDay ? {} : ({ day: "numeric", month: "short" } as const);
    return this.#dates({ ...date, hour: "2-digit", minute: "2-digit" }).format(at);
  }

  /** Date and time to the second. */
  fullTime(at: number): string {
    return this.#dates({ dateStyle: "medium", timeStyle: "medium" }).format(at);
  }

  /** A day of the calendar. */
  day(at: number): string {
    return this.#dates({ dateStyle: "medium" }).format(at);
  }

  /** An hour of the day, such as 18:00. */
  hour(at: number): string {
    return this.#dates({ hour: "2-digit", minute: "2-digit" }).format(at);
  }

  /** A day without its year. */
  dayOfMonth(at: number): string {
    return this.#dates({ day: "numeric", month: "short" }).format(at);
  }

  month(at: number): string {
    return this.#dates({ month: "long", year: "numeric" }).format(at);
  }

  shortMonth(at: number): string {
    return this.#dates({ month: "short", year: "numeric" }).format(at);
  }

  /** The name of a day of the week. */
  weekday(at: number): string {
    return this.#dates({ weekday: "long" }).format(at);
  }

  /** About how long so many days are: in days, weeks, months or years. */
  days(days: number): string {
    const units = [["year", 365, 730], ["month", 30, 60], ["week", 7, 14]] as const;
    const [unit, length] = units.find(([, , from]) => days >= from) ?? ["day", 1];
    return this.unit(Math.round(days / length), unit);
  }

  /** About how long so many milliseconds are: in seconds, or in minutes if there are many. */
  wait(milliseconds: number): string {
    const seconds = Math.max(1, Math.round(milliseconds / 1000));
    return seconds < 100 ? this.unit(seconds, "second") : this.unit(Math.round(seconds / 60), "minute");
  }

  /** A number with a unit in words, such as 3 weeks. */
  unit(value: number, unit: "second" | "minute" | "hour" | "day" | "week" | "month" | "year"): string {
    return this.#numbers({ style: "unit", unit, unitDisplay: "long" }).format(value);
  }

  /** A part of a whole. What is not all is never shown as 100 %. */
  percent(part: number, digits = 1): string {
    const scale = 100 * 10 ** digits;
    const shown = part < 1 ? Math.min(Math.round(part * scale), scale - 1) / scale : part;
    return this.#numbers({ style: "percent", minimumFractionDigits: 0, maximumFractionDigits: digits }).format(shown);
  }

  /** An amount of money, in the currency that the user thinks of. */
  price(cents: number): string {
    const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
    return this.#numbers(digits).format(cents / 100);
  }

  /** A short time as milliseconds, with one decimal. */
  milliseconds(microseconds: number): string {
    const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return this.#numbers(digits).format(microseconds / 1000);
  }

  list(words: string[]): string {
    return this.#once("list", () => new Intl.ListFormat(this.locale, { type: "conjunction" })).format(words);
  }

  #numbers(options: Intl.NumberFormatOptions = {}): Intl.NumberFormat {
    return this.#once(`number ${JSON.stringify(options)}`, () => new Intl.NumberFormat(this.locale, options));
  }

  #dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    return this.#once(`date ${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(this.locale, options));
  }

  #once<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.ListFormat>(kind: string, create: () => T): T {
    const known = this.#formatters.get(kind) as T | undefined;
    if (known) return known;
    const formatter = create();
    this.#formatters.set(kind, formatter);
    return formatter;
  }

  #scaled(value: number, per: string): string {
    // Nothing is said in the unit of most speeds and sizes.
    let step = value === 0 ? 1 : value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), BYTES.length - 1);
    if (Number((value / 1000 ** step).toPrecision(3)) >= 1000 && step < BYTES.length - 1) step += 1;
    const scaled = value / 1000 ** step;
    const digits = value === 0 || step === 0 || scaled >= 100 ? 0 : 1;
    const unit = { style: "unit", unit: BYTES[step] + per, unitDisplay: step === 0 && !per ? "long" : "short" } as const;
    return this.#numbers({ ...unit, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(scaled);
  }
}
