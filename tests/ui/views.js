// Every page in every state: how to get there from a scenario of the fake.
const press = (name) => (page) => page.getByRole("button", { name, exact: true }).click();
const field = (page, at) => page.locator("form input").nth(at);

async function beginProvider(page, host) {
  await page.locator("header button").click();
  await field(page, 0).fill(host);
}

async function enterProvider(page, host, password) {
  await beginProvider(page, host);
  await field(page, 2).fill("reader");
  await page.locator("input[type=password]").fill(password);
}

async function checkProvider(page, host, password) {
  await enterProvider(page, host, password);
  await page.locator("section[aria-label] button").click();
  await page.locator("section[aria-label] [role=status]:is(.good, .warn, .bad)").waitFor();
}

/** A test of a host whose name is its problem. */
const checked = (host) => ["providers", "busy", async (page) => {
  await checkProvider(page, host, "secret");
  await page.locator("section[aria-label] li:has(.warn, .bad)").first().evaluate((line) => line.scrollIntoView());
}];

async function saveProvider(page) {
  await enterProvider(page, "news.example.com", "secret");
  await page.locator("button[type=submit]").click();
  await page.locator("dialog").waitFor();
}

async function readImport(page, at) {
  await page.locator("main .lead > button").click();
  await page.locator(".file button").nth(at).click();
  await page.locator("fieldset").waitFor();
}

async function beginConnect(page, program) {
  await page.locator("fieldset label").nth(program).click();
  await page.locator("section button.main").first().click();
  await dialogs(page);
}

async function connectWith(page, key) {
  await beginConnect(page, 0);
  await page.locator("dialog input[type=password]").fill(key);
  await page.keyboard.press("Enter");
}

async function plotted(page) {
  await page.locator("canvas").waitFor();
  await page.locator("article").first().waitFor();
}

async function range(page, at) {
  await plotted(page);
  await page.locator("input[name=range]").nth(at).check({ force: true });
  await plotted(page);
}

async function card(page, at) {
  await plotted(page);
  await page.locator("article").nth(at).evaluate((article) => article.scrollIntoView());
}

/** Opens a provider, and its search for the best number of connections. */
async function tuning(page, at = 0) {
  await page.locator("main li button:not([role]):not([aria-haspopup])").nth(at).click();
  await page.locator("form .fields > div > button").first().click();
  await dialogs(page);
}

const dialogs = (page) => page.locator("dialog").waitFor();

/** name: [page, scenario, what to do there] */
export const views = {
  "overview": ["overview", "busy"],
  "overview-idle": ["overview", "idle"],
  "overview-empty": ["overview", "empty"],
  "overview-first": ["overview", "first"],
  "overview-everything": ["overview", "everything"],
  "overview-sample": ["overview", "sample"],
  "overview-sample-saved": ["overview", "sample", async (page) => {
    await page.locator("section[aria-labelledby=sample] ol button").nth(1).click();
    await page.locator("[role=status] .mono").waitFor();
  }],
  "providers-sample": ["providers", "sample"],
  "overview-stopped": ["overview", "stopped"],
  "overview-paused": ["overview", "paused"],
  "overview-starting": ["overview", "starting"],
  "overview-degraded": ["overview", "degraded"],
  "overview-port-busy": ["overview", "port-busy"],
  "overview-cannot-listen": ["overview", "cannot-listen"],
  "overview-all-used-up": ["overview", "all-used-up"],
  "overview-all-full": ["overview", "all-full"],
  "overview-other-user": ["overview", "other-user"],
  "overview-refused": ["overview", "refused"],
  "overview-missing": ["overview", "missing"],
  "overview-locked": ["overview", "locked"],
  "overview-asking": ["overview", "asking"],
  "overview-absent": ["overview", "absent"],
  "overview-vault": ["overview", "vault"],
  "overview-set-aside": ["overview", "set-aside"],
  "overview-no-tray": ["overview", "no-tray"],
  "overview-many": ["overview", "many"],
  "overview-end": ["overview", "busy", (page) => page.locator("main").evaluate((main) => main.scrollTo(0, main.scrollHeight))],
  "overview-many-end": ["overview", "many", (page) => page.locator("main").evaluate((main) => main.scrollTo(0, main.scrollHeight))],
  "overview-pause-menu": ["overview", "busy", (page) => page.locator("main button[aria-haspopup]").first().click()],
  "overview-slow": ["overview", "busy", (page) => page.locator("main button[aria-pressed]").click()],
  "settings-limits": ["settings", "busy", (page) => page.locator("main section").nth(2).evaluate((section) => section.scrollIntoView())],
  "settings-schedule": ["settings", "scheduled", (page) => page.locator("main section").nth(2).evaluate((section) => section.scrollIntoView())],
  "overview-scheduled": ["overview", "scheduled"],
  "program-limit": ["overview", "busy", async (page) => {
    await page.locator("main li button[aria-haspopup]").first().click();
    await page.getByRole("menuitem").first().click();
    await dialogs(page);
  }],
  "closing": ["overview", "farewell", dialogs],
  "providers": ["providers", "busy"],
  "providers-empty": ["providers", "empty"],
  "providers-many": ["providers", "many"],
  "providers-degraded": ["providers", "degraded"],
  "providers-refused": ["providers", "refused"],
  "providers-stopped": ["providers", "stopped"],
  "providers-menu": ["providers", "busy", (page) => page.locator("main button[aria-haspopup]").nth(2).click()],
  "providers-removed": ["providers", "busy", async (page) => {
    await page.locator("main button[aria-haspopup]").nth(1).click();
    await page.getByRole("menuitem").nth(3).click();
    await page.locator(".toast").waitFor();
  }],
  "import": ["providers", "busy", async (page) => {
    await page.locator("main .lead > button").click();
    await page.locator(".file").first().waitFor();
  }],
  "import-hosts": ["providers", "busy", async (page) => {
    await page.locator("main .lead > button").click();
    const buffer = Buffer.from("[servers]\n[[x]]\nhost = eu.harbour.example");
    await page.locator("input[type=file]").setInputFiles({ name: "sabnzbd.ini", mimeType: "text/plain", buffer });
    await page.locator("fieldset").waitFor();
  }],
  "import-sabnzbd": ["providers", "busy", (page) => readImport(page, 0)],
  "import-nzbget": ["overview", "empty", async (page) => {
    await page.locator("main .welcome button").nth(1).click();
    await page.locator(".file button").nth(1).click();
    await page.locator("fieldset").waitFor();
  }],
  "import-wrong": ["providers", "many", async (page) => {
    await page.locator("main .lead > button").click();
    await page.locator("input[type=file]").setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
    await page.locator("[role=alert]:not(:empty)").waitFor();
  }],
  "import-unkept": ["providers", "locked", async (page) => {
    await readImport(page, 0);
    await page.locator("button[type=submit]").click();
    await dialogs(page);
  }],
  "provider-new": ["providers", "busy", (page) => page.locator("header button").click()],
  "provider-wrong": ["providers", "busy", async (page) => {
    await enterProvider(page, "", "secret");
    await field(page, 2).fill("");
    await page.locator("summary").last().click();
    await page.locator("input[name=port]").fill("70000");
    await page.locator("button[type=submit]").click();
    await page.locator("[aria-invalid]").first().waitFor();
  }],
  "provider-pasted": ["providers", "busy", (page) => beginProvider(page, "https://news.example.com:563/")],
  "provider-more": ["providers", "busy", async (page) => {
    await page.locator("main li button:not([role]):not([aria-haspopup])").first().click();
    await page.locator("summary").last().click();
    await page.locator("summary").last().evaluate((summary) => summary.scrollIntoView());
  }],
  "provider-tune": ["providers", "idle", tuning],
  "provider-tune-found": ["providers", "idle", async (page) => {
    await tuning(page);
    await page.locator("dialog button[type=submit]").click();
    await page.locator("dialog .good").waitFor();
  }],
  "provider-tune-busy": ["providers", "busy", async (page) => {
    await tuning(page);
    await page.locator("dialog button[type=submit]").click();
    await page.locator("dialog .warn").waitFor();
  }],
  "provider-tune-limited": ["providers", "accounts", (page) => tuning(page, 2)],
  "provider-account": ["providers", "accounts", async (page) => {
    await page.locator("main li button:not([role]):not([aria-haspopup])").nth(2).click();
    await page.locator("summary").first().click();
    await page.locator("select[name=volume]").selectOption("month");
    await page.locator("input[name=reset_day]").fill("31");
    await page.locator("input[name=reserve]").fill("600");
    await page.locator("input[name=expires]").fill("2020-02-29");
    await page.locator("button[type=submit]").click();
    await page.locator("[aria-invalid]").first().waitFor();
    await page.locator("summary").first().evaluate((summary) => summary.scrollIntoView());
  }],
  "provider-same": ["providers", "accounts", async (page) => {
    await enterProvider(page, "asia.northwind.example", "secret");
    await page.locator("select[name=account]").waitFor();
    await page.locator("summary").first().evaluate((summary) => summary.scrollIntoView());
  }],
  "overview-accounts": ["overview", "accounts-told"],
  "overview-accounts-end": ["overview", "accounts-told", (page) => page.locator("main").evaluate((main) => main.scrollTo(0, main.scrollHeight))],
  "overview-used-up": ["overview", "used-up", (page) => page.locator("main").evaluate((main) => main.scrollTo(0, main.scrollHeight * 0.4))],
  "providers-used-up": ["providers", "used-up"],
  "provider-checked": ["providers", "busy", (page) => checkProvider(page, "news.example.com", "secret")],
  "provider-check-failed": ["providers", "busy", (page) => checkProvider(page, "news.example.com", "wrong")],
  "provider-known": ["providers", "busy", (page) => beginProvider(page, "news.eweka.nl")],
  ...Object.fromEntries(["nowhere", "plain", "starttls", "certificate", "ending", "web", "full", "unclear", "few"]
    .map((word) => [`provider-check-${word}`, checked(`${word}.example`)])),
  "provider-check-changed": ["providers", "busy", async (page) => {
    await checkProvider(page, "few.example", "secret");
    await page.locator("input[name=connections]").fill("7");
  }],
  "provider-unkept": ["providers", "locked", saveProvider],
  "provider-no-keyring": ["providers", "absent", saveProvider],
  "clients": ["clients", "busy"],
  "clients-empty": ["clients", "empty"],
  "clients-nzbget": ["clients", "busy", (page) => page.locator("fieldset label").nth(1).click()],
  "clients-manual": ["clients", "busy", (page) => page.locator("summary").click()],
  "clients-reader": ["clients", "busy", (page) => page.locator("fieldset label").nth(2).click()],
  "clients-missing": ["clients", "missing"],
  "clients-wrong": ["clients", "busy", async (page) => {
    await page.locator("form input").fill("sabnzbd");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
  }],
  "connect-sabnzbd": ["clients", "busy", (page) => beginConnect(page, 0)],
  "connect-nzbget": ["clients", "empty", (page) => beginConnect(page, 1)],
  "connect-imported": ["clients", "imported", (page) => beginConnect(page, 0)],
  "connect-imported-nzbget": ["clients", "imported", (page) => beginConnect(page, 1)],
  "connect-wrong": ["clients", "busy", async (page) => {
    await connectWith(page, "wrong");
    await page.locator("[aria-invalid]").waitFor();
  }],
  "connected": ["clients", "idle", async (page) => {
    await connectWith(page, "right");
    await page.locator("section [role=status]").waitFor();
  }],
  "connected-served": ["clients", "busy", async (page) => {
    await connectWith(page, "right");
    await page.locator("section [role=status].good").waitFor();
  }],
  "clients-password": ["clients", "busy", async (page) => {
    await page.locator("form input").fill("nzbget");
    await page.keyboard.press("Enter");
    await dialogs(page);
  }],
  "statistics": ["statistics", "accounts", plotted],
  "statistics-today": ["statistics", "accounts", (page) => range(page, 0)],
  "statistics-months": ["statistics", "accounts", (page) => range(page, 2)],
  "statistics-all": ["statistics", "accounts", (page) => range(page, 3)],
  "statistics-programs": ["statistics", "accounts", async (page) => {
    await plotted(page);
    await page.locator("input[name=by]").nth(1).check({ force: true });
    await plotted(page);
  }],
  "statistics-table": ["statistics", "accounts", async (page) => {
    await plotted(page);
    await page.locator("main button[aria-expanded]:not([aria-haspopup])").click();
    await page.locator("table").first().evaluate((table) => table.scrollIntoView({ block: "end" }));
  }],
  "statistics-cards": ["statistics", "accounts", (page) => card(page, 0)],
  "statistics-card-backbone": ["statistics", "accounts", (page) => card(page, 3)],
  "statistics-card-ages": ["statistics", "accounts", async (page) => {
    await card(page, 2);
    await page.locator("article summary").nth(2).click();
    await page.locator("article summary").nth(2).evaluate((summary) => summary.scrollIntoView());
  }],
  "statistics-export": ["statistics", "accounts", async (page) => {
    await plotted(page);
    await page.locator("main header button").click();
    await page.getByRole("menuitem").first().waitFor();
  }],
  "statistics-short": ["statistics", "short", plotted],
  "statistics-many": ["statistics", "many", plotted],
  "statistics-empty": ["statistics", "no-history", (page) => page.locator("main p.card").waitFor()],
  "activity": ["activity", "busy"],
  "activity-empty": ["activity", "empty"],
  "activity-many": ["activity", "many"],
  "activity-nothing": ["activity", "busy", (page) => page.locator("input[type=search]").fill("no such thing")],
  "settings": ["settings", "busy"],
  "settings-end": ["settings", "busy", (page) => page.locator("main").evaluate((main) => main.scrollTo(0, main.scrollHeight))],
  "settings-address": ["settings", "busy", async (page) => {
    await page.locator("form input").first().fill("somewhere");
    await page.locator("form button[type=submit]").click();
    await page.locator("[aria-invalid]").waitFor();
  }],
  "settings-encrypted": ["settings", "encrypted", (page) => page.locator("main section").nth(1).evaluate((section) => section.scrollIntoView())],
  "overview-encrypted-port": ["overview", "encrypted-port"],
  "programs-encrypted": ["clients", "encrypted", async (page) => {
    await page.locator("summary").click();
  }],
  "settings-no-tray": ["settings", "no-tray"],
  "settings-locked": ["settings", "locked"],
  "vault-make": ["settings", "absent", async (page) => {
    await page.locator("input[value=vault]").click();
    await dialogs(page);
  }],
  "vault-open": ["overview", "vault", async (page) => {
    await page.locator("main li button").first().click();
    await dialogs(page);
    await page.locator("dialog input").fill("not the one");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid]").waitFor();
  }],
  "vault-over": ["overview", "vault", async (page) => {
    await page.locator("main li button").first().click();
    await dialogs(page);
    await page.locator("dialog button").last().click();
    await page.locator("dialog input").nth(1).waitFor();
  }],
  "vault-change": ["settings", "old-vault", async (page) => {
    await page.locator("input[value=vault]").click();
    await dialogs(page);
    await page.locator("dialog input").fill("open sesame");
    await page.keyboard.press("Enter");
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.locator("main section button", { hasText: /passphrase/i }).click();
    await dialogs(page);
  }],
  "down": ["overview", "down"],
  "read-only": ["overview", "read-only"],
  "read-only-copies": ["overview", "read-only", async (page) => {
    await page.locator("main li button").nth(1).click();
    await page.locator("dialog li").first().waitFor();
  }],
  "held": ["overview", "held"],
  "provider-again": ["providers", "busy", async (page) => {
    await page.locator("main li button:not([role]):not([aria-haspopup])").first().click();
    await field(page, 0).fill("news.elsewhere.example");
    await page.locator("button[type=submit]").click();
    await page.locator("[aria-invalid]").waitFor();
  }],
  "provider-removed": ["providers", "busy", async (page) => {
    await page.locator("main li button[aria-haspopup]").first().click();
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await page.locator(".toast").waitFor();
  }],
  "first-login": ["clients", "no-logins", async (page) => {
    await page.locator("form input").fill("downloads");
    await page.keyboard.press("Enter");
    await dialogs(page);
  }],
  "first-login-connect": ["clients", "no-logins", async (page) => {
    await page.locator("form input").fill("downloads");
    await page.keyboard.press("Enter");
    await dialogs(page);
    await page.locator("dialog li button").first().click();
    await page.locator("dialog input[type=checkbox]").waitFor();
  }],
  "activity-refused": ["activity", "no-logins"],
  "quitting": ["overview", "quitting", dialogs],
  "set-up-before": ["clients", "set-up-before", async (page) => {
    await page.locator("main section button").nth(1).click();
    await page.locator("main input[type=password]").waitFor();
  }],
};
