// The application as the backend. The only file that uses Tauri.
import { Channel, invoke } from "@tauri-apps/api/core";
import type { Reply, Request, Snapshot } from "../bindings";
import type { Backend } from ".";

export const backend: Backend = {
  request: (request) => invoke<Reply>("request", { request }),
  async save(name, text) {
    const reply = await invoke<Reply>("request", { request: { do: "save_text", name, text } satisfies Request });
    return reply.is === "file" ? reply.path : null;
  },
  watch(onSnapshot) {
    const channel = new Channel<Snapshot>(onSnapshot);
    void invoke("watch", { channel });
    return () => void invoke("unwatch");
  },
};
