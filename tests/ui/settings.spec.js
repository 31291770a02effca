// The page Settings.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, serve } from "./harness.js";

serve();

const AGENTS = {
  linux: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko)",
  macos: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
  windows: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)",
};
const WORDS = {
  en: ["only your own programs can connect without a login", "Programs of all users of this computer can connect"],
  de: ["können sich nur Ihre eigenen Programme verbinden", "Programme aller Benutzer dieses Computers können sich verbinden"],
};

for (const [platform, userAgent] of Object.entries(AGENTS)) {
  for (const [lang, [onlyOwn, everyAccount]] of Object.entries(WORDS)) {
    test(`who can connect without a login on ${platform}, in ${lang}`, async (t) => {
      const page = await open(t, { page: "settings", scenario: "empty", lang, userAgent });
      const text = await page.locator("main").innerText();
      assert.equal(text.includes(onlyOwn), platform === "linux");
      assert.equal(text.includes(everyAccount), platform !== "linux");
    });
  }
}
