// Activity: groups instead of thousands of lines, and no more memory with each of them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, serve } from "./harness.js";

serve();

/** Counts the formatters that the window creates: each holds memory that a web view's collector does not see. */
const counting = `
  globalThis.formatters = 0;
  for (const name of ["NumberFormat", "DateTimeFormat", "ListFormat"]) {
    Intl[name] = new Proxy(Intl[name], { construct: (made, given) => ((globalThis.formatters += 1), new made(...given)) });
  }
`;

const missing = (page, atLeast) => page.waitForFunction((least) => {
  const line = [...document.querySelectorAll("main li")].find((li) => li.textContent.includes("missing on every provider"));
  return Number(/([\d,]+) articles missing/.exec(line?.textContent ?? "")?.[1]?.replaceAll(",", "") ?? 0) >= least;
}, atLeast);

describe("passwords that can't be read", () => {
  for (const scenario of ["locked", "vault"]) {
    test(`are logged without a guess at the reason (${scenario})`, async (t) => {
      const page = await open(t, { scenario, page: "activity" });
      await page.getByText("Newsmux can't read your passwords.", { exact: true }).waitFor();
    });
  }
});

describe("an incomplete NZB", () => {
  test("is one line with the number of articles and the last one", async (t) => {
    const page = await open(t, { scenario: "incomplete", page: "activity" });
    await missing(page, 300);
    const lines = page.locator("main li", { hasText: "missing on every provider (sabnzbd)" });
    assert.equal(await lines.count(), 1);
    assert.match(await lines.innerText(), /Last: <part\d+@news\.example>/);
    await page.getByLabel("Show").selectOption("error");
    await page.getByText("1 entry", { exact: true }).waitFor();
  });

  test("costs no more lines, nodes or formatters as it grows", async (t) => {
    const page = await open(t, { scenario: "incomplete", page: "activity", init: { content: counting } });
    await missing(page, 300);
    const line = page.locator("main li", { hasText: "missing on every provider" });
    await line.evaluate((li) => (li.seen = true));
    const kept = () => page.evaluate(() => ({ formatters: globalThis.formatters, nodes: document.querySelectorAll("*").length }));
    const before = await kept();
    await missing(page, 1200);
    assert.deepEqual(await kept(), before);
    assert.ok(await line.evaluate((li) => li.seen), "the line is updated, not drawn anew");
  });
});

test("many groups are bounded, and shown a page at a time", async (t) => {
  const page = await open(t, { scenario: "many", page: "activity" });
  await page.getByText("500 entries", { exact: true }).waitFor();
  assert.equal(await page.locator("main ul.card > li").count(), 100);
});
