// The situations that the fake can start in: `?scenario=degraded`.
import type { Event, Happened, KeepState, Level, ProgramAddress, Provider, ProviderState, Retry, Settings, State, TrafficMode, Trouble } from "../bindings";
import { dateOf } from "../pages/account";
import { newProvider } from "../pages/provider";

/** The state of the fake. A scenario replaces parts of the usual one. */
export type World = {
  settings: Settings;
  running: State["is"] | null;
  until: number | null;
  traffic: TrafficMode;
  troubles: Trouble[];
  states: Record<string, { state: ProviderState; said: string; granted?: number; retry?: Retry }>;
  passwords: Record<string, "kept" | "this_session">;
  keep: KeepState;
  clients: { name: string | null; program?: string; address: string; connections: number }[];
  past: [minutesAgo: number, level: Level, happened: Happened, times?: number][];
  startAtLogin: boolean | null;
  tray: boolean;
  farewell: boolean;
  /** Nothing was fetched yet. */
  fresh: boolean;
  /** There is a vault from before, and passwords are in the keyring. */
  oldVault?: boolean;
  /** The user wants to quit, and programs download or a new password is shown. */
  asksToQuit?: boolean;
  /** The login whose new password is shown. */
  newPassword?: string;
  /** So many articles are missing in each tick. */
  missing?: number;
  /** SABnzbd was set up before the application was started. */
  connectedBefore?: boolean;
  /** Programs whose key is known from their imported settings. */
  reachable?: ProgramAddress[];
  /** Of so many days before today there are statistics. */
  history?: number;
  /** As in the application, which saves files itself. */
  inDesktop?: boolean;
  /** What accounts have used, and use a day. */
  used?: Record<string, { used: number; pace: number; ended?: string }>;
};

const provider = (id: string, name: string, more: Partial<Provider> = {}): Provider => ({
  ...newProvider(), id, name, host: `news.${id}.example`, username: "reader", ...more,
});

const main = provider("main", "Northwind", { connections: 20 });
const second = provider("second", "Lantern", { connections: 8 });
const block = provider("block", "Brickyard", { connections: 5, tier: 1 });

/** Never part of the settings. */
export const sampleProvider = provider("\tsample", "Newsmux Sample", { host: "127.0.0.1", port: 49_152, tls: "off", username: null });

function usual(): World {
  return {
    settings: {
      version: 1, listen: { host: "127.0.0.1", port: 10080, all_users: null }, routing: { mode: "hybrid" }, posting: false,
      clients: [{ name: "sabnzbd" }, { name: "thunderbird" }], providers: [main, second, block], limits: { slow_speed: 1e6 },
      desktop: { on: true, start_hidden: false, language: "system", theme: "system", log: "info", notify: { attention: true, outages: true, accounts: true }, passwords: "keyring", told_of_tray: true, first_steps: { provider_works: false, program_set_up: false, article_delivered: false }, first_steps_done: true, sample: false, set_aside_seen: 0 },
    },
    running: null, until: 0, traffic: { is: "normal" }, troubles: [], states: {}, keep: { is: "open" },
    passwords: { main: "kept", second: "kept", block: "kept" },
    clients: [{ name: "sabnzbd", address: "127.0.0.1", connections: 12 }],
    past: [
      [190, "info", { what: "started", address: "127.0.0.1:10080" }],
      [189, "info", { what: "provider_up", provider: "Northwind" }],
      [188, "info", { what: "provider_up", provider: "Lantern" }],
      [95, "warning", { what: "fewer_connections", provider: "Lantern", granted: 6, said: "502 Too many connections" }],
      [64, "info", { what: "renewed" }],
      [41, "warning", { what: "retried", provider: "Lantern", said: "the connection was closed in the middle of an article" }, 3],
      [12, "error", { what: "not_found", client: "sabnzbd", message_id: "<part17of40.2kRf@news.example>" }, 27],
      [3, "error", { what: "request_failed", client: "127.0.0.1", request: "GROUP", said: "in this mode no group can be read: choose Hybrid in the settings" }],
    ],
    startAtLogin: true, tray: true, farewell: false, fresh: false,
  };
}

const DAY_MS = 86_400_000;
const inDays = (days: number) => dateOf(Date.now() + days * DAY_MS);

/** An unlimited account on two hosts, two blocks, and three programs. */
function accounts(): Partial<World> {
  const providers = [
    provider("nw", "Northwind", { host: "us.northwind.example", connections: 40, price: 799, backbone: "northwind" }),
    provider("nweu", "Northwind Europe", { host: "eu.northwind.example", connections: 20, account: "nw", backbone: "northwind" }),
    provider("brick", "Brickyard", {
      connections: 10, tier: 1, price: 1500, backbone: "quarry",
      quota: { bytes: 500e9, used_before: 40e9, period: "once", reset_day: 1, reserve: 25e9 },
    }),
    provider("lantern", "Lantern", {
      connections: 8, tier: 1, price: 900, backbone: "quarry", expires: inDays(12),
      quota: { bytes: 200e9, used_before: 0, period: "once", reset_day: 1, reserve: 0 },
    }),
  ];
  return {
    settings: { ...usual().settings, providers, clients: [{ name: "sabnzbd" }, { name: "nzbget" }, { name: "thunderbird" }] },
    passwords: { nw: "kept", nweu: "kept", brick: "kept", lantern: "kept" },
    used: { brick: { used: 288e9, pace: 10.1e9 }, lantern: { used: 181e9, pace: 2.6e9 } },
    clients: [
      { name: "sabnzbd", address: "127.0.0.1", connections: 20 }, { name: "nzbget", address: "127.0.0.1", connections: 8 },
      { name: "thunderbird", address: "127.0.0.1", connections: 1 },
    ],
  };
}

const scenarios: Record<string, () => Partial<World>> = {
  busy: () => ({ clients: [{ name: "sabnzbd", address: "127.0.0.1", connections: 24 }, { name: "thunderbird", address: "127.0.0.1", connections: 2 }] }),
  idle: () => ({ clients: [] }),
  "no-logins": () => ({
    settings: { ...usual().settings, clients: [] }, clients: [{ name: null, program: "NZBGet", address: "127.0.0.1", connections: 3 }],
    past: [[5, "error", { what: "login_needed", client: "SABnzbd" }, 12], [4, "error", { what: "client_refused", client: "nzbget" }]],
  }),
  first: () => ({
    settings: { ...usual().settings, providers: [main], clients: [], desktop: { ...usual().settings.desktop, first_steps_done: false } },
    passwords: { main: "kept" }, states: { main: { state: "untried", said: "" } }, clients: [], past: [], fresh: true,
  }),
  "first-again": () => {
    const first = scenarios.first!();
    const steps = { provider_works: true, program_set_up: false, article_delivered: false };
    return { ...first, settings: { ...first.settings!, desktop: { ...first.settings!.desktop, first_steps: steps } } };
  },
  empty: () => ({ settings: { ...usual().settings, providers: [], clients: [] }, passwords: {}, clients: [], past: [] }),
  sample: () => {
    const settings = usual().settings;
    return {
      settings: { ...settings, providers: [], clients: [], desktop: { ...settings.desktop, sample: true } }, passwords: {}, clients: [],
      past: [[2, "info", { what: "started", address: "127.0.0.1:10080" }], [1, "info", { what: "provider_up", provider: sampleProvider.name! }]],
    };
  },
  stopped: () => ({ running: "stopped", clients: [] }),
  scheduled: () => ({ traffic: { is: "slow" }, until: new Date().setHours(23, 0, 0, 0), settings: { ...usual().settings, limits: { slow_speed: 1e6, schedule: [
    { days: ["mon", "tue", "wed", "thu", "fri"], from: "18:00", to: "23:00", slow: true },
    { days: [], from: "23:30", to: "06:00", full: true },
    { days: ["sat"], from: "10:00", to: "12:00", speed: 5e6 },
  ] } } }),
  paused: () => ({ running: "paused", until: Date.now() + 14 * 60_000 }),
  starting: () => ({ running: "starting", clients: [] }),
  degraded: () => {
    const said = (globalThis as { reasonForDown?: string }).reasonForDown ?? "the connection was refused";
    return { running: "degraded", states: { second: { state: "down", said, retry: { is: "at", time: Date.now() + 42_000 } } }, troubles: [{ what: "provider_down", provider: "second", said }] };
  },
  down: () => {
    const said = "the connection was refused";
    const ids = ["main", "second", "block"];
    return {
      running: "degraded", states: Object.fromEntries(ids.map((id) => [id, { state: "down" as const, said, retry: { is: "next_request" as const } }])),
      troubles: ids.map((id) => ({ what: "provider_down", provider: id, said })),
    };
  },
  "all-used-up": () => {
    const said = "its volume is used up: if you bought more, change its quota in the settings";
    return { running: "degraded", states: Object.fromEntries(["main", "second", "block"].map((id) => [id, { state: "used_up" as const, said }])) };
  },
  "all-full": () => {
    const said = "502 Too many connections";
    const ids = ["main", "second", "block"];
    return {
      running: "degraded", states: Object.fromEntries(ids.map((id) => [id, { state: "full" as const, said }])),
      troubles: ids.map((id) => ({ what: "provider_full", provider: id, said })),
    };
  },
  "other-user": () => ({ running: "attention", clients: [], troubles: [{ what: "other_user", client: "SABnzbd" }] }),
  "other-user-unknown": () => ({ running: "attention", clients: [], troubles: [{ what: "other_user", client: null }] }),
  "provider-port": () => ({ running: "attention", troubles: [{ what: "provider_port", provider: "main", port: 10081, holder: "python3 (4711)", free: 10082, said: null }] }),
  encrypted: () => ({ settings: { ...usual().settings, listen: { host: "127.0.0.1", port: 10080, all_users: null, tls: { host: "0.0.0.0", port: 10563, certificate: "auto" } } } }),
  "encrypted-port": () => ({
    running: "attention", settings: { ...usual().settings, listen: { host: "0.0.0.0", port: 10080, all_users: null, tls: { port: 10563, certificate: "auto" } } },
    troubles: [{ what: "encrypted_port", port: 10563, holder: "stunnel (4711)", free: 10564, said: null }],
  }),
  "port-busy": () => ({ running: "attention", clients: [], troubles: [{ what: "port_busy", port: 10080, holder: "nzbget (4711)", free: 10081 }] }),
  "cannot-listen": () => ({ running: "attention", clients: [], troubles: [{ what: "cannot_listen", said: "192.168.7.2 is not an address of this computer" }] }),
  refused: () => {
    const said = "481 Authentication failed";
    return { running: "attention", states: { main: { state: "login_refused", said } }, troubles: [{ what: "login_refused", provider: "main", said }] };
  },
  missing: () => ({
    running: "attention", passwords: { second: "kept", block: "kept" }, states: { main: { state: "no_password", said: "its password is missing" } },
    troubles: [{ what: "no_password", provider: "main" }, { what: "no_client_password", client: "sabnzbd" }],
  }),
  locked: () => ({
    running: "attention", clients: [], passwords: {}, keep: { is: "locked" }, troubles: [{ what: "passwords_closed" }],
    past: [[1, "error", { what: "trouble", trouble: { what: "passwords_closed" } }]],
  }),
  asking: () => ({ running: "attention", clients: [], passwords: {}, keep: { is: "asking" }, troubles: [{ what: "passwords_closed" }] }),
  absent: () => ({
    running: "attention", clients: [], passwords: {}, keep: { is: "absent", said: "no Secret Service on the session bus" }, troubles: [{ what: "passwords_closed" }],
  }),
  vault: () => {
    const settings = usual().settings;
    return {
      running: "attention", clients: [], passwords: {}, keep: { is: "vault_closed" }, troubles: [{ what: "passwords_closed" }],
      past: [[1, "error", { what: "trouble", trouble: { what: "passwords_closed" } }]],
      settings: { ...settings, desktop: { ...settings.desktop, passwords: "vault" } },
    };
  },
  "old-vault": () => ({ oldVault: true }),
  "set-aside": () => ({
    troubles: [
      { what: "settings_set_aside", file: "settings.broken-1.json", said: "providers[0].port: 70000 is not between 1 and 65535" },
      { what: "settings_not_saved", said: "no space left on device" },
    ],
  }),
  "read-only": () => ({ troubles: [{ what: "settings_read_only", why: { is: "newer", version: 2 }, said: "settings.json: version: this Newsmux reads version 1, not 2" }] }),
  held: () => ({ troubles: [{ what: "settings_read_only", why: { is: "held", by: "Newsmux (process 4711)" }, said: "" }] }),
  everything: () => {
    const providers = [...Array(13).keys()].map((at) => provider(`p${at}`, `P${at}`));
    const said = "the connection was refused";
    return {
      running: "attention", settings: { ...usual().settings, providers },
      troubles: [
        ...["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11"].map((id): Trouble => ({ what: "provider_down", provider: id, said })),
        { what: "login_refused", provider: "p0", said: "481 Authentication failed" }, { what: "login_refused", provider: "p1", said: "481 Authentication failed" },
        { what: "no_password", provider: "p12" }, { what: "settings_not_saved", said: "no space left on device" },
      ],
    };
  },
  incomplete: () => ({ past: [], missing: 100 }),
  quitting: () => ({ asksToQuit: true }),
  "quitting-password": () => ({ asksToQuit: true, newPassword: "sabnzbd" }),
  "set-up-before": () => ({ connectedBefore: true, clients: [] }),
  imported: () => ({
    reachable: [{ program: "sabnzbd", address: "http://127.0.0.1:8085", user: "" }, { program: "nzbget", address: "http://127.0.0.1:6789", user: "changed" }],
  }),
  farewell: () => ({ farewell: true }),
  accounts,
  "accounts-told": () => ({ ...accounts(), troubles: [{ what: "account_used", account: "lantern", percent: 90 }, { what: "account_expires", account: "lantern", days: 14 }] }),
  "used-up": () => ({
    ...accounts(), used: { brick: { used: 500e9, pace: 10.1e9 }, lantern: { used: 150e9, pace: 2.6e9, ended: "502 Block account exhausted" } },
    states: { brick: { state: "used_up", said: "its volume is used up: if you bought more, change its quota in the settings" }, lantern: { state: "used_up", said: "502 Block account exhausted" } },
    troubles: [{ what: "account_used", account: "brick", percent: 100 }, { what: "account_used", account: "lantern", percent: 90 }],
  }),
  desktop: () => ({ ...accounts(), inDesktop: true }),
  short: () => ({ history: 1 }),
  "no-history": () => ({ history: 0 }),
  "no-tray": () => ({ tray: false, startAtLogin: null }),
  many: () => {
    const providers = [...Array(14).keys()].map((at) => provider(`p${at}`, `Provider ${at + 1}`, { connections: 2 + at * 9, tier: Math.floor(at / 5) }));
    providers[3] = { ...providers[3]!, name: "A provider with a name that is much longer than anyone would think of" };
    const said = "the provider does not answer";
    const states = Object.fromEntries(["p3", "p5", "p7", "p8"].map((id) => [id, { state: "down" as const, said }]));
    return {
      running: "degraded", settings: { ...usual().settings, providers }, states, passwords: Object.fromEntries(providers.map(({ id }) => [id, "kept"])),
      troubles: Object.keys(states).map((id) => ({ what: "provider_down", provider: id, said })),
      clients: [...Array(9).keys()].map((at) => ({ name: at % 2 ? null : `program-${at}`, address: `127.0.0.${at + 1}`, connections: 1 + at * 3 })),
      past: [...Array(700).keys()].map((at) => [700 - at, "warning", { what: "retried", provider: `Provider ${1 + (at % 9)}`, said: "no reply within 30 s" }, 1 + (at % 5)]),
    };
  },
};

export const scenarioNames = Object.keys(scenarios);

export function worldOf(name: string | null): World {
  return { ...usual(), ...(name === null ? {} : scenarios[name]?.()) };
}

export function eventsOf(world: World, now: number): Event[] {
  return world.past.map(([minutes, level, happened, times = 1], at) => ({ id: at + 1, number: at + 1, since: now - minutes * 60_000, at: now - minutes * 60_000, times, level, happened }));
}
