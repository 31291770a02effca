// The languages that the window speaks. A new one is a file like `de.ts` and a line here.
import type { Language } from "../bindings";
import { de } from "./de";
import { en, type Words } from "./en";

const dictionaries: Record<Exclude<Language, "system">, Words> = { en, de };

export type { Words };

/** The words of a language, and the locale to write figures in: the system's, where it is of that language. */
export function speak(language: Language, system: string): { words: Words; locale: string } {
  const spoken = system.split("-")[0] === "de" ? "de" : "en";
  const wanted = language === "system" ? spoken : language;
  return { words: dictionaries[wanted], locale: system.split("-")[0] === wanted ? system : wanted };
}
