//! Classic newsreaders work a group of a real INN through the real newsmuxd: they post, select, step and read.

use newsmux_tests::real::inn::{Inn, TEXT_GROUP};
use newsmux_tests::real::proxy::{CLIENT, Provider, Proxy};
use newsmux_tests::real::{Login, Tool, folder, reader, skip};

#[test]
fn net_nntp_and_tin_read_a_group_in_hybrid() {
    work_a_group("hybrid", Some(CLIENT), false);
}

#[test]
fn net_nntp_and_tin_read_a_group_whose_overviews_come_compressed() {
    for mode in ["hybrid", "standard"] {
        work_a_group(mode, None, true);
    }
}

#[test]
fn net_nntp_and_tin_read_a_group_in_standard() {
    work_a_group("standard", None, false);
}

fn work_a_group(mode: &str, login: Option<Login>, compressed: bool) {
    if skip(&[Tool::Inn, Tool::Perl, Tool::Tin]) {
        return;
    }
    let folder = folder();
    let inn = Inn::start(folder.path());
    let provider = Provider { compressed, ..Provider::tls(&inn) };
    let proxy = Proxy::start(mode, provider, login);
    reader::net_nntp(proxy.server, TEXT_GROUP);

    let articles = reader::tin(proxy.server, TEXT_GROUP, folder.path());
    assert_eq!(articles.len(), 3, "tin saved {articles:#?}");
    for (number, article) in (1..).zip(&articles) {
        let body =
            format!("\n\nArticle {number} of three.\n.\n..\n.dotted\nThe end of {number}.\n");
        assert!(article.ends_with(&body), "article {number} differs: {article}");
    }
    let log = proxy.log();
    assert_eq!(log.contains("compressed a connection"), compressed, "{log}");
    assert!(!log.contains("not compressed"), "{log}");
}
