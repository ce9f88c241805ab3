//! Where a response's body ends: one pure function, the rules of RFC 9112 section 6.3 in their order.
//! Must not hold: I/O, or how the bytes are copied (`body.rs`).

use crate::response::{Head, Version, violation};
use crate::{Error, Fields, Method};
use wireline_wire::escape;

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// So many bytes.
    Length(u64),
    /// Chunks, the last of them empty.
    Chunked,
    /// All until the peer closes.
    ToClose,
}

/// How a response ends, and whether its connection can serve another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// The end of the body.
    pub body: Body,
    /// Whether the connection stays.
    pub persistent: bool,
}

/// Decides from the request's method and the final response's head (RFC 9112 section 6.3; CONNECT,
/// its rule 2, is not sent by this client).
///
/// # Errors
/// [`Error::Violation`] when the end of the body is in doubt, [`Error::Unsupported`] for a
/// transfer coding that was never asked for.
pub fn framing(method: &Method, head: &Head) -> Result<Framing, Error> {
    let fields = &head.fields;
    let coded = transfer_coding(fields)?;
    let body = match (is_bodiless(method, head), coded) {
        (true, _) => Body::None,
        (false, true) => Body::Chunked,
        (false, false) => content_length(fields)?.map_or(Body::ToClose, Body::Length),
    };
    // RFC 9112 section 6.3 rule 3: both fields may be an attempt to smuggle.
    let doubtful =
        coded && (fields.first("Content-Length").is_some() || head.version == Version::Http10);
    let persistent = head.version == Version::Http11
        && !says_close(fields)
        && body != Body::ToClose
        && !doubtful;
    Ok(Framing { body, persistent })
}

/// Rule 1: HEAD, 1xx, 204 and 304 have no body, whatever their fields say.
fn is_bodiless(method: &Method, head: &Head) -> bool {
    method.is_head() || head.status.is_interim() || matches!(head.status.code(), 204 | 304)
}

/// Rule 4: `chunked`, alone and once, or nothing. `identity` is what RFC 2616 servers say for nothing.
fn transfer_coding(fields: &Fields) -> Result<bool, Error> {
    let identity = |coding: &&[u8]| coding.eq_ignore_ascii_case(b"identity");
    let codings: Vec<_> =
        fields.list("Transfer-Encoding").filter(|coding| !identity(coding)).collect();
    match codings[..] {
        [] => Ok(false),
        [coding] if coding.eq_ignore_ascii_case(b"chunked") => Ok(true),
        [coding] if !coding.is_empty() => {
            Err(Error::Unsupported { feature: format!("transfer coding \"{}\"", escape(coding)) })
        }
        _ => Err(violation("Transfer-Encoding is not exactly one chunked")),
    }
}

/// Rule 5: `Content-Length = 1*DIGIT`; repeated it must agree. Bounded by what a file can hold.
pub(crate) fn content_length(fields: &Fields) -> Result<Option<u64>, Error> {
    let mut length = None;
    for text in fields.list("Content-Length") {
        let found = parse_length(text);
        let found =
            found.ok_or_else(|| violation(format!("Content-Length is \"{}\"", escape(text))))?;
        if length.is_some_and(|length| length != found) {
            return Err(violation("two Content-Lengths that differ"));
        }
        length = Some(found);
    }
    Ok(length)
}

fn parse_length(text: &[u8]) -> Option<u64> {
    let digits =
        str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().filter(|&length| i64::try_from(length).is_ok())
}

fn says_close(fields: &Fields) -> bool {
    fields.list("Connection").any(|option| option.eq_ignore_ascii_case(b"close"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HeadReader, Limits};

    /// The body and whether the connection stays; `None` for a violation.
    type Found = Option<(Body, bool)>;

    const NONE: Found = None;

    fn found(method: &str, head: &str) -> Found {
        let mut reader = HeadReader::new(Limits::default());
        let head = format!("HTTP/{}\r\n\r\n", head.replace('|', "\r\n"));
        let head =
            head.split_inclusive('\n').find_map(|line| reader.feed(line.as_bytes()).unwrap());
        let framing = framing(&Method::try_from(method).unwrap(), &head.unwrap()).ok()?;
        Some((framing.body, framing.persistent))
    }

    use Body::{Chunked, Length, ToClose};

    /// RFC 9112 section 6.3 as a table; hostile.md rows 41 to 45, 51, 76.
    #[rustfmt::skip]
    const RULES: &[(&str, &str, Found)] = &[
        // Rule 1: no body, whatever is said.
        ("HEAD", "1.1 200|Content-Length: 5", Some((Body::None, true))),
        ("HEAD", "1.1 200|Transfer-Encoding: chunked", Some((Body::None, true))),
        ("GET", "1.1 204|Content-Length: 5", Some((Body::None, true))),
        ("GET", "1.1 204|Transfer-Encoding: chunked", Some((Body::None, true))),
        ("GET", "1.1 304|Content-Length: 5", Some((Body::None, true))),
        ("GET", "1.1 103|Content-Length: 5", Some((Body::None, true))),
        ("GET", "1.1 205|Content-Length: 5", Some((Length(5), true))),
        ("HEAD", "1.1 200|Connection: close", Some((Body::None, false))),
        // Rules 3 and 4: chunked.
        ("GET", "1.1 200|Transfer-Encoding: chunked", Some((Chunked, true))),
        ("GET", "1.1 200|transfer-encoding: ChunkeD", Some((Chunked, true))),
        ("GET", "1.1 200|Transfer-Encoding: chunked|Content-Length: 5", Some((Chunked, false))),
        ("GET", "1.1 200|Content-Length: 5|Transfer-Encoding: chunked", Some((Chunked, false))),
        ("GET", "1.0 200|Transfer-Encoding: chunked", Some((Chunked, false))),
        ("GET", "1.1 200|Transfer-Encoding: identity|Content-Length: 5", Some((Length(5), true))),
        ("GET", "1.1 200|Transfer-Encoding: identity", Some((ToClose, false))),
        ("GET", "1.1 200|Transfer-Encoding: chunked, chunked", NONE),
        ("GET", "1.1 200|Transfer-Encoding: chunked|Transfer-Encoding: chunked", NONE),
        ("GET", "1.1 200|Transfer-Encoding: ,chunked", NONE),
        ("GET", "1.1 200|Transfer-Encoding: gzip", NONE),
        ("GET", "1.1 200|Transfer-Encoding: gzip, chunked", NONE),
        ("GET", "1.1 200|Transfer-Encoding: chunked, gzip", NONE),
        ("GET", "1.1 200|Transfer-Encoding: xchunked", NONE),
        ("GET", "1.1 200|Transfer-Encoding:", NONE),
        ("GET", "1.1 200|Transfer-Encoding: chunked;q=1", NONE),
        // Rule 5: a length, or an error.
        ("GET", "1.1 200|Content-Length: 0", Some((Length(0), true))),
        ("GET", "1.1 200|Content-Length: 0005", Some((Length(5), true))),
        ("GET", "1.1 200|Content-Length: 5, 5", Some((Length(5), true))),
        ("GET", "1.1 200|Content-Length: 5|Content-Length: 5", Some((Length(5), true))),
        ("GET", "1.1 200|Content-Length: 5|Content-Length: 6", NONE),
        ("GET", "1.1 200|Content-Length: 5, 6", NONE),
        ("GET", "1.1 200|Content-Length: 5 5", NONE),
        ("GET", "1.1 200|Content-Length: +5", NONE),
        ("GET", "1.1 200|Content-Length: -5", NONE),
        ("GET", "1.1 200|Content-Length: 0x5", NONE),
        ("GET", "1.1 200|Content-Length: 5x", NONE),
        ("GET", "1.1 200|Content-Length: _5", NONE),
        ("GET", "1.1 200|Content-Length:", NONE),
        ("GET", "1.1 200|Content-Length: 5,", NONE),
        ("GET", "1.1 200|Content-Length: 10000000000000", Some((Length(10_000_000_000_000), true))),
        ("GET", "1.1 200|Content-Length: 9223372036854775807", Some((Length(i64::MAX as u64), true))),
        ("GET", "1.1 200|Content-Length: 9223372036854775808", NONE),
        ("GET", "1.1 200|Content-Length: 18446744073709551616", NONE),
        ("GET", "1.1 200|Content-Length: 99999999999999999999999", NONE),
        // Rules 6 and 8: no length at all.
        ("GET", "1.1 200", Some((ToClose, false))),
        ("GET", "1.0 200", Some((ToClose, false))),
        // Persistence, RFC 9112 section 9.3.
        ("GET", "1.1 200|Content-Length: 1|Connection: keep-alive, Close", Some((Length(1), false))),
        ("GET", "1.0 200|Content-Length: 1", Some((Length(1), false))),
        ("GET", "1.0 200|Content-Length: 1|Connection: keep-alive", Some((Length(1), false))),
    ];

    #[test]
    fn rules() {
        for (method, head, wanted) in RULES {
            assert_eq!(found(method, head), *wanted, "{method} {head}");
        }
    }
}
