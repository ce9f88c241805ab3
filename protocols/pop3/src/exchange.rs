//! Commands and their replies: the only code of this crate that reads and writes, and that knows
//! whether the two are in step. Must not hold: verbs.

use crate::command::Form;
use crate::reply::trim_end;
use crate::{Capabilities, Command, Error, Reply, Session};
use std::io;
use wireline_wire::{Deadline, Saying, Sink};

/// Where in the server's stream we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before a status line.
    Status,
    /// Behind the status line of a multi-line reply.
    Content,
    /// Nobody knows: reading failed.
    Lost,
}

impl Session {
    /// Says a command and reads the status line. Its `-ERR` is a reply.
    pub(crate) fn exchange(&mut self, command: &Command) -> Result<Reply, Error> {
        self.skip()?;
        self.in_step(command.verb)?;
        self.say(command);
        self.flush()?;
        self.reply(command)
    }

    /// The same, for a command that must be done.
    pub(crate) fn done(&mut self, command: &Command) -> Result<Reply, Error> {
        accepted(command.verb, self.exchange(command)?)
    }

    /// Says commands ahead of their replies if that is allowed: read each with [`Session::next`].
    pub(crate) fn ahead(&mut self, commands: &[&Command]) -> Result<(), Error> {
        if self.window() == 1 {
            return Ok(());
        }
        self.skip()?;
        self.in_step("the next command")?;
        commands.iter().for_each(|command| self.say(command));
        self.flush()
    }

    /// The reply to a command, which is said now if it was not said ahead.
    pub(crate) fn next(&mut self, command: &Command) -> Result<Reply, Error> {
        match self.awaited {
            0 => self.exchange(command),
            _ => self.reply(command),
        }
    }

    /// Commands that may be under way.
    pub(crate) fn window(&self) -> usize {
        let pipelining = self.capabilities.as_ref().is_some_and(Capabilities::has_pipelining);
        if pipelining { self.limits.window.max(1) } else { 1 }
    }

    /// Nothing may be said while replies are awaited or came before they were asked for: none
    /// could be told from another any more.
    pub(crate) fn in_step(&mut self, doing: &'static str) -> Result<(), Error> {
        if self.awaited > 0 {
            return Err(out_of_step());
        }
        if self.wire.leftover() > 0 {
            self.place = Place::Lost;
            return Err(Error::violation(doing, "the server answered before it was asked"));
        }
        Ok(())
    }

    pub(crate) fn say(&mut self, command: &Command) {
        self.awaited += 1;
        self.wire.say(&command.saying);
    }

    /// Begins AUTH, whose reply is awaited until [`Session::ended`].
    pub(crate) fn say_auth(&mut self, saying: &Saying) -> Result<(), Error> {
        self.skip()?;
        self.in_step("AUTH")?;
        self.awaited += 1;
        self.say_more(saying)
    }

    /// Says what is part of an AUTH already begun.
    pub(crate) fn say_more(&mut self, saying: &Saying) -> Result<(), Error> {
        self.wire.say(saying);
        self.flush()
    }

    pub(crate) const fn is_awaiting(&self) -> bool {
        self.awaited > 0
    }

    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        // Not the deadline of what was read last, which may be long over.
        let idle = self.wire.limits().idle;
        self.wire.set_deadline("sending a command", Deadline::within(idle));
        Ok(self.wire.flush()?)
    }

    /// One line under the deadline of a reply.
    pub(crate) fn line(&mut self, doing: &'static str) -> Result<&[u8], Error> {
        let (idle, most) = (self.wire.limits().idle, self.wire.limits().line_bytes);
        self.wire.set_deadline(doing, Deadline::within(idle));
        self.wire.line(most).map_err(|error| Error::on_the_wire(doing, error))
    }

    /// Reads a status line.
    pub(crate) fn reply(&mut self, command: &Command) -> Result<Reply, Error> {
        self.place = Place::Lost;
        let reply = Reply::parse(command.verb, self.line(command.verb)?)?;
        match reply.is_ok() && command.form == Form::MultiLine {
            true => self.place = Place::Content,
            false => self.ended(),
        }
        Ok(reply)
    }

    pub(crate) fn ended(&mut self) {
        self.awaited = self.awaited.saturating_sub(1);
        self.place = Place::Status;
    }

    /// Reads content that nobody wanted, so that a status line is next.
    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        match self.place {
            Place::Status => Ok(()),
            Place::Content => {
                let mut nowhere = io::sink();
                let nowhere = &mut Sink::writer(&mut nowhere);
                self.copy("the rest of a reply", nowhere, u64::MAX).map(drop)
            }
            Place::Lost => Err(out_of_step()),
        }
    }

    /// Copies content, if there is any.
    pub(crate) fn copy(
        &mut self,
        doing: &'static str,
        sink: &mut Sink<'_>,
        most: u64,
    ) -> Result<u64, Error> {
        if self.place != Place::Content {
            return Ok(0);
        }
        self.place = Place::Lost;
        self.wire.set_deadline(doing, Deadline::pause(self.wire.limits().idle));
        let copied = self.wire.copy_dot_block(sink, most);
        let copied = copied.map_err(|error| Error::in_the_middle(doing, error))?;
        self.ended();
        Ok(copied)
    }

    /// Reads the lines of a multi-line reply (RFC 1939 section 3), without their ends and
    /// stuffing, `most` of them. A bare LF ends them too.
    pub(crate) fn lines(
        &mut self,
        doing: &'static str,
        most: usize,
        mut each: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.place = Place::Lost;
        let limits = *self.wire.limits();
        self.wire.set_deadline(doing, Deadline::pause(limits.idle));
        for _ in 0..=most {
            let line = self.wire.line(limits.line_bytes);
            let line = trim_end(line.map_err(|error| Error::in_the_middle(doing, error))?);
            match line.strip_prefix(b".") {
                Some([]) => {
                    self.ended();
                    return Ok(());
                }
                Some(stuffed) => each(stuffed)?,
                None => each(line)?,
            }
        }
        Err(Error::violation(doing, format!("more than {most} lines")))
    }
}

/// A reply that must be `+OK`.
pub(crate) fn accepted(doing: &'static str, reply: Reply) -> Result<Reply, Error> {
    match reply.is_ok() {
        true => Ok(reply),
        false => Err(Error::refused(doing, reply)),
    }
}

fn out_of_step() -> Error {
    Error::Input("the session failed before, or was left in the middle".into())
}
