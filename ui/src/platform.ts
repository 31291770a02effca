// The system that the window runs on, for the words and keys that differ between systems.

export type Platform = "linux" | "macos" | "windows";

/** The platform that a web view's user agent names. */
export function platformOf(userAgent: string): Platform {
  if (/Macintosh|Mac OS X/.test(userAgent)) return "macos";
  return /Windows/.test(userAgent) ? "windows" : "linux";
}

export const platform = platformOf(navigator.userAgent);

/** A keyboard shortcut as the system writes it: Ctrl+W, or ⌘W. */
export const shortcut = (key: string, on = platform) => (on === "macos" ? `⌘${key}` : `Ctrl+${key}`);

/** Alt and an arrow key as the system writes them. */
export const altKey = (key: string, on = platform) => (on === "macos" ? `⌥${key}` : `Alt ${key}`);

/** A shortcut for `aria-keyshortcuts`. */
export const ariaShortcut = (key: string, on = platform) => `${on === "macos" ? "Meta" : "Control"}+${key}`;

/** Whether the key that goes with a shortcut on this system is held, and no other. */
export const isShortcut = (event: KeyboardEvent, on = platform) =>
  (on === "macos" ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey) && !event.altKey && !event.shiftKey;
