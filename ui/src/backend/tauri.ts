// The application as the backend. The only file that uses Tauri.
import { Channel, invoke } from "@tauri-apps/api/core";
import type { Reply, Snapshot } from "../bindings";
import type { Backend } from ".";

export const backend: Backend = {
  request: (request) => invoke<Reply>("request", { request }),
  watch(onSnapshot) {
    const channel = new Channel<Snapshot>(onSnapshot);
    void invoke("watch", { channel });
    return () => void invoke("unwatch");
  },
};
