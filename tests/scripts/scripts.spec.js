// What is promised of a second run, of sudo, and of other systems.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { mayUseSudo } from "./apt.js";
import { icon, mark, tray } from "./drawings.js";
import { unlessFolderMade, unlessMade } from "./up-to-date.js";
import { root } from "./step.js";
import { isOurs, programFor } from "./program.js";

let folder;
before(() => (folder = mkdtempSync(join(tmpdir(), "made-"))));
after(() => rmSync(folder, { recursive: true }));

const write = (name, text) => writeFileSync(join(folder, name), text);

test("what was made of the same files is not made again", async () => {
  let times = 0;
  const make = () => unlessMade(join(folder, "stamp"), [join(folder, "lock")], () => void times++);
  write("lock", "one");
  await make();
  await make();
  assert.equal(times, 1);
  write("lock", "two");
  await make();
  assert.equal(times, 2);
});

test("work that could not be done is tried again", async () => {
  let times = 0;
  const make = () => unlessMade(join(folder, "other"), [join(folder, "lock")], () => (times++, false));
  await make();
  await make();
  assert.equal(times, 2);
});

test("a folder is made again when its sources or itself have changed", () => {
  let times = 0;
  const source = join(folder, "source");
  const made = join(folder, "made");
  const make = () => unlessFolderMade(join(folder, "sum"), made, [source], () => write("made", `${times++}`));
  write("source", "a");
  make();
  make();
  assert.equal(times, 1);
  write("source", "b");
  make();
  assert.equal(times, 2);
  write("made", "by another");
  make();
  assert.equal(times, 3);
});

test("where nobody can be asked, sudo is not used", async (context) => {
  context.mock.method(process, "getuid", () => 1000);
  context.mock.method(console, "log", () => {});
  const [{ isTTY }, { CI }] = [process.stdin, process.env];
  process.stdin.isTTY = false;
  delete process.env.CI;
  await assert.rejects(mayUseSudo("install cowsay"), /sudo apt-get install cowsay/);
  process.stdin.isTTY = isTTY;
  if (CI) process.env.CI = CI;
});

test("the lock file has what is there for other systems, too", () => {
  // npm leaves out what it does not find when the lock file is written, and fails there.
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const named = Object.values(packages).flatMap((one) => Object.keys(one.optionalDependencies ?? {}));
  assert.ok(named.length > 10);
  assert.deepEqual(named.filter((name) => !packages[`node_modules/${name}`]), []);
});

test("a start has the window where there is a display, unless its arguments are for newsmuxd", () => {
  for (const [given, hasDisplay, program] of [
    [[], true, "newsmux"],
    [["--hidden"], true, "newsmux"],
    [[], false, "newsmuxd"],
    [["--sample"], true, "newsmuxd"],
    [["--settings", "settings.json", "--check"], true, "newsmuxd"],
  ]) {
    assert.equal(programFor(given, hasDisplay), program, given.join(" "));
  }
});

test("window, tray and package show the same mark", () => {
  const window = readFileSync(join(root, "ui/src/parts/Icon.svelte"), "utf8");
  assert.equal(/^ +mux: "(.*)",$/m.exec(window)?.[1], mark);
  assert.equal(readFileSync(join(root, "icons/icon.svg"), "utf8"), icon, "run: npm run icons");
  for (const [state, drawing] of Object.entries(tray)) assert.ok(drawing.includes(mark), state);
});

test("of what a start says on standard error only our own lines are shown", () => {
  for (const [line, ours] of [
    ["newsmux: there is no argument --x", true],
    ["thread 'main' (7) panicked at src-tauri/src/main.rs:1:1:", true],
    ["(newsmux:4711): Gtk-WARNING **: 10:00:00.000: Theme parsing error", false],
    ["Gtk-Message: 10:00:00.000: Failed to load module", false],
    ["libEGL warning: DRI3 error", false],
    ["", false],
  ]) {
    assert.equal(isOurs(line), ours, line);
  }
});
