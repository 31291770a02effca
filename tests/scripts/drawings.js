// What `npm run icons` draws: the mark of `icons/mark.svg` as the application's icon, and in the tray's states.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./step.js";

/** The path of the mark, in a square of 24. */
export const mark = /\bd="([^"]+)"/.exec(readFileSync(join(root, "icons/mark.svg"), "utf8"))[1];

const lines = (colour, width) =>
  `<path d="${mark}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
const middle = (scale, what) => `<g transform="translate(12 12) scale(${scale}) translate(-12 -12)">${what}</g>`;
const svg = (what) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">\n${what}\n</svg>\n`;

/** The application's icon. */
export const icon = svg(`  <linearGradient id="g" x2="0" y2="1"><stop stop-color="#12899a"/><stop offset="1" stop-color="#0a5864"/></linearGradient>
  <rect x="1.5" y="1.5" width="21" height="21" rx="5" fill="url(#g)"/>
  ${middle(0.72, lines("#fff", 2.4))}`);

// In a mask white is kept and black cut out: macOS takes a tray's image as a stencil.
const square = '<rect x="1" y="1" width="22" height="22" rx="5.5" fill="#fff"/>';
const hollow = `${square}<rect x="3" y="3" width="18" height="18" rx="3.5" fill="#000"/>`;
const cut = (shape, symbol) => `${shape}<path d="${symbol}" fill="none" stroke="#000" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/>`;
const disc = '<circle cx="17" cy="17" r="7" fill="#fff"/>';
const triangle = '<path d="M17 11.2 23 22.4H11z" fill="#fff" stroke="#fff" stroke-width="2" stroke-linejoin="round"/>';

/** A mask's part in a colour. */
const stencil = (id, mask, colour) => `  <mask id="${id}">${mask}</mask>\n  <rect width="24" height="24" fill="${colour}" mask="url(#${id})"/>`;
const base = (badge) => `${square}${middle(0.76, lines("#000", 2.9))}${badge}`;
const badge = (colour, shape, symbol) => {
  const gap = shape.replace('fill="#fff"', 'fill="#000" stroke="#000" stroke-width="3.2"').replace(' stroke="#fff" stroke-width="2"', "");
  return `${stencil("m", base(gap), "#0b7f8c")}\n${stencil("b", cut(shape, symbol), colour)}`;
};

/** The tray's images: each state has a shape of its own. */
export const tray = {
  stopped: svg(stencil("m", `${hollow}${middle(0.66, lines("#fff", 2.6))}`, "#808590")),
  idle: svg(stencil("m", base(""), "#0b7f8c")),
  active: svg(badge("#0f9d78", disc, "M17 13.4v6.4M14.3 17.6l2.7 2.7 2.7-2.7")),
  degraded: svg(badge("#c27a00", triangle, "M17 15.4v2.6M17 20.9v.01")),
  attention: svg(badge("#e5484d", disc, "M17 13v4.2M17 20.6v.01")),
};
