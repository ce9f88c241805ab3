//! Pathnames, and the quoted ones in replies (RFC 959 section 5.3.2 and appendix II).
//! Must not hold: what is a safe name in a folder of ours ([`crate::Entry::safe_component`]).

use crate::Error;
use std::fmt;
use wireline_wire::escape;

/// `pathname = string`: what a server calls a file or folder, as bytes. Holds no CR, LF or NUL, and
/// has 1 to 4096 bytes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pathname(Vec<u8>);

const PATHNAME_BYTES: usize = 4096;

impl Pathname {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A name in this folder: with a `/` between them, unless one is there.
    ///
    /// # Errors
    /// [`Error::Input`], as for any pathname.
    pub fn join(&self, name: &[u8]) -> Result<Self, Error> {
        let mut joined = self.0.clone();
        if !joined.ends_with(b"/") {
            joined.push(b'/');
        }
        joined.extend_from_slice(name);
        Self::try_from(joined)
    }

    /// The same where a leading hyphen would be taken for the option of a program.
    pub(crate) fn for_listing(&self) -> Self {
        match self.0.first() {
            Some(b'-') => Self([b"./", self.0.as_slice()].concat()),
            _ => self.clone(),
        }
    }
}

impl TryFrom<Vec<u8>> for Pathname {
    type Error = Error;

    /// # Errors
    /// [`Error::Input`] when it is empty, holds CR, LF or NUL, or is longer than 4096 bytes.
    fn try_from(bytes: Vec<u8>) -> Result<Self, Error> {
        let why = match bytes.as_slice() {
            [] => "an empty pathname".to_owned(),
            _ if bytes.len() > PATHNAME_BYTES => {
                format!("a pathname of more than {PATHNAME_BYTES} bytes")
            }
            _ if bytes.iter().any(|byte| b"\r\n\0".contains(byte)) => {
                format!("the pathname \"{}\" holds CR, LF or NUL", escape(&bytes))
            }
            _ => return Ok(Self(bytes)),
        };
        Err(Error::Input(why))
    }
}

impl TryFrom<&[u8]> for Pathname {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        Self::try_from(bytes.to_vec())
    }
}

impl TryFrom<&str> for Pathname {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        Self::try_from(text.as_bytes())
    }
}

/// Escaped, and cut to 200 bytes.
impl fmt::Display for Pathname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.0))
    }
}

impl fmt::Debug for Pathname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pathname({self})")
    }
}

/// The name in the text of a 257: `<"> pathname <">`, a quote within it doubled (RFC 959 appendix
/// II). A server that forgot the quotes means all of its text.
#[must_use]
pub(crate) fn quoted_name(text: &[u8]) -> Vec<u8> {
    let mut quotes = text.splitn(2, |&byte| byte == b'"');
    let (before, Some(behind)) = (quotes.next().unwrap_or_default(), quotes.next()) else {
        return text.trim_ascii().to_vec();
    };
    let mut name = Vec::new();
    let mut bytes = behind.iter().peekable();
    while let Some(&byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (b'"', Some(b'"')) => drop(bytes.next()),
            (b'"', _) => return name,
            _ => {}
        }
        name.push(byte);
    }
    // A quote that nothing closes is no quote.
    match before.trim_ascii() {
        [] => name,
        _ => text.trim_ascii().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hostile.md rows 15, 183 and RFC 959 appendix II.
    #[test]
    fn names_in_quotes() {
        let rows: &[(&[u8], &[u8])] = &[
            (b"\"/usr/dm\" directory created", b"/usr/dm"),
            (b"\"a \"\"b\"\" c\" is it", b"a \"b\" c"),
            (b"\"/usr/dm/foo\"\"bar\"", b"/usr/dm/foo\"bar"),
            (b"Current: \"/x\"", b"/x"),
            (b"\"\"\"\"", b"\""),
            (b"\"\"", b""),
            (b"/no/quotes at all ", b"/no/quotes at all"),
            (b"\"/never closed", b"/never closed"),
            (b"/a\"b", b"/a\"b"),
            (b"", b""),
        ];
        for (text, wanted) in rows {
            assert_eq!(quoted_name(text), *wanted, "{}", text.escape_ascii());
        }
    }

    /// hostile.md rows 19, 20: no name reaches into another command.
    #[test]
    fn what_is_no_pathname() {
        for bad in ["", "a\r\nDELE b", "a\nb", "a\rb", "a\0b", &"x".repeat(4097)] {
            assert!(matches!(Pathname::try_from(bad), Err(Error::Input(_))), "{bad:?}");
        }
        for good in ["/", "..", "a b", "-la", "\u{ff}", &"x".repeat(4096)] {
            assert_eq!(Pathname::try_from(good).unwrap().as_bytes(), good.as_bytes());
        }
        let folder = Pathname::try_from("/pub").unwrap();
        assert_eq!(folder.join(b"x").unwrap().to_string(), "/pub/x");
        assert_eq!(Pathname::try_from("/").unwrap().join(b"x").unwrap().to_string(), "/x");
        assert!(folder.join(b"x\n").is_err());
        assert_eq!(Pathname::try_from("-la").unwrap().for_listing().to_string(), "./-la");
    }
}
