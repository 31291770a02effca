//! Classic newsreaders work a group of a real INN through the real newsmuxd: they post, select, step and read.

use newsmux_tests::real::inn::{Inn, TEXT_GROUP};
use newsmux_tests::real::proxy::{CLIENT, Provider, Proxy};
use newsmux_tests::real::{Login, Tool, folder, reader, skip};

#[test]
fn net_nntp_and_tin_read_a_group_in_hybrid() {
    work_a_group("hybrid", Some(CLIENT));
}

#[test]
fn net_nntp_and_tin_read_a_group_in_standard() {
    work_a_group("standard", None);
}

fn work_a_group(mode: &str, login: Option<Login>) {
    if skip(&[Tool::Inn, Tool::Perl, Tool::Tin]) {
        return;
    }
    let folder = folder();
    let inn = Inn::start(folder.path());
    let proxy = Proxy::start(mode, Provider::tls(&inn), login);
    reader::net_nntp(proxy.server, TEXT_GROUP);

    let articles = reader::tin(proxy.server, TEXT_GROUP, folder.path());
    assert_eq!(articles.len(), 3, "tin saved {articles:#?}");
    for (number, article) in (1..).zip(&articles) {
        let body =
            format!("\n\nArticle {number} of three.\n.\n..\n.dotted\nThe end of {number}.\n");
        assert!(article.ends_with(&body), "article {number} differs: {article}");
    }
}
