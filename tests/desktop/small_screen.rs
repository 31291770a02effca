//! The window on a screen that is smaller than the window usually is.

use std::fs;

use newsmux_tests::desktop::Desktop;
use newsmux_tests::real::process::free_port;
use newsmux_tests::real::skip;
use serde_json::json;

use crate::TOOLS;
use crate::app::{App, write_settings};

const SCREEN: (u16, u16) = (800, 480);

#[test]
fn the_window_is_no_larger_than_the_screen() {
    if skip(&TOOLS) {
        return;
    }
    let large = |maximized: bool| {
        let main = json!({"width": 1600, "height": 1200, "x": 0, "y": 0, "prev_x": 0, "prev_y": 0,
            "maximized": maximized, "visible": true, "decorated": true, "fullscreen": false});
        json!({"main": main})
    };
    for saved in [None, Some(large(false)), Some(large(true))] {
        let mut desktop = Desktop::with_keyring();
        desktop.start_display_of(SCREEN);
        write_settings(&desktop, free_port(), json!([]));
        if let Some(saved) = &saved {
            let file = desktop.home().join(".config/newsmux/window.json");
            fs::write(file, saved.to_string()).unwrap();
        }
        let app = App::start(&desktop, &[]);
        app.until_drawn();
        let (width, height) = app.window_size();
        assert!(width <= SCREEN.0 && height < SCREEN.1, "{width}×{height}, with {saved:?}");
    }
}
