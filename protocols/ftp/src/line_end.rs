//! TYPE A: the network's line ends are CR LF, ours are LF (RFC 959 section 3.1.1.1).
//! Must not hold: characters; bytes stay what they are.

use std::io::{self, Write};
use wireline_wire as wire;
use wireline_wire::Sink;

/// CR LF becomes LF on its way into a sink, wherever the pieces end; a CR alone stays.
pub(crate) struct FromNetwork<'a, 'b> {
    sink: &'a mut Sink<'b>,
    /// The last byte was a CR, not handed on yet.
    held: bool,
}

impl<'a, 'b> FromNetwork<'a, 'b> {
    pub(crate) const fn new(sink: &'a mut Sink<'b>) -> Self {
        Self { sink, held: false }
    }

    /// Hands on what was held.
    pub(crate) fn finish(self) -> Result<(), wire::Error> {
        if self.held {
            self.sink.take(b"\r")?;
        }
        self.sink.flush()
    }

    fn convert(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut lines = Vec::with_capacity(bytes.len() + 1);
        for &byte in bytes {
            if std::mem::replace(&mut self.held, byte == b'\r') && byte != b'\n' {
                lines.push(b'\r');
            }
            if byte != b'\r' {
                lines.push(byte);
            }
        }
        lines
    }
}

impl Write for FromNetwork<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let lines = self.convert(bytes);
        self.sink.take(&lines).map_err(local)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush().map_err(local)
    }
}

fn local(error: wire::Error) -> io::Error {
    match error {
        wire::Error::Local(source) => source,
        other => io::Error::other(other),
    }
}

/// LF becomes CR LF, wherever the pieces end; CR LF stays, and so does a CR alone.
#[derive(Debug, Default)]
pub(crate) struct ToNetwork {
    /// The last byte was a CR.
    after_cr: bool,
}

impl ToNetwork {
    pub(crate) fn encode(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut lines = Vec::with_capacity(bytes.len() + bytes.len() / 16);
        for &byte in bytes {
            if byte == b'\n' && !self.after_cr {
                lines.push(b'\r');
            }
            lines.push(byte);
            self.after_cr = byte == b'\r';
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(pieces: &[&[u8]]) -> Vec<u8> {
        let mut text = Vec::new();
        let mut sink = Sink::writer(&mut text);
        let mut lines = FromNetwork::new(&mut sink);
        pieces.iter().for_each(|piece| lines.write_all(piece).unwrap());
        lines.finish().unwrap();
        text
    }

    fn sent(pieces: &[&[u8]]) -> Vec<u8> {
        let mut lines = ToNetwork::default();
        pieces.iter().flat_map(|piece| lines.encode(piece)).collect()
    }

    /// What is here, what is on the wire. ftp-telnet.md row 30.
    const ROWS: &[(&[u8], &[u8])] = &[
        (b"", b""),
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"no end", b"no end"),
        (b"\n\n", b"\r\n\r\n"),
        (b"a\rb", b"a\rb"),
        (b"a\r", b"a\r"),
        (b"a\r\rb\n", b"a\r\rb\r\n"),
        (b"\xff\0\n", b"\xff\0\r\n"),
    ];

    #[test]
    fn lines_both_ways_in_any_pieces() {
        for (here, there) in ROWS {
            for at in 0..=here.len() {
                assert_eq!(sent(&[&here[..at], &here[at..]]), *there, "{here:?} at {at}");
            }
            for at in 0..=there.len() {
                assert_eq!(received(&[&there[..at], &there[at..]]), *here, "{there:?} at {at}");
            }
        }
        assert_eq!(sent(&[b"a\r", b"\nb"]), b"a\r\nb");
        assert_eq!(received(&[b"a\r", b"\r", b"\nb\n"]), b"a\r\nb\n");
    }
}
