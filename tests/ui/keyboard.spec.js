// The window by keyboard only.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, serve } from "./harness.js";
import { button, heading, isFocused, press, said, tabTo, type } from "./keys.js";

serve();

describe("everywhere", () => {
  test("Ctrl and a digit open a page and focus its title", async (t) => {
    const page = await open(t);
    for (const [digit, title] of [[2, "Providers"], [3, "Programs"], [4, "Statistics"], [5, "Activity"], [6, "Settings"], [1, "Overview"]]) {
      await page.keyboard.press(`Control+${digit}`);
      await isFocused(heading(page, title));
      assert.equal(await page.title(), title === "Overview" ? "Newsmux" : `${title} · Newsmux`);
    }
  });

  test("uses the system's language until another is chosen", async (t) => {
    const page = await open(t, { page: "settings", locale: "de-AT" });
    await heading(page, "Einstellungen").waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "de-AT");
    await tabTo(page, page.getByLabel("Sprache"));
    await page.keyboard.type("Eng");
    await heading(page, "Settings").waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
  });

  test("Ctrl+W closes the window and Ctrl+Q quits, also in a text field", async (t) => {
    const page = await open(t, { page: "settings", scenario: "idle" });
    await tabTo(page, page.getByLabel("Host"));
    await page.keyboard.press("Control+W");
    await page.waitForFunction(() => globalThis.askedToClose === true);
    await page.keyboard.press("Control+Q");
    await page.waitForFunction(() => globalThis.askedToQuit === true);
    assert.equal(await button(page, "Quit Newsmux").getAttribute("title"), "Ctrl+Q");
  });

  test("uses ⌘ and the words of macOS there", async (t) => {
    const userAgent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
    const page = await open(t, { page: "settings", scenario: "idle", userAgent });
    await page.getByRole("radio", { name: "Keychain" }).waitFor();
    assert.equal(await button(page, "Quit Newsmux").getAttribute("title"), "⌘Q");
    assert.equal(await button(page, "Overview").getAttribute("title"), "Overview (⌘1)");
    await page.keyboard.press("Control+2");
    await page.keyboard.press("Meta+3");
    await isFocused(heading(page, "Programs"));
    await page.keyboard.press("Meta+2");
    await page.locator("main li button[aria-haspopup]").first().click();
    await page.getByRole("menuitem", { name: "Move up" }).getByText("⌥↑").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Meta+W");
    await page.waitForFunction(() => globalThis.askedToClose === true);
  });

  test("uses the system's theme until another is chosen", async (t) => {
    const page = await open(t, { page: "settings", scenario: "idle", scheme: "dark" });
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--ground"));
    assert.equal(await ground(), "#11171a");
    await page.getByLabel("Theme").selectOption("light");
    await page.locator("html[data-theme=light]").waitFor();
    assert.equal(await ground(), "#f2f4f5");
    await page.getByLabel("Theme").selectOption("system");
    await page.locator("html[data-theme=dark]").waitFor();
    await page.emulateMedia({ colorScheme: "light" });
    await page.locator("html[data-theme=light]").waitFor();
  });

  test("uses English for other languages", async (t) => {
    const page = await open(t, { page: "settings", locale: "pt-BR" });
    await heading(page, "Settings").waitFor();
  });

  test("formats numbers for the language", async (t) => {
    const english = await open(t, { scenario: "idle" });
    await english.getByText("4.2 GB, 18,204 replies").waitFor();
    const german = await open(t, { scenario: "idle", lang: "de" });
    await german.getByText("4,2 GB, 18.204 Antworten").waitFor();
  });
});

describe("overview", () => {
  test("copies the address", async (t) => {
    const page = await open(t);
    await press(page, button(page, "Copy address"));
    await page.getByText("Copied", { exact: true }).waitFor({ state: "attached" });
    assert.equal(await page.evaluate(() => globalThis.copied), "127.0.0.1:10080");
  });

  test("copies by itself only where the clipboard's history cannot keep it", async (t) => {
    const fails = `globalThis.cannotCopy = true;
      Object.defineProperty(navigator.clipboard, "writeText", { value: async (text) => void (globalThis.copied = text) });`;
    for (const [system, copied] of [["X11; Linux x86_64", "127.0.0.1:10080"], ["Macintosh; Intel Mac OS X 10_15_7", undefined], ["Windows NT 10.0; Win64; x64", undefined]]) {
      const page = await open(t, { init: { content: fails }, userAgent: `Mozilla/5.0 (${system})` });
      await press(page, button(page, "Copy address"));
      const says = copied ? "Copied" : "Couldn't copy. Select the text and copy it yourself.";
      await page.getByText(says, { exact: true }).waitFor({ state: "attached" });
      assert.equal(await page.evaluate(() => globalThis.copied), copied);
    }
  });

  test("stops, starts and pauses", async (t) => {
    const page = await open(t);
    const power = page.getByRole("switch", { name: "Newsmux" });
    await press(page, power, "Space");
    await page.getByText("Newsmux is off. Programs can't connect.").waitFor();
    assert.equal(await power.getAttribute("aria-checked"), "false");
    await press(page, power, "Space");
    await page.getByText("Newsmux is on. Programs are downloading.").waitFor();
    await press(page, button(page, "Pause"));
    await isFocused(page.getByRole("menuitem", { name: "For 15 minutes" }));
    await page.keyboard.press("ArrowDown");
    await isFocused(page.getByRole("menuitem", { name: "For 1 hour" }));
    await page.keyboard.press("Enter");
    await page.getByText(/^Paused until \d\d:\d\d\. Downloads wait until then\.$/).waitFor();
    await press(page, button(page, "Resume"));
    await page.getByText("Newsmux is on. Programs are downloading.").waitFor();
  });

  test("Escape closes a menu and focuses its button", async (t) => {
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

describe("programs", () => {
  test("adds a login and shows its password once", async (t) => {
    const page = await open(t, { page: "clients" });
    await type(page, "New login", "nzbget");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Password for nzbget" });
    await press(page, dialog.getByRole("button", { name: "Copy Password" }));
    const secret = await page.waitForFunction(() => globalThis.copied);
    assert.match(await secret.jsonValue(), /^\w{20}$/);
    await dialog.getByText(await secret.jsonValue()).waitFor();
    await press(page, button(page, "I've copied it"));
    await dialog.waitFor({ state: "detached" });
    assert.equal(await page.getByText(await secret.jsonValue()).count(), 0);
    await page.getByText("nzbget not connected").waitFor();
  });

  test("refuses a name that is in use", async (t) => {
    const page = await open(t, { page: "clients" });
    const name = page.getByLabel("New login");
    await type(page, "New login", "sabnzbd");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
    assert.equal(await said(name), "This name is already in use. Choose another.");
  });

  test("creates a new password; removes and restores a login", async (t) => {
    const page = await open(t, { page: "clients" });
    await press(page, button(page, "New password for sabnzbd"));
    await page.keyboard.press("Escape");
    await press(page, button(page, "New password for sabnzbd"));
    await press(page, button(page, "Create it, I'll enter it myself"));
    await press(page, button(page, "I've copied it"));
    await isFocused(button(page, "New password for sabnzbd"));
    await press(page, button(page, "Remove sabnzbd"));
    await page.getByText("sabnzbd removed.").waitFor();
    assert.equal(await button(page, "Remove sabnzbd").count(), 0);
    await page.keyboard.press("Control+Z");
    await button(page, "Remove sabnzbd").waitFor();
  });

  test("copies the settings for each program", async (t) => {
    const page = await open(t, { page: "clients" });
    await tabTo(page, page.getByRole("radio", { name: "SABnzbd" }));
    await page.keyboard.press("ArrowRight");
    await press(page, page.getByText("Enter the settings yourself"));
    await page.getByText("Settings → News-Servers").waitFor();
    await press(page, button(page, "Copy Username"));
    assert.equal(await page.evaluate(() => globalThis.copied), "sabnzbd");
    await press(page, button(page, "Copy Port"), "Space");
    assert.equal(await page.evaluate(() => globalThis.copied), "10080");
    assert.equal(await page.locator("dd", { hasText: "No" }).count(), 1);
  });
});

describe("activity", () => {
  test("filters and searches", async (t) => {
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
    await page.getByText("No matches. Show all, or search for something else.").waitFor();
  });

  test("shows the newest first, and older ones on request", async (t) => {
    const page = await open(t, { page: "activity", scenario: "many" });
    await page.getByText("500 entries").waitFor();
    assert.equal(await page.locator("main li time").count(), 100);
    await press(page, button(page, "Show older"));
    await page.locator("main li time").nth(199).waitFor();
  });

  test("shows a new event at once", async (t) => {
    const page = await open(t, { scenario: "idle" });
    await press(page, page.getByRole("switch", { name: "Newsmux" }), "Space");
    await page.locator("main li", { hasText: "Newsmux was turned off" }).waitFor();
  });
});

describe("settings", () => {
  test("changes the mode; Per command excludes posting", async (t) => {
    const page = await open(t, { page: "settings" });
    const posting = page.getByRole("switch", { name: "Allow posting" });
    await press(page, posting, "Space");
    await posting.and(page.locator("[aria-checked=true]")).waitFor();
    await tabTo(page, page.getByRole("radio", { name: "Hybrid" }), "Shift+Tab");
    await page.keyboard.press("ArrowDown");
    await page.getByText("Not available in Per command mode.").waitFor();
    assert.ok(await posting.isDisabled());
    assert.equal(await posting.getAttribute("aria-checked"), "false");
    assert.ok(await page.getByRole("radio", { name: "Per command" }).isChecked());
  });

  test("changes the address with Apply", async (t) => {
    const page = await open(t, { page: "settings", scenario: "empty" });
    await type(page, "Host", "0.0.0.0");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
    assert.equal(await said(page.getByLabel("Host")), "Other computers could connect without a login. Add a login under Programs first.");
    await type(page, "Host", "localhost");
    await tabTo(page, page.getByLabel("Port", { exact: true }));
    await page.keyboard.press("Control+A");
    await page.keyboard.type("1119");
    await page.getByText("Then change the address in your programs too.").waitFor();
    await press(page, button(page, "Apply"));
    await button(page, "Apply").waitFor({ state: "detached" });
    await page.keyboard.press("Control+3");
    await press(page, page.getByText("Enter the settings yourself"));
    await page.getByText("1119", { exact: true }).waitFor();
  });

  test("switches each kind of notification", async (t) => {
    const page = await open(t, { page: "settings" });
    const names = ["When Newsmux needs you", "When nothing can be downloaded", "When an account is running out"];
    const kinds = names.map((name) => page.getByRole("switch", { name }));
    const states = () => Promise.all(kinds.map((kind) => kind.getAttribute("aria-checked")));
    assert.deepEqual(await states(), ["true", "true", "true"]);
    await press(page, kinds[1], "Space");
    await kinds[1].and(page.locator("[aria-checked=false]")).waitFor();
    await press(page, kinds[2], "Space");
    await kinds[2].and(page.locator("[aria-checked=false]")).waitFor();
    assert.deepEqual(await states(), ["true", "false", "false"]);
  });

  test("creates a vault", async (t) => {
    const page = await open(t, { page: "settings" });
    await tabTo(page, page.getByRole("radio", { name: "System keyring" }));
    await page.keyboard.press("ArrowDown");
    const [first, second] = [page.getByRole("textbox", { name: "Passphrase", exact: true }), page.getByRole("textbox", { name: "Repeat passphrase" })];
    await isFocused(first);
    await page.keyboard.type("short");
    await page.keyboard.press("Enter");
    assert.equal(await said(first), "Use at least 8 characters.");
    await page.keyboard.type(" but longer");
    await tabTo(page, second);
    await page.keyboard.type("another");
    await page.keyboard.press("Enter");
    assert.equal(await said(second), "The passphrases don't match.");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("short but longer");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.ok(await page.getByRole("radio", { name: "Encrypted vault" }).isChecked());
  });

  test("does not select a vault that was not created", async (t) => {
    const page = await open(t, { page: "settings" });
    await tabTo(page, page.getByRole("radio", { name: "System keyring" }));
    await page.keyboard.press("ArrowDown");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.ok(await page.getByRole("radio", { name: "System keyring" }).isChecked());
  });
});
