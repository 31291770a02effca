// The backend of the window: the application, or a fake in a plain browser.
import type { Failure, Reply, Request, Snapshot } from "../bindings";
import { backend as tauri } from "./tauri";

export interface Backend {
  /** Sends a request. Rejects with a `Failure` if nothing was changed. */
  request(request: Request): Promise<Reply>;
  /** Calls back with the current snapshot and with each new one. Returns a function that ends it. */
  watch(onSnapshot: (snapshot: Snapshot) => void): () => void;
  /** Saves a text as a file. Returns where it is, if the browser does not show that itself. */
  save(name: string, text: string): Promise<string | null>;
}

export async function connect(): Promise<Backend> {
  // Never true in a production build, so the bundler leaves the fake out.
  if (import.meta.env.MODE !== "production" && !("__TAURI_INTERNALS__" in window)) {
    return (await import("./fake")).fake(new URLSearchParams(location.search));
  }
  return tauri;
}

/** The failure in what was thrown. */
export function failureOf(thrown: unknown): Failure {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown) return thrown as Failure;
  return { code: "refused", field: null, message: thrown instanceof Error ? thrown.message : String(thrown) };
}
