//! One turn on the control connection: something said, its reply heard. The one place that reads
//! replies. Must not hold: verbs, data connections, or what replies mean.

use crate::reply::ReplyReader;
use crate::{Error, Limits, Reply};
use std::time::Duration;
use wireline_wire as wire;
use wireline_wire::{Deadline, Saying, Wire};

/// A control connection, and whether both sides are still in step on it.
#[derive(Debug)]
pub(crate) struct Dialogue {
    pub(crate) wire: Wire,
    pub(crate) limits: Limits,
    /// Nothing may be said any more: the connection broke, the server is about to close it, or a
    /// transfer was left in the middle.
    pub(crate) over: bool,
    ahead: Ahead,
}

/// A command that was said before its turn.
#[derive(Debug, Default)]
enum Ahead {
    #[default]
    Nothing,
    /// Its reply comes behind that of the command before it.
    Said,
    Answered(Reply),
}

impl Dialogue {
    pub(crate) const fn new(wire: Wire, limits: Limits) -> Self {
        Self { wire, limits, over: false, ahead: Ahead::Nothing }
    }

    /// Says one thing and hears its reply, a preliminary one too.
    pub(crate) fn begin(&mut self, doing: &'static str, saying: &Saying) -> Result<Reply, Error> {
        self.begin_turn(doing)?;
        self.wire.say(saying);
        self.flush(doing)?;
        self.hear(doing)
    }

    /// The same, and says the next thing with it, whose reply [`Dialogue::take_ahead`] hands out.
    pub(crate) fn begin_ahead(
        &mut self,
        doing: &'static str,
        saying: &Saying,
        next: &Saying,
    ) -> Result<Reply, Error> {
        self.begin_turn(doing)?;
        self.wire.say(saying);
        self.wire.say(next);
        self.ahead = Ahead::Said;
        self.flush(doing)?;
        self.hear(doing)
    }

    /// The reply to what was said ahead, if something was.
    pub(crate) fn take_ahead(&mut self) -> Result<Option<Reply>, Error> {
        self.hear_ahead()?;
        match std::mem::take(&mut self.ahead) {
            Ahead::Answered(reply) => Ok(Some(reply)),
            _ => Ok(None),
        }
    }

    /// What was said ahead is answered before anything that is said now.
    pub(crate) fn hear_ahead(&mut self) -> Result<(), Error> {
        if matches!(self.ahead, Ahead::Said) {
            self.ahead = Ahead::Nothing;
            self.ahead = Ahead::Answered(self.hear("a command said ahead")?);
        }
        Ok(())
    }

    /// Says one thing and hears its last reply.
    pub(crate) fn ask(&mut self, doing: &'static str, saying: &Saying) -> Result<Reply, Error> {
        let first = self.begin(doing, saying)?;
        self.last(doing, first)
    }

    /// As [`Dialogue::ask`], where the server has a whole file to read first.
    pub(crate) fn ask_patiently(
        &mut self,
        doing: &'static str,
        saying: &Saying,
    ) -> Result<Reply, Error> {
        self.begin_turn(doing)?;
        self.wire.say(saying);
        self.flush(doing)?;
        let first = self.hear_within(doing, self.limits.final_reply)?;
        self.last(doing, first)
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

    /// Says several things and hears the last reply of each: all at once if `ahead`.
    pub(crate) fn ask_all(
        &mut self,
        turns: &[(&'static str, Saying)],
        ahead: bool,
    ) -> Result<Vec<Reply>, Error> {
        if !ahead {
            return turns.iter().map(|(doing, saying)| self.ask(doing, saying)).collect();
        }
        let Some((first, _)) = turns.first() else { return Ok(Vec::new()) };
        self.begin_turn(first)?;
        turns.iter().for_each(|(_, saying)| self.wire.say(saying));
        self.flush(first)?;
        let mut replies = Vec::with_capacity(turns.len());
        for (doing, _) in turns {
            let reply = self.hear(doing)?;
            replies.push(self.last(doing, reply)?);
        }
        Ok(replies)
    }

    /// The reply that ends a command: preliminary ones say only that it takes time.
    pub(crate) fn last(&mut self, doing: &'static str, first: Reply) -> Result<Reply, Error> {
        let mut reply = first;
        for _ in 0..self.limits.preliminaries {
            if !reply.is_preliminary() {
                return Ok(reply);
            }
            reply = self.hear_within(doing, self.limits.final_reply)?;
        }
        self.over = true;
        Err(Error::violation(doing, "preliminary replies without an end"))
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
        Error::violation(doing, format!("an answer out of place: {reply}"))
    }

    /// Before we speak nothing may be waiting: a reply that came before its command is forged,
    /// and would be taken for the reply to the next. A server that says goodbye (421) may.
    pub(crate) fn begin_turn(&mut self, doing: &'static str) -> Result<(), Error> {
        if self.over {
            return Err(Error::Input(format!("{doing}: the session is over")));
        }
        self.hear_ahead()?;
        match self.wire.answer_waiting() {
            Ok(false) => return Ok(()),
            Ok(true) | Err(wire::Error::Io(_)) => {}
            Err(error) => return Err(self.broken(doing, error)),
        }
        let reply = self.hear(doing)?;
        self.over = true;
        Err(Error::violation(doing, format!("an answer that was not asked for: {reply}")))
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
        let most = self.wire.limits().reply_lines;
        self.hear_lines(doing, limit, most)
    }

    /// The next reply, of `most` lines.
    pub(crate) fn hear_lines(
        &mut self,
        doing: &'static str,
        limit: Duration,
        most: usize,
    ) -> Result<Reply, Error> {
        self.wire.set_deadline(doing, Deadline::within(limit));
        let heard = self.assemble(doing, most);
        self.over |= heard.as_ref().map_or(true, Reply::closes);
        match heard {
            Ok(reply) if reply.closes() => Err(Error::Refused { doing, reply }),
            heard => heard,
        }
    }

    fn assemble(&mut self, doing: &'static str, most: usize) -> Result<Reply, Error> {
        let line_bytes = self.wire.limits().line_bytes;
        let mut reader = ReplyReader::default();
        loop {
            let line = self.wire.line(line_bytes);
            let line = line.map_err(|error| Error::while_doing(doing, error))?;
            let fed = reader.feed(line, most);
            if let Some(reply) = fed.map_err(|why| Error::violation(doing, why))? {
                return Ok(reply);
            }
        }
    }

    /// Names a failure of the connection, which is the end of it.
    fn broken(&mut self, doing: &'static str, error: wire::Error) -> Error {
        self.over = true;
        Error::while_doing(doing, error)
    }
}
