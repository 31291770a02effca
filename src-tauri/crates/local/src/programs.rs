//! What people call the program of a process.

use std::path::Path;

use listeners::Process;

/// Names of processes, in small letters and without their endings, and the names of their programs.
const KNOWN: [(&str, &str); 19] = [
    ("alt.binz", "alt.binz"),
    ("betanews", "BetaNews"),
    ("claws-mail", "Claws Mail"),
    ("emacs", "Emacs"),
    ("evolution", "Evolution"),
    ("grabit", "GrabIt"),
    ("kodi", "Kodi"),
    ("newsbinpro64", "Newsbin"),
    ("newsleecher", "NewsLeecher"),
    ("newsmux", "Newsmux"),
    ("newsrover", "News Rover"),
    ("nzbget", "NZBGet"),
    ("nzbvortex", "NZBVortex"),
    ("pan", "Pan"),
    ("sabnzbd", "SABnzbd"),
    ("seamonkey", "SeaMonkey"),
    ("thunderbird", "Thunderbird"),
    ("unison", "Unison"),
    ("usenapp", "Usenapp"),
];
/// What the names of processes end in.
const ENDINGS: [&str; 6] = [".exe", ".py", ".pl", ".bin", "-bin", "-console"];
/// What the names of processes begin with that run the programs of others.
const INTERPRETERS: [&str; 6] = ["python", "perl", "ruby", "node", "java", "mono"];

/// The name of a process's program.
pub(crate) fn name(process: &Process) -> String {
    // The system shortens the name of a process, but not its path.
    let file = Path::new(&process.path).file_name().map(|file| file.to_string_lossy());
    let file = file.filter(|file| file.starts_with(process.name.as_str()));
    let own = file.as_deref().unwrap_or(&process.name);
    let runs_another = INTERPRETERS.iter().any(|one| own.to_lowercase().starts_with(one));
    let script = runs_another.then(|| system::arguments(process.pid)).flatten();
    proper(script.as_deref().and_then(|words| self::script(words)).unwrap_or(own))
}

/// The file that an interpreter runs, by its arguments: the first that is no option.
fn script(arguments: &[String]) -> Option<&str> {
    let mut words = arguments.iter().skip(1);
    let word = words.find(|word| !word.starts_with('-'))?;
    Path::new(word).file_name()?.to_str()
}

/// As people write it, if it is known.
fn proper(name: &str) -> String {
    let mut plain = name;
    while let Some(shorter) = ENDINGS.iter().find_map(|ending| without(plain, ending)) {
        plain = shorter;
    }
    let small = plain.to_lowercase();
    let known = KNOWN.iter().find(|(process, _)| *process == small);
    known.map_or(plain, |(_, program)| program).to_owned()
}

fn without<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let at = name.len().checked_sub(ending.len()).filter(|at| *at > 0)?;
    let (before, end) = name.split_at_checked(at)?;
    end.eq_ignore_ascii_case(ending).then_some(before)
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    /// The words that a process was started with.
    pub(super) fn arguments(process: u32) -> Option<Vec<String>> {
        let line = fs::read(format!("/proc/{process}/cmdline")).ok()?;
        let words = line.split(|byte| *byte == 0).filter(|word| !word.is_empty());
        Some(words.map(|word| String::from_utf8_lossy(word).into_owned()).collect())
    }
}

/// Here programs are not run by an interpreter that shows.
#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn arguments(_process: u32) -> Option<Vec<String>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_called_as_people_call_them() {
        for (process, program) in [
            ("SABnzbd.exe", "SABnzbd"),
            ("SABnzbd-console.exe", "SABnzbd"),
            ("sabnzbd.py", "SABnzbd"),
            ("nzbget", "NZBGet"),
            ("NZBGET.EXE", "NZBGet"),
            ("thunderbird-bin", "Thunderbird"),
            ("kodi.bin", "Kodi"),
            ("tin", "tin"),
            (".exe", ".exe"),
            ("mein-läser", "mein-läser"),
        ] {
            assert_eq!(proper(process), program, "{process}");
        }
    }

    #[test]
    fn an_interpreter_is_called_by_what_it_runs() {
        let script = |line: &str| {
            let words: Vec<_> = line.split(' ').map(String::from).collect();
            script(&words).map(proper)
        };
        let sabnzbd = "/usr/bin/python3 -OO /opt/sabnzbd/SABnzbd.py -f /etc/sabnzbd.ini";
        assert_eq!(script(sabnzbd).as_deref(), Some("SABnzbd"));
        assert_eq!(script("python3 read.py").as_deref(), Some("read"));
        assert_eq!(script("python3"), None);
    }

    #[test]
    fn this_very_process_has_its_files_name() {
        let path = std::env::current_exe().unwrap();
        let file = path.file_name().unwrap().to_str().unwrap();
        let shortened = file.get(..file.len().min(15)).unwrap();
        let process = Process {
            pid: std::process::id(),
            name: shortened.into(),
            path: path.to_str().unwrap().into(),
        };
        assert_eq!(name(&process), proper(file));
    }
}
