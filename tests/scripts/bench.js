// `npm run bench`: newsmuxd beside HAProxy, nginx, a bare relay and nothing at all. `npm run bench -- --rounds 3 --only TLS
// --json FILE` passes arguments on.
import { resolve } from "node:path";
import { installRelays } from "./install.js";
import { root, run, step } from "./step.js";

const files = ["--json"];
const given = process.argv.slice(2);
const args = given.map((word, at) => (files.includes(given[at - 1]) ? resolve(process.env.INIT_CWD ?? ".", word) : word));

await step("install", installRelays);
await step("build", () => {
  run("cargo", ["build", "--release", "-p", "newsmuxd"]);
  run("cargo", ["bench", "-p", "newsmux-tests", "--bench", "relay", "--no-run"]);
});
await step("bench", () =>
  run("cargo", ["bench", "-q", "-p", "newsmux-tests", "--bench", "relay", "--", "--programs", `${root}/target/tools/relays`, ...args]));
