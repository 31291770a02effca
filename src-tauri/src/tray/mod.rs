//! The tray, as the desktop wants it. What it says is decided in `control`.

mod images;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod native;

#[cfg(any(test, not(target_os = "linux")))]
use control::tray::Item;

#[cfg(target_os = "linux")]
pub(crate) use linux::show;
#[cfg(not(target_os = "linux"))]
pub(crate) use native::show;

/// Whether one menu becomes the other by other texts, ticks and actions alone.
#[cfg(any(test, not(target_os = "linux")))]
fn has_same_shape(one: &[Item], other: &[Item]) -> bool {
    let kind = |item: &Item| match item {
        Item::Separator => 0,
        Item::Line(_) => 1,
        Item::Action { checked: None, .. } => 2,
        Item::Action { checked: Some(_), .. } => 3,
    };
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| kind(one) == kind(other))
}

#[cfg(test)]
mod tests {
    use control::tray::Action;

    use super::*;

    fn action(text: &str, does: Action, checked: Option<bool>) -> Item {
        Item::Action { text: text.into(), does, enabled: true, checked }
    }

    #[test]
    fn other_words_and_ticks_leave_a_menu_open_and_other_entries_do_not() {
        let menu = |speed: &str, starts: bool| {
            let login = action("Start at login", Action::StartAtLogin(!starts), Some(starts));
            [Item::Line(speed.into()), Item::Separator, action("Stop", Action::Stop, None), login]
        };
        let before = menu("On, 1 MB/s", false);
        assert!(has_same_shape(&before, &menu("On, 2 MB/s", true)));
        assert!(!has_same_shape(&before, &before[..3]));
        let mut other = menu("On", false);
        other.swap(0, 1);
        assert!(!has_same_shape(&before, &other));
    }
}
