//! Embeds the window, and lets it call nothing but the commands of this program.

use tauri_build::{AppManifest, Attributes, try_build};

fn main() {
    let manifest = AppManifest::new().commands(&["request", "watch", "unwatch"]);
    if let Err(error) = try_build(Attributes::new().app_manifest(manifest)) {
        println!("cargo::error={error:#}");
    }
}
