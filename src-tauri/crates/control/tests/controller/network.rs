//! Sleep, and another network.

use std::net::Ipv4Addr;
use std::time::Duration;

use api::snapshot::Happened;

use crate::app::{Begin, fetch, one_article, program};

#[tokio::test]
async fn connections_are_renewed_after_sleep_and_in_another_network() {
    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let mut client = program(app.address().await).await;
    for times in 1..=2 {
        fetch(&mut client, &article).await;
        news.until("a connection", |book| book.open == 1).await;
        match times {
            1 => app.begin.world.sleep(Duration::from_secs(50)),
            _ => app.begin.world.connect_to(Ipv4Addr::new(10, 0, 0, 1)),
        }
        news.until_alone().await;
        let renewed = app.happened(|happened| *happened == Happened::Renewed).await;
        assert_eq!(renewed.times, times);
    }
    fetch(&mut client, &article).await;
    assert_eq!(news.book().accepted, 3);
}
