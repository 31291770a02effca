//! The types that the user interface shares with this crate, in TypeScript. `ui/src/bindings.ts` is their
//! text, and the test fails when it is another.

use std::fs;
use std::path::Path;

use api::request::{
    Arranged, Failure, FailureCode, ImportFile, ImportServer, NetworkInterface, Password, Remember,
    Reply, Request, SameAccount,
};
use api::snapshot::{
    AccountView, BindProblem, Certificate, Check, ClientView, Connected, Direct, EncryptedView,
    Event, Figures, Finding, Found, Happened, KeepState, Level, NotEncrypted, Outcome,
    PasswordState, Problem, ProgramAddress, Proof, ProviderState, ProviderView, ProxyProblem,
    Remedy, Retry, Sample, Snapshot, State, Step, TrafficView, Trouble, TuneBy, TuneOutcome,
    TunePoint, TuneUnable, Tuned, Tuning, VaultState, Why,
};
use downloaders::import::{Doubt, LeftOut, Unfit};
use downloaders::{Address, Program};
use ledger::{
    AccountStanding, AgeLine, AgeRange, Asked, By, Exhausted, Period, Quota, Range, ReportCard,
    Series, SeriesRow, Step as StepLength, Total,
};
use settings::{
    Client, Compression, Day, Desktop, FirstSteps, IpVersion, Language, Limits, Listen, ListenTls,
    LogLevel, Mode, Notify, PauseFor, Priority, Provider, ReadOnly, Routing, Rule, Settings,
    SettingsCopy, StoreKind, Theme, TlsMode, TrafficMode, VerifyLevel,
};
use ts_rs::{Config, TS};

/// Set it to write the file anew.
const WRITE: &str = "WRITE_BINDINGS";

/// One line: the comments are in the Rust, and need not be written twice.
fn declaration<T: TS>() -> String {
    let mut text = T::decl(&Config::default());
    while let (Some(from), Some(to)) = (text.find("/**"), text.find("*/")) {
        text.replace_range(from..to + 2, "");
    }
    let words: Vec<_> = text.split_whitespace().collect();
    format!("export {}\n", words.join(" ").replace(", }", " }"))
}

#[expect(clippy::too_many_lines, reason = "it is a list")]
fn bindings() -> String {
    let mut text =
        String::from("// Written by the tests of `control` from its types. Not to be edited.\n");
    macro_rules! declare {
        ($($shared:ty),* $(,)?) => { $(text.push_str(&declaration::<$shared>());)* };
    }
    declare!(
        Snapshot,
        State,
        Trouble,
        ReadOnly,
        Address,
        EncryptedView,
        TrafficView,
        TrafficMode,
        Figures,
        ProviderView,
        ProviderState,
        PasswordState,
        Retry,
        KeepState,
        VaultState,
        ClientView,
        Check,
        Finding,
        Step,
        Outcome,
        Found,
        BindProblem,
        ProxyProblem,
        Certificate,
        Problem,
        Why,
        Proof,
        Remedy,
        Tuning,
        TunePoint,
        TuneBy,
        TuneOutcome,
        Tuned,
        TuneUnable,
        Event,
        Level,
        Happened,
        NotEncrypted,
        Sample,
        Settings,
        Listen,
        ListenTls,
        Routing,
        Mode,
        Client,
        Limits,
        Rule,
        Day,
        PauseFor,
        Provider,
        TlsMode,
        VerifyLevel,
        IpVersion,
        Compression,
        Priority,
        Desktop,
        Theme,
        FirstSteps,
        Language,
        LogLevel,
        Notify,
        StoreKind,
        Request,
        Password,
        Remember,
        Arranged,
        Reply,
        SettingsCopy,
        Failure,
        FailureCode,
        ProgramAddress,
        Connected,
        Direct,
        Program,
        ImportFile,
        ImportServer,
        NetworkInterface,
        SameAccount,
        AccountView,
        AccountStanding,
        Exhausted,
        Quota,
        Period,
        Range,
        By,
        Series,
        StepLength,
        SeriesRow,
        Total,
        ReportCard,
        AgeLine,
        AgeRange,
        Asked,
        Doubt,
        LeftOut,
        Unfit,
    );
    text
}

#[test]
fn the_user_interface_has_the_same_types() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/bindings.ts");
    if std::env::var_os(WRITE).is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, bindings()).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(written, bindings(), "run the tests of control with {WRITE}=1");
}
