// What the window speaks to: the application, or a stand-in where there is none.
import type { Failure, Reply, Request, Snapshot } from "../bindings";
import { backend as tauri } from "./tauri";

export interface Backend {
  /** Asks for something. Rejects with a `Failure`; then nothing was changed. */
  request(request: Request): Promise<Reply>;
  /** Hears of every change, beginning with how things are now. Returns what ends that. */
  watch(onSnapshot: (snapshot: Snapshot) => void): () => void;
}

export async function connect(): Promise<Backend> {
  // What is shipped has no stand-in: there this is never true, and the builder leaves the file out.
  if (import.meta.env.MODE !== "production" && !("__TAURI_INTERNALS__" in window)) {
    return (await import("./fake")).fake(new URLSearchParams(location.search));
  }
  return tauri;
}

/** What went wrong, whatever was thrown. */
export function failureOf(thrown: unknown): Failure {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown) return thrown as Failure;
  return { code: "refused", field: null, message: thrown instanceof Error ? thrown.message : String(thrown) };
}
