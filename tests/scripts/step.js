// Runs commands, one after another, and says which step failed and how long each took.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where cargo puts what it builds. */
export const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

/** Whether `command` runs and succeeds; its output is not shown. */
export function succeeds(command, ...args) {
  return spawnSync(command, args, { cwd: root, stdio: "ignore" }).status === 0;
}

/** What `command` prints; throws when it fails. */
export function output(command, ...args) {
  const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 28 };
  const { status, stdout, error } = spawnSync(command, args, options);
  if (error) throw new Error(`${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")}: exit status ${status}`);
  return stdout.trim();
}

/** Runs `command` in the open; throws when it fails. */
export function run(command, args, env = {}) {
  const options = { cwd: root, stdio: "inherit", env: { ...process.env, ...env } };
  const { status, signal, error } = spawnSync(command, args, options);
  if (error) throw new Error(`${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")}: ${signal ?? `exit status ${status}`}`);
}

/** Runs npm. On Windows it is no program of its own: there the one runs that runs this script. */
export function npm(...args) {
  const own = process.env.npm_execpath;
  if (own) run(process.execPath, [own, ...args]);
  else run("npm", args);
}

/** Runs the command line of Tauri. */
export function tauri(...args) {
  run(process.execPath, ["node_modules/@tauri-apps/cli/tauri.js", ...args]);
}

/** Does `work` under a heading; when it throws, names the step and ends this program. */
export async function step(name, work) {
  console.log(`\n=== ${name}`);
  const started = performance.now();
  try {
    await work();
  } catch (error) {
    console.error(`\n=== ${name}: FAILED\n${error.message}`);
    process.exit(1);
  }
  console.log(`=== ${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
