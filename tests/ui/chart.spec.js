// The chart of the speed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, serve } from "./harness.js";

serve();

test("the last label of the time axis is not cut off", async (t) => {
  // It is exactly on the minute, so that the last label belongs to the end of the axis.
  const noon = Date.parse("2026-01-05T12:00:00Z");
  const page = await open(t, { locale: "en-US", init: { content: `Date.now = () => ${noon};` } });
  await page.locator("canvas").waitFor();
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  const { edge, label } = await page.locator("canvas").evaluate((canvas) => {
    const [width, height] = [60, 24 * devicePixelRatio];
    const { data } = canvas.getContext("2d").getImageData(canvas.width - width, canvas.height - height, width, height);
    const ink = (column) => [...Array(height).keys()].some((row) => data[(row * width + column) * 4 + 3] > 0);
    return { edge: ink(width - 1), label: [...Array(width).keys()].some(ink) };
  });
  assert.ok(label, "there is a label at the end");
  assert.ok(!edge, "it is not cut off by the edge");
});
