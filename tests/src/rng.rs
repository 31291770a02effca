//! Randomness that a seed repeats exactly: splitmix64, of which ten lines are enough.

/// A generator. The same seed gives the same numbers on every machine.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A generator that `seed` determines.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator for one of many things under one seed: each `part` changes everything.
    #[must_use]
    pub fn of(seed: u64, parts: &[u64]) -> Self {
        let mix = |rng: Self, part: &u64| Self::new(rng.clone().next().wrapping_add(*part));
        parts.iter().fold(Self::new(seed), mix)
    }

    /// Any number.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator without an end helps nobody here"
    )]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True `times` times in a thousand.
    pub fn chance(&mut self, times: u64) -> bool {
        self.below(1000) < times
    }

    /// One of `choices`, which are not none.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let at = self.below(choices.len() as u64);
        &choices[at as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_published_numbers() {
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.next(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn each_part_of_a_seed_matters() {
        let first = |parts: &[u64]| Rng::of(1, parts).next();
        assert_ne!(first(&[1, 2]), first(&[2, 1]));
        assert_ne!(first(&[1, 2]), first(&[1, 3]));
        assert_eq!(first(&[1, 2]), first(&[1, 2]));
    }
}
