//! What a script waits for: alternatives, and which of them comes first in a text. Pure.
//! Must not hold: waiting, or where the text comes from (`session.rs`).

use crate::Error;
use memchr::memmem::Finder;
use regex_automata::hybrid::regex as lazy;
use regex_automata::nfa::thompson::{self, pikevm};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use std::ops::Range;
use std::sync::Arc;

/// One of the things that a step waits for. Every search is linear in the text.
#[derive(Clone, Debug)]
pub struct Alternative(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Literal(Arc<Finder<'static>>),
    Regex(Arc<Regex>),
    TimedOut,
    Ended,
}

/// A finder of places, and one of captures, which is slower.
#[derive(Debug)]
struct Regex {
    places: lazy::Regex,
    captures: pikevm::PikeVM,
}

/// An alternative has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// Its place among those that were given, from 0.
    pub alternative: usize,
    /// Text that came before it; all there is when it is the timeout or the end.
    pub before: Vec<u8>,
    /// The text that matched.
    pub text: Vec<u8>,
    /// The groups of a regex, from the first; `None` for one that took no part.
    pub captures: Vec<Option<Vec<u8>>>,
    /// The groups that have names, with their place in `captures`.
    pub names: Vec<(String, usize)>,
}

impl Match {
    /// The capture with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&[u8]> {
        let (_, place) = self.names.iter().find(|(known, _)| known == name)?;
        self.captures.get(*place)?.as_deref()
    }
}

impl Alternative {
    /// These very bytes.
    ///
    /// # Errors
    /// [`Error::Input`] when there are none.
    pub fn literal(bytes: impl AsRef<[u8]>) -> Result<Self, Error> {
        match bytes.as_ref() {
            [] => Err(Error::Input("nothing to wait for".into())),
            bytes => Ok(Self(Kind::Literal(Arc::new(Finder::new(bytes).into_owned())))),
        }
    }

    /// A glob: `*` is any text (as little as will do), `?` any byte, `[a-z]` and `[!a-z]` sets,
    /// and a backslash takes the meaning from the next character. It may match anywhere.
    ///
    /// # Errors
    /// [`Error::Input`] when a set is not closed.
    pub fn glob(pattern: &str) -> Result<Self, Error> {
        Self::regex(&regex_of_glob(pattern)?)
    }

    /// A regex over bytes in the syntax of Rust's `regex`, without Unicode classes: `.` is any
    /// byte but LF, `(?i)` ignores the case of ASCII. `$` is the end of what has come when nothing
    /// more is waiting: `[$#] $` finds a prompt, and also text that stalls behind such bytes.
    ///
    /// # Errors
    /// [`Error::Input`] when it cannot be read or would take more than 1 MiB.
    pub fn regex(pattern: &str) -> Result<Self, Error> {
        let bytes = syntax::Config::new().unicode(false).utf8(false).nest_limit(50);
        let limits = thompson::Config::new().utf8(false).nfa_size_limit(Some(1 << 20));
        let unreadable = |error: &dyn std::error::Error| Error::Input(why(pattern, error));
        let captures =
            pikevm::PikeVM::builder().syntax(bytes).thompson(limits.clone()).build(pattern);
        let places = lazy::Regex::builder().syntax(bytes).thompson(limits).build(pattern);
        Ok(Self(Kind::Regex(Arc::new(Regex {
            captures: captures.map_err(|error| unreadable(&error))?,
            places: places.map_err(|error| unreadable(&error))?,
        }))))
    }

    /// The time of the step has passed. Without it that is [`Error::TimedOut`].
    #[must_use]
    pub const fn timed_out() -> Self {
        Self(Kind::TimedOut)
    }

    /// The peer has closed the connection. Without it that is [`Error::Ended`].
    #[must_use]
    pub const fn ended() -> Self {
        Self(Kind::Ended)
    }
}

fn why(pattern: &str, error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let text = cause.to_string();
    let why = text.lines().next_back().unwrap_or_default().trim().trim_start_matches("error: ");
    format!("the pattern {pattern:?} cannot be used: {why}")
}

fn regex_of_glob(pattern: &str) -> Result<String, Error> {
    let mut regex = String::from("(?s)");
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '*' => regex.push_str(".*?"),
            '?' => regex.push('.'),
            '[' => push_set(&mut letters, &mut regex)?,
            '\\' => push_literal(letters.next().unwrap_or('\\'), &mut regex),
            letter => push_literal(letter, &mut regex),
        }
    }
    Ok(regex)
}

fn push_set(letters: &mut std::str::Chars<'_>, regex: &mut String) -> Result<(), Error> {
    regex.push('[');
    let rest = letters.as_str();
    if rest.starts_with(['!', '^']) {
        letters.next();
        regex.push('^');
    }
    let mut empty = true;
    for letter in letters.by_ref() {
        match letter {
            ']' if !empty => {
                regex.push(']');
                return Ok(());
            }
            '-' => regex.push('-'),
            letter => push_literal(letter, regex),
        }
        empty = false;
    }
    Err(Error::Input("a set in a glob has no end".into()))
}

fn push_literal(letter: char, regex: &mut String) {
    if letter.is_ascii_punctuation() {
        regex.push('\\');
    }
    regex.push(letter);
}

/// The alternatives of one step, with what their searches keep.
pub(crate) struct Search<'a> {
    alternatives: &'a [Alternative],
    caches: Vec<Option<lazy::Cache>>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(alternatives: &'a [Alternative]) -> Self {
        let cache = |one: &Alternative| match &one.0 {
            Kind::Regex(regex) => Some(regex.places.create_cache()),
            _ => None,
        };
        Self { alternatives, caches: alternatives.iter().map(cache).collect() }
    }

    /// The place of the timeout among the alternatives.
    pub(crate) fn timed_out(&self) -> Option<usize> {
        self.alternatives.iter().position(|one| matches!(one.0, Kind::TimedOut))
    }

    /// The place of the end among the alternatives.
    pub(crate) fn ended(&self) -> Option<usize> {
        self.alternatives.iter().position(|one| matches!(one.0, Kind::Ended))
    }

    /// The match that begins first; of two at one place the one that was given first. Returns how
    /// many bytes it and what is before it are.
    pub(crate) fn find(&mut self, text: &[u8]) -> Option<(Match, usize)> {
        let places = self
            .alternatives
            .iter()
            .zip(&mut self.caches)
            .map(|(one, cache)| one.place(cache, text));
        let (nth, place) = places
            .enumerate()
            .filter_map(|(nth, place)| Some((nth, place?)))
            .min_by_key(|(nth, place)| (place.start, *nth))?;
        let mut found = Match {
            alternative: nth,
            before: text.get(..place.start).unwrap_or_default().to_vec(),
            text: text.get(place.clone()).unwrap_or_default().to_vec(),
            ..Match::default()
        };
        let end = place.end;
        if let Some(Kind::Regex(regex)) = self.alternatives.get(nth).map(|one| &one.0) {
            regex.capture(text, place, &mut found);
        }
        Some((found, end))
    }
}

impl Alternative {
    fn place(&self, cache: &mut Option<lazy::Cache>, text: &[u8]) -> Option<Range<usize>> {
        match (&self.0, cache) {
            (Kind::Literal(finder), _) => {
                finder.find(text).map(|at| at..at + finder.needle().len())
            }
            (Kind::Regex(regex), Some(cache)) => {
                regex.places.find(cache, text).map(|at| at.range())
            }
            _ => None,
        }
    }
}

impl Regex {
    /// The groups of a match whose place is known.
    fn capture(&self, text: &[u8], place: Range<usize>, found: &mut Match) {
        let (mut cache, mut groups) =
            (self.captures.create_cache(), self.captures.create_captures());
        let input = Input::new(text).range(place).anchored(Anchored::Yes);
        self.captures.search(&mut cache, &input, &mut groups);
        let taken = |group: regex_automata::Span| text.get(group.range()).map(<[u8]>::to_vec);
        found.captures = groups.iter().skip(1).map(|group| group.and_then(taken)).collect();
        let info = self.captures.get_nfa().group_info();
        let names = info.pattern_names(regex_automata::PatternID::ZERO).skip(1).enumerate();
        found.names = names.filter_map(|(place, name)| Some((name?.to_owned(), place))).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Alternative {
        Alternative::literal(text).unwrap()
    }

    fn regex(text: &str) -> Alternative {
        Alternative::regex(text).unwrap()
    }

    fn glob(text: &str) -> Alternative {
        Alternative::glob(text).unwrap()
    }

    #[test]
    fn the_earliest_wins_and_then_the_first() {
        type Row<'a> = (Vec<Alternative>, &'a str, Option<(usize, &'a str, &'a str)>);
        let rows: Vec<Row<'_>> = vec![
            (vec![literal("b"), literal("a")], "xaxb", Some((1, "x", "a"))),
            (vec![literal("ab"), literal("a")], "xab", Some((0, "x", "ab"))),
            (vec![literal("a"), regex("ab")], "xab", Some((0, "x", "a"))),
            (vec![regex("[$#] $"), literal("ogin:")], "login: ", Some((1, "l", "ogin:"))),
            (vec![regex("[$#] $")], "$ x\n# ", Some((0, "$ x\n", "# "))),
            (vec![regex("(?m)^b$")], "a\nb\nc", Some((0, "a\n", "b"))),
            (vec![regex("(?i)PASS")], "the Password", Some((0, "the ", "Pass"))),
            (vec![glob("u*d?")], "an useful deed", Some((0, "an ", "useful de"))),
            (vec![glob("[!a-z]\\*")], "a*b.*", Some((0, "a*b", ".*"))),
            (vec![glob("[]x]")], "a]", Some((0, "a", "]"))),
            (vec![glob("a.c")], "abc", None),
            (vec![Alternative::timed_out(), Alternative::ended()], "x", None),
            (vec![], "x", None),
        ];
        for (alternatives, text, wanted) in rows {
            let found = Search::new(&alternatives).find(text.as_bytes());
            let found = found.map(|(found, length)| {
                assert_eq!(length, found.before.len() + found.text.len());
                let text = |bytes| String::from_utf8(bytes).unwrap();
                (found.alternative, text(found.before), text(found.text))
            });
            let wanted =
                wanted.map(|(nth, before, text)| (nth, before.to_owned(), text.to_owned()));
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn captures() {
        let alternatives = [regex(r"uptime is (?<days>\d+) days(, (\d+) hours)?(?<rest>.*)\n")];
        let mut search = Search::new(&alternatives);
        let (found, _) = search.find(b"R1 uptime is 12 days\r\n").unwrap();
        assert_eq!(found.named("days"), Some(&b"12"[..]));
        assert_eq!(found.captures[1..], [None, None, Some(b"\r".to_vec())]);
        assert_eq!(found.names, [("days".to_owned(), 0), ("rest".to_owned(), 3)]);
        assert_eq!(found.named("none"), None);
        let bytes = [Alternative::regex(r"\xff(.)").unwrap()];
        let (found, _) = Search::new(&bytes).find(b"\xff\xfe").unwrap();
        assert_eq!(found.captures, [Some(b"\xfe".to_vec())]);
    }

    /// hostile.md row 190: patterns that would take exponential time or memory elsewhere.
    #[test]
    fn patterns_are_linear_and_bounded() {
        for bad in ["(", "[", "(a{1000}){1000}", "(?<n>", &"(".repeat(100)] {
            assert!(matches!(Alternative::regex(bad), Err(Error::Input(_))), "{bad}");
        }
        assert!(Alternative::literal("").is_err());
        assert!(Alternative::glob("[a").is_err());
        let alternatives = [regex("(a*)*b"), regex("(a|aa)+$x"), glob(&"*a".repeat(40))];
        let text = [&[b'a'; 39][..], &[b'c'; 60_000]].concat();
        assert!(Search::new(&alternatives).find(&text).is_none());
    }
}
