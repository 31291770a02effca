//! INN 2 as a provider, in a directory of its own: one `innd` behind two reading servers that want a login,
//! one plain and one with TLS.
#![expect(clippy::expect_used, reason = "a helper of tests: what goes wrong here fails the test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::process::{Process, free_port, run};
use super::{Login, Server, Tool};

/// The group for text.
pub const TEXT_GROUP: &str = "misc.test";
/// The group for binaries.
pub const BINARY_GROUP: &str = "alt.binaries.test";

const LOGIN: Login = Login { username: "reader", password: "open sesame" };
/// LOGIN's password as crypt(3) has it.
const CRYPT: &str = "$6$newsmux$qqBjyONnrdGnj8WoCsTha/XE/A2loYTaItu8u1KH/jgegrGlzPV4FEuUwKA0QGP3oCx2foLKJT6iiYiKhBZuw0";

/// What makes `unshare` show somebody else as Debian's user `news`.
const AS_NEWS: [&str; 3] = ["--user", "--map-user=9", "--map-group=9"];

const PROGRAMS: [&str; 4] = ["innd", "nnrpd", "makedbz", "auth/passwd/ckpasswd"];
const FOLDERS: [&str; 10] = [
    "bin/auth/passwd",
    "db",
    "etc",
    "filter",
    "log",
    "run",
    "spool/articles",
    "spool/incoming/tmp",
    "spool/incoming/bad",
    "spool/overview",
];

/// A running INN. Dropping it ends it; its files stay in the directory that it was given.
#[derive(Debug)]
pub struct Inn {
    /// The reading server without TLS.
    pub plain: Server,
    /// The reading server with TLS, for `localhost` and 127.0.0.1.
    pub tls: Server,
    /// The certificate of the authority that signed the server's.
    pub ca_file: PathBuf,
    plain_process: Process,
    _others: [Process; 2],
}

impl Inn {
    /// Starts it with its files in `folder`/inn, and waits until it can be used.
    pub fn start(folder: &Path) -> Self {
        let home = folder.join("inn");
        copy_programs(&home);
        let innd_port = free_port();
        configure(&home, innd_port);
        certify(&home);
        hand_to_news(&home);
        run(&mut as_news(
            &home,
            "makedbz",
            &["-i", "-o", "-s", "20000", "-f", &path(&home, "db/history")],
        ));

        let innd = start(&home, "innd", innd_port, &["-f", "-N", "-P", &innd_port.to_string()]);
        let (plain_port, tls_port) = (free_port(), free_port());
        let plain_process = start(&home, "nnrpd", plain_port, &nnrpd(&plain_port.to_string(), &[]));
        let tls = start(&home, "nnrpd", tls_port, &nnrpd(&tls_port.to_string(), &["-S"]));
        Self {
            plain: Server { port: plain_port, login: Some(LOGIN) },
            tls: Server { port: tls_port, login: Some(LOGIN) },
            ca_file: home.join("etc/ca.pem"),
            plain_process,
            _others: [tls, innd],
        }
    }

    /// Breaks a connection to the reading server without TLS, in the middle of whatever it does. Says whether there
    /// was one.
    pub fn break_a_connection(&self) -> bool {
        self.plain_process.lose_a_child()
    }
}

/// In the foreground, as a separate server, with no name looked up.
fn nnrpd<'a>(port: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["-D", "-f", "-n", "-b", "127.0.0.1", "-p", port], more].concat()
}

fn start(home: &Path, program: &str, port: u16, arguments: &[&str]) -> Process {
    // No patience: innd looks at a SIGTERM only when it is woken, and nothing of it is kept.
    let log = home.join(format!("{program}-{port}.log"));
    let process = Process::start(&as_news(home, program, arguments), &log, 0);
    process.wait_for_port(port);
    process
}

/// INN runs as Debian's user `news` and as no other. Root becomes it; anybody else is it in a namespace of their own.
fn as_news(home: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=news", "--regid=news", "--clear-groups"]);
        command
    } else {
        let mut command = Command::new("unshare");
        command.args(AS_NEWS);
        command
    };
    command.arg(home.join("bin").join(program)).args(arguments).current_dir(home.join("db"));
    command.env("INNCONF", home.join("etc/inn.conf")).env("LD_LIBRARY_PATH", home.join("bin"));
    command
}

fn hand_to_news(home: &Path) {
    if is_root() {
        run(Command::new("chown").args(["-R", "news:news"]).arg(home));
    }
}

/// Whether it may be done. Some systems let nobody but root have a namespace of users.
pub(super) fn can_be_news() -> bool {
    is_root()
        || Command::new("unshare")
            .args(AS_NEWS)
            .arg("true")
            .output()
            .is_ok_and(|done| done.status.success())
}

fn is_root() -> bool {
    run(Command::new("id").arg("-u")).trim() == "0"
}

/// `news` may not be able to reach the repository (in root's home), so what it runs is copied.
fn copy_programs(home: &Path) {
    for folder in FOLDERS {
        fs::create_dir_all(home.join(folder)).expect("a folder");
    }
    let inn = Tool::Inn.path().join("usr/lib/news");
    for program in PROGRAMS {
        fs::copy(inn.join("bin").join(program), home.join("bin").join(program))
            .expect("a program of INN");
    }
    for folder in [inn.clone(), inn.join("..")] {
        for file in fs::read_dir(folder).expect("INN's libraries").flatten() {
            let name = file.file_name();
            if name.to_string_lossy().starts_with("libinn") {
                fs::copy(file.path(), home.join("bin").join(name)).expect("a library of INN");
            }
        }
    }
}

fn configure(home: &Path, innd_port: u16) {
    let etc = |file: &str, text: &str| {
        fs::write(home.join("etc").join(file), text).expect("a file of INN's")
    };
    etc("inn.conf", &inn_conf(home, innd_port));
    etc("inn-secrets.conf", "");
    etc("storage.conf", "method tradspool {\n newsgroups: *\n class: 0\n}\n");
    etc("incoming.conf", "peer ME {\n hostname: \"localhost, 127.0.0.1, ::1\"\n}\n");
    etc("newsfeeds", "ME:!*::\n");
    etc("passwd", &format!("{}:{CRYPT}\n", LOGIN.username));
    etc("readers.conf", &readers_conf(home));

    let hidden = ["control", "control.cancel", "junk"]
        .map(|group| format!("{group} 0000000000 0000000001 n\n"));
    let open = [TEXT_GROUP, BINARY_GROUP].map(|group| format!("{group} 0000000000 0000000001 y\n"));
    let db = |file: &str, text: &str| {
        fs::write(home.join("db").join(file), text).expect("a file of INN's")
    };
    db("active", &[hidden.concat(), open.concat()].concat());
    db("newsgroups", &format!("{TEXT_GROUP}\tText\n{BINARY_GROUP}\tBinaries\n"));
    db("active.times", "");
    db("history", "");
}

/// What inn.conf says in every INN of ours.
const SETTINGS: &str = r#"
mta: "/bin/true"
organization: "Newsmux tests"
pathhost: "news.test.example"
domain: "test.example"
ovmethod: "tradindexed"
hismethod: "hisv6"
bindaddress: "127.0.0.1"
bindaddress6: "::1"
enableoverview: true
wireformat: true
maxconnections: 200
maxartsize: 4000000
localmaxartsize: 4000000
allownewnews: true
pgpverify: false
doinnwatch: false
addinjectionpostinghost: false
rlimitnofile: 1024
"#;

fn inn_conf(home: &Path, innd_port: u16) -> String {
    let mut settings = format!("{SETTINGS}port: {innd_port}\n");
    let mut set = |name: &str, value: &str| settings += &format!("{name}: \"{value}\"\n");
    set("pathnews", &path(home, ""));
    for name in ["bin", "db", "etc", "filter", "log", "run", "spool"] {
        set(&format!("path{name}"), &path(home, name));
    }
    for (name, file) in [("ca", "ca.pem"), ("cert", "cert.pem"), ("key", "key.pem")] {
        set(&format!("tls{name}file"), &path(home, &format!("etc/{file}")));
    }
    settings
}

/// nnrpd's parser wants one setting on each line.
fn readers_conf(home: &Path) -> String {
    format!(
        "auth all {{\n hosts: \"*\"\n auth: \"ckpasswd -f {}/etc/passwd\"\n}}\n\
         access all {{\n users: \"*\"\n newsgroups: \"*\"\n access: \"RPAN\"\n}}\n",
        home.display()
    )
}

fn certify(home: &Path) {
    let mut authority = CertificateParams::new([]).expect("an authority's parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "Newsmux tests");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key"))
        .expect("an authority");
    let names = ["localhost".into(), "127.0.0.1".into()];
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(names).expect("a server's parameters");
    let certificate = certificate.signed_by(&key, &authority).expect("a certificate");

    fs::write(home.join("etc/ca.pem"), authority.pem()).expect("ca.pem");
    fs::write(home.join("etc/cert.pem"), certificate.pem()).expect("cert.pem");
    let key_file = home.join("etc/key.pem");
    fs::write(&key_file, key.serialize_pem()).expect("key.pem");
    fs::set_permissions(key_file, fs::Permissions::from_mode(0o600))
        .expect("a key that is its owner's only");
}

fn path(home: &Path, file: &str) -> String {
    home.join(file).to_string_lossy().into_owned()
}
