// Import from other programs and their set-up, by keyboard only.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, serve } from "./harness.js";
import { button, heading, isFocused, press, said, tabTo, type } from "./keys.js";

serve();

const row = (page, name) => page.locator("main li", { has: page.getByRole("heading", { name, exact: true }) });
const box = (page, name) => page.getByRole("checkbox", { name, exact: true });
const SABNZBD = "Show SABnzbd servers: /home/reader/.sabnzbd/sabnzbd.ini";

describe("import", () => {
  test("imports providers from a file that it found", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Import from SABnzbd or NZBGet"));
    await heading(page, "Import providers").waitFor();
    await press(page, button(page, SABNZBD));
    await heading(page, "Servers in SABnzbd").waitFor();
    await isFocused(heading(page, "Import providers"));
    assert.ok(await box(page, "Harbour").isChecked());
    assert.ok(!(await box(page, "Northwind").isChecked()), "what is there already is not chosen");
    await page.getByText("Limited to 500G. Enter how much of it you have already used.").waitFor();
    await page.getByText("Newsmux: this is Newsmux").waitFor();
    await press(page, box(page, "Quarry"), "Space");
    await press(page, button(page, "Import 1 provider"));
    await page.getByText("1 provider imported.").waitFor();
    await isFocused(heading(page, "Providers"));
    await row(page, "Harbour").getByText("0 of 30 open").or(row(page, "Harbour").getByText("of 30 open")).first().waitFor();
    assert.equal(await row(page, "Quarry").count(), 0);
  });

  test("imports nothing without a selection, and can be cancelled", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Import from SABnzbd or NZBGet"));
    await press(page, button(page, SABNZBD));
    for (const name of ["Harbour", "Quarry"]) await press(page, box(page, name), "Space");
    assert.ok(await button(page, "Import 0 providers").isDisabled());
    await press(page, button(page, "Another file"));
    await press(page, button(page, "Cancel"));
    await isFocused(heading(page, "Providers"));
  });

  test("is offered at the first start, and takes a chosen file", async (t) => {
    const page = await open(t, { scenario: "empty" });
    await press(page, button(page, "Import from SABnzbd or NZBGet"));
    const chooses = page.waitForEvent("filechooser");
    await press(page, button(page, "Choose a file"));
    const file = (name, text) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
    await (await chooses).setFiles(file("notes.txt", "hello"));
    await page.getByText("These aren't SABnzbd (sabnzbd.ini) or NZBGet (nzbget.conf) settings. If sabnzbd.ini is damaged, choose sabnzbd.ini.bak in the same folder.").waitFor();
    await page.locator("input[type=file]").setInputFiles(file("large.ini", `[servers]\n${"#".repeat(1 << 20)}`));
    await page.getByText("These aren't SABnzbd").waitFor();
    await page.locator("input[type=file]").setInputFiles(file("sabnzbd.ini", "[servers]"));
    await heading(page, "Servers in SABnzbd").waitFor();
  });

  test("shares the account of another server, unless the user says otherwise", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Import from SABnzbd or NZBGet"));
    const file = { name: "sabnzbd.ini", mimeType: "text/plain", buffer: Buffer.from("[servers]\n[[x]]\nhost = eu.harbour.example") };
    await page.locator("input[type=file]").setInputFiles(file);
    const shares = (name) => box(page, `Same account as ${name}: shares its connections`);
    const [europe, asia] = [shares("Harbour").first(), shares("Harbour").last()];
    assert.ok((await europe.isChecked()) && (await asia.isChecked()));
    assert.equal(await said(europe), "eu.harbour.example and us.harbour.example have the same domain and user name.");
    await page.getByText("Its volume and expiry date will apply to Harbour.").waitFor();
    await page.getByText("Its volume and expiry date will apply to Brickyard.").waitFor();
    await press(page, shares("Brickyard"), "Space");
    await press(page, button(page, "Import 4 providers"));
    const account = async (name) => {
      await press(page, button(page, `Edit ${name}`));
      await page.getByText("Account", { exact: true }).click();
      const select = page.getByLabel("Same account as");
      const chosen = await select.evaluate((list) => list.selectedOptions[0].textContent.trim());
      await press(page, button(page, "Cancel"));
      return chosen;
    };
    assert.equal(await account("Harbour Europe"), "Harbour");
    assert.equal(await account("Harbour Asia"), "Harbour");
    assert.notEqual(await account("Brickyard Europe"), "Brickyard");
  });

  test("names an account after the first server that is chosen", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Import from SABnzbd or NZBGet"));
    const file = { name: "sabnzbd.ini", mimeType: "text/plain", buffer: Buffer.from("[servers]\n[[x]]\nhost = eu.harbour.example") };
    await page.locator("input[type=file]").setInputFiles(file);
    const shares = (name) => box(page, `Same account as ${name}: shares its connections`);
    const counts = page.getByText("Its volume and expiry date will apply to Harbour.");
    const leftOut = page.getByText("Harbour has its own volume or expiry date; this server's aren't imported.");
    const used = (limit) => page.getByText(`Limited to ${limit}. Enter how much of it you have already used.`);
    await counts.waitFor();
    await leftOut.waitFor();
    assert.deepEqual([await used("700G").count(), await used("500G").count()], [1, 0], "a limit that isn't imported needs no attention");

    await press(page, shares("Harbour").first(), "Space");
    assert.deepEqual([await counts.count(), await leftOut.count(), await used("500G").count()], [1, 0, 1], "the account has no limit yet");
    await press(page, shares("Harbour").first(), "Space");

    await press(page, box(page, "Harbour"), "Space");
    assert.equal(await shares("Harbour").count(), 0);
    assert.equal(await said(shares("Harbour Europe")), "asia.harbour.example and eu.harbour.example have the same domain and user name.");
    await page.getByText("Harbour Europe has its own volume or expiry date; this server's aren't imported.").waitFor();
    await press(page, button(page, "Import 3 providers"));
    await press(page, button(page, "Edit Harbour Asia"));
    await page.getByText("Account", { exact: true }).click();
    const select = page.getByLabel("Same account as");
    assert.equal(await select.evaluate((list) => list.selectedOptions[0].textContent.trim()), "Harbour Europe");
  });

  test("asks what to do when the keyring is locked", async (t) => {
    const page = await open(t, { page: "providers", scenario: "locked" });
    await press(page, button(page, "Import from SABnzbd or NZBGet"));
    await press(page, button(page, SABNZBD));
    await press(page, button(page, "Import 2 providers"));
    await press(page, button(page, "Only for this session"));
    await row(page, "Harbour").waitFor();
    await row(page, "Quarry").waitFor();
  });
});

describe("the first login", () => {
  const add = async (page) => {
    await type(page, "New login", "downloads");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Programs will need a login" });
    await dialog.getByText("Newsmux refuses programs that don't use one.").waitFor();
    await dialog.getByText("Connected now: NZBGet.").waitFor();
    return dialog;
  };

  test("comes with a warning before anything is added", async (t) => {
    const page = await open(t, { page: "clients", scenario: "no-logins" });
    await add(page);
    await page.keyboard.press("Escape");
    await page.getByText("No login needed.").first().waitFor();
    await add(page);
    await press(page, button(page, "Add downloads, I'll enter it myself"));
    await page.getByRole("dialog", { name: "Password for downloads" }).waitFor();
  });

  test("is entered in SABnzbd in the same step", async (t) => {
    const page = await open(t, { page: "clients", scenario: "no-logins" });
    await add(page);
    await press(page, button(page, "Add it and enter it in SABnzbd"));
    await page.getByText("Newsmux adds the login downloads and enters it in SABnzbd.").waitFor();
    await type(page, "API key", "0123456789abcdef");
    await page.keyboard.press("Enter");
    await heading(page, "Newsmux is now a server in SABnzbd").waitFor();
    await button(page, "New password for downloads").waitFor();
    const next = page.getByRole("dialog", { name: "Enter downloads in your other programs too" });
    await next.getByText("Connected now: NZBGet.").waitFor();
    await next.getByRole("button", { name: "Enter it in NZBGet" }).click();
    await page.getByRole("dialog", { name: "Set up NZBGet" }).waitFor();
    assert.equal(await page.getByText("Newsmux adds the login downloads").count(), 0, "it is there already");
  });

  test("is not offered to another program when it could not be entered in the first", async (t) => {
    const page = await open(t, { page: "clients", scenario: "no-logins" });
    await add(page);
    await press(page, button(page, "Add it and enter it in SABnzbd"));
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByText("No login needed.").first().waitFor();
  });
});

describe("a new password", () => {
  test("is confirmed, and entered in the program", async (t) => {
    const page = await open(t, { page: "clients" });
    await press(page, button(page, "New password for sabnzbd"));
    const dialog = page.getByRole("dialog", { name: "New password for sabnzbd" });
    await dialog.getByText("Newsmux then refuses programs that log in as sabnzbd with the old password.").waitFor();
    await dialog.getByText("Connected now: sabnzbd.").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.equal(await page.getByRole("dialog").count(), 0, "nothing was changed");
    await press(page, button(page, "New password for sabnzbd"));
    await press(page, button(page, "Create it and enter it in SABnzbd"));
    await press(page, button(page, "I've copied it"));
    await page.getByRole("dialog", { name: "Set up SABnzbd" }).waitFor();
    await type(page, "API key", "0123456789abcdef");
    await page.keyboard.press("Enter");
    await heading(page, "Newsmux is now a server in SABnzbd").waitFor();
  });
});

describe("activity", () => {
  test("refused programs are shown by name", async (t) => {
    const page = await open(t, { page: "activity", scenario: "no-logins" });
    await page.getByText("Newsmux refused SABnzbd: it needs one of the logins under Programs").waitFor();
    await page.getByText("Newsmux refused nzbget: wrong user name or password").waitFor();
  });
});

describe("set-up", () => {
  test("sets up SABnzbd and shows the first article", async (t) => {
    const page = await open(t, { page: "clients" });
    await press(page, button(page, "Set it up for me"));
    const dialog = page.getByRole("dialog", { name: "Set up SABnzbd" });
    assert.equal(await dialog.getByLabel("Address of SABnzbd").inputValue(), "http://127.0.0.1:8080");
    await type(page, "API key", "wrong");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
    assert.equal(await said(dialog.getByLabel("API key")), "The program refused the key or password. Copy it again from the program's settings.");
    await type(page, "API key", "0123456789abcdef");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await heading(page, "Newsmux is now a server in SABnzbd").waitFor();
    await isFocused(heading(page, "Programs"));
    await page.getByText("Newsmux has no provider for Harbour.").waitFor();
    await page.getByText("The first article came through Newsmux. It works.").waitFor();
    await press(page, button(page, "Done"));
    await heading(page, "Newsmux is now a server in SABnzbd").waitFor({ state: "detached" });
    await isFocused(heading(page, "Programs"));
  });

  test("uses the key of imported settings, only at the address in them", async (t) => {
    const page = await open(t, { page: "clients", scenario: "imported" });
    await press(page, button(page, "Set it up for me"));
    const dialog = page.getByRole("dialog", { name: "Set up SABnzbd" });
    const key = dialog.getByLabel("API key");
    const known = dialog.getByText("Newsmux uses the API key from the imported settings.");
    await known.waitFor();
    assert.equal(await dialog.getByLabel("Address of SABnzbd").inputValue(), "http://127.0.0.1:8085");
    assert.equal(await key.count(), 0);
    await type(page, "Address of SABnzbd", "http://127.0.0.1:9999");
    await key.waitFor();
    assert.equal(await known.count(), 0);
    await type(page, "Address of SABnzbd", "http://127.0.0.1:8085/");
    await known.waitFor();
    await press(page, button(page, "Set it up"));
    await heading(page, "Newsmux is now a server in SABnzbd").waitFor();
  });

  for (const [lang, begin, field, key, refusals] of [
    ["en", "Set it up for me", "Address of SABnzbd", "API key", {
      "ftp://127.0.0.1": "Enter an address that begins with http:// or https://, such as http://127.0.0.1:8080.",
      "https://192.0.2.1:9090": "Newsmux uses https:// only for programs on this computer. Enter the http:// address instead.",
    }],
    ["de", "Für mich einrichten", "Adresse von SABnzbd", "API-Schlüssel", {
      "ftp://127.0.0.1": "Geben Sie eine Adresse ein, die mit http:// oder https:// beginnt, z. B. http://127.0.0.1:8080.",
      "https://192.0.2.1:9090": "Newsmux verwendet https:// nur für Programme auf diesem Computer. Geben Sie die Adresse mit http:// ein.",
    }],
  ]) {
    test(`takes HTTPS only on the same computer, in ${lang}`, async (t) => {
      const page = await open(t, { page: "clients", lang });
      await press(page, button(page, begin));
      await type(page, key, "0123456789abcdef");
      for (const [address, words] of Object.entries(refusals)) {
        await type(page, field, address);
        await page.keyboard.press("Enter");
        await page.locator("[aria-invalid]").waitFor();
        assert.equal(await said(page.getByLabel(field)), words);
      }
      await type(page, field, "https://127.0.0.1:9090");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    });
  }

  test("takes another key than the imported one", async (t) => {
    const page = await open(t, { page: "clients", scenario: "imported" });
    await press(page, button(page, "Set it up for me"));
    await press(page, button(page, "Enter another key"));
    const key = page.getByRole("dialog").getByLabel("API key");
    await isFocused(key);
    await page.keyboard.type("wrong");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
    assert.equal(await said(key), "The program refused the key or password. Copy it again from the program's settings.");
  });

  test("asks for the password when the program refuses the imported one", async (t) => {
    const page = await open(t, { page: "clients", scenario: "imported" });
    await tabTo(page, page.getByRole("radio", { name: "SABnzbd" }));
    await page.keyboard.press("ArrowRight");
    await press(page, button(page, "Set it up for me"));
    await page.getByText("Newsmux uses the password from the imported settings.").waitFor();
    await press(page, button(page, "Set it up"));
    const password = page.getByRole("dialog").getByLabel("Password");
    await password.waitFor();
    assert.equal(await said(password), "The program refused the key or password. Copy it again from the program's settings.");
  });

  test("keeps an undo for each program", async (t) => {
    const page = await open(t, { page: "clients", scenario: "set-up-before" });
    await tabTo(page, page.getByRole("radio", { name: "SABnzbd" }));
    await page.keyboard.press("ArrowRight");
    await press(page, button(page, "Set it up for me"));
    await type(page, "Address of NZBGet", "http://127.0.0.1:6789");
    await type(page, "Password", "secret");
    await press(page, button(page, "Set it up"));
    await heading(page, "Newsmux is now a server in NZBGet").waitFor();
    const sabnzbd = page.getByRole("region", { name: "Newsmux is now a server in SABnzbd" });
    await press(page, sabnzbd.getByRole("button", { name: "Done" }));
    await sabnzbd.waitFor({ state: "detached" });
    await heading(page, "Newsmux is now a server in NZBGet").waitFor();
    assert.equal(await button(page, "Undo").count(), 1);
  });

  test("sets up NZBGet with user name and password, and undoes it", async (t) => {
    const page = await open(t, { page: "clients", scenario: "idle" });
    await tabTo(page, page.getByRole("radio", { name: "SABnzbd" }));
    await page.keyboard.press("ArrowRight");
    await press(page, button(page, "Set it up for me"));
    await type(page, "Address of NZBGet", "http://nowhere:6789");
    await type(page, "Password", "secret");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
    assert.equal(await said(page.getByLabel("Address of NZBGet")), "No answer at this address. Check that the program is running, and its port.");
    await type(page, "Address of NZBGet", "http://127.0.0.1:6789");
    await press(page, page.getByRole("checkbox", { name: "Disable NZBGet's own servers" }), "Space");
    await press(page, button(page, "Set it up"));
    await page.getByText("Waiting for the first article. Start a download in NZBGet.").waitFor();
    assert.equal(await page.getByText("Disabled in NZBGet").count(), 0);
    await press(page, button(page, "Undo"));
    await page.getByText("Changes in NZBGet undone.").waitFor();
    assert.equal(await heading(page, "Newsmux is now a server in NZBGet").count(), 0);
  });
});
