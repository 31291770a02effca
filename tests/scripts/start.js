// `npm start`: builds newsmuxd and runs it in the foreground. `npm start -- --settings FILE` passes arguments on.
import { spawn } from "node:child_process";
import { root, run, step } from "./step.js";

await step("build", () => run("cargo", ["build", "--release", "-p", "newsmuxd"]));

const target = process.env.CARGO_TARGET_DIR ?? "target";
const child = spawn(`${target}/release/newsmuxd`, process.argv.slice(2), { cwd: root, stdio: "inherit" });

// The terminal sends SIGINT to both: this script waits for newsmuxd to end in its own way.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
child.on("exit", (code, signal) => {
  process.exitCode = signal ? 1 : code;
});
