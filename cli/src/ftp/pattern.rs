//! Patterns for names, on this side of the connection: servers have each their own.
//! Must not hold: a dialogue, or a look at the file system.

use crate::exit::Failure;
use globset::{GlobBuilder, GlobMatcher};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// `*` and `?` for what is not a `/`, `**` for folders, `[a-z]`, `[!a-z]`, `{one,other}`; `[*]` is
/// a `*`. A `\` is itself. Names are bytes, and a `?` is one of them.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    glob: GlobMatcher,
    /// Begins with a dot, as what it names may.
    is_dotted: bool,
}

impl Pattern {
    /// Reads one.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Failure> {
        let bad = |why: String| {
            let shown = wireline_wire::escape(text);
            Failure::usage(why).doing(format!("reading the pattern \"{shown}\""))
        };
        let glob = str::from_utf8(text).map_err(|_| bad("it is not UTF-8".to_owned()))?;
        let glob = GlobBuilder::new(glob)
            .literal_separator(true)
            .backslash_escape(false)
            .empty_alternates(true)
            .build()
            .map_err(|error| bad(error.kind().to_string()))?;
        let glob = glob.compile_matcher();
        Ok(Self { glob, is_dotted: text.starts_with(b".") })
    }

    /// The last part of a path, when there is a `*`, `?` or `[` in it.
    pub(crate) fn in_name(name: &[u8]) -> Result<Option<Self>, Failure> {
        let is_pattern = name.iter().any(|byte| b"*?[".contains(byte));
        is_pattern.then(|| Self::parse(name)).transpose()
    }

    /// Whether this name or path fits.
    pub(crate) fn matches(&self, path: &[u8]) -> bool {
        self.glob.is_match(Path::new(OsStr::from_bytes(path)))
    }

    /// The same by the shell's rule: what begins with a dot is only found by who asks for it.
    pub(crate) fn names(&self, name: &[u8]) -> bool {
        (self.is_dotted || !name.starts_with(b".")) && self.matches(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let rows: &[(&str, &[u8], bool)] = &[
            ("*.txt", b"a.txt", true),
            ("*.txt", b"a.TXT", false),
            ("*.txt", b".txt", false),
            (".*", b".bashrc", true),
            ("*", b"", true),
            ("*", b"\xff\xfe", true),
            ("*", b"a b\\c", true),
            ("*", b"a/b", false),
            ("?", b"a", true),
            ("?", b"ab", false),
            ("?.a", b"\xff.a", true),
            ("[a-c]", b"b", true),
            ("[!a-c]", b"b", false),
            ("[*]", b"*", true),
            ("[*]", b"a", false),
            ("a\\*", b"a\\b", true),
            ("*.{iso,img}", b"a.img", true),
            ("\u{e4}*", "\u{e4}bc".as_bytes(), true),
            ("**/b", b"a/a/b", true),
        ];
        for (pattern, name, wanted) in rows {
            let pattern = Pattern::parse(pattern.as_bytes()).unwrap();
            assert_eq!(pattern.names(name), *wanted, "{pattern:?} {}", name.escape_ascii());
        }
        assert!(Pattern::parse(b"*").unwrap().matches(b".a"));
    }

    #[test]
    fn what_is_no_pattern() {
        for bad in [&b"[a"[..], b"*\xff", b"{a", b"[b-a]"] {
            assert_eq!(Pattern::parse(bad).unwrap_err().exit.code(), 2);
        }
        for name in [&b"a.txt"[..], b"", b"a{b}", b"a\\b"] {
            assert!(Pattern::in_name(name).unwrap().is_none());
        }
        for pattern in [&b"*"[..], b"a?", b"[a]"] {
            assert!(Pattern::in_name(pattern).unwrap().is_some());
        }
    }
}
