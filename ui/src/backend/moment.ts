// The fake's snapshot at one moment: speeds, connections and programs.
import type { Check, ClientView, Connected, EncryptedView, Provider, ProviderView, Sample, Snapshot, State, TrafficMode, TrafficView, Tuning, VaultState } from "../bindings";
import { needsProxyPassword } from "../pages/network";
import { accountsOf } from "./statistics";
import { sampleProvider, type World } from "./scenarios";

const HISTORY_MS = 5 * 60_000;
const SINCE_MS = 42 * 60_000;

/** What changes between snapshots. */
export type Moment = { begun: number; bytes: number; today: number; replies: number; articles: number; tested: Record<string, string>; last: number; removed: string | null; check: Check | null; tuning: Tuning | null; connected: Connected[]; vault: VaultState; newPassword: string | null };

export function snapshotOf(world: World, moment: Moment): Snapshot {
  const at = Date.now();
  const speed = Math.round(speedOf(world, at));
  const { settings, troubles, keep, startAtLogin, tray, farewell } = world;
  const sample = settings.desktop.sample && settings.providers.length === 0;
  const { bytes, replies, removed, check, tuning, connected, last, vault } = moment;
  return {
    state: stateOf(world, speed), serves: serves(world) && canServe(world), troubles, keep, vault, settings, tray, farewell, removed, check, tuning, connected, address: settings.listen,
    encrypted: encryptedOf(world), figures: { at, speed, bytes, today: moment.today, replies, articles: moment.articles }, accounts: accountsOf(world),
    traffic: trafficOf(world), sample, reachable: world.reachable ?? [],
    providers: [...settings.providers, ...(sample ? [sampleProvider] : [])].map((provider, index) => providerOf(world, moment, provider, index, speed)),
    clients: serves(world) || world.running === "paused" ? clientsOf(world, moment) : [],
    new_password: moment.newPassword, asks_to_quit: world.asksToQuit ?? false, last_event: last, start_at_login: startAtLogin, version: "0.1.0",
  };
}

function encryptedOf(world: World): EncryptedView | null {
  const { listen } = world.settings;
  if (!listen.tls || world.running === "stopped" || world.troubles.some(({ what }) => what === "encrypted_port")) return null;
  return {
    address: { host: listen.tls.host ?? listen.host, port: listen.tls.port },
    fingerprint: "3B:EB:00:64:03:8A:6F:EC:6B:65:C6:79:8E:7F:C2:E1:D3:AC:BD:F5:C8:69:CD:23:DD:70:08:07:7D:C2:69:36",
    names: ["desk", "desk.local", "localhost", "127.0.0.1", "192.168.1.20", "::1"], expires: Date.now() + 365 * 86_400_000, own: listen.tls.certificate === "auto",
  };
}

function trafficOf(world: World): TrafficView {
  const { traffic, running, until } = world;
  const mode: TrafficMode = running === "paused" ? { is: "paused" } : traffic;
  return { mode, speed: speedLimit(world), until: until || null, next: until ? { is: "normal" } : null };
}

function speedLimit({ traffic, settings: { limits } }: World): number | null {
  const speed = limits.speed ?? null;
  if (traffic.is === "normal" || traffic.is === "paused") return speed;
  if (traffic.is === "full") return null;
  return traffic.is === "slow" ? Math.min(speed ?? Infinity, limits.slow_speed) : traffic.speed;
}

export function speedOf(world: World, at: number): number {
  const free = serves(world) && world.clients.length > 0 ? wave(at / 1000) : 0;
  return Math.min(free, speedLimit(world) ?? Infinity);
}

export function historyOf(world: World, begun: number): Sample[] {
  const busy = speedOf(world, begun) > 0;
  return [...Array(HISTORY_MS / 1000).keys()].map((second) => {
    const at = begun - HISTORY_MS + second * 1000;
    return { at, speed: busy && second > 45 ? Math.round(wave(at / 1000)) : 0 };
  });
}

function wave(seconds: number): number {
  return 41e6 + 9e6 * Math.sin(seconds / 17) + 4e6 * Math.sin(seconds / 3.1) + 2e6 * Math.sin(seconds * 1.7);
}

function serves({ running, troubles }: World): boolean {
  return running === null || running === "degraded" || (running === "attention" && troubles.some((trouble) => "provider" in trouble || trouble.what === "other_user"));
}

/** Whether any provider works. */
function canServe({ settings, states }: World): boolean {
  const used = settings.providers.filter(({ enabled }) => enabled);
  return settings.desktop.sample || used.some(({ id }) => !["down", "full", "login_refused", "no_password", "used_up"].includes(states[id]?.state ?? "up"));
}

function stateOf(world: World, speed: number): State {
  const { running, until, settings } = world;
  if (running === "paused") return { is: "paused", until };
  if (running === null && !settings.desktop.sample && !settings.providers.some(({ enabled }) => enabled)) return { is: "no_provider" };
  if (running === "degraded" && !canServe(world)) return { is: "down" };
  return { is: running ?? (speed > 0 ? "active" : "idle") };
}

function providerOf(world: World, { bytes, replies, tested }: Moment, provider: Provider, index: number, speed: number): ProviderView {
  const fixed = world.states[provider.id];
  const used = provider.enabled && (serves(world) || world.running === "paused");
  const state = !provider.enabled ? "off" : (fixed?.state ?? (!used ? "off" : provider.tier > 0 ? "untried" : "up"));
  const granted = fixed?.granted ?? (provider.id === "second" ? 6 : provider.connections);
  const share = state === "up" && speed > 0 ? (index === 0 ? 0.7 : 0.3) : 0;
  const unknown = world.keep.is === "open" ? "missing" : "closed";
  return {
    id: provider.id, name: provider.name ?? provider.host, tested: tested[provider.id] === JSON.stringify(provider), state, said: fixed?.said ?? "", retry: fixed?.retry ?? null,
    proxy_password: needsProxyPassword(provider) ? (world.passwords[`proxy/${provider.id}`] ?? unknown) : "not_needed",
    password: provider.username ? (world.passwords[provider.id] ?? unknown) : "not_needed",
    open: share > 0 ? Math.max(1, Math.round(granted * 0.8)) : 0, granted, allowed: provider.connections,
    speed: Math.round(speed * share), bytes: Math.round(bytes * share), replies: Math.round(replies * share),
    missing: index * 3, failures: index === 1 ? 4 : 0,
  };
}

function clientsOf(world: World, { begun, bytes }: Moment): ClientView[] {
  return world.clients.flatMap(({ name, program, address, connections }, at) =>
    [...Array(connections).keys()].map((connection) => ({
      id: at * 100 + connection, name, program: program ?? null, address: `${address}:${50_000 + at * 100 + connection}`, since: begun - SINCE_MS,
      bytes: Math.round(bytes / ((at + 1) * connections)), requests: 1500,
    })));
}
