//! When the user is notified, second by second.

use std::slice::from_ref;

use api::snapshot::{
    AccountView, Figures, KeepState, PasswordState, ProviderView, Snapshot, TrafficView, VaultState,
};
use downloaders::Address;
use ledger::AccountStanding;
use settings::{Provider, Settings, TrafficMode};

use super::*;

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;

/// A notifier, and what it looks at each second.
struct Situation {
    notifier: Notifier,
    snapshot: Snapshot,
    now: Instant,
    language: Language,
}

impl Situation {
    /// Two providers that work.
    fn new() -> Self {
        let (notifier, now) = (Notifier::default(), Instant::now());
        Self { notifier, snapshot: calm(), now, language: Language::En }
    }

    /// What is said in so many seconds: title and body.
    fn says(&mut self, seconds: u64) -> Vec<(String, String)> {
        let looks = (0..seconds).flat_map(|_| {
            self.now += Duration::from_secs(1);
            self.notifier.notices(self.now, &self.snapshot, self.language)
        });
        looks.map(|notification| (notification.title, notification.body)).collect()
    }

    /// What is said in so many seconds, in short.
    fn titles(&mut self, seconds: u64) -> Vec<String> {
        self.says(seconds).into_iter().map(|(title, _)| title).collect()
    }

    /// Everything works.
    fn recover(&mut self) {
        let settings = self.snapshot.settings.clone();
        self.snapshot = Snapshot { settings, ..calm() };
    }

    /// Something needs the user.
    fn need(&mut self, troubles: &[Trouble], serves: bool) {
        let troubles = troubles.to_vec();
        self.snapshot =
            Snapshot { state: State::Attention, serves, troubles, ..self.snapshot.clone() };
    }

    /// All providers fail.
    fn fail(&mut self) {
        let down = |id: &str| Trouble::ProviderDown { provider: id.into(), said: String::new() };
        self.snapshot.troubles = vec![down("a"), down("b")];
        (self.snapshot.state, self.snapshot.serves) = (State::Down, false);
        self.all(ProviderState::Down);
    }

    fn all(&mut self, state: ProviderState) {
        self.snapshot.providers.iter_mut().for_each(|view| view.state = state);
    }
}

fn locked() -> [Trouble; 1] {
    [Trouble::PasswordsClosed]
}

fn refused(provider: &str) -> Trouble {
    Trouble::LoginRefused { provider: provider.into(), said: String::new() }
}

fn used(percent: u8) -> Trouble {
    Trouble::AccountUsed { account: "a".into(), percent }
}

fn calm() -> Snapshot {
    let providers = vec![Provider::new("a", "a.example"), Provider::new("b", "b.example")];
    Snapshot {
        state: State::Idle,
        serves: true,
        troubles: Vec::new(),
        encrypted: None,
        address: Address { host: "127.0.0.1".into(), port: 10080 },
        figures: Figures::default(),
        providers: providers.iter().map(|provider| view(&provider.id)).collect(),
        accounts: Vec::new(),
        sample: false,
        clients: Vec::new(),
        traffic: TrafficView { mode: TrafficMode::Normal, speed: None, until: None, next: None },
        last_event: 0,
        settings: Settings { providers, ..Settings::default() },
        keep: KeepState::Locked,
        vault: VaultState::None,
        removed: None,
        new_password: None,
        check: None,
        tuning: None,
        reachable: Vec::new(),
        connected: Vec::new(),
        start_at_login: None,
        tray: true,
        farewell: false,
        asks_to_quit: false,
        version: "1.2.3",
    }
}

fn view(id: &str) -> ProviderView {
    ProviderView {
        id: id.into(),
        name: format!("Provider {id}"),
        state: ProviderState::Up,
        said: String::new(),
        retry: None,
        password: PasswordState::Kept,
        proxy_password: PasswordState::NotNeeded,
        tested: false,
        open: 0,
        granted: 8,
        allowed: 8,
        speed: 0,
        bytes: 0,
        replies: 0,
        missing: 0,
        failures: 0,
    }
}

fn standing(left: u64) -> AccountView {
    let standing = AccountStanding {
        used: 0,
        quota: Some(500_000_000_000),
        left: Some(left),
        period_began: None,
        period_ends: None,
        expires: None,
        exhausted: None,
        pace_per_day: 0,
        empty_in_days: None,
    };
    AccountView { id: "a".into(), standing }
}

#[test]
fn what_needs_the_user_is_told_once_when_it_has_lasted() {
    let mut here = Situation::new();
    assert!(here.says(HOUR).is_empty());
    here.need(&locked(), false);
    assert!(here.says(10).is_empty());
    let title = if cfg!(target_os = "macos") {
        "Keychain is locked"
    } else if cfg!(windows) {
        "Credential Manager is locked"
    } else {
        "The keyring is locked"
    };
    let body = "Programs can't download until you unlock it.";
    assert_eq!(here.says(1), [(title.into(), body.into())]);
    assert!(here.says(3 * HOUR).is_empty());
    here.recover();
    assert!(here.says(10).is_empty());
    let back = ("Downloads can continue".into(), "Newsmux serves your programs again.".into());
    assert_eq!(here.says(HOUR), [back]);
}

#[test]
fn what_others_make_up_for_ends_without_a_word() {
    let mut here = Situation::new();
    here.need(&[refused("a")], true);
    let body = "Downloads continue on the other providers.";
    assert_eq!(here.says(HOUR), [("Provider a refused the login".into(), body.into())]);
    here.recover();
    assert!(here.says(HOUR).is_empty());
}

#[test]
fn what_comes_together_is_told_together() {
    let mut here = Situation::new();
    here.need(&[refused("a"), refused("b")], false);
    let body = "Programs can't download until you correct the user name or password. \
                Something else needs you, too.";
    assert_eq!(here.says(HOUR), [("Provider a refused the login".into(), body.into())]);
    here.need(
        &[refused("a"), refused("b"), Trouble::NoClientPassword { client: "s".into() }],
        false,
    );
    assert_eq!(here.titles(HOUR), ["The password for s is missing"]);
}

#[test]
fn a_blip_is_not_told() {
    let mut here = Situation::new();
    for _ in 0..100 {
        here.need(&locked(), false);
        assert!(here.says(9).is_empty());
        here.recover();
        assert!(here.says(1).is_empty());
    }
    here.fail();
    assert!(here.says(MINUTE).is_empty());
    here.recover();
    assert!(here.says(HOUR).is_empty());
}

#[test]
fn nothing_is_told_twice_within_an_hour_and_what_still_lasts_then_is() {
    let mut here = Situation::new();
    here.need(&locked(), false);
    assert_eq!(here.titles(11).len(), 1);
    let mut after_a_while = Vec::new();
    for _ in 0..50 {
        here.recover();
        after_a_while.extend(here.titles(20));
        here.need(&locked(), false);
        after_a_while.extend(here.titles(20));
    }
    assert_eq!(after_a_while, ["Downloads can continue"]);
    assert!(here.says(HOUR - 2000 - 1).is_empty());
    assert_eq!(here.titles(HOUR).len(), 1);
}

#[test]
fn an_outage_is_told_after_a_minute_and_is_over_when_a_provider_has_worked() {
    let mut here = Situation::new();
    here.fail();
    let body = "All providers are down. Newsmux keeps trying.";
    assert!(here.says(MINUTE).is_empty());
    assert_eq!(here.says(HOUR), [("Nothing can be downloaded".into(), body.into())]);
    // Connections were renewed, and nobody has tried since.
    here.recover();
    here.all(ProviderState::Untried);
    assert!(here.says(HOUR).is_empty());
    here.recover();
    assert_eq!(here.titles(HOUR), ["Downloads can continue"]);
}

#[test]
fn an_outage_of_the_only_provider_names_it_and_one_of_accounts_names_them() {
    let mut here = Situation::new();
    here.fail();
    here.snapshot.troubles.pop();
    here.snapshot.providers[1].state = ProviderState::Off;
    let body = "Nothing can be downloaded. Newsmux keeps trying.";
    assert_eq!(here.says(HOUR), [("Provider a is down".into(), body.into())]);

    let mut here = Situation::new();
    (here.snapshot.state, here.snapshot.serves) = (State::Down, false);
    here.all(ProviderState::UsedUp);
    let body = "All accounts are used up.";
    assert_eq!(here.says(HOUR), [("Nothing can be downloaded".into(), body.into())]);
}

#[test]
fn an_outage_is_told_behind_a_trouble_that_does_not_explain_it() {
    let other_user = Trouble::OtherUser { client: Some("sabnzbd".into()) };
    let no_login = Trouble::NoClientPassword { client: "s".into() };
    for trouble in [other_user, no_login] {
        let mut here = Situation::new();
        here.fail();
        here.snapshot.state = State::Attention;
        here.snapshot.troubles.insert(0, trouble);
        assert_eq!(here.titles(11).len(), 1);
        assert_eq!(here.titles(HOUR), ["Nothing can be downloaded"]);
        here.recover();
        assert_eq!(here.titles(HOUR), ["Downloads can continue"]);
    }
}

#[test]
fn what_does_not_explain_an_outage_has_no_end_that_is_told() {
    let mut here = Situation::new();
    here.fail();
    here.snapshot.troubles.push(Trouble::OtherUser { client: None });
    assert_eq!(here.titles(MINUTE).len(), 1);
    here.recover();
    assert!(here.says(HOUR).is_empty());
}

#[test]
fn an_outage_that_follows_another_reason_is_told() {
    let mut here = Situation::new();
    here.need(&locked(), false);
    assert_eq!(here.titles(11).len(), 1);
    here.recover();
    assert!(here.says(5).is_empty());
    here.fail();
    assert_eq!(here.titles(HOUR), ["Nothing can be downloaded"]);
    here.recover();
    assert_eq!(here.titles(HOUR), ["Downloads can continue"]);
}

#[test]
fn a_reason_counts_until_downloads_have_continued() {
    let mut here = Situation::new();
    here.fail();
    here.snapshot.troubles = vec![refused("a")];
    here.snapshot.state = State::Attention;
    assert_eq!(here.titles(HOUR), ["Provider a refused the login"]);
    here.snapshot.serves = true;
    here.snapshot.providers[1].state = ProviderState::Up;
    assert_eq!(here.titles(HOUR), ["Downloads can continue"]);
    here.snapshot.serves = false;
    here.snapshot.providers[1].state = ProviderState::Down;
    assert_eq!(here.titles(HOUR), ["Nothing can be downloaded"]);
}

#[test]
fn the_reason_why_nothing_can_be_downloaded_is_told_before_what_comes_with_it() {
    let mut here = Situation::new();
    here.need(&[Trouble::NoClientPassword { client: "s".into() }, refused("a")], false);
    assert_eq!(here.titles(HOUR), ["Provider a refused the login"]);
}

#[test]
fn accounts_that_are_used_up_are_told_once() {
    let mut here = Situation::new();
    here.snapshot.accounts = vec![standing(0)];
    here.snapshot.settings.providers[1].account = Some("a".into());
    assert!(here.says(MINUTE).is_empty());
    here.snapshot.troubles = vec![used(100)];
    // Its providers stop a moment later, and the user dismisses the message in the window.
    assert_eq!(here.titles(1), ["Provider a is used up"]);
    (here.snapshot.state, here.snapshot.serves) = (State::Down, false);
    here.all(ProviderState::UsedUp);
    assert!(here.says(HOUR / 2).is_empty());
    here.snapshot.troubles.clear();
    assert!(here.says(2 * HOUR).is_empty());
    here.recover();
    assert_eq!(here.titles(HOUR), ["Downloads can continue"]);
}

#[test]
fn an_account_whose_alerts_are_off_is_told_as_an_outage() {
    let mut here = Situation::new();
    here.snapshot.settings.desktop.notify.accounts = false;
    here.need(&[Trouble::NoClientPassword { client: "s".into() }, used(100)], false);
    here.all(ProviderState::UsedUp);
    assert_eq!(here.titles(HOUR), ["The password for s is missing", "Nothing can be downloaded"]);
}

#[test]
fn that_downloads_can_continue_belongs_to_the_outages() {
    let mut here = Situation::new();
    here.snapshot.settings.desktop.notify.outages = false;
    here.need(&locked(), false);
    assert_eq!(here.titles(11).len(), 1);
    here.recover();
    assert!(here.says(HOUR).is_empty());
}

#[test]
fn one_provider_that_is_down_is_routine() {
    let mut here = Situation::new();
    here.fail();
    here.snapshot.troubles.pop();
    here.snapshot.providers[1].state = ProviderState::Up;
    (here.snapshot.state, here.snapshot.serves) = (State::Degraded, true);
    assert!(here.says(HOUR).is_empty());
    // The other then needs the user: now nothing works.
    here.snapshot.troubles.push(refused("b"));
    (here.snapshot.state, here.snapshot.serves) = (State::Attention, false);
    here.snapshot.providers[1].state = ProviderState::LoginRefused;
    assert_eq!(here.titles(HOUR), ["Provider b refused the login"], "that says it all");
}

#[test]
fn after_a_sleep_or_another_network_everything_has_to_last_anew() {
    let mut here = Situation::new();
    here.fail();
    for _ in 0..5 {
        assert!(here.says(50).is_empty());
        here.notifier.wait_anew();
    }
    assert_eq!(here.titles(62).len(), 1);
    here.recover();
    assert!(here.says(9).is_empty());
    here.notifier.wait_anew();
    assert!(here.says(9).is_empty());
    assert_eq!(here.titles(2), ["Downloads can continue"]);
}

#[test]
fn an_account_is_told_at_once_each_step_once_with_what_is_left() {
    let mut here = Situation::new();
    here.snapshot.accounts = vec![standing(53_200_000_000)];
    here.snapshot.troubles = vec![used(90)];
    assert_eq!(here.says(1), [("Provider a: 90% used".into(), "53.2 GB left.".into())]);
    assert!(here.says(3 * HOUR).is_empty());
    let pace = &mut here.snapshot.accounts[0].standing.empty_in_days;
    *pace = Some(3);
    here.snapshot.troubles = vec![used(100)];
    here.snapshot.accounts[0].standing.left = Some(0);
    here.snapshot.accounts[0].standing.period_ends = Some("2026-12-01".parse().unwrap());
    let body = "Downloads continue on the other providers. It resets on 2026-12-01.";
    assert_eq!(here.says(1), [("Provider a is used up".into(), body.into())]);
    here.snapshot.providers[1].state = ProviderState::Down;
    here.snapshot.troubles = vec![used(75)];
    here.snapshot.accounts[0].standing.left = Some(999);
    let body = "0.9 kB left, about 3 days at this pace.";
    assert_eq!(here.says(1), [("Provider a: 75% used".into(), body.into())]);
    here.snapshot.troubles = vec![Trouble::AccountExpires { account: "a".into(), days: 3 }];
    here.snapshot.accounts[0].standing.expires = Some("2026-12-04".parse().unwrap());
    here.language = Language::De;
    let body = "Letzter Tag: 04.12.2026. Noch 0,9 kB, bei diesem Tempo etwa 3 Tage.";
    assert_eq!(here.says(1), [("Provider a läuft in höchstens 3 Tagen ab".into(), body.into())]);
}

#[test]
fn what_the_user_has_to_do_is_said_in_either_language() {
    let client = Some("sabnzbd".into());
    let (other_user, no_login) =
        (Trouble::OtherUser { client }, Trouble::NoClientPassword { client: "s".into() });
    let says = |language, keep, troubles: &[Trouble]| {
        let mut here = Situation { language, ..Situation::new() };
        here.snapshot.keep = keep;
        here.need(troubles, !matches!(troubles, [Trouble::PasswordsClosed, ..]));
        let (title, body) = here.says(HOUR).swap_remove(0);
        format!("{title}. {body}")
    };
    let asking = |language| says(language, KeepState::Asking, &locked());
    let other = |language| says(language, KeepState::Open, from_ref(&other_user));
    let expected = "sabnzbd can't connect: it runs as another user. \
                    Serve other users, or add a login for this program.";
    assert_eq!(other(Language::En), expected);
    let expected = "sabnzbd kann sich nicht verbinden. Es läuft unter einem anderen Benutzer. \
                    Lassen Sie andere Benutzer zu, oder legen Sie für das Programm eine Anmeldung an.";
    assert_eq!(other(Language::De), expected);
    assert!(
        asking(Language::En)
            .ends_with("asking you to unlock it. Programs can't download until you unlock it.")
    );
    let unlock = if cfg!(windows) { "sie" } else { "ihn" };
    let expected = format!(
        "bittet Sie um Entsperrung. Programme können erst wieder laden, wenn Sie {unlock} entsperren."
    );
    assert!(asking(Language::De).ends_with(&expected));
    let more = |count| says(Language::De, KeepState::Open, &vec![no_login.clone(); count]);
    assert!(more(2).ends_with(" Ein weiteres Problem erfordert Ihr Eingreifen."));
    assert!(more(3).ends_with(" 2 weitere Probleme erfordern Ihr Eingreifen."));
}

#[test]
fn a_used_up_account_says_so_where_no_other_serves() {
    let mut here = Situation::new();
    here.snapshot.accounts = vec![standing(0)];
    here.snapshot.settings.providers[1].account = Some("a".into());
    here.snapshot.troubles = vec![used(100)];
    assert_eq!(here.says(1)[0].1, "Nothing can be downloaded.");
}

#[test]
fn a_kind_that_is_off_says_nothing() {
    let mut here = Situation::new();
    here.snapshot.settings.desktop.notify =
        Notify { attention: false, outages: false, accounts: false };
    here.need(&[locked()[0].clone(), used(90)], false);
    assert!(here.says(HOUR).is_empty());
    here.fail();
    assert!(here.says(HOUR).is_empty());
    here.snapshot.settings.desktop.notify.outages = true;
    assert_eq!(here.titles(HOUR).len(), 1);
    here.snapshot.settings.desktop.notify.outages = false;
    assert!(here.says(1).is_empty());
    here.recover();
    assert!(here.says(HOUR).is_empty());
}

#[test]
fn stopped_paused_or_starting_it_says_nothing_and_repeats_nothing_afterwards() {
    for state in [State::Stopped, State::Paused { until: None }, State::Starting] {
        let mut here = Situation::new();
        here.need(&[locked()[0].clone(), used(90)], false);
        let before = here.snapshot.clone();
        here.snapshot.state = state;
        assert!(here.says(HOUR).is_empty());
        here.snapshot = before.clone();
        assert_eq!(here.titles(11).len(), 2);
        here.snapshot.state = state;
        assert!(here.says(3 * HOUR).is_empty());
        here.snapshot = before;
        assert!(here.says(3 * HOUR).is_empty());
    }
}
