// Installs the deb with apt, runs the application from its desktop entry, and removes it: without a trace.
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { apt, hasApt } from "./apt.js";
import { buildPackages } from "./packages.js";
import { output, run, succeeds } from "./step.js";

const ENTRY = "/usr/share/applications/Newsmux.desktop";
const METAINFO = "/usr/share/metainfo/io.github.newsmux.metainfo.xml";
const UNIT = "/usr/lib/systemd/user/newsmuxd.service";

/** Why the package cannot be tried here, if it cannot. */
export function whyNot() {
  if (!hasApt()) return "there is no apt-get";
  if (process.getuid() !== 0 && !process.env.CI) return "it wants root";
  if (succeeds("dpkg", "--status", "newsmux")) return "Newsmux is installed, and stays so";
}

/** Builds and tries it. `cargo` runs the tests of the desktop. */
export function tryPackage(cargo) {
  const [deb] = buildPackages(["deb"]);
  // What it needs may stay.
  apt("satisfy", output("dpkg-deb", "--field", deb, "Depends"));
  const before = systemFiles();
  apt("install", "--no-install-recommends", deb);
  try {
    run("desktop-file-validate", [ENTRY]);
    run("appstreamcli", ["validate", "--no-net", METAINFO]);
    if (succeeds("systemd-analyze", "--version")) run("systemd-analyze", ["verify", "--user", UNIT], { XDG_RUNTIME_DIR: tmpdir() });
    for (const program of ["newsmuxctl", "newsmuxd"]) run(program, ["--version"]);
    cargo({ NEWSMUX_APP: programOf(ENTRY) });
  } finally {
    apt("remove", "newsmux");
  }
  const left = difference(systemFiles(), before);
  if (left.length > 0) throw new Error(`removed, the package leaves behind:\n${left.join("\n")}`);
}

/** The program that a desktop entry starts. */
function programOf(entry) {
  const [, program] = /^Exec=(\S+)$/m.exec(readFileSync(entry, "utf8")) ?? [];
  if (!program) throw new Error(`${entry} starts nothing`);
  return output("sh", "-c", 'command -v "$0"', program);
}

/** All files and folders that packages own; not what apt itself keeps. */
function systemFiles() {
  const apts = ["/var/lib/apt", "/var/lib/dpkg", "/var/cache", "/var/log", "/var/tmp"];
  const but = apts.flatMap((folder) => ["-o", "-path", folder]).slice(1);
  const find = ["find", "/etc", "/opt", "/usr", "/var", "(", ...but, ")", "-prune", "-o", "-print"];
  // Some folders are root's alone.
  return output(...(process.getuid() === 0 ? find : ["sudo", ...find])).split("\n");
}

function difference(all, known) {
  const had = new Set(known);
  return all.filter((file) => !had.has(file));
}
