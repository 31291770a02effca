// Reasons for failures: in words, in the user's language, and never with an error number.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, serve } from "./harness.js";

serve();

const CASES = [
  ["linux", "cannot connect: check host and port, and the network (Connection refused (os error 111))",
    "Can't connect (connection refused): check the server, the port and the network", "Keine Verbindung (Verbindung verweigert): Prüfen Sie Server, Port und Netz"],
  ["macos", "the connection was lost: Connection reset by peer (os error 54)", "Connection lost", "Verbindung abgebrochen"],
  ["windows", "cannot connect: check host and port, and the network (No connection could be made because the target machine actively refused it. (os error 10061))",
    "Can't connect (connection refused): check the server, the port and the network", "Keine Verbindung (Verbindung verweigert): Prüfen Sie Server, Port und Netz"],
  ["linux", "the host name has no address: check its spelling, and the network (failed to lookup address information: Name or service not known)",
    "Server not found: check the spelling and the network", "Server nicht gefunden: Prüfen Sie Schreibweise und Netz"],
  ["linux", "cannot write /home/me/settings.json: No space left on device (os error 28)", "Can't write /home/me/settings.json: disk full", "/home/me/settings.json ist nicht beschreibbar: Platte voll"],
  ["linux", "Something new (os error 4242)", "Something new", "Something new"],
];
const AGENTS = { macos: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", windows: "Mozilla/5.0 (Windows NT 10.0; Win64; x64)" };

for (const [platform, said, english, german] of CASES) {
  for (const [lang, words] of [["en", english], ["de", german]]) {
    test(`${said} on ${platform} in ${lang}`, async (t) => {
      const page = await open(t, { scenario: "degraded", lang, userAgent: AGENTS[platform], init: { content: `globalThis.reasonForDown = ${JSON.stringify(said)}` } });
      await page.locator(".troubles").getByText(words, { exact: true }).waitFor();
      assert.doesNotMatch(await page.locator("body").innerText(), /os error/);
    });
  }
}
