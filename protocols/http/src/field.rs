//! Field names and values (RFC 9110 section 5): the types that cannot hold what would split a message.
//! Must not hold: what any one field means.

use crate::Error;
use std::fmt;

/// `field-name = token` (RFC 9110 section 5.1).
#[derive(Clone, PartialEq, Eq)]
pub struct FieldName(String);

/// `field-value` (RFC 9110 section 5.5): no CR, LF, NUL or other control but HTAB, no blank at
/// either end. Bytes from 0x80 on are opaque.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldValue(Vec<u8>);

/// A field line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name; compared without regard to case.
    pub name: FieldName,
    /// Its value.
    pub value: FieldValue,
}

/// Field lines in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<Field>);

impl FieldName {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is this name, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl FieldValue {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, if it is UTF-8.
    #[must_use]
    pub fn to_str(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok()
    }

    /// Adds what an obs-fold continued (RFC 9112 section 5.2): one space, then the rest.
    pub(crate) fn fold(&mut self, more: &Self) {
        if !self.0.is_empty() && !more.0.is_empty() {
            self.0.push(b' ');
        }
        self.0.extend_from_slice(&more.0);
    }
}

impl TryFrom<&[u8]> for FieldName {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        match str::from_utf8(bytes) {
            Ok(name) if is_token(bytes) => Ok(Self(name.to_owned())),
            // Not even the name: where a colon is missing, it holds the value.
            _ => Err(Error::Input(
                "a field name is made of letters, digits and !#$%&'*+-.^_`|~".into(),
            )),
        }
    }
}

impl TryFrom<&str> for FieldName {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        Self::try_from(text.as_bytes())
    }
}

impl TryFrom<&[u8]> for FieldValue {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = trim(bytes);
        match bytes.iter().any(|&byte| is_control(byte)) {
            // Not even the value: it may be a secret.
            true => Err(Error::Input("a field value cannot hold control bytes".into())),
            false => Ok(Self(bytes.to_vec())),
        }
    }
}

impl TryFrom<&str> for FieldValue {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        Self::try_from(text.as_bytes())
    }
}

impl Field {
    /// A field from its two parts.
    ///
    /// # Errors
    /// [`Error::Input`] when either part holds what it cannot.
    pub fn new(name: &str, value: &str) -> Result<Self, Error> {
        Ok(Self { name: name.try_into()?, value: value.try_into()? })
    }

    /// Whether it may follow a redirect to another origin and be shown in a trace: what only says
    /// which representation is wanted. Everything else is bound to the origin it was typed for.
    #[must_use]
    pub fn is_free(&self) -> bool {
        const FREE: [&str; 6] =
            ["accept", "user-agent", "range", "cache-control", "host", "connection"];
        const FREE_PREFIXES: [&str; 3] = ["accept-", "if-", "content-"];
        let name = self.name.0.to_ascii_lowercase();
        FREE.contains(&name.as_str()) || FREE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    }
}

impl Fields {
    /// Adds a line.
    pub fn push(&mut self, field: Field) {
        self.0.push(field);
    }

    /// All lines in order.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.0.iter()
    }

    /// How many lines there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values of every line of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a FieldValue> {
        self.0.iter().filter(move |field| field.name.is(name)).map(|field| &field.value)
    }

    /// The value of the first line of this name.
    #[must_use]
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a FieldValue> {
        self.all(name).next()
    }

    /// The members of a comma-separated list over all lines of this name, trimmed, empty ones
    /// included (RFC 9110 section 5.6.1).
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.all(name).flat_map(|value| value.0.split(|&byte| byte == b',')).map(trim)
    }

    /// Removes every line that does not satisfy the question.
    pub fn retain(&mut self, keep: impl FnMut(&Field) -> bool) {
        self.0.retain(keep);
    }

    pub(crate) fn last_mut(&mut self) -> Option<&mut Field> {
        self.0.last_mut()
    }
}

impl FromIterator<Field> for Fields {
    fn from_iter<T: IntoIterator<Item = Field>>(fields: T) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value may be a secret: its length is all that is shown.
impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

/// `token = 1*tchar` (RFC 9110 section 5.6.2).
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_tchar(byte))
}

/// `tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~"
/// / DIGIT / ALPHA`
pub(crate) const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// What no field value holds: `CTL` but HTAB (RFC 9110 section 5.5).
pub(crate) const fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// Without `OWS = *( SP / HTAB )` at either end.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hostile.md row 8: what a user types as a header is a field or an error.
    #[test]
    fn names_and_values() {
        for bad in ["", "a b", "a:", "a\r\nb", "ä", "a\0", "(x)", "a@b"] {
            assert!(FieldName::try_from(bad).is_err(), "{bad:?}");
        }
        for good in ["Accept", "x-y_z.1", "!#$%&'*+-.^_`|~"] {
            assert!(FieldName::try_from(good).is_ok(), "{good:?}");
        }
        for bad in ["a\rb", "a\nb", "a\0", "\x1b[2J", "x\x7f"] {
            assert!(FieldValue::try_from(bad).is_err(), "{bad:?}");
        }
        for (typed, value) in [("  a b\t", "a b"), ("", ""), ("ä", "ä"), ("a\tb", "a\tb")] {
            assert_eq!(FieldValue::try_from(typed).unwrap().to_str(), Some(value));
        }
    }

    #[test]
    fn lists_run_over_lines() {
        let fields: Fields = [("A", "1, 2"), ("b", "x"), ("a", "3,")]
            .map(|(name, value)| Field::new(name, value).unwrap())
            .into_iter()
            .collect();
        let members: Vec<_> = fields.list("A").collect();
        assert_eq!(members, [&b"1"[..], b"2", b"3", b""]);
    }

    #[test]
    fn what_is_free_and_what_is_bound() {
        let free = |name| Field::new(name, "x").unwrap().is_free();
        for name in ["Accept", "accept-language", "User-Agent", "If-Range", "Content-Type", "Range"]
        {
            assert!(free(name), "{name}");
        }
        for name in ["Authorization", "Cookie", "X-Api-Key", "Proxy-Authorization", "Acceptance"] {
            assert!(!free(name), "{name}");
        }
    }
}
