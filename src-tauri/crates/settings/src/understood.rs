//! As much of a settings file as this version understands: what it does not is left out, and is its default.

use serde_json::Value;
use serde_path_to_error::Segment;

use crate::settings::VERSION;
use crate::{Settings, check};

/// More places than any file has that somebody would want to keep.
const MOST: usize = 1000;

/// What is understood of `text`, which is JSON; the defaults where that is nothing.
pub(crate) fn understood(text: &[u8]) -> Settings {
    let Ok(Value::Object(fields)) = serde_json::from_slice(text) else {
        return Settings::default();
    };
    let mut file = Value::Object(fields);
    file["version"] = VERSION.into();
    for _ in 0..MOST {
        if !file["providers"].is_array() {
            file["providers"] = Value::Array(Vec::new());
        }
        let wrong = match serde_path_to_error::deserialize::<_, Settings>(&file) {
            Ok(settings) => match check(&settings) {
                Ok(()) => return settings,
                Err(complaint) => named(&complaint.place),
            },
            Err(error) => place(&error),
        };
        switch_off_if_it_could_leak(&mut file, &wrong);
        if !remove(&mut file, &wrong) {
            break;
        }
    }
    Settings::default()
}

/// Where it is wrong: an unknown field is named in the message only.
fn place(error: &serde_path_to_error::Error<serde_json::Error>) -> Vec<String> {
    let segments = error.path().iter().map_while(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    let mut place: Vec<_> = segments.collect();
    let said = error.inner().to_string();
    let unknown = said.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
    if let Some((field, _)) = unknown
        && place.last().is_none_or(|last| last != field)
    {
        place.push(field.to_owned());
    }
    place
}

/// A place as the settings name it, such as `providers[0].port`.
fn named(place: &str) -> Vec<String> {
    let words = place.split(['.', '[', ']']).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// A provider whose proxy or interface is not understood is not used: it would be connected to directly.
fn switch_off_if_it_could_leak(file: &mut Value, place: &[String]) {
    let [list, at, field, ..] = place else { return };
    if list == "providers" && ["proxy", "bind", "ip"].contains(&field.as_str()) {
        let provider = at.parse().ok().and_then(|at: usize| file["providers"].get_mut(at));
        let fields = provider.and_then(Value::as_object_mut);
        fields.into_iter().for_each(|fields| {
            fields.insert("enabled".to_owned(), false.into());
        });
    }
}

/// Takes out what is there; what is missing cannot be taken out, so that goes which it is missing in.
fn remove(file: &mut Value, place: &[String]) -> bool {
    let Some((last, before)) = place.split_last() else { return false };
    let around = before.iter().try_fold(file, |value, word| match value {
        Value::Array(list) => list.get_mut(word.parse::<usize>().ok()?),
        Value::Object(fields) => fields.get_mut(word),
        _ => None,
    });
    match (around, last.parse()) {
        (Some(Value::Array(list)), Ok(index)) if index < list.len() => {
            list.remove(index);
            true
        }
        (Some(Value::Object(fields)), _) => fields.remove(last).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mode, TlsMode};

    #[test]
    fn what_is_not_understood_is_left_out_and_the_rest_stays() {
        let text = r#"{"version": 9, "posting": {"from": "me"}, "routing": {"mode": "standard", "x": 1},
            "listen": {"host": "0.0.0.0", "port": 1}, "clients": [{"name": ""}], "future": [1],
            "providers": [{"id": "a", "host": "a.example", "tls": "quantum", "connections": 0, "new": {}},
                {"id": "a", "host": "twice.example"}, {"id": "b"}, 7, {"id": "c", "host": "c.example", "tls": "off"}]}"#;
        let settings = understood(text.as_bytes());
        assert_eq!((settings.posting, settings.routing.mode), (false, Mode::Standard));
        assert_eq!((settings.listen.host.as_str(), settings.listen.port), ("127.0.0.1", 1));
        let providers: Vec<_> =
            settings.providers.iter().map(|p| (p.host.as_str(), p.tls)).collect();
        assert_eq!(providers, [("a.example", TlsMode::On), ("c.example", TlsMode::Off)]);
        assert_eq!(settings.version, VERSION);
    }

    #[test]
    fn of_what_is_nothing_like_it_nothing_is_understood() {
        for text in ["7", "[]", "{}", r#"{"providers": 7}"#, r#"{"desktop": [], "listen": null}"#] {
            assert_eq!(understood(text.as_bytes()), Settings::default(), "{text}");
        }
    }

    #[test]
    fn a_provider_whose_way_is_not_understood_is_not_connected_to_directly() {
        for way in [
            r#""proxy": "http://h:1""#,
            r#""proxy": {"url": "socks5://h"}"#,
            r#""bind": """#,
            r#""bind": ["tun0"]"#,
            r#""ip": "v5""#,
        ] {
            let text = format!(
                r#"{{"providers": [{{"id": "a", "host": "a.example", {way}}}, {{"id": "b", "host": "b.example"}}]}}"#
            );
            let settings = understood(text.as_bytes());
            let enabled: Vec<_> = settings.enabled().map(|provider| provider.id.as_str()).collect();
            assert_eq!((enabled, settings.providers.len()), (vec!["b"], 2), "{way}");
        }
    }
}
