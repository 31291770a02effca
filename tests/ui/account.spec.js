// Accounts: the form's part for what was bought, what is left on the overview, and the warnings.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, serve } from "./harness.js";
import { button, said } from "./keys.js";

serve();

const label = (page, name) => page.getByLabel(name, { exact: true });
const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** Opens the form of a provider, with its account unfolded. */
async function edit(page, name) {
  await button(page, `Edit ${name}`).click();
  await page.getByText("Account", { exact: true }).click();
}

async function save(page) {
  await button(page, "Save").click();
  await page.getByRole("heading", { level: 1, name: "Providers" }).waitFor();
}

describe("the account in the form", () => {
  test("keeps what was bought, in the unit that people write", async (t) => {
    const page = await open(t, { page: "providers" });
    await edit(page, "Brickyard");
    await label(page, "Volume").selectOption({ label: "Once (block)" });
    await label(page, "Amount").fill("1.5");
    await label(page, "Unit").selectOption("TB");
    await label(page, "Already used (TB)").fill("0.25");
    await label(page, "Reserve (TB)").fill("0.1");
    await label(page, "Expires").fill(day(40));
    await label(page, "Price").fill("14.99");
    await label(page, "Backbone").fill(" Omicron ");
    await save(page);
    await edit(page, "Brickyard");
    const shown = [];
    for (const field of ["Volume", "Amount", "Unit", "Already used (TB)", "Reserve (TB)", "Expires", "Price", "Backbone"]) {
      shown.push(await label(page, field).inputValue());
    }
    assert.deepEqual(shown, ["once", "1.5", "TB", "0.25", "0.1", day(40), "14.99", "omicron"]);
    await page.keyboard.press("Control+1");
    await page.getByText("1.3 TB left").waitFor();
  });

  test("refuses a volume of 0, a reserve that is all of it, and a day in the past", async (t) => {
    const page = await open(t, { page: "providers" });
    await edit(page, "Brickyard");
    await label(page, "Volume").selectOption({ label: "Every month" });
    await label(page, "Amount").fill("0");
    await label(page, "Day of the month").fill("32");
    await label(page, "Expires").fill("2024-02-29");
    await button(page, "Save").click();
    await page.locator("[aria-invalid]").first().waitFor();
    assert.equal(await said(label(page, "Amount")), "Enter more than 0, or choose Unlimited.");
    assert.equal(await said(label(page, "Day of the month")), "Enter a number from 1 to 31.");
    assert.equal(await said(label(page, "Expires")), "This day is in the past.");
    await label(page, "Amount").fill("500");
    await label(page, "Reserve (GB)").fill("500");
    await button(page, "Save").click();
    await label(page, "Reserve (GB)").and(page.locator("[aria-invalid]")).waitFor();
    assert.equal(await said(label(page, "Reserve (GB)")), "Enter less than the volume.");
    await label(page, "Reserve (GB)").fill("499");
    await label(page, "Day of the month").fill("31");
    await label(page, "Expires").fill("");
    await save(page);
  });

  test("does not take a date that is entered in part for none", async (t) => {
    const page = await open(t, { page: "providers" });
    await edit(page, "Brickyard");
    await label(page, "Expires").focus();
    await page.keyboard.type("12");
    await button(page, "Save").click();
    await page.locator("[aria-invalid]").waitFor();
    assert.equal(await said(label(page, "Expires")), "Enter a whole date.");
  });

  test("unfolds for what is wrong in it", async (t) => {
    const page = await open(t, { page: "providers" });
    await edit(page, "Brickyard");
    await label(page, "Volume").selectOption({ label: "Every day" });
    await page.getByText("Account", { exact: true }).click();
    await page.locator("details:not([open])").first().waitFor();
    await button(page, "Save").click();
    await label(page, "Amount").and(page.locator(":focus")).waitFor();
  });

  test("does not complain about a day that was saved before it passed", async (t) => {
    const page = await open(t, { page: "providers", scenario: "accounts", init: { content: "const real = Date.now; Date.now = () => real() + (globalThis.later ?? 0);" } });
    await page.evaluate(() => (globalThis.later = 100 * 86_400_000));
    await edit(page, "Lantern");
    await label(page, "Reserve (GB)").fill("1");
    await save(page);
  });

  test("offers the account of the same domain and user name", async (t) => {
    const page = await open(t, { page: "providers", scenario: "accounts" });
    await button(page, "Add provider").click();
    await label(page, "News server").fill("asia.northwind.example");
    assert.equal(await label(page, "Same account as").isVisible(), false);
    await label(page, "User name").fill("reader");
    const same = label(page, "Same account as");
    await same.waitFor();
    assert.equal(await same.inputValue(), "nw");
    assert.equal(await said(same), "Same domain and user name as Northwind, so probably the same account.");
    assert.deepEqual(await same.locator("option").allTextContents(), ["None (separate account)", "Northwind", "Brickyard", "Lantern"]);
    // What was bought is that of the other.
    assert.equal(await label(page, "Volume").count(), 0);
    await label(page, "User name").fill("somebody else");
    assert.equal(await same.inputValue(), "");
    await label(page, "Volume").waitFor();
  });

  test("takes hosts below one public suffix for strangers", async (t) => {
    const page = await open(t, { page: "providers", scenario: "accounts" });
    await edit(page, "Northwind");
    await label(page, "News server").fill("news.north.co.uk");
    await label(page, "Password").fill("secret");
    await save(page);
    await button(page, "Add provider").click();
    await label(page, "User name").fill("reader");
    const same = label(page, "Same account as");
    await label(page, "News server").fill("us.north.co.uk");
    assert.equal(await same.inputValue(), "nw");
    await label(page, "News server").fill("news.south.co.uk");
    assert.equal(await same.inputValue(), "");
  });

  test("leaves the user's own choice of the account alone", async (t) => {
    const page = await open(t, { page: "providers", scenario: "accounts" });
    await button(page, "Add provider").click();
    await label(page, "News server").fill("asia.northwind.example");
    await label(page, "User name").fill("reader");
    await label(page, "Same account as").selectOption("");
    await label(page, "News server").fill("africa.northwind.example");
    assert.equal(await label(page, "Same account as").inputValue(), "");
  });

  test("says whose account others use, instead of offering one", async (t) => {
    const page = await open(t, { page: "providers", scenario: "accounts" });
    await edit(page, "Northwind");
    await page.getByText("Also used by Northwind Europe.").waitFor();
    assert.equal(await label(page, "Same account as").count(), 0);
    assert.equal(await label(page, "Price").inputValue(), "7.99");
  });

  test("fills in a well-known backbone until the user enters one", async (t) => {
    const page = await open(t, { page: "providers" });
    await button(page, "Add provider").click();
    await page.getByText("Account", { exact: true }).click();
    const [host, backbone] = [label(page, "News server"), label(page, "Backbone")];
    await host.fill("news.newshosting.com");
    assert.equal(await backbone.inputValue(), "omicron");
    assert.equal(await said(backbone), "Filled in: Omicron, takedowns by DMCA. Change it if that's wrong.");
    await host.fill("news.usenetexpress.com");
    assert.equal(await backbone.inputValue(), "usenetexpress");
    await host.fill("news.nobody-knows.example");
    assert.equal(await backbone.inputValue(), "");
    await backbone.fill("mine");
    await host.fill("news.newshosting.com");
    assert.equal(await backbone.inputValue(), "mine");
  });

  test("does not fill in a backbone whose other server has another takedown policy", async (t) => {
    const page = await open(t, { page: "providers" });
    await edit(page, "Northwind");
    await label(page, "News server").fill("news.newshosting.com");
    await label(page, "Password").fill("secret");
    assert.equal(await label(page, "Backbone").inputValue(), "omicron");
    await save(page);
    await button(page, "Add provider").click();
    await label(page, "News server").fill("news.eweka.nl");
    await page.getByText("Account", { exact: true }).click();
    assert.equal(await label(page, "Backbone").inputValue(), "");
    assert.match(await said(label(page, "Backbone")), /^Left empty: Northwind is also on Omicron, but takes articles down by DMCA, this server by NTD\./);
  });
});

describe("accounts on the overview", () => {
  test("tell what is left, for how long, and until when", async (t) => {
    const page = await open(t, { scenario: "accounts" });
    await page.getByText("212 GB left, about 3 weeks at this pace").waitFor();
    const meter = page.getByRole("meter", { name: "Volume of Brickyard" });
    assert.equal(await meter.getAttribute("aria-valuetext"), "288 GB of 500 GB used");
    await page.getByText(/^Expires on /).waitFor();
    await page.getByText(/^Today [\d.]+ (MB|GB|TB) · /).waitFor();
  });

  test("say that an account is used up, and why", async (t) => {
    const page = await open(t, { scenario: "used-up" });
    await page.getByText("Used up: 500 GB of 500 GB used").waitFor();
    await page.getByText("Used up: 502 Block account exhausted").first().waitFor();
  });

  test("are absent without a limit", async (t) => {
    const page = await open(t);
    await page.getByRole("heading", { name: "Recent activity" }).waitFor();
    assert.equal(await page.getByRole("heading", { name: "Accounts" }).count(), 0);
  });
});

describe("warnings about accounts", () => {
  test("lead to the account, and can be dismissed", async (t) => {
    const page = await open(t, { scenario: "accounts-told" });
    await page.getByText("Lantern: 90% of the volume is used.").waitFor();
    await page.getByText("19.0 GB left, about 8 days at this pace").first().waitFor();
    await page.getByText("Lantern expires within 14 days.").waitFor();
    await button(page, "Edit account").first().click();
    await page.getByRole("heading", { name: "Edit Lantern" }).waitFor();
    await button(page, "Dismiss").first().click();
    await page.getByText("of the volume is used").waitFor({ state: "detached" });
  });

  test("are one sentence for several accounts", async (t) => {
    const page = await open(t, { scenario: "used-up" });
    await page.getByText("2 accounts are used up or nearly used up: Brickyard (100%) and Lantern (90%).").waitFor();
  });

  test("are said in German", async (t) => {
    const page = await open(t, { scenario: "accounts-told", lang: "de" });
    await page.getByText("Lantern: 90 % des Volumens sind verbraucht.").waitFor();
    await page.getByText("Noch 212 GB, bei diesem Tempo etwa 3 Wochen").waitFor();
  });
});
