//! Newsmux enters itself in a program, which is played here; the real ones are in `tests/connect.rs`.

use std::sync::{Arc, Mutex};

use api::request::{FailureCode, Reply};
use api::snapshot::Direct;
use newsmux_tests::tls::Authority;
use secrets::StoreError;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::app::{App, Begin, fetch, one_article, program};

/// What a program answers to the body of a request: a status and a text.
type Answers = dyn Fn(&str) -> (u16, String) + Send + Sync;

/// A program, and what it was asked.
pub(crate) struct Played {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Played {
    async fn listen(answers: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answers, book): (Arc<Answers>, _) = (Arc::new(answers), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answers), Arc::clone(&book)));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request, and its answer.
async fn serve(mut stream: TcpStream, answers: Arc<Answers>, book: Arc<Mutex<Vec<String>>>) {
    let mut request = String::new();
    loop {
        let mut some = [0; 4096];
        let read = stream.read(&mut some).await.unwrap();
        request.push_str(str::from_utf8(&some[..read]).unwrap());
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let length = head
            .to_lowercase()
            .split_once("content-length: ")
            .and_then(|(_, rest)| rest.split("\r\n").next().and_then(|length| length.parse().ok()));
        if read == 0 || body.len() >= length.unwrap_or(0) {
            break;
        }
    }
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    book.lock().unwrap().push(body.to_owned());
    let (status, text) = answers(body);
    let more = if status == 302 { "Location: http://127.0.0.2:9/\r\n" } else { "" };
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 {status} So\r\n{more}Content-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

/// A SABnzbd with one server. It accepts every change except to `stubborn`.
pub(crate) async fn sabnzbd(stubborn: &'static str) -> Played {
    let own = json!({"name": "own", "displayname": "Own", "host": "a.example", "port": 563, "connections": 8,
        "ssl": 1, "enable": 1, "quota": "5G"});
    let servers = Mutex::new(vec![own]);
    Played::listen(move |body| {
        let field = |name: &str| {
            let mut fields = body.split('&').filter_map(|field| field.split_once('='));
            fields.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
        };
        let (mode, name) = (field("mode").unwrap(), field("keyword").unwrap_or_default());
        let mut servers = servers.lock().unwrap();
        if mode == "version" {
            return (200, json!({"version": "5.1.3"}).to_string());
        } else if field("apikey").unwrap() != "the%20key" && field("apikey").unwrap() != "the+key" {
            return (403, "API Key Incorrect".into());
        } else if !name.is_empty() && name == stubborn {
            return (200, json!({"status": false, "error": "not today"}).to_string());
        } else if mode == "del_config" {
            servers.retain(|server| server["name"] != *name);
        } else if mode == "set_config" {
            let at = servers.iter().position(|server| server["name"] == *name);
            let at = at.unwrap_or_else(|| {
                servers.push(
                    json!({"name": name, "connections": 1, "ssl": 0, "enable": 1, "port": 119}),
                );
                servers.len() - 1
            });
            for key in ["port", "connections", "enable"] {
                let value = field(key).map(|value| json!(value.parse::<u16>().unwrap()));
                servers[at][key] = value.unwrap_or_else(|| servers[at][key].clone());
            }
        }
        (200, json!({"config": {"servers": *servers}}).to_string())
    })
    .await
}

pub(crate) fn connect(address: &str, key: &str) -> Value {
    json!({"do": "connect_client", "program": "sabnzbd", "address": address, "user": "", "secret": key,
        "login": null, "new_login": false, "disable_direct": true})
}

/// An NZBGet with one server. It accepts every change.
pub(crate) async fn nzbget() -> Played {
    let own = [("Host", "n.example"), ("Port", "563"), ("Name", "Own"), ("Active", "yes")];
    let own = own.map(|(key, value)| json!({"Name": format!("Server1.{key}"), "Value": value}));
    nzbget_with(json!(own), true).await
}

/// An NZBGet with these options. It saves every change, and perhaps `reloads`.
async fn nzbget_with(options: Value, reloads: bool) -> Played {
    let saved = Mutex::new(options);
    Played::listen(move |body| {
        let call: Value = serde_json::from_str(body).unwrap();
        let mut saved = saved.lock().unwrap();
        let result = match call["method"].as_str().unwrap() {
            "version" => json!("21.0"),
            "loadconfig" => saved.clone(),
            "saveconfig" => {
                *saved = call["params"][0].clone();
                json!(true)
            }
            _ if reloads => json!(true),
            _ => return (200, json!({"error": {"message": "not now"}}).to_string()),
        };
        (200, json!({ "result": result }).to_string())
    })
    .await
}

/// The options that an NZBGet was last told to save.
pub(crate) fn saved_options(nzbget: &Played) -> Vec<(String, String)> {
    let asked = nzbget.asked();
    let saved = asked.iter().rev().find(|body| body.contains("saveconfig")).unwrap();
    let saved: Value = serde_json::from_str(saved).unwrap();
    let text = |option: &Value, key: &str| option[key].as_str().unwrap().to_owned();
    let options = saved["params"][0].as_array().unwrap().iter();
    options.map(|option| (text(option, "Name"), text(option, "Value"))).collect()
}

/// The same request for another program.
pub(crate) fn of_nzbget(mut request: Value) -> Value {
    request["program"] = json!("nzbget");
    request
}

pub(crate) fn undo(address: &str) -> Value {
    json!({"do": "undo_connect", "program": "sabnzbd", "address": address})
}

async fn code(app: &App, address: &str, program: &str) -> FailureCode {
    let mut request = connect(address, "the key");
    request["program"] = program.into();
    app.refused(request).await.0
}

#[tokio::test]
async fn a_program_is_connected_until_its_first_article_and_disconnected() {
    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let address = app.address().await;
    let sabnzbd = sabnzbd("").await;
    assert_eq!(app.refused(connect(&sabnzbd.address, "another")).await.0, FailureCode::ClientKey);
    app.must(connect(&sabnzbd.address, "the key")).await;
    let connected = app.now().connected[0].clone();
    let own = Direct { name: "Own".into(), known: false };
    assert_eq!((connected.entry.as_str(), &connected.disabled[..]), ("Newsmux", &[own][..]));
    assert!(!connected.served);
    let asked = sabnzbd.asked().join("\n");
    assert!(asked.contains(&format!("host=127.0.0.1&port={}", address.port())), "{asked}");
    assert!(asked.contains("keyword=own&enable=0&quota=5G"), "{asked}");

    // Its own servers are known as soon as we have them.
    let new = json!({"id": "", "host": "A.example"});
    app.must(json!({"do": "save_provider", "provider": new, "password": null})).await;
    app.until(|now| now.connected.iter().any(|c| c.disabled[0].known)).await;
    let mut client = program(address).await;
    fetch(&mut client, &article).await;
    app.until(|now| now.connected.iter().any(|connected| connected.served)).await;

    app.must(undo(&sabnzbd.address)).await;
    assert_eq!(app.now().connected, []);
    let asked = sabnzbd.asked();
    assert!(asked.iter().any(|body| body.contains("keyword=own&enable=1&quota=5G")), "{asked:?}");
    assert!(asked.last().unwrap().contains("mode=del_config"), "{asked:?}");
    assert_eq!(app.refused(undo(&sabnzbd.address)).await.0, FailureCode::Unknown);
    let saved = app.saved().to_string();
    assert!(!saved.contains("the key") && app.begin.keyring.secrets().len() == 1, "{saved}");
}

#[tokio::test]
async fn what_was_dismissed_is_forgotten_with_the_key() {
    let app = Begin::new().start();
    let sabnzbd = sabnzbd("").await;
    app.must(connect(&sabnzbd.address, "the key")).await;
    app.must(json!({"do": "dismiss_connect", "program": "sabnzbd", "address": sabnzbd.address}))
        .await;
    assert_eq!(app.now().connected, []);
    assert_eq!(app.refused(undo(&sabnzbd.address)).await.0, FailureCode::Unknown);
}

#[tokio::test]
async fn what_fails_half_way_is_taken_back() {
    let app = Begin::new().start();
    let sabnzbd = sabnzbd("own").await;
    let failure = app.ask(connect(&sabnzbd.address, "the key")).await.unwrap_err();
    assert_eq!((failure.code, failure.message.as_str()), (FailureCode::ClientFailed, "not today"));
    assert!(sabnzbd.asked().last().unwrap().contains("mode=del_config"), "{:?}", sabnzbd.asked());
    assert_eq!(app.now().connected, []);
}

#[tokio::test]
async fn a_program_is_given_the_login_that_it_needs() {
    let clients = json!([{"name": "first"}, {"name": "second"}]);
    let app = Begin::new().settings(json!({ "clients": clients })).start();
    app.until(|now| !now.troubles.is_empty()).await;
    let sabnzbd = sabnzbd("").await;
    let asks = |login: Option<&str>| {
        let mut request = connect(&sabnzbd.address, "the key");
        request["login"] = login.into();
        request
    };
    let lost = (FailureCode::Invalid, Some("login".to_owned()));
    assert_eq!(app.refused(asks(None)).await, lost);
    let renew = json!({"do": "renew_client", "name": "second", "hold": "keep"});
    let Reply::Password { secret } = app.must(renew).await else { panic!("no password") };
    assert_eq!(app.refused(asks(Some("third"))).await.0, FailureCode::Unknown);
    app.must(asks(Some("second"))).await;
    let asked = sabnzbd.asked().join("\n");
    let login = format!("username=second&password={}", secret.expose());
    assert!(asked.contains(&login), "{asked}");

    let begin = Begin::new().settings(json!({ "clients": clients }));
    begin.keyring.fail_always(Some(StoreError::Locked));
    let app = begin.start();
    app.until(|now| !now.troubles.is_empty()).await;
    assert_eq!(app.refused(asks(None)).await.0, FailureCode::KeepClosed);

    let begin = Begin::new().settings(json!({ "clients": clients }));
    begin.keyring.fail_always(Some(StoreError::Closed));
    let app = begin.start();
    app.until(|now| !now.troubles.is_empty()).await;
    assert_eq!(app.refused(asks(None)).await.0, FailureCode::VaultClosed);
}

#[tokio::test]
async fn whatever_is_wrong_with_the_address_is_told() {
    let app = Begin::new().start();
    for (address, expected) in [
        ("", FailureCode::ClientAddress),
        ("https://192.0.2.1:8080", FailureCode::ClientEncrypted),
        ("ftp://127.0.0.1:8080", FailureCode::ClientAddress),
        ("https://127.0.0.1:1", FailureCode::ClientSilent),
        ("http://user@127.0.0.1:8080", FailureCode::ClientAddress),
        ("not an address", FailureCode::ClientAddress),
        ("http://192.0.2.1:8080", FailureCode::ClientElsewhere),
        ("127.0.0.1:1", FailureCode::ClientSilent),
    ] {
        for program in ["sabnzbd", "nzbget"] {
            assert_eq!(code(&app, address, program).await, expected, "{address}");
        }
    }
}

#[tokio::test]
async fn whatever_a_program_answers_is_understood() {
    let app = Begin::new().start();
    use FailureCode::{ClientFailed, ClientHost, ClientKey, ClientLocked, ClientOther};
    for (program, status, text, expected) in [
        ("sabnzbd", 200, "<html>hello</html>", ClientOther),
        ("sabnzbd", 200, "{}", ClientOther),
        ("sabnzbd", 404, "not found", ClientOther),
        ("sabnzbd", 302, "", ClientOther),
        ("sabnzbd", 403, "API Key Required", ClientKey),
        ("sabnzbd", 200, r#"{"status": false, "error": "API Key Incorrect"}"#, ClientKey),
        ("sabnzbd", 403, "Access denied - Hostname verification failed", ClientHost),
        ("sabnzbd", 403, "External internet access denied", ClientHost),
        ("sabnzbd", 403, "Access denied - Configuration locked", ClientLocked),
        ("sabnzbd", 200, r#"{"status": false, "error": "it burns"}"#, ClientFailed),
        ("nzbget", 200, "<html>hello</html>", ClientOther),
        ("nzbget", 200, "{}", ClientOther),
        ("nzbget", 401, "", ClientKey),
        ("nzbget", 302, "", ClientOther),
        ("nzbget", 200, r#"{"error": {"message": "it burns"}}"#, ClientFailed),
        ("nzbget", 200, r#"{"result": "21.0"}"#, ClientFailed),
    ] {
        let played = Played::listen(move |_| (status, text.into())).await;
        assert_eq!(
            code(&app, &played.address, program).await,
            expected,
            "{program}: {status} {text}"
        );
    }
}

#[tokio::test]
async fn an_nzbget_that_keeps_passwords_back_is_not_written_to() {
    let app = Begin::new().start();
    let nzbget = Played::listen(|body| {
        let options = json!([{"Name": "Server1.Host", "Value": "a"}, {"Name": "Server1.Password", "Value": "***"}]);
        let result = if body.contains("version") { json!("21.0") } else { options };
        (200, json!({ "result": result }).to_string())
    })
    .await;
    assert_eq!(code(&app, &nzbget.address, "nzbget").await, FailureCode::ClientLocked);
    assert!(nzbget.asked().iter().all(|body| !body.contains("saveconfig")));
}

#[tokio::test]
async fn an_nzbget_that_does_not_reload_has_what_it_had() {
    let app = Begin::new().start();
    let nzbget = nzbget_with(json!([{"Name": "MainDir", "Value": "x"}]), false).await;
    assert_eq!(code(&app, &nzbget.address, "nzbget").await, FailureCode::ClientFailed);
    let asked = nzbget.asked();
    let saves: Vec<_> = asked.iter().filter(|body| body.contains("saveconfig")).collect();
    let options = |body: &str| {
        let body: Value = serde_json::from_str(body).unwrap();
        body["params"][0].as_array().unwrap().len()
    };
    assert_eq!(saves.iter().map(|body| options(body)).collect::<Vec<_>>(), [14, 1]);
}

#[tokio::test]
async fn the_key_of_imported_settings_is_used_at_the_address_that_they_name() {
    let app = Begin::new().start();
    app.address().await;
    let (ours, other) = (sabnzbd("").await, sabnzbd("").await);
    let port = ours.address.rsplit(':').next().unwrap();
    let ini = format!(
        "[misc]\nhost = 0.0.0.0\nport = {port}\napi_key = the key\n[servers]\n[[a]]\nhost = a.example\n"
    );
    let preview = app.must(json!({"do": "read_import_text", "text": ini})).await;
    let now = serde_json::to_value(&*app.now()).unwrap();
    let reachable = json!([{"program": "sabnzbd", "address": ours.address, "user": ""}]);
    assert_eq!(now["reachable"], reachable);
    assert!(!format!("{} {now}", serde_json::to_string(&preview).unwrap()).contains("the key"));
    assert_eq!(app.refused(connect(&other.address, "")).await.0, FailureCode::ClientKey);
    assert!(other.asked().iter().all(|body| !body.contains("the")), "{:?}", other.asked());
    for address in ["", &ours.address] {
        app.must(connect(address, "")).await;
        assert_eq!(app.now().connected[0].entry, "Newsmux");
        app.must(undo(&ours.address)).await;
    }
}

/// The address of the same program behind TLS, with a certificate that nobody trusts and that is for another name.
pub(crate) async fn behind_tls(program: &Played) -> String {
    let acceptor = Authority::new().identity("elsewhere.example").acceptor();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let plain = program.address.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, plain) = (acceptor.clone(), plain.clone());
            tokio::spawn(async move {
                let mut outside = acceptor.accept(stream).await.unwrap();
                let mut inside = TcpStream::connect(plain).await.unwrap();
                drop(copy_bidirectional(&mut outside, &mut inside).await);
            });
        }
    });
    address
}

#[tokio::test]
async fn a_program_on_this_computer_may_sign_its_certificate_itself() {
    let app = Begin::new().start();
    app.address().await;
    let sabnzbd = sabnzbd("").await;
    app.must(connect(&behind_tls(&sabnzbd).await, "the key")).await;
    assert_eq!(app.now().connected[0].entry, "Newsmux");
    assert!(
        sabnzbd.asked().join("\n").contains("the%20key")
            || sabnzbd.asked().join("\n").contains("the+key")
    );
}
