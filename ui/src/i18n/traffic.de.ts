// Speed limits, in German.
import type { traffic as english } from "./traffic.en";

export const traffic: typeof english = {
  slow: "Langsamer Modus",
  slowOn: (speed) => `Langsamer Modus: auf ${speed} begrenzt`,
  limited: (speed) => `Auf ${speed} begrenzt`,
  title: "Geschwindigkeit",
  all: "Limit (MB/s)",
  allHint: "Für alles, was Newsmux herunterlädt. Leer: kein Limit.",
  slowSpeed: "Langsamer Modus (MB/s)",
  slowHint: "Den langsamen Modus schalten Sie in der Übersicht oder im Menü des Newsmux-Symbols ein.",
  noLimit: "Kein Limit",
  provider: "Geschwindigkeitslimit (MB/s)",
  providerHint: "Für Downloads von diesem Anbieter. Leer: kein Limit.",
  limitProgram: "Geschwindigkeit begrenzen",
  programTitle: (name) => `${name} begrenzen`,
  program: "Geschwindigkeitslimit (MB/s)",
  programHint: "Für alles, was dieses Programm herunterlädt. Leer: kein Limit.",
  save: "Speichern",
  wrong: (least) => `Geben Sie mindestens ${least} ein.`,
  event: {
    normal: "Normale Geschwindigkeit",
    slow: "Langsamer Modus eingeschaltet",
    speed: (speed) => `Geschwindigkeit auf ${speed} begrenzt`,
  },
};
