// Installs packages of Debian and its kin. Asks before it uses sudo.
import { createInterface } from "node:readline/promises";
import { run, succeeds } from "./step.js";

const OPTIONS = ["-qq", "-y", "-o", "DPkg::Lock::Timeout=600"];

/** Whether there is an apt-get. In continuous integration there has to be. */
export function hasApt() {
  if (succeeds("apt-get", "--version")) return true;
  if (process.env.CI) throw new Error("apt-get is missing: only Debian and its kin are prepared by this script");
  return false;
}

/** Installs packages, or files of packages, without what they only recommend. */
export async function installPackages(names) {
  if (names.length === 0) return;
  await mayUseSudo(`install ${names.join(" ")}`);
  updateLists();
  apt("install", "--no-install-recommends", ...names);
}

/** Runs apt-get as root. */
export function apt(command, ...args) {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  if (process.getuid() === 0) run("apt-get", [command, ...OPTIONS, ...args], env);
  else run("sudo", ["DEBIAN_FRONTEND=noninteractive", "apt-get", command, ...OPTIONS, ...args]);
}

let updated = false;
/** Fetches what packages there are, once. */
export function updateLists() {
  if (updated) return;
  apt("update");
  updated = true;
}

let may = false;
/** Says what is to be done; where that needs sudo, and nobody is there to agree, throws. */
export async function mayUseSudo(what) {
  console.log(`apt-get will ${what}`);
  if (may || process.env.CI || process.getuid() === 0) return;
  const command = `run: sudo apt-get ${what}`;
  if (!process.stdin.isTTY) throw new Error(`that needs root, and nobody is here to ask: ${command}`);
  const ask = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await ask.question("This uses sudo. Go on? [Y/n] ");
  ask.close();
  if (!/^(y|yes|)$/i.test(answer.trim())) throw new Error(`not without you: ${command}`);
  may = true;
}
