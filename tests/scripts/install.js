// Installs the real newsreaders, downloaders and news servers that the tests drive, as far as they are missing.
// Programs come from Debian and npm; INN and SABnzbd are only unpacked, below target/tools: the system never starts them.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { run, root, succeeds } from "./step.js";

const APT = ["-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600"];

// package: whether what the tests want of it is there
const packages = {
  "build-essential": () => succeeds("cc", "--version") && succeeds("c++", "--version") && succeeds("make", "--version"),
  chromium: () => succeeds("chromium", "--version"),
  dbus: () => succeeds("dbus-daemon", "--version"),
  "fonts-dejavu-core": () => existsSync("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
  "gnome-keyring": () => succeeds("gnome-keyring-daemon", "--version"),
  "libwebkit2gtk-4.1-dev": () => succeeds("pkg-config", "--exists", "webkit2gtk-4.1"),
  "libsecret-tools": () => succeeds("sh", "-c", "command -v secret-tool"),
  nzbget: () => succeeds("nzbget", "--version"),
  par2: () => succeeds("par2", "--version"),
  "pkg-config": () => succeeds("pkg-config", "--version"),
  perl: () => succeeds("perl", "-MNet::NNTP", "-e", "1"),
  "python3-venv": () => succeeds("python3", "-c", "import ensurepip, venv"),
  tin: () => succeeds("tin", "-V"),
  "webkit2gtk-driver": () => succeeds("sh", "-c", "command -v WebKitWebDriver"),
  xvfb: () => succeeds("sh", "-c", "command -v Xvfb"),
};

export function install() {
  installPackages(Object.keys(packages).filter((name) => !packages[name]()));
  installNodeModules();
  unpack("inn");
  unpack("sabnzbd", "tests/scripts/sabnzbd-requirements.txt");
}

/** What the benchmark compares newsmuxd with. */
export function installRelays() {
  unpack("relays");
}

/** What counts instructions. */
export function installValgrind() {
  installPackages(succeeds("valgrind", "--version") ? [] : ["valgrind"]);
}

function installPackages(missing) {
  if (missing.length === 0) return;
  if (!hasApt()) return;
  console.log(`installing ${missing.join(" ")}`);
  updateLists();
  asRoot("apt-get", ["install", ...APT, ...missing]);
}

function installNodeModules() {
  unlessMade("node_modules/.made-of", ["package-lock.json"], () => {
    run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  });
}

/** Runs `unpack-NAME.sh` unless what it made of these `files` is there. */
function unpack(name, ...files) {
  const script = `tests/scripts/unpack-${name}.sh`;
  unlessMade(`target/tools/${name}/.made-of`, [script, ...files], () => {
    if (!hasApt()) return false;
    console.log(`unpacking ${name}`);
    updateLists();
    run("sh", [script, `${root}/target/tools/${name}`]);
  });
}

/** Does `work` unless `stamp` tells that it was done of these very `files`. */
function unlessMade(stamp, files, work) {
  const made = `${root}/${stamp}`;
  const wanted = files.map((file) => readFileSync(`${root}/${file}`, "utf8")).join("\n");
  if (existsSync(made) && readFileSync(made, "utf8") === wanted) return;
  if (work() !== false) writeFileSync(made, wanted);
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
