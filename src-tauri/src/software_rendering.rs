//! Has the window drawn without a graphics processor. GTK and WebKitGTK would load a driver, which takes more memory than
//! all else together, for a window of words and one curve; and with some drivers the window stays blank.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// What GTK 3 looks at, before anything of ours runs.
const GL: &str = "GDK_GL";

/// Begins again, as the same process, with an environment that says so. Returns when it says so, or something else that
/// the user wants, or when it cannot be: then there is more in memory, and nothing else is wrong.
pub(crate) fn begin() {
    if env::var_os(GL).is_some() {
        return;
    }
    if let Ok(program) = env::current_exe() {
        let mut again = Command::new(program);
        drop(again.args(env::args_os().skip(1)).env(GL, "disable").exec());
    }
}
