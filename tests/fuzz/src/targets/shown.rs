//! What every target asks: that messages are tame, that an encoded head is one head; and the way
//! to a parsed head.
//! Must not hold: what only one target asks.

use std::fmt::Display;
use wireline_http::{Head, HeadReader, Limits, Request};
use wireline_wire::is_unsafe_on_a_terminal;

/// DESIGN.md, "Errors": what a peer said is escaped and cut to 200 bytes in every message. 200
/// bytes are 800 escaped; a few of them may stand in one message.
const MESSAGE_BYTES: usize = 2048;

/// A message can be printed: it is one line and holds no controls.
pub(crate) fn assert_printable(message: &impl Display) {
    let text = message.to_string();
    let odd = text.chars().find(|&letter| is_unsafe_on_a_terminal(letter));
    assert_eq!(odd, None, "in the message {text:?}");
}

/// What a peer has a part in is no flood either.
pub(crate) fn assert_tame(message: &impl Display) {
    assert_printable(message);
    let text = message.to_string();
    assert!(text.len() <= MESSAGE_BYTES, "a message of {} bytes: {text}", text.len());
}

/// The lines of a request's head, without their ends, when it is exactly one head.
pub(crate) fn head_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let block = bytes.strip_suffix(b"\r\n\r\n").expect("a head ends in an empty line");
    let text = block.escape_ascii();
    let mut lines = Vec::new();
    let mut rest = block;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
        lines.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    lines.push(rest);
    for line in &lines {
        let injected = line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        assert!(!injected && !line.is_empty(), "{} in {text}", line.escape_ascii());
    }
    lines
}

/// Holds for every request that exists: the request line has three parts, the target is in origin
/// form, and there is one `Host`.
pub(crate) fn assert_sendable(request: &Request, lines: &[&[u8]]) {
    let [first, rest @ ..] = lines else { panic!("no request line") };
    let parts: Vec<_> = first.split(|&byte| byte == b' ').collect();
    let [method, target, version] = parts[..] else { panic!("{}", first.escape_ascii()) };
    assert_eq!(method, request.method().as_str().as_bytes());
    assert_eq!(version, b"HTTP/1.1");
    assert!(target.starts_with(b"/"), "{}", first.escape_ascii());
    let odd = target.iter().find(|byte| !byte.is_ascii_graphic() || **byte == b'#');
    assert_eq!(odd, None, "in the target {}", target.escape_ascii());
    let named = |name: &str| {
        let is_it = |line: &&&[u8]| {
            line.iter().position(|&byte| byte == b':').is_some_and(|at| {
                line.get(..at).is_some_and(|text| text.eq_ignore_ascii_case(name.as_bytes()))
            })
        };
        rest.iter().filter(is_it).count()
    };
    assert_eq!(named("host"), 1);
    assert!(named("content-length") <= 1 && named("transfer-encoding") == 0);
}

/// The head that these bytes begin with, if they are one.
pub(crate) fn parse_head(bytes: &[u8]) -> Option<Head> {
    let mut reader = HeadReader::new(Limits::default());
    bytes
        .split_inclusive(|&byte| byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
        .find_map(|line| reader.feed(line).transpose())?
        .ok()
}

/// The first line, and what follows it.
pub(crate) fn first_line(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.iter().position(|&byte| byte == b'\n');
    at.map_or((data, &[]), |at| (&data[..at], &data[at + 1..]))
}
