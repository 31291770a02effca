// The way from the first provider to the first article.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, serve } from "./harness.js";

serve();

const steps = (page) => page.getByRole("region", { name: "First steps" });
const current = (page) => steps(page).locator("[aria-current=step]").innerText();

test("lead to a test and a program, on the Overview only", async (t) => {
  const page = await open(t, { scenario: "first" });
  assert.match(await current(page), /Provider works: not yet/);
  await steps(page).getByRole("button", { name: "Test it" }).click();
  await page.getByRole("heading", { level: 1, name: "Edit Northwind" }).waitFor();
  await page.getByText("It works.").waitFor();
  assert.equal(await steps(page).count(), 0, "on the overview only");
  await page.getByRole("button", { name: "Save" }).click();
  await page.keyboard.press("Control+1");
  await steps(page).getByText("Provider works: done").waitFor();
  await steps(page).getByRole("button", { name: "Set one up" }).click();
  await page.getByRole("heading", { level: 1, name: "Programs" }).waitFor();
  assert.equal(await steps(page).count(), 0, "on the overview only");
});

test("nothing is said to be well before a provider was used or tested", async (t) => {
  const page = await open(t, { scenario: "first" });
  const said = page.locator("#power-said");
  await said.getByText("Newsmux is on. No provider has been used yet.").waitFor();
  assert.equal(await page.locator("nav .good, .said .good").count(), 0);
  await steps(page).getByRole("button", { name: "Test it" }).click();
  await page.getByText("It works.").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await page.keyboard.press("Control+1");
  await said.getByText("Newsmux is on and idle.").waitFor();
  assert.equal(await page.locator("nav .good, .said .good").count(), 2);
});

test("stay done after a restart", async (t) => {
  const page = await open(t, { scenario: "first-again" });
  await steps(page).getByText("Provider works: done").waitFor();
  assert.match(await current(page), /Program set up: not yet/);
});

test("take one line", async (t) => {
  const page = await open(t, { scenario: "first" });
  const height = await steps(page).evaluate((section) => section.getBoundingClientRect().height);
  assert.ok(height < 64, `they are ${height} px high`);
});

test("can be hidden, and are not shown again", async (t) => {
  const page = await open(t, { scenario: "first" });
  await steps(page).getByRole("button", { name: "Hide" }).click();
  await steps(page).waitFor({ state: "detached" });
  const done = await open(t, { scenario: "idle" });
  assert.equal(await steps(done).count(), 0);
});

test("without a provider, the welcome takes their place", async (t) => {
  const page = await open(t, { scenario: "empty" });
  await page.getByRole("heading", { name: "Welcome to Newsmux" }).waitFor();
  assert.equal(await steps(page).count(), 0);
});
