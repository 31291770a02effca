//! GTK and WebKitGTK look for a graphics processor, and load whatever may drive one: more memory than all else takes
//! together, for a window of words and one curve. Drawn without it the window is as quick, and never blank where a driver
//! does not do what it says.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// What GTK 3 looks at, before anything of ours runs.
const GL: &str = "GDK_GL";

/// Begins again, as the same process, with an environment that says so. Returns when it says so, or something else that
/// the user wants, or when it cannot be: then there is more in memory, and nothing else is wrong.
pub(crate) fn without_gl() {
    if env::var_os(GL).is_some() {
        return;
    }
    if let Ok(program) = env::current_exe() {
        let mut again = Command::new(program);
        drop(again.args(env::args_os().skip(1)).env(GL, "disable").exec());
    }
}
