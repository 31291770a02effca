//! What the user is told when Newsmux cannot start.

use std::thread;

use local::channel::{Answer, Channel};
use newsmux_tests::desktop::Desktop;
use newsmux_tests::real::process::Process;
use newsmux_tests::real::skip;
use tokio::runtime::Builder;

use crate::TOOLS;
use crate::app::{program, until};
use crate::display::Display;

#[test]
fn a_box_says_why_it_cannot_start_and_what_to_do_in_the_users_language() {
    if skip(&TOOLS) {
        return;
    }
    for (language, why, remedy) in [
        ("de_DE.UTF-8", "Eine andere Version von Newsmux läuft.", "Beenden Sie diese"),
        ("en_GB.UTF-8", "another version of Newsmux is running.", "Quit that one"),
    ] {
        let desktop = Desktop::with_display();
        let other = Channel::open(&desktop.path().join("run/newsmux/newsmux.sock")).unwrap();
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            let refuse = |_| async { Answer::Refused { why: "unknown".into() } };
            runtime.block_on(other.serve(refuse))
        });
        let mut shell = desktop.program("sh");
        shell.args(["-c", r#""$0"; echo "ended with $?""#]).arg(program());
        shell.env("LANG", language);
        let shell = Process::start(&shell, &desktop.path().join("shell.log"), 15);
        let display = Display::open(&desktop);
        until("the box", || display.shows("Newsmux"));
        let said = shell.output();
        assert!(said.contains(why) && said.contains(remedy), "{said}");
        display.close("Newsmux");
        until("its end", || shell.output().contains("ended with 1"));
    }
}
