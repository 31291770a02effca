// Which program `npm start` runs.

/** The window takes neither settings nor a sample from the command line: with such arguments it is newsmuxd. */
export function programFor(given, hasDisplay) {
  return hasDisplay && given.every((word) => word === "--hidden") ? "newsmux" : "newsmuxd";
}
