//! Commands sent ahead of their replies, and the messages that come back, streamed.
//! Must not hold: which messages are wanted, or where they are kept.

use crate::{Command, Error, MessageNumber, Reply, Session};
use std::collections::VecDeque;
use std::iter::Fuse;
use wireline_wire::Sink;

/// Many commands in one go. With PIPELINING (RFC 2449 section 6.6) up to
/// [`crate::Limits::window`] of them are under way, and more are sent while messages come in;
/// without it, one. Replies come in the order of the commands, and a `-ERR` is one of them.
///
/// Dropped before its last answer, it leaves the session of no more use.
#[derive(Debug)]
pub struct Pipeline<'s, I: Iterator<Item = Command>> {
    session: &'s mut Session,
    commands: Fuse<I>,
    sent: VecDeque<Command>,
}

/// The reply to one command, with what follows it still on its way. Dropped, that is read and
/// thrown away by whatever comes next.
#[derive(Debug)]
pub struct Answer<'s> {
    session: &'s mut Session,
    command: Command,
    reply: Reply,
}

impl<'s, I: Iterator<Item = Command>> Pipeline<'s, I> {
    pub(crate) fn new(session: &'s mut Session, commands: I) -> Self {
        Self { session, commands: commands.fuse(), sent: VecDeque::new() }
    }

    /// The next answer, or `None` after the last.
    ///
    /// # Errors
    /// [`Error::Connection`] and [`Error::Violation`]; the session is of no more use then.
    pub fn answer(&mut self) -> Result<Option<Answer<'_>>, Error> {
        self.session.skip()?;
        self.refill()?;
        let Some(command) = self.sent.pop_front() else { return Ok(None) };
        let reply = self.session.reply(&command)?;
        Ok(Some(Answer { session: &mut *self.session, command, reply }))
    }

    /// Half a window at a time, so that each write carries many commands.
    fn refill(&mut self) -> Result<(), Error> {
        let window = self.session.window();
        if self.sent.len() > window / 2 {
            return Ok(());
        }
        if self.sent.is_empty() {
            self.session.in_step("the next command")?;
        }
        for command in self.commands.by_ref().take(window - self.sent.len()) {
            self.session.say(&command);
            self.sent.push_back(command);
        }
        self.session.flush()
    }
}

impl<'s> Answer<'s> {
    pub(crate) const fn new(session: &'s mut Session, command: Command, reply: Reply) -> Self {
        Self { session, command, reply }
    }

    /// The message that the command was about.
    #[must_use]
    pub const fn message(&self) -> Option<MessageNumber> {
        self.command.message()
    }

    /// The status line.
    #[must_use]
    pub const fn reply(&self) -> &Reply {
        &self.reply
    }

    /// Streams what follows a `+OK` into the sink, dots unstuffed and the line with the dot left
    /// out, byte for byte as it came otherwise. Returns the bytes; 0 when nothing follows.
    ///
    /// # Errors
    /// [`Error::Connection`] with [`wireline_wire::Error::Cut`] when the server leaves before the
    /// end: what the sink has is not the message then. [`Error::Violation`] beyond `most` bytes,
    /// [`Error::Local`]. After each of them the session is of no more use.
    pub fn copy_to(self, sink: &mut Sink<'_>, most: u64) -> Result<u64, Error> {
        self.session.copy(self.command.verb, sink, most)
    }
}
