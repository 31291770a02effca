// `npm run check:windows`: compiles engine and application for Windows, runs the tests and the application under wine,
// and installs and removes it silently. On Debian 12, whose `rustc-web` comes with the sources of the standard
// library; what is released is built on Windows itself. `npm run check:windows -- tests installer` runs these steps
// alone.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { installPackages } from "./apt.js";
import { npm, root, run, step, succeeds } from "./step.js";
import { Wine, greeting } from "./wine.js";

const TARGET = "x86_64-pc-windows-gnu";
const PROFILE = "quick";
const folder = join(root, "target/windows");
const programs = join(folder, TARGET, PROFILE);
const wine = new Wine(join(folder, "wine"));

// As on Windows itself (.github/workflows/ci.yml), and the application.
const tested = ["api", "bookkeeping", "control", "downloaders", "ledger", "local", "newsmux", "newsmuxd", "nntp", "nntp-proxy", "sample", "secrets", "settings"];

// Tests of what wine cannot do, and why.
const skipped = {
  who_listens_is_found: "wine 8 does not tell whose a socket is that was never written to: GetExtendedTcpTable has process 0",
};
// How many seeds the model of the controller has. wine takes a second to tell whose a connection is.
const SEEDS = "4";

const packages = {
  "gcc-mingw-w64-x86-64-posix": () => succeeds("x86_64-w64-mingw32-gcc-posix", "--version"),
  nsis: () => succeeds("makensis", "-VERSION"),
  "rust-web-src": () => existsSync("/usr/lib/rustlib/src/rust/library/std/Cargo.toml"),
  "rustc-web": () => succeeds("/usr/bin/rustc", "--version"),
  wine: () => succeeds("sh", "-c", "command -v wine"),
  wine64: () => existsSync("/usr/lib/wine/wine64"),
  xvfb: () => succeeds("sh", "-c", "command -v Xvfb"),
};

function cargo(...args) {
  // What is not in the standard library of the compiler is built with it; that is not stable.
  const std = ["--target", TARGET, "-Zbuild-std=std,panic_unwind,test", "-Zwarnings"];
  const at = args.indexOf("--");
  const [own, passedOn] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at)];
  run("cargo", [...own, "--locked", "--profile", PROFILE, "--target-dir", folder, ...std, ...passedOn], {
    RUSTC: "/usr/bin/rustc",
    RUSTC_BOOTSTRAP: "1",
    CARGO_BUILD_WARNINGS: "deny",
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER: "x86_64-w64-mingw32-gcc-posix",
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER: "wine",
    CC_x86_64_pc_windows_gnu: "x86_64-w64-mingw32-gcc-posix",
    AR_x86_64_pc_windows_gnu: "x86_64-w64-mingw32-ar",
    // Where the application's tests find WebView2Loader.dll.
    WINEPATH: `Z:${programs}`,
    SEEDS,
    ...wine.env,
  });
}

const steps = {
  install: () => installPackages(Object.keys(packages).filter((name) => !packages[name]())),
  ui: () => npm("run", "--silent", "ui:build"),
  build: () => {
    cargo("build", "-p", "newsmux", "-p", "newsmuxd");
    for (const name of ["newsmux.exe", "newsmuxd.exe", "WebView2Loader.dll"]) console.log(`${size(join(programs, name))}  ${name}`);
  },
  wine: () => wine.start(),
  tests: () => {
    for (const [name, why] of Object.entries(skipped)) console.log(`skipped: ${name}: ${why}`);
    const skip = Object.keys(skipped).flatMap((name) => ["--skip", name]);
    cargo("test", ...tested.flatMap((name) => ["-p", name]), "--lib", "--bins", "--tests", "--no-fail-fast", "--", ...skip);
  },
  hidden: () => serves(join(programs, "newsmux.exe"), 10081, { then: speaksToOthers }),
  installer: installAndRemove,
  // The last one: its window's process waits until somebody closes the box.
  windowless: servesWithoutWebView,
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in steps));
if (unknown) throw new Error(`there is no step ${unknown}; there are ${Object.keys(steps).join(", ")}`);
// A step that fails ends this program.
process.on("exit", () => wine.end());
for (const [name, work] of Object.entries(steps)) {
  if (wanted.length === 0 || wanted.includes(name) || name === "wine") await step(name, work);
}
process.exit();

/** Starts the application, without its window unless told otherwise, and fetches its greeting. */
async function serves(program, port, { hidden = true, then = () => {} } = {}) {
  wine.writeSettings(port);
  const app = wine.spawn(program, ...(hidden ? ["--hidden"] : []));
  const started = performance.now();
  try {
    console.log(`${await greeting(port)} after ${Math.round(performance.now() - started)} ms`);
    await then();
  } finally {
    app.kill();
  }
}

/** `newsmuxctl` and a second start reach the one that runs. */
function speaksToOthers() {
  wine.runBeside(join(programs, "newsmuxctl.exe"), "status");
  wine.runBeside(join(programs, "newsmux.exe"), "--hidden");
}

/** wine has no WebView2. The application says so, and serves. */
async function servesWithoutWebView() {
  const logged = async () => {
    const log = wine.path("AppData/Local/io.github.newsmux/logs/newsmux.log");
    const end = Date.now() + 60_000;
    while (!readFileSync(log, "utf8").includes("the window cannot be shown")) {
      if (Date.now() > end) throw new Error("the log does not say that there is no window");
      await pause(100);
    }
    console.log(await greeting(10083));
  };
  await serves(join(programs, "newsmux.exe"), 10083, { hidden: false, then: logged });
}

async function installAndRemove() {
  const setup = join(folder, "newsmux-setup.exe");
  run("makensis", ["-V2", `-DOUT=${setup}`, `-DPROGRAMS=${programs}`, "tests/scripts/windows/installer.nsi"]);
  console.log(`${size(setup)}  ${setup}`);
  const home = wine.path("AppData/Local/Newsmux");
  const all = [join(home, "newsmux.exe"), join(home, "uninstall.exe"), wine.path("AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Newsmux.lnk")];
  wine.run(setup, "/S");
  for (const file of all) if (!existsSync(file)) throw new Error(`not installed: ${file}`);
  await serves(all[0], 10082);
  // It copies itself elsewhere, and goes on from there.
  wine.run(join(home, "uninstall.exe"), "/S");
  for (const file of all) if (existsSync(file)) throw new Error(`not removed: ${file}`);
  if (existsSync(home)) throw new Error(`not removed: ${home}`);
  for (const file of ["logs/newsmux.log", "ledger.sqlite3"]) {
    if (!existsSync(wine.path(`AppData/Local/io.github.newsmux/${file}`))) throw new Error(`removed too: ${file}`);
  }
}

function size(file) {
  return `${(statSync(file).size / 1024 / 1024).toFixed(2).padStart(6)} MiB`;
}
