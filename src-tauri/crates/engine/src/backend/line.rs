//! The waiting line for turns, fair between programs and between each program's connections.
//!
//! Between programs it is start-time fair queueing (Goyal, Vin and Cheng, 1996): the program that got
//! the fewest bytes for its weight is next, and one that was away neither saves up nor loses its share. Deficit round
//! robin would forget a program that asks for one article at a time between two requests. Within a
//! program, interactive requests go first, then a client's next reply, then read-ahead; clients take
//! turns in each class. Every step costs O(1), except for the number of programs, which is small.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::config::Priority;
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
    /// The program's weight.
    pub(crate) priority: Priority,
    /// The estimated size of the reply in bytes.
    pub(crate) cost: usize,
    /// No other provider can serve it, so the account's reserve may be used.
    pub(crate) last_resort: bool,
}

/// The waiting line. See the [module](self).
pub(crate) struct Line<T> {
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
    /// The bytes it has been given for its weight, as if it had always been there.
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
    pub(crate) fn new() -> Self {
        Self { programs: Vec::new(), now: 0, turns: 0, len: 0 }
    }

    /// The number of waiting requests.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a request to the line.
    pub(crate) fn push(&mut self, claim: &Claim, waiter: T) {
        let (now, cost) = (self.now, claim.priority.weigh(claim.cost as u64));
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
    pub(crate) fn peek(&self) -> Option<&T> {
        let waiting = self.programs.iter().filter(|queue| queue.is_waiting());
        let queue = waiting.min_by_key(|queue| queue.given)?;
        let class = queue.next_class(self.is_for_the_least_urgent())?;
        queue.classes.get(class)?.peek()
    }

    /// Removes and returns who is next, for a turn that its program pays for.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let (queue, class) = self.next_class()?;
        let start = queue.given;
        let (cost, waiter) = queue.classes.get_mut(class)?.pop()?;
        queue.given = start.saturating_add(cost);
        self.now = start;
        self.turns += 1;
        self.len -= 1;
        Some(waiter)
    }

    /// Removes and returns who is next, without a turn: nobody pays, and the client's next request takes
    /// the place.
    pub(crate) fn discard(&mut self) -> Option<T> {
        let (queue, class) = self.next_class()?;
        let waiter = queue.classes.get_mut(class)?.discard()?;
        self.len -= 1;
        Some(waiter)
    }

    /// The program that is next, and the number of its class.
    fn next_class(&mut self) -> Option<(&mut Queue<T>, usize)> {
        let least_urgent = self.is_for_the_least_urgent();
        let waiting = self.programs.iter_mut().filter(|queue| queue.is_waiting());
        let queue = waiting.min_by_key(|queue| queue.given)?;
        let class = queue.next_class(least_urgent)?;
        Some((queue, class))
    }

    const fn is_for_the_least_urgent(&self) -> bool {
        self.turns % ONE_IN == ONE_IN - 1
    }

    /// Removes everyone, in no particular order.
    pub(crate) fn drain(&mut self) -> Vec<T> {
        std::iter::from_fn(|| self.discard()).collect()
    }
}

impl<T> Queue<T> {
    fn new(program: Arc<str>) -> Self {
        Self { program, given: 0, classes: [(); 3].map(|()| Clients::new()) }
    }

    fn is_waiting(&self) -> bool {
        !self.classes.iter().all(Clients::is_empty)
    }

    fn next_class(&self, least_urgent: bool) -> Option<usize> {
        let waiting = |class: &Clients<T>| !class.is_empty();
        match least_urgent {
            true => self.classes.iter().rposition(waiting),
            false => self.classes.iter().position(waiting),
        }
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

    /// Removes who is next; its client stays next if it has other requests.
    fn discard(&mut self) -> Option<T> {
        let client = *self.round.front()?;
        let waiting = self.waiting.get_mut(&client)?;
        let next = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&client);
            self.round.pop_front();
        }
        next.map(|(_, waiter)| waiter)
    }
}

#[cfg(test)]
mod tests;
