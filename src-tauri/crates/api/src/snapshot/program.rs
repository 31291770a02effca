//! Programs: those that are connected now, and those that Newsmux was entered in.

use downloaders::Program;
use serde::Serialize;

/// A program that is connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ClientView {
    /// Unique for each connection.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub id: u64,
    /// The name of its login, if it has one.
    pub name: Option<String>,
    /// The name of its program, where the system tells.
    pub program: Option<String>,
    /// Where it comes from.
    pub address: String,
    /// Since when it is connected.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub since: u64,
    /// What it has been sent, in bytes.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    /// What it has asked.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub requests: u64,
}

/// Where a program's own interface is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProgramAddress {
    /// Which program.
    pub program: Program,
    /// Its address, as a browser takes it.
    pub address: String,
    /// The user of its interface, where it has users.
    pub user: String,
}

/// What was done in a program to connect it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Connected {
    /// Which program.
    pub program: Program,
    /// Its address, as it was entered.
    pub address: String,
    /// The name that Newsmux has among its servers.
    pub entry: String,
    /// Its own servers that were switched off.
    pub disabled: Vec<Direct>,
    /// Whether it has been given an article since.
    pub served: bool,
}

/// A server of a program's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Direct {
    /// The name that it has there.
    pub name: String,
    /// Whether a provider that is used has its host.
    pub known: bool,
}
