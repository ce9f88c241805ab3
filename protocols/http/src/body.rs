//! Copying a body as its framing says, chunks among them (RFC 9112 section 7.1).
//! Must not hold: the choice of the framing (`framing.rs`).

use crate::field::is_control;
use crate::framing::Body;
use crate::{Error, Limits};
use nom::bytes::complete::{take_while, take_while1};
use nom::combinator::{map_res, rest};
use nom::{IResult, Parser};
use wireline_wire as wire;
use wireline_wire::{Sink, Wire, escape};

const DOING: &str = "reading the body";

fn violation(why: impl Into<String>) -> Error {
    Error::Violation { doing: DOING, why: why.into() }
}

fn too_long(limit: u64) -> Error {
    violation(format!("it is longer than the {limit} bytes allowed"))
}

/// Copies a whole body, and says how many bytes that were.
pub(crate) fn copy(
    body: Body,
    wire: &mut Wire,
    sink: &mut Sink<'_>,
    most: u64,
    limits: &Limits,
) -> Result<u64, Error> {
    let copied = match body {
        Body::None => Ok(0),
        Body::Length(length) if length > most => Err(too_long(most)),
        Body::Length(length) => wire.copy_exact(sink, length).map(|()| length).map_err(too_much),
        Body::Chunked => Chunks { wire, sink, limits, most, got: 0, extensions: 0 }.copy(),
        Body::ToClose => wire.copy_to_close(sink, most).map_err(too_much),
    };
    // What arrived is kept, whatever happened then.
    sink.flush()?;
    copied
}

/// A body that is too long breaks the protocol; other failures, an early end too, stay what they
/// are.
fn too_much(error: wire::Error) -> Error {
    match error {
        wire::Error::TooLong { what: "the body", limit } => too_long(limit),
        other => other.into(),
    }
}

struct Chunks<'a, 'b> {
    wire: &'a mut Wire,
    sink: &'a mut Sink<'b>,
    limits: &'a Limits,
    most: u64,
    got: u64,
    extensions: usize,
}

impl Chunks<'_, '_> {
    fn copy(mut self) -> Result<u64, Error> {
        loop {
            let size = self.size()?;
            if size == 0 {
                self.trailers()?;
                return Ok(self.got);
            }
            if size > self.most - self.got {
                return Err(too_long(self.most));
            }
            self.wire.copy_exact(self.sink, size).map_err(|error| self.cut(error))?;
            self.got += size;
            let end = self.wire.line(2).map_err(|error| after_chunk(error, self.got))?;
            if !matches!(end, b"\r\n" | b"\n") {
                return Err(violation("a chunk is longer than its size"));
            }
        }
    }

    fn size(&mut self) -> Result<u64, Error> {
        let got = self.got;
        let line = self.wire.line(self.limits.chunk_line_bytes).map_err(|error| match error {
            wire::Error::TooLong { limit, .. } => {
                violation(format!("a chunk's size line is longer than {limit} bytes"))
            }
            other => cut_after(got, other),
        })?;
        let (size, extension) = parse_chunk_line(line)?;
        self.extensions += extension;
        match self.extensions > self.limits.extension_bytes {
            true => Err(violation("too many bytes of chunk extensions")),
            false => Ok(size),
        }
    }

    fn cut(&self, error: wire::Error) -> Error {
        cut_after(self.got, error)
    }

    /// `trailer-section = *( field-line CRLF )` (RFC 9112 section 7.1.2): read, never merged into
    /// the head. A peer that closes right after the last chunk has said everything.
    fn trailers(&mut self) -> Result<(), Error> {
        let mut room = self.limits.trailer_bytes;
        let mut nothing_yet = true;
        loop {
            let line = match self.wire.line(room) {
                Ok(line) => line,
                Err(wire::Error::Closed) if nothing_yet => return Ok(()),
                Err(wire::Error::TooLong { .. }) => {
                    let limit = self.limits.trailer_bytes;
                    return Err(violation(format!("trailers are longer than {limit} bytes")));
                }
                Err(error) => return Err(self.cut(error)),
            };
            if matches!(line, b"\r\n" | b"\n") {
                return Ok(());
            }
            room -= line.len();
            nothing_yet = false;
        }
    }
}

fn after_chunk(error: wire::Error, got: u64) -> Error {
    match error {
        wire::Error::TooLong { .. } => violation("a chunk is longer than its size"),
        other => cut_after(got, other),
    }
}

/// An end between or inside the chunks cuts the body after what the chunks before held.
fn cut_after(before: u64, error: wire::Error) -> Error {
    let cut = |got| Error::Connection(wire::Error::Cut { got, expected: None });
    match error {
        wire::Error::Closed => cut(before),
        wire::Error::Cut { got, expected: Some(_) } => cut(before + got),
        wire::Error::Cut { .. } => cut(before),
        other => other.into(),
    }
}

/// A chunk's size, and how many bytes its extensions take.
///
/// # Errors
/// [`Error::Violation`] when it is no size, or 2^63 and above.
pub fn parse_chunk_line(line: &[u8]) -> Result<(u64, usize), Error> {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let fail = || violation(format!("\"{}\" is not a chunk's size", escape(text)));
    let (_, (size, extension)) = chunk_line(text).map_err(|_| fail())?;
    match is_extension(extension) {
        true => Ok((size, extension.len())),
        false => Err(fail()),
    }
}

/// `chunk-size [ chunk-ext ]` (RFC 9112 section 7.1). Blanks behind the size are tolerated.
fn chunk_line(text: &[u8]) -> IResult<&[u8], (u64, &[u8])> {
    let blanks = take_while(|byte| byte == b' ' || byte == b'\t');
    (chunk_size, blanks, rest).map(|(size, _, extension)| (size, extension)).parse(text)
}

/// `chunk-size = 1*HEXDIG` (RFC 9112 section 7.1), leading zeros as many as fit the line.
fn chunk_size(text: &[u8]) -> IResult<&[u8], u64> {
    let digits = take_while1(|byte: u8| byte.is_ascii_hexdigit());
    map_res(digits, |digits: &[u8]| {
        let digits = str::from_utf8(digits).map_err(|_| "not text")?;
        let size = u64::from_str_radix(digits, 16).map_err(|_| "too large")?;
        if i64::try_from(size).is_ok() { Ok(size) } else { Err("too large") }
    })
    .parse(text)
}

/// `chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )` (RFC 9112 section
/// 7.1.1), looked at only as far as it could hide a line end: no controls, quotes in pairs.
fn is_extension(text: &[u8]) -> bool {
    let begins = matches!(text, [] | [b';', ..]);
    let mut quoted = false;
    let mut escaped = false;
    for &byte in text {
        match byte {
            _ if is_control(byte) => return false,
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
    }
    begins && !quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// http.md section 2 "Chunked"; hostile.md rows 46 and 48.
    #[test]
    fn chunk_lines() {
        let good: &[(&[u8], u64)] = &[
            (b"5\r\n", 5),
            (b"5\n", 5),
            (b"0\r\n", 0),
            (b"fF\r\n", 255),
            (b"5 \t\r\n", 5),
            (b"00000000000000000000000005\r\n", 5),
            (b"5;a=b\r\n", 5),
            (b"5 ; a = \"x;\\\"y\"\r\n", 5),
            (b"7fffffffffffffff\r\n", i64::MAX as u64),
        ];
        for (line, size) in good {
            assert_eq!(parse_chunk_line(line).unwrap().0, *size, "{}", escape(line));
        }
        let bad: &[&[u8]] = &[
            b"\r\n",
            b" 5\r\n",
            b"+5\r\n",
            b"-5\r\n",
            b"0x5\r\n",
            b"5_0\r\n",
            b"5 0\r\n",
            b"5,0\r\n",
            b"g\r\n",
            b"5;a=\"b\r\n",
            b"5;a\rb\r\n",
            b"5;\0\r\n",
            b"8000000000000000\r\n",
            b"10000000000000000\r\n",
            b"fffffffffffffffff\r\n",
            b"<html>\r\n",
            b"5\r\r\n",
        ];
        for line in bad {
            assert!(parse_chunk_line(line).is_err(), "{}", escape(line));
        }
    }
}
