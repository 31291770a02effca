// `npm run icons`: makes the images in `icons` from its drawings.
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, tauri } from "./step.js";

const made = mkdtempSync(join(tmpdir(), "icons-"));
const icons = join(root, "icons");
const draw = (drawing, ...sizes) => tauri("icon", join(icons, drawing), "-o", made, ...sizes);
const keep = (from, to) => copyFileSync(join(made, from), join(icons, to));

draw("icon.svg");
for (const name of ["32x32.png", "128x128.png", "128x128@2x.png", "icon.png", "icon.icns", "icon.ico"]) keep(name, name);
for (const state of ["stopped", "idle", "active", "degraded", "attention"]) {
  draw(`tray/${state}.svg`, "-p", "16,32,64");
  for (const size of [16, 32, 64]) keep(`${size}x${size}.png`, `tray/${state}-${size}.png`);
}
rmSync(made, { recursive: true });
