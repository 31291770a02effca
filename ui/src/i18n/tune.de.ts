// The search for the best number of connections, in German.
import type { tune as english } from "./tune.en";

const connections = (n: number) => (n === 1 ? "1 Verbindung" : `${n} Verbindungen`);
const requests = (n: number) => (n === 1 ? "1 Anfrage" : `${n} Anfragen`);

export const tune: typeof english = {
  find: "Beste Anzahl finden",
  intro: "Newsmux öffnet immer mehr Verbindungen, bis Downloads nicht mehr schneller werden. Dazu lädt es Artikel der letzten Zeit noch einmal herunter: bis zu 1 GB, höchstens 2 Minuten lang. Beenden Sie vorher Ihre Downloads.",
  limited: "Das Volumen dieses Kontos ist begrenzt. Die Suche verbraucht höchstens ein Zehntel des Rests.",
  plan: "Verbindungen laut Tarif",
  planHint: "Mehr probiert Newsmux nicht.",
  start: "Starten",
  stop: "Abbrechen",
  again: "Erneut versuchen",
  close: "Schließen",
  connecting: "Die erste Verbindung wird geöffnet …",
  measured: (n, depth, speed) => `${connections(n)}${depth === null ? "" : `, je ${requests(depth)}`}: ${speed}`,
  by: { connections: "Verbindungen", depth: "Anfragen pro Verbindung" },
  curve: (name, points) => `Geschwindigkeit nach Zahl, ${name}: ${points}.`,
  point: (n, speed) => `${n}: ${speed}`,
  found: ({ connections: n }, speed) => `${n === 1 ? "1 Verbindung reicht" : `${n} Verbindungen reichen`}: ${speed}.`,
  refused: (words) => `Mehr hat der Anbieter abgelehnt: ${words}`,
  pipelining: (depth) => (depth === null ? "Anfragen pro Verbindung: Automatisch ist schnell genug." : `Anfragen pro Verbindung: ${depth}.`),
  unchanged: "Der Anbieter ist schon so eingestellt.",
  use: (n) => `${connections(n)} verwenden`,
  filledIn: "Eingetragen. Speichern Sie den Anbieter, damit es gilt.",
  unable: {
    not_used: () => "Der Anbieter wird nicht benutzt. Schalten Sie erst Newsmux und den Anbieter ein.",
    paused: () => "Downloads sind pausiert. Setzen Sie sie erst fort.",
    speed_limit: () => "Ein Tempolimit gilt. Schalten Sie es erst aus.",
    down: ({ cause }, format) => `Der Anbieter ist ausgefallen${cause ? `: ${format.cause(cause)}` : ""}.`,
    volume: () => "Das Volumen des Kontos ist begrenzt.",
    volume_low: () => "Vom Volumen des Kontos ist zu wenig übrig.",
    no_articles: () => "Laden Sie erst etwas von diesem Anbieter herunter: Newsmux misst mit Artikeln der letzten Zeit.",
    downloading: () => "Ein Programm lädt gerade herunter. Beenden Sie Ihre Downloads und versuchen Sie es erneut.",
    all_in_use: () => "Alle Verbindungen des Kontos sind belegt. Versuchen Sie es später erneut.",
    no_connection: ({ cause }, format) => `Keine Verbindung: ${format.cause(cause)}.`,
    changed: () => "Der Anbieter wurde in den Einstellungen geändert. Versuchen Sie es erneut.",
  },
};
