//! How real servers differ from RFC 3977, by name.

/// A habit of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quirk {
    /// nserv: `220, 0 <id>`.
    CommaBehindCode,
    /// BODY is answered with this code: nserv says 220, Supernews said 221.
    BodySays(u16),
    /// ARTICLE is answered with this code: nserv says 222.
    ArticleSays(u16),
    /// 281 straight after AUTHINFO USER.
    UserIsEnough,
    /// nserv: GROUP's reply names something else than what was asked for.
    EchoesMangledGroup,
    /// A command it does not know: 500. sabnews lacks `AUTHINFO`, nserv `HEAD`, `DATE` and `LIST`.
    Lacks(&'static str),
    /// STAT is answered with a bare `223`.
    BareStat,
    /// `223 No such article` to STAT, where 430 is meant.
    StatFindsAll,
    /// sn, leafnode: `211` with words instead of numbers to LISTGROUP.
    ListgroupWithoutNumbers,
    /// sn, leafnode: 430 for an article number that is not there.
    MissingNumberIs430,
    /// CAPABILITIES is refused with this code.
    RefusesCapabilities(u16),
    /// Replies to requests by message-id give the article's number.
    NumbersById,
    /// XOVER of an empty range is 420 instead of an empty block.
    EmptyXoverIs420,
    /// INN: status line and block in two writes.
    SplitsBlock,
    /// Every status line ends in a bare LF.
    BareLf,
    /// INN: nothing is said to an empty line.
    IgnoresEmptyLines,
    /// INN's transit side: `401 MODE-READER` until `MODE READER` is sent.
    TransitFirst,
    /// Greets with 201.
    NoPosting,
    /// Everything but the login is 480 until then. Otherwise a provider with an account says 480 too,
    /// but to what needs it: CAPABILITIES, DATE, HELP, MODE and QUIT do not.
    LoginBeforeAll,
}
