//! What a server would call a file: `Content-Disposition` (RFC 6266).
//! Must not hold: which names are safe here.

use crate::Head;
use crate::grammar::{Parsed, ows, parameter, token};
use nom::Parser;
use nom::character::complete::char;
use nom::multi::many0;
use nom::sequence::preceded;
use percent_encoding::percent_decode;

/// The name that the server gives, `filename*` before `filename` (RFC 6266 section 4.3). Bytes, any
/// of them; a path perhaps.
#[must_use]
pub fn file_name(head: &Head) -> Option<Vec<u8>> {
    let value = head.fields.first("Content-Disposition")?.as_bytes();
    let (_, params) = content_disposition(value).ok()?;
    let param = |wanted| params.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    let extended = param("filename*").and_then(|value| extended(value));
    extended.or_else(|| param("filename").cloned()).filter(|name| !name.is_empty())
}

/// `content-disposition = disposition-type *( ";" disposition-parm )`
fn content_disposition(input: &[u8]) -> Parsed<'_, Vec<(String, Vec<u8>)>> {
    let parameters = many0(preceded((ows, char(';'), ows), parameter));
    preceded(token, parameters).parse(input)
}

/// `ext-value = charset "'" [ language ] "'" value-chars` (RFC 8187 section 3.2), in UTF-8 or Latin-1;
/// as UTF-8.
fn extended(value: &[u8]) -> Option<Vec<u8>> {
    let mut parts = value.splitn(3, |&byte| byte == b'\'');
    let (charset, _, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode(encoded).collect();
    match charset.to_ascii_uppercase().as_slice() {
        b"UTF-8" => String::from_utf8(bytes).ok().map(String::into_bytes),
        b"ISO-8859-1" => Some(bytes.into_iter().map(char::from).collect::<String>().into_bytes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HeadReader, Limits};

    fn named(value: &str) -> Option<String> {
        let mut reader = HeadReader::new(Limits::default());
        for line in ["HTTP/1.1 200 OK", &format!("Content-Disposition: {value}")] {
            assert!(reader.feed(format!("{line}\r\n").as_bytes()).unwrap().is_none());
        }
        let head = reader.feed(b"\r\n").unwrap().unwrap();
        file_name(&head).map(|name| String::from_utf8(name).unwrap())
    }

    /// The examples of RFC 6266 section 5, and what else is met.
    #[test]
    fn names() {
        let rows = [
            ("Attachment; filename=example.html", Some("example.html")),
            ("INLINE; FILENAME= \"an example.html\"", Some("an example.html")),
            ("attachment; filename*= UTF-8''%e2%82%ac%20rates", Some("\u{20ac} rates")),
            (
                "attachment; filename=\"EURO rates\"; filename*=utf-8'en'%e2%82%ac%20rates",
                Some("\u{20ac} rates"),
            ),
            ("attachment; filename*=ISO-8859-1''%e4.txt; filename=a", Some("\u{e4}.txt")),
            ("attachment; filename*=koi8-r''%e4.txt; filename=a", Some("a")),
            ("attachment; filename*=UTF-8''%ff; filename=a", Some("a")),
            ("attachment; filename=\"a\\\"b\"", Some("a\"b")),
            ("attachment; filename=\"../../etc/passwd\"", Some("../../etc/passwd")),
            ("attachment", None),
            ("attachment; filename=\"\"", None),
            ("attachment; name=x", None),
            ("filename=x", None),
        ];
        for (value, wanted) in rows {
            assert_eq!(named(value).as_deref(), wanted, "{value}");
        }
    }
}
