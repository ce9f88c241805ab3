//! Lines to a response's head, and what the head says about the end of its message.
//! Must not hold: where lines come from (`body.rs` reads them from a connection).

use super::shown::assert_tame;
use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};
use wireline_http::{
    Body, Error, Head, HeadReader, Limits, Method, Retry, Validator, framing, next_hop,
};

/// Few of everything, so that small inputs meet the limits.
const TIGHT: Limits = Limits {
    head_bytes: 96,
    fields: 3,
    interim: 1,
    chunk_line_bytes: 16,
    extension_bytes: 24,
    trailer_bytes: 32,
    expansion: 4,
};

/// The input is a head and anything behind it.
///
/// `raw` is what was fed; limits hold, and do not change what passes; names, values and status are
/// what their types say; a length that stands on a line of its own is seen; the head written anew
/// reads the same, without notes; `framing` never panics and gives HEAD no body.
pub fn head(data: &[u8]) {
    let whole = read(data, Limits::default());
    let tight = read(data, TIGHT);
    if let Ok(Some(tight)) = &tight {
        assert!(tight.raw.len() <= TIGHT.head_bytes && tight.fields.len() <= TIGHT.fields);
        let whole = whole.as_ref().ok().and_then(Option::as_ref).expect("limits only refuse");
        assert_same(tight, whole);
    }
    match whole {
        Ok(Some(head)) => judge(data, &head),
        Ok(None) => {}
        Err(error) => assert_tame(&error),
    }
}

/// As a connection does it: every line whole, its length no more than there is room.
fn read(data: &[u8], limits: Limits) -> Result<Option<Head>, Error> {
    let mut reader = HeadReader::new(limits);
    for line in data.split_inclusive(|&byte| byte == b'\n') {
        let too_long = line.len() > reader.room();
        let found = reader.feed(line);
        if !line.ends_with(b"\n") {
            // A connection would wait for the rest of it, or report the cut.
            return Ok(None);
        }
        assert!(found.is_err() || !too_long, "{} bytes passed", line.len());
        if let Some(head) = found? {
            return Ok(Some(head));
        }
    }
    Ok(None)
}

fn judge(data: &[u8], head: &Head) {
    assert!(data.starts_with(&head.raw));
    let mut lines = head.raw.split_inclusive(|&byte| byte == b'\n').rev();
    assert!(matches!(lines.next(), Some(b"\r\n" | b"\n")), "a head ends in an empty line");
    assert!((100..1000).contains(&head.status.code()));
    let is_text =
        |bytes: &[u8]| bytes.iter().all(|&byte| byte == b'\t' || !byte.is_ascii_control());
    assert!(is_text(&head.reason));
    for field in head.fields.iter() {
        let value = field.value.as_bytes();
        assert!(is_text(value), "{}", value.escape_ascii());
        assert!(!value.starts_with(b" ") && !value.ends_with(b"\t"));
        let name = field.name.as_str();
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()), "{name}");
    }
    for name in ["Content-Length", "Transfer-Encoding"] {
        assert_eq!(head.fields.all(name).count(), count_lines(&head.raw, name), "{name}");
    }
    assert_eq!(fields(head), read_fields(&head.raw), "{}", head.raw.escape_ascii());
    let again = written(head);
    let again = read(&again, Limits::default()).ok().flatten().expect("reads again");
    assert!(again.notes.is_empty(), "{:?}", again.notes);
    assert_same(&again, head);
    ask(head);
}

/// Lines that begin with this name and a colon: none of them may be lost.
fn count_lines(raw: &[u8], name: &str) -> usize {
    let begins = |line: &&[u8]| {
        let text = line.get(..name.len()).unwrap_or_default();
        text.eq_ignore_ascii_case(name.as_bytes()) && line.get(name.len()) == Some(&b':')
    };
    raw.split(|&byte| byte == b'\n').filter(begins).count()
}

/// The fields, told again: one a line, what is no field left out with all that continues it.
fn read_fields(raw: &[u8]) -> String {
    let lines =
        raw.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.skip_while(|line| line.is_empty()).skip(1);
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    let mut skipped = false;
    for line in lines.filter(|line| !line.is_empty()) {
        let colon = line.iter().position(|&byte| byte == b':');
        if matches!(line, [b' ' | b'\t', ..]) {
            let Some((_, value)) = found.last_mut().filter(|_| !skipped) else { continue };
            value.extend_from_slice(if value.is_empty() { b"" } else { b" " });
            value.extend_from_slice(line.trim_ascii());
            value.truncate(value.trim_ascii_end().len());
            continue;
        }
        let name = colon.and_then(|at| str::from_utf8(line[..at].trim_ascii()).ok());
        let name = name.filter(|name| !name.is_empty() && name.bytes().all(is_in_token));
        skipped = name.is_none();
        let value = line.get(colon.map_or(line.len(), |at| at + 1)..).unwrap_or_default();
        found.extend(name.map(|name| (name.to_owned(), value.trim_ascii().to_vec())));
    }
    found.iter().map(|(name, value)| format!("{name}={}\n", value.escape_ascii())).collect()
}

fn is_in_token(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte)
}

fn written(head: &Head) -> Vec<u8> {
    let minor = u8::from(head.version == wireline_http::Version::Http11);
    let mut text = format!("HTTP/1.{minor} {} ", head.status).into_bytes();
    text.extend_from_slice(&head.reason);
    for field in head.fields.iter() {
        text.extend_from_slice(b"\r\n");
        text.extend_from_slice(field.name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(field.value.as_bytes());
    }
    text.extend_from_slice(b"\r\n\r\n");
    text
}

fn assert_same(one: &Head, other: &Head) {
    assert_eq!((one.version, one.status), (other.version, other.status));
    assert_eq!(one.reason.escape_ascii().to_string(), other.reason.escape_ascii().to_string());
    assert_eq!(fields(one), fields(other));
}

fn fields(head: &Head) -> String {
    head.fields.iter().fold(String::new(), |mut text, field| {
        let value = field.value.as_bytes().escape_ascii();
        writeln!(text, "{}={value}", field.name.as_str()).expect("a String takes all");
        text
    })
}

/// Every question that a head answers.
fn ask(head: &Head) {
    let asked_for_nothing = framing(&Method::head(), head);
    match asked_for_nothing {
        Ok(framing) => assert_eq!(framing.body, Body::None),
        Err(error) => assert_tame(&error),
    }
    match framing(&Method::get(), head).map(|framing| (framing.body, framing.persistent)) {
        Ok((Body::Length(length), _)) => assert!(i64::try_from(length).is_ok()),
        Ok((Body::ToClose, persistent)) => {
            assert!(!persistent && head.fields.first("Content-Length").is_none());
        }
        Ok((Body::Chunked, _)) => assert!(head.fields.first("Transfer-Encoding").is_some()),
        Ok((Body::None, _)) => {
            assert!(matches!(head.status.code(), 100..200 | 204 | 304));
        }
        Err(error) => assert_tame(&error),
    }
    if let Retry::After(pause) = head.retry(UNIX_EPOCH + Duration::from_secs(1_700_000_000)) {
        assert!(pause <= Duration::from_secs(300));
    }
    drop(Validator::of(head));
    let uri = url::Url::parse("http://h/a").ok().and_then(|url| url.try_into().ok());
    let request = uri.map(|uri| wireline_http::Request::new(Method::get(), uri));
    if let Some(Err(error)) = request.map(|request| next_hop(&request, head)) {
        assert_tame(&error);
    }
}
