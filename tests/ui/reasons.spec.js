// Every reason that the engine, the stores of passwords and the set-up of programs give is in German in the German window, and in
// the words of the window in the English one. The sentences are read from their sources, so a new one fails here until it is translated.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const root = fileURLToPath(new URL("../..", import.meta.url));
const load = async (file) => (await runnerImport(`${root}ui/src/i18n/${file}.ts`, { configFile: false, logLevel: "error" })).module;
const { cause } = await load("causes");
const { causes } = await load("causes.de");
const { causes: english } = await load("causes.en");

/** Where reasons come from. */
const SOURCES = {
  "engine/src": [
    "error.rs", "backend/connection.rs", "backend/lease.rs", "backend/mod.rs", "backend/pool.rs", "backend/reply/accept.rs", "check/connections.rs", "dial/certificate.rs", "dial/error.rs",
    "dial/establish.rs", "dial/net.rs", "dial/race.rs", "dial/socks.rs", "dial/source.rs", "dial/tls.rs", "dial/verify.rs", "dial/via.rs", "router/route.rs", "session/selected.rs", "session/stateful.rs", "session/streaming.rs",
  ],
  "nntp/src": ["line.rs", "login.rs", "status.rs"],
  "downloaders/src/connect": ["http.rs", "mod.rs", "nzbget.rs", "sabnzbd.rs"],
  "secrets/src": ["ask.rs", "lib.rs", "keyring.rs", "keyring/one_item.rs", "vault.rs", "vault/sealed.rs"],
};
/** What comes before some of them. */
const PREFIXES = { "dial/establish.rs": "timed out waiting for ", "dial/net.rs": "timed out waiting for ", "session/streaming.rs": "timed out waiting for ", "backend/lease.rs": "timed out waiting for " };
/** What never reaches the window, or comes there with a code and has words of its own. */
const ELSEWHERE = [
  /^\d{3} /, /\\r\\n$/, /^(the client is gone|there was nothing more to be done for the client)/, /^an? \{\w*\}$/, /^newsmux-/,
  // downloaders
  /^(only addresses with|enter an address such as|https:\/\/ can be used only|nothing answers there|this is no address of a program|what answers there|this program is on another computer)/,
  /^(this user of NZBGet may not|NZBGet refuses this user)/,
];
const ENGLISH = /\b(the|is|not|cannot|of|were|has|its|it|this|and|no|for|to|with|by|a|as|our|within|than|the)\b/i;

/** Names from the settings file, which the window's fields don't have. */
const SETTINGS = /\b(bind to|correct bind|ca_file)\b|TLS to "on"|use TLS "on"/;

/** The sentences in a source, without its tests, comments and lines for the log. */
function sentences(file) {
  const [source] = readFileSync(file, "utf8").split(/#\[cfg\(test\)\]\s*\nmod \w+ \{/);
  const code = source.replace(/^\s*\/\/.*$/gm, "").replace(/reason\s*=\s*"[^"]*"/g, "").replace(/\b(?:trace|debug|info|warn|error)!\([\s\S]*?\);/g, "");
  const texts = [...code.matchAll(/"((?:[^"\\]|\\[\s\S])*)"/g)].map(([, text]) => text.replace(/\\\n\s*/g, "").replaceAll('\\"', '"'));
  return texts.filter((text) => text.split(" ").length >= 3 && !ELSEWHERE.some((pattern) => pattern.test(text)));
}

for (const [folder, files] of Object.entries(SOURCES)) {
  for (const file of files) {
    for (const sentence of sentences(`${root}src-tauri/crates/${folder}/${file}`)) {
      const said = (sentence.startsWith("timed out") ? "" : (PREFIXES[file] ?? "")) + sentence.replace(/\{[^}]*\}/g, "222");
      test(`${file}: ${said}`, () => {
        assert.doesNotMatch(cause(said, causes, "linux"), ENGLISH);
        assert.doesNotMatch(cause(said, english, "linux"), SETTINGS);
      });
    }
  }
}

test("one provider's reason leaves the next one's as it is", () => {
  const both = cause("A: timed out waiting for the greeting; B: the provider allows no more connections", causes, "linux");
  assert.equal(both, "A: Zeitüberschreitung; B: zu viele Verbindungen");
});
