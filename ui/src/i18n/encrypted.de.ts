// Die Wörter zu SSL für Programme, auf Deutsch.
import type { encrypted as english } from "./encrypted.en";

export const encrypted: typeof english = {
  title: "SSL für Programme",
  hint: "Für Programme auf anderen Computern: Niemand in Ihrem Netz kann ihr Passwort mitlesen.",
  host: "Host mit SSL",
  hostHint: "0.0.0.0: auch andere Computer. Sie brauchen eine Anmeldung.",
  port: "Port mit SSL",
  portHint: "Standard: 10563.",
  portTaken: "Diesen Port benutzt Newsmux schon. Wählen Sie einen anderen.",
  fingerprint: "Fingerabdruck (SHA-256)",
  names: "Zertifikat für",
  expires: "Gültig bis",
  renewed: "Newsmux erneuert es von selbst.",
  import: "Importieren Sie dieses Zertifikat einmal auf jedem Computer, dessen Programme sich hier verbinden.",
  save: "Zertifikat speichern",
  saved: (path) => `Gespeichert als ${path}`,
  clear: "Ohne SSL senden Programme auf anderen Computern ihr Passwort unverschlüsselt.",
  withSsl: "Mit SSL",
  withoutSsl: "Ohne SSL",
  choice: "Verschlüsselung",
  forOthers: "Speichern Sie zuerst das Zertifikat unter Einstellungen, und importieren Sie es auf dem Computer des Programms.",
  forOthersGiven: "Für Programme auf anderen Computern.",
  notNeeded: "Programme auf diesem Computer brauchen kein SSL: Nichts verlässt den Computer.",
  on: { sabnzbd: "an", nzbget: "Yes", reader: "SSL/TLS" },
  trouble: {
    busy: (port, holder) => `Port ${port} mit SSL ist von ${holder ?? "einem anderen Programm"} belegt.`,
    shut: (port) => `Newsmux kann Port ${port} mit SSL nicht öffnen.`,
    because: (port) => `Port ${port} mit SSL ist nicht offen`,
    change: "SSL-Einstellungen ändern",
  },
  event: {
    not_trusted: (client) => `${client} vertraut dem Zertifikat von Newsmux nicht: Importieren Sie es dort`,
    no_tls: (client) => `${client} hat sich ohne SSL mit dem Port für SSL verbunden`,
    other: (client) => `${client} konnte sich nicht mit SSL verbinden`,
  },
};
