// Events, troubles and the state of the whole, in sentences.
import type { Happened, KeepState, Snapshot, State, Trouble } from "../bindings";
import type { Format } from "../format";
import type { Words } from "../i18n";

/** So many names are listed in one sentence; the others are counted. */
const NAMED = 5;
const LONGEST_NAME = 40;
const shortened = (name: string) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name);

export type Speaker = { t: Words; format: Format; providerName(id: string): string };

/** An event that happened `times` times. */
export function sentence(happened: Happened, times: number, speaker: Speaker): string {
  const words = speaker.t.events;
  const n = speaker.format.number(times);
  switch (happened.what) {
    case "started": return words.started(happened.address);
    case "stopped": return words.stopped;
    case "settings_changed": return words.settings_changed;
    case "traffic_mode": {
      const { event } = speaker.t.traffic;
      const { mode } = happened;
      return mode.is === "speed" ? event.speed(speaker.format.speed(mode.speed)) : event[mode.is];
    }
    case "renewed": return words.renewed;
    case "provider_up": return words.provider_up(happened.provider);
    case "provider_down": return words.provider_down(happened.provider);
    case "login_refused": return words.login_refused(happened.provider);
    case "fewer_connections": return words.fewer_connections(happened.provider, speaker.format.number(happened.granted));
    case "retried": return words.retried(happened.provider, n);
    case "request_failed": return words.request_failed(happened.client, happened.request, n);
    case "not_found": return words.not_found(happened.client, n);
    case "client_refused": return words.client_refused(happened.client);
    case "login_needed": return words.login_needed(happened.client);
    case "other_user": return words.other_user(happened.client);
    case "not_encrypted": return speaker.t.encrypted.event[happened.why](happened.client);
    // How the store of passwords was then is not part of the event.
    case "trouble": return happened.trouble.what === "passwords_closed" ? words.passwords_closed : troubleSentence([happened.trouble], { is: "open" }, speaker);
  }
}

/** Whether the sentence of an event contains how often it happened. */
export const countsItself = ({ what }: Happened) => what === "retried" || what === "request_failed" || what === "not_found";

/** With a capital letter, unless it begins with a host or a path. */
const capitalized = (words: string) => (/^[a-zäöü]+['’]?[a-z]*[ ,:]|^[a-zäöü]+$/.test(words) ? words.charAt(0).toUpperCase() + words.slice(1) : words);

/** The reason for an event or a trouble, if it has one. */
export function reason(happened: Happened | Trouble, { t, format }: Speaker): string {
  if (happened.what === "not_found") return happened.message_id ? t.events.lastArticle(happened.message_id) : "";
  if (happened.what === "trouble") return "said" in happened.trouble ? capitalized(format.cause(happened.trouble.said ?? "")) : "";
  if (happened.what === "not_encrypted" && happened.why !== "other") return "";
  return "said" in happened ? capitalized(format.cause(happened.said ?? "")) : "";
}

/** The state to show. Before any provider has worked, nothing is known to be well. */
export function shownState({ state, sample, providers, settings }: Snapshot): State["is"] | "untried" {
  const isKnown = sample || settings.desktop.first_steps.provider_works || providers.some((provider) => provider.state === "up" || provider.tested);
  return state.is === "idle" && !isKnown ? "untried" : state.is;
}

/** The state of the whole, as in the tray. */
export function stateSentence(now: Snapshot, { t, format, providerName }: Speaker): string {
  const { sentence, paused } = t.overview;
  const is = shownState(now);
  if (now.state.is === "paused") return paused(now.state.until === null ? null : format.time(now.state.until));
  if (is === "down") return sentence.nothing(sentence.noneWorks[noneWorks(now)]);
  if (is === "attention" || is === "degraded") {
    const [trouble] = now.troubles;
    if (!trouble) return sentence.idle;
    if (trouble.what === "other_user") return sentence.otherUser(trouble.client && shortened(trouble.client));
    if (!now.serves) return sentence.nothing(because(trouble, now.keep, t, providerName));
    return "provider" in trouble ? sentence.onOthers : sentence.continues;
  }
  return sentence[is as "stopped" | "starting" | "idle" | "untried" | "active" | "no_provider"];
}

/** Why no provider works: how all of them are, if they are the same. */
export function noneWorks({ providers }: Snapshot): "down" | "used_up" | "full" | "unavailable" {
  const states = new Set(providers.map(({ state }) => state).filter((state) => state !== "off"));
  const [state] = states;
  if (states.size > 1) return "unavailable";
  return state === "used_up" || state === "full" ? state : "down";
}

function because(trouble: Trouble, keep: KeepState, t: Words, providerName: (id: string) => string): string {
  const words = t.overview.because;
  switch (trouble.what) {
    case "port_busy": return words.port_busy(String(trouble.port));
    case "provider_port": return words.provider_port(providerName(trouble.provider), String(trouble.port));
    case "encrypted_port": return t.encrypted.trouble.because(String(trouble.port));
    case "passwords_closed": return words.passwords[keep.is];
    case "no_password": return words.no_password(providerName(trouble.provider));
    case "no_client_password": return words.no_password(trouble.client);
    case "login_refused": return words.login_refused(providerName(trouble.provider));
    case "provider_down": case "provider_full": return words[trouble.what](providerName(trouble.provider));
    case "account_used": return trouble.percent < 100 ? t.account.because.used(providerName(trouble.account)) : t.account.because.usedUp(providerName(trouble.account));
    case "account_expires": return t.account.because.expires(providerName(trouble.account));
    case "other_user": return words.other_user(trouble.client);
    case "cannot_listen": case "settings_read_only": case "settings_set_aside": case "settings_not_saved": return words[trouble.what];
  }
}

const subject = (trouble: Trouble) => (trouble.what === "provider_port" ? `port ${trouble.port}` : "provider" in trouble ? `provider ${trouble.provider}` : trouble.what === "no_client_password" ? `client ${trouble.client}` : trouble.what === "other_user" ? `${trouble.what} ${trouble.client}` : "account" in trouble ? `${trouble.what} ${trouble.account}` : trouble.what);

/** Troubles by kind, the most urgent first. A provider or login is in one of them at most. */
export function troubleGroups(troubles: Trouble[]): Trouble[][] {
  const groups = new Map<string, Trouble[]>();
  const seen = new Set<string>();
  for (const trouble of troubles) {
    if (seen.has(subject(trouble))) continue;
    seen.add(subject(trouble));
    groups.set(trouble.what, [...(groups.get(trouble.what) ?? []), trouble]);
  }
  return [...groups.values()];
}

/** One sentence for troubles of one kind. */
export function troubleSentence(troubles: Trouble[], keep: KeepState, { t, format, providerName }: Speaker): string {
  const [trouble] = troubles;
  if (!trouble) return "";
  const words = t.trouble;
  const { warned } = t.account;
  const named = (one: Trouble, isOneOfMany: boolean) => {
    if (!("account" in one)) return shortened("provider" in one ? providerName(one.provider) : "client" in one ? (one.client ?? words.aProgram) : "");
    const name = shortened(providerName(one.account));
    return isOneOfMany && one.what === "account_used" ? warned.one(name, format.percent(one.percent / 100)) : name;
  };
  const all = troubles.map((one) => named(one, troubles.length > 1));
  const more = all.length - NAMED;
  const names = format.list(more > 1 ? [...all.slice(0, NAMED), words.more(format.number(more))] : all);
  switch (trouble.what) {
    case "port_busy": return words.port_busy(String(trouble.port), trouble.holder);
    case "cannot_listen": return words.cannot_listen;
    case "provider_port": return trouble.said === null ? words.provider_port(names, String(trouble.port), trouble.holder) : words.provider_port_shut(names, String(trouble.port));
    case "encrypted_port": return trouble.said === null ? t.encrypted.trouble.busy(String(trouble.port), trouble.holder) : t.encrypted.trouble.shut(String(trouble.port));
    case "passwords_closed": return keep.is === "open" ? words.locked : words[keep.is];
    case "no_password": case "no_client_password": case "login_refused": case "provider_down": case "provider_full": case "other_user": return words[trouble.what](names, troubles.length);
    case "account_used":
      if (troubles.length > 1) return warned.manyUsed(names, troubles.length);
      return trouble.percent < 100 ? warned.used(names, format.percent(trouble.percent / 100)) : warned.usedUp(names);
    case "account_expires":
      if (troubles.length > 1) return warned.manyExpire(names, troubles.length);
      return trouble.days > 0 ? warned.expires(names, format.number(trouble.days)) : warned.expired(names);
    case "settings_read_only":
      return trouble.why.is === "held" ? words.settings_read_only.held(trouble.why.by) : words.settings_read_only[trouble.why.is];
    case "settings_set_aside": return words.settings_set_aside(trouble.file);
    case "settings_not_saved": return words.settings_not_saved;
  }
}
