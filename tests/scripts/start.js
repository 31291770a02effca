// `npm start`: installs what is missing, builds Newsmux and opens it. Without a display newsmuxd runs instead, in the
// foreground, and so it does with arguments that are for it: `npm start -- --sample`, `npm start -- --settings FILE`.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { installCompilers, installNodeModules } from "./install.js";
import { npm, root, run, step, target } from "./step.js";
import { isOurs, programFor } from "./program.js";

// Not the profile of a release: that one takes the linker minutes.
const PROFILE = "quick";

const hasDisplay = process.platform !== "linux" || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
const given = process.argv.slice(2);
const program = programFor(given, hasDisplay);
const window = program === "newsmux";
if (!hasDisplay) console.log("There is no display here: newsmuxd, the same without a window, runs in the foreground.");

await step("install", async () => {
  await installCompilers({ window });
  if (window) await installNodeModules();
});
await step("build", () => {
  if (window) npm("run", "--silent", "ui:build");
  run("cargo", ["build", "--profile", PROFILE, "-p", program]);
});

// What GTK and drivers say on standard error is for their developers: only our own lines are shown.
const stdio = ["inherit", "inherit", window ? "pipe" : "inherit"];
const child = spawn(join(target, PROFILE, program), given, { cwd: process.env.INIT_CWD ?? root, stdio });
if (window) {
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (isOurs(line)) console.error(line);
  });
  // A second start ends at once: the window is the first one's.
  const soon = setTimeout(() => console.log("\nNewsmux is open. Ctrl+C ends it."), 1000);
  child.on("exit", (code) => {
    clearTimeout(soon);
    if (code === 0 && !ending) console.log("Newsmux has ended, or was running already.");
  });
}

let ending = false;
// The terminal sends SIGINT to both: this script waits for the program to end in its own way.
process.on("SIGINT", () => (ending = true));
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
child.on("exit", (code, signal) => {
  process.exitCode = signal ? 1 : code;
});
