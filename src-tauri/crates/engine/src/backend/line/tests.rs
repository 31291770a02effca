//! The line against a plain model of it.

use super::*;
use proptest::prelude::*;

fn claim(program: &str, client: ClientId, urgency: Urgency, cost: usize) -> Claim {
    let priority = Priority::Normal;
    Claim { program: program.into(), client, urgency, priority, cost, last_resort: false }
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
fn programs_share_by_their_weights() {
    let (mut line, client, article) = (Line::new(), ClientId::next(), 768 * 1024);
    let waits = |line: &mut Line<_>, priority| {
        let program = format!("{priority:?}");
        line.push(&Claim { priority, ..claim(&program, client, Urgency::Bulk, article) }, priority);
    };
    let all = [Priority::Low, Priority::Normal, Priority::High];
    for priority in all {
        waits(&mut line, priority);
    }
    let mut served = Vec::new();
    for _ in 0..210 {
        let next = line.pop().unwrap();
        served.push(next);
        waits(&mut line, next);
    }
    let turns = all.map(|one| served.iter().filter(|next| **next == one).count());
    assert_eq!(turns, [10, 40, 160]);
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

/// What the line has to do, as a plain list.
#[derive(Default)]
struct Model {
    waiting: Vec<Waiting>,
    /// The bytes that each program was given.
    given: [u64; 3],
    /// What the program served last had been given before that.
    now: u64,
    turns: u64,
    /// How many places were given to clients.
    places: usize,
}

#[derive(Clone, Debug)]
struct Waiting {
    program: usize,
    client: usize,
    class: usize,
    cost: u64,
    number: usize,
    /// The place of its client among those of its class.
    place: usize,
    left: bool,
}

impl Model {
    fn is_waiting(&self, program: usize) -> bool {
        self.waiting.iter().any(|w| w.program == program)
    }

    fn push(&mut self, mut new: Waiting) {
        if !self.is_waiting(new.program) {
            self.given[new.program] = self.given[new.program].max(self.now);
        }
        let mut same = self.waiting.iter().filter(|w| w.of(&new));
        new.place = same.next().map_or(self.places, |w| w.place);
        self.places += 1;
        self.waiting.push(new);
    }

    /// Whether this one may be next, and if so, takes it out.
    fn takes(&mut self, number: usize) -> Option<Waiting> {
        let at = self.waiting.iter().position(|w| w.number == number)?;
        let this = self.waiting[at].clone();
        let least = self.waiting.iter().map(|w| self.given[w.program]).min()?;
        let own = || self.waiting.iter().filter(|w| w.program == this.program);
        let exception = self.turns % ONE_IN == ONE_IN - 1;
        let classes = own().map(|w| w.class);
        let class = if exception { classes.max() } else { classes.min() }?;
        let in_class = || own().filter(|w| w.class == class);
        let place = in_class().map(|w| w.place).min()?;
        let first = in_class().filter(|w| w.place == place).map(|w| w.number).min()?;
        let fits = self.given[this.program] == least && first == number;
        fits.then(|| self.waiting.remove(at))
    }

    fn serve(&mut self, number: usize) -> bool {
        let Some(served) = self.takes(number) else { return false };
        self.turns += 1;
        self.now = self.given[served.program];
        self.given[served.program] += served.cost;
        let place = self.places;
        self.waiting.iter_mut().filter(|w| w.of(&served)).for_each(|w| w.place = place);
        self.places += 1;
        true
    }
}

impl Waiting {
    /// Whether both are requests of the same client in the same class.
    fn of(&self, other: &Self) -> bool {
        (self.program, self.client, self.class) == (other.program, other.client, other.class)
    }
}

#[test]
fn a_program_whose_clients_leave_pays_for_nothing() {
    let (mut line, ids) = (Line::new(), clients(30));
    for id in &ids[1..] {
        line.push(&claim("leaves", *id, Urgency::Bulk, 1_000_000), "left");
    }
    while line.peek() == Some(&"left") {
        line.discard();
    }
    let mut served = Vec::new();
    for turn in 0..20 {
        line.push(&claim("stays", ids[0], Urgency::Bulk, 1_000_000), "stays");
        line.push(&claim("leaves", ids[1 + turn], Urgency::Bulk, 1_000_000), "leaves");
        served.push(line.pop().unwrap());
    }
    let share = served.iter().filter(|next| **next == "leaves").count();
    assert!((9..=11).contains(&share), "{share} of 20");
}

proptest! {
    /// Compares the line with a plain list that remembers what each program was given.
    #[test]
    fn the_program_with_the_fewest_bytes_is_next_and_its_clients_take_turns(
        moves in proptest::collection::vec(
            (0_usize..3, 0_usize..4, 0_usize..3, 1_u64..3_000_000, 0_usize..8, any::<bool>()),
            1..200,
        ),
    ) {
        let ids = clients(12);
        let classes = [Urgency::Interactive, Urgency::Bulk, Urgency::ReadAhead];
        let (mut line, mut model) = (Line::new(), Model::default());
        for (number, (program, client, class, cost, leaver, pop)) in moves.into_iter().enumerate() {
            let (name, id) = (["a", "b", "c"][program], ids[program * 4 + client]);
            line.push(&claim(name, id, classes[class], cost as usize), number);
            model.push(Waiting { program, client, class, cost, number, place: 0, left: false });
            if let Some(leaves) = model.waiting.iter_mut().rev().nth(leaver) {
                leaves.left = true;
            }
            while pop && let Some(next) = line.peek().copied() {
                let left = model.waiting.iter().any(|w| w.number == next && w.left);
                if left {
                    prop_assert_eq!(line.discard(), Some(next));
                    prop_assert!(model.takes(next).is_some(), "{next} is not next");
                    continue;
                }
                prop_assert_eq!(line.pop(), Some(next));
                prop_assert!(model.serve(next), "{next} is not next");
                break;
            }
            prop_assert_eq!(line.len(), model.waiting.len());
        }
        let mut all = line.drain();
        all.sort_unstable();
        prop_assert!(all.iter().eq(model.waiting.iter().map(|w| &w.number)));
        prop_assert!(line.is_empty() && line.peek().is_none());
    }
}
