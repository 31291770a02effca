// The sample provider, by keyboard only.
import { test } from "node:test";
import { open, serve } from "./harness.js";
import { button, heading, isFocused, press } from "./keys.js";

serve();

const TITLE = "Sample provider (not real Usenet)";

test("can be turned on and off without a provider", async (t) => {
  const page = await open(t, { scenario: "empty" });
  await press(page, button(page, "Try it without an account"));
  await heading(page, TITLE).waitFor();
  await isFocused(heading(page, "Overview"));
  await page.getByText("Newsmux Sample", { exact: true }).waitFor();
  await press(page, button(page, "Turn off"));
  await heading(page, "Welcome to Newsmux").waitFor();
  await isFocused(heading(page, "Overview"));
});

test("saves its .nzb and says where", async (t) => {
  const page = await open(t, { scenario: "sample" });
  await press(page, button(page, "Save the sample .nzb"));
  await page.getByRole("status").getByText("/home/reader/Downloads/newsmux-sample.nzb").waitFor();
});

test("leads to the set-up of a program", async (t) => {
  const page = await open(t, { scenario: "sample" });
  await press(page, button(page, "How to set up a program").first());
  await heading(page, "Set up a program").waitFor();
});

test("goes away when a provider is added", async (t) => {
  const page = await open(t, { scenario: "sample" });
  await press(page, button(page, "Add provider"));
  await page.getByLabel("News server", { exact: true }).fill("news.example.com");
  await press(page, button(page, "Save"));
  await page.keyboard.press("Control+1");
  await page.getByText("news.example.com").first().waitFor();
  await heading(page, TITLE).waitFor({ state: "detached" });
});

test("is not offered when there is a provider", async (t) => {
  const page = await open(t);
  await heading(page, "Speed").waitFor();
  await button(page, "Try it without an account").waitFor({ state: "detached" });
  await heading(page, TITLE).waitFor({ state: "detached" });
});
