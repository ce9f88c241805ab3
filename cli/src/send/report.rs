//! What became of messages: lines for people, JSON for programs, an exit code for both.
//! Must not hold: the sending.

use super::letter::Letter;
use crate::args::Send;
use crate::exit::{Exit, Failure};
use crate::mask::Mask;
use crate::meter::Meter;
use crate::output::Output;
use crate::smtp::json_of;
use serde_json::{Value, json};
use wireline_smtp::{Delivery, Outcome};
use wireline_wire::escape;

/// The results of a run so far.
pub(crate) struct Results<'a> {
    args: &'a Send,
    output: Output,
    mask: &'a Mask,
    meter: &'a Meter,
    /// Recipients that were accepted.
    accepted: usize,
    /// Of those that were not, each with why.
    failed: Vec<Exit>,
    /// The failure of the last message that failed as a whole.
    last: Option<Failure>,
}

impl<'a> Results<'a> {
    pub(crate) const fn new(
        args: &'a Send,
        output: Output,
        mask: &'a Mask,
        meter: &'a Meter,
    ) -> Self {
        Self { args, output, mask, meter, accepted: 0, failed: Vec::new(), last: None }
    }

    /// What became of one message.
    pub(crate) fn add(
        &mut self,
        letter: &Letter,
        sent: Result<Delivery, Failure>,
    ) -> Result<(), Failure> {
        match sent {
            Ok(delivery) => self.delivered(letter, &delivery),
            Err(failure) => self.failed(letter, failure),
        }
    }

    fn delivered(&mut self, letter: &Letter, delivery: &Delivery) -> Result<(), Failure> {
        self.accepted += delivery.accepted().count();
        self.failed.extend(delivery.refused().map(|_| Exit::Refused));
        if self.args.shared.messages.json {
            return delivery
                .recipients
                .iter()
                .try_for_each(|one| self.judged(letter, delivery, one));
        }
        for outcome in &delivery.recipients {
            let word = if outcome.is_accepted() { "accepted" } else { "refused " };
            let of = match &letter.name {
                Some(name) => format!(" of {}", escape(name.as_bytes())),
                None => String::new(),
            };
            let reply = self.masked(&outcome.reply);
            self.say(&format!("{word} {}{of}: {reply}", outcome.mailbox))?;
        }
        match &delivery.reply {
            Some(reply) => {
                let name = letter.name.as_deref().or(letter.message_id.as_deref());
                let name = escape(name.unwrap_or("message").as_bytes());
                self.say(&format!("sent     {name}: {}", self.masked(reply)))
            }
            None => Ok(()),
        }
    }

    fn judged(&self, letter: &Letter, delivery: &Delivery, one: &Outcome) -> Result<(), Failure> {
        let outcome = if one.is_accepted() { "accepted" } else { "refused" };
        let last = delivery.reply.as_ref().map(json_of).into();
        let error = (!one.is_accepted()).then(|| one.reply.to_string()).into();
        self.print(letter, one.mailbox.as_str(), outcome, [json_of(&one.reply), last, error])
    }

    fn failed(&mut self, letter: &Letter, failure: Failure) -> Result<(), Failure> {
        self.failed.extend(letter.recipients.iter().map(|_| failure.exit));
        if self.args.shared.messages.json {
            let outcome = if failure.exit == Exit::Unknown { "unknown" } else { "failed" };
            let why = Value::from(failure.to_string());
            for mailbox in &letter.recipients {
                let [reply, last] = [Value::Null, Value::Null];
                self.print(letter, mailbox.as_str(), outcome, [reply, last, why.clone()])?;
            }
        }
        let named = match &letter.name {
            Some(name) => failure.doing(format!("sending {name}")),
            None => failure,
        };
        if let Some(earlier) = self.last.replace(named) {
            self.output.fail(&earlier.masked(self.mask));
        }
        Ok(())
    }

    /// No session could be had for these messages.
    pub(crate) fn unreached(
        &mut self,
        letters: &[Letter],
        failure: Failure,
    ) -> Result<(), Failure> {
        let again = |failure: &Failure| Failure { hint: None, ..failure.again() };
        for letter in letters.iter().skip(1) {
            self.failed(letter, again(&failure))?;
            self.last = None;
        }
        letters.first().map_or(Ok(()), |letter| self.failed(letter, failure))
    }

    /// All were accepted, all failed alike, or some of both.
    pub(crate) fn verdict(self, messages: usize) -> Result<(), Failure> {
        let Some(&first) = self.failed.first() else { return Ok(()) };
        let alike = self.accepted == 0 && self.failed.iter().all(|&exit| exit == first);
        let count = self.failed.len();
        let of = self.accepted + count;
        match (alike, self.last) {
            (true, Some(last)) if messages == 1 => Err(last),
            (alike, last) => {
                let exit = if alike { first } else { Exit::Partly };
                let why = match last {
                    Some(last) => format!("{count} of {of} recipients failed; the last: {last}"),
                    None => format!("{count} of {of} recipients were refused"),
                };
                Err(Failure::new(exit, why))
            }
        }
    }

    fn masked(&self, reply: &wireline_smtp::Reply) -> String {
        self.mask.text(&reply.to_string())
    }

    /// One line of JSON for one recipient; what was told: its reply, the last one, the error.
    fn print(
        &self,
        letter: &Letter,
        recipient: &str,
        outcome: &str,
        [reply, last, error]: [Value; 3],
    ) -> Result<(), Failure> {
        let line = json!({
            "file": letter.name,
            "message_id": letter.message_id,
            "sender": letter.sender.to_string(),
            "recipient": recipient,
            "outcome": outcome,
            "reply": reply,
            "final": last,
            "bytes": letter.survey.bytes,
            "remote": self.meter.remote().map(|remote| remote.to_string()),
            "tls": self.meter.tls_version(),
            "timings": self.meter.timings(),
            "error": error,
        });
        let text = self.mask.text(&line.to_string());
        Output { quiet: false }.line(&text).map_err(|error| Failure::stdout(&error))
    }

    fn say(&self, text: &str) -> Result<(), Failure> {
        if self.output.quiet {
            return Ok(());
        }
        self.output.line(text).map_err(|error| Failure::stdout(&error))
    }
}
