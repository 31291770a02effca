// SSL for programs: under Settings, in the instructions for programs, and when it fails.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, serve } from "./harness.js";

serve();

const WORDS = {
  en: { title: "SSL for programs", fingerprint: "Fingerprint (SHA-256)", save: "Save certificate", saved: "Saved as /home/reader/Downloads/newsmux-certificate.crt", clear: "Without SSL, programs on other computers send their password unencrypted.", without: "Without SSL" },
  de: { title: "SSL für Programme", fingerprint: "Fingerabdruck (SHA-256)", save: "Zertifikat speichern", saved: "Gespeichert als /home/reader/Downloads/newsmux-certificate.crt", clear: "Ohne SSL senden Programme auf anderen Computern ihr Passwort unverschlüsselt.", without: "Ohne SSL" },
};

for (const [lang, words] of Object.entries(WORDS)) {
  test(`it is turned on and off, and shows the certificate to import, in ${lang}`, async (t) => {
    const page = await open(t, { page: "settings", lang });
    const toggle = page.getByRole("switch", { name: words.title });
    const fingerprint = page.getByText(words.fingerprint, { exact: true });
    assert.equal(await fingerprint.count(), 0);
    await toggle.click();
    await fingerprint.waitFor();
    await page.getByText("192.168.1.20").waitFor();
    await page.getByRole("button", { name: words.save }).click();
    await page.getByText(words.saved).waitFor();
    assert.equal(await page.getByText(words.clear).count(), 0, "nothing is reached from outside");
    await toggle.click();
    await fingerprint.waitFor({ state: "detached" });
  });

  test(`programs are told to use it, or the plain port, in ${lang}`, async (t) => {
    const page = await open(t, { page: "clients", scenario: "encrypted", lang });
    const newsreader = page.locator("label", { hasText: "Newsreader" });
    await newsreader.click();
    const settings = page.locator("dl");
    await settings.getByText("192.168.1.20").waitFor();
    await settings.getByText("10563").waitFor();
    await settings.getByText("SSL/TLS").waitFor();
    await page.locator("label", { hasText: words.without }).click();
    await settings.getByText("127.0.0.1").waitFor();
    await settings.getByText("10080").waitFor();
  });

  test(`a port without SSL that other computers can reach is warned about, in ${lang}`, async (t) => {
    const page = await open(t, { page: "settings", scenario: "encrypted-port", lang });
    await page.getByText(words.clear).waitFor();
  });
}

test("NZBGet is given a host name, which it can verify", async (t) => {
  const page = await open(t, { page: "clients", scenario: "encrypted" });
  await page.locator("label", { hasText: "NZBGet" }).click();
  await page.locator("summary").click();
  await page.locator("dl").getByText("desk.local").waitFor();
});

test("a busy port is told, and a free one is one click away", async (t) => {
  const page = await open(t, { page: "overview", scenario: "encrypted-port" });
  const said = page.getByText("Port 10563 with SSL is used by stunnel (4711).");
  await said.waitFor();
  await page.getByRole("button", { name: "Use port 10564" }).click();
  await said.waitFor({ state: "detached" });
});

test("other computers need a login, and the two ports are different", async (t) => {
  const page = await open(t, { page: "settings", scenario: "empty" });
  await page.getByRole("switch", { name: "SSL for programs" }).click();
  const [host, port] = [page.getByLabel("Host with SSL"), page.getByLabel("Port with SSL")];
  const apply = page.getByRole("button", { name: "Apply" });
  await host.fill("0.0.0.0");
  await apply.click();
  await page.getByText("Other computers could connect without a login.").waitFor();
  await host.fill("127.0.0.1");
  await port.fill("10080");
  await apply.click();
  await page.getByText("Newsmux already uses this port. Choose another.").waitFor();
  await port.fill("10600");
  await apply.click();
  await apply.waitFor({ state: "detached" });
  assert.equal(await port.inputValue(), "10600");
});
