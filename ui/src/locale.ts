// Web views report the POSIX locale as "C", which is not a language tag (BCP 47), so Intl throws. Imported first, to replace it
// before anything reads the language.
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en" });
}
