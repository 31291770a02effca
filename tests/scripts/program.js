// Which program `npm start` runs, and what of its output it shows.

/** The window takes neither settings nor a sample from the command line: with such arguments it is newsmuxd. */
export function programFor(given, hasDisplay) {
  return hasDisplay && given.every((word) => word === "--hidden") ? "newsmux" : "newsmuxd";
}

/** Whether Newsmux itself wrote this line on standard error: a sentence, or a crash with its backtrace. */
export function isOurs(line) {
  return /^newsmux: |^thread '|^ +(at |\d+: )|^note: run with|panicked at/.test(line);
}
