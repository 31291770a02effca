// The state of the window: the last snapshot, events and speeds, and the page that is shown.
import type { Event, Failure, Reply, Request, Sample, Snapshot } from "./bindings";
import { failureOf, type Backend } from "./backend";
import { Format } from "./format";
import { speak } from "./i18n";
import type { Draft } from "./pages/provider";
import { platform } from "./platform";

export const pages = ["overview", "providers", "clients", "statistics", "activity", "settings"] as const;
export type Page = (typeof pages)[number];
export type Toast = { id: number; text: string; bad: boolean };

/** How much of the past the chart shows. */
export const CHART_MS = 5 * 60_000;
/** Samples are not closer than this. */
const SAMPLE_MS = 900;
/** As many groups of events as the application keeps. */
const MOST_EVENTS = 500;
const TOAST_MS = 6000;

const darkSystem = matchMedia("(prefers-color-scheme: dark)");

class App {
  #backend!: Backend;
  #latest = $state.raw<Snapshot>();
  #language = $derived(this.#latest?.settings.desktop.language ?? "system");
  #spoken = $derived(speak(this.#language, navigator.language));
  #asking = false;
  #toasts = 0;

  page = $state<Page>("overview");
  #draft = $state<Draft | null>(null);
  /** Whether the import is open. */
  importing = $state(false);
  toasts = $state<Toast[]>([]);
  /** The oldest first. */
  samples = $state.raw<Sample[]>([]);
  /** The oldest first. */
  events = $state.raw<Event[]>([]);
  #systemIsDark = $state(darkSystem.matches);
  ready = $derived(this.#latest !== undefined);
  /** The theme that is shown. */
  theme = $derived.by(() => {
    const chosen = this.#latest?.settings.desktop.theme ?? "system";
    return chosen === "system" ? (this.#systemIsDark ? "dark" : "light") : chosen;
  });
  t = $derived(this.#spoken.words);
  format = $derived(new Format(this.#spoken.locale, this.#spoken.causes));

  /** The provider in the form. It stays while another page is shown. */
  get draft(): Draft | null {
    return this.#draft;
  }

  set draft(draft: Draft | null) {
    this.#draft = draft;
    if (draft) this.importing = false;
  }

  get now(): Snapshot {
    if (!this.#latest) throw new Error("nothing is known yet");
    return this.#latest;
  }

  start(backend: Backend) {
    this.#backend = backend;
    const asked = location.hash.slice(1) as Page;
    if (pages.includes(asked)) this.page = asked;
    void this.#loadHistory();
    darkSystem.addEventListener("change", () => (this.#systemIsDark = darkSystem.matches));
    addEventListener("pagehide", backend.watch((snapshot) => this.#take(snapshot)));
  }

  /** Saves a text as a file. Returns where it is, if the browser does not show that itself. */
  save(name: string, text: string): Promise<string | null> {
    return this.#backend.save(name, text);
  }

  /** Sends a request. Throws a `Failure`. */
  request(request: Request): Promise<Reply> {
    return this.#backend.request(request);
  }

  /** Sends a request and shows a failure. Returns whether it succeeded. */
  async ask(request: Request): Promise<boolean> {
    try {
      await this.request(request);
      return true;
    } catch (thrown) {
      this.tell(this.explain(failureOf(thrown)), true);
      return false;
    }
  }

  /** A failure in a sentence. */
  explain(failure: Failure): string {
    const cause = this.format.cause(failure.message);
    if (failure.code === "not_saved") return this.t.app.notSaved(cause);
    return this.t.failure[failure.code] || cause;
  }

  tell(text: string, bad = false) {
    const id = (this.#toasts += 1);
    this.toasts.push({ id, text, bad });
    if (!bad) setTimeout(() => this.untell(id), TOAST_MS);
    // An error is shown once, however often it happens.
    else this.toasts = this.toasts.filter((toast) => toast.id === id || toast.text !== text);
  }

  untell(id: number) {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  go(page: Page) {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    this.page = page;
  }

  async copy(text: string): Promise<boolean> {
    try {
      await this.request({ do: "copy", text });
      return true;
    } catch {
      return await this.#copyItself(text);
    }
  }

  /** Under Wayland, only the program whose window has the focus may copy, and that is this window's. Elsewhere it would
      put a password into the clipboard's history. */
  async #copyItself(text: string): Promise<boolean> {
    try {
      if (platform !== "linux") throw new Error("nothing else may copy");
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      this.tell(this.t.app.notCopied, true);
      return false;
    }
  }

  providerName = (id: string) => this.now.providers.find((provider) => provider.id === id)?.name ?? id;

  #take(snapshot: Snapshot) {
    this.#latest = snapshot;
    const { at, speed } = snapshot.figures;
    const last = this.samples.at(-1)?.at ?? 0;
    if (at - last >= SAMPLE_MS) {
      this.samples = [...this.samples.filter((sample) => sample.at > at - CHART_MS - SAMPLE_MS), { at, speed }];
    }
    void this.#loadEvents();
  }

  async #loadHistory() {
    const reply = await this.#fetch({ do: "history" });
    if (reply?.is !== "history") return;
    const first = this.samples[0]?.at ?? Infinity;
    this.samples = [...reply.samples.filter((sample) => sample.at < first), ...this.samples];
  }

  /** Fetches the events that are new or have grown, until it has the snapshot's last one. */
  async #loadEvents() {
    if (this.#asking) return;
    this.#asking = true;
    const newest = () => this.events.at(-1)?.number ?? 0;
    for (let before = -1; newest() !== this.now.last_event && newest() !== before; ) {
      before = newest();
      const reply = await this.#fetch({ do: "events", after: before });
      if (reply?.is !== "events") break;
      const grown = new Set(reply.events.map((event) => event.id));
      this.events = [...this.events.filter((event) => !grown.has(event.id)), ...reply.events].slice(-MOST_EVENTS);
    }
    this.#asking = false;
  }

  /** Asks in the background. A failure is only logged. */
  async #fetch(request: Request): Promise<Reply | null> {
    try {
      return await this.request(request);
    } catch (thrown) {
      console.error(failureOf(thrown).message);
      return null;
    }
  }
}

export const app = new App();
