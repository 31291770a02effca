// Keeps a second run from doing again what the first has done: beside what was made lies what it was made of.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { root } from "./step.js";

/** Does `work` unless `stamp` tells that it was done of these very `files`. Work that says `false` was not done. */
export async function unlessMade(stamp, files, work) {
  if (read(stamp) === text(files)) return;
  if ((await work()) !== false) write(stamp, text(files));
}

/** Does `work`, which makes the folder `made` of all that is in `sources`, unless both are as it has left them. */
export function unlessFolderMade(stamp, made, sources, work) {
  const now = () => [made, ...sources].map(sum).join("\n");
  if (read(stamp) === now()) return;
  work();
  write(stamp, now());
}

function text(files) {
  return files.map((file) => readFileSync(resolve(root, file), "utf8")).join("\n");
}

/** The checksum of a file, or of all files in a folder and their names. */
function sum(path) {
  const hash = createHash("sha256");
  for (const file of filesBelow(resolve(root, path))) hash.update(`${file}\0`).update(readFileSync(file)).update("\0");
  return `${hash.digest("hex")}  ${path}`;
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).sort().flatMap((name) => filesBelow(join(path, name)));
}

function read(stamp) {
  const file = resolve(root, stamp);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function write(stamp, text) {
  const file = resolve(root, stamp);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
