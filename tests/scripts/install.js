// Installs the real newsreaders, downloaders and news servers that the tests drive, as far as they are missing.
// Programs come from Debian and npm; INN and SABnzbd are only unpacked, below target/tools, and never started by the system.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { run, root, succeeds } from "./step.js";

const APT = ["-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600"];

// package: whether what the tests want of it is there
const packages = {
  "build-essential": () => succeeds("cc", "--version") && succeeds("c++", "--version") && succeeds("make", "--version"),
  nzbget: () => succeeds("nzbget", "--version"),
  par2: () => succeeds("par2", "--version"),
  perl: () => succeeds("perl", "-MNet::NNTP", "-e", "1"),
  "python3-venv": () => succeeds("python3", "-c", "import ensurepip, venv"),
  tin: () => succeeds("tin", "-V"),
};

export function install() {
  installPackages(Object.keys(packages).filter((name) => !packages[name]()));
  installNodeModules();
  unpack("inn", "usr/lib/news/bin/nnrpd");
  unpack("sabnzbd", "version");
}

function installPackages(missing) {
  if (missing.length === 0) return;
  if (!hasApt()) return;
  console.log(`installing ${missing.join(" ")}`);
  updateLists();
  asRoot("apt-get", ["install", ...APT, ...missing]);
}

// npm leaves a copy of the lock file in node_modules: an older one than ours means that ours has changed.
function installNodeModules() {
  const stamp = `${root}/node_modules/.installed-lock.json`;
  const wanted = readFileSync(`${root}/package-lock.json`, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(stamp, wanted);
}

/** Runs `unpack-NAME.sh` unless `proof`, a file that it makes last, is there. */
function unpack(name, proof) {
  const destination = `${root}/target/tools/${name}`;
  if (existsSync(`${destination}/${proof}`) || !hasApt()) return;
  console.log(`unpacking ${name}`);
  updateLists();
  run("sh", [`tests/scripts/unpack-${name}.sh`, destination]);
}

function hasApt() {
  if (succeeds("apt-get", "--version")) return true;
  if (process.env.CI) throw new Error("apt-get is missing: only Debian and its kin are prepared by this script");
  console.log("no apt-get here: tests of programs that are missing will say that they are skipped");
  return false;
}

let updated = false;
function updateLists() {
  if (updated) return;
  asRoot("apt-get", ["update", "-qq", "-o", "DPkg::Lock::Timeout=600"]);
  updated = true;
}

function asRoot(command, args) {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  if (process.getuid() === 0) run(command, args, env);
  else run("sudo", ["DEBIAN_FRONTEND=noninteractive", command, ...args]);
}
