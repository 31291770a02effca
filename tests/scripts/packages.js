// Makes packages with the bundler of Tauri.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root, target, tauri } from "./step.js";

/** Where the programs are that go into packages. */
export const release = join(target, "release");
/** Where the packages are, with their checksums. */
export const packages = join(target, "packages");

/** Makes packages of these kinds, and gives their files. */
export function buildPackages(kinds) {
  rmSync(join(release, "bundle"), { recursive: true, force: true });
  // Both programs at once: one by one each would have its dependencies built for itself.
  const cargo = ["--", "--locked", "-p", "newsmux", "-p", "newsmuxd"];
  tauri("build", "--ci", "--bundles", kinds.join(","), ...elsewhere(), ...cargo);
  const made = kinds.flatMap((kind) => packagesIn(join(release, "bundle", kind)));
  rmSync(packages, { recursive: true, force: true });
  mkdirSync(packages, { recursive: true });
  for (const file of made) copyFileSync(file, join(packages, basename(file)));
  writeFileSync(join(packages, "SHA256SUMS"), made.map((file) => `${sha256(file)}  ${basename(file)}\n`).join(""));
  return made.map((file) => join(packages, basename(file)));
}

/** The configuration names the programs without a window where cargo puts them by default. */
function elsewhere() {
  if (target === join(root, "target")) return [];
  const files = Object.fromEntries(["newsmuxctl", "newsmuxd"].map((name) => [`/usr/bin/${name}`, join(release, name)]));
  return ["--config", JSON.stringify({ bundle: { linux: { deb: { files }, rpm: { files } } } })];
}

/** The packages in a folder, without what they were made with. */
function packagesIn(folder) {
  return readdirSync(folder).filter((name) => /\.(deb|rpm|AppImage|dmg|exe)$/.test(name)).map((name) => join(folder, name));
}

function sha256(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
