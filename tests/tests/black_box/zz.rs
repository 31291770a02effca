use newsmux_tests::daemon::*; use newsmux_tests::provider::*; use crate::*; use std::time::Duration;
#[tokio::test] async fn zz_linger() {
    let limit = Limit::AtGreeting(1, "502 connection limit (1) reached".into());
    let provider = Provider::named("a").with(&small()).limit(limit);
    let provider = provider.lingering(Duration::from_millis(500)).listen().await;
    let account = Account::at(&provider).connections(1);
    let daemon = Daemon::start(&Setup::new().provider(account)).await;
    let mut client = daemon.client().await;
    let t = std::time::Instant::now();
    fetch(&mut client, &small()).await;
    provider.hang_up("", Ending::Reset);
    provider.until_alone().await;
    eprintln!("{:?} {:?}", t.elapsed(), provider.book());
    fetch(&mut client, &small()).await;
    eprintln!("{:?} {:?}", t.elapsed(), provider.book());
    panic!();
}
