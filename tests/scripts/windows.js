// `npm run check:windows`: compiles engine and application for Windows, runs the tests and the application under wine,
// and installs and removes it silently. On Debian 12, whose `rustc-web` comes with the sources of the standard
// library; what is released is built on Windows itself.
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

const tested = ["nntp", "nntp-proxy", "local", "sample", "settings", "secrets", "downloaders", "ledger", "control"];

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
  const std = ["--target", TARGET, "-Zbuild-std=std,panic_unwind,test"];
  const at = args.indexOf("--");
  const [own, passedOn] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at)];
  run("cargo", [...own, "--locked", "--profile", PROFILE, "--target-dir", folder, ...std, ...passedOn], {
    RUSTC: "/usr/bin/rustc",
    RUSTC_BOOTSTRAP: "1",
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER: "x86_64-w64-mingw32-gcc-posix",
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER: "wine",
    CC_x86_64_pc_windows_gnu: "x86_64-w64-mingw32-gcc-posix",
    AR_x86_64_pc_windows_gnu: "x86_64-w64-mingw32-ar",
    ...wine.env,
  });
}

await step("install", () => installPackages(Object.keys(packages).filter((name) => !packages[name]())));
await step("ui", () => npm("run", "--silent", "ui:build"));
await step("build", () => {
  cargo("build", "-p", "newsmux", "-p", "newsmuxd");
  for (const name of ["newsmux.exe", "newsmuxd.exe", "WebView2Loader.dll"]) console.log(`${size(join(programs, name))}  ${name}`);
});
await step("wine", () => wine.start());
try {
  // wine does not tell whose a connection is.
  const untold = ["both_ends_of_a_connection_are_found", "many_connections_at_once_are_all_recognized", "a_program_is_connected_until_its_first_article_and_disconnected"];
  const skipped = untold.flatMap((name) => ["--skip", name]);
  await step("tests", () => cargo("test", ...tested.flatMap((name) => ["-p", name]), "--lib", "--tests", "--no-fail-fast", "--", ...skipped));
  await step("hidden application", () => serves(join(programs, "newsmux.exe"), 10081));
  await step("installer", installAndRemove);
  // The last one: its window's process waits until somebody closes the box.
  await step("application without WebView2", servesWithoutWebView);
} finally {
  wine.end();
}

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
  if (!existsSync(wine.path("AppData/Local/io.github.newsmux/logs/newsmux.log"))) throw new Error("the log was removed too");
}

function size(file) {
  return `${(statSync(file).size / 1024 / 1024).toFixed(2).padStart(6)} MiB`;
}
