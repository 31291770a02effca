// A web view takes over the system's locale, and calls the POSIX one "C", which is no language tag (BCP 47): what comes
// of it then throws. Imported before all that asks for the language.
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en" });
}
