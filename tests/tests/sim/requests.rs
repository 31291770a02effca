//! What clients ask, and what may be the answer.

use newsmux_tests::rng::Rng;
use nntp_proxy::config::RoutingMode;

use crate::world::{GROUP_SIZE, GROUPS, SOMEWHERE, World, number};

/// What a client asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    Body(usize),
    Article(usize),
    Stat(usize),
    Date,
    ModeReader,
    Group(usize),
    /// `STAT`, of a number in the selected group.
    Number(u64),
    /// `STAT`, of the current article.
    Current,
}

/// What a client has selected, as far as it was told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Selected {
    /// The group, and the provider whose numbers count.
    group: Option<(usize, usize)>,
    current: u64,
}

impl Selected {
    /// The place in the group of an article with this number, or of the current one.
    fn nth(&self, asked: Option<u64>) -> Option<u64> {
        let (group, provider) = self.group?;
        let nth = asked.unwrap_or(self.current).checked_sub(number(provider, group, 0))?;
        (nth < GROUP_SIZE).then_some(nth)
    }

    /// Whether its provider is there and healthy all the time.
    fn is_at_healthy(&self, world: &World) -> bool {
        self.group.is_some_and(|(_, provider)| world.is_healthy(provider))
    }

    /// Takes the reply to `STAT n` or `STAT`, which has to be about this group and article.
    fn check_stat(&mut self, world: &World, asked: Option<u64>, text: &str) {
        let (group, _) = self.group.unwrap_or_else(|| panic!("no group, and yet {text}"));
        let nth =
            self.nth(asked).unwrap_or_else(|| panic!("{self:?} lacks {asked:?}, and yet {text}"));
        let asked = asked.unwrap_or(self.current);
        let article = &world.articles[group * GROUP_SIZE as usize + nth as usize];
        // Of an article by its number, nobody but the provider can tell that it is another.
        let text = text.trim_end().replacen("<another.", "<", 1);
        assert_eq!(text, format!("223 {asked} {}", article.id()), "{self:?}");
        self.current = asked;
    }
}

impl Ask {
    pub(crate) fn random(rng: &mut Rng, articles: usize, selected: Selected) -> Self {
        let n = rng.below(articles as u64) as usize;
        match rng.below(15) {
            0..=4 => Self::Body(n),
            5 | 6 => Self::Article(n),
            7 => Self::Stat(n),
            8 => Self::Date,
            9 => Self::ModeReader,
            10 | 11 => Self::Group(rng.below(2) as usize),
            12 => Self::Current,
            _ => {
                let (group, provider) = selected.group.unwrap_or_default();
                Self::Number(number(provider, group, rng.below(GROUP_SIZE)))
            }
        }
    }

    pub(crate) fn line(self, world: &World) -> String {
        match self {
            Self::Body(n) => format!("BODY {}\r\n", world.articles[n].id()),
            Self::Article(n) => format!("ARTICLE {}\r\n", world.articles[n].id()),
            Self::Stat(n) => format!("STAT {}\r\n", world.articles[n].id()),
            Self::Date => "DATE\r\n".into(),
            Self::ModeReader => "MODE READER\r\n".into(),
            Self::Group(group) => format!("GROUP {}\r\n", GROUPS[group]),
            Self::Number(number) => format!("STAT {number}\r\n"),
            Self::Current => "STAT\r\n".into(),
        }
    }

    /// The blocks that may follow a good status line, the longest first.
    pub(crate) fn blocks(self, world: &World) -> Vec<Vec<u8>> {
        let mut blocks = match self {
            Self::Body(n) => vec![world.articles[n].body_block()],
            Self::Article(n) => {
                world.providers.iter().map(|p| p.article_block(&world.articles[n])).collect()
            }
            _ => vec![Vec::new()],
        };
        blocks.sort_by_key(|block| usize::MAX - block.len());
        blocks
    }

    /// The article that it names.
    pub(crate) fn article(self) -> Option<usize> {
        match self {
            Self::Body(n) | Self::Article(n) | Self::Stat(n) => Some(n),
            _ => None,
        }
    }

    /// Checks the answer, and says whether a block follows.
    pub(crate) fn check(self, world: &World, selected: &mut Selected, text: &str) -> bool {
        // In Standard mode what the session's provider says is the answer.
        let standard = world.mode == RoutingMode::Standard;
        let alone = standard && !world.is_faultless;
        let refused = text.starts_with('4') || text.starts_with('5');
        match (self, self.article()) {
            (_, Some(n)) if text.starts_with("430 ") => {
                let certain = n < SOMEWHERE && !(alone || world.was_refused(n));
                assert!(!certain, "{self:?}: every provider has it, and yet {text}");
                assert!(
                    standard || !world.is_certain(n),
                    "{self:?}: a healthy provider has it, and yet {text}"
                );
                return false;
            }
            (_, Some(_)) if refused && alone => return false,
            (_, Some(n)) if text.starts_with("503 ") => {
                assert!(
                    !world.is_certain(n),
                    "{self:?}: a healthy provider has it, and yet {text}"
                );
                return false;
            }
            (Self::Date, _) if refused && !world.is_faultless => return false,
            (Self::Group(_) | Self::Number(_) | Self::Current, _) if refused => {
                let certain = !alone && self.is_certain(world, selected);
                assert!(
                    !certain,
                    "{self:?} with {selected:?} at a healthy provider, and yet {text}"
                );
                return false;
            }
            _ => {}
        }
        assert!(text.starts_with(self.code()), "{self:?}: {text}");
        match self {
            Self::Group(group) => {
                let low: u64 = text.split(' ').nth(2).unwrap().parse().unwrap();
                *selected =
                    Selected { group: Some((group, (low / 1000 - 1) as usize)), current: low };
            }
            Self::Number(number) => selected.check_stat(world, Some(number), text),
            Self::Current => selected.check_stat(world, None, text),
            _ => {}
        }
        if let Some(n) = self.article() {
            assert!(!world.is_nowhere(n), "{self:?}: nobody has it, and yet {text}");
            assert!(text.contains(world.articles[n].id()), "{self:?}: {text}");
        }
        matches!(self, Self::Body(_) | Self::Article(_))
    }

    /// Whether a stateful request has an answer at a provider that is there and healthy all the time.
    fn is_certain(self, world: &World, selected: &Selected) -> bool {
        let at_healthy = selected.is_at_healthy(world);
        match self {
            _ if world.mode == RoutingMode::PerCommand => false,
            Self::Group(_) => world.has_healthy(),
            Self::Number(number) => at_healthy && selected.nth(Some(number)).is_some(),
            Self::Current => at_healthy,
            _ => true,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Body(_) => "222 ",
            Self::Article(_) => "220 ",
            Self::Stat(_) | Self::Number(_) | Self::Current => "223 ",
            Self::Date => "111 ",
            Self::ModeReader => "201 ",
            Self::Group(_) => "211 ",
        }
    }

    /// Whether the session may end instead of an answer, or after `seen` bytes of its block.
    pub(crate) fn may_end(self, world: &World, selected: &Selected, seen: usize) -> bool {
        let healthy = match world.mode {
            // Its provider is fixed, and only a group's numbers tell which one it is.
            RoutingMode::Standard => world.are_all_healthy() || selected.is_at_healthy(world),
            RoutingMode::PerCommand | RoutingMode::Hybrid => world.has_healthy(),
        };
        match self {
            _ if !healthy => true,
            // Headers differ between providers: what was broken off within them has no other copy.
            Self::Article(n) if seen > 0 => !world.is_certain(n) || seen < world.headers(n),
            Self::Body(n) if seen > 0 => !world.is_certain(n),
            _ => false,
        }
    }
}
