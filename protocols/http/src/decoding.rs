//! Content codings (RFC 9110 section 8.4): what was asked for compressed is stored as it was meant.
//! Must not hold: the algorithms, which are others' work; whether a coding was asked for.

mod deflate;
mod zstd;

use crate::{Body, Error, Head, Limits, Response};
use brotli_decompressor::DecompressorWriter;
use deflate::Deflate;
use flate2::write::MultiGzDecoder;
use std::cell::Cell;
use std::io::{self, Write};
use wireline_wire::{Sink, escape};
use zstd::Zstd;

/// `content-coding`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952, of several members perhaps.
    Gzip,
    /// RFC 1950, or RFC 1951 from servers that mistook it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878, with windows of 8 MiB at most (RFC 9659).
    Zstd,
}

/// What `Accept-Encoding` says when all of them are welcome.
pub const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";

/// `Content-Encoding = #content-coding`, in the order in which they were applied.
///
/// # Errors
/// [`Error::Unsupported`] for an unknown one, [`Error::Violation`] for more than two.
pub fn codings(head: &Head) -> Result<Vec<Coding>, Error> {
    const MOST: usize = 2;
    let mut found = Vec::new();
    let values = head.fields.all("Content-Encoding");
    for name in values.flat_map(|value| value.as_bytes().split(|&byte| byte == b',')) {
        found.extend(match name.trim_ascii().to_ascii_lowercase().as_slice() {
            b"" | b"identity" => None,
            b"gzip" | b"x-gzip" => Some(Coding::Gzip),
            b"deflate" => Some(Coding::Deflate),
            b"br" => Some(Coding::Brotli),
            b"zstd" => Some(Coding::Zstd),
            other => {
                let feature = format!("the content coding \"{}\"", escape(other));
                return Err(Error::Unsupported { feature });
            }
        });
    }
    match found.len() > MOST {
        true => Err(violation(format!("{} content codings, one on the other", found.len()))),
        false => Ok(found),
    }
}

impl Response {
    /// Copies the body without its content codings, at most `most` bytes of what is in them, and
    /// says how many it had. A stream that is cut, broken, or followed by something else is an
    /// error, and so is one that grows beyond [`Limits::expansion`].
    ///
    /// # Errors
    /// As [`codings`] and [`Response::copy_to`].
    pub fn copy_decoded(&mut self, sink: &mut Sink<'_>, most: u64) -> Result<u64, Error> {
        let codings = codings(self.head())?;
        if codings.is_empty() || matches!(self.body(), Body::None | Body::Length(0)) {
            return self.copy_to(sink, most);
        }
        let limits = self.limits();
        decode(&codings, sink, most, &limits, |encoded| self.copy_to(encoded, u64::MAX))
    }
}

/// Runs a source of encoded bytes into the sink.
fn decode(
    codings: &[Coding],
    sink: &mut Sink<'_>,
    most: u64,
    limits: &Limits,
    source: impl FnOnce(&mut Sink<'_>) -> Result<u64, Error>,
) -> Result<u64, Error> {
    let encoded = Cell::new(0);
    let mut measure = Measure { sink, decoded: 0, most, encoded: &encoded, limits, failed: None };
    let ended = {
        let mut decoder = Counted { encoded: &encoded, first: stages(codings, &mut measure) };
        let copied = source(&mut Sink::writer(&mut decoder));
        let Counted { first, .. } = decoder;
        copied.and_then(|_| first.finish().map_err(Error::Local))
    };
    match (measure.failed, ended) {
        (Some(error), _) => Err(error),
        (None, Err(Error::Local(broken))) => {
            Err(violation(format!("the compressed body is broken: {broken}")))
        }
        (None, ended) => {
            ended?;
            measure.sink.flush()?;
            Ok(measure.decoded)
        }
    }
}

fn violation(why: impl Into<String>) -> Error {
    Error::Violation { doing: "decoding the body", why: why.into() }
}

/// One step of decoding, which hands on what it has to the next.
trait Stage: Write {
    /// The input is over: checks that it was whole, then the next step.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// The coding that was applied last is taken off first.
fn stages<'m>(codings: &[Coding], measure: &'m mut Measure<'_, '_>) -> Box<dyn Stage + 'm> {
    codings.iter().fold(Box::new(measure), |next: Box<dyn Stage + 'm>, coding| match coding {
        Coding::Gzip => Box::new(MultiGzDecoder::new(next)),
        Coding::Deflate => Box::new(Deflate::new(next)),
        Coding::Brotli => Box::new(DecompressorWriter::new(next, STEP_BYTES)),
        Coding::Zstd => Box::new(Zstd::new(next)),
    })
}

/// What one step of a decoder hands on.
const STEP_BYTES: usize = 64 * 1024;

impl<'m> Stage for MultiGzDecoder<Box<dyn Stage + 'm>> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).finish()?.finish()
    }
}

impl<'m> Stage for DecompressorWriter<Box<dyn Stage + 'm>> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        let cut = |_| io::Error::from(io::ErrorKind::UnexpectedEof);
        (*self).into_inner().map_err(cut)?.finish()
    }
}

/// Counts what comes in.
struct Counted<'m> {
    encoded: &'m Cell<u64>,
    first: Box<dyn Stage + 'm>,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.encoded.set(self.encoded.get() + bytes.len() as u64);
        self.first.write_all(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where the decoded bytes go, with an eye on how many they are.
struct Measure<'s, 'f> {
    sink: &'s mut Sink<'f>,
    decoded: u64,
    most: u64,
    encoded: &'s Cell<u64>,
    limits: &'s Limits,
    /// Why no more was taken, where that was not the stream's fault.
    failed: Option<Error>,
}

/// A body of fewer bytes is no danger, however it grew.
const SMALL_BYTES: u64 = 1 << 20;

impl Measure<'_, '_> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.decoded += bytes.len() as u64;
        let (times, most) = (self.limits.expansion, self.most);
        if self.decoded > most {
            return Err(violation(format!("the decoded body has more than {most} bytes")));
        }
        if self.decoded > times.saturating_mul(self.encoded.get()).max(SMALL_BYTES) {
            return Err(violation(format!("the body grows to more than {times} times its size")));
        }
        Ok(self.sink.take(bytes)?)
    }
}

impl Write for &mut Measure<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.take(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                self.failed.get_or_insert(error);
                Err(io::Error::other("no more is taken"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stage for &mut Measure<'_, '_> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
