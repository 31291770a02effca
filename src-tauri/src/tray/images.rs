//! The tray's images, as `npm run icons` makes them.

use control::tray::Icon;
use tauri::image::Image;
use tauri::include_image;

/// One state's images, smallest first, so that panels of every height find theirs.
pub(super) fn all(icon: Icon) -> [Image<'static>; 6] {
    match icon {
        Icon::Stopped => [
            include_image!("../icons/tray/stopped-16.png"),
            include_image!("../icons/tray/stopped-20.png"),
            include_image!("../icons/tray/stopped-24.png"),
            include_image!("../icons/tray/stopped-32.png"),
            include_image!("../icons/tray/stopped-48.png"),
            include_image!("../icons/tray/stopped-64.png"),
        ],
        Icon::Idle => [
            include_image!("../icons/tray/idle-16.png"),
            include_image!("../icons/tray/idle-20.png"),
            include_image!("../icons/tray/idle-24.png"),
            include_image!("../icons/tray/idle-32.png"),
            include_image!("../icons/tray/idle-48.png"),
            include_image!("../icons/tray/idle-64.png"),
        ],
        Icon::Active => [
            include_image!("../icons/tray/active-16.png"),
            include_image!("../icons/tray/active-20.png"),
            include_image!("../icons/tray/active-24.png"),
            include_image!("../icons/tray/active-32.png"),
            include_image!("../icons/tray/active-48.png"),
            include_image!("../icons/tray/active-64.png"),
        ],
        Icon::Degraded => [
            include_image!("../icons/tray/degraded-16.png"),
            include_image!("../icons/tray/degraded-20.png"),
            include_image!("../icons/tray/degraded-24.png"),
            include_image!("../icons/tray/degraded-32.png"),
            include_image!("../icons/tray/degraded-48.png"),
            include_image!("../icons/tray/degraded-64.png"),
        ],
        Icon::Attention => [
            include_image!("../icons/tray/attention-16.png"),
            include_image!("../icons/tray/attention-20.png"),
            include_image!("../icons/tray/attention-24.png"),
            include_image!("../icons/tray/attention-32.png"),
            include_image!("../icons/tray/attention-48.png"),
            include_image!("../icons/tray/attention-64.png"),
        ],
    }
}

/// The smallest image of at least this height; else the largest. The system makes it smaller.
#[cfg(any(test, not(target_os = "linux")))]
pub(super) fn at_least(icon: Icon, height: f64) -> Image<'static> {
    let [first, rest @ ..] = all(icon);
    let is_high = |image: &Image<'_>| f64::from(image.height()) >= height;
    rest.into_iter().fold(first, |best, image| if is_high(&best) { best } else { image })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_never_made_larger() {
        for (height, expected) in [(16.0, 16), (20.0, 20), (28.0, 32), (40.0, 48), (100.0, 64)] {
            assert_eq!(at_least(Icon::Idle, height).height(), expected, "{height}");
        }
    }
}
