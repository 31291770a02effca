// Events and troubles in plain words.
import type { Happened, KeepState, Snapshot, Trouble } from "../bindings";
import type { Format } from "../format";
import type { Words } from "../i18n";

export type Speaker = { t: Words; format: Format; providerName(id: string): string };

export function sentence(happened: Happened, speaker: Speaker): string {
  const said = speaker.t.events;
  switch (happened.what) {
    case "started": return said.started(happened.address);
    case "stopped": return said.stopped;
    case "settings_changed": return said.settings_changed;
    case "renewed": return said.renewed;
    case "provider_up": return said.provider_up(happened.provider);
    case "provider_down": return said.provider_down(happened.provider);
    case "login_refused": return said.login_refused(happened.provider);
    case "fewer_connections": return said.fewer_connections(happened.provider, speaker.format.number(happened.granted));
    case "helped": return said.helped(happened.provider);
    case "request_failed": return said.request_failed(happened.client, happened.request);
    case "not_found": return said.not_found(happened.client);
    case "client_refused": return said.client_refused(happened.client);
    case "login_needed": return said.login_needed(happened.client);
    case "trouble": return troubleSentence(happened.trouble, { is: "locked" }, speaker);
  }
}

/** The words of whoever caused it, where there are some. */
export function why(told: Happened | Trouble): string {
  if (told.what === "trouble") return why(told.trouble);
  return "said" in told ? told.said : "";
}

/** How the whole is. The tray says the same. */
export function sentenceOf(now: Snapshot, { t, format, providerName }: Speaker): string {
  const { sentence, paused } = t.overview;
  const { is } = now.state;
  if (now.state.is === "paused") return paused(format.time(now.state.until));
  if (is === "attention" || is === "degraded") {
    const [trouble] = now.troubles;
    if (!trouble) return sentence.idle;
    const because = becauseOf(trouble, now.keep, t, providerName);
    return now.serves ? sentence.degraded(because) : sentence.nothing(because);
  }
  return sentence[is as "stopped" | "starting" | "idle" | "active" | "down" | "no_provider"];
}

function becauseOf(trouble: Trouble, keep: KeepState, t: Words, providerName: (id: string) => string): string {
  const said = t.overview.because;
  switch (trouble.what) {
    case "port_busy": return said.port_busy(String(trouble.port), trouble.holder);
    case "passwords_closed": return said.passwords[keep.is];
    case "no_password": return said.no_password(providerName(trouble.provider));
    case "no_client_password": return said.no_password(trouble.client);
    case "login_refused": return said.login_refused(providerName(trouble.provider));
    case "provider_down": return said.provider_down(providerName(trouble.provider));
    case "cannot_listen": case "settings_read_only": case "settings_set_aside": case "settings_not_saved": return said[trouble.what];
  }
}

export function troubleSentence(trouble: Trouble, keep: KeepState, { t, providerName }: Speaker): string {
  const said = t.trouble;
  switch (trouble.what) {
    case "port_busy": return said.port_busy(String(trouble.port), trouble.holder);
    case "cannot_listen": return said.cannot_listen;
    case "passwords_closed": return keep.is === "open" ? said.locked : said[keep.is];
    case "no_password": return said.no_password(providerName(trouble.provider));
    case "no_client_password": return said.no_client_password(trouble.client);
    case "login_refused": return said.login_refused(providerName(trouble.provider));
    case "provider_down": return said.provider_down(providerName(trouble.provider));
    case "settings_read_only":
      return trouble.why.is === "held" ? said.settings_read_only.held(trouble.why.by) : said.settings_read_only[trouble.why.is];
    case "settings_set_aside": return said.settings_set_aside(trouble.file);
    case "settings_not_saved": return said.settings_not_saved;
  }
}
