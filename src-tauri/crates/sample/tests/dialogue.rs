//! The sample provider as clients meet it.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::time::Duration;

use newsmux_tests::article::block;
use newsmux_tests::client::Client;
use sample::{CONNECTIONS, Sample};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

async fn start() -> (Sample, Client<TcpStream>) {
    let sample = Sample::start().await.unwrap();
    let client = greeted(&sample).await;
    (sample, client)
}

async fn greeted(sample: &Sample) -> Client<TcpStream> {
    let mut client = Client::connect(sample.address()).await;
    client.talk("S: 201 *").await;
    client
}

#[tokio::test]
async fn a_newsreader_works_a_group() {
    let (_sample, mut client) = start().await;
    client
        .talk(
            "C: MODE READER
             S: 201 *
             C: STAT 1
             S: 412 *
             C: XOVER
             S: 412 *
             C: NEXT
             S: 412 *
             C: GROUP no.such.group
             S: 411 *
             C: GROUP newsmux.welcome
             S: 211 3 1 3 newsmux.welcome
             C: STAT
             S: 223 1 <welcome@sample.invalid> *
             C: LAST
             S: 422 *
             C: NEXT
             S: 223 2 <next@sample.invalid> *
             C: HEAD <welcome@sample.invalid>
             S: 221 0 <welcome@sample.invalid> *
             S: ...
             C: STAT
             S: 223 2 <next@sample.invalid> *
             C: STAT 3
             S: 223 3 <willkommen@sample.invalid> *
             C: NEXT
             S: 421 *
             C: STAT 4
             S: 423 *
             C: STAT <no.such@sample.invalid>
             S: 430 *
             C: STAT nonsense
             S: 501 *
             C: QUIT
             S: 205 *
             S: (closed)",
        )
        .await;
}

#[tokio::test]
async fn an_article_is_its_head_and_its_body() {
    let (_sample, mut client) = start().await;
    let id = "<reader@sample.invalid>";
    let head = client.ask(&format!("HEAD {id}")).await;
    let body = client.ask(&format!("BODY {id}")).await;
    let article = client.ask(&format!("ARTICLE {id}")).await;
    let head = head.block().strip_suffix(b".\r\n").unwrap();
    assert_eq!(article.block(), [head, b"\r\n", body.block()].concat());
    let text = String::from_utf8_lossy(head);
    for line in ["Newsgroups: newsmux.help\r\n", "Message-ID: <reader@sample.invalid>\r\n"] {
        assert!(text.contains(line), "{text}");
    }
    // A lone dot of the author's is no terminator.
    let body = String::from_utf8_lossy(body.block());
    assert!(body.contains("\r\n..\r\nA line") && body.contains("\r\n...this line"), "{body}");
}

#[tokio::test]
async fn lists_are_there_whole_or_by_a_pattern() {
    let (_sample, mut client) = start().await;
    client
        .talk(
            "C: LIST
             S: 215 *
             S: newsmux.welcome 3 1 n
             S: newsmux.help 5 1 n
             S: newsmux.binaries 5 1 n
             S: .
             C: LIST ACTIVE *.help
             S: 215 *
             S: newsmux.help 5 1 n
             S: .
             C: LIST NEWSGROUPS newsmux.bin*
             S: 215 *
             S: newsmux.binaries\tA picture to download
             S: .
             C: LIST OVERVIEW.FMT
             S: 215 *
             S: Subject:
             S: From:
             S: Date:
             S: Message-ID:
             S: References:
             S: :bytes
             S: :lines
             S: Xref:full
             S: .
             C: LIST nonsense
             S: 503 *
             C: NEWGROUPS 20240101 000000 GMT
             S: 231 *
             S: ...
             C: NEWGROUPS 20260101 000000
             S: 231 *
             S: .
             C: NEWNEWS newsmux.w* 20240101 000000 GMT
             S: 230 *
             S: <welcome@sample.invalid>
             S: <next@sample.invalid>
             S: <willkommen@sample.invalid>
             S: .
             C: NEWNEWS newsmux.* yesterday
             S: 501 *
             C: LISTGROUP
             S: 412 *
             C: LISTGROUP newsmux.welcome 2-
             S: 211 3 1 3 newsmux.welcome *
             S: 2
             S: 3
             S: .
             C: LISTGROUP
             S: 211 *
             S: ...
             C: STAT
             S: 223 1 *",
        )
        .await;
}

#[tokio::test]
async fn an_overview_says_what_the_articles_say() {
    let (_sample, mut client) = start().await;
    client.ask("GROUP newsmux.welcome").await;
    let over = client.ask("OVER 2-3").await;
    let text = String::from_utf8(over.block().to_vec()).unwrap();
    let first: Vec<_> = text.lines().next().unwrap().split('\t').collect();
    let article = client.ask("ARTICLE 2").await;
    // The size as it is sent, dots and terminator aside.
    let size = (article.block().len() - 3).to_string();
    let lines = client.ask("BODY 2").await.block().split(|byte| *byte == b'\n').count() - 2;
    assert_eq!(
        first,
        [
            "2",
            "Re: Welcome to Newsmux",
            "Newsmux <newsmux@sample.invalid>",
            "Wed, 01 Jan 2025 12:00:00 +0000",
            "<next@sample.invalid>",
            "<welcome@sample.invalid>",
            &size,
            &lines.to_string(),
            "Xref: sample.invalid newsmux.welcome:2",
        ]
    );
    assert_eq!(text.lines().count(), 3);
    assert_eq!(client.ask("XOVER 4-").await.code(), "423");
    client
        .talk(
            "C: HDR Subject 1-2
             S: 225 *
             S: 1 Welcome to Newsmux
             S: 2 Re: Welcome to Newsmux
             S: .
             C: HDR References <welcome@sample.invalid>
             S: 225 *
             S: 0*
             S: .
             C: XHDR subject <welcome@sample.invalid>
             S: 221 *
             S: <welcome@sample.invalid> Welcome to Newsmux
             S: .
             C: XHDR References 1
             S: 221 *
             S: 1 (none)
             S: .
             C: HDR
             S: 501 *",
        )
        .await;
}

#[tokio::test]
async fn what_it_does_not_know_it_says_so_and_goes_on() {
    let (_sample, mut client) = start().await;
    client
        .talk(
            "C: XPAT Subject 1- *
             S: 500 *
             C: POST
             S: 440 *
             C: AUTHINFO USER me
             S: 500 *
             C:
             S: 500 *
             C: HELP
             S: 100 *
             S: ...
             C: CAPABILITIES
             S: 101 *
             S: VERSION 2
             S: ...",
        )
        .await;
    let long = client.ask(&"x".repeat(5000)).await;
    assert_eq!(long.code(), "501");
    let date = client.ask("DATE").await;
    assert!(date.status.starts_with("111 20") && date.status.len() == 18, "{}", date.status);
}

#[tokio::test]
async fn requests_may_be_sent_together() {
    let (sample, mut client) = start().await;
    let ids: Vec<_> = ids(sample.nzb()).iter().map(|id| format!("BODY <{id}>")).collect();
    let lines: Vec<_> = ids.iter().map(String::as_str).collect();
    let together = client.ask_all(&lines).await;
    let mut other = greeted(&sample).await;
    for (line, reply) in lines.iter().zip(&together) {
        assert_eq!(reply.code(), "222");
        assert!(*reply == other.ask(line).await, "{line} came otherwise");
    }
}

/// What a downloader does, as simply as can be: an independent reading of the .nzb and of yEnc.
#[tokio::test]
async fn the_nzb_leads_to_the_picture() {
    let (sample, mut client) = start().await;
    let nzb = sample.nzb();
    assert!(nzb.contains("<group>newsmux.binaries</group>"), "{nzb}");
    assert!(nzb.contains("&quot;newsmux-sample.png&quot; yEnc (1/5)"), "{nzb}");
    let mut picture = Vec::new();
    for id in ids(nzb) {
        let body = client.ask(&format!("BODY <{id}>")).await;
        picture.extend(decoded(&unstuffed(body.block())));
    }
    assert!(picture == sample::picture(), "another picture came");
    assert!(picture.starts_with(b"\x89PNG"));
    assert_eq!(nzb, Sample::start().await.unwrap().nzb());
}

#[tokio::test]
async fn connections_are_limited_and_end_with_the_server() {
    let (sample, first) = start().await;
    let mut all = vec![first];
    for _ in 1..CONNECTIONS {
        all.push(greeted(&sample).await);
    }
    Client::connect(sample.address()).await.talk("S: 502 *\nS: (closed)").await;
    all.pop().unwrap().talk("C: QUIT\nS: 205 *\nS: (closed)").await;
    all.push(greeted(&sample).await);
    let address = sample.address();
    drop(sample);
    for mut client in all {
        assert_eq!(timeout(PATIENCE, client.rest()).await.unwrap(), b"");
    }
    assert!(TcpStream::connect(address).await.is_err());
}

fn ids(nzb: &str) -> Vec<&str> {
    let segments = nzb.split("<segment ").skip(1);
    segments.map(|segment| segment.split(['>', '<']).nth(1).unwrap()).collect()
}

fn unstuffed(block: &[u8]) -> Vec<u8> {
    let text = block.strip_suffix(b".\r\n").unwrap();
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let text: Vec<u8> =
        lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line)).copied().collect();
    assert!(self::block(&text) == block, "stuffed wrongly");
    text
}

fn decoded(body: &[u8]) -> Vec<u8> {
    let (mut data, mut escaped) = (Vec::new(), 0);
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"=y"));
    for byte in lines.flatten().filter(|byte| **byte != b'\r') {
        if *byte == b'=' && escaped == 0 {
            escaped = 64;
        } else {
            data.push(byte.wrapping_sub(42 + escaped));
            escaped = 0;
        }
    }
    data
}
