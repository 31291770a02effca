// Helpers to use the window by keyboard only.
import assert from "node:assert/strict";

export const button = (page, name) => page.getByRole("button", { name, exact: true });
export const heading = (page, name) => page.getByRole("heading", { name, exact: true });
/** The description of a field, as a screen reader reads it. */
export const said = (field) => field.evaluate((input) => document.getElementById(input.getAttribute("aria-describedby"))?.textContent.trim());
export const isFocused = (locator) => locator.and(locator.page().locator(":focus")).waitFor();

/** Presses a key until `locator` has the focus. */
export async function tabTo(page, locator, key = "Tab") {
  for (let presses = 0; presses < 80; presses += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`the focus never comes to ${locator}`);
}

/** Goes to a control and presses a key there. */
export async function press(page, locator, key = "Enter") {
  await tabTo(page, locator);
  await page.keyboard.press(key);
}

/** Chooses from the menu that is open. */
export async function choose(page, name) {
  const item = page.getByRole("menuitem", { name });
  await tabTo(page, item, "ArrowDown");
  await page.keyboard.press("Enter");
}

export async function type(page, label, text) {
  const field = page.getByLabel(label, { exact: true });
  await tabTo(page, field);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}
