//! What becomes of servers as the two programs write them, and as people do.

use proptest::prelude::*;

use super::*;

fn here() -> Address {
    Address { host: "127.0.0.1".into(), port: 1190 }
}

fn servers(text: &str) -> Servers {
    read(text.as_bytes(), &here()).unwrap()
}

/// The one server that `lines` describe, in the form of SABnzbd.
fn sabnzbd(lines: &str) -> Server {
    one(&format!("[misc]\n[servers]\n[[s]]\nhost = h.example\n{lines}\n[categories]\n"))
}

/// The one server that `lines` describe, in the form of NZBGet.
fn nzbget(lines: &[&str]) -> Server {
    let lines: String = lines.iter().map(|line| format!("Server1.{line}\n")).collect();
    one(&format!("ControlPort=6789\nServer1.Host=h.example\n{lines}"))
}

fn one(text: &str) -> Server {
    let found = servers(text);
    assert_eq!((found.servers.len(), found.left_out.len()), (1, 0), "{text}");
    found.servers[0].clone()
}

fn password(candidate: &Server) -> Option<&str> {
    candidate.password.as_ref().map(Secret::expose)
}

const SABNZBD: &str = r#"__version__ = 19
__encoding__ = utf-8
[misc]
helpfull_warnings = 1
api_key = abc
password = of the web interface
[servers]
[[news.example.com]]
name = news.example.com
displayname = Example
host = news.example.com
port = 563
timeout = 60
username = u@example.com
password = p
connections = 24
ssl = 1
ssl_verify = 3
ssl_ciphers = ""
enable = 1
required = 1
optional = 0
retention = 0
expire_date = ""
quota = ""
usage_at_start = 0
priority = 0
notes = ""
[[block]]
name = block
displayname = "Block, of 500 GB"
host = Block.example.net
port = 119
username = u
password = !!!encoded!!!61 923e9e4
connections = 8
ssl = 0
enable = 0
optional = 1
retention = 1200
quota = 500G
expire_date = 2027-01-31
priority = 1
[[Newsmux]]
host = 127.0.0.1
port = 10080
connections = 8
[categories]
[[*]]
name = *
"#;

#[test]
fn servers_of_sabnzbd_are_read() {
    let found = servers(SABNZBD);
    assert_eq!(found.program, Program::Sabnzbd);
    assert_eq!(found.left_out, [LeftOut { name: "Newsmux".into(), why: Unfit::Ours }]);
    let [first, block] = &found.servers[..] else { panic!("{found:?}") };
    let server = first;
    assert_eq!(server.name, "Example");
    assert_eq!((server.host.as_str(), server.port), ("news.example.com", Some(563)));
    assert_eq!((server.tls, server.verify), (true, Verify::Full));
    assert_eq!((server.connections, server.tier), (24, 0));
    assert_eq!((server.enabled, server.required), (true, true));
    assert_eq!(server.username.as_deref(), Some("u@example.com"));
    assert_eq!((password(first), &first.doubts[..]), (Some("p"), &[][..]));

    let server = block;
    assert_eq!((server.name.as_str(), server.tier), ("Block, of 500 GB", 1));
    assert_eq!((server.enabled, server.required), (false, false));
    assert_eq!((server.tls, server.host.as_str()), (false, "Block.example.net"));
    assert_eq!(password(block), Some("a\t#éä"));
    assert_eq!((block.quota, block.expires.as_deref()), (Some(500 << 30), Some("2027-01-31")));
    assert_eq!(
        block.doubts,
        [
            Doubt::Off,
            Doubt::NotEncrypted,
            Doubt::Retention { days: 1200 },
            Doubt::Optional,
            Doubt::Quota { said: "500G".into() },
        ]
    );
}

#[test]
fn servers_of_nzbget_are_read() {
    let text = "# A comment with Server9.Host=no\nMainDir=~/downloads\nControlPassword=secret\nCertCheck=no\n\
                Server1.Active=yes\nServer1.Name=Example\nServer1.Level=0\nServer1.Optional=no\n\
                Server1.Group=0\nServer1.Host=news.example.com\nServer1.Port=563\nServer1.Username=u\n\
                Server1.Password=p#=w \"x\" \nServer1.JoinGroup=no\nServer1.Encryption=yes\n\
                Server1.CertVerification=Strict\nServer1.Connections=24\nServer1.Retention=3000\n\
                server2.active=NO\nSERVER2.HOST=fill.example.net\nServer2.Level=1\nServer2.Group=1\n\
                Server2.Optional=yes\nServer2.JoinGroup=yes\nServer2.Encryption=yes\nServer2.Connections=4\n\
                Server3.Host=localhost\nServer3.Port=1190\nServer4.Host=\nServer5.Host=my.newsserver.com\n";
    let found = servers(text);
    assert_eq!(found.program, Program::Nzbget);
    let left_out: Vec<_> = found.left_out.iter().map(|one| one.why).collect();
    assert_eq!(left_out, [Unfit::Ours, Unfit::Host, Unfit::Example]);
    let [first, fill] = &found.servers[..] else { panic!("{found:?}") };
    let server = first;
    assert_eq!((server.name.as_str(), server.port), ("Example", Some(563)));
    assert_eq!((server.tls, server.verify), (true, Verify::Full));
    assert_eq!((server.connections, server.tier, server.enabled), (24, 0, true));
    assert_eq!(password(first), Some("p#=w \"x\""));
    assert_eq!(first.doubts, [Doubt::Retention { days: 3000 }]);

    let server = fill;
    assert_eq!((server.name.as_str(), server.tier), ("fill.example.net", 1));
    assert_eq!((server.enabled, server.username.as_ref()), (false, None));
    assert_eq!(fill.doubts, [Doubt::Off, Doubt::MoreVerified, Doubt::Optional, Doubt::JoinsGroup]);
    assert_eq!((first.group.as_deref(), fill.group.as_deref()), (None, Some("1")));
}

#[test]
fn volumes_and_days_are_taken_where_they_can_be_read() {
    for (said, bytes) in [
        ("1.5T", Some(3 << 39)),
        ("200 M", Some(200 << 20)),
        ("1000", Some(1000)),
        ("10 GB", Some(10 << 30)),
        ("0", None),
        ("much", None),
    ] {
        assert_eq!(sabnzbd(&format!("quota = {said}")).quota, bytes, "{said}");
    }
    let odd = sabnzbd("expire_date = soon");
    assert_eq!((odd.expires, odd.doubts), (None, vec![Doubt::Expires { said: "soon".into() }]));
}

#[test]
fn how_much_is_verified_is_taken_over_and_told() {
    use Verify::{Certificate, Full, None};
    let lowered = |level| (level != Full).then_some(Doubt::LessVerified);
    for (said, level) in [("0", None), ("1", Certificate), ("2", Full), ("3", Full), ("x", Full)] {
        let found = sabnzbd(&format!("ssl = 1\nssl_verify = {said}"));
        assert_eq!(found.verify, level, "ssl_verify = {said}");
        assert_eq!(found.doubts, Vec::from_iter(lowered(level)), "ssl_verify = {said}");
        let plain = sabnzbd(&format!("ssl = 0\nssl_verify = {said}"));
        assert_eq!((plain.verify, plain.doubts.len()), (Full, 0));
    }
    for (said, level) in [("None", None), ("minimal", Certificate), ("STRICT", Full), ("", Full)] {
        let found = nzbget(&["Encryption=yes", &format!("CertVerification={said}")]);
        assert_eq!(found.verify, level, "CertVerification={said}");
        assert_eq!(found.doubts, Vec::from_iter(lowered(level)), "CertVerification={said}");
    }
}

#[test]
fn numbers_that_cannot_be_are_replaced_and_told() {
    let number = |said: &str, taken| Doubt::Connections { said: said.into(), taken };
    for (said, taken, doubted) in [
        ("8", 8, false),
        ("500", 500, false),
        ("-4", 1, true),
        ("501", 500, true),
        ("99999999999999999999", 1, true),
        ("many", 1, true),
        ("", 1, false),
    ] {
        for found in
            [sabnzbd(&format!("connections = {said}")), nzbget(&[&format!("Connections={said}")])]
        {
            assert_eq!(found.connections, taken, "{said}");
            assert_eq!(found.doubts, Vec::from_iter(doubted.then(|| number(said, taken))));
        }
    }
    let tier = |said: &str, taken| Doubt::Tier { said: said.into(), taken };
    for (said, taken, doubted) in
        [("0", 0, false), ("99", 99, false), ("-1", 0, true), ("256", 255, true), ("x", 0, true)]
    {
        for found in [sabnzbd(&format!("priority = {said}")), nzbget(&[&format!("Level={said}")])] {
            assert_eq!(found.tier, taken, "{said}");
            assert_eq!(found.doubts, Vec::from_iter(doubted.then(|| tier(said, taken))));
        }
    }
    for (said, taken) in [("563", Some(563)), ("", Some(119)), ("0", None), ("70000", None)] {
        let found = sabnzbd(&format!("port = {said}"));
        assert_eq!((found.port, found.doubts.len()), (taken, usize::from(taken.is_none())));
    }
}

#[test]
fn a_server_without_connections_is_disabled() {
    for found in
        [sabnzbd("connections = 0"), nzbget(&["Connections=0"]), nzbget(&["Connections=00"])]
    {
        assert_eq!((found.enabled, found.connections), (false, 1));
        assert_eq!(found.doubts, [Doubt::Off]);
    }
}

#[test]
fn a_fill_server_of_an_old_sabnzbd_is_a_backup() {
    for (lines, tier) in [
        ("fillserver = 1", 1),
        ("fillserver = 0", 0),
        ("fillserver = 1\npriority = 3", 3),
        ("priority = 3\nfillserver = 1", 3),
    ] {
        assert_eq!(sabnzbd(lines).tier, tier, "{lines}");
    }
}

#[test]
fn references_of_nzbget_are_expanded() {
    let text = "MainDir=~/nzb\nUser=me\nServer1.Host=h.example\nServer1.Username=${user}-${NoSuch}\n\
                Server2.Host=x.${Server1.Host}\nServer2.Username=${User}@${server1.HOST}\nServer2.Password=a${b\n";
    let found = servers(text);
    let [first, second] = &found.servers[..] else { panic!("{found:?}") };
    assert_eq!(first.username.as_deref(), Some("me-${NoSuch}"));
    assert_eq!(second.host, "x.h.example");
    assert_eq!(
        (second.username.as_deref(), password(second)),
        (Some("me@h.example"), Some("a${b"))
    );
    let doubling: String =
        (1..60).map(|at| format!("A{at}=${{A{0}}}${{A{0}}}\n", at - 1)).collect();
    let long =
        servers(&format!("A0=xx\n{doubling}Server1.Host=h.example\nServer1.Username=${{A59}}\n"));
    assert!(long.servers[0].username.as_ref().is_some_and(|user| user.len() < 3000));
}

#[test]
fn a_login_without_a_password_is_told_and_a_password_without_a_login_is_dropped() {
    for lines in ["username = u\nssl = 1", "username = u\nssl = 1\npassword = !!!encoded!!!6"] {
        let found = sabnzbd(lines);
        assert_eq!((password(&found), &found.doubts[..]), (None, &[Doubt::NoPassword][..]));
    }
    let found = sabnzbd("password = p");
    assert_eq!((password(&found), &found.username), (None, &None));
}

#[test]
fn of_what_is_said_twice_the_last_counts() {
    let found = sabnzbd("optional = 1\nquota = 1G\noptional = 0\nquota = 2G\nquota = 3G");
    assert_eq!(found.doubts, [Doubt::Quota { said: "3G".into() }]);
}

#[test]
fn as_many_servers_as_fit_are_read_in_no_time() {
    let names = (0..90_000).map(|at| format!("[[{at}]]\n"));
    let deep = (1..300).map(|depth| format!("{}x{}\n", "[".repeat(depth), "]".repeat(depth)));
    let pairs = (0..100_000).map(|_| "a=b\n".to_owned());
    for lines in [names.collect::<String>(), deep.chain(pairs).collect()] {
        let text = format!("[servers]\n[[a]]\nhost = h.example\n{lines}");
        assert!(text.len() <= LONGEST);
        assert_eq!(servers(&text).servers.len(), 1);
    }
}

#[test]
fn sabnzbds_passwords_are_decoded() {
    for (written, meant) in [
        ("plain", Some("plain")),
        ("!!!encoded!!!236162", Some("#ab")),
        ("!!!encoded!!!702077", Some("p w")),
        ("!!!encoded!!! 9 d", Some("\t\r")),
        ("\"!!!encoded!!!fce4\"", Some("üä")),
        ("!!!encoded!!!", None),
        ("!!!encoded!!!6", None),
        ("!!!encoded!!!zz", None),
        ("!!!encoded!!!+1", None),
        ("!!!encoded!!!ää", None),
        ("", None),
    ] {
        let found = sabnzbd(&format!("username = u\npassword = {written}"));
        assert_eq!(password(&found), meant, "{written}");
    }
}

#[test]
fn values_are_unquoted_as_configobj_quotes_them() {
    for (written, meant) in [
        ("a b", "a b"),
        ("a b # a comment", "a b"),
        ("\"a # b\"", "a # b"),
        ("\" a \" # a comment", " a "),
        ("'a \"b\" c'", "a \"b\" c"),
        ("\"it's\"", "it's"),
        ("\"\"\"a \"b\" it's\"\"\"", "a \"b\" it's"),
        ("'''a\nb'''", "a\nb"),
        ("\"\"\"a\nb = c\n[[d]]\"\"\" # a comment", "a\nb = c\n[[d]]"),
        ("a=b", "a=b"),
        ("\"\"\"it's \"\"\"\"", "it's \""),
        ("\"never ends", "\"never ends"),
    ] {
        let found = sabnzbd(&format!("username = u\npassword = {written}"));
        assert_eq!(password(&found), Some(meant), "{written}");
    }
}

#[test]
fn odd_files_are_read_as_they_are_meant() {
    for (what, text) in [
        ("a mark before it", "\u{feff}[servers]\n[[a]]\nhost = h.example\n"),
        ("line ends of Windows", "[servers]\r\n[[a]]\r\nhost = h.example\r\n"),
        ("indented", "  [servers]\n  [[ a ]]\n    host=h.example\n"),
        ("quoted names", "[\"servers\"]\n[['a']] # b ]]\n\"host\" = h.example\n"),
        ("twice the same", "[servers]\n[[a]]\nhost = x\n[[a]]\nhost = h.example\n"),
        ("deeper sections", "[servers]\n[[a]]\nhost = h.example\n[[[b]]]\nhost = no\n"),
        ("lines that are none", "what\n[servers]\n[[a\n= x\n]\n[\n[[a]]\n'x\nhost = h.example"),
        ("NZBGet on Windows", "\u{feff}MainDir=C:\\\r\nServer1.Host = h.example \r\n"),
        ("with a gap", "Server7.Host=h.example\nServer0.Host=x\nServerX.Host=x\nServer.Host=x\n"),
        ("the last counts", "Server1.Host=x\nServer1.host=h.example\n"),
    ] {
        assert_eq!(one(text).host, "h.example", "{what}");
    }
    let latin = b"[servers]\n[[a]]\nhost = h.example\nusername = J\xfcrgen\n";
    let found = read(latin, &here()).unwrap();
    assert_eq!(found.servers[0].username.as_deref(), Some("Jürgen"));
}

#[test]
fn hosts_that_cannot_be_and_our_own_are_left_out() {
    for (host, port, left_out) in [
        ("127.0.0.1", 10080, Some(Unfit::Ours)),
        ("localhost", 1190, Some(Unfit::Ours)),
        ("\"[::1]\"", 1190, Some(Unfit::Ours)),
        ("127.0.0.1", 1119, None),
        ("news.example.com", 10080, None),
        ("\"2001:db8::1\"", 563, None),
        ("", 563, Some(Unfit::Host)),
        ("\"a b\"", 563, Some(Unfit::Host)),
        ("news.example.com:563", 563, Some(Unfit::Host)),
        ("https://news.example.com", 563, Some(Unfit::Host)),
    ] {
        let text = format!("[servers]\n[[a]]\nhost = {host}\nport = {port}\n");
        let found = servers(&text);
        assert_eq!(found.left_out.first().map(|one| one.why), left_out, "{host}:{port}");
        assert_eq!(found.servers.len(), usize::from(left_out.is_none()));
    }
}

#[test]
fn what_is_no_such_file_is_refused() {
    let code = |text: &[u8]| read(text, &here()).unwrap_err().problem();
    for text in ["", "hello", "{\"a\": 1}", "[section]\nkey = value\n", "Server=1\n", "a=b\n"] {
        assert_eq!(code(text.as_bytes()), Problem::NotSettings, "{text}");
    }
    assert_eq!(code(&[0; 1000]), Problem::NotSettings);
    assert_eq!(code(&vec![b'#'; LONGEST + 1]), Problem::NotSettings);
    for text in ["[misc]\nport = 1\n[servers]\n", "MainDir=x\nControlPort=6789\n"] {
        assert_eq!(code(text.as_bytes()), Problem::NoServers, "{text}");
    }
}

/// As SABnzbd writes them, by its own rule.
fn encoded(password: &str) -> String {
    let odd = |c: char| c == '#' || !('!'..='~').contains(&c);
    if !password.contains(odd) {
        return password.into();
    }
    let codes = password.chars().map(|c| format!("{:2x}", u32::from(c)));
    format!("!!!encoded!!!{}", codes.collect::<String>())
}

/// As ConfigObj writes a value of one line.
fn quoted(value: &str) -> String {
    let mark = match (value.contains('"'), value.contains('\'')) {
        (true, true) => "\"\"\"",
        (true, false) => "'",
        (false, _) => "\"",
    };
    format!("{mark}{value}{mark}")
}

/// Pieces of both forms, and of neither.
fn piece() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "[servers]",
        "[[a]]",
        "[[[b]]]",
        "[",
        "]",
        "host",
        "port",
        " = ",
        "=",
        "\"",
        "'",
        "\"\"\"",
        "'''",
        "#",
        "\n",
        "\r\n",
        "!!!encoded!!!",
        "password",
        "username",
        "Server1.",
        "Server65536.",
        "Host",
        "h.example",
        "-1",
        "256",
        "\u{feff}",
        "é",
        " ",
        "[misc]",
        "MainDir=x",
        "[[\"c]]\"]]",
    ]);
    prop_oneof![9 => words.prop_map(String::from), 1 => ".{0,3}"]
}

proptest! {
    #[test]
    fn no_text_is_too_odd(pieces in prop::collection::vec(piece(), 0..60)) {
        if let Ok(found) = read(pieces.concat().as_bytes(), &here()) {
            prop_assert!(!found.servers.is_empty() || !found.left_out.is_empty());
            for server in found.servers {
                prop_assert!((1..=500).contains(&server.connections) && server.port != Some(0));
                prop_assert!(!server.host.is_empty() && !server.host.contains(['/', ' ', '\n']));
            }
        }
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(read(&bytes, &here()));
    }

    #[test]
    fn every_password_comes_through_sabnzbds_settings(password in "[ -\u{ff}&&[^\u{7f}-\u{9f}]]{1,20}") {
        let written = format!("username = u\npassword = {}", quoted(&encoded(&password)));
        let found = sabnzbd(&written);
        prop_assert_eq!(found.password, Some(Secret::new(password)));
    }

    #[test]
    fn every_password_comes_through_nzbgets_settings(password in "[!-~é€]([ -~é€]{0,20}[!-~é€])?") {
        let found = nzbget(&["Username=u", &format!("Password={password}")]);
        prop_assert_eq!(found.password, Some(Secret::new(password)));
    }
}

#[test]
fn where_sabnzbds_settings_are_broken_its_copy_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sabnzbd.ini");
    let load = || load(&file, &here());
    assert_eq!(load().unwrap_err().problem(), Problem::Unreadable);
    std::fs::write(file.with_extension("ini.bak"), "[servers]\n[[a]]\nhost = copy.example\n")
        .unwrap();
    for (text, host) in [
        ("", "copy.example"),
        ("[misc]\napi_k", "copy.example"),
        ("[servers]\n[[a]]\nhost = h.example\n", "h.example"),
    ] {
        std::fs::write(&file, text).unwrap();
        assert_eq!(load().unwrap().servers[0].host, host, "{text}");
    }
    std::fs::write(&file, "").unwrap();
    std::fs::remove_file(file.with_extension("ini.bak")).unwrap();
    assert_eq!(load().unwrap_err().problem(), Problem::NotSettings);
}

#[test]
fn the_settings_say_how_to_reach_the_program() {
    let access = |text: &str| {
        let access = read(text.as_bytes(), &here()).unwrap().access;
        access.map(|access| (access.address, access.user, access.secret.expose().to_owned()))
    };
    let sabnzbd =
        |misc: &str| access(&format!("[misc]\n{misc}\n[servers]\n[[a]]\nhost = h.example\n"));
    let at = |address: &str| Some((address.to_owned(), String::new(), "k".to_owned()));
    for (misc, expected) in [
        ("host = 0.0.0.0\nport = 8080\napi_key = k", at("http://127.0.0.1:8080")),
        (
            "host = ::\nport = 8080\nenable_https = 0\nhttps_port = 9090\napi_key = k",
            at("http://127.0.0.1:8080"),
        ),
        (
            "host = 192.0.2.1\nport = 8080\nenable_https = 1\nhttps_port = 9090\napi_key = k",
            at("https://192.0.2.1:9090"),
        ),
        (
            "host = ::1\nport = 8080\nenable_https = 1\nhttps_port = \"\"\napi_key = k",
            at("https://[::1]:8080"),
        ),
        ("port = 8080", None),
        ("api_key = k", None),
    ] {
        assert_eq!(sabnzbd(misc), expected, "{misc}");
    }
    let nzbget = "ControlIP=0.0.0.0\nControlPort=6789\nControlUsername=me\nControlPassword=${ControlUsername}!\nServer1.Host=h\n";
    assert_eq!(access(nzbget), Some(("http://127.0.0.1:6789".into(), "me".into(), "me!".into())));
    assert_eq!(access("ControlPort=6789\nServer1.Host=h\n"), None);
}
