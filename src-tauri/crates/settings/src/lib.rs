//! The settings file: what is in it, how it is read, checked and written, and the passwords beside it. With both, what the
//! engine is told and where programs connect.

mod accounts;
mod check;
mod configure;
mod copies;
pub mod credentials;
mod desktop;
mod error;
mod governor;
mod json;
mod limits;
mod listen_tls;
pub mod listening;
mod lock;
mod password;
mod provider;
mod reading;
mod schedule;
mod set_aside;
mod settings;
mod settings_file;
mod understood;
mod via;

pub use nntp_proxy::config::{
    Compression, IpVersion, Priority, RoutingMode as Mode, Verify as VerifyLevel,
};

pub use accounts::same_account;
pub use check::{Complaint, check, check_listen};
pub use configure::{
    Lacking, backend, configure, configure_available, plans, serves_own_user_only,
};
pub use copies::SettingsCopy;
pub use credentials::Credentials;
pub use desktop::{Desktop, FirstSteps, Language, LogLevel, Notify, Pending, StoreKind, Theme};
pub use error::{Error, NotChanged, Problem};
pub use governor::{Governor, PauseFor, TrafficNow, local_time};
pub use limits::{Limits, TrafficMode};
pub use listen_tls::ListenTls;
pub use password::Password;
pub use provider::{Provider, SAMPLE_ID, TlsMode};
pub use reading::{default_path, default_state_folder, load, load_default};
pub use schedule::{Clock, Day, Rule};
pub use set_aside::SetAside;
pub use settings::{Client, Listen, Routing, Settings};
pub use settings_file::{ReadOnly, SettingsFile};
pub use via::ProxyAddress;
