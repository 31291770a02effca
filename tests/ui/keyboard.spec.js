// What people do in the window, without a mouse.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, serve, tabTo } from "./harness.js";

serve();

const button = (page, name) => page.getByRole("button", { name, exact: true });
const heading = (page, name) => page.getByRole("heading", { name, exact: true });
const row = (page, name) => page.locator("main li", { has: page.getByRole("heading", { name, exact: true }) });
const namesIn = (page, title) => page.locator("section", { has: heading(page, title) }).locator("h3").allTextContents();
const said = (field) => field.evaluate((input) => document.getElementById(input.getAttribute("aria-describedby"))?.textContent.trim());
const isFocused = (locator) => locator.and(locator.page().locator(":focus")).waitFor();

/** Goes to a control and presses a key there. */
async function press(page, locator, key = "Enter") {
  await tabTo(page, locator);
  await page.keyboard.press(key);
}

/** Chooses from the menu that is open. */
async function choose(page, name) {
  const item = page.getByRole("menuitem", { name });
  await tabTo(page, item, "ArrowDown");
  await page.keyboard.press("Enter");
}

async function type(page, label, text) {
  const field = page.getByLabel(label, { exact: true });
  await tabTo(page, field);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

describe("everywhere", () => {
  test("control and a digit open a page, and its title is heard", async (t) => {
    const page = await open(t);
    for (const [digit, title] of [[2, "Providers"], [3, "Programs"], [4, "Activity"], [5, "Settings"], [1, "Overview"]]) {
      await page.keyboard.press(`Control+${digit}`);
      await isFocused(heading(page, title));
      assert.equal(await page.title(), title === "Overview" ? "Newsmux" : `${title} · Newsmux`);
    }
  });

  test("the system's language is spoken, until another is chosen", async (t) => {
    const page = await open(t, { page: "settings", locale: "de-AT" });
    await heading(page, "Einstellungen").waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "de-AT");
    await tabTo(page, page.getByLabel("Sprache"));
    await page.keyboard.type("Eng");
    await heading(page, "Settings").waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
  });

  test("a language that is not spoken here becomes English", async (t) => {
    const page = await open(t, { page: "settings", locale: "pt-BR" });
    await heading(page, "Settings").waitFor();
  });

  test("figures are written as the language writes them", async (t) => {
    const english = await open(t, { scenario: "idle" });
    await english.getByText("4.2 GB and 18,204 answers").waitFor();
    const german = await open(t, { scenario: "idle", lang: "de" });
    await german.getByText("4,2 GB und 18.204 Antworten").waitFor();
  });
});

describe("overview", () => {
  test("the address is copied", async (t) => {
    const page = await open(t);
    await press(page, button(page, "Copy address"));
    await page.getByText("Copied", { exact: true }).waitFor({ state: "attached" });
    assert.equal(await page.evaluate(() => globalThis.copied), "127.0.0.1:10080");
  });

  test("it is stopped, started and paused", async (t) => {
    const page = await open(t);
    const power = page.getByRole("switch", { name: "Newsmux" });
    await press(page, power, "Space");
    await page.getByText("Newsmux is off. Programs cannot connect.").waitFor();
    assert.equal(await power.getAttribute("aria-checked"), "false");
    await press(page, power, "Space");
    await page.getByText("Newsmux is on and busy.").waitFor();
    await press(page, button(page, "Pause"));
    await isFocused(page.getByRole("menuitem", { name: "For 15 minutes" }));
    await page.keyboard.press("ArrowDown");
    await isFocused(page.getByRole("menuitem", { name: "For an hour" }));
    await page.keyboard.press("Enter");
    await page.getByText(/^Newsmux is paused until \d\d:\d\d\.$/).waitFor();
    await press(page, button(page, "Go on now"));
    await page.getByText("Newsmux is on and busy.").waitFor();
  });

  test("escape folds a menu and leaves the focus on its button", async (t) => {
    const page = await open(t);
    await press(page, button(page, "Pause"));
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
    await isFocused(button(page, "Pause"));
  });

  test("the first start leads to the first provider", async (t) => {
    const page = await open(t, { scenario: "empty" });
    await press(page, button(page, "Add provider"));
    await isFocused(page.getByLabel("News server"));
  });
});

describe("providers", () => {
  test("one is added, with encryption on the usual port", async (t) => {
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
    await press(page, page.getByText("More", { exact: true }), "Space");
    assert.equal(await page.getByLabel("Encryption").inputValue(), "on");
    assert.equal(await page.getByLabel("Port").getAttribute("placeholder"), "563, as usual");
    assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "");
    assert.equal(await page.getByLabel("Password", { exact: true }).getAttribute("placeholder"), "Kept. Leave empty to keep it.");
  });

  test("what is wrong is said at its field, and the focus goes to the first", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Add provider"));
    const host = page.getByLabel("News server");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
    await isFocused(host);
    assert.equal(await said(host), "Enter the news server that your provider told you.");
    await page.keyboard.type("news.example.com");
    await page.locator("[aria-invalid]").waitFor({ state: "detached" });
    await type(page, "User name", "reader");
    await page.keyboard.press("Enter");
    const password = page.getByLabel("Password", { exact: true });
    await isFocused(password);
    assert.equal(await said(password), "Enter the password too.");
    await page.keyboard.type("secret");
    await type(page, "Connections", "0");
    await page.keyboard.press("Enter");
    await isFocused(page.getByLabel("Connections"));
    assert.equal(await said(page.getByLabel("Connections")), "Enter a number from 1 to 500.");
  });

  test("what is wrong in the folded part unfolds it", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Edit Northwind"));
    await press(page, page.getByText("More", { exact: true }));
    await type(page, "Port", "70000");
    await press(page, page.getByText("More", { exact: true }));
    await page.locator("details:not([open])").waitFor();
    await press(page, button(page, "Save"));
    await isFocused(page.getByLabel("Port"));
    assert.equal(await said(page.getByLabel("Port")), "Enter a number from 1 to 65,535.");
  });

  test("what the application refuses is said at its field too", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Edit Northwind"));
    await press(page, page.getByText("More", { exact: true }));
    await type(page, "Own authority", "/etc/passwd");
    await page.keyboard.press("Enter");
    await isFocused(page.getByLabel("Own authority"));
    await page.locator("[aria-invalid]").waitFor();
    assert.equal(await said(page.getByLabel("Own authority")), "cannot be read: enter the path of a PEM file");
  });

  test("a pasted address is taken apart", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Add provider"));
    await page.keyboard.insertText("nntps://news.example.com:443/");
    await press(page, button(page, "Use news.example.com"));
    await isFocused(page.getByLabel("News server"));
    assert.equal(await page.getByLabel("News server").inputValue(), "news.example.com");
    await press(page, page.getByText("More", { exact: true }));
    assert.equal(await page.getByLabel("Port").inputValue(), "443");
  });

  test("it is tested before it is saved", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Add provider"));
    await page.keyboard.type("news.example.com");
    await type(page, "User name", "reader");
    await type(page, "Password", "wrong");
    await press(page, button(page, "Test"));
    const test = page.getByRole("region", { name: "Test" });
    await test.getByText("It does not work yet.").waitFor();
    await test.locator("li", { hasText: "Log in: failed" }).getByText("481 Authentication failed").waitFor();
    await type(page, "Password", "secret");
    await press(page, button(page, "Test"));
    await test.getByText("It works.").waitFor();
    await test.locator("li", { hasText: "Distance: passed" }).getByText("28.4 ms").waitFor();
  });

  test("alt and the arrows move it between tiers, and the focus goes with it", async (t) => {
    const page = await open(t, { page: "providers" });
    assert.deepEqual(await namesIn(page, "Asked first"), ["Northwind", "Lantern"]);
    const more = button(page, "More for Brickyard");
    await press(page, more, "Alt+ArrowUp");
    await page.getByText("Brickyard: Asked first").waitFor({ state: "attached" });
    assert.deepEqual(await namesIn(page, "Asked first"), ["Northwind", "Lantern", "Brickyard"]);
    await isFocused(more);
    await press(page, button(page, "More for Northwind"));
    await choose(page, "Ask later");
    await page.getByText("Northwind: Asked only for what those above lack").waitFor({ state: "attached" });
    assert.deepEqual(await namesIn(page, "Asked only for what those above lack"), ["Northwind"]);
    await isFocused(button(page, "More for Northwind"));
  });

  test("it is removed, and put back", async (t) => {
    const page = await open(t, { page: "providers" });
    for (const putBack of [() => page.keyboard.press("Control+Z"), () => press(page, button(page, "Undo"))]) {
      await press(page, button(page, "More for Lantern"));
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
      await page.getByText("Lantern was removed.").waitFor();
      await isFocused(heading(page, "Providers"));
      assert.equal(await row(page, "Lantern").count(), 0);
      await putBack();
      await row(page, "Lantern").waitFor();
      await isFocused(heading(page, "Providers"));
    }
  });

  test("it is switched off and on", async (t) => {
    const page = await open(t, { page: "providers" });
    const use = page.getByRole("switch", { name: "Use Lantern" });
    await press(page, use, "Space");
    await row(page, "Lantern").getByText("Off", { exact: true }).waitFor();
    await press(page, use, "Space");
    await row(page, "Lantern").getByText("Works", { exact: true }).waitFor();
  });

  test("a duplicate has everything but the password", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "More for Lantern"));
    await choose(page, "Duplicate");
    await isFocused(page.getByLabel("News server"));
    assert.equal(await page.getByLabel("News server").inputValue(), "news.second.example");
    assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "");
    await type(page, "Password", "secret");
    await page.keyboard.press("Enter");
    await row(page, "Lantern (copy)").waitFor();
  });

  test("escape leaves a form that was not touched, and keeps what was entered", async (t) => {
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

describe("programs", () => {
  test("a login is added, and its password seen once", async (t) => {
    const page = await open(t, { page: "clients" });
    await type(page, "Name of a new login", "nzbget");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "The password for nzbget" });
    await press(page, dialog.getByRole("button", { name: "Copy Password" }));
    const secret = await page.waitForFunction(() => globalThis.copied);
    assert.match(await secret.jsonValue(), /^\w{20}$/);
    await dialog.getByText(await secret.jsonValue()).waitFor();
    await press(page, button(page, "I have copied it"));
    await dialog.waitFor({ state: "detached" });
    assert.equal(await page.getByText(await secret.jsonValue()).count(), 0);
    await page.getByText("nzbget not connected").waitFor();
  });

  test("a name can be had once", async (t) => {
    const page = await open(t, { page: "clients" });
    const name = page.getByLabel("Name of a new login");
    await type(page, "Name of a new login", "sabnzbd");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
    assert.equal(await said(name), "There is one of this name already: choose another.");
  });

  test("a password is renewed, a login removed and put back", async (t) => {
    const page = await open(t, { page: "clients" });
    await press(page, button(page, "New password for sabnzbd"));
    await press(page, button(page, "I have copied it"));
    await isFocused(button(page, "New password for sabnzbd"));
    await press(page, button(page, "Remove sabnzbd"));
    await page.getByText("sabnzbd was removed.").waitFor();
    assert.equal(await button(page, "Remove sabnzbd").count(), 0);
    await page.keyboard.press("Control+Z");
    await button(page, "Remove sabnzbd").waitFor();
  });

  test("what to enter in each program is copied", async (t) => {
    const page = await open(t, { page: "clients" });
    await tabTo(page, page.getByRole("radio", { name: "SABnzbd" }));
    await page.keyboard.press("ArrowRight");
    await page.getByText("Settings → News-Servers").waitFor();
    await press(page, button(page, "Copy Username"));
    assert.equal(await page.evaluate(() => globalThis.copied), "sabnzbd");
    await press(page, button(page, "Copy Port"), "Space");
    assert.equal(await page.evaluate(() => globalThis.copied), "10080");
    assert.equal(await page.locator("dd", { hasText: "No" }).count(), 1);
  });
});

describe("activity", () => {
  test("it is filtered by what it is, and searched", async (t) => {
    const page = await open(t, { page: "activity" });
    await page.getByText("8 entries").waitFor();
    await tabTo(page, page.getByLabel("Show"));
    await page.keyboard.press("End");
    await page.getByText("2 entries").waitFor();
    await page.getByText("in this mode no group can be read: choose Hybrid in the settings").waitFor();
    await page.keyboard.press("Home");
    await tabTo(page, page.getByLabel("Search"));
    await page.keyboard.type("LANTERN");
    await page.getByText("3 entries").waitFor();
    await page.keyboard.type("!");
    await page.getByText("Nothing of that kind. Show all, or search for something else.").waitFor();
  });

  test("of very many the newest come first, and older ones when asked for", async (t) => {
    const page = await open(t, { page: "activity", scenario: "many" });
    await page.getByText("700 entries").waitFor();
    assert.equal(await page.locator("main li time").count(), 100);
    await press(page, button(page, "Show older"));
    await page.locator("main li time").nth(199).waitFor();
  });

  test("what happens is there at once", async (t) => {
    const page = await open(t, { scenario: "idle" });
    await press(page, page.getByRole("switch", { name: "Newsmux" }), "Space");
    await page.locator("main li", { hasText: "Newsmux was switched off" }).waitFor();
  });
});

describe("settings", () => {
  test("the mode is chosen, and posting is not for downloads", async (t) => {
    const page = await open(t, { page: "settings" });
    const posting = page.getByRole("switch", { name: "Programs may post" });
    await press(page, posting, "Space");
    await posting.and(page.locator("[aria-checked=true]")).waitFor();
    await tabTo(page, page.getByRole("radio", { name: "For everything" }), "Shift+Tab");
    await page.keyboard.press("ArrowDown");
    await page.getByText("Not while programs are served for downloads only.").waitFor();
    assert.ok(await posting.isDisabled());
    assert.equal(await posting.getAttribute("aria-checked"), "false");
    assert.ok(await page.getByRole("radio", { name: "For downloads" }).isChecked());
  });

  test("another address is applied when it is complete", async (t) => {
    const page = await open(t, { page: "settings", scenario: "empty" });
    await type(page, "Host", "0.0.0.0");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
    assert.equal(await said(page.getByLabel("Host")), "Other computers could connect without a login: add a login in Programs first.");
    await type(page, "Host", "localhost");
    await tabTo(page, page.getByLabel("Port"));
    await page.keyboard.press("Control+A");
    await page.keyboard.type("1119");
    await press(page, button(page, "Apply"));
    await button(page, "Apply").waitFor({ state: "detached" });
    await page.keyboard.press("Control+3");
    await page.getByText("1119", { exact: true }).waitFor();
  });

  test("a vault is made", async (t) => {
    const page = await open(t, { page: "settings" });
    await tabTo(page, page.getByRole("radio", { name: "In the system's keyring" }));
    await page.keyboard.press("ArrowDown");
    const [first, second] = [page.getByRole("textbox", { name: "Passphrase" }), page.getByRole("textbox", { name: "Once more" })];
    await isFocused(first);
    await page.keyboard.type("short");
    await page.keyboard.press("Enter");
    assert.equal(await said(first), "Use at least 8 characters.");
    await page.keyboard.type(" but longer");
    await tabTo(page, second);
    await page.keyboard.type("another");
    await page.keyboard.press("Enter");
    assert.equal(await said(second), "The two are not the same.");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("short but longer");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.ok(await page.getByRole("radio", { name: "In an encrypted vault" }).isChecked());
  });

  test("a vault that was not made is not chosen", async (t) => {
    const page = await open(t, { page: "settings" });
    await tabTo(page, page.getByRole("radio", { name: "In the system's keyring" }));
    await page.keyboard.press("ArrowDown");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.ok(await page.getByRole("radio", { name: "In the system's keyring" }).isChecked());
  });
});
