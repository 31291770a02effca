//! The window's size when it opens: no larger than the screen, whatever size it had before.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use tauri::utils::config::WindowConfig;
use tauri::{LogicalSize, Monitor, PhysicalSize, WebviewWindow};

/// What the title bar takes of the screen's height.
const TITLE_BAR: f64 = 40.0;

/// The file in which the window's size and position are saved when it is closed.
pub(super) struct SavedFile(pub(super) PathBuf);

/// What the plugin saves, as far as the size depends on it.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Saved {
    width: u32,
    height: u32,
    x: i32,
    y: i32,
    /// Where the window was before it was maximized.
    prev_x: i32,
    prev_y: i32,
    maximized: bool,
}

#[derive(Deserialize)]
struct File {
    main: Saved,
}

impl Saved {
    /// Where the plugin opens the window.
    fn position(self) -> (i32, i32) {
        if self.maximized { (self.prev_x, self.prev_y) } else { (self.x, self.y) }
    }
}

impl SavedFile {
    /// None where there is no file, or one that the plugin does not understand either.
    fn read(&self) -> Option<Saved> {
        let text = fs::read_to_string(&self.0).ok()?;
        serde_json::from_str(&text).ok().map(|file: File| file.main)
    }
}

/// Makes the window as small as its screen. The system does that for a new window at most, not for a restored one.
pub(super) fn fit(
    window: &WebviewWindow,
    file: &SavedFile,
    config: &WindowConfig,
) -> tauri::Result<()> {
    let saved = file.read();
    let Some(screen) = screen(window, saved)? else { return Ok(()) };
    let scale = screen.scale_factor();
    let usual = LogicalSize::new(config.width, config.height).to_physical(scale);
    let size = saved.map_or(usual, |saved| PhysicalSize::new(saved.width, saved.height));
    let fitting = within(size, screen.work_area().size, scale);
    if fitting == size {
        return Ok(());
    }
    window.set_size(fitting)?;
    // Windows takes a window that gets a size for one that is not maximized.
    if saved.is_some_and(|saved| saved.maximized) { window.maximize() } else { Ok(()) }
}

/// The screen that the window opens on.
fn screen(window: &WebviewWindow, saved: Option<Saved>) -> tauri::Result<Option<Monitor>> {
    let Some(primary) = window.primary_monitor()? else {
        // A Wayland compositor has no primary screen. It tells no positions, and a window's screen only once the
        // window is shown: that may be any screen.
        let room = |screen: &Monitor| room(screen.work_area().size, screen.scale_factor());
        let all = window.available_monitors()?.into_iter();
        return Ok(all.max_by(|a, b| room(a).total_cmp(&room(b))));
    };
    if let Some((x, y)) = saved.map(Saved::position)
        && let Some(screen) = window.monitor_from_point(x.into(), y.into())?
    {
        return Ok(Some(screen));
    }
    Ok(Some(window.current_monitor()?.unwrap_or(primary)))
}

/// How much a screen shows.
fn room(area: PhysicalSize<u32>, scale: f64) -> f64 {
    let LogicalSize { width, height } = area.to_logical::<f64>(scale);
    width * height
}

fn within(size: PhysicalSize<u32>, area: PhysicalSize<u32>, scale: f64) -> PhysicalSize<u32> {
    let bar: PhysicalSize<u32> = LogicalSize::new(0.0, TITLE_BAR).to_physical(scale);
    let height = area.height.saturating_sub(bar.height);
    PhysicalSize::new(size.width.min(area.width), size.height.min(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_never_larger_than_its_screen() {
        for (size, area, scale, expected) in [
            ((900, 640), (1920, 1080), 1.0, (900, 640)),
            ((900, 640), (800, 480), 1.0, (800, 440)),
            ((900, 640), (1000, 640), 1.0, (900, 600)),
            ((1800, 1280), (1600, 1200), 2.0, (1600, 1120)),
        ] {
            let [size, area, expected] =
                [size, area, expected].map(|(width, height)| PhysicalSize::new(width, height));
            assert_eq!(within(size, area, scale), expected);
        }
    }

    #[test]
    fn a_screen_of_finer_pixels_has_no_more_room() {
        let room = |width, height, scale| room(PhysicalSize::new(width, height), scale);
        assert!(room(2560, 1440, 1.0) > room(1920, 1080, 1.0));
        assert!(room(2560, 1440, 1.0) > room(3840, 2160, 2.0));
    }

    #[test]
    fn a_maximized_window_opens_where_it_was_before() {
        let text = |maximized: bool| {
            let saved = serde_json::json!({"width": 1, "height": 1, "x": 1, "y": 2, "prev_x": 3,
                "prev_y": 4, "maximized": maximized, "visible": true});
            serde_json::json!({"main": saved}).to_string()
        };
        let folder = tempfile::tempdir().unwrap();
        let file = SavedFile(folder.path().join("window.json"));
        for (maximized, expected) in [(false, (1, 2)), (true, (3, 4))] {
            fs::write(&file.0, text(maximized)).unwrap();
            assert_eq!(file.read().map(Saved::position), Some(expected));
        }
    }

    #[test]
    fn a_file_that_is_damaged_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = SavedFile(folder.path().join("window.json"));
        assert!(file.read().is_none());
        fs::write(&file.0, "{\"main\": {\"width\": 1}}").unwrap();
        assert!(file.read().is_none());
    }
}
