//! What people call the program of a process.

use std::path::Path;

use listeners::Process;

/// Names of processes, in small letters and without their endings, and the names of their programs.
const KNOWN: [(&str, &str); 20] = [
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
    ("sabnzbdplus", "SABnzbd"),
    ("seamonkey", "SeaMonkey"),
    ("thunderbird", "Thunderbird"),
    ("unison", "Unison"),
    ("usenapp", "Usenapp"),
];
/// What the names of processes end in.
const ENDINGS: [&str; 9] = [".exe", ".py", ".pl", ".rb", ".js", ".jar", ".bin", "-bin", "-console"];
/// What the names of processes begin with that run the programs of others.
const INTERPRETERS: [&str; 6] = ["python", "perl", "ruby", "node", "java", "mono"];

/// What the names of scripts end in.
const SCRIPTS: [&str; 5] = [".py", ".pl", ".rb", ".js", ".jar"];
/// The longest name of a script, in bytes.
const LONGEST: usize = 64;

/// The name of a process's program.
pub(crate) fn name(process: &Process) -> String {
    // The system shortens the name of a process, but not its path.
    let file = Path::new(&process.path).file_name().map(|file| file.to_string_lossy());
    let file = file.filter(|file| file.starts_with(process.name.as_str()));
    let own = file.as_deref().unwrap_or(&process.name);
    let script = is_interpreter(own).then(|| system::arguments(process.pid)).flatten();
    proper(script.as_deref().and_then(|words| self::script(words)).unwrap_or(own))
}

/// Whether a process runs the programs of others, as `python3.12` does.
fn is_interpreter(name: &str) -> bool {
    let version = |rest: &str| rest.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    INTERPRETERS.iter().any(|one| name.strip_prefix(one).is_some_and(version))
}

/// The file that an interpreter runs, by its arguments: the first with the name of a script or of a known program. Others may
/// be anything, passwords too.
fn script(arguments: &[String]) -> Option<&str> {
    let files = arguments.iter().skip(1).filter_map(|word| Path::new(word).file_name()?.to_str());
    let is_script = |name: &&str| {
        let plain = name.len() <= LONGEST && !name.contains(char::is_control);
        plain && (SCRIPTS.iter().any(|ending| name.ends_with(ending)) || known(name).is_some())
    };
    files.into_iter().find(is_script)
}

/// The program of a process with this name, if it is known.
fn known(process: &str) -> Option<&'static str> {
    let small = process.to_lowercase();
    KNOWN.iter().find(|(known, _)| *known == small).map(|(_, program)| *program)
}

/// As people write it, if it is known.
fn proper(name: &str) -> String {
    let mut plain = name;
    while let Some(shorter) = ENDINGS.iter().find_map(|ending| without(plain, ending)) {
        plain = shorter;
    }
    known(plain).unwrap_or(plain).to_owned()
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
        assert_eq!(script("python3 -OO /usr/bin/sabnzbdplus -d").as_deref(), Some("SABnzbd"));
        assert_eq!(script("java -cp lib/newsreader.jar Main").as_deref(), Some("newsreader"));
        for unknown in ["python3", "python3 -c login('me','secret')", "perl -e x", "node --eval x"]
        {
            assert_eq!(script(unknown), None, "{unknown}");
        }
        let interpreters =
            ["python", "python3.12", "perl5", "node", "node_exporter", "monodevelop"];
        assert_eq!(interpreters.map(is_interpreter), [true, true, true, true, false, false]);
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
