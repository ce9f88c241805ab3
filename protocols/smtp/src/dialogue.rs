//! One turn of the dialogue: something said, its reply heard; or a batch said and its replies heard in
//! order. The one place that reads replies. Must not hold: verbs, or what replies mean to them.

use crate::reply::ReplyReader;
use crate::{Error, Reply};
use std::time::Duration;
use wireline_wire as wire;
use wireline_wire::{Deadline, Saying, Wire};

/// A connection, and whether both sides are still in step on it.
#[derive(Debug)]
pub(crate) struct Dialogue {
    pub(crate) wire: Wire,
    /// Nothing may be said any more: the connection broke, the server is about to close it, or we
    /// stopped in the middle of a message.
    pub(crate) over: bool,
}

impl Dialogue {
    pub(crate) const fn new(wire: Wire) -> Self {
        Self { wire, over: false }
    }

    /// Says one thing and hears its reply.
    pub(crate) fn ask(&mut self, doing: &'static str, saying: &Saying) -> Result<Reply, Error> {
        self.begin_turn(doing)?;
        self.wire.say(saying);
        self.flush(doing)?;
        self.hear(doing)
    }

    /// As [`Dialogue::ask`], where only 2yz will do.
    pub(crate) fn complete(
        &mut self,
        doing: &'static str,
        saying: &Saying,
    ) -> Result<Reply, Error> {
        let reply = self.ask(doing, saying)?;
        self.expect(doing, reply, Reply::is_success)
    }

    /// Passes a reply of the wanted class. A refusal leaves both sides in step, anything else does
    /// not.
    pub(crate) fn expect(
        &mut self,
        doing: &'static str,
        reply: Reply,
        wanted: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, Error> {
        if wanted(&reply) { Ok(reply) } else { Err(self.refusal(doing, reply)) }
    }

    /// A reply that was not wanted.
    pub(crate) fn refusal(&mut self, doing: &'static str, reply: Reply) -> Error {
        if reply.is_transient() || reply.is_permanent() {
            return Error::Refused { doing, reply };
        }
        self.over = true;
        Error::Violation { doing, why: format!("an answer out of place: {reply}") }
    }

    /// Before we speak nothing may be waiting: a reply that came before its command is forged,
    /// and would be taken for the reply to the next. A server that says goodbye (421) may.
    pub(crate) fn begin_turn(&mut self, doing: &'static str) -> Result<(), Error> {
        if self.over {
            return Err(Error::Input(format!("{doing}: the session is over")));
        }
        match self.wire.answer_waiting() {
            Ok(false) => return Ok(()),
            Ok(true) | Err(wire::Error::Io(_)) => {}
            Err(error) => return Err(self.broken(doing, error)),
        }
        let reply = self.hear(doing)?;
        self.over = true;
        Err(Error::Violation { doing, why: format!("an answer that was not asked for: {reply}") })
    }

    /// Sends what was said. When that fails the server may have told why: reading shows it.
    pub(crate) fn flush(&mut self, doing: &'static str) -> Result<(), Error> {
        self.wire.set_deadline(doing, Deadline::within(self.wire.limits().idle));
        match self.wire.flush() {
            Ok(()) | Err(wire::Error::Io(_)) => Ok(()),
            Err(error) => Err(self.broken(doing, error)),
        }
    }

    /// The next reply, within the idle time.
    pub(crate) fn hear(&mut self, doing: &'static str) -> Result<Reply, Error> {
        self.hear_within(doing, self.wire.limits().idle)
    }

    /// The next reply. 421 is a refusal whatever was asked, and the end.
    pub(crate) fn hear_within(
        &mut self,
        doing: &'static str,
        limit: Duration,
    ) -> Result<Reply, Error> {
        self.wire.set_deadline(doing, Deadline::within(limit));
        let heard = self.assemble(doing);
        self.over |= heard.as_ref().map_or(true, Reply::closes);
        match heard {
            Ok(reply) if reply.closes() => Err(Error::Refused { doing, reply }),
            heard => heard,
        }
    }

    fn assemble(&mut self, doing: &'static str) -> Result<Reply, Error> {
        let limits = *self.wire.limits();
        let mut reader = ReplyReader::default();
        loop {
            let line = self.wire.line(limits.line_bytes);
            let line = line.map_err(|error| Error::while_doing(doing, error))?;
            let fed = reader.feed(line, limits.reply_lines);
            if let Some(reply) = fed.map_err(|why| Error::Violation { doing, why })? {
                return Ok(reply);
            }
        }
    }

    /// Names a failure of the connection, which is the end of it.
    pub(crate) fn broken(&mut self, doing: &'static str, error: wire::Error) -> Error {
        self.over = true;
        Error::while_doing(doing, error)
    }
}

/// Commands that go out together, as far as the server and the socket's buffers allow, and their
/// replies in order (RFC 2920 section 3.1).
#[derive(Debug)]
pub(crate) struct Flight<'a> {
    dialogue: &'a mut Dialogue,
    /// Bytes that may be under way; 0 makes every command wait for its reply.
    room: usize,
    bytes: usize,
    waiting: Vec<&'static str>,
    /// What was heard so far, each with what it answers.
    pub(crate) heard: Vec<(&'static str, Reply)>,
}

impl<'a> Flight<'a> {
    pub(crate) const fn new(dialogue: &'a mut Dialogue, room: usize) -> Self {
        Self { dialogue, room, bytes: 0, waiting: Vec::new(), heard: Vec::new() }
    }

    /// Says one more thing; when that fills the room, waits for all replies.
    pub(crate) fn say(&mut self, doing: &'static str, saying: &Saying) -> Result<(), Error> {
        self.dialogue.wire.say(saying);
        self.waiting.push(doing);
        self.bytes += saying.bytes().len();
        if self.bytes >= self.room { self.land() } else { Ok(()) }
    }

    /// Hears every reply that is still to come.
    pub(crate) fn land(&mut self) -> Result<(), Error> {
        if let Some(first) = self.waiting.first() {
            self.dialogue.flush(first)?;
        }
        for doing in self.waiting.drain(..) {
            self.heard.push((doing, self.dialogue.hear(doing)?));
        }
        self.bytes = 0;
        Ok(())
    }

    /// Whether one of these has been accepted, or may still be.
    pub(crate) fn may_succeed(&self, doing: &'static str) -> bool {
        let accepted = |(what, reply): &(&str, Reply)| *what == doing && reply.is_success();
        !self.waiting.is_empty() || self.heard.iter().any(accepted)
    }
}
