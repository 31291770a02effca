// `npm test`: installs what the tests need, then checks and tests everything, stopping at the first step that fails.
import { existsSync } from "node:fs";
import { tryPackage, whyNot } from "./deb.js";
import { cargoDeny, install } from "./install.js";
import { npm, run, step } from "./step.js";

// In continuous integration, a Cargo.lock that does not fit is an error. Nothing is built twice there, so what would
// make a second build faster is not written: it is more than half of the disk space.
const locked = process.env.CI ? ["--locked"] : [];
if (process.env.CI) process.env.CARGO_INCREMENTAL = "0";
// All crates and features at once, always the same: otherwise each step would build the dependencies anew.
const all = ["--workspace", "--features", "newsmux/e2e", ...locked];
const cargo = (args, env) => run("cargo", args, env);

await step("install", install);
// The window first: the application takes what is built of it.
await step("ui", () => {
  for (const script of ["ui:check", "ui:build", "ui:test"]) npm("run", "--silent", script);
});
await step("scripts", () => run("node", ["--test", "tests/scripts/scripts.spec.js"]));
// Known vulnerabilities are looked up in GitHub's workflow: their list is not reached from everywhere.
await step("dependencies", () => {
  if (existsSync(cargoDeny)) run(cargoDeny, ["--locked", "check", "licenses", "bans", "sources"]);
  else if (process.env.CI) throw new Error("cargo-deny is missing");
  else console.log("The dependencies' licenses are not checked: there is no cargo-deny for this system.");
});
await step("format", () => cargo(["fmt", "--all", "--check"]));
await step("clippy", () =>
  cargo(["clippy", ...all, "--all-targets", "--", "-D", "warnings"]));
await step("docs", () =>
  cargo(["doc", ...all, "--no-deps"], { RUSTDOCFLAGS: "-D warnings" }));
// newsmuxd first and by itself, just as the tests that run it ask for it: so none of them waits for a compiler.
await step("build", () => {
  cargo(["build", ...all, "--bin", "newsmuxd"]);
  cargo(["test", ...all, "--no-run"]);
});
await step("tests", () => cargo(["test", ...all, "--no-fail-fast"]));
await step("soak", () => cargo(["test", ...all, "--test", "soak", "--", "--minutes", "1"]));
await step("package", () => {
  const reason = whyNot();
  if (!reason) tryPackage((env) => cargo(["test", ...all, "--test", "desktop", "--", "tray::", "idle::"], env));
  else if (process.env.CI) throw new Error(reason);
  else console.log(`The package is not tried: ${reason}.`);
});
