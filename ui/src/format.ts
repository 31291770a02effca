// Figures and times as people of a locale write them.

const BYTES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

export class Format {
  constructor(readonly locale: string) {}

  number(value: number): string {
    return new Intl.NumberFormat(this.locale).format(value);
  }

  /** A size, such as 1.4 GB. */
  bytes(bytes: number): string {
    return this.#scaled(bytes, "");
  }

  /** Bytes a second, such as 38.2 MB/s. */
  speed(bytes: number): string {
    return this.#scaled(bytes, "-per-second");
  }

  /** The time of day; with the date, where that is not today's. */
  time(at: number, now = Date.now()): string {
    const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
    const date = sameDay ? {} : ({ day: "numeric", month: "short" } as const);
    return new Intl.DateTimeFormat(this.locale, { ...date, hour: "2-digit", minute: "2-digit" }).format(at);
  }

  /** Date and time to the second. */
  fullTime(at: number): string {
    return new Intl.DateTimeFormat(this.locale, { dateStyle: "medium", timeStyle: "medium" }).format(at);
  }

  /** A day of the calendar. */
  day(at: number): string {
    return new Intl.DateTimeFormat(this.locale, { dateStyle: "medium" }).format(at);
  }

  /** A short time as milliseconds, with a digit behind the point. */
  milliseconds(microseconds: number): string {
    const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return new Intl.NumberFormat(this.locale, digits).format(microseconds / 1000);
  }

  list(words: string[]): string {
    return new Intl.ListFormat(this.locale, { type: "conjunction" }).format(words);
  }

  #scaled(value: number, per: string): string {
    let step = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), BYTES.length - 1);
    if (Number((value / 1000 ** step).toPrecision(3)) >= 1000 && step < BYTES.length - 1) step += 1;
    const scaled = value / 1000 ** step;
    const digits = step === 0 || scaled >= 100 ? 0 : 1;
    const unit = { style: "unit", unit: BYTES[step] + per, unitDisplay: step === 0 && !per ? "long" : "short" } as const;
    return new Intl.NumberFormat(this.locale, { ...unit, minimumFractionDigits: digits, maximumFractionDigits: digits })
      .format(scaled);
  }
}
