//! Real downloaders and newsreaders try Newsmux without an account: `newsmuxd --sample` and nothing else.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::fs;
use std::path::Path;

use newsmux_tests::real::download::Post;
use newsmux_tests::real::proxy::Proxy;
use newsmux_tests::real::{Tool, folder, nzbget, reader, sabnzbd, skip};
use sample::{NZB_NAME, PICTURE_NAME};

/// The proxy with the sample alone, and what a downloader is to make of it.
fn sampled(mode: &str, folder: &Path) -> (Proxy, Post) {
    let post = Post { file: folder.join(PICTURE_NAME), nzb: folder.join(NZB_NAME) };
    fs::write(&post.file, sample::picture()).unwrap();
    (Proxy::sample(mode, &post.nzb), post)
}

#[test]
fn nzbget_downloads_the_picture() {
    if skip(&[Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let (proxy, post) = sampled("hybrid", folder.path());
    let manner = nzbget::Manner { connections: 8, join_group: true };
    nzbget::download(proxy.server, &post, folder.path(), manner);
}

#[test]
fn sabnzbd_downloads_the_picture() {
    if skip(&[Tool::Sabnzbd]) {
        return;
    }
    let folder = folder();
    let (proxy, post) = sampled("per-command", folder.path());
    let manner = sabnzbd::Manner { connections: 8, pipelining: 10, pre_check: true };
    sabnzbd::download(proxy.server, &post, folder.path(), manner);
}

#[test]
fn net_nntp_and_tin_read_the_texts() {
    if skip(&[Tool::Perl, Tool::Tin]) {
        return;
    }
    let folder = folder();
    for (mode, group) in [("hybrid", "newsmux.welcome"), ("standard", "newsmux.help")] {
        let (proxy, _) = sampled(mode, folder.path());
        reader::net_nntp_only_reads(proxy.server, group);
        let texts = reader::tin(proxy.server, group, folder.path());
        assert!(texts.len() >= 3, "tin saved {texts:#?}");
        for text in &texts {
            assert!(text.contains("From: Newsmux <newsmux@sample.invalid>"), "{text}");
            assert!(text.contains(&format!("Newsgroups: {group}")), "{text}");
        }
        let dots = "show both just like that.";
        assert_eq!(texts.iter().any(|text| text.contains(dots)), group == "newsmux.help");
    }
}
