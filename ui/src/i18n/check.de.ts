// The words of a provider test, in German.
import type { Certificate, CheckStep, Outcome, Problem, VerifyLevel, Why } from "../bindings";
import type { Format } from "../format";
import type { check as english, Remedies, Sentences } from "./check.en";

const verified: Record<VerifyLevel, string> = {
  full: "Zertifikat und Servername geprüft",
  certificate: "Zertifikat geprüft, Servername egal",
  none: "Zertifikat nicht geprüft. Jemand könnte sich als dieser Server ausgeben",
};

const problems: Record<Problem, string> = {
  expired: "Das Zertifikat ist abgelaufen. Prüfen Sie die Uhr dieses Computers, oder fragen Sie Ihren Anbieter.",
  not_yet_valid: "Das Zertifikat gilt noch nicht. Prüfen Sie die Uhr dieses Computers.",
  other_names: "Das Zertifikat gehört zu einem anderen Server. Prüfen Sie den Servernamen.",
  unknown_authority: "Dieser Computer vertraut dem Aussteller des Zertifikats nicht. Jemand könnte sich als dieser Server ausgeben.",
  self_signed: "Das Zertifikat ist selbst signiert. Jemand könnte sich als dieser Server ausgeben.",
  invalid: "Das Zertifikat ist ungültig.",
};

const refusals: Record<Why, string> = {
  connections: "Zu viele Verbindungen: Der Anbieter erlaubt keine weiteren.",
  login: "Der Anbieter hat Benutzername oder Passwort abgelehnt.",
  account: "Der Anbieter hat den Account abgelehnt. Vielleicht ist er aufgebraucht, abgelaufen oder nicht bezahlt.",
  unavailable: "Der Anbieter ist gerade nicht verfügbar. Versuchen Sie es später erneut.",
  encryption: "Der Anbieter verlangt Verschlüsselung.",
  unexpected: "Der Anbieter hat unerwartet geantwortet.",
};

const shown = (certificate: Certificate | null, format: Format) =>
  certificate ? ` Für ${format.list(certificate.names)}, ausgestellt von ${certificate.issuer}, gültig bis ${format.day(certificate.expires)}.` : "";

const connections = (n: number) => (n === 1 ? "1 Verbindung" : `${n} Verbindungen`);

const found: Sentences = {
  bound: ({ interface: name, addresses }, format) => (name ? `${name}: ${format.list(addresses)}` : format.list(addresses)),
  not_bound: ({ problem, name, cause }, format) => ({
    no_interface: `Es gibt keine Netzwerkschnittstelle ${name} mit einer Adresse. Verbinden Sie das VPN, oder korrigieren Sie den Namen.`,
    down: `Die Netzwerkschnittstelle ${name} ist nicht verbunden. Verbinden Sie das VPN.`,
    no_address_of: `Die Netzwerkschnittstelle ${name} hat keine ${cause}-Adresse.`,
    no_address: `Dieser Computer hat die Adresse ${name} nicht. Verbinden Sie das VPN, oder korrigieren Sie die Adresse.`,
    refused: `Das System erlaubt ${name} nicht: ${format.cause(cause ?? "")}.`,
  })[problem],
  proxy_reached: ({ proxy }) => proxy,
  proxy_failed: ({ problem, proxy, cause }, format) => ({
    unreachable: `Keine Verbindung zu ${proxy}: ${format.cause(cause ?? "")}.`,
    silent: `${proxy} antwortet nicht.`,
    hung_up: `${proxy} hat die Verbindung geschlossen.`,
    not_socks: `${proxy} ist kein SOCKS5-Proxy.`,
    login_needed: `${proxy} verlangt Benutzername und Passwort.`,
    login_refused: `${proxy} hat Benutzername oder Passwort abgelehnt.`,
  })[problem],
  address: ({ host, addresses }, format) => (addresses.length === 0 || addresses[0] === host ? host : `${host}: ${format.list(addresses)}`),
  address_at_proxy: ({ host }) => `${host}, vom Proxy abgefragt`,
  no_address_of: ({ version }) => `Der Server hat keine ${version}-Adresse.`,
  pasted_host: () => "Geben Sie nur den Servernamen ein.",
  no_address: () => "Es gibt keinen Server mit diesem Namen. Prüfen Sie die Schreibweise und Ihr Netz.",
  connected: ({ port, address }) => (address ? `Port ${port}, Adresse ${address}` : `Port ${port}`),
  not_connected: ({ cause, tried }, format) =>
    `Keine Verbindung: ${format.cause(cause)}. Prüfen Sie Server, Port und Ihr Netz.${tried.length > 0 ? ` Versucht: ${format.list(tried)}.` : ""}`,
  not_connected_by_proxy: ({ cause }, format) => `Der Proxy kann sich nicht mit dem Server verbinden: ${format.cause(cause)}.`,
  all_in_use: ({ open }) => `Newsmux benutzt gerade alle ${connections(open)}. Versuchen Sie es erneut, wenn weniger geladen wird.`,
  in_the_clear: () => "Aus. Passwort und Downloads können unterwegs mitgelesen werden.",
  encrypted: ({ version, verified: how, certificate, days_left }, format) => {
    const ends = days_left !== null && days_left < 14 ? ` Es läuft ab in ${days_left === 1 ? "1 Tag" : `${days_left} Tagen`}.` : "";
    return `${version}: ${verified[how]}.${shown(certificate, format)}${ends}`;
  },
  bad_certificate: ({ problem, certificate }, format) => problems[problem] + shown(certificate, format),
  speaks_no_tls: () => "Der Server benutzt auf diesem Port kein TLS.",
  tls_failed: ({ cause }, format) => `Der TLS-Handshake ist fehlgeschlagen: ${format.cause(cause)}.`,
  no_start_tls: () => "Der Server unterstützt kein STARTTLS.",
  greeted: ({ posting }) => (posting ? "Newsserver, Posten erlaubt." : "Newsserver, kein Posten."),
  speaks_tls: () => "Der Server benutzt auf diesem Port TLS, aber die Verschlüsselung ist hier aus.",
  web_server: () => "Das ist ein Webserver. Vielleicht haben Sie einen Indexer oder eine Website statt eines Newsservers eingegeben.",
  no_news_server: () => "Das ist kein Newsserver. Prüfen Sie Server und Port.",
  no_answer: () => "Der Server hat nicht rechtzeitig geantwortet.",
  hung_up: () => "Der Server hat die Verbindung geschlossen. Prüfen Sie Port und Verschlüsselung, oder versuchen Sie es später erneut.",
  refused: ({ why, proof, beside }) => {
    const said = [refusals[why]];
    if (proof === "before_login") said.push("An Benutzername und Passwort liegt es nicht: Newsmux hatte sie noch nicht gesendet.");
    if (proof === "login_works") said.push("Er nennt keinen Grund, aber Newsmux ist gerade mit demselben Passwort angemeldet.");
    if (proof === "tried_twice") {
      said.push("Er nennt keinen Grund, hat aber zweimal abgelehnt, während Newsmux keine andere Verbindung offen hatte. Wahrscheinlich ist Benutzername oder Passwort falsch, oder ein anderes Programm benutzt den Account.");
    }
    if (why === "connections" && beside > 0) said.push(`Newsmux hat ${connections(beside)} offen.`);
    if (why === "connections" && beside === 0) said.push("Newsmux hat keine offen. Also benutzt ein anderes Programm den Account, oder der Anbieter zählt abgebrochene Verbindungen noch mit.");
    return said.join(" ");
  },
  logged_in: ({ second_try }) =>
    second_try ? "Beim zweiten Versuch angenommen, die Anmeldung stimmt also. Wahrscheinlich hat der Anbieter frühere Verbindungen noch mitgezählt." : "Angenommen.",
  no_login: () => "Keine Anmeldung nötig.",
  login_needed: () => "Der Anbieter verlangt Benutzername und Passwort.",
  unusable_login: () => "Benutzername oder Passwort kann nicht gesendet werden: leer oder mit Zeilenumbruch.",
  capabilities: ({ list }) => list.join(", "),
  no_capabilities: () => "Nicht angegeben, wie bei vielen Anbietern.",
  round_trip: ({ microseconds }, format) => `${format.milliseconds(microseconds)} ms`,
  granted: ({ count, wanted, beside, cause }, format) => {
    const granted = beside > 0 ? `${count} weitere gewährt, neben den ${beside}, die Newsmux offen hat` : `${count} gewährt`;
    return `${granted}, ${wanted} angefordert.${cause ? ` Die nächste schlug fehl: ${format.cause(cause)}.` : ""}`;
  },
};

const remedies: Remedies = {
  use_tls: ({ port }) => `TLS auf Port ${port} verwenden`,
  use_start_tls: ({ port }) => `STARTTLS auf Port ${port} verwenden`,
  use_no_tls: ({ port }) => `Ohne Verschlüsselung, Port ${port}`,
  lower_connections: ({ to }) => `${connections(to)} verwenden`,
  trim_host: ({ host }) => `${host} verwenden`,
};

const steps: Record<CheckStep, string> = {
  interface: "Netzwerkschnittstelle", proxy: "Proxy", name: "DNS-Abfrage", connection: "Verbindung", encryption: "Verschlüsselung", greeting: "Begrüßung", login: "Anmeldung",
  capabilities: "Funktionen", round_trip: "Latenz", connections: "Verbindungen",
};

const outcomes: Record<Outcome, string> = { good: "bestanden", doubtful: "Warnung", bad: "fehlgeschlagen" };

export const check: typeof english = {
  title: "Test",
  hint: "Newsmux meldet sich an, prüft jeden Schritt und zählt die Verbindungen, die Sie wirklich bekommen.",
  steps, outcomes, found, remedies,
  says: "Antwort:",
  risk: "Passwort und Downloads können dann unterwegs mitgelesen werden.",
  good: "Es funktioniert.",
  doubtful: "Es funktioniert, mit Warnungen.",
  bad: "Es funktioniert noch nicht.",
  changed: "Seit diesem Test geändert. Testen Sie erneut.",
  going: "Wird getestet …",
  testAgain: "Erneut testen",
  waiting: "wartet",
  known: (name) => `${name}: TLS auf Port 563. Der Test zeigt, wie viele Verbindungen Ihr Tarif erlaubt.`,
};
