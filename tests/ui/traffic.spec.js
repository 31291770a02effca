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
    await page.getByRole("menuitem", { name: "Priority and limits" }).click();
    await page.getByLabel("Speed limit (MB/s)").fill(speed);
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

test("a program has a priority, and connections of its own", async (t) => {
  const page = await open(t, { page: "overview", scenario: "busy" });
  await button(page, "More for sabnzbd").click();
  await page.getByRole("menuitem", { name: "Priority and limits" }).click();
  await page.getByLabel("Priority").selectOption("High");
  const connections = page.locator("dialog").getByLabel("Connections");
  await connections.fill("0");
  await page.keyboard.press("Enter");
  await page.getByText("Enter a number from 1 to 500.").waitFor();
  await connections.fill("4");
  await page.keyboard.press("Enter");
  await page.getByText("High priority, 4 connections at most").waitFor();
});

test("a program without a login is limited by its own name, and is none of the logins", async (t) => {
  const page = await open(t, { page: "overview", scenario: "no-logins" });
  await button(page, "More for NZBGet").click();
  await page.getByRole("menuitem", { name: "Priority and limits" }).click();
  await page.getByLabel("Speed limit (MB/s)").fill("0.5");
  await page.keyboard.press("Enter");
  await page.getByText("Limited to 500 kB/s").waitFor();
  await page.locator("nav").getByRole("button", { name: "Programs" }).click();
  await page.getByText("No login needed.").first().waitFor();
});

test("a pause lasts as long as was chosen, and is ended by one click", async (t) => {
  const page = await open(t, { page: "overview", scenario: "busy" });
  await button(page, "Pause").click();
  await page.getByRole("menuitem", { name: "Until resumed" }).click();
  await page.getByText("Paused. Downloads wait until you resume.").waitFor();
  await button(page, "Resume").click();
  await page.getByText("Newsmux is on. Programs are downloading.").waitFor();
  await button(page, "Pause").click();
  await page.getByRole("menuitem", { name: "For 1 hour" }).click();
  await page.getByText(/Paused until .*\. Downloads wait until then\./).waitFor();
});

test("what the schedule holds is shown with its end", async (t) => {
  const page = await open(t, { page: "overview", scenario: "scheduled" });
  await page.getByText(/Slow mode: limited to 1\.0 MB\/s until 23:00/).waitFor();
});

test("the schedule is edited line by line", async (t) => {
  const page = await open(t, { page: "settings", scenario: "scheduled" });
  const lines = page.locator("section:has(h3) li");
  assert.equal(await lines.count(), 3);
  await button(page, "Add a time").click();
  await lines.nth(3).getByLabel("What happens").selectOption("speed");
  await button(page, "Apply").click();
  await page.getByText("Enter at least 1.0 kB/s.").waitFor();
  await lines.nth(3).getByLabel("Limit (MB/s)").fill("3");
  await lines.nth(3).getByLabel("To", { exact: true }).fill("02:00");
  await page.getByText("Ends on the next day.").nth(1).waitFor();
  await lines.nth(3).getByRole("checkbox").first().uncheck();
  await button(page, "Apply").click();
  await button(page, "Apply").waitFor({ state: "detached" });
  assert.equal(await lines.count(), 4);
  assert.equal(await lines.nth(3).getByLabel("Limit (MB/s)").inputValue(), "3");
  assert.equal(await lines.nth(3).getByRole("checkbox").first().isChecked(), false);
  await button(page, "Remove 18:00 to 23:00").click();
  await button(page, "Apply").click();
  await button(page, "Apply").waitFor({ state: "detached" });
  assert.equal(await lines.count(), 3);
});
