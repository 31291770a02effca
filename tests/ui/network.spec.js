// A provider behind a proxy or a VPN: the form, what it sends, and the steps of the test.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, serve } from "./harness.js";
import { button, press, type } from "./keys.js";

serve();

const region = (page) => page.getByRole("region", { name: "Test" });
const field = (page, label) => page.getByLabel(label, { exact: true });

async function form(t) {
  const page = await open(t, { page: "providers" });
  await press(page, button(page, "Add provider"));
  await page.keyboard.type("news.example.org");
  await press(page, page.getByText("Network", { exact: true }));
  return page;
}

describe("a provider behind a proxy", () => {
  test("needs the proxy's password only if the proxy has a user", async (t) => {
    const page = await form(t);
    await type(page, "SOCKS5 proxy", "socks5://127.0.0.1:9050");
    assert.equal(await field(page, "Proxy password").count(), 0);
    await type(page, "SOCKS5 proxy", "socks5://me@proxy.example");
    await field(page, "Proxy password").waitFor();
    await press(page, button(page, "Save"));
    await page.getByText("Enter the proxy's password.").waitFor();
    await type(page, "Proxy password", "secret");
    await press(page, button(page, "Save"));
    await page.getByText("news.example.org").first().waitFor();
  });

  test("takes a pasted address apart", async (t) => {
    const page = await form(t);
    await type(page, "SOCKS5 proxy", "socks5://me:pass%21@proxy.example:1080");
    await page.keyboard.press("Tab");
    assert.equal(await field(page, "SOCKS5 proxy").inputValue(), "socks5://me@proxy.example:1080");
    assert.equal(await field(page, "Proxy password").inputValue(), "pass%21");
  });

  test("is told what is wrong with the address", async (t) => {
    const page = await form(t);
    for (const wrong of ["http://proxy.example", "socks5://proxy.example:0", "socks5://a b"]) {
      await type(page, "SOCKS5 proxy", wrong);
      await press(page, button(page, "Save"));
      await page.getByText("Enter the proxy like this").waitFor();
    }
  });

  test("asks for the password again when the proxy is another", async (t) => {
    const page = await form(t);
    await type(page, "SOCKS5 proxy", "me@proxy.example");
    await type(page, "Proxy password", "secret");
    await press(page, button(page, "Save"));
    await press(page, page.getByRole("button", { name: /Edit news\.example\.org/ }));
    assert.equal(await field(page, "SOCKS5 proxy").inputValue(), "socks5://me@proxy.example", "the fold is open, and the scheme was added");
    await type(page, "SOCKS5 proxy", "socks5://me@other.example");
    await press(page, button(page, "Save"));
    await page.getByText("Enter the password again: the saved one is for another proxy or user.").waitFor();
  });

  test("shows the proxy as a step of the test", async (t) => {
    const page = await form(t);
    await type(page, "SOCKS5 proxy", "socks5://127.0.0.1:9050");
    await press(page, button(page, "Test"));
    await region(page).locator("li", { hasText: "Proxy: passed" }).getByText("127.0.0.1:9050").waitFor();
    await region(page).locator("li", { hasText: "DNS lookup: passed" }).getByText("looked up by the proxy").waitFor();
    await type(page, "SOCKS5 proxy", "socks5://down.example");
    await press(page, button(page, "Test again"));
    await region(page).locator("li", { hasText: "Proxy: failed" }).getByText("No connection to down.example: connection refused.").waitFor();
  });
});

describe("a provider behind a VPN", () => {
  test("suggests the interfaces of this computer", async (t) => {
    const page = await form(t);
    await page.locator("#network-interfaces option[value=tun0]").waitFor({ state: "attached" });
  });

  test("shows the interface as a step of the test", async (t) => {
    const page = await form(t);
    await type(page, "Network interface", "tun0");
    await press(page, button(page, "Test"));
    await region(page).locator("li", { hasText: "Network interface: passed" }).getByText("tun0: 10.8.0.2").waitFor();
    await type(page, "Network interface", "down0");
    await press(page, button(page, "Test again"));
    await region(page).locator("li", { hasText: "Network interface: failed" }).getByText("There is no network interface down0").waitFor();
  });

  test("can't use one version of IP from an address of the other", async (t) => {
    const page = await form(t);
    await type(page, "Network interface", "10.8.0.2");
    await field(page, "IP version").selectOption("v6");
    await press(page, button(page, "Save"));
    await page.getByText("This doesn't match the network interface's or the news server's address.").waitFor();
    await field(page, "IP version").selectOption("v4");
    await press(page, button(page, "Save"));
    await page.getByText("news.example.org").first().waitFor();
  });

  test("is not asked about when there is no interface or proxy", async (t) => {
    const page = await form(t);
    await press(page, button(page, "Test"));
    await region(page).locator("li", { hasText: "DNS lookup: passed" }).waitFor();
    assert.equal(await region(page).locator("li", { hasText: "Proxy" }).count(), 0);
  });
});

describe("a port of its own", () => {
  test("says what it is for, with the address to enter", async (t) => {
    const page = await open(t, { page: "providers" });
    await press(page, button(page, "Add provider"));
    await page.keyboard.type("news.example.org");
    await press(page, page.getByText("More", { exact: true }));
    await type(page, "Own port", "70000");
    await press(page, button(page, "Save"));
    await page.getByText("Enter a number from 1 to 65,535.").waitFor();
    await type(page, "Own port", "10081");
    await page.getByText(/Programs that connect to .*:10081 use only this provider\./).waitFor();
    await press(page, button(page, "Save"));
    await page.getByText("news.example.org").first().waitFor();
  });

  test("that is in use is told with the program that uses it", async (t) => {
    const page = await open(t, { scenario: "provider-port" });
    await page.getByText("Port 10081, for programs that use only Northwind, is used by python3 (4711).").waitFor();
    await press(page, button(page, "Change port"));
    await page.getByRole("heading", { level: 1, name: "Edit Northwind" }).waitFor();
  });
});
