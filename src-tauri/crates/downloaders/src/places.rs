//! Where the settings of other programs usually are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use directories::BaseDirs;

use crate::Program;
use crate::Program::{Nzbget, Sabnzbd};

/// A settings file that may exist, and the program it belongs to.
pub type Candidate = (Program, PathBuf);

/// Those that are there, each once.
#[must_use]
pub fn existing(places: Vec<Candidate>) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for (program, path) in places {
        let is_file = fs::metadata(&path).is_ok_and(|file| file.is_file());
        if is_file && found.iter().all(|(_, known)| !is_same(known, &path)) {
            found.push((program, path));
        }
    }
    found
}

/// A link leads to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    one == other
        || fs::canonicalize(one).ok().is_some_and(|one| fs::canonicalize(other).ok() == Some(one))
}

/// The usual places of this system and its user.
#[must_use]
pub fn usual() -> Vec<Candidate> {
    let home = BaseDirs::new().map(|folders| folders.home_dir().to_owned());
    let folder =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if cfg!(windows) {
        let [local, common, programs] = ["LOCALAPPDATA", "ProgramData", "ProgramFiles"].map(folder);
        on_windows(local.as_deref(), common.as_deref(), programs.as_deref())
    } else if cfg!(target_os = "macos") {
        home.as_deref().map(on_macos).unwrap_or_default()
    } else {
        on_linux(home.as_deref())
    }
}

fn on_windows(
    local: Option<&Path>,
    common: Option<&Path>,
    programs: Option<&Path>,
) -> Vec<Candidate> {
    let sabnzbd = local.map(|local| (Sabnzbd, local.join("sabnzbd").join("sabnzbd.ini")));
    let nzbget = common.into_iter().chain(programs);
    let nzbget = nzbget.map(|folder| (Nzbget, folder.join("NZBGet").join("nzbget.conf")));
    sabnzbd.into_iter().chain(nzbget).collect()
}

fn on_macos(home: &Path) -> Vec<Candidate> {
    let support = home.join("Library/Application Support");
    vec![
        (Sabnzbd, support.join("SABnzbd/sabnzbd.ini")),
        (Nzbget, support.join("NZBGet/nzbget.conf")),
        (Nzbget, home.join(".nzbget")),
    ]
}

fn on_linux(home: Option<&Path>) -> Vec<Candidate> {
    let mine = home.into_iter().flat_map(|home| {
        [
            (Sabnzbd, home.join(".sabnzbd/sabnzbd.ini")),
            (Sabnzbd, home.join(".config/sabnzbd/sabnzbd.ini")),
            (Nzbget, home.join(".nzbget")),
            (Nzbget, home.join(".nzbget/nzbget.conf")),
            (Nzbget, home.join("nzbget/nzbget.conf")),
        ]
    });
    let all = ["/etc", "/usr/etc", "/usr/local/etc", "/opt/etc"];
    let all = all.map(|folder| (Nzbget, Path::new(folder).join("nzbget.conf")));
    let rest = [
        (Sabnzbd, "/var/lib/sabnzbdplus/sabnzbd.ini"),
        (Sabnzbd, "/config/sabnzbd.ini"),
        (Nzbget, "/config/nzbget.conf"),
        (Nzbget, "/opt/nzbget/nzbget.conf"),
    ];
    mine.chain(all).chain(rest.map(|(program, path)| (program, path.into()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(places: &[Candidate], program: Program, path: &Path) -> bool {
        places.contains(&(program, path.to_owned()))
    }

    #[test]
    fn every_system_has_its_usual_places() {
        let home = Path::new("/home/u");
        let linux = on_linux(Some(home));
        assert!(is_in(&linux, Sabnzbd, Path::new("/home/u/.sabnzbd/sabnzbd.ini")));
        assert!(is_in(&linux, Nzbget, Path::new("/home/u/.nzbget")));
        assert!(is_in(&linux, Nzbget, Path::new("/opt/etc/nzbget.conf")));
        assert!(is_in(&linux, Sabnzbd, Path::new("/config/sabnzbd.ini")));
        assert_eq!(on_linux(None).len() + 5, linux.len());

        let support = home.join("Library/Application Support/SABnzbd/sabnzbd.ini");
        assert!(is_in(&on_macos(home), Sabnzbd, &support));

        let (local, common) = (Path::new("local"), Path::new("common"));
        let windows = on_windows(Some(local), Some(common), None);
        assert!(is_in(&windows, Sabnzbd, &local.join("sabnzbd").join("sabnzbd.ini")));
        assert!(is_in(&windows, Nzbget, &common.join("NZBGet").join("nzbget.conf")));
        assert_eq!(windows.len(), 2);
    }

    #[test]
    fn only_files_that_are_there_are_found_and_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| (Nzbget, folder.path().join(name));
        fs::write(folder.path().join("there"), "").unwrap();
        fs::create_dir(folder.path().join("a folder")).unwrap();
        let places = ["absent", "a folder", "there", "there"].map(place);
        assert_eq!(existing(places.to_vec()), [place("there")]);
    }
}
