//! The hearing half of a session: receiving without and with waiting, reading, expecting.
//! Must not hold: what is answered (`nvt.rs`), or how alternatives are searched (`expect.rs`).

use crate::expect::Search;
use crate::{Alternative, Error, Match, Notice, Session};
use std::time::Duration;
use wireline_wire as wire;
use wireline_wire::{Deadline, Saying, Sink};

/// How long [`Session::receive`] may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Not at all.
    Never,
    /// So long, for the first byte.
    AtMost(Duration),
}

/// What [`Session::receive`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Something came: text, a notice, or an answer of ours. There may be more.
    Something,
    /// Nothing came in time.
    Nothing,
    /// The text is full and has to be taken first.
    Full,
    /// The peer has closed the connection, and everything was heard.
    Ended,
}

impl Session {
    /// Hears what has come and answers requests. Text is then in [`Session::text`], other things
    /// in [`Session::take_notice`]. It stops behind [`Notice::Switched`] and
    /// [`Notice::LineMode`], so that the text of one call came before the change: whoever acts on
    /// that first and then calls again keeps the peer's order.
    ///
    /// # Errors
    /// [`Error::Connection`]; a connection that ends within a command is cut.
    pub fn receive(&mut self, wait: Wait) -> Result<Received, Error> {
        let idle = self.wire.limits().idle;
        let (limit, waits) = match wait {
            Wait::Never => (idle, false),
            Wait::AtMost(limit) => (limit.max(LEAST), true),
        };
        self.wire.set_deadline(HEARING, Deadline::within(limit));
        match self.hear_to_change(waits) {
            Err(Error::Connection(wire::Error::TimedOut { phase: HEARING, .. })) => {
                Ok(Received::Nothing)
            }
            result => result,
        }
    }

    /// Text that has come and was not taken.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.text.as_slice()
    }

    /// Takes the text that has come.
    pub fn take_text(&mut self) -> Vec<u8> {
        self.text.take()
    }

    /// The oldest notice that was not taken.
    pub fn take_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Whether the peer has closed the connection. Text may be left.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes all text that is there, without waiting; at most [`crate::Limits::text_bytes`].
    ///
    /// # Errors
    /// As [`Session::receive`].
    pub fn read_available(&mut self) -> Result<Vec<u8>, Error> {
        while self.receive(Wait::Never)? == Received::Something {}
        Ok(self.take_text())
    }

    /// Takes text as soon as there is any. It is empty when the peer has closed the connection.
    ///
    /// # Errors
    /// [`Error::TimedOut`], and as [`Session::receive`].
    pub fn read_some(&mut self, limit: Duration) -> Result<Vec<u8>, Error> {
        const DOING: &str = "reading";
        self.wire.set_deadline(HEARING, Deadline::within(limit.max(LEAST)));
        while self.text().is_empty() {
            match self.hear(true) {
                Ok(Received::Ended) => break,
                Ok(_) => {}
                Err(error) => return Err(self.or_timed_out(DOING, error)),
            }
        }
        Ok(self.take_text())
    }

    /// Takes text up to a literal, and the literal.
    ///
    /// # Errors
    /// As [`Session::expect`].
    pub fn read_until(
        &mut self,
        literal: impl AsRef<[u8]>,
        limit: Duration,
    ) -> Result<Vec<u8>, Error> {
        let found = self.expect(&[Alternative::literal(literal)?], limit)?;
        Ok([found.before, found.text].concat())
    }

    /// Takes all text until the peer closes the connection, and says how many bytes that were. A
    /// pause may last as long as the idle time.
    ///
    /// # Errors
    /// [`Error::Violation`] when more than `most` bytes come, [`Error::Local`] when the sink takes
    /// no more, and as [`Session::receive`].
    pub fn read_all(&mut self, sink: &mut Sink<'_>, most: u64) -> Result<u64, Error> {
        self.wire.set_deadline(HEARING, Deadline::pause(self.wire.limits().idle));
        let mut got = 0;
        loop {
            got += self.text().len() as u64;
            if got > most {
                let why = format!("the text is longer than {most} bytes");
                return Err(Error::Violation { doing: "reading", why });
            }
            sink.take(self.text.as_slice())?;
            self.text.consume(self.text.as_slice().len());
            if self.hear(false)? == Received::Nothing {
                sink.flush()?;
                self.hear(true)?;
            }
            if self.ended && self.text().is_empty() && self.heard == self.raw.len() {
                sink.flush()?;
                return Ok(got);
            }
        }
    }

    /// Waits for the first of the alternatives. What begins earliest in the text that has come
    /// wins, of two at one place the one that was given first; the text up to its end is taken.
    /// Whatever comes, `limit` does not grow. When no alternative is in a full text
    /// ([`crate::Limits::text_bytes`]) its older half is forgotten.
    ///
    /// # Errors
    /// [`Error::TimedOut`] and [`Error::Ended`], unless they are among the alternatives: then the
    /// text stays, or is in the [`Match`]. As [`Session::receive`].
    pub fn expect(
        &mut self,
        alternatives: &[Alternative],
        limit: Duration,
    ) -> Result<Match, Error> {
        let mut search = Search::new(alternatives);
        self.wire.set_deadline(HEARING, Deadline::within(limit.max(LEAST)));
        loop {
            let received = match self.hear_all_at_hand() {
                Ok(received) => received,
                Err(error) => return self.or_branch(&search, error),
            };
            if let Some((found, length)) = search.find(self.text.as_slice()) {
                self.text.consume(length);
                return Ok(found);
            }
            match received {
                Received::Full => self.text.forget_older_half(),
                Received::Ended => return self.at_the_end(&search),
                Received::Something | Received::Nothing => {
                    if let Err(error) = self.hear(true) {
                        return self.or_branch(&search, error);
                    }
                }
            }
        }
    }

    /// So a pattern sees no less than there is.
    fn hear_all_at_hand(&mut self) -> Result<Received, Error> {
        loop {
            match self.hear(false)? {
                Received::Something => {}
                other => return Ok(other),
            }
        }
    }

    fn at_the_end(&mut self, search: &Search<'_>) -> Result<Match, Error> {
        match search.ended() {
            Some(alternative) => {
                let before = self.take_text();
                Ok(Match { alternative, before, ..Match::default() })
            }
            None => Err(Error::Ended { doing: EXPECT, tail: self.text.tail() }),
        }
    }

    fn or_branch(&mut self, search: &Search<'_>, error: Error) -> Result<Match, Error> {
        match (self.or_timed_out(EXPECT, error), search.timed_out()) {
            (Error::TimedOut { .. }, Some(alternative)) => {
                let before = self.text().to_vec();
                Ok(Match { alternative, before, ..Match::default() })
            }
            (error, _) => Err(error),
        }
    }

    /// A deadline of ours, told with what had come.
    fn or_timed_out(&self, doing: &'static str, error: Error) -> Error {
        match error {
            Error::Connection(wire::Error::TimedOut { phase: HEARING, after }) => {
                Error::TimedOut { doing, after, tail: self.text.tail() }
            }
            other => other,
        }
    }

    /// Hears all that came at once, under the deadline that is set.
    fn hear(&mut self, waits: bool) -> Result<Received, Error> {
        let received = self.hear_to_change(waits)?;
        while self.heard < self.raw.len() && self.text.room() > 0 {
            self.hear_to_change(false)?;
        }
        Ok(received)
    }

    fn hear_to_change(&mut self, waits: bool) -> Result<Received, Error> {
        if self.text.room() == 0 {
            return Ok(Received::Full);
        }
        if self.heard == self.raw.len() && !self.fill(waits)? {
            return Ok(if self.ended { Received::Ended } else { Received::Nothing });
        }
        while self.heard < self.raw.len() && self.text.room() > 0 {
            let Some(notice) = self.hear_one() else {
                self.answer()?;
                continue;
            };
            let changes = matches!(notice, Notice::Switched { .. } | Notice::LineMode(_));
            self.keep(notice);
            if changes {
                break;
            }
        }
        // What came at once is answered at once.
        if self.heard == self.raw.len() || self.text.room() == 0 {
            self.answer()?;
        }
        Ok(Received::Something)
    }

    fn keep(&mut self, notice: Notice) {
        self.notices.push_back(notice);
        let over = self.notices.len().saturating_sub(self.limits.notices);
        self.notices.drain(..over);
    }

    /// Up to the next notice, or all that has come and fits.
    fn hear_one(&mut self) -> Option<Notice> {
        let room = self.text.room();
        let rest = self.raw.get(self.heard..).unwrap_or_default();
        let mut input = rest.get(..room).unwrap_or(rest);
        let before = input.len();
        let notice = self.nvt.hear(&mut input, self.text.as_vec());
        self.heard += before - input.len();
        notice
    }

    /// The next notice, however long it takes under the deadline that is set; text is dropped.
    /// `None` at the end.
    pub(crate) fn next_notice(&mut self) -> Result<Option<Notice>, Error> {
        loop {
            self.text.consume(self.text.as_slice().len());
            if self.heard == self.raw.len() && !self.fill(true)? {
                return Ok(None);
            }
            let notice = self.hear_one();
            self.answer()?;
            if notice.is_some() {
                return Ok(notice);
            }
        }
    }

    /// Takes from the wire all that it has, and waits for something if it may. `false` when there
    /// is nothing, or never will be.
    fn fill(&mut self, waits: bool) -> Result<bool, Error> {
        self.heard = 0;
        self.raw.clear();
        if self.ended || (!waits && !self.wire.answer_waiting()?) {
            return Ok(false);
        }
        // A line of no length is too long whatever it is: so the wire waits and gives nothing away.
        match self.wire.line(0) {
            Ok(_) | Err(wire::Error::TooLong { .. }) => {}
            Err(wire::Error::Closed) => return self.end(),
            Err(error) => return Err(error.into()),
        }
        let count = self.wire.leftover() as u64;
        let mut sink = Sink::writer(&mut self.raw);
        self.wire.copy_exact(&mut sink, count)?;
        // A sink gathers while the wire has more: in TLS this may be one record of several.
        sink.flush()?;
        Ok(true)
    }

    fn end(&mut self) -> Result<bool, Error> {
        self.ended = true;
        self.nvt.end(self.text.as_vec());
        match self.nvt.is_whole() {
            true => Ok(false),
            false => Err(Error::Connection(wire::Error::Cut { got: 0, expected: None })),
        }
    }

    /// Sends the answers to what was heard, behind text that is still to be sent. That the peer
    /// has gone is told by the next read, after what it said last.
    pub(crate) fn answer(&mut self) -> Result<(), Error> {
        const WAITING_BYTES: usize = 64 * 1024;
        let answers = self.nvt.take_answers();
        if answers.is_empty() {
            return Ok(());
        }
        if !self.unsent.is_empty() && self.unsent.len() < WAITING_BYTES {
            self.unsent.extend(answers);
            return Ok(());
        }
        let mut bytes = std::mem::take(&mut self.unsent);
        bytes.extend(answers);
        self.wire.say(&Saying::new().text(bytes));
        match self.wire.flush() {
            Err(wire::Error::Io(_)) => Ok(()),
            result => Ok(result?),
        }
    }
}

const EXPECT: &str = "expect";
/// Names the deadlines that a script sets.
const HEARING: &str = "the peer";
/// A deadline that has passed already would not even let in what is there.
const LEAST: Duration = Duration::from_millis(1);
