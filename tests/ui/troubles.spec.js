// Everything that needs attention: its message and its remedy.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, serve } from "./harness.js";

serve();

const button = (page, name) => page.getByRole("button", { name, exact: true });
const gone = (page, text) => page.getByText(text).waitFor({ state: "detached" });
const focused = (page) => page.locator(":focus");

describe("troubles", () => {
  test("a port in use: uses the free one", async (t) => {
    const page = await open(t, { scenario: "port-busy" });
    await page.getByText("Port 10080 is used by nzbget (4711).").waitFor();
    await button(page, "Use port 10081").click();
    await gone(page, "Port 10080 is used");
    await page.getByText("127.0.0.1:10081", { exact: true }).waitFor();
  });

  test("an invalid address: leads to the setting", async (t) => {
    const page = await open(t, { scenario: "cannot-listen" });
    await page.getByText("192.168.7.2 is not an address of this computer").waitFor();
    await button(page, "Change address").click();
    await page.getByRole("heading", { name: "Address for programs" }).waitFor();
  });

  test("a refused login: leads to the provider, and goes away with a new password", async (t) => {
    const page = await open(t, { scenario: "refused" });
    await page.getByText("Northwind refused the login. Check user name and password.").waitFor();
    await button(page, "Check login").click();
    await page.getByRole("heading", { name: "Edit Northwind" }).waitFor();
    await page.getByLabel("Password", { exact: true }).fill("the right one");
    await button(page, "Save").click();
    await gone(page, "refused the login");
  });

  test("a missing password: leads to the provider", async (t) => {
    const page = await open(t, { scenario: "missing" });
    await button(page, "Enter password").click();
    const password = page.getByLabel("Password", { exact: true });
    assert.equal(await password.getAttribute("placeholder"), "Not entered yet");
    await password.fill("secret");
    await button(page, "Save").click();
    await gone(page, "The password for Northwind is missing.");
  });

  test("a login's missing password: creates a new one", async (t) => {
    const page = await open(t, { scenario: "missing" });
    await button(page, "Create a new one").click();
    await button(page, "New password for sabnzbd").click();
    await button(page, "Create it, I'll enter it myself").click();
    await button(page, "I've copied it").click();
    await gone(page, "The password of the login sabnzbd is missing.");
  });

  test("a provider that is down: leads to its settings", async (t) => {
    const page = await open(t, { scenario: "degraded" });
    await page.getByText("Lantern is down. Newsmux keeps trying.").waitFor();
    await button(page, "Check settings").click();
    await page.getByRole("heading", { name: "Edit Lantern" }).waitFor();
  });

  test("several providers that are down are one message", async (t) => {
    const page = await open(t, { scenario: "many" });
    const name = "A provider with a name that is much lon…";
    await page.getByText(`4 providers are down: ${name}, Provider 6, Provider 8 and Provider 9. Newsmux keeps trying.`).waitFor();
    const messages = page.locator("main .troubles > li");
    assert.equal(await messages.count(), 1);
    await button(page, "Show providers").click();
    await page.getByRole("heading", { level: 1, name: "Providers" }).waitFor();
    assert.equal(await messages.count(), 1);
    assert.equal(await button(page, "Show providers").count(), 0, "the providers are in sight");
  });

  test("however many there are, they leave room for the page", async (t) => {
    const page = await open(t, { scenario: "everything", size: { width: 480, height: 640 } });
    await page.getByText("11 providers are down: P1, P2, P3, P4, P5 and 6 more.").waitFor();
    await button(page, "Show 2 more").waitFor();
    const top = await page.getByRole("heading", { level: 1 }).evaluate((title) => title.getBoundingClientRect().top);
    assert.ok(top < 400, `the title begins at ${top}`);
  });

  test("all providers down: the sentence, the icon and the switch agree", async (t) => {
    const page = await open(t, { scenario: "down" });
    await page.getByText("Nothing can be downloaded: all providers are down.").waitFor();
    await page.getByRole("status").getByText("All providers down").waitFor();
    await page.locator("button.doubtful[role=switch]").waitFor();
    assert.equal(await page.locator("main .good").count(), 0, "nothing is green");
    const fine = await open(t, { scenario: "degraded" });
    await fine.getByText("Newsmux is on. Downloads continue on the other providers.").waitFor();
    assert.equal(await fine.locator("button.doubtful").count(), 0);
  });

  for (const [scenario, lang, sentence, label] of [
    ["all-used-up", "en", "Nothing can be downloaded: all accounts are used up.", "Accounts used up"],
    ["all-used-up", "de", "Kein Download möglich: Alle Accounts sind aufgebraucht.", "Accounts aufgebraucht"],
    ["all-full", "en", "Nothing can be downloaded: all providers are at their connection limit.", "Connection limit reached"],
    ["all-full", "de", "Kein Download möglich: Alle Anbieter haben ihr Verbindungslimit erreicht.", "Verbindungslimit erreicht"],
  ]) {
    test(`no provider works, and none is down (${scenario}): says why, in ${lang}`, async (t) => {
      const page = await open(t, { scenario, lang });
      await page.getByText(sentence).waitFor();
      await page.getByRole("status").getByText(label).waitFor();
      assert.equal(await page.getByText(/providers are down|sind ausgefallen/).count(), 0);
    });
  }

  test("a program of another user: is let in", async (t) => {
    const page = await open(t, { scenario: "other-user" });
    const words = "SABnzbd can't connect because it runs as another user of this computer.";
    await page.getByText(words).waitFor();
    await page.getByText("Newsmux is on, but SABnzbd can't connect.").waitFor();
    await button(page, "Serve other users").click();
    await gone(page, words);
    const unknown = await open(t, { scenario: "other-user-unknown" });
    await unknown.getByText("A program can't connect because it runs as another user of this computer.").waitFor();
    await unknown.getByText("Newsmux is on, but a program can't connect.").waitFor();
    const other = await open(t, { scenario: "other-user", lang: "de" });
    const german = "SABnzbd kann sich nicht verbinden, weil es unter einem anderen Benutzer dieses Computers läuft.";
    await other.getByText(german).waitFor();
    await button(other, "Ausblenden").click();
    await gone(other, german);
  });

  test("a port in use, or no provider: nothing can be downloaded", async (t) => {
    const page = await open(t, { scenario: "port-busy" });
    await page.getByText("Nothing can be downloaded: port 10080 is in use.").waitFor();
    await page.locator("button.doubtful[role=switch]").waitFor();
    const none = await open(t, { scenario: "idle" });
    for (const name of ["Northwind", "Lantern", "Brickyard"]) {
      await none.keyboard.press("Control+2");
      await none.getByRole("switch", { name: `Enable ${name}` }).click();
    }
    await none.keyboard.press("Control+1");
    await none.getByText("Nothing can be downloaded: no provider is enabled.").waitFor();
    await none.locator("button.doubtful[role=switch]").waitFor();
  });

  test("damaged or unsaved settings: can be dismissed", async (t) => {
    const page = await open(t, { scenario: "set-aside" });
    await page.getByText("The old file is kept as settings.broken-1.json.").waitFor();
    await page.getByText("Your last change wasn't saved.").waitFor();
    await button(page, "Dismiss").first().click();
    await gone(page, "The old file is kept");
    await page.getByText("Your last change wasn't saved.").waitFor();
  });

  test("settings of a newer version: read-only until a copy is restored or the rest is discarded", async (t) => {
    const newer = "A newer version of Newsmux wrote these settings.";
    const page = await open(t, { scenario: "read-only", page: "settings" });
    await page.getByText(newer).waitFor();
    await page.getByRole("switch", { name: "Allow posting" }).click();
    await page.getByText("Settings can't be changed right now. The message at the top says why.").waitFor();
    await button(page, "Restore a copy").click();
    const dialog = page.getByRole("dialog", { name: "Restore settings" });
    await dialog.getByText("This version of Newsmux can't use it").waitFor();
    await dialog.getByRole("button", { name: "Restore settings.before-0.1.0.json" }).click();
    await gone(page, newer);
    await page.getByText("Settings restored.").waitFor();
    const other = await open(t, { scenario: "read-only" });
    await button(other, "Discard unknown settings").click();
    await gone(other, newer);
  });

  test("settings that another Newsmux uses: names it", async (t) => {
    const page = await open(t, { scenario: "held" });
    await page.getByText("Newsmux (process 4711) is using these settings. Quit it to change them here.").waitFor();
  });

  test("a locked keyring: unlocks it", async (t) => {
    const page = await open(t, { scenario: "locked" });
    await page.getByText("The keyring is locked, so Newsmux can't read your passwords.").waitFor();
    await button(page, "Unlock").click();
    await page.getByText("The keyring is asking you to unlock it, in another window.").waitFor();
    await button(page, "Try again").click();
    await gone(page, "The keyring is asking you to unlock it");
  });

  test("no keyring: creates a vault", async (t) => {
    const page = await open(t, { scenario: "absent" });
    await page.getByText("Newsmux can't use the keyring, so it can't read your passwords.").waitFor();
    await button(page, "Use an encrypted vault").click();
    await page.getByLabel("Passphrase", { exact: true }).fill("long enough");
    await page.getByLabel("Repeat passphrase").fill("long enough");
    await button(page, "Create vault").click();
    await gone(page, "Newsmux can't use the keyring");
  });

  test("a locked vault: unlocks it", async (t) => {
    const page = await open(t, { scenario: "vault" });
    await button(page, "Unlock").click();
    await page.getByLabel("Passphrase").fill("not the one");
    await page.keyboard.press("Enter");
    await page.getByText("Wrong passphrase. Try again.").waitFor();
    await page.getByLabel("Passphrase").fill("open sesame");
    await page.keyboard.press("Enter");
    await gone(page, "The vault with your passwords is locked.");
  });

  test("a forgotten passphrase: creates a new vault and asks for the passwords", async (t) => {
    const page = await open(t, { scenario: "vault" });
    await button(page, "Unlock").click();
    await button(page, "Forgotten? Start over").click();
    const dialog = page.getByRole("dialog", { name: "Start over with a new vault" });
    await dialog.getByText("You then enter your passwords again.").waitFor();
    await dialog.getByLabel("New passphrase").fill("long enough");
    await dialog.getByLabel("Repeat passphrase").fill("long enough");
    await page.keyboard.press("Enter");
    await page.getByText("The passwords for 3 providers are missing: Northwind, Lantern and Brickyard.").waitFor();
  });

  test("an earlier vault: unlocks with its own passphrase, which can be changed", async (t) => {
    const page = await open(t, { scenario: "old-vault", page: "settings" });
    await page.getByRole("radio", { name: "Encrypted vault" }).click();
    await page.getByText("There is an earlier vault. Enter its passphrase to use it again.").waitFor();
    await page.getByLabel("Passphrase", { exact: true }).fill("open sesame");
    await page.keyboard.press("Enter");
    await button(page, "Change passphrase").click();
    for (const [label, text] of [["Current passphrase", "open sesame"], ["New passphrase", "long enough"], ["Repeat passphrase", "long enough"]]) {
      await page.getByLabel(label).fill(text);
    }
    await page.keyboard.press("Enter");
    await page.getByText("Passphrase changed.").waitFor();
    // To the keyring and back: it is still open.
    await page.getByRole("radio", { name: "System keyring" }).click();
    await page.getByRole("radio", { name: "Encrypted vault" }).click();
    await button(page, "Change passphrase").waitFor();
  });
});

describe("a password that cannot be saved", () => {
  async function save(page) {
    await button(page, "Add provider").click();
    await page.getByLabel("News server").fill("news.example.com");
    await page.getByLabel("User name").fill("reader");
    await page.getByLabel("Password", { exact: true }).fill("secret");
    await button(page, "Save").click();
    await page.getByRole("dialog", { name: "The password can't be saved" }).waitFor();
  }
  const edit = (page) => button(page, "Edit news.example.com").click();
  const hint = (page) => page.getByLabel("Password", { exact: true }).getAttribute("placeholder");

  test("can be kept for this session", async (t) => {
    const page = await open(t, { page: "providers", scenario: "locked" });
    await save(page);
    await button(page, "Only for this session").click();
    await edit(page);
    assert.equal(await hint(page), "Kept until Newsmux quits. Leave empty to keep it.");
  });

  test("is saved in the keyring once that is unlocked", async (t) => {
    const page = await open(t, { page: "providers", scenario: "asking" });
    await save(page);
    await page.getByRole("dialog").getByRole("button", { name: "Try again" }).click();
    await edit(page);
    assert.equal(await hint(page), "Saved. Leave empty to keep it.");
  });

  test("is saved in a new vault", async (t) => {
    const page = await open(t, { page: "providers", scenario: "absent" });
    await save(page);
    await page.getByRole("dialog").getByRole("button", { name: "Use an encrypted vault" }).click();
    await page.getByLabel("Passphrase", { exact: true }).fill("long enough");
    await page.getByLabel("Repeat passphrase").fill("long enough");
    await page.keyboard.press("Enter");
    await edit(page);
    assert.equal(await hint(page), "Saved. Leave empty to keep it.");
    await page.getByText("Saved in the encrypted vault.").waitFor();
  });

  test("stays in the form when the question is cancelled", async (t) => {
    const page = await open(t, { page: "providers", scenario: "locked" });
    await save(page);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "secret");
  });

  test("also of a login", async (t) => {
    const page = await open(t, { page: "clients", scenario: "locked" });
    await page.getByLabel("New login").fill("nzbget");
    await button(page, "Add login").click();
    await button(page, "Only for this session").click();
    await page.getByRole("dialog", { name: "Password for nzbget" }).waitFor();
  });
});

describe("what a click could lose", () => {
  test("asks before quitting while programs download", async (t) => {
    const page = await open(t, { scenario: "quitting" });
    const dialog = page.getByRole("dialog", { name: "Programs are downloading" });
    await dialog.getByRole("button", { name: "Quit Newsmux" }).waitFor();
    await dialog.getByRole("button", { name: "Keep running" }).click();
    await dialog.waitFor({ state: "detached" });
  });

  test("asks before quitting while a new password is shown", async (t) => {
    const page = await open(t, { scenario: "quitting-password" });
    const dialog = page.getByRole("dialog", { name: "The password for sabnzbd is still shown" });
    await dialog.getByText("If you quit Newsmux before you have copied it, you need to create a new one.").waitFor();
    await dialog.getByRole("button", { name: "Keep running" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("dialog", { name: "Password for sabnzbd" }).waitFor();
  });

  test("shows a new password until it is copied", async (t) => {
    const page = await open(t, { page: "clients" });
    await button(page, "New password for sabnzbd").click();
    await button(page, "Create it, I'll enter it myself").click();
    const dialog = page.getByRole("dialog", { name: "Password for sabnzbd" });
    await dialog.locator(".mono").waitFor();
    await page.keyboard.press("Escape");
    assert.ok(await dialog.isVisible(), "escape does not lose it");
    await button(page, "I've copied it").click();
    await dialog.waitFor({ state: "detached" });
  });

  test("restores what was removed, also later", async (t) => {
    const page = await open(t, { page: "providers" });
    await button(page, "More for Lantern").click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
    await page.getByText("Last removed: Lantern").waitFor();
    await page.getByRole("region", { name: "Messages" }).getByRole("button", { name: "Dismiss" }).click();
    await button(page, "Restore Lantern").click();
    await page.getByText("Last removed: Lantern").waitFor({ state: "detached" });
    await page.getByRole("heading", { name: "Lantern" }).waitFor();
  });

  test("undoes an earlier set-up with the program's key", async (t) => {
    const page = await open(t, { page: "clients", scenario: "set-up-before" });
    await button(page, "Undo").click();
    await page.getByText("Newsmux doesn't store it. Enter it again to undo the changes in SABnzbd.").waitFor();
    await page.getByLabel("API key").fill("0123456789abcdef");
    await button(page, "Undo").click();
    await page.getByText("Changes in SABnzbd undone.").waitFor();
  });
});

describe("the tray", () => {
  test("the first close says that Newsmux keeps running", async (t) => {
    const page = await open(t, { scenario: "farewell" });
    const dialog = page.getByRole("dialog", { name: "Newsmux keeps running in the tray" });
    await dialog.getByText("choose Open Newsmux from the tray icon's menu, or start Newsmux again").waitFor();
    for (const name of ["Close window", "Keep open", "Quit Newsmux"]) await dialog.getByRole("button", { name }).waitFor();
    assert.equal(await focused(page).textContent(), " Close window");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  });

  test("without a tray, the window says so and offers to quit", async (t) => {
    const page = await open(t, { scenario: "no-tray" });
    await page.getByText("This desktop has no tray. Closing this window only minimizes it; Newsmux keeps running.").waitFor();
    await button(page, "Quit Newsmux").waitFor();
    await page.keyboard.press("Control+6");
    await page.getByText("This desktop has no tray. Start Newsmux again to open its window.").waitFor();
  });
});
