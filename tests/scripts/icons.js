// `npm run icons`: makes the images in `icons` from the mark.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { icon, tray } from "./drawings.js";
import { root, tauri } from "./step.js";

/** The sizes of the tray's images: a height of 16 to 64 pixels, as panels and scaled displays want it. */
const TRAY = [16, 20, 24, 32, 48, 64];
const folder = mkdtempSync(join(tmpdir(), "icons-"));
const icons = join(root, "icons");
const keep = (from, to) => copyFileSync(join(folder, from), join(icons, to));

function draw(name, drawing, ...sizes) {
  const file = join(folder, `${name}.svg`);
  writeFileSync(file, drawing);
  tauri("icon", file, "-o", folder, ...sizes);
}

writeFileSync(join(icons, "icon.svg"), icon);
draw("icon", icon);
for (const name of ["icon.png", "icon.icns", "icon.ico", "128x128@2x.png"]) keep(name, name);
draw("icon", icon, "-p", "16,24,32,48,64,128");
for (const size of [16, 24, 32, 48, 64, 128]) keep(`${size}x${size}.png`, `${size}x${size}.png`);
for (const [state, drawing] of Object.entries(tray)) {
  draw(state, drawing, "-p", TRAY.join(","));
  for (const size of TRAY) keep(`${size}x${size}.png`, `tray/${state}-${size}.png`);
}
rmSync(folder, { recursive: true });
