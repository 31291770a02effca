// The production build, with the application's side of the bridge simulated.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { open, serve } from "./harness.js";

serve("ui/dist");

const SNAPSHOT = {
  state: { is: "stopped" }, troubles: [], address: { host: "::1", port: 10080 }, figures: { at: Date.now(), speed: 0, bytes: 0, today: 0, replies: 0, articles: 0 },
  serves: true, sample: false, traffic: { mode: { is: "normal" }, speed: null, until: null, next: null },
  providers: [{
    id: "a", name: "Northwind", state: "off", said: "", retry: null, password: "kept", proxy_password: "not_needed", tested: false, open: 0, granted: 8, allowed: 8, speed: 0, bytes: 0, replies: 0,
    missing: 0, failures: 0,
  }],
  clients: [], last_event: 1, keep: { is: "open" }, vault: "none", removed: null, new_password: null, check: null, tuning: null, connected: [], start_at_login: true,
  tray: true, farewell: false, asks_to_quit: false, version: "1.2.3",
  settings: {
    version: 1, listen: { host: "::1", port: 10080 }, routing: { mode: "hybrid" }, posting: false, clients: [],
    providers: [{
      id: "a", name: "Northwind", enabled: true, host: "news.example.com", port: null, tls: "on", verify: "full", ca_file: null, username: "u",
      connections: 8, tier: 0, required: false, pipelining: null, timeout_secs: 30,
    }],
    limits: { slow_speed: 1000000 },
    desktop: { on: false, start_hidden: false, language: "en", theme: "system", log: "info", passwords: "keyring", told_of_tray: true, first_steps: { provider_works: true, program_set_up: true, article_delivered: true }, first_steps_done: true, sample: false, set_aside_seen: 0, notify: { attention: true, outages: true, accounts: true } },
  },
};

/** Simulates the bridge: records calls, answers them, and sends snapshots on request. */
function bridge(snapshot) {
  const callbacks = new Map();
  let sent = 0;
  const played = { calls: [], send: (changes) => callbacks.get(played.channel)?.({ index: sent++, message: { ...snapshot, ...changes } }) };
  const replies = {
    history: () => ({ is: "history", samples: [] }),
    events: () => ({ is: "events", events: [{ id: 1, number: 1, since: Date.now(), at: Date.now(), times: 1, level: "info", happened: { what: "stopped" } }] }),
    start: () => ({ is: "done" }),
  };
  const refusal = { code: "not_saved", field: null, message: "no space left on device" };
  globalThis.played = played;
  globalThis.__TAURI_INTERNALS__ = {
    transformCallback: (callback) => (callbacks.set(callbacks.size + 1, callback), callbacks.size),
    unregisterCallback: () => {},
    async invoke(command, given) {
      played.calls.push([command, command === "watch" ? Object.keys(given) : given]);
      if (command === "watch") {
        played.channel = given.channel.id;
        played.send({});
        return null;
      }
      const reply = replies[given?.request?.do];
      if (!reply) throw refusal;
      return reply();
    },
  };
}

const opened = (t) => open(t, { init: { content: `(${bridge})(${JSON.stringify(SNAPSHOT)})` } });
const calls = (page) => page.evaluate(() => globalThis.played.calls);

test("watches snapshots and requests events", async (t) => {
  const page = await opened(t);
  await page.getByText("Newsmux is off. Programs can't connect.").waitFor();
  await page.getByText("[::1]:10080").waitFor();
  await page.getByText("Newsmux was turned off").waitFor();
  const called = await calls(page);
  assert.deepEqual(called.find(([command]) => command === "watch"), ["watch", ["channel"]]);
  assert.deepEqual(called.find(([, given]) => given?.request?.do === "events"), ["request", { request: { do: "events", after: 0 } }]);
});

test("shows each new snapshot", async (t) => {
  const page = await opened(t);
  await page.getByText("Newsmux is off.").waitFor();
  await page.evaluate(() => globalThis.played.send({ state: { is: "idle" } }));
  await page.getByText("Newsmux is on and idle.").waitFor();
});

test("sends requests and explains failures by their code", async (t) => {
  const page = await opened(t);
  await page.getByRole("switch", { name: "Newsmux" }).click();
  assert.deepEqual((await calls(page)).at(-1), ["request", { request: { do: "start" } }]);
  await page.keyboard.press("Control+6");
  await page.getByRole("switch", { name: "Allow posting" }).click();
  await page.getByText("Settings couldn't be saved: disk full. Try again.").waitFor();
  assert.equal(await page.getByRole("switch", { name: "Allow posting" }).getAttribute("aria-checked"), "false");
  await page.getByRole("button", { name: "Dismiss" }).click();
  await page.getByText("Settings couldn't be saved").waitFor({ state: "detached" });
});

for (const [name, request] of [["Close window", "close_window"], ["Keep open", "stay_open"], ["Quit Newsmux", "quit"]]) {
  test(`at the first farewell, "${name}" asks for ${request}`, async (t) => {
    const page = await opened(t);
    await page.evaluate(() => globalThis.played.send({ farewell: true }));
    await page.getByRole("dialog").getByRole("button", { name }).click();
    assert.deepEqual((await calls(page)).at(-1), ["request", { request: { do: request } }]);
  });
}

test("a production build does not contain the fake", () => {
  const scripts = readdirSync("ui/dist/assets").filter((file) => file.endsWith(".js"));
  assert.equal(scripts.length, 1);
  assert.ok(!readFileSync(`ui/dist/assets/${scripts[0]}`, "utf8").includes("scenario"));
});

test("uses English where the system's locale is C", async (t) => {
  const language = "Object.defineProperty(Navigator.prototype, 'language', { get: () => 'C', configurable: true });";
  const page = await open(t, { init: { content: `${language}(${bridge})(${JSON.stringify(SNAPSHOT)})` } });
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
});
