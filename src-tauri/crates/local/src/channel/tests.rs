//! Both ends of a channel.

use std::fs;

use serde_json::json;
use tempfile::{TempDir, tempdir};

use super::*;

struct Served {
    folder: TempDir,
    task: tokio::task::JoinHandle<io::Result<()>>,
}

impl Served {
    fn path(&self) -> PathBuf {
        path_in(&self.folder)
    }
}

fn path_in(folder: &TempDir) -> PathBuf {
    folder.path().join("run/newsmux.sock")
}

fn serve() -> Served {
    let folder = tempdir().unwrap();
    let channel = Channel::open(&path_in(&folder)).unwrap();
    let task = tokio::spawn(channel.serve(|question| async move {
        match question {
            Question::Stats { range, by } => Answer::Stats { stats: json!({ (range): by }) },
            Question::Show { version } => Answer::Running { version: format!("{version}+") },
            Question::Replace => std::future::pending().await,
            Question::Status
            | Question::Limit { .. }
            | Question::Pause { .. }
            | Question::Resume => Answer::Refused { why: "not now".into() },
        }
    }));
    Served { folder, task }
}

fn show() -> Question {
    Question::Show { version: "1".into() }
}

#[tokio::test]
async fn a_question_gets_its_answer() {
    let served = serve();
    let answer = ask(&served.path(), &show()).await.unwrap();
    assert_eq!(answer, Answer::Running { version: "1+".into() });
    let refused = ask(&served.path(), &Question::Status).await.unwrap();
    assert_eq!(refused, Answer::Refused { why: "not now".into() });
}

#[tokio::test]
async fn there_is_one_on_each_path_until_it_ends() {
    let served = serve();
    assert!(matches!(Channel::open(&served.path()), Err(ChannelError::Taken)));
    ask(&served.path(), &show()).await.unwrap();
    served.task.abort();
    assert!(served.task.await.unwrap_err().is_cancelled());
    let path = path_in(&served.folder);
    assert!(matches!(ask(&path, &show()).await, Err(ChannelError::NotRunning)));
    Channel::open(&path).unwrap();
}

#[tokio::test]
async fn what_a_crash_left_behind_is_in_nobodys_way() {
    let served = serve();
    let left = fs::hard_link(served.path(), served.folder.path().join("left"));
    served.task.abort();
    assert!(served.task.await.unwrap_err().is_cancelled());
    if left.is_ok() {
        fs::rename(served.folder.path().join("left"), path_in(&served.folder)).unwrap();
    }
    Channel::open(&path_in(&served.folder)).unwrap();
}

#[tokio::test]
async fn a_newer_versions_question_is_refused_and_the_next_is_answered() {
    let served = serve();
    let mut stream = BufReader::new(system::connect(&served.path()).await.unwrap());
    write(&mut stream, &serde_json::json!({"do": "dance"})).await.unwrap();
    let answer: Answer = read(&mut stream).await.unwrap();
    assert!(matches!(answer, Answer::Refused { why } if why.contains("dance")));
    ask(&served.path(), &show()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_not_waited_for() {
    let served = serve();
    let asked = ask(&served.path(), &Question::Replace).await;
    assert!(matches!(asked, Err(ChannelError::Silent)), "{asked:?}");
}

#[tokio::test]
async fn silent_connections_keep_nobody_out() {
    let served = serve();
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS - 1 {
        silent.push(system::connect(&served.path()).await.unwrap());
    }
    ask(&served.path(), &show()).await.unwrap();
}

#[tokio::test]
async fn who_waits_for_a_channel_that_is_taken_can_open_it_when_it_is_free() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("new/newsmux.sock");
    let first = Channel::open(&path).unwrap();
    let (waits, next) = (path.clone(), path.clone());
    let waiting = tokio::task::spawn_blocking(move || wait_until_free(&waits));
    assert!(matches!(Channel::open(&next), Err(ChannelError::Taken)));
    assert!(!waiting.is_finished());
    drop(first);
    waiting.await.unwrap().unwrap();
    Channel::open(&next).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_open_it() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let served = serve();
    assert_eq!(fs::metadata(served.path()).unwrap().mode() & 0o777, 0o600);
    let folder = served.path().parent().unwrap().to_owned();
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        return;
    }
    // Even where the files let everybody in.
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    open(served.folder.path(), 0o755).unwrap();
    open(&folder, 0o755).unwrap();
    open(&served.path(), 0o666).unwrap();
    let said = tokio::task::spawn_blocking(move || as_another_user(&served.path())).await.unwrap();
    assert_eq!(said, "", "another user got an answer");
}

/// What another user gets for a question.
#[cfg(unix)]
fn as_another_user(path: &Path) -> String {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    let script = "use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die $!;
        print $s qq({\"do\":\"status\"}\\n); $s->flush; print scalar <$s> // ''";
    let mut perl = Command::new("perl");
    let output = perl.args(["-e", script]).arg(path).uid(65534).gid(65534).output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("denied"), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
