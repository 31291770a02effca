// A Windows of its own below `target`: wine, and a display that nobody sees.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { root, run } from "./step.js";

/** How long a program may take until it listens, in milliseconds. */
const PATIENCE = 60_000;

export class Wine {
  /** Its disks are in `folder`. */
  constructor(folder) {
    this.folder = folder;
    // Neither a browser's engine nor .NET is fetched.
    this.env = { WINEPREFIX: folder, WINEDEBUG: "-all", WINEDLLOVERRIDES: "mscoree,mshtml=" };
  }

  /** A new one, with a display. */
  async start() {
    this.display = spawn("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"], { stdio: ["ignore", "pipe", "ignore"] });
    const [number] = await once(this.display.stdout, "data");
    this.env.DISPLAY = `:${number.toString().trim()}`;
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    this.run("wineboot", "--init");
    const library = join(this.folder, "drive_c/windows/system32/bcryptprimitives.dll");
    run("x86_64-w64-mingw32-gcc-posix", ["-shared", "-o", library, join(root, "tests/scripts/windows/bcryptprimitives.c"), "-ladvapi32"]);
  }

  /** Runs a program to its end, and that of all that it has started. */
  run(...command) {
    run("wine", command, this.env);
    run("wineserver", ["--wait"], this.env);
  }

  /** Runs a program to its end while others run. */
  runBeside(...command) {
    run("timeout", ["60", "wine", ...command], this.env);
  }

  /** Starts a program. */
  spawn(...command) {
    return spawn("wine", command, { env: { ...process.env, ...this.env }, stdio: "inherit" });
  }

  /** A file of its user's. */
  path(file) {
    const users = join(this.folder, "drive_c/users");
    const user = readdirSync(users).find((name) => name !== "Public");
    return join(users, user, file);
  }

  writeSettings(port) {
    const folder = this.path("AppData/Roaming/newsmux/config");
    mkdirSync(folder, { recursive: true });
    const provider = { id: "a", host: "127.0.0.1", port: 9, tls: "off" };
    const settings = { version: 1, listen: { host: "127.0.0.1", port }, providers: [provider] };
    writeFileSync(join(folder, "settings.json"), JSON.stringify(settings));
  }

  end() {
    if (!this.display) return;
    // It fails when nothing of it runs any more.
    spawnSync("wineserver", ["--kill"], { env: { ...process.env, ...this.env } });
    this.display.kill();
  }
}

/** The first line that whoever listens on a port says. */
export async function greeting(port) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const socket = connect({ host: "127.0.0.1", port });
    try {
      const [line] = await once(socket, "data");
      return line.toString().trim();
    } catch (error) {
      if (Date.now() > end) throw new Error(`nothing listens on port ${port}: ${error.message}`);
    } finally {
      socket.destroy();
    }
    await pause(100);
  }
}
