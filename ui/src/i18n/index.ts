// The languages that the window speaks. A new one is a file like `de.ts` and a line here.
import type { Language } from "../bindings";
import { platform } from "../platform";
import type { Causes } from "./causes";
import { causes as germanCauses } from "./causes.de";
import { causes as englishCauses } from "./causes.en";
import { german } from "./de";
import { english, type Words } from "./en";

const dictionaries: Record<Exclude<Language, "system">, { words: Words; causes: Causes }> = {
  en: { words: english(platform), causes: englishCauses },
  de: { words: german(platform), causes: germanCauses },
};

export type { Words };

/** The words and reasons of a language, and the locale for figures: the system's, if it is of that language. */
export function speak(language: Language, system: string): { words: Words; causes: Causes; locale: string } {
  const spoken = system.split("-")[0] === "de" ? "de" : "en";
  const wanted = language === "system" ? spoken : language;
  return { ...dictionaries[wanted], locale: system.split("-")[0] === wanted ? system : wanted };
}
