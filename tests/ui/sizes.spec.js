// Large text and small windows: nothing overlaps, is cut off, or is larger than the window, in either language.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertFits, open, picture, serve } from "./harness.js";
import { views } from "./views.js";

serve();

/** [name, window, size of the text, colours] */
const sizes = [
  ["480", { width: 480, height: 360 }, 1, "light"],
  ["480-150", { width: 480, height: 640 }, 1.5, "light"],
  ["900-150", { width: 900, height: 640 }, 1.5, "light"],
  ["900-200", { width: 900, height: 640 }, 2, "light"],
  ["480-200", { width: 480, height: 640 }, 2, "light"],
  ["480-200-dark", { width: 480, height: 640 }, 2, "dark"],
];
const names = [
  "overview", "overview-empty", "overview-first", "overview-sample", "overview-everything", "overview-no-tray", "overview-many", "overview-pause-menu", "closing",
  "providers", "providers-many", "providers-menu", "providers-removed", "provider-new", "provider-more", "provider-checked", "provider-check-plain", "provider-unkept",
  "import", "import-sabnzbd", "clients", "clients-manual", "clients-reader", "connect-nzbget", "connect-imported", "connect-imported-nzbget", "connected", "first-login", "clients-password",
  "provider-account", "provider-same", "overview-accounts", "overview-accounts-end", "statistics", "statistics-table", "statistics-cards", "statistics-card-backbone",
  "statistics-card-ages", "statistics-many", "activity", "activity-refused", "settings", "vault-make", "vault-change", "read-only-copies", "quitting",
  "overview-locked", "overview-absent", "overview-vault", "vault-over", "overview-port-busy", "held",
];

/** Texts that lie upon each other, words that are cut off without a tooltip, and what is outside the window. */
function faults() {
  const found = [];
  const { innerWidth, innerHeight } = globalThis;
  const isLayered = (one) => one.closest(".toasts, .doing, [role=menu], .beside");
  const scope = document.querySelector("dialog[open]") ?? document.body;
  const texts = [...scope.querySelectorAll("*")].filter((one) =>
    one.checkVisibility() && !one.closest(".unseen, svg, option, datalist, .u-wrap, .word") && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  const boxes = texts.filter((one) => !isLayered(one)).map((one) => {
    const box = one.getBoundingClientRect();
    const isClipped = getComputedStyle(one).overflowX === "hidden";
    const rects = [...one.childNodes].filter((node) => node.nodeType === 3).flatMap((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return [...range.getClientRects()].map(({ left, right, top, bottom }) => ({ left, top, bottom, right: isClipped ? Math.min(right, box.right) : right }));
    });
    return { one, rects };
  });
  const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 3 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5;
  const said = (one) => `${one.tagName} "${one.textContent.trim().slice(0, 40)}"`;
  boxes.forEach(({ one, rects }, at) => {
    for (const other of boxes.slice(at + 1)) {
      if (one.contains(other.one) || other.one.contains(one)) continue;
      if (rects.some((a) => other.rects.some((b) => overlap(a, b)))) found.push(`${said(one)} overlaps ${said(other.one)}`);
    }
  });
  for (const one of texts) {
    const style = getComputedStyle(one);
    if (style.overflowX === "hidden" && one.scrollWidth > one.clientWidth + 1 && !one.title) found.push(`${said(one)} is cut off`);
  }
  for (const one of document.querySelectorAll("dialog[open], [role=menu], .toast, input, select, button")) {
    if (!one.checkVisibility() || one.closest(".unseen") || one.matches(".unseen")) continue;
    const { left, right, top, bottom } = one.getBoundingClientRect();
    if (left < -1 || right > innerWidth + 1) found.push(`${said(one)} is beside the window: ${Math.round(left)} to ${Math.round(right)}`);
    if (one.matches("dialog, .toast") && (top < -1 || bottom > innerHeight + 1)) found.push(`${said(one)} is higher than the window`);
  }
  return found;
}

const wanted = names.filter((name) => name.includes(process.env.VIEWS ?? ""));

for (const lang of ["en", "de"]) {
  describe(lang, () => {
    for (const name of wanted) {
      test(name, async (t) => {
        const [at, scenario, prepare] = views[name];
        const page = await open(t, { scenario, page: at, lang });
        await prepare?.(page);
        for (const [size, viewport, text, colorScheme] of sizes) {
            await page.emulateMedia({ colorScheme });
          await page.setViewportSize(viewport);
          await page.evaluate((scale) => (document.documentElement.style.fontSize = `${87.5 * scale}%`), text);
          await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
          await picture(page, `${name}-${lang}-${size}`);
          await assertFits(page, `${name} in ${lang}, ${size}`);
          assert.deepEqual(await page.evaluate(faults), [], `${name} in ${lang}, ${size}`);
        }
      });
    }
  });
}
