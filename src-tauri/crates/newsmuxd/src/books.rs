//! The ledger of newsmuxd: what accounts have used, in the state folder, and what to say about it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bookkeeping::{Bookkeeper, Names, News, accounts};
use ledger::{Alert, By, Due, Opened, Plan, Range, SystemClock};
use nntp_proxy::proxy::Proxy;
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;
use tracing::warn;

use crate::arguments::Arguments;
use crate::setup::Setup;

/// How long a status waits for the ledger, whose file may be slow.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keeps the ledger while newsmuxd serves.
pub(crate) struct Books {
    keeper: Bookkeeper,
    names: Arc<Mutex<Names>>,
}

impl Books {
    /// Opens the ledger. The sample provider is not for statistics.
    pub(crate) fn open(arguments: &Arguments) -> Option<Self> {
        if arguments.sample.is_some() {
            return None;
        }
        let Some(folder) = arguments.state.clone().or_else(settings::default_state_folder) else {
            warn!(
                "there is no state folder on this system: name one by --state to keep statistics"
            );
            return None;
        };
        let names = Arc::new(Mutex::new(Names::new()));
        let known = Arc::clone(&names);
        let told = move |news: News| {
            let names = known.lock().unwrap_or_else(PoisonError::into_inner);
            news.alerts.iter().for_each(|alert| warn!("{}", sentence(alert, &names)));
        };
        let (keeper, opened) = Bookkeeper::start(&folder, SystemClock, told);
        tell_opened(&folder, &opened);
        Some(Self { keeper, names })
    }

    /// Tells the engine how far each account may go by these settings.
    pub(crate) fn allow(&self, setup: &mut Setup) {
        let name = |plan: &Plan| {
            let backends = &setup.config.backends;
            let backend = backends.iter().find(|backend| backend.id == plan.account);
            (plan.account.clone(), backend.map_or(&plan.account, |backend| &backend.name).clone())
        };
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) =
            setup.plans.iter().map(name).collect();
        setup.config.allowances = self.keeper.set_plans(std::mem::take(&mut setup.plans));
    }

    /// How the accounts stand that have a limit or an end.
    pub(crate) async fn accounts(&self) -> Map<String, Value> {
        let answer = self.keeper.asking(|ledger| ledger.limited_accounts());
        let answer = spawn_blocking(move || answer.recv_timeout(PATIENCE)).await;
        accounts(&answer.ok().and_then(Result::ok).unwrap_or_default(), &self.names())
    }

    fn names(&self) -> Names {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was used, and how good each provider is, as `newsmuxctl stats --json` shows it.
    pub(crate) async fn stats(&self, range: String, by: String) -> Result<Value, String> {
        let name = |name: String| Value::String(name);
        let range: Range = serde_json::from_value(name(range)).map_err(|e| e.to_string())?;
        let by: By = serde_json::from_value(name(by)).map_err(|e| e.to_string())?;
        let names = self.names();
        let stats = move |ledger: &mut _| bookkeeping::stats(ledger, range, by, &names);
        let answer = self.keeper.asking(stats);
        let answer = spawn_blocking(move || answer.recv()).await;
        let answer = answer.ok().and_then(Result::ok).ok_or("statistics are not kept")?;
        answer.map_err(|error| error.to_string())
    }

    /// Writes what is still unwritten.
    pub(crate) async fn finish(self: Arc<Self>) {
        drop(spawn_blocking(move || self.keeper.finish()).await);
    }

    /// Counts what this proxy does.
    pub(crate) fn watch(&self, proxy: &Proxy) {
        self.keeper.watch(proxy.clone());
    }
}

fn tell_opened(folder: &Path, opened: &Opened) {
    match opened {
        Opened::New | Opened::Kept => {}
        other => warn!("statistics in {}: {other}", folder.display()),
    }
}

fn sentence(alert: &Alert, names: &Names) -> String {
    let name = names.get(&alert.account).unwrap_or(&alert.account);
    match alert.what {
        Due::Used { percent: 100 } => format!(
            "{name}: its volume is used up: other providers serve now. If you bought more, change its quota"
        ),
        Due::Used { percent } => format!("{name}: {percent} % of its volume is used"),
        Due::Expires { days: 0 } => format!(
            "{name}: its account expires today or has expired: renew it and change expires, or remove it"
        ),
        Due::Expires { days } => format!("{name}: its account expires within {days} days"),
    }
}
