// The provider test: findings in words and shapes, and remedies.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, serve } from "./harness.js";
import { button, isFocused, press, said, type } from "./keys.js";

serve();

const region = (page) => page.getByRole("region", { name: "Test" });
const line = (page, text) => region(page).locator("li", { hasText: text });
const verdict = (page, text) => region(page).getByRole("status").getByText(text, { exact: true }).waitFor();
const field = (page, label) => page.getByLabel(label, { exact: true });

async function check(t, host, { port, tls } = {}) {
  const page = await open(t, { page: "providers" });
  await press(page, button(page, "Add provider"));
  await page.keyboard.type(host);
  await type(page, "User name", "reader");
  await type(page, "Password", "secret");
  if (tls || port) {
    if (tls) await field(page, "Encryption").selectOption(tls);
    if (port) await type(page, "Port", port);
  }
  await press(page, button(page, "Test"));
  return page;
}

/** Applies a remedy: the changed field has the focus, and the test runs again. */
async function helped(page, remedy, changed, after = "It works.") {
  await press(page, button(page, remedy));
  await isFocused(field(page, changed));
  await verdict(page, after);
  assert.equal(await button(page, remedy).count(), 0, "what was done is not offered again");
}

describe("remedies", () => {
  test("fewer connections", async (t) => {
    const page = await check(t, "few.example");
    await verdict(page, "It works, with warnings.");
    await line(page, "Connections: warning").getByText("4 granted, 8 requested.").waitFor();
    await line(page, "Connections").locator("q", { hasText: "502 Too many connections" }).waitFor();
    await helped(page, "Use 4 connections", "Connections");
    assert.equal(await field(page, "Connections").inputValue(), "4");
  });

  test("encryption on the usual port", async (t) => {
    const page = await check(t, "dead.example", { port: "80" });
    await verdict(page, "It doesn't work yet.");
    await line(page, "Connection: failed").getByText("No connection: connection refused.").waitFor();
    await helped(page, "Use TLS on port 563", "Encryption");
    assert.equal(await field(page, "Encryption").inputValue(), "on");
    assert.equal(await field(page, "Port").inputValue(), "", "the usual port is not written out");
  });

  test("encryption on the same port", async (t) => {
    const page = await check(t, "secure.example", { tls: "off", port: "443" });
    await line(page, "Greeting: failed").getByText("encryption is off here").waitFor();
    await helped(page, "Use TLS on port 443", "Encryption");
    assert.equal(await field(page, "Port").inputValue(), "443");
  });

  test("STARTTLS", async (t) => {
    const page = await check(t, "starttls.example");
    await helped(page, "Use STARTTLS on port 119", "Encryption");
    assert.equal(await field(page, "Encryption").inputValue(), "starttls");
  });

  test("no encryption comes with a warning, before and after", async (t) => {
    const page = await check(t, "plain.example");
    await line(page, "Encryption: failed").getByText("Others can then read your password and downloads in transit.").waitFor();
    await helped(page, "Use no encryption, on port 119", "Encryption", "It works, with warnings.");
    assert.equal(await field(page, "Encryption").inputValue(), "off");
  });
});

describe("findings", () => {
  test("shows a certificate that it refuses", async (t) => {
    const page = await check(t, "certificate.example");
    const found = line(page, "Encryption: failed");
    await found.getByText("The certificate is for another server.").waitFor();
    await found.getByText("For elsewhere.example and www.elsewhere.example, issued by Example Authority R3").waitFor();
    assert.equal(await region(page).locator("li button").count(), 0);
  });

  test("warns when a certificate expires soon", async (t) => {
    const page = await check(t, "ending.example");
    await line(page, "Encryption: warning").getByText("It expires in 9 days.").waitFor();
  });

  test("recognizes an indexer's address", async (t) => {
    const page = await check(t, "web.example");
    await line(page, "Greeting: failed").getByText("You may have entered an indexer or website").waitFor();
  });

  test("explains how it knows the reason of a refusal", async (t) => {
    let page = await check(t, "unclear.example");
    await line(page, "Login: failed").getByText("but refused twice").waitFor();
    page = await check(t, "full.example");
    await line(page, "Login: failed").getByText("another program uses the account").waitFor();
  });

  test("is translated, except for the provider's own reply", async (t) => {
    const page = await open(t, { page: "providers", lang: "de" });
    await page.getByRole("button", { name: "Anbieter hinzufügen" }).click();
    await page.keyboard.type("few.example");
    await page.getByRole("button", { name: "Testen" }).click();
    const found = page.getByRole("region", { name: "Test" }).locator("li", { hasText: "Verbindungen: Warnung" });
    await found.getByText("4 gewährt, 8 angefordert.").waitFor();
    await found.locator("q", { hasText: "502 Too many connections" }).waitFor();
    await found.getByRole("button", { name: "4 Verbindungen verwenden" }).waitFor();
  });
});

test("suggests well-known news servers", async (t) => {
  const page = await open(t, { page: "providers" });
  await press(page, button(page, "Add provider"));
  const host = field(page, "News server");
  const offered = await host.evaluate((input) => [...input.list.options].map((option) => option.value));
  assert.ok(offered.length >= 8 && offered.every((name) => /^[a-z.]+$/.test(name)), String(offered));
  await page.keyboard.type(offered[1]);
  assert.match(await said(host), /TLS on port 563/);
});
