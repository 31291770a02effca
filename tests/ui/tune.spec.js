// The search for the best number of connections.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, serve } from "./harness.js";
import { button, isFocused, press } from "./keys.js";

serve();

const dialog = (page) => page.getByRole("dialog", { name: "Find the best number of connections" });
const plan = (page) => page.getByLabel("Connections your plan allows");

async function begin(t, scenario, name = "Northwind") {
  const page = await open(t, { page: "providers", scenario });
  await page.getByRole("button", { name: `Edit ${name}`, exact: true }).click();
  await press(page, button(page, "Find the best number of connections"));
  await dialog(page).waitFor();
  return page;
}

test("says what it costs, shows the curve, and fills in what it found", async (t) => {
  const page = await begin(t, "idle");
  await dialog(page).getByText("up to 1 GB, for at most 2 minutes").waitFor();
  await plan(page).fill("50");
  await button(page, "Start").click();
  await dialog(page).getByText(/^2 connections: 18\.0 MB\/s$/).waitFor();
  await dialog(page).getByText("12 connections are enough: 95.0 MB/s.").waitFor();
  const curve = dialog(page).getByRole("img", { name: /^Speed by connections: 1: 9\.0 MB\/s, .* and 16: 95\.0 MB\/s\.$/ });
  assert.equal(await curve.locator("circle").count(), 7);
  assert.equal(await curve.locator("circle.chosen").count(), 1);
  await dialog(page).getByRole("img", { name: /^Speed by requests per connection/ }).waitFor();
  await button(page, "Use 12 connections").click();
  await dialog(page).waitFor({ state: "detached" });
  const field = page.getByLabel("Connections", { exact: true });
  await isFocused(field);
  assert.equal(await field.inputValue(), "12");
  await button(page, "Save").click();
  await page.getByText("of 12").first().waitFor();
});

test("can be stopped, and a closed dialog forgets it", async (t) => {
  const page = await begin(t, "idle");
  await button(page, "Start").click();
  await dialog(page).getByRole("img").first().waitFor();
  await button(page, "Stop").click();
  await plan(page).waitFor();
  assert.equal(await dialog(page).getByRole("img").count(), 0);
  await button(page, "Start").click();
  await button(page, "Stop").waitFor();
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  await press(page, button(page, "Find the best number of connections"));
  await button(page, "Start").waitFor();
});

test("says what is in the way, and what to enter", async (t) => {
  const page = await begin(t, "busy");
  await plan(page).fill("0");
  await button(page, "Start").click();
  await dialog(page).getByText("Enter a number from 1 to 500.").waitFor();
  await plan(page).fill("20");
  await button(page, "Start").click();
  await dialog(page).getByText("A program is downloading. Stop your downloads, then try again.").waitFor();
  await button(page, "Try again").waitFor();
});

test("warns before it uses a limited volume", async (t) => {
  const page = await begin(t, "accounts", "Brickyard");
  await dialog(page).getByText("at most a tenth of what is left").waitFor();
});

test("a new provider has nothing to measure with", async (t) => {
  const page = await open(t, { page: "providers" });
  await press(page, button(page, "Add provider"));
  await page.getByLabel("News server").waitFor();
  assert.equal(await button(page, "Find the best number of connections").count(), 0);
});
