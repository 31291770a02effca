// Serves the built window with the application's content security policy and opens it in Chromium.
// `SCREENSHOTS=folder` saves a screenshot of every view.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before } from "node:test";
import axe from "axe-core";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const CSP = [
  "default-src 'self'", "connect-src ipc: http://ipc.localhost", "img-src 'self' data:", "style-src 'self'", "script-src 'self'",
  "object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join("; ");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

export const LARGE = { width: 900, height: 640 };
export const SMALL = { width: 640, height: 480 };

let server;
let browser;

/** Serves the window in `folder` and keeps a browser open while this file's tests run. */
export function serve(folder = "target/ui") {
  before(async () => {
    server = createServer((request, response) => {
      const path = new URL(request.url, "http://localhost").pathname;
      const file = join(root, folder, path === "/" ? "index.html" : path);
      try {
        const body = readFileSync(file);
        response.writeHead(200, { "content-type": TYPES[extname(file)], "content-security-policy": CSP }).end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox"] });
  });
  after(async () => {
    await browser?.close();
    server?.close();
  });
}

function chromiumPath() {
  const file = process.env.PATH.split(delimiter).map((folder) => join(folder, "chromium")).find(existsSync);
  assert.ok(file, "there is no chromium in PATH");
  return file;
}

/** A time zone in which it is afternoon, so that no test meets midnight. */
function afternoon() {
  // Etc/GMT+3 is three hours behind UTC.
  const behind = Math.max(new Date().getUTCHours() - 15, -14);
  return behind === 0 ? "UTC" : `Etc/GMT${behind > 0 ? "+" : ""}${behind}`;
}

/** Pages that no test uses now, by what cannot be changed later. A new page starts a process, which takes longer than most tests. */
const idle = new Map();

async function takePage(fixed, init) {
  const free = idle.get(JSON.stringify(fixed))?.pop();
  if (free && !init) return free;
  const context = await browser.newContext({ ...fixed, timezoneId: afternoon(), reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  // As in the application: nothing may rely on changing what all objects share.
  await page.addInitScript(() => Object.freeze(Object.prototype));
  if (init) await page.addInitScript(init);
  return page;
}

/** Gives a page back, empty. One with a script of its own is of no use to others. */
async function returnPage(page, fixed, init) {
  if (init) return page.context().close();
  await page.goto("about:blank");
  const key = JSON.stringify(fixed);
  idle.set(key, [...(idle.get(key) ?? []), page]);
}

/**
 * Opens the window in a situation. When the test ends, nothing may have gone wrong in it: no error in the console, nothing
 * that the policy blocked, nothing asked of another server.
 */
export async function open(t, { scenario = "busy", page: at = "overview", lang = "en", size = LARGE, scheme = "light", locale, init, userAgent } = {}) {
  const fixed = { locale: locale ?? { en: "en-GB", de: "de-DE" }[lang], ...(userAgent ? { userAgent } : {}) };
  const page = await takePage(fixed, init);
  const complaints = [];
  const origin = `http://127.0.0.1:${server.address().port}`;
  const listeners = {
    console: (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()),
    pageerror: (error) => complaints.push(error.stack),
    request: (request) => /^(data:|http:\/\/127)/.test(request.url()) || complaints.push(`asked for ${request.url()}`),
  };
  for (const [event, listener] of Object.entries(listeners)) page.on(event, listener);
  t.after(async () => {
    await returnPage(page, fixed, init);
    for (const [event, listener] of Object.entries(listeners)) page.off(event, listener);
    assert.deepEqual(complaints, []);
  });
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: scheme });
  const query = new URLSearchParams({ scenario, ...(locale ? {} : { lang }) });
  await page.goto(`${origin}/?${query}#${at}`);
  await page.locator("main").waitFor();
  return page;
}

/** No violations of the accessibility rules. */
export async function assertAccessible(page, what) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("\n  ")}`);
  assert.deepEqual(told, [], what);
}

/** Nothing is wider than its container, no button is cut off, and no message is squeezed beside its buttons. */
export async function assertFits(page, what) {
  const wide = await page.evaluate(() => {
    const roots = [document.documentElement, ...document.querySelectorAll("main, dialog, .card, nav")];
    const cut = [...document.querySelectorAll("button, label, h2")].filter((one) => one.checkVisibility() && !one.matches(".unseen"));
    return [...roots, ...cut].filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
      .map((one) => `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 40)}: ${one.scrollWidth} > ${one.clientWidth}`);
  });
  assert.deepEqual(wide, [], what);
  const squeezed = await page.evaluate(() => [...document.querySelectorAll(".troubles .words")].filter((one) => one.clientWidth < one.parentElement.clientWidth * 0.45)
    .map((one) => `${one.textContent.trim().slice(0, 40)}: ${one.clientWidth} of ${one.parentElement.clientWidth}`));
  assert.deepEqual(squeezed, [], what);
}

export async function picture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
