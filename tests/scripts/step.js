// Runs commands, one after another, and says which step failed and how long each took.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Whether `command` runs and succeeds; its output is not shown. */
export function succeeds(command, ...args) {
  return spawnSync(command, args, { cwd: root, stdio: "ignore" }).status === 0;
}

/** Runs `command` in the open; throws when it fails. */
export function run(command, args, env = {}) {
  const options = { cwd: root, stdio: "inherit", env: { ...process.env, ...env } };
  const { status, signal, error } = spawnSync(command, args, options);
  if (error) throw new Error(`${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")}: ${signal ?? `exit status ${status}`}`);
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
