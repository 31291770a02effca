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
}

#[derive(Deserialize)]
struct File {
    main: Saved,
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
    if fitting == size { Ok(()) } else { window.set_size(fitting) }
}

/// The screen that the window opens on.
fn screen(window: &WebviewWindow, saved: Option<Saved>) -> tauri::Result<Option<Monitor>> {
    if let Some(Saved { x, y, .. }) = saved
        && let Some(screen) = window.monitor_from_point(x.into(), y.into())?
    {
        return Ok(Some(screen));
    }
    // A Wayland compositor has no primary screen, and tells a window's screen only when it is shown.
    let current = window.current_monitor()?;
    Ok(current.or_else(|| window.available_monitors().ok()?.into_iter().next()))
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
    fn a_file_that_is_damaged_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = SavedFile(folder.path().join("window.json"));
        assert!(file.read().is_none());
        fs::write(&file.0, "{\"main\": {\"width\": 1}}").unwrap();
        assert!(file.read().is_none());
    }
}
