//! CHARSET (RFC 2066): one character set for both directions. Translation tables are declined.

use crate::Error;

/// The name of a character set: 1 to 40 printable ASCII characters without `;` and space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharacterSet(String);

impl TryFrom<&str> for CharacterSet {
    type Error = Error;

    fn try_from(name: &str) -> Result<Self, Error> {
        let printable = name.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != SEPARATOR);
        match printable && (1..=40).contains(&name.len()) {
            true => Ok(Self(name.to_owned())),
            false => Err(Error::Input("a character set's name is 1 to 40 ASCII characters".into())),
        }
    }
}

/// A message of the peer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    /// It wants one of these, in this order.
    Request(Vec<&'a [u8]>),
    /// It takes one of ours.
    Accepted(&'a [u8]),
    /// It takes none.
    Rejected,
    /// It offers a translation table.
    Table,
}

/// `REQUEST sep name *( sep name )` (RFC 2066 section 2).
pub(crate) fn request(known: &[CharacterSet]) -> Vec<u8> {
    let mut parameters = vec![REQUEST];
    for name in known {
        parameters.push(SEPARATOR);
        parameters.extend(name.0.bytes());
    }
    parameters
}

/// What the peer says; nothing when it is no message of the RFC, or an answer to a table.
pub(crate) fn parse(parameters: &[u8]) -> Option<Message<'_>> {
    match parameters {
        [REQUEST, list @ ..] => Some(Message::Request(names(list))),
        [ACCEPTED, name @ ..] => Some(Message::Accepted(name)),
        [REJECTED, ..] => Some(Message::Rejected),
        [TTABLE_IS, ..] => Some(Message::Table),
        _ => None,
    }
}

/// `[ "[TTABLE ]" version ] sep name *( sep name )`. At most 64 names are read.
fn names(list: &[u8]) -> Vec<&[u8]> {
    const MOST: usize = 64;
    let list = match list.strip_prefix(b"[TTABLE ]").or(list.strip_prefix(b"[TTABLE]")) {
        Some([_version, list @ ..]) => list,
        Some([]) => &[],
        None => list,
    };
    match list {
        [separator, names @ ..] => names.split(|byte| byte == separator).take(MOST).collect(),
        [] => Vec::new(),
    }
}

/// The first of the names that we know, in the peer's spelling.
pub(crate) fn choose<'a>(names: &[&'a [u8]], known: &[CharacterSet]) -> Option<&'a [u8]> {
    let is_known =
        |name: &[u8]| known.iter().any(|known| known.0.as_bytes().eq_ignore_ascii_case(name));
    names.iter().copied().find(|name| is_known(name))
}

/// `ACCEPTED name`, or `REJECTED`.
pub(crate) fn answer(chosen: Option<&[u8]>) -> Vec<u8> {
    match chosen {
        Some(name) => [&[ACCEPTED], name].concat(),
        None => vec![REJECTED],
    }
}

/// `TTABLE-REJECTED`.
pub(crate) fn no_table() -> Vec<u8> {
    vec![TTABLE_REJECTED]
}

const SEPARATOR: u8 = b';';
const REQUEST: u8 = 1;
const ACCEPTED: u8 = 2;
const REJECTED: u8 = 3;
const TTABLE_IS: u8 = 4;
const TTABLE_REJECTED: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str) -> CharacterSet {
        CharacterSet::try_from(name).unwrap()
    }

    #[test]
    fn requests_are_answered() {
        let known = [set("UTF-8"), set("ISO-8859-1")];
        let rows: &[(&[u8], &[u8])] = &[
            (b"\x01;UTF-8", b"\x02UTF-8"),
            (b"\x01 KOI8-R iso-8859-1 utf-8", b"\x02iso-8859-1"),
            (b"\x01[TTABLE ]\x01;KOI8-R;utf-8", b"\x02utf-8"),
            (b"\x01[TTABLE]\x01;KOI8-R;utf-8", b"\x02utf-8"),
            (b"\x01[TTABLE ]", b"\x03"),
            (b"\x01;KOI8-R", b"\x03"),
            (b"\x01;", b"\x03"),
            (b"\x01", b"\x03"),
        ];
        for (heard, wanted) in rows {
            let Some(Message::Request(names)) = parse(heard) else { panic!("{heard:?}") };
            assert_eq!(answer(choose(&names, &known)), *wanted, "{heard:?}");
        }
        assert_eq!(request(&known), b"\x01;UTF-8;ISO-8859-1");
    }

    #[test]
    fn messages() {
        let rows: &[(&[u8], Option<Message<'_>>)] = &[
            (b"\x02UTF-8", Some(Message::Accepted(b"UTF-8"))),
            (b"\x03", Some(Message::Rejected)),
            (b"\x04\x01;a", Some(Message::Table)),
            (b"\x06", None),
            (b"", None),
        ];
        for (heard, wanted) in rows {
            assert_eq!(parse(heard), *wanted);
        }
        let many = [&b"\x01"[..], &b";x".repeat(30_000)].concat();
        assert!(matches!(parse(&many), Some(Message::Request(names)) if names.len() == 64));
    }

    /// hostile.md row 23.
    #[test]
    fn names_of_ours() {
        for bad in ["", "a;b", "a b", "a\u{ff}", "\r"] {
            assert!(CharacterSet::try_from(bad).is_err(), "{bad:?}");
        }
    }
}
