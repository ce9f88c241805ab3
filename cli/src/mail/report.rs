//! What became of the messages of a mailbox: lines for people, JSON for programs, an exit code.
//! Must not hold: the collecting.

use super::{Letter, shown};
use crate::args::Mail;
use crate::exit::{Exit, Failure};
use crate::meter::Meter;
use crate::output::Output;
use serde_json::{Value, json};
use wireline_pop3::{MessageNumber, Reply};
use wireline_store::Outcome;
use wireline_wire::escape;

/// What became of a message that was not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// An earlier run took it.
    Known,
    /// A limit of this run leaves it for the next.
    Left,
}

/// The results of a run so far.
pub(crate) struct Report<'a> {
    args: &'a Mail,
    output: Output,
    meter: &'a Meter,
    new: usize,
    bytes: u64,
    known: usize,
    left: usize,
    skipped: usize,
    failed: usize,
}

impl<'a> Report<'a> {
    pub(crate) const fn new(args: &'a Mail, output: Output, meter: &'a Meter) -> Self {
        let (new, known, left, skipped, failed) = (0, 0, 0, 0, 0);
        Self { args, output, meter, new, bytes: 0, known, left, skipped, failed }
    }

    pub(crate) fn note(&self, text: &str) {
        self.output.note(text);
    }

    pub(crate) const fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Known => self.known += 1,
            Fate::Left => self.left += 1,
        }
    }

    /// Larger than `--max-size`.
    pub(crate) fn skipped(&mut self, letter: &Letter<'_>) {
        self.skipped += 1;
        let number = letter.number;
        self.output.note(&format!("message {number} has {} bytes and stays there", letter.size));
    }

    /// `-ERR`: this one does not come, the others do.
    pub(crate) fn refused(&mut self, letter: &Letter<'_>, reply: &Reply) {
        self.failed += 1;
        let why = reply.to_string();
        if self.args.shared.messages.json {
            self.json(letter, 0, "failed", why.clone().into()).ok();
        }
        let why = format!("fetching message {}: {why}", letter.number);
        self.output.fail(&Failure::new(Exit::Refused, why));
    }

    pub(crate) fn undeleted(&mut self, number: MessageNumber, reply: &Reply) {
        self.failed += 1;
        let why = format!("deleting message {number}: {reply}");
        self.output.fail(&Failure::new(Exit::Refused, why));
    }

    /// It came, and is stored with the next commit.
    pub(crate) fn taken(
        &mut self,
        letter: &Letter<'_>,
        bytes: u64,
        outcome: Outcome,
    ) -> Result<(), Failure> {
        match outcome {
            Outcome::New => {
                self.new += 1;
                self.bytes += bytes;
            }
            Outcome::Known => self.known += 1,
        }
        if !self.args.shared.messages.json || self.args.into.as_deref() == Some("-") {
            return Ok(());
        }
        let word = if outcome == Outcome::New { "stored" } else { "known" };
        self.json(letter, bytes, word, Value::Null)
    }

    fn json(
        &self,
        letter: &Letter<'_>,
        bytes: u64,
        outcome: &str,
        error: Value,
    ) -> Result<(), Failure> {
        let line = json!({
            "number": letter.number.get(),
            "uid": escape(letter.uid()),
            "size": letter.size,
            "bytes": bytes,
            "outcome": outcome,
            "remote": self.meter.remote().map(|remote| remote.to_string()),
            "tls": self.meter.tls_version(),
            "error": error,
        });
        self.output.line(&line.to_string()).map_err(|error| Failure::stdout(&error))
    }

    /// The last word.
    pub(crate) fn finish(self, deleted: usize) -> Result<(), Failure> {
        let mut text = format!(
            "{} new, {} bytes, into {}; {} known",
            self.new,
            self.bytes,
            shown(self.args.into.as_deref()),
            self.known
        );
        for (count, what) in [
            (self.left, "left for the next run"),
            (self.skipped, "too large"),
            (deleted, "deleted on the server"),
        ] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        self.tell(&text)?;
        match self.failed {
            0 => Ok(()),
            failed if self.new == 0 => {
                Err(Failure::new(Exit::Refused, format!("{failed} messages failed")))
            }
            failed => {
                let all = failed + self.new;
                Err(Failure::new(Exit::Partly, format!("{failed} of {all} messages failed")))
            }
        }
    }

    /// Standard output has the messages, or the JSON, or else this.
    fn tell(&self, text: &str) -> Result<(), Failure> {
        let taken = self.args.into.as_deref() == Some("-") || self.args.shared.messages.json;
        match (self.output.quiet, taken) {
            (true, _) | (false, true) => Ok(()),
            (false, false) => self.output.line(text).map_err(|error| Failure::stdout(&error)),
        }
    }
}
