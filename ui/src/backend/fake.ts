// A fake of the application, in memory: it answers every request and changes by itself, so that the window can be developed
// and tested in a plain browser. `?scenario=` chooses the situation, `?lang=` the language.
import type {
  Check, Client, Connected, Event, Failure, FailureCode, Happened, Hold, ImportServer, Level, ListenTls, Password, Program, Provider, Reply, Request, Snapshot, State, Trouble, Tuning,
} from "../bindings";
import type { Backend } from ".";
import { isHere } from "../pages/encrypted";
import { keepsPassword } from "../pages/provider";
import { stepsOf } from "./checks";
import { historyOf, snapshotOf, speedOf } from "./moment";
import { connectTo, importFiles, previewOf } from "./programs";
import { csvOf, cardsOf, seriesOf } from "./statistics";
import { eventsOf, worldOf, type World } from "./scenarios";
import { inTheWay, measurements } from "./tuning";

const TICK_MS = 500;
/** As many groups of events as the application keeps. */
const KEPT = 500;
/** The passphrase of an earlier vault. */
const PASSPHRASE = "open sesame";
const DONE: Reply = { is: "done" };

export function fake(query: URLSearchParams): Backend {
  const world = worldOf(query.get("scenario"));
  const language = query.get("lang");
  if (language === "de" || language === "en") world.settings.desktop.language = language;
  const application = new Application(world);
  return {
    request: async (request) => structuredClone(application.answer(structuredClone(request))),
    watch: (onSnapshot) => application.watch(onSnapshot),
    save: world.inDesktop ? async (name) => `/home/reader/Downloads/${name}` : save,
  };
}

/** Saves a file as a browser does. */
async function save(name: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
  return null;
}

const testOf = (provider: Provider, password: Password | null) => JSON.stringify([{ ...provider, id: "" }, password?.secret]);

function fail(code: FailureCode, message: string, field: string | null = null): never {
  throw { code, field, message } satisfies Failure;
}

class Application {
  #bytes = 4_213_000_000;
  /** The bytes of today, without those since the start. */
  #today: number;
  #replies = 18_204;
  #articles = 17_900;
  #tested: Record<string, string> = {};
  #test = "";
  #events: Event[];
  #newPassword: { name: string; secret: string } | null = null;
  #check: Check | null = null;
  #checks = 0;
  #tuning: Tuning | null = null;
  #missing = 0;
  #importing: ImportServer[] = [];
  #connected: Connected[] = [];
  #before = 0;
  #undo: { name: string; back: () => void } | null = null;
  #watchers = new Set<(snapshot: Snapshot) => void>();
  #begun = Date.now();
  /** The vault's passphrase, if there is one. */
  #vault: string | null;
  #vaultOpen = false;

  constructor(private world: World) {
    this.#events = eventsOf(world, this.#begun);
    if (world.fresh) this.#bytes = this.#replies = this.#articles = 0;
    this.#today = Math.max(0, seriesOf(world, "today", "provider", this.#begun).total.bytes - this.#bytes);
    this.#vault = world.keep.is === "vault_closed" || world.oldVault ? PASSPHRASE : null;
    if (world.connectedBefore) this.#connected = [{ program: "sabnzbd", address: "http://127.0.0.1:8080", entry: "Newsmux", disabled: [{ name: "Northwind", known: true }], served: false }];
    if (world.newPassword) this.#clientPassword(world.newPassword);
    setInterval(() => this.#tick(), TICK_MS);
  }

  watch(onSnapshot: (snapshot: Snapshot) => void): () => void {
    this.#watchers.add(onSnapshot);
    onSnapshot(this.#snapshot());
    return () => this.#watchers.delete(onSnapshot);
  }

  answer(request: Request): Reply {
    const reply = this.#answer(request);
    this.#publish();
    return reply;
  }

  #answer(request: Request): Reply {
    const { settings } = this.world;
    const { desktop } = settings;
    switch (request.do) {
      case "start": return this.#turn(null, { what: "started", address: `${settings.listen.host}:${settings.listen.port}` });
      case "stop": return this.#turn("stopped", { what: "stopped" });
      case "pause":
        this.world.until = request.lasts.is === "minutes" ? Date.now() + request.lasts.minutes * 60_000 : request.lasts.is === "tomorrow" ? new Date().setHours(24, 0, 0, 0) : null;
        return this.#turn("paused", { what: "traffic_mode", mode: { is: "paused" } });
      case "resume": return this.#turn(null, { what: "traffic_mode", mode: { is: "normal" } });
      case "save_provider": return this.#save(request.provider, request.password, request.proxy_password ?? null);
      case "enable_provider": return this.#change(() => void (this.#provider(request.id).enabled = request.enabled));
      case "try_now": return this.#tryNow(request.provider);
      case "arrange_providers":
        return this.#change(() => void (settings.providers = request.order.map(({ id, tier }) => ({ ...this.#provider(id), tier }))));
      case "remove_provider": return this.#removeProvider(request.id);
      case "add_client":
        this.#checkClientName(request.name);
        this.#checkKeep(request.hold);
        settings.clients.push({ name: request.name });
        return this.#clientPassword(request.name);
      case "renew_client":
        this.#checkKeep(request.hold);
        return this.#clientPassword(request.name);
      case "remove_client": return this.#removeClient(request.name);
      case "use_sample":
        if (request.on && settings.providers.length > 0) fail("invalid", "there is a provider, so the sample is not needed");
        return this.#change(() => void (desktop.sample = request.on));
      case "save_sample_nzb":
        if (!desktop.sample) fail("unknown", "the sample provider is not on");
        return { is: "file", path: "/home/reader/Downloads/newsmux-sample.nzb" };
      case "save_text": return { is: "file", path: `/home/reader/Downloads/${request.name}` };
      case "undo": return this.#putBack();
      case "forget_removed":
        this.#undo = null;
        return DONE;
      case "new_password":
        if (!this.#newPassword) fail("unknown", "there is none");
        return { is: "password", secret: this.#newPassword.secret };
      case "password_noted":
        this.#newPassword = null;
        return DONE;
      case "keep_running": case "quit_now":
        this.world.asksToQuit = false;
        return DONE;
      case "set_mode": return this.#change(() => void (settings.routing.mode = request.mode));
      case "set_listen": return this.#listen(request.listen.host, request.listen.port);
      case "save_certificate": return { is: "file", path: "/home/reader/Downloads/newsmux-certificate.crt" };
      case "set_tls": return this.#tls(request.tls);
      case "set_posting": return this.#change(() => void (settings.posting = request.posting));
      case "set_traffic":
        this.world.traffic = request.mode;
        this.#tell("info", { what: "traffic_mode", mode: request.mode });
        return DONE;
      case "set_limits": return this.#change(() => void (settings.limits = request.limits));
      case "limit_program": return this.#limitProgram(request.program);
      case "set_language": return this.#change(() => void (desktop.language = request.language));
      case "set_all_users":
        this.#endTroubles(({ what }) => what === "other_user");
        return this.#change(() => void (settings.listen.all_users = request.all));
      case "set_theme": return this.#change(() => void (desktop.theme = request.theme));
      case "set_log": return this.#change(() => void (desktop.log = request.log));
      case "set_notify": return this.#change(() => void (desktop.notify = request.notify));
      case "end_first_steps": return this.#change(() => void (desktop.first_steps_done = true));
      case "set_start_at_login": return this.#change(() => void (this.world.startAtLogin = request.start));
      case "set_start_hidden": return this.#change(() => void (desktop.start_hidden = request.hidden));
      case "check_provider": return this.#beginCheck(request.provider, request.password);
      case "network_interfaces":
        return { is: "network_interfaces", interfaces: [{ name: "eth0", addresses: ["192.168.1.20", "2001:db8::20"] }, { name: "tun0", addresses: ["10.8.0.2"] }] };
      case "tune_provider": return this.#tune(request.id, request.connections);
      case "dismiss_tuning":
        this.#tuning = null;
        return DONE;
      case "dismiss_check": return this.#dismissCheck();
      case "dismiss_troubles":
        this.#endTroubles((trouble) => request.troubles.some((dismissed) => JSON.stringify(dismissed) === JSON.stringify(trouble)));
        return DONE;
      case "settings_copies":
        return { is: "copies", copies: [
          { file: "settings.copy-1.json", at: this.#begun, providers: null },
          { file: "settings.before-0.1.0.json", at: this.#begun - 86_400_000, providers: 2 },
        ] };
      case "restore_settings": case "adopt_settings":
        this.world.troubles = this.world.troubles.filter(({ what }) => what !== "settings_read_only" && what !== "settings_set_aside");
        return this.#change(() => void (request.do === "restore_settings" && settings.providers.splice(2)));
      case "retry_passwords": return this.#retryPasswords();
      case "open_vault": return this.#openVault(request.passphrase);
      case "start_vault_over": return this.#startOver(request.passphrase);
      case "change_passphrase":
        if (request.passphrase !== this.#vault) fail("wrong_passphrase", "the passphrase is another", "passphrase");
        return this.#vaultIs(request.new);
      case "keep_passwords": return this.#change(() => void (desktop.passwords = request.keep));
      case "find_imports": return { is: "imports", files: this.world.settings.providers.length === 1 ? [] : importFiles };
      case "read_import": return this.#preview(request.path);
      case "read_import_text": return this.#preview(request.text);
      case "import": return this.#import(request);
      case "dismiss_import": return DONE;
      case "connect_client": return this.#connect(request);
      case "undo_connect":
        if (this.world.connectedBefore && !request.secret) fail("client_key", "enter the key again");
        return this.#forgetConnected(request.program, request.address);
      case "dismiss_connect": return this.#forgetConnected(request.program, request.address);
      case "events": return { is: "events", events: this.#events.filter((event) => event.number > request.after) };
      case "history": return { is: "history", samples: historyOf(this.world, this.#begun) };
      case "statistics": return { is: "statistics", series: seriesOf(this.world, request.range, request.by, Date.now()) };
      case "report_cards": return { is: "report_cards", cards: cardsOf(this.world, request.range, Date.now()) };
      case "export_statistics": return { is: "text", text: csvOf(seriesOf(this.world, request.range, request.by, Date.now())) };
      case "close":
        this.world.farewell = !desktop.told_of_tray;
        (window as { askedToClose?: boolean }).askedToClose = desktop.told_of_tray;
        return DONE;
      case "close_window": case "stay_open": return this.#sayFarewell();
      case "copy":
        if ((window as { cannotCopy?: boolean }).cannotCopy) fail("refused", "the clipboard cannot be used");
        (window as { copied?: string }).copied = request.text;
        return DONE;
      case "quit":
        (window as { askedToQuit?: boolean }).askedToQuit = true;
        return DONE;
      case "choose_file":
        return request.title ? { is: "file", path: "/home/reader/ca.pem" } : DONE;
      case "open_logs": case "show": return DONE;
    }
  }

  /** The fake's providers work as soon as they are tried. */
  #tryNow(provider: string | null): Reply {
    const { world } = this;
    const count = window as { tries?: number; holdsTries?: boolean };
    count.tries = (count.tries ?? 0) + 1;
    if (count.holdsTries) {
      for (const state of Object.values(world.states)) state.retry = { is: "under_way" };
      return DONE;
    }
    for (const id of provider ? [provider] : Object.keys(world.states)) delete world.states[id];
    world.troubles = world.troubles.filter((trouble) => trouble.what !== "provider_down" || trouble.provider in world.states);
    if (world.running === "degraded" && world.troubles.length === 0) world.running = null;
    return DONE;
  }

  #sayFarewell(): Reply {
    this.world.farewell = false;
    this.world.settings.desktop.told_of_tray = true;
    return DONE;
  }

  #change(change: () => void): Reply {
    if (this.world.troubles.some(({ what }) => what === "settings_read_only")) fail("settings_read_only", "the settings cannot be changed");
    change();
    this.#tell("info", { what: "settings_changed" });
    return DONE;
  }

  #limitProgram(program: Client): Reply {
    if (program.connections === 0) fail("invalid", "0 is not between 1 and 500", "connections");
    const { clients } = this.world.settings;
    const known = clients.find((client) => client.name === program.name);
    if (known) Object.assign(known, program);
    else clients.push({ ...program, login: false });
    const isKept = ({ login, speed, connections, priority }: Client) => login !== false || speed || connections || priority !== "normal";
    return this.#change(() => void (this.world.settings.clients = clients.filter(isKept)));
  }

  #turn(running: State["is"] | null, happened: Happened): Reply {
    this.world.running = running;
    this.#tell("info", happened);
    return DONE;
  }

  #tell(level: Level, happened: Happened) {
    const number = (this.#events.at(-1)?.number ?? 0) + 1;
    const kind = (event: Happened) => JSON.stringify({ ...event, message_id: null });
    const group = this.#events.find((event) => kind(event.happened) === kind(happened));
    const [at, since] = [Date.now(), group?.since ?? Date.now()];
    this.#events = [
      ...this.#events.filter((event) => event !== group),
      { id: group?.id ?? number, number, since, at, times: (group?.times ?? 0) + 1, level, happened },
    ].slice(-KEPT);
  }

  #provider(id: string): Provider {
    return this.world.settings.providers.find((provider) => provider.id === id) ?? fail("unknown", "there is no such provider");
  }

  /** A password can be saved only in an open keyring or vault. */
  #checkKeep(hold: Hold) {
    if (hold === "this_session") return;
    if (this.world.keep.is === "absent") fail("keep_absent", "there is no keyring");
    if (this.world.keep.is === "vault_closed") fail("vault_closed", "the vault wants its passphrase");
    if (this.world.keep.is !== "open") fail("keep_closed", "the keyring is locked");
  }

  #save(provider: Provider, password: Password | null, proxyPassword: Password | null): Reply {
    if (!provider.host) fail("invalid", "is empty: enter the provider's news server", "host");
    if (provider.ca_file && !provider.ca_file.endsWith(".pem")) fail("invalid", "cannot be read: enter the path of a PEM file", "ca_file");
    this.#checkServer(provider, password);
    if (password) this.#checkKeep(password.hold);
    const id = provider.id || `${provider.host.replace(/[^a-z0-9]+/gi, "-")}-${this.world.settings.providers.length}`;
    const { providers } = this.world.settings;
    const at = providers.findIndex((other) => other.id === id);
    providers[at < 0 ? providers.length : at] = { ...provider, id };
    if (this.#check?.done && this.#check.findings.every(({ outcome }) => outcome !== "bad") && this.#test === testOf(provider, password)) {
      this.#tested[id] = JSON.stringify(providers.find((saved) => saved.id === id));
    }
    this.world.settings.desktop.sample = false;
    if (proxyPassword) this.world.passwords[`proxy/${id}`] = proxyPassword.hold === "keep" ? "kept" : "this_session";
    if (password) {
      this.world.passwords[id] = password.hold === "keep" ? "kept" : "this_session";
      this.#mended(id);
    }
    this.#tell("info", { what: "settings_changed" });
    return { is: "saved", id };
  }

  /** A saved password is sent only to the server it was entered for. */
  #checkServer(provider: Provider, password: Password | null) {
    const saved = this.world.settings.providers.find(({ id }) => id === provider.id);
    if (!saved || password || !provider.username || !this.world.passwords[saved.id] || keepsPassword(saved, provider)) return;
    fail("password_again", "the saved password is for another server", "password");
  }

  /** A new password solves the provider's troubles. */
  #mended(id: string) {
    delete this.world.states[id];
    this.world.troubles = this.world.troubles.filter((trouble) => !("provider" in trouble) || trouble.provider !== id);
    if (this.world.troubles.length === 0 && this.world.running !== "stopped") this.world.running = null;
  }

  #removeProvider(id: string): Reply {
    const { settings } = this.world;
    const before = [...settings.providers];
    const { name } = this.#provider(id);
    this.#undo = { name: name ?? id, back: () => (settings.providers = before) };
    settings.providers = before.filter((provider) => provider.id !== id);
    return DONE;
  }

  #checkClientName(name: string) {
    if (this.world.settings.clients.some((client) => client.name === name)) fail("invalid", `there is another client "${name}"`, "name");
  }

  #clientPassword(name: string): Reply {
    if (!this.world.settings.clients.some((client) => client.name === name)) fail("unknown", "there is no such client");
    const letters = crypto.getRandomValues(new Uint8Array(20));
    this.world.troubles = this.world.troubles.filter((trouble) => trouble.what !== "no_client_password" || trouble.client !== name);
    const secret = [...letters].map((letter) => "abcdefghijkmnpqrstuvwxyz23456789"[letter % 32]).join("");
    this.#newPassword = { name, secret };
    return { is: "password", secret };
  }

  #removeClient(name: string): Reply {
    const { settings } = this.world;
    const before = [...settings.clients];
    this.#undo = { name, back: () => (settings.clients = before) };
    settings.clients = before.filter((client) => client.name !== name);
    return DONE;
  }

  #putBack(): Reply {
    this.#undo?.back();
    this.#undo = null;
    return DONE;
  }

  #tls(tls: ListenTls | null): Reply {
    const { settings } = this.world;
    const host = tls?.host ?? settings.listen.host;
    if (tls && !isHere(host) && settings.clients.length === 0) fail("invalid", "other computers could connect without a login: add one", "host");
    if (tls?.port === settings.listen.port) fail("invalid", "is the port without TLS", "port");
    this.world.troubles = this.world.troubles.filter(({ what }) => what !== "encrypted_port");
    return this.#change(() => void (settings.listen = { ...settings.listen, tls }));
  }

  #listen(host: string, port: number): Reply {
    const { settings, troubles } = this.world;
    const loopback = host === "localhost" || host.startsWith("127.") || host === "::1";
    if (!loopback && settings.clients.length === 0) fail("invalid", "other computers could connect without a login: add one", "listen.host");
    settings.listen = { ...settings.listen, host, port };
    this.world.troubles = troubles.filter(({ what }) => what !== "port_busy" && what !== "cannot_listen");
    return this.#turn(null, { what: "started", address: `${host}:${port}` });
  }

  #preview(nameOrText: string): Reply {
    const preview = previewOf(nameOrText) ?? fail("import_kind", "these are not the settings of SABnzbd or NZBGet");
    this.#importing = preview.servers;
    return preview;
  }

  #import({ chosen, same_account, hold }: Extract<Request, { do: "import" }>): Reply {
    this.#checkKeep(hold);
    const { providers } = this.world.settings;
    const idOf = (at: number) => `${this.#importing[at]?.provider.host}-${at}`;
    for (const at of chosen.sort((a, b) => a - b)) {
      const { provider, password, same_account_as: same } = this.#importing[at] ?? fail("unknown", "there is no such server");
      const id = idOf(at);
      const first = same?.servers.find((other) => chosen.includes(other));
      const account = same?.provider ?? (first === undefined ? undefined : idOf(first));
      const owner = same_account.includes(at) ? providers.find((other) => other.id === account) : undefined;
      providers.push(owner ? { ...provider, id, quota: null, expires: null, account: owner.id } : { ...provider, id });
      if (owner) Object.assign(owner, { quota: owner.quota ?? provider.quota, expires: owner.expires ?? provider.expires });
      if (password) this.world.passwords[id] = hold === "keep" ? "kept" : "this_session";
    }
    return this.#change(() => {});
  }

  #connect(request: Extract<Request, { do: "connect_client" }>): Reply {
    const connected = connectTo(request, this.world.reachable ?? []);
    if (typeof connected === "string") fail(connected, connected);
    if (request.new_login && request.login) {
      this.#checkClientName(request.login);
      this.#checkKeep("keep");
      this.world.settings.clients.push({ name: request.login });
    }
    this.#connected = [...this.#connected.filter(({ program, address }) => program !== connected.program || address !== connected.address), connected];
    this.#before = this.#articles;
    return DONE;
  }

  #forgetConnected(program: Program, address: string): Reply {
    this.#connected = this.#connected.filter((connected) => connected.program !== program || connected.address !== address);
    return DONE;
  }

  #endTroubles(isOver: (trouble: Trouble) => boolean) {
    this.world.troubles = this.world.troubles.filter((trouble) => !isOver(trouble));
    if (this.world.troubles.length === 0 && this.world.running === "attention") this.world.running = null;
  }

  #beginCheck(provider: Provider, password: Password | null): Reply {
    if (!provider.host) fail("invalid", "is empty: enter the provider's news server", "host");
    this.#checkServer(provider, password);
    const run = (this.#checks += 1);
    const steps = stepsOf(this.world, provider, password);
    this.#test = testOf(provider, password);
    this.#check = { name: provider.name ?? provider.host, findings: [], done: false };
    const next = () => {
      const step = steps.shift();
      if (run !== this.#checks || !this.#check || !step) return;
      this.#check.findings.push(step);
      this.#check.done = steps.length === 0 || step.outcome === "bad";
      this.#publish();
      if (!this.#check.done) setTimeout(next, 120);
    };
    setTimeout(next, 120);
    return DONE;
  }

  #tune(id: string, plan: number): Reply {
    this.#provider(id);
    const tuning: Tuning = (this.#tuning = { provider: id, points: [], outcome: null });
    const unable = inTheWay(this.world, id);
    if (unable) {
      tuning.outcome = { is: "unable", unable };
      return DONE;
    }
    const { points, outcome } = measurements(plan);
    const next = () => {
      if (this.#tuning !== tuning) return;
      const point = points.shift();
      if (point) tuning.points.push(point);
      else tuning.outcome = outcome;
      this.#publish();
      if (point) setTimeout(next, 120);
    };
    setTimeout(next, 120);
    return DONE;
  }

  #dismissCheck(): Reply {
    this.#checks += 1;
    this.#check = null;
    return DONE;
  }

  #retryPasswords(): Reply {
    // The second time it is unlocked, as by somebody who did what was asked.
    if (this.world.keep.is === "locked") this.world.keep = { is: "asking" };
    else if (this.world.keep.is === "asking") this.#opened();
    return DONE;
  }

  #openVault(passphrase: string): Reply {
    if (this.#vault !== null && passphrase !== this.#vault) fail("wrong_passphrase", "the passphrase is another", "passphrase");
    return this.#vaultIs(passphrase);
  }

  #vaultIs(passphrase: string): Reply {
    this.#vault = passphrase;
    this.#vaultOpen = true;
    this.world.settings.desktop.passwords = "vault";
    this.#opened();
    return DONE;
  }

  /** Starts over with a new vault, without the old passwords. */
  #startOver(passphrase: string): Reply {
    const wasThere = this.world.settings.desktop.passwords === "vault";
    this.#vaultIs(passphrase);
    if (!wasThere) return DONE;
    const { providers } = this.world.settings;
    for (const { id } of providers) delete this.world.passwords[id];
    this.world.troubles = providers.map(({ id }) => ({ what: "no_password", provider: id }));
    return DONE;
  }

  #opened() {
    this.world.keep = { is: "open" };
    for (const { id } of this.world.settings.providers) this.world.passwords[id] ??= "kept";
    this.world.troubles = this.world.troubles.filter(({ what }) => what !== "passwords_closed");
    if (this.world.troubles.length === 0) this.world.running = null;
  }

  #tick() {
    for (let at = 0; at < (this.world.missing ?? 0); at += 1) {
      this.#tell("error", { what: "not_found", client: "sabnzbd", message_id: `<part${(this.#missing += 1)}@news.example>` });
      if (at % 10 === 0) this.#tell("warning", { what: "retried", provider: `Provider ${this.#missing % 9}`, said: "no reply within 30 s" });
    }
    const speed = speedOf(this.world, Date.now());
    this.#bytes += Math.round((speed * TICK_MS) / 1000);
    this.#replies += speed > 0 ? 28 : 0;
    this.#articles += speed > 0 ? 28 : 0;
    this.#publish();
  }

  #publish() {
    const snapshot = this.#snapshot();
    for (const watcher of this.#watchers) watcher(structuredClone(snapshot));
  }

  #snapshot(): Snapshot {
    const { settings, fresh } = this.world;
    const steps = settings.desktop.first_steps;
    if (fresh) {
      steps.provider_works ||= Object.keys(this.#tested).length > 0;
      steps.program_set_up ||= this.#connected.length > 0;
    } else settings.desktop.first_steps = { provider_works: true, program_set_up: true, article_delivered: true };
    return snapshotOf(this.world, {
      begun: this.#begun, bytes: this.#bytes, today: this.#today + this.#bytes, replies: this.#replies, articles: this.#articles, tested: this.#tested, check: this.#check, tuning: this.#tuning,
      connected: this.#connected.map((connected) => ({ ...connected, served: this.#articles > this.#before })),
      newPassword: this.#newPassword?.name ?? null,
      vault: this.#vault === null ? "none" : this.#vaultOpen ? "open" : "closed",
      last: this.#events.at(-1)?.number ?? 0, removed: this.#undo?.name ?? null,
    });
  }
}
