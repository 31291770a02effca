// Die Wörter der Prüfung eines Anbieters, auf Deutsch.
import type { Certificate, CheckStep, Outcome, Problem, VerifyLevel, Why } from "../bindings";
import type { Format } from "../format";
import type { check as english, Remedies, Sentences } from "./check.en";

const verified: Record<VerifyLevel, string> = {
  full: "das Zertifikat ist gültig und für diesen Server",
  certificate: "das Zertifikat ist gültig, für welchen Server auch immer",
  none: "das Zertifikat wurde nicht angesehen: Am anderen Ende kann irgendwer sein",
};

const problems: Record<Problem, string> = {
  expired: "Das Zertifikat ist abgelaufen. Sagen Sie es Ihrem Anbieter, und prüfen Sie die Uhr dieses Computers.",
  not_yet_valid: "Das Zertifikat gilt noch nicht. Prüfen Sie die Uhr dieses Computers.",
  other_names: "Das Zertifikat ist für einen anderen Server. Prüfen Sie den Namen oben.",
  unknown_authority: "Das Zertifikat ist von einer Stelle, der hier niemand vertraut. Am anderen Ende kann irgendwer sein.",
  self_signed: "Der Server bürgt für sich selbst und sonst niemand. Am anderen Ende kann irgendwer sein.",
  invalid: "Das Zertifikat ist nicht gültig.",
};

const refusals: Record<Why, string> = {
  connections: "Der Anbieter erlaubt keine weiteren Verbindungen.",
  login: "Der Anbieter weist Benutzernamen oder Passwort ab.",
  account: "Der Anbieter weist das Konto ab: Es ist vielleicht verbraucht, abgelaufen oder nicht bezahlt.",
  unavailable: "Der Anbieter bedient Sie gerade nicht. Versuchen Sie es später noch einmal.",
  encryption: "Der Anbieter verlangt Verschlüsselung.",
  unexpected: "Der Anbieter antwortet auf unbekannte Weise.",
};

const shown = (certificate: Certificate | null, format: Format) =>
  certificate ? ` Für ${format.list(certificate.names)}, von ${certificate.issuer}, bis ${format.day(certificate.expires)}.` : "";

const connections = (n: number) => (n === 1 ? "1 Verbindung" : `${n} Verbindungen`);

const found: Sentences = {
  address: ({ host }) => host,
  pasted_host: () => "Hier wird nur der Name des Servers gebraucht.",
  no_address: () => "Einen Server dieses Namens gibt es nicht. Prüfen Sie die Schreibweise und Ihr Netz.",
  connected: ({ port }) => `Port ${port}`,
  not_connected: ({ cause }) => `Niemand antwortet. Prüfen Sie Server und Port und Ihr Netz. (${cause})`,
  all_in_use: ({ open }) => `Newsmux braucht gerade alle ${connections(open)} selbst. Versuchen Sie es, wenn weniger los ist.`,
  in_the_clear: () => "Keine: Unterwegs kann jeder mitlesen.",
  encrypted: ({ version, verified: how, certificate, days_left }, format) => {
    const ends = days_left !== null && days_left < 14 ? ` Es endet in ${days_left === 1 ? "1 Tag" : `${days_left} Tagen`}.` : "";
    return `${version}: ${verified[how]}.${shown(certificate, format)}${ends}`;
  },
  bad_certificate: ({ problem, certificate }, format) => problems[problem] + shown(certificate, format),
  speaks_no_tls: () => "Der Server verschlüsselt auf diesem Port nicht.",
  tls_failed: ({ cause }) => `Die verschlüsselte Verbindung misslang. (${cause})`,
  no_start_tls: () => "Der Server kann kein STARTTLS.",
  greeted: ({ posting }) => (posting ? "Ein Newsserver, der Artikel annimmt." : "Ein Newsserver, der keine Artikel annimmt."),
  speaks_tls: () => "Der Server verschlüsselt auf diesem Port, und die Verschlüsselung ist nicht an.",
  web_server: () => "Das ist ein Webserver. Die Adresse sieht nach einem Indexer oder einer Website aus, nicht nach einem Newsserver.",
  no_news_server: () => "Was dort antwortet, ist kein Newsserver. Prüfen Sie Server und Port.",
  no_answer: () => "Der Server antwortet nicht rechtzeitig.",
  hung_up: () => "Der Server hat die Verbindung beendet. Prüfen Sie Port und Verschlüsselung, oder versuchen Sie es später noch einmal.",
  refused: ({ why, proof, beside }) => {
    const said = [refusals[why]];
    if (proof === "before_login") said.push("An Benutzername und Passwort liegt es nicht: Sie waren noch nicht gesendet.");
    if (proof === "login_works") said.push("Er sagt nicht, warum; aber Newsmux ist gerade mit demselben Passwort angemeldet.");
    if (proof === "tried_twice") {
      said.push("Er sagt nicht, warum, hat aber zweimal abgewiesen, während Newsmux sonst nichts offen hatte: Wenn kein anderes Programm das Konto benutzt, ist die Anmeldung falsch.");
    }
    if (why === "connections" && beside > 0) said.push(`Newsmux hat ${connections(beside)} offen.`);
    if (why === "connections" && beside === 0) said.push("Newsmux hat keine offen: Ein anderes Programm benutzt das Konto, oder abgerissene Verbindungen zählen noch.");
    return said.join(" ");
  },
  logged_in: ({ second_try }) =>
    second_try ? "Beim zweiten Versuch angenommen: Die Anmeldung stimmt. Wahrscheinlich zählten Verbindungen von vorher noch." : "Angenommen.",
  no_login: () => "Keine, und es wird keine verlangt.",
  login_needed: () => "Der Anbieter verlangt Benutzernamen und Passwort.",
  unusable_login: () => "Benutzername oder Passwort kann so nicht gesendet werden: Es ist leer oder enthält einen Zeilenumbruch.",
  capabilities: ({ list }) => list.join(", "),
  no_capabilities: () => "Nicht gesagt, wie bei vielen Anbietern.",
  round_trip: ({ microseconds }, format) => `${format.milliseconds(microseconds)} ms`,
  granted: ({ count, wanted, beside, cause }) => {
    const open = beside > 0 ? `${count} weitere neben den ${beside}, die Newsmux offen hat` : String(count);
    return `${open}, von ${wanted} gewünschten.${cause ? ` (${cause})` : ""}`;
  },
};

const remedies: Remedies = {
  use_tls: ({ port }) => `Verschlüsseln, Port ${port}`,
  use_start_tls: ({ port }) => `Mit STARTTLS, Port ${port}`,
  use_no_tls: ({ port }) => `Unverschlüsselt, Port ${port}`,
  lower_connections: ({ to }) => `${connections(to)} nehmen`,
  trim_host: ({ host }) => `${host} nehmen`,
};

const steps: Record<CheckStep, string> = {
  name: "Server finden", connection: "Verbinden", encryption: "Verschlüsseln", greeting: "Begrüßung", login: "Anmelden",
  capabilities: "Was er kann", round_trip: "Entfernung", connections: "Verbindungen",
};

const outcomes: Record<Outcome, string> = { good: "bestanden", doubtful: "zweifelhaft", bad: "fehlgeschlagen" };

export const check: typeof english = {
  title: "Prüfung",
  hint: "Sehen Sie vor dem Speichern, ob es geht: Newsmux meldet sich an, sagt, was es findet, und sieht nach, wie viele Verbindungen Sie wirklich bekommen.",
  steps, outcomes, found, remedies,
  says: "Er sagt:",
  risk: "Unterwegs kann dann jeder mitlesen, auch Ihr Passwort.",
  good: "Es funktioniert.",
  doubtful: "Es funktioniert, aber nicht alles ist, wie es sein soll.",
  bad: "Es funktioniert noch nicht.",
  changed: "Seit dieser Prüfung geändert. Prüfen Sie noch einmal.",
  going: "Prüft …",
  again: "Noch einmal",
  waiting: "steht noch aus",
  known: (name) => `${name}: verschlüsselt auf Port 563, wie üblich. Die Prüfung sagt, wie viele Verbindungen Ihr Tarif hergibt.`,
};
