// Every view, in both languages, light and dark, large and small: it fits, is accessible, and causes no error.
import { describe, test } from "node:test";
import { assertAccessible, assertFits, LARGE, open, picture, serve, SMALL } from "./harness.js";
import { views } from "./views.js";

serve();

const wanted = process.env.VIEWS ? Object.keys(views).filter((name) => name.includes(process.env.VIEWS)) : Object.keys(views);

for (const lang of ["en", "de"]) {
  describe(lang, () => {
    for (const name of wanted) {
      test(name, async (t) => {
        const [at, scenario, prepare] = views[name];
        const page = await open(t, { scenario, page: at, lang });
        await prepare?.(page);
        for (const [size, viewport] of Object.entries({ large: LARGE, small: SMALL })) {
          await page.setViewportSize(viewport);
          await assertFits(page, `${name} in ${lang}, ${size}`);
          for (const scheme of ["light", "dark"]) {
            await page.emulateMedia({ colorScheme: scheme });
            await picture(page, `${name}-${lang}-${size}-${scheme}`);
            // Words are longest in German: where they are squeezed, too, everything has to be within reach.
            if ((viewport === LARGE) === (lang === "en")) await assertAccessible(page, `${name} in ${lang}, ${scheme}, ${size}`);
          }
        }
      });
    }
  });
}

test("the picture in the README", async (t) => {
  const page = await open(t, { size: { width: 1000, height: 640 } });
  await page.locator("main li .figures").first().waitFor();
  await picture(page, "readme");
});

test("the picture of the statistics in the README", async (t) => {
  const page = await open(t, { size: { width: 1000, height: 1085 }, scenario: "accounts", page: "statistics" });
  await page.locator("article").first().waitFor();
  await page.locator("canvas").waitFor();
  await picture(page, "readme-statistics");
});
