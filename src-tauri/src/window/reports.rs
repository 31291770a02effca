//! What the window reports, and what is done about it.

use std::mem::replace;
use std::sync::Arc;

use api::request::Request;
use control::controller::{Handle, Notice};
use serde_json::Value;
use settings::Theme;
use tauri::async_runtime::{self, JoinHandle};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStdout;
use tokio::sync::mpsc::Sender;

use super::process::Running;
use super::{Order, Report, json, understand};

/// Carries out what the window reports.
pub(super) struct Reports {
    controller: Handle,
    process: Running,
    /// Sends snapshots, as long as the window wants them.
    watch: Option<JoinHandle<()>>,
}

impl Reports {
    pub(super) fn new(controller: Handle, process: Running) -> Self {
        Self { controller, process, watch: None }
    }

    /// Until the window's process is gone.
    pub(super) async fn carry_out(&mut self, output: ChildStdout) {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).await.is_ok_and(|length| length > 0) {
            match serde_json::from_slice(&line) {
                Ok(report) => self.one(report),
                // Not its words: they may be a password.
                Err(_) => tracing::warn!("the window's process says something that is no report"),
            }
            line.clear();
        }
    }

    fn one(&mut self, report: Report) {
        match report {
            Report::Shown => {
                self.process.has_done_all();
                self.controller.notice(Notice::WindowShown);
            }
            Report::Done => self.process.has_done_all(),
            Report::Failed(why) => tracing::error!("the window cannot be shown: {why}"),
            Report::Chosen(file) => self.process.has_chosen(file),
            Report::QuitAsked => self.controller.send(Request::Quit),
            Report::CloseAsked => self.controller.notice(Notice::CloseAsked),
            Report::Watch => {
                let watch = watch(self.controller.clone(), self.process.orders.clone());
                self.watch(Some(async_runtime::spawn(watch)));
            }
            Report::Unwatch => self.watch(None),
            Report::Request { id, request } => {
                let (controller, orders) = (self.controller.clone(), self.process.orders.clone());
                async_runtime::spawn(answer(controller, orders, id, request));
            }
        }
    }

    fn watch(&mut self, next: Option<JoinHandle<()>>) {
        if let Some(before) = replace(&mut self.watch, next) {
            before.abort();
        }
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        self.watch(None);
    }
}

/// Has the controller carry out a request, and sends what came of it.
async fn answer(controller: Handle, orders: Sender<Order>, id: u64, request: Value) {
    let result = match understand(request) {
        Ok(request) => match controller.request(request).await {
            Ok(reply) => Ok(json(&reply)),
            Err(failure) => Err(json(&failure)),
        },
        Err(why) => Err(why),
    };
    // A window that is gone waits for nothing.
    drop(orders.send(Order::Reply { id, result }).await);
}

/// Sends a snapshot now and whenever something changes, as fast as the window reads.
async fn watch(controller: Handle, orders: Sender<Order>) {
    let mut snapshots = controller.watch();
    let mut theme = Theme::System;
    loop {
        // Nobody who publishes waits until it is written.
        let now = Arc::clone(&snapshots.borrow_and_update());
        let chosen = now.settings.desktop.theme;
        if replace(&mut theme, chosen) != chosen && orders.send(Order::Theme(chosen)).await.is_err()
        {
            return;
        }
        let sent = orders.send(Order::Snapshot(json(now.as_ref()))).await;
        if sent.is_err() || snapshots.changed().await.is_err() {
            return;
        }
    }
}
