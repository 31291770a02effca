// The way from the first provider to the first article.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, serve } from "./harness.js";

serve();

const steps = (page) => page.getByRole("region", { name: "First steps" });
const current = (page) => steps(page).locator("[aria-current=step]").innerText();

test("the first steps lead to a test and to a program, from every page", async (t) => {
  const page = await open(t, { scenario: "first" });
  assert.match(await current(page), /^Provider works/);
  await steps(page).getByRole("button", { name: "Test it" }).click();
  await page.getByRole("heading", { level: 1, name: "Edit Northwind" }).waitFor();
  assert.equal(await steps(page).count(), 0, "not beside what is being entered");
  await page.getByRole("button", { name: "Cancel" }).click();
  await steps(page).getByRole("button", { name: "Set one up" }).click();
  await page.getByRole("heading", { level: 1, name: "Programs" }).waitFor();
  assert.match(await current(page), /^Provider works/);
});

test("a test that passed before it was saved counts", async (t) => {
  const page = await open(t, { scenario: "first" });
  await steps(page).getByRole("button", { name: "Test it" }).click();
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.getByText("It works.").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await steps(page).getByText("Provider works: done").waitFor();
  assert.match(await current(page), /^Program set up/);
});

test("the first steps can be hidden, and are not seen where they were done", async (t) => {
  const page = await open(t, { scenario: "first" });
  await steps(page).getByRole("button", { name: "Hide" }).click();
  await steps(page).waitFor({ state: "detached" });
  const done = await open(t, { scenario: "idle" });
  assert.equal(await steps(done).count(), 0);
});

test("without a provider the welcome is the first step", async (t) => {
  const page = await open(t, { scenario: "empty" });
  await page.getByRole("heading", { name: "Welcome to Newsmux" }).waitFor();
  assert.equal(await steps(page).count(), 0);
});
