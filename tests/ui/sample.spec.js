// Trying Newsmux without an account, without a mouse.
import { test } from "node:test";
import { open, serve } from "./harness.js";
import { button, heading, isFocused, press } from "./keys.js";

serve();

const TITLE = "Sample provider (not real Usenet)";

test("without a provider the sample can be tried, and switched off again", async (t) => {
  const page = await open(t, { scenario: "empty" });
  await press(page, button(page, "Try it without an account"));
  await heading(page, TITLE).waitFor();
  await isFocused(heading(page, "Overview"));
  await page.getByText("Newsmux Sample", { exact: true }).waitFor();
  await press(page, button(page, "Turn off"));
  await heading(page, "Welcome to Newsmux").waitFor();
  await isFocused(heading(page, "Overview"));
});

test("its .nzb is saved, and the place is said", async (t) => {
  const page = await open(t, { scenario: "sample" });
  await press(page, button(page, "Save the sample .nzb"));
  await page.getByRole("status").getByText("/home/reader/Downloads/newsmux-sample.nzb").waitFor();
});

test("it leads to how a program is set up", async (t) => {
  const page = await open(t, { scenario: "sample" });
  await press(page, button(page, "How to set up a program").first());
  await heading(page, "Set up a program").waitFor();
});

test("a provider that is added takes its place", async (t) => {
  const page = await open(t, { scenario: "sample" });
  await press(page, button(page, "Add provider"));
  await page.getByLabel("News server", { exact: true }).fill("news.example.com");
  await press(page, button(page, "Save"));
  await page.keyboard.press("Control+1");
  await page.getByText("news.example.com").first().waitFor();
  await heading(page, TITLE).waitFor({ state: "detached" });
});

test("those who have a provider are not offered it", async (t) => {
  const page = await open(t);
  await heading(page, "Speed").waitFor();
  await button(page, "Try it without an account").waitFor({ state: "detached" });
  await heading(page, TITLE).waitFor({ state: "detached" });
});
