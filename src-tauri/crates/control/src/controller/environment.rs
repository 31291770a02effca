//! What the computer does to us: it sleeps, and it changes its networks. Connections do not survive that,
//! and nobody tells.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::{Duration, SystemTime};

use downloaders::places::{Candidate, usual};
use tokio::time::Instant;

/// A clock that goes on by so much more than the ticks say means that the computer slept.
const SLEPT: Duration = Duration::from_secs(30);

/// The addresses that packets to the Internet would come from, by IPv4 and by IPv6.
pub type Sources = [Option<IpAddr>; 2];

/// What the system says about itself.
pub trait Environment: Send + 'static {
    /// The time of the clock on the wall.
    fn now(&self) -> SystemTime;
    /// Where packets would come from.
    fn sources(&self) -> Sources;
    /// Where other programs usually have their settings.
    fn places(&self) -> Vec<Candidate>;
}

/// The system that this runs on.
#[derive(Debug)]
pub(super) struct System;

impl Environment for System {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn places(&self) -> Vec<Candidate> {
        usual()
    }

    /// Connecting a UDP socket sends nothing. The addresses are for documentation (RFC 5737, RFC 3849):
    /// they are routed as any other.
    fn sources(&self) -> Sources {
        let four = (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into());
        let six =
            (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into());
        [four, six].map(|(from, to): (IpAddr, IpAddr)| {
            let socket = UdpSocket::bind((from, 0)).ok()?;
            socket.connect((to, 9)).ok()?;
            Some(socket.local_addr().ok()?.ip())
        })
    }
}

/// Milliseconds since 1970.
pub(super) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Compares what was with what is.
#[derive(Debug)]
pub(super) struct Watch {
    wall: SystemTime,
    tick: Instant,
    sources: Sources,
}

impl Watch {
    pub(super) fn new(wall: SystemTime, tick: Instant, sources: Sources) -> Self {
        Self { wall, tick, sources }
    }

    /// Whether connections are better renewed. `due` is when this tick should have come.
    pub(super) fn tick(&mut self, wall: SystemTime, due: Instant, sources: Sources) -> bool {
        let now = Instant::now();
        let by_wall = wall.duration_since(self.wall).unwrap_or_default();
        let by_ticks = now.duration_since(self.tick);
        let slept = by_wall.saturating_sub(by_ticks) > SLEPT || now.duration_since(due) > SLEPT;
        // Without a network there is nothing to renew yet.
        let pairs = || self.sources.iter().zip(&sources);
        let moved = pairs().any(|(was, is)| is.is_some() && was != is);
        (self.wall, self.tick, self.sources) = (wall, now, sources);
        slept || moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const AT: [Sources; 3] = [
        [None, None],
        [Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))), None],
        [Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2))), None],
    ];
    const SECOND: Duration = Duration::from_secs(1);

    async fn tick(watch: &mut Watch, wall: Duration, ticks: Duration, at: Sources) -> bool {
        let (wall, due) = (watch.wall + wall, Instant::now() + SECOND);
        advance(ticks).await;
        watch.tick(wall, due, at)
    }

    #[tokio::test(start_paused = true)]
    async fn sleep_shows_in_the_clock_on_the_wall_or_in_a_late_tick() {
        let mut watch = Watch::new(SystemTime::UNIX_EPOCH, Instant::now(), AT[1]);
        assert!(!tick(&mut watch, SECOND, SECOND, AT[1]).await);
        assert!(!tick(&mut watch, SECOND * 20, SECOND, AT[1]).await);
        assert!(tick(&mut watch, SECOND * 40, SECOND, AT[1]).await);
        assert!(tick(&mut watch, SECOND * 40, SECOND * 40, AT[1]).await);
        assert!(!tick(&mut watch, SECOND, SECOND, AT[1]).await, "once is enough");
    }

    #[tokio::test(start_paused = true)]
    async fn another_source_address_is_another_network_and_none_is_none_yet() {
        let mut watch = Watch::new(SystemTime::UNIX_EPOCH, Instant::now(), AT[1]);
        assert!(tick(&mut watch, SECOND, SECOND, AT[2]).await);
        assert!(!tick(&mut watch, SECOND, SECOND, AT[0]).await);
        assert!(tick(&mut watch, SECOND, SECOND, AT[2]).await);
        assert!(!tick(&mut watch, SECOND, SECOND, AT[2]).await);
    }
}
