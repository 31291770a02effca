// Speed limits: slow mode, the limit for everything, and those of programs and providers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, serve } from "./harness.js";
import { button } from "./keys.js";

serve();

test("slow mode is one click in the overview, and can be seen while it is on", async (t) => {
  const page = await open(t, { page: "overview", scenario: "busy" });
  const slow = button(page, "Slow mode");
  assert.equal(await slow.getAttribute("aria-pressed"), "false");
  await slow.click();
  await page.getByText("Slow mode: limited to 1.0 MB/s").waitFor();
  await page.locator("nav [role=status]").getByText("Slow mode").waitFor();
  await page.getByText("Slow mode turned on").waitFor();
  await slow.click();
  await page.getByText("Slow mode: limited to 1.0 MB/s").waitFor({ state: "detached" });
});

test("the limit for everything is entered in megabytes a second", async (t) => {
  const page = await open(t, { page: "settings", scenario: "busy" });
  const all = page.getByLabel("Speed limit (MB/s)");
  await all.fill("0.0001");
  await button(page, "Apply").click();
  await page.getByText("Enter at least 1.0 kB/s.").waitFor();
  await all.fill("12.5");
  await button(page, "Apply").click();
  await button(page, "Apply").waitFor({ state: "detached" });
  assert.equal(await all.inputValue(), "12.5");
  await all.fill("");
  await button(page, "Apply").click();
  await button(page, "Apply").waitFor({ state: "detached" });
});

test("a program is limited from its menu", async (t) => {
  const page = await open(t, { page: "overview", scenario: "busy" });
  const limit = async (speed) => {
    await button(page, "More for sabnzbd").click();
    await page.getByRole("menuitem", { name: "Limit speed" }).click();
    await page.locator("dialog input").fill(speed);
    await page.keyboard.press("Enter");
  };
  await limit("-1");
  await page.getByText("Enter at least 1.0 kB/s.").waitFor();
  await page.keyboard.press("Escape");
  await limit("5");
  await page.getByText("Limited to 5.0 MB/s").waitFor();
  await limit("");
  await page.getByText("Limited to 5.0 MB/s").waitFor({ state: "detached" });
});

test("a program without a login is limited by its own name, and is none of the logins", async (t) => {
  const page = await open(t, { page: "overview", scenario: "no-logins" });
  await button(page, "More for NZBGet").click();
  await page.getByRole("menuitem", { name: "Limit speed" }).click();
  await page.locator("dialog input").fill("0.5");
  await page.keyboard.press("Enter");
  await page.getByText("Limited to 500 kB/s").waitFor();
  await page.locator("nav").getByRole("button", { name: "Programs" }).click();
  await page.getByText("No login needed.").first().waitFor();
});
