//! The waiting line for turns, fair between programs and between each program's connections.
//!
//! Between programs it is start-time fair queueing (Goyal, Vin and Cheng, 1996): the program that got
//! the fewest bytes is next, and one that was away neither saves up nor loses its share. Deficit round
//! robin would forget a program that asks for one article at a time between two requests. Within a
//! program, interactive requests go first, then a client's next reply, then read-ahead; clients take
//! turns in each class. Every step costs O(1), except for the number of programs, which is small.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::types::ClientId;

/// One turn in seven goes to the program's least urgent class, so that no class starves. The number is
/// odd so that two alternating programs both get such turns.
const ONE_IN: u64 = 7;

/// How urgent a request is. Within a program, the first goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// A small request that a person may be waiting for.
    Interactive,
    /// The client's next reply.
    Bulk,
    /// A reply that its client cannot take yet.
    ReadAhead,
}

/// Who is waiting, and what it will cost.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) program: Arc<str>,
    pub(crate) client: ClientId,
    pub(crate) urgency: Urgency,
    /// The estimated size of the reply in bytes.
    pub(crate) cost: usize,
    /// No other provider can serve it, so the account's reserve may be used.
    pub(crate) last_resort: bool,
}

/// The waiting line. See the [module](self).
pub(super) struct Line<T> {
    /// The waiting programs, and those that had got more than their share when they left.
    programs: Vec<Queue<T>>,
    /// The virtual time: the start of the turn served last, in bytes given to each program.
    now: u64,
    /// The number of turns granted.
    turns: u64,
    len: usize,
}

struct Queue<T> {
    program: Arc<str>,
    /// The bytes it has been given, as if it had always been there.
    given: u64,
    classes: [Clients<T>; 3],
}

/// One program's clients in one class.
struct Clients<T> {
    waiting: HashMap<ClientId, VecDeque<(u64, T)>>,
    /// The order in which they are served, once per round each.
    round: VecDeque<ClientId>,
}

impl<T> Line<T> {
    pub(super) fn new() -> Self {
        Self { programs: Vec::new(), now: 0, turns: 0, len: 0 }
    }

    /// The number of waiting requests.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a request to the line.
    pub(super) fn push(&mut self, claim: &Claim, waiter: T) {
        let (now, cost) = (self.now, claim.cost as u64);
        let known = self.programs.iter().position(|queue| queue.program == claim.program);
        let at = known.unwrap_or_else(|| {
            self.programs.retain(|queue| queue.is_waiting() || queue.given > now);
            self.programs.push(Queue::new(Arc::clone(&claim.program)));
            self.programs.len() - 1
        });
        if let Some(queue) = self.programs.get_mut(at) {
            if !queue.is_waiting() {
                queue.given = queue.given.max(now);
            }
            let [interactive, bulk, ahead] = &mut queue.classes;
            let clients = match claim.urgency {
                Urgency::Interactive => interactive,
                Urgency::Bulk => bulk,
                Urgency::ReadAhead => ahead,
            };
            clients.push(claim.client, cost, waiter);
            self.len += 1;
        }
    }

    /// Returns who is next, and leaves it in the line.
    pub(super) fn peek(&self) -> Option<&T> {
        let waiting = self.programs.iter().filter(|queue| queue.is_waiting());
        let queue = waiting.min_by_key(|queue| queue.given)?;
        match self.is_for_the_least_urgent() {
            true => queue.classes.iter().rev().find_map(Clients::peek),
            false => queue.classes.iter().find_map(Clients::peek),
        }
    }

    /// Removes and returns who is next.
    pub(super) fn pop(&mut self) -> Option<T> {
        let least_urgent = self.is_for_the_least_urgent();
        let waiting = self.programs.iter_mut().filter(|queue| queue.is_waiting());
        let queue = waiting.min_by_key(|queue| queue.given)?;
        let (cost, waiter) = match least_urgent {
            true => queue.classes.iter_mut().rev().find_map(Clients::pop),
            false => queue.classes.iter_mut().find_map(Clients::pop),
        }?;
        self.turns += 1;
        self.now = queue.given;
        queue.given = queue.given.saturating_add(cost);
        self.len -= 1;
        Some(waiter)
    }

    const fn is_for_the_least_urgent(&self) -> bool {
        self.turns % ONE_IN == ONE_IN - 1
    }

    /// Removes everyone, in no particular order.
    pub(super) fn drain(&mut self) -> Vec<T> {
        std::iter::from_fn(|| self.pop()).collect()
    }
}

impl<T> Queue<T> {
    fn new(program: Arc<str>) -> Self {
        Self { program, given: 0, classes: [(); 3].map(|()| Clients::new()) }
    }

    fn is_waiting(&self) -> bool {
        !self.classes.iter().all(Clients::is_empty)
    }
}

impl<T> Clients<T> {
    fn new() -> Self {
        Self { waiting: HashMap::new(), round: VecDeque::new() }
    }

    fn is_empty(&self) -> bool {
        self.round.is_empty()
    }

    fn push(&mut self, client: ClientId, cost: u64, waiter: T) {
        let waiting = self.waiting.entry(client).or_insert_with(|| {
            self.round.push_back(client);
            VecDeque::new()
        });
        waiting.push_back((cost, waiter));
    }

    fn peek(&self) -> Option<&T> {
        let waiting = self.waiting.get(self.round.front()?)?;
        waiting.front().map(|(_, waiter)| waiter)
    }

    fn pop(&mut self) -> Option<(u64, T)> {
        let client = self.round.pop_front()?;
        let waiting = self.waiting.get_mut(&client)?;
        let next = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&client);
        } else {
            self.round.push_back(client);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claim(program: &str, client: ClientId, urgency: Urgency, cost: usize) -> Claim {
        Claim { program: program.into(), client, urgency, cost, last_resort: false }
    }

    fn clients(n: usize) -> Vec<ClientId> {
        (0..n).map(|_| ClientId::next()).collect()
    }

    #[test]
    fn a_program_with_one_connection_gets_as_much_as_one_with_fifty() {
        let (mut line, one, many) = (Line::new(), ClientId::next(), clients(50));
        let article = 768 * 1024;
        for client in &many {
            line.push(&claim("many", *client, Urgency::Bulk, article), "many");
        }
        line.push(&claim("one", one, Urgency::Bulk, article), "one");
        let mut served = Vec::new();
        for turn in 0..100 {
            let next = line.pop().unwrap();
            served.push(next);
            let client = if next == "one" { one } else { many[turn % 50] };
            line.push(&claim(next, client, Urgency::Bulk, article), next);
        }
        let share = served.iter().filter(|next| **next == "one").count();
        assert!((48..=52).contains(&share), "{share} of 100");
    }

    #[test]
    fn the_clients_of_a_program_take_turns_however_much_each_has_asked_for() {
        let (mut line, ids) = (Line::new(), clients(2));
        for n in 0..10 {
            line.push(&claim("p", ids[0], Urgency::ReadAhead, 1), (0, n));
        }
        line.push(&claim("p", ids[1], Urgency::ReadAhead, 1), (1, 0));
        assert_eq!(line.pop(), Some((0, 0)));
        assert_eq!(line.pop(), Some((1, 0)));
        assert_eq!(line.pop(), Some((0, 1)));
    }

    #[test]
    fn what_a_person_waits_for_goes_before_bulk_and_bulk_before_read_ahead() {
        let (mut line, id) = (Line::new(), ClientId::next());
        for urgency in [Urgency::ReadAhead, Urgency::Bulk, Urgency::Interactive] {
            line.push(&claim("p", id, urgency, 1), urgency);
        }
        let order = [Urgency::Interactive, Urgency::Bulk, Urgency::ReadAhead];
        assert_eq!(order.map(|_| line.pop().unwrap()), order);
    }

    proptest! {
        /// Compares the line with a plain list: everyone is served once, each client's requests of a
        /// class in order, and nobody before something more urgent of the same program.
        #[test]
        fn everybody_is_served_once_and_in_order(
            moves in proptest::collection::vec((0_usize..3, 0_usize..4, 0_usize..3, 1_usize..3_000_000, any::<bool>()), 1..200),
        ) {
            let ids = clients(12);
            let classes = [Urgency::Interactive, Urgency::Bulk, Urgency::ReadAhead];
            let (mut line, mut waiting, mut turns) = (Line::new(), Vec::new(), 0);
            for (n, (program, client, class, cost, pop)) in moves.into_iter().enumerate() {
                let client = program * 4 + client;
                let name = ["a", "b", "c"][program];
                line.push(&claim(name, ids[client], classes[class], cost), n);
                waiting.push((program, client, class, n));
                if pop {
                    let next = line.peek().copied();
                    let served = line.pop().unwrap();
                    prop_assert_eq!(next, Some(served));
                    let at = waiting.iter().position(|(.., n)| *n == served).unwrap();
                    let (program, client, class, _) = waiting.remove(at);
                    let earlier = |w: &&(usize, usize, usize, usize)| {
                        w.1 == client && w.2 == class && w.3 < served
                    };
                    prop_assert!(waiting.iter().find(earlier).is_none());
                    turns += 1;
                    let urgent = |w: &&(usize, usize, usize, usize)| w.0 == program && w.2 < class;
                    let exception = turns % ONE_IN == 0;
                    prop_assert!(exception || waiting.iter().find(urgent).is_none());
                }
                prop_assert_eq!(line.len(), waiting.len());
            }
            while let Some(served) = line.pop() {
                waiting.retain(|(.., n)| *n != served);
            }
            prop_assert!(waiting.is_empty() && line.is_empty());
        }
    }
}
