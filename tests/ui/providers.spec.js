// Providers: entering, testing and arranging them, by keyboard only.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertAccessible, open, serve } from "./harness.js";
import { button, choose, heading, isFocused, press, said, type } from "./keys.js";

serve();

const row = (page, name) => page.locator("main li", { has: page.getByRole("heading", { name, exact: true }) });
const namesIn = (page, title) => page.locator("section", { has: heading(page, title) }).locator("h3").allTextContents();

describe("providers", () => {
  test("adds one, encrypted on the default port", async (t) => {
    const page = await open(t, { page: "providers", scenario: "empty" });
    await press(page, button(page, "Add provider"));
    await isFocused(page.getByLabel("News server"));
    await page.keyboard.type("news.example.com");
    await type(page, "User name", "reader");
    await type(page, "Password", "secret");
    await type(page, "Connections", "30");
    await page.keyboard.press("Enter");
    await isFocused(heading(page, "Providers"));
    await row(page, "news.example.com").getByText("0 of 30 open").waitFor();
    await press(page, button(page, "Edit news.example.com"));
    assert.equal(await page.getByLabel("Encryption").inputValue(), "on");
    assert.equal(await page.getByLabel("Port", { exact: true }).getAttribute("placeholder"), "563 (default)");
    assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "");
    assert.equal(await page.getByLabel("Password", { exact: true }).getAttribute("placeholder"), "Saved. Leave empty to keep it.");
  });

  test("shows each error at its field and focuses the first", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Add provider"));
    const host = page.getByLabel("News server");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
    await isFocused(host);
    assert.equal(await said(host), "Enter your provider's news server.");
    await page.keyboard.type("news.example.com");
    await page.locator("[aria-invalid]").waitFor({ state: "detached" });
    await type(page, "User name", "reader");
    await page.keyboard.press("Enter");
    const password = page.getByLabel("Password", { exact: true });
    await isFocused(password);
    assert.equal(await said(password), "Enter the password.");
    await page.keyboard.type("secret");
    await type(page, "Connections", "0");
    await page.keyboard.press("Enter");
    await isFocused(page.getByLabel("Connections"));
    assert.equal(await said(page.getByLabel("Connections")), "Enter a number from 1 to 500.");
  });

  test("opens More for an error in it", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Edit Northwind"));
    await press(page, page.getByText("More", { exact: true }));
    await type(page, "Timeout (seconds)", "70000");
    await press(page, page.getByText("More", { exact: true }));
    await page.locator("details:not([open])").last().waitFor();
    await press(page, button(page, "Save"));
    await isFocused(page.getByLabel("Timeout (seconds)"));
    assert.equal(await said(page.getByLabel("Timeout (seconds)")), "Enter a number from 1 to 600.");
  });

  test("shows what the application refuses at its field", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Edit Northwind"));
    await press(page, page.getByText("More", { exact: true }));
    await type(page, "Custom CA certificate", "/etc/passwd");
    await type(page, "Password", "secret");
    await page.keyboard.press("Enter");
    await isFocused(page.getByLabel("Custom CA certificate"));
    await page.locator("[aria-invalid]").waitFor();
    assert.equal(await said(page.getByLabel("Custom CA certificate")), "This file can't be read. Enter the path of a PEM file.");
  });

  test("lets the user choose the CA certificate", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Edit Northwind"));
    await press(page, page.getByText("More", { exact: true }));
    await type(page, "Custom CA certificate", "/etc/passwd");
    await type(page, "Password", "secret");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
    const file = page.getByLabel("Custom CA certificate");
    await press(page, button(page, "Choose file"));
    await page.locator("[aria-invalid]").waitFor({ state: "detached" });
    assert.equal(await file.inputValue(), "/home/reader/ca.pem");
    await isFocused(button(page, "Choose file"));
    await press(page, button(page, "Save"));
    await heading(page, "Providers").waitFor();
  });

  test("compresses overviews only if that was chosen", async (t) => {
    const page = await open(t, { page: "providers" });
    const compression = page.getByLabel("Compress overviews", { exact: true });
    for (const [before, after] of [["false", "true"], ["true", "false"]]) {
      await press(page, button(page, "Edit Northwind"));
      await press(page, page.getByText("More", { exact: true }));
      assert.equal(await compression.getAttribute("aria-checked"), before);
      await press(page, compression);
      assert.equal(await compression.getAttribute("aria-checked"), after);
      await press(page, button(page, "Save"));
      await heading(page, "Providers").waitFor();
    }
  });

  const AGAIN = "Enter the password again: Newsmux sends the saved one only to the server, port and user name you entered it for, and never with weaker encryption.";

  test("does not test or save a saved password with another server", async (t) => {
    const page = await open(t, { page: "providers" });
    const password = page.getByLabel("Password", { exact: true });
    await press(page, button(page, "Edit Northwind"));
    assert.equal(await password.getAttribute("placeholder"), "Saved. Leave empty to keep it.");
    await type(page, "News server", "news.elsewhere.example");
    assert.equal(await said(password), AGAIN);
    assert.equal(await password.getAttribute("placeholder"), "Enter it again");
    for (const does of ["Test", "Save"]) {
      await press(page, button(page, does));
      await page.locator("[aria-invalid]").waitFor();
      await isFocused(password);
      assert.equal(await said(password), AGAIN);
      assert.equal(await page.getByText("It works.").count(), 0);
    }
    await type(page, "Password", "secret");
    await press(page, button(page, "Save"));
    await row(page, "Northwind").getByText("news.elsewhere.example").waitFor();
  });

  test("keeps a saved password for the same server, not for weaker encryption", async (t) => {
    const page = await open(t, { page: "providers" });
    const password = page.getByLabel("Password", { exact: true });
    await press(page, button(page, "Edit Northwind"));
    await type(page, "News server", "News.Main.example");
    await type(page, "Connections", "9");
    assert.equal(await password.getAttribute("placeholder"), "Saved. Leave empty to keep it.");
    await press(page, page.getByText("More", { exact: true }));
    for (const [field, weaker, before] of [["Encryption", "off", "on"], ["Certificate", "none", "full"], ["Port", "119", "563"], ["User name", "other", "reader"]]) {
      const control = page.getByLabel(field, { exact: true });
      const enter = (value) => field === "Encryption" || field === "Certificate" ? control.selectOption(value) : control.fill(value);
      await enter(weaker);
      assert.equal(await said(password), AGAIN, field);
      await enter(before);
      assert.notEqual(await said(password), AGAIN, field);
    }
    await press(page, button(page, "Save"));
    await row(page, "Northwind").getByText("of 9 open").waitFor();
  });

  test("splits a pasted address", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Add provider"));
    await page.keyboard.insertText("nntps://news.example.com:443/");
    await press(page, button(page, "Use news.example.com"));
    await isFocused(page.getByLabel("News server"));
    assert.equal(await page.getByLabel("News server").inputValue(), "news.example.com");
    assert.equal(await page.getByLabel("Port", { exact: true }).inputValue(), "443");
  });

  test("a name follows the host unless it was typed", async (t) => {
    const page = await open(t, { page: "providers", scenario: "empty" });
    await press(page, button(page, "Add provider"));
    await page.keyboard.type("news.example.com");
    await press(page, button(page, "Save"));
    await press(page, button(page, "Edit news.example.com"));
    await type(page, "News server", "news.elsewhere.example");
    await press(page, button(page, "Save"));
    await press(page, button(page, "Edit news.elsewhere.example"));
    await press(page, page.getByText("More", { exact: true }));
    assert.equal(await page.getByLabel("Name", { exact: true }).getAttribute("placeholder"), "news.elsewhere.example");
    await type(page, "Name", "Mine");
    await press(page, button(page, "Save"));
    await press(page, button(page, "Edit Mine"));
    await type(page, "News server", "news.example.com");
    await press(page, button(page, "Save"));
    await row(page, "Mine").getByText("news.example.com").waitFor();
  });

  test("tests before saving", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Add provider"));
    await page.keyboard.type("news.example.com");
    await type(page, "User name", "reader");
    await type(page, "Password", "wrong");
    await press(page, button(page, "Test"));
    const test = page.getByRole("region", { name: "Test" });
    await test.getByText("It doesn't work yet.").waitFor();
    await test.locator("li", { hasText: "Login: failed" }).getByText("481 Authentication failed").waitFor();
    await type(page, "Password", "secret");
    await press(page, button(page, "Test again"));
    await test.getByText("It works.").waitFor();
    await test.locator("li", { hasText: "Latency: passed" }).getByText("28.4 ms").waitFor();
  });

  test("a test goes stale with the first edit", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Add provider"));
    await page.keyboard.type("news.example.com");
    await press(page, button(page, "Test"));
    const test = page.getByRole("region", { name: "Test" });
    await test.getByText("It works.").waitFor();
    await type(page, "Connections", "9");
    await test.getByText("Changed since this test. Test again.").waitFor();
    assert.equal(await test.getByText("It works.").count(), 0);
    await test.locator("ol.changed").waitFor();
    await type(page, "Connections", "8");
    await test.getByText("It works.").waitFor();
  });

  test("without encryption, a test is not green", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Add provider"));
    await page.keyboard.type("news.example.com");
    await page.getByLabel("Encryption").selectOption("off");
    await press(page, button(page, "Test"));
    await page.getByRole("region", { name: "Test" }).getByText("It works, with warnings.").waitFor();
  });

  test("Alt and the arrow keys change its priority and keep the focus", async (t) => {
    const page = await open(t, { page: "providers" });
    assert.deepEqual(await namesIn(page, "Main (priority 0)"), ["Northwind", "Lantern"]);
    const more = button(page, "More for Brickyard");
    await press(page, more, "Alt+ArrowUp");
    await page.getByText("Brickyard: Main (priority 0)").waitFor({ state: "attached" });
    assert.deepEqual(await namesIn(page, "Main (priority 0)"), ["Northwind", "Lantern", "Brickyard"]);
    await isFocused(more);
    await press(page, button(page, "More for Northwind"));
    await choose(page, "Move down");
    await page.getByText("Northwind: Backup (priority 1)").waitFor({ state: "attached" });
    assert.deepEqual(await namesIn(page, "Backup (priority 1)"), ["Northwind"]);
    await isFocused(button(page, "More for Northwind"));
  });

  test("removes and restores one", async (t) => {
    const page = await open(t, { page: "providers" });
    for (const putBack of [() => page.keyboard.press("Control+Z"), () => press(page, button(page, "Undo"))]) {
      await press(page, button(page, "More for Lantern"));
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
      await page.getByText("Lantern removed.").waitFor();
      await isFocused(heading(page, "Providers"));
      assert.equal(await row(page, "Lantern").count(), 0);
      await putBack();
      await row(page, "Lantern").waitFor();
      await isFocused(heading(page, "Providers"));
    }
  });

  test("disables and enables one", async (t) => {
    const page = await open(t, { page: "providers" });
    const use = page.getByRole("switch", { name: "Enable Lantern" });
    await press(page, use, "Space");
    await row(page, "Lantern").getByText("Off", { exact: true }).waitFor();
    await press(page, use, "Space");
    await row(page, "Lantern").getByText("Working", { exact: true }).waitFor();
  });

  test("duplicates everything but the password", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "More for Lantern"));
    await choose(page, "Duplicate");
    await isFocused(page.getByLabel("News server"));
    assert.equal(await page.getByLabel("News server").inputValue(), "news.second.example");
    assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "");
    await type(page, "Password", "secret");
    await page.keyboard.press("Enter");
    await row(page, "Lantern (copy)").waitFor();
    await row(page, "Lantern").waitFor();
  });

  test("Escape closes an unchanged form and keeps a changed one", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Add provider"));
    await page.keyboard.press("Escape");
    await heading(page, "Providers").waitFor();
    await press(page, button(page, "Add provider"));
    await page.keyboard.type("news");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+1");
    await page.keyboard.press("Control+2");
    assert.equal(await page.getByLabel("News server").inputValue(), "news");
  });
});

describe("a provider that is down", () => {
  test("says when it is tried again, and is tried at a click", async (t) => {
    const page = await open(t, { page: "providers", scenario: "degraded" });
    const lantern = row(page, "Lantern");
    await lantern.getByText(/Tries again in (4\d|3\d) seconds\./).waitFor();
    await press(page, button(page, "Try now: Lantern"));
    await lantern.getByText("Working").waitFor();
    assert.equal(await lantern.getByText("Tries again").count(), 0);
  });

  test("keeps the focus on its button while it is tried, and is not tried twice", async (t) => {
    for (const [lang, name, trying] of [["en", "Try now: Lantern", "Trying again …"], ["de", "Jetzt erneut verbinden: Lantern", "Neuer Versuch läuft …"]]) {
      const page = await open(t, { page: "providers", scenario: "degraded", lang, init: { content: "globalThis.holdsTries = true" } });
      await press(page, button(page, name));
      await row(page, "Lantern").getByText(trying).waitFor();
      await isFocused(button(page, name));
      assert.equal(await button(page, name).getAttribute("aria-disabled"), "true");
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => globalThis.tries), 1);
      await assertAccessible(page, lang);
    }
  });

  test("is tried with all others from the message that all are down", async (t) => {
    const page = await open(t, { scenario: "down" });
    await page.getByText("Tries again with the next request.").first().waitFor();
    await press(page, button(page, "Try now"));
    await page.getByText("Tries again").first().waitFor({ state: "detached" });
    assert.equal(await page.locator("main .troubles li").count(), 0);
  });
});
