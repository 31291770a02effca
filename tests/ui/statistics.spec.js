// The page "Statistics": periods, the plot and its table, the export, and the report cards.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { open, serve } from "./harness.js";
import { button, press, tabTo } from "./keys.js";

serve();

const at = (t, more = {}) => open(t, { page: "statistics", scenario: "accounts", ...more });
const plot = (page) => page.getByRole("img", { name: /^Downloads, / });
const choose = (page, name) => page.getByText(name, { exact: true }).click();
const legend = (page) => page.locator("main .legend li .name").allTextContents();
const card = (page, name) => page.getByRole("article", { name, exact: true });

/** The pixels of the plot by colour: how many columns have it. */
const colours = (page) => page.locator("canvas").first().evaluate((canvas) => {
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const wanted = [1, 2, 3].map((number) => getComputedStyle(document.documentElement).getPropertyValue(`--plot-${number}`).trim());
  const has = (colour, x) => [...Array(height).keys()].some((y) => {
    const from = (y * width + x) * 4;
    return `#${[0, 1, 2].map((part) => data[from + part].toString(16).padStart(2, "0")).join("")}` === colour && data[from + 3] === 255;
  });
  return wanted.map((colour) => [...Array(width).keys()].filter((x) => has(colour, x)).length);
});

describe("downloads", () => {
  test("are plotted by provider, and by program", async (t) => {
    const page = await at(t);
    await plot(page).waitFor();
    assert.deepEqual(await legend(page), ["Northwind", "Northwind Europe", "Brickyard", "Lantern"]);
    assert.match(await plot(page).getAttribute("aria-label"), /^Downloads, 30 days: [\d.]+ (GB|TB) in all\. Northwind: [\d.]+ GB \(\d+%\)\. Northwind Europe: /);
    for (const columns of (await colours(page)).slice(0, 2)) assert.ok(columns > 100, `${columns} columns`);
    await choose(page, "Program");
    await page.getByText("sabnzbd", { exact: true }).waitFor();
    assert.deepEqual(await legend(page), ["sabnzbd", "nzbget", "thunderbird"]);
  });

  test("are shown for each period, which is chosen by keyboard too", async (t) => {
    const page = await at(t);
    await plot(page).waitFor();
    await tabTo(page, page.getByRole("radio", { name: "30 days" }));
    for (const name of ["12 months", "All"]) {
      await page.keyboard.press("ArrowRight");
      await page.getByRole("img", { name: new RegExp(`^Downloads, ${name}: [\\d.]+ TB`) }).waitFor();
    }
    await choose(page, "Today");
    await page.getByRole("img", { name: /^Downloads, Today: / }).waitFor();
  });

  test("keep the period while another page is shown", async (t) => {
    const page = await at(t);
    await plot(page).waitFor();
    await choose(page, "12 months");
    await page.keyboard.press("Control+1");
    await page.keyboard.press("Control+4");
    assert.ok(await page.getByRole("radio", { name: "12 months" }).isChecked());
  });

  test("have a table with the same numbers", async (t) => {
    const page = await at(t);
    await plot(page).waitFor();
    await choose(page, "12 months");
    await page.getByRole("img", { name: /^Downloads, 12 months: / }).waitFor();
    assert.equal(await page.getByRole("table", { name: "Downloads, 12 months" }).count(), 0);
    await press(page, button(page, "Show table"));
    const table = page.getByRole("table", { name: "Downloads, 12 months" });
    await table.waitFor();
    assert.deepEqual(await table.locator("thead th").allTextContents(), ["Month", "Northwind", "Northwind Europe", "Brickyard", "Lantern", "Total"]);
    assert.equal(await table.locator("tbody tr").count(), 12);
    const sum = await page.locator("main .sum").textContent();
    assert.equal(`Downloaded: ${await table.locator("tfoot td").last().textContent()}`, sum.trim());
    await press(page, button(page, "Hide table"));
    await table.waitFor({ state: "detached" });
  });

  test("of today have no hours to come in the table", async (t) => {
    const noon = Date.parse("2026-01-05T12:30:00Z");
    const page = await at(t, { init: { content: `Date.now = () => ${noon};` } });
    await plot(page).waitFor();
    await choose(page, "Today");
    await button(page, "Show table").click();
    const hour = await page.evaluate((at) => `${String(new Date(at).getHours()).padStart(2, "0")}:00`, noon);
    assert.equal(await page.getByRole("table", { name: "Downloads, Today" }).locator("tbody th").first().textContent(), hour);
  });

  test("are written as Germans write them", async (t) => {
    const page = await at(t, { lang: "de" });
    await page.getByRole("img", { name: /^Downloads, 30 Tage: insgesamt [\d,]+ (GB|TB)\./ }).waitFor();
    await page.getByText(/^Ohne Northwind hätten Ihnen [\d.]+ Artikel gefehlt\.$/).waitFor();
  });

  test("say what is at the pointer", async (t) => {
    const page = await at(t);
    await plot(page).waitFor();
    const box = await plot(page).boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + 80);
    await page.getByText(/^\d+ \w+ 20\d\d: [\d.]+ GB$/).waitFor();
  });
});

describe("without a history", () => {
  test("the page says when it begins", async (t) => {
    const page = await at(t, { scenario: "no-history" });
    await page.getByText("Nothing yet: statistics begin with the first article.").waitFor();
    assert.equal(await button(page, "Export").count(), 0);
  });

  test("a day of it is enough for a plot and report cards", async (t) => {
    const page = await at(t, { scenario: "short" });
    await plot(page).waitFor();
    await card(page, "Northwind").waitFor();
  });
});

describe("the export", () => {
  async function saved(page, name) {
    await button(page, "Export").click();
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name }).click()]);
    return [file.suggestedFilename(), readFileSync(await file.path(), "utf8")];
  }

  test("is saved as CSV and JSON in a browser", async (t) => {
    const page = await at(t);
    await plot(page).waitFor();
    const [csvName, csv] = await saved(page, "Save as CSV");
    assert.equal(csvName, "newsmux-provider-days30.csv");
    assert.match(csv, /^start,id,name,bytes_received,.*\r\n\d{4}-\d\d-\d\dT\S+,nw,Northwind,\d+,/);
    const [jsonName, json] = await saved(page, "Save as JSON");
    assert.equal(jsonName, "newsmux-provider-days30.json");
    const { series, providers, accounts } = JSON.parse(json);
    assert.equal(series.steps.length, 30);
    assert.equal(providers.length, 4);
    assert.equal(accounts.brick.quota, 500e9);
  });

  test("is copied too", async (t) => {
    const page = await at(t);
    await plot(page).waitFor();
    await choose(page, "Program");
    await page.getByText("sabnzbd", { exact: true }).waitFor();
    await button(page, "Export").click();
    await page.getByRole("menuitem", { name: "Copy as CSV" }).click();
    await page.getByText("Copied", { exact: true }).waitFor();
    assert.match(await page.evaluate(() => globalThis.copied), /,sabnzbd,sabnzbd,\d+,/);
  });
});

test("the application says where it has saved the export", async (t) => {
  const page = await at(t, { scenario: "desktop" });
  await plot(page).waitFor();
  await button(page, "Export").click();
  await page.getByRole("menuitem", { name: "Save as CSV" }).click();
  await page.getByText("Saved as /home/reader/Downloads/newsmux-provider-days30.csv", { exact: true }).waitFor();
});

describe("a report card", () => {
  const fact = (page, name, term) => card(page, name).locator("dl > div").filter({ has: page.getByText(term, { exact: true }) }).locator("dd");

  test("says what a provider is worth", async (t) => {
    const page = await at(t);
    await plot(page).waitFor();
    await choose(page, "All");
    await card(page, "Brickyard").getByText("Without Brickyard you would have missed 1,204 articles.").waitFor();
    // 15.00 for 500 GB.
    assert.equal(await fact(page, "Brickyard", "Cost per TB").textContent(), "30.00Price for its volume");
    assert.match(await fact(page, "Northwind", "Cost per TB").textContent(), /^\d+\.\d\dPrice and use of the last 30 days$/);
    assert.equal(await fact(page, "Northwind", "First byte").textContent(), "34 msMedian; 95% within 143 ms");
    assert.equal(await fact(page, "Lantern", "Down").textContent(), "5 h 23 min");
    assert.equal(await fact(page, "Northwind Europe", "Down").textContent(), "Never");
    assert.match(await fact(page, "Northwind", "Retention").textContent(), /^10–11 yearsLearned: /);
    assert.match(await card(page, "Northwind").textContent(), /9\d\.\d% Completion: [\d,]+ of [\d,]+ articles/);
  });

  test("tells exact ages from estimated ones", async (t) => {
    const page = await at(t);
    await plot(page).waitFor();
    await card(page, "Northwind").locator("summary").click();
    const table = card(page, "Northwind").getByRole("table");
    assert.deepEqual(await table.locator("thead th").allTextContents(), ["Age", "Date known", "Date estimated"]);
    assert.equal(await table.locator("tbody th").first().textContent(), "Under 1 day");
    assert.match(await table.locator("tbody tr").first().locator("td").last().textContent(), /^[\d.]+% of [\d,]+$/);
    assert.equal(await table.locator("tbody tr").nth(3).locator("td").first().textContent(), "–");
  });

  test("offers to part siblings that differ", async (t) => {
    const page = await at(t);
    await plot(page).waitFor();
    await page.getByText(/^Lantern had 30 of 120 articles that the other quarry providers were missing\./).waitFor();
    await button(page, "Clear backbone").click();
    await page.getByText("Newsmux now requests articles from Lantern even if the others don't have them.").waitFor();
    await page.getByText(/articles that the other quarry providers were missing/).waitFor({ state: "detached" });
    await page.keyboard.press("Control+2");
    await button(page, "Edit Lantern").click();
    await page.getByText("Account", { exact: true }).click();
    assert.equal(await page.getByLabel("Backbone", { exact: true }).inputValue(), "");
  });
});
