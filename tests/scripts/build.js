// `npm run build`: makes the packages of this system in `target/packages`, with their checksums. `npm run build --
// --bundles deb` makes only these.
import { existsSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { installCompilers, installNodeModules } from "./install.js";
import { buildPackages, packages, release } from "./packages.js";
import { step } from "./step.js";

const kinds = { linux: ["deb", "rpm"], darwin: ["dmg"], win32: ["nsis"] }[process.platform];
// Where the bundler keeps what it makes AppImages with; it would download it.
const appImageTools = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tauri");

await step("install", async () => {
  await installCompilers({ window: true });
  await installNodeModules();
});
await step("packages", () => {
  const made = buildPackages(kindsWanted(process.argv.slice(2)));
  const programs = ["newsmux", "newsmuxd"].map((name) => join(release, process.platform === "win32" ? `${name}.exe` : name));
  for (const file of [...programs, ...made, join(packages, "SHA256SUMS")]) console.log(`${size(file)}  ${file}`);
});

function kindsWanted(args) {
  const at = args.indexOf("--bundles");
  if (at >= 0 && args[at + 1]) return args[at + 1].split(",");
  if (process.platform !== "linux") return kinds;
  const hasTools = existsSync(appImageTools) && readdirSync(appImageTools).some((name) => name.startsWith("linuxdeploy"));
  if (hasTools) return [...kinds, "appimage"];
  console.log("No AppImage: what makes it is not here. `npm run build -- --bundles appimage` downloads it.");
  return kinds;
}

function size(file) {
  return `${(statSync(file).size / 1024 / 1024).toFixed(2).padStart(6)} MiB`;
}
