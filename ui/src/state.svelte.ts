// All that the window knows: the last snapshot, what was asked for beside it, and where the user is.
import type { Event, Failure, Reply, Request, Sample, Snapshot } from "./bindings";
import { failureOf, type Backend } from "./backend";
import { Format } from "./format";
import { speak } from "./i18n";
import type { Draft } from "./pages/provider";

export const pages = ["overview", "providers", "clients", "activity", "settings"] as const;
export type Page = (typeof pages)[number];
export type Toast = { id: number; text: string; bad: boolean };

/** How much of the past the chart shows. */
export const CHART_MS = 5 * 60_000;
/** Samples are not closer than this. */
const SAMPLE_MS = 900;
/** The newest events may still change, when the same happens again: these are asked for again. */
const UNSETTLED = 32;
/** Older ones are forgotten. */
const MOST_EVENTS = 2000;
const TOAST_MS = 6000;

class App {
  #backend!: Backend;
  #latest = $state.raw<Snapshot>();
  #spoken = $derived(speak(this.#latest?.settings.desktop.language ?? "system", navigator.language));
  #asking = false;
  #toasts = 0;

  page = $state<Page>("overview");
  #draft = $state<Draft | null>(null);
  /** Whether providers are being taken from other programs. */
  importing = $state(false);
  toasts = $state<Toast[]>([]);
  /** The oldest first. */
  samples = $state.raw<Sample[]>([]);
  /** The oldest first. */
  events = $state.raw<Event[]>([]);
  ready = $derived(this.#latest !== undefined);
  t = $derived(this.#spoken.words);
  format = $derived(new Format(this.#spoken.locale));

  /** The provider that is being entered, which survives a look at another page. */
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
    addEventListener("pagehide", backend.watch((snapshot) => this.#take(snapshot)));
  }

  /** Asks, and leaves a failure to whoever asks. */
  request(request: Request): Promise<Reply> {
    return this.#backend.request(request);
  }

  /** Asks, and tells of a failure. Whether it was done. */
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
    return this.t.failure[failure.code] || failure.message;
  }

  tell(text: string, bad = false) {
    const id = (this.#toasts += 1);
    this.toasts.push({ id, text, bad });
    if (!bad) setTimeout(() => this.untell(id), TOAST_MS);
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

  /** Catches up with the snapshot, which may go on meanwhile. */
  async #loadEvents() {
    if (this.#asking) return;
    this.#asking = true;
    const newest = () => this.events.at(-1)?.number ?? 0;
    for (let before = -1; newest() !== this.now.last_event && newest() !== before; ) {
      before = newest();
      const after = Math.max(0, before - UNSETTLED);
      const reply = await this.#fetch({ do: "events", after });
      if (reply?.is !== "events") break;
      this.events = [...this.events.filter((event) => event.number <= after), ...reply.events].slice(-MOST_EVENTS);
    }
    this.#asking = false;
  }

  /** Asks for what nobody waits for: a failure is told to developers only. */
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
