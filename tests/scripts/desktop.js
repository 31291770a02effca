// `npm run bench:desktop`: how soon the application serves and is seen, and what it takes while nobody looks (Linux).
import { install } from "./install.js";
import { npm, run, step, target } from "./step.js";

const bench = ["-p", "newsmux", "--features", "e2e", "--bench", "desktop"];

await step("install", install);
await step("build", () => {
  npm("run", "--silent", "ui:build");
  run("cargo", ["build", "--release", "-p", "newsmuxd"]);
  run("cargo", ["bench", ...bench, "--no-run"]);
});
await step("bench", () => run("cargo", ["bench", "-q", ...bench, "--", `${target}/release/newsmuxd`]));
