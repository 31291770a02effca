//! What WebKitGTK leaves behind: its network process stays for as long as the program runs, also when there is no web
//! view any more. A new web view starts another.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// As the kernel has its name, cut off after fifteen characters.
const NAME: &str = "WebKitNetworkPr";

/// Ends it. Not to be called while there is a web view.
pub(crate) fn end() {
    for child in children().filter(|child| is_network_process(*child)) {
        // It may have ended by itself.
        kill_process(child, Signal::TERM).ok();
    }
}

/// The processes that this program has started, from whichever thread (`proc(5)`).
fn children() -> impl Iterator<Item = Pid> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let ids = |list: String| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    lists.flat_map(ids).filter_map(|id| Pid::from_raw(id.parse().ok()?))
}

fn is_network_process(process: Pid) -> bool {
    let name = fs::read_to_string(format!("/proc/{}/comm", process.as_raw_nonzero()));
    name.is_ok_and(|name| name.trim_end() == NAME)
}
