//! The header section of a message in a file: what it says of sender and recipients, what is added
//! and what is taken out before it goes. Must not hold: the body.

use super::address::{Person, in_field};
use crate::exit::Failure;
use std::io::{self, Read};

/// A header section, field by field, as it was.
#[derive(Debug, Default)]
pub(crate) struct Header {
    /// Each with its line ends, continuation lines included.
    fields: Vec<Vec<u8>>,
    /// What was read of the body behind it.
    behind: Vec<u8>,
}

/// A header section is at most so long.
const HEADER_BYTES: usize = 1 << 20;

impl Header {
    /// Reads up to the empty line; what is read beyond it is kept.
    pub(crate) fn read(source: &mut dyn Read) -> Result<Self, Failure> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 8 * 1024];
        loop {
            let end = end_of(&bytes);
            if let Some(end) = end {
                let behind = bytes.split_off(end);
                return Ok(Self { fields: fields(&bytes), behind });
            }
            if bytes.len() > HEADER_BYTES {
                return Err(Failure::usage("its header section is longer than 1 MiB"));
            }
            match source.read(&mut buffer) {
                Ok(0) => return Ok(Self { fields: fields(&bytes), behind: Vec::new() }),
                Ok(count) => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::local(&error)),
            }
        }
    }

    /// The people of all fields with this name.
    pub(crate) fn people(&self, name: &str) -> Result<Vec<Person>, Failure> {
        let mut all = Vec::new();
        for value in self.fields.iter().filter_map(|field| value_of(field, name)) {
            let value = String::from_utf8_lossy(value);
            if value.trim().is_empty() {
                continue;
            }
            let fail = || Failure::usage(format!("its {name} field holds no address to mail to"));
            all.extend(in_field(&unfolded(&value)).ok_or_else(fail)?);
        }
        Ok(all)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| value_of(field, name).is_some())
    }

    /// The text of the first field with this name.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let value = self.fields.iter().find_map(|field| value_of(field, name))?;
        Some(unfolded(&String::from_utf8_lossy(value)).trim().to_owned())
    }

    /// Takes out all fields with this name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.fields.retain(|field| value_of(field, name).is_none());
    }

    /// Puts a field in front.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.fields.insert(0, format!("{name}: {value}\r\n").into_bytes());
    }

    /// The header section, its empty line, and what was read of the body.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.fields.concat();
        if !bytes.ends_with(b"\n") && !bytes.is_empty() {
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.behind);
        bytes
    }
}

/// Where the body begins.
pub(crate) fn end_of(bytes: &[u8]) -> Option<usize> {
    if let Some(length) = line_end(bytes) {
        return Some(length);
    }
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        at += found + 1;
        if let Some(length) = bytes.get(at..).and_then(line_end) {
            return Some(at + length);
        }
    }
    None
}

/// The length of the line end that these bytes begin with.
fn line_end(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => None,
    }
}

/// Lines, each with its continuation lines; the empty line at the end is none of them.
fn fields(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        match (line, fields.last_mut()) {
            ([b'\n'] | [b'\r', b'\n'], _) => {}
            ([b' ' | b'\t', ..], Some(field)) => field.extend_from_slice(line),
            _ => fields.push(line.to_vec()),
        }
    }
    fields
}

fn value_of<'a>(field: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (own, rest) = field.split_at_checked(name.len())?;
    let rest = own.eq_ignore_ascii_case(name.as_bytes()).then_some(rest)?;
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    rest.get(blanks..)?.strip_prefix(b":")
}

/// One line of what was folded (RFC 5322 section 2.2.3).
fn unfolded(value: &str) -> String {
    value.replace(['\r', '\n'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Header {
        Header::read(&mut text.as_bytes()).unwrap()
    }

    #[test]
    fn a_header_is_put_together_again() {
        let rows = [
            ("A: 1\r\nB: 2\r\n\r\nbody\r\n", "A: 1\r\nB: 2\r\n\r\nbody\r\n"),
            ("A: 1\nB: 2\n 3\n\nbody", "A: 1\nB: 2\n 3\n\r\nbody"),
            ("A: 1\r\n", "A: 1\r\n\r\n"),
            ("A: 1", "A: 1\r\n\r\n"),
            ("\r\nbody", "\r\nbody"),
            ("", "\r\n"),
        ];
        for (text, wanted) in rows {
            assert_eq!(String::from_utf8(read(text).into_bytes()).unwrap(), wanted, "{text:?}");
        }
    }

    #[test]
    fn fields_are_found_taken_out_and_added() {
        let text = "to: a@x.test,\r\n B <b@x.test>\r\nBcc : c@x.test\r\nX-To: no\r\n\r\n.";
        let mut header = read(text);
        let people = header.people("To").unwrap();
        let names: Vec<_> = people.iter().map(|person| person.mailbox.as_str()).collect();
        assert_eq!(names, ["a@x.test", "b@x.test"]);
        assert!(header.has("BCC") && !header.has("X"));
        header.remove("bcc");
        header.add("Date", "now");
        let text = String::from_utf8(header.into_bytes()).unwrap();
        assert_eq!(text, "Date: now\r\nto: a@x.test,\r\n B <b@x.test>\r\nX-To: no\r\n\r\n.");
        assert!(read("To: nobody\r\n\r\n").people("To").is_err());
        assert_eq!(read("To: \r\n\r\n").people("To").unwrap(), []);
    }

    #[test]
    fn a_header_ends_somewhere() {
        let endless = "X: y\r\n".repeat(HEADER_BYTES / 6 + 2);
        let failure = Header::read(&mut endless.as_bytes()).unwrap_err();
        assert!(failure.to_string().contains("1 MiB"), "{failure}");
    }
}
