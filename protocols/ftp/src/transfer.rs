//! Files under way: guards that hold the session until the server has said what became of the
//! transfer. Must not hold: where files come from and go to, retries.

use crate::line_end::{FromNetwork, ToNetwork};
use crate::reply::announced_bytes;
use crate::{Error, Reply, Session, Type};
use std::fs::File;
use std::io::{self, Read};
use wireline_wire as wire;
use wireline_wire::{Deadline, Pushed, Sink, Wire};

/// A file on its way to us. [`Download::copy_to`] takes it to its end, [`Download::finish`] tells
/// whether that was all of it.
///
/// Dropped before one of [`Download::finish`] and [`Download::abort`], it leaves the session over.
#[derive(Debug)]
#[must_use = "only finish() tells whether the file is whole"]
pub struct Download<'s> {
    under_way: UnderWay<'s>,
    offset: u64,
    /// Bytes of the whole file.
    size: Option<u64>,
    received: u64,
    whole: bool,
}

/// A file on its way to the server. Dropped before one of [`Upload::finish`] and
/// [`Upload::abort`], it leaves the session over.
#[derive(Debug)]
#[must_use = "only finish() tells whether the server has kept the file"]
pub struct Upload<'s> {
    under_way: UnderWay<'s>,
    encoder: Option<ToNetwork>,
    sent: u64,
}

/// What every transfer has: both connections, and what was said of it.
#[derive(Debug)]
pub(crate) struct UnderWay<'s> {
    pub(crate) session: &'s mut Session,
    doing: &'static str,
    data: Option<Wire>,
    begun: Reply,
    /// The server has said what became of it.
    settled: bool,
}

/// Read at once from a source that the kernel cannot move.
const PIECE_BYTES: usize = 256 * 1024;

impl<'s> UnderWay<'s> {
    pub(crate) fn new(
        session: &'s mut Session,
        doing: &'static str,
        (mut data, begun): (Wire, Reply),
    ) -> Self {
        data.set_deadline("the file", Deadline::pause(data.limits().idle));
        Self { session, doing, data: Some(data), begun, settled: false }
    }

    pub(crate) fn data(&mut self) -> Result<&mut Wire, Error> {
        let doing = self.doing;
        self.data.as_mut().ok_or_else(|| Error::Input(format!("{doing}: the transfer has ended")))
    }

    /// The data connection is at its end: what the server says of the transfer. A server that
    /// left out the preliminary reply has said so already.
    pub(crate) fn settle(&mut self) -> Result<Reply, Error> {
        if self.settled {
            return Err(Error::Input(format!("{}: the transfer has failed", self.doing)));
        }
        self.settled = true;
        if !self.begun.is_preliminary() {
            return Ok(self.begun.clone());
        }
        let dialogue = &mut self.session.dialogue;
        let mut reply = dialogue.hear_within(self.doing, dialogue.limits.final_reply)?;
        // A second preliminary reply ("150 .. 125 ..") says nothing new.
        for _ in 0..dialogue.limits.preliminaries {
            if !reply.is_preliminary() {
                break;
            }
            reply = dialogue.hear_within(self.doing, dialogue.limits.final_reply)?;
        }
        dialogue.expect(self.doing, reply, Reply::is_success)
    }

    /// The data connection came to its end: closes it, and hears the rest.
    pub(crate) fn end(&mut self) -> Result<Reply, Error> {
        self.data = None;
        self.settle()
    }

    /// A listing without an end.
    pub(crate) fn too_many_lines(&mut self, most: u64) -> Error {
        self.data = None;
        Error::violation(self.doing, format!("a listing of more than {most} lines"))
    }

    /// The data connection failed.
    pub(crate) fn fail(&mut self, error: wire::Error) -> Error {
        self.data = None;
        self.settled = true;
        let failed = Error::of_data(self.doing, error);
        match (&failed, self.begun.is_preliminary()) {
            (Error::Data { .. }, true) => self.session.aftermath(self.doing, failed),
            (Error::Data { .. }, false) => failed,
            _ => {
                self.session.dialogue.over = true;
                failed
            }
        }
    }

    /// `ABOR` (RFC 959 section 4.1.3). Its replies are 426 and 226, or 226 alone, or 225 behind a
    /// transfer that had ended; NOOP behind them shows where they end.
    pub(crate) fn abort(mut self) -> Result<(), Error> {
        const DOING: &str = "ABOR";
        if std::mem::replace(&mut self.settled, true) {
            return Ok(());
        }
        let dialogue = &mut self.session.dialogue;
        dialogue.wire.say(&crate::command::alone(DOING));
        dialogue.flush(DOING)?;
        self.data = None;
        let limit = dialogue.limits.aftermath;
        let first = match self.begun.is_preliminary() {
            true => dialogue.hear_within(DOING, limit)?,
            false => self.begun.clone(),
        };
        dialogue.hear_ahead()?;
        if !first.is_success() {
            return dialogue.hear_within(DOING, limit).map(drop);
        }
        dialogue.wire.say(&crate::command::alone("NOOP"));
        dialogue.flush(DOING)?;
        while matches!(dialogue.hear_within(DOING, limit)?.code().number(), 225 | 226) {}
        Ok(())
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.session.dialogue.over |= !self.settled;
    }
}

impl<'s> Download<'s> {
    pub(crate) fn new(under_way: UnderWay<'s>, offset: u64, size: Option<u64>) -> Self {
        Self { under_way, offset, size, received: 0, whole: false }
    }

    /// What the server said when it began: 150 or 125 mostly.
    #[must_use]
    pub const fn preliminary(&self) -> &Reply {
        &self.under_way.begun
    }

    /// The size of the whole file: what the caller knew, else what the preliminary reply says of
    /// a transfer from the beginning. A claim; unknown in TYPE A.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size.or_else(|| self.announced().filter(|_| self.offset == 0))
    }

    /// Bytes taken so far, as they were on the wire.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    fn announced(&self) -> Option<u64> {
        let binary = self.under_way.session.representation == Type::Image;
        announced_bytes(self.under_way.begun.first_line()).filter(|_| binary)
    }

    /// Takes the file to its end into a sink: the kernel moves it if that is a file and all is
    /// in clear and binary. In TYPE A its lines end in LF then. `most` bytes are taken.
    ///
    /// # Errors
    /// [`Error::Data`] when the data connection breaks or is silent for the idle time,
    /// [`Error::Refused`] when the server said why, [`Error::Violation`] beyond `most` bytes,
    /// [`Error::Local`].
    pub fn copy_to(&mut self, sink: &mut Sink<'_>, most: u64) -> Result<u64, Error> {
        let is_text = self.under_way.session.representation == Type::Ascii;
        let expected = self.size.map(|size| size.saturating_sub(self.offset));
        let data = self.under_way.data()?;
        let copied = match is_text {
            false => data.copy_to_close(sink, most),
            true => {
                let mut lines = FromNetwork::new(sink);
                let copied = data.copy_to_close(&mut Sink::writer(&mut lines), most);
                copied.and_then(|got| lines.finish().map(|()| got))
            }
        };
        match copied {
            Ok(got) => self.received += got,
            // Not every server says goodbye in TLS: nothing is missing if this was all.
            Err(wire::Error::Cut { got, .. }) if !is_text && Some(got) == expected => {
                self.received += got;
            }
            Err(error) => return Err(self.under_way.fail(error)),
        }
        self.whole = true;
        self.under_way.data = None;
        Ok(self.received)
    }

    /// Hears what the server says behind the last byte, and compares the sizes. More than expected
    /// is no error: a file may grow.
    ///
    /// # Errors
    /// [`Error::Refused`] (426, 451, 552 ..) whatever came before it, [`Error::Data`] with
    /// [`wire::Error::Cut`] when less came than was announced, [`Error::Lost`] and
    /// [`Error::Connection`] when no reply comes, [`Error::Input`] before the end.
    pub fn finish(mut self) -> Result<Reply, Error> {
        if !self.whole {
            return Err(Error::Input("the file was not taken to its end".into()));
        }
        let reply = self.under_way.settle()?;
        match self.missing() {
            Some(expected) => {
                let source = wire::Error::Cut { got: self.received, expected: Some(expected) };
                Err(Error::Data { doing: self.under_way.doing, source })
            }
            None => Ok(reply),
        }
    }

    /// How many bytes should have come, if fewer did. After REST some servers announce the whole
    /// file and some what is left of it.
    fn missing(&self) -> Option<u64> {
        let known = self.size.map(|size| size.saturating_sub(self.offset));
        let announced = self.announced().filter(|&bytes| self.offset + self.received != bytes);
        known.or(announced).filter(|&expected| self.received < expected)
    }

    /// Gives the rest up (`ABOR`); the session goes on.
    ///
    /// # Errors
    /// [`Error::Connection`] and [`Error::Lost`] when the server does not answer in time: the
    /// session is over then.
    pub fn abort(self) -> Result<(), Error> {
        self.under_way.abort()
    }
}

impl<'s> Upload<'s> {
    pub(crate) fn new(under_way: UnderWay<'s>) -> Self {
        let is_text = under_way.session.representation == Type::Ascii;
        Self { under_way, encoder: is_text.then(ToNetwork::default), sent: 0 }
    }

    /// What the server said when it began.
    #[must_use]
    pub const fn preliminary(&self) -> &Reply {
        &self.under_way.begun
    }

    /// The name that the server has chosen for `STOU`: `FILE: pppp` (RFC 1123 section 4.1.2.9).
    #[must_use]
    pub fn unique_name(&self) -> Option<&[u8]> {
        let (label, name) = self.under_way.begun.first_line().split_at_checked(5)?;
        (label.eq_ignore_ascii_case(b"FILE:")).then(|| name.trim_ascii())
    }

    /// Bytes sent so far, as they are on the wire.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends bytes, and hears the server while it does: one that has no room says so at once.
    ///
    /// # Errors
    /// [`Error::Refused`] with what the server said in the middle (552, 451, 426 ..),
    /// [`Error::Data`], [`Error::Violation`] when it claims to be done.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let encoded = self.encoder.as_mut().map(|encoder| encoder.encode(bytes));
        let bytes = encoded.as_deref().unwrap_or(bytes);
        let UnderWay { session, data, doing, .. } = &mut self.under_way;
        let ended = || Error::Input(format!("{doing}: the transfer has ended"));
        let data = data.as_mut().ok_or_else(ended)?;
        let pushed = data.push(bytes, &mut session.dialogue.wire);
        self.pushed(pushed)
    }

    /// Sends a file from its current position to its end; the kernel moves it if all is in clear
    /// and binary.
    ///
    /// # Errors
    /// As [`Upload::send`]; [`Error::Local`] when the file cannot be read: call
    /// [`Upload::abort`] then.
    pub fn send_file(&mut self, file: &File) -> Result<u64, Error> {
        if self.encoder.is_none() {
            let session = &mut *self.under_way.session;
            let Some(data) = self.under_way.data.as_mut() else {
                return self.send_from(&mut { file });
            };
            match data.push_file(file, &mut session.dialogue.wire) {
                Ok(None) => {}
                Ok(Some(pushed)) => return self.pushed(Ok(pushed)).map(|()| self.sent),
                Err(error) => return Err(self.under_way.fail(error)),
            }
        }
        self.send_from(&mut { file })
    }

    /// Sends what a source holds, to its end.
    ///
    /// # Errors
    /// As [`Upload::send_file`].
    pub fn send_from(&mut self, source: &mut dyn Read) -> Result<u64, Error> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match source.read(&mut piece) {
                Ok(0) => return Ok(self.sent),
                Ok(count) => self.send(piece.get(..count).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::Local(error)),
            }
        }
    }

    fn pushed(&mut self, pushed: Result<(u64, Pushed), wire::Error>) -> Result<(), Error> {
        match pushed {
            Ok((sent, how)) => {
                self.sent += sent;
                if how == Pushed::All { Ok(()) } else { Err(self.interrupted()) }
            }
            Err(error) => Err(self.under_way.fail(error)),
        }
    }

    /// The server spoke before the end of the file.
    fn interrupted(&mut self) -> Error {
        self.under_way.data = None;
        let doing = self.under_way.doing;
        match self.under_way.settle() {
            Ok(reply) => Error::violation(doing, format!("the end, in the middle: {reply}")),
            Err(error) => error,
        }
    }

    /// Ends the file and hears what the server says of it.
    ///
    /// # Errors
    /// [`Error::Refused`] (426, 451, 452, 552 ..), [`Error::Lost`] and [`Error::Connection`] when
    /// no reply comes: a part of the file may be there.
    pub fn finish(mut self) -> Result<Reply, Error> {
        if let Err(error) = self.under_way.data()?.half_close() {
            return Err(self.under_way.fail(error));
        }
        let reply = self.under_way.settle()?;
        // Closing with bytes unread would reset the connection, and in TLS 1.3 they are tickets for
        // the next one. What fails now changes nothing any more.
        if let Some(data) = &mut self.under_way.data {
            drop(data.answer_waiting());
        }
        Ok(reply)
    }

    /// Gives the upload up (`ABOR`); the session goes on. A part of the file may be there.
    ///
    /// # Errors
    /// As [`Download::abort`].
    pub fn abort(self) -> Result<(), Error> {
        self.under_way.abort()
    }
}
