//! What can happen.

use std::fs;
use std::time::Duration;

use api::request::Request;
use control::controller::Notice;
use serde_json::{Value, json};

use super::{Model, folder_in_the_way};

const IDS: [&str; 3] = ["a", "b", "c"];
const NAMES: [&str; 2] = ["x", "y"];

impl Model {
    /// Something happens.
    pub(super) fn step(&mut self) {
        match self.rng.below(20) {
            0 => self.by_hand(),
            1 => self.in_the_way(),
            2 => self.notice(),
            3 => {
                let slept = *self.rng.pick(&[20, 40, 3600]);
                self.note(format!("it sleeps for {slept} s"));
                *self.wall.1.lock().unwrap() += Duration::from_secs(slept);
            }
            4..8 => self.request_about_serving(),
            8 | 9 => self.request_about_keeping(),
            10..12 => self.request_about_clients(),
            _ => self.request_about_providers(),
        }
    }

    /// What is in the way, or half a file, does not stay for long.
    pub(super) fn mend(&mut self) {
        if folder_in_the_way(&self.begin).exists() && self.rng.chance(400) {
            self.in_the_way();
        }
        if self.by_hand.as_ref().is_some_and(|text| !text.ends_with('}')) && self.rng.chance(400) {
            self.by_hand();
        }
    }

    fn ask_in_words(&mut self, words: Value) {
        let request: Request = serde_json::from_value(words).unwrap();
        self.ask(request);
    }

    fn request_about_providers(&mut self) {
        let id = *self.rng.pick(&IDS);
        let words = match self.rng.below(10) {
            0..6 => {
                let username = self.rng.chance(850).then_some("u");
                let hold = *self.rng.pick(&["keep", "keep", "this_session"]);
                let secret = format!("{id}-{}", self.rng.below(1000));
                let password =
                    self.rng.chance(800).then(|| json!({"secret": secret, "hold": hold}));
                let provider =
                    json!({"id": id, "host": "127.0.0.1", "port": 1, "username": username});
                json!({"do": "save_provider", "provider": provider, "password": password})
            }
            6 => json!({"do": "enable_provider", "id": id, "enabled": self.rng.chance(500)}),
            7 => json!({"do": "undo"}),
            _ => json!({"do": "remove_provider", "id": id}),
        };
        self.ask_in_words(words);
    }

    fn request_about_clients(&mut self) {
        let (name, hold) = (*self.rng.pick(&NAMES), *self.rng.pick(&["keep", "this_session"]));
        let words = match self.rng.below(5) {
            0 => json!({"do": "add_client", "name": name, "hold": hold}),
            1 => json!({"do": "renew_client", "name": name, "hold": hold}),
            2 => json!({"do": "undo"}),
            _ => json!({"do": "remove_client", "name": name}),
        };
        self.ask_in_words(words);
    }

    fn request_about_serving(&mut self) {
        let taken = self.taken.local_addr().unwrap().port();
        let words = match self.rng.below(8) {
            0 | 1 => json!({"do": "start"}),
            2 => json!({"do": "stop"}),
            3 => json!({"do": "pause", "lasts": {"is": "minutes", "minutes": self.rng.below(2)}}),
            4 => json!({"do": "set_posting", "posting": self.rng.chance(500)}),
            _ => {
                let host = *self.rng.pick(&["127.0.0.1", "localhost"]);
                let open = self.now().address.port;
                let port = *self.rng.pick(&[0, open, open, taken]);
                json!({"do": "set_listen", "listen": {"host": host, "port": port}})
            }
        };
        self.ask_in_words(words);
    }

    fn request_about_keeping(&mut self) {
        let words = match self.rng.below(6) {
            0 | 1 if self.has_vault => json!({"do": "open_vault", "passphrase": "p"}),
            2 if self.has_vault => json!({"do": "keep_passwords", "keep": "keyring"}),
            3 => json!({"do": "dismiss_troubles", "troubles": self.now().troubles}),
            _ => json!({"do": "retry_passwords"}),
        };
        self.ask_in_words(words);
    }

    fn notice(&mut self) {
        let notices = [
            Notice::CloseAsked,
            Notice::WindowShown,
            Notice::WindowGone,
            Notice::Tray(true),
            Notice::Tray(false),
            Notice::StartedAgain,
        ];
        let notice = *self.rng.pick(&notices);
        self.note(format!("{notice:?}"));
        self.handle.notice(notice);
    }

    /// Somebody edits the settings: the routing mode, which is never asked for here; or leaves half of them.
    fn by_hand(&mut self) {
        let mut settings = serde_json::to_value(&self.now().settings).unwrap();
        settings["routing"]["mode"] = json!(self.rng.pick(&["standard", "per-command", "hybrid"]));
        let mut text = settings.to_string();
        if self.rng.chance(200) {
            text.truncate(text.len() / 2);
        }
        self.note(format!("by hand: {text}"));
        fs::write(self.begin.file(), &text).unwrap();
        self.by_hand = Some(text);
    }

    /// The settings cannot be written, or can be again.
    fn in_the_way(&self) {
        let folder = folder_in_the_way(&self.begin);
        self.note(format!("in the way: {}", !folder.exists()));
        if folder.exists() {
            fs::remove_dir_all(folder).unwrap();
        } else {
            fs::create_dir_all(folder.join("something")).unwrap();
        }
    }
}
