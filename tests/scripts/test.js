// `npm test`: installs what the tests need, then checks and tests everything, stopping at the first step that fails.
import { install } from "./install.js";
import { run, step } from "./step.js";

// In continuous integration a Cargo.lock that does not fit is an error, not something to mend on the way.
const locked = process.env.CI ? ["--locked"] : [];
const cargo = (args, env) => run("cargo", args, env);

await step("install", install);
// The window first: the application takes what is built of it.
await step("ui", () => {
  for (const script of ["ui:check", "ui:build", "ui:test"]) run("npm", ["run", "--silent", script]);
});
await step("format", () => cargo(["fmt", "--all", "--check"]));
await step("clippy", () =>
  cargo(["clippy", "--workspace", "--all-targets", ...locked, "--", "-D", "warnings"]));
await step("docs", () =>
  cargo(["doc", "--workspace", "--no-deps", ...locked], { RUSTDOCFLAGS: "-D warnings" }));
// newsmuxd first and by itself, just as the tests that run it ask for it: so none of them waits for a compiler.
await step("build", () => {
  cargo(["build", "--workspace", "--bin", "newsmuxd", ...locked]);
  cargo(["test", "--workspace", "--no-run", ...locked]);
});
await step("tests", () => cargo(["test", "--workspace", "--no-fail-fast", ...locked]));
