//! One message from MAIL to the reply behind its last byte, pipelined where the server allows it
//! (RFC 2920). Must not hold: how the content is sent (`message.rs`), retries.

use crate::command;
use crate::dialogue::Flight;
use crate::session::{Farewell, Transaction};
use crate::{Body, Content, Delivery, Envelope, Error, MailParameters, Outcome, Reply, Session};

impl Session {
    /// Sends one message. With PIPELINING that takes two turns: `MAIL`, every `RCPT` and `DATA` go
    /// out together, then the content. `SIZE=`, `BODY=` and `SMTPUTF8` are said where they are
    /// known, needed and offered.
    ///
    /// Recipients that are refused are part of the [`Delivery`], even when that is all of them.
    ///
    /// # Errors
    /// Nothing was sent: [`Error::Input`] (nobody to send to, larger than the server takes),
    /// [`Error::Unsupported`], [`Error::Unsafe`] (REQUIRETLS without TLS).
    /// Nothing was handed over: [`Error::Refused`] for the transaction as a whole (`MAIL`, `DATA`,
    /// the message), [`Error::Lost`], [`Error::Connection`], [`Error::Violation`],
    /// [`Error::Local`]; [`Error::Input`] and [`Error::Unsupported`] when the content turns out to
    /// hold a NUL or unexpected bytes beyond ASCII.
    /// Perhaps: [`Error::OutcomeUnknown`].
    pub fn send(
        &mut self,
        envelope: &Envelope,
        content: &mut Content<'_>,
    ) -> Result<Delivery, Error> {
        self.deliver(envelope, content, None)
    }

    /// Sends one message and, where the server pipelines, the envelope of the next in the same turn:
    /// what follows a message may leave with its end (RFC 2920 section 3.1). The next message sent
    /// has to be that one; nothing else may be said before it. Of its content only what is known of
    /// it beforehand is looked at.
    ///
    /// # Errors
    /// As [`Session::send`].
    pub fn send_before(
        &mut self,
        envelope: &Envelope,
        content: &mut Content<'_>,
        next: (&Envelope, &Content<'_>),
    ) -> Result<Delivery, Error> {
        self.deliver(envelope, content, Some(next))
    }

    /// Sends one message and says QUIT, in the same turn if the server pipelines. What becomes of
    /// QUIT changes nothing.
    ///
    /// # Errors
    /// As [`Session::send`].
    pub fn send_last(
        mut self,
        envelope: &Envelope,
        content: &mut Content<'_>,
    ) -> Result<Delivery, Error> {
        self.farewell = Farewell::Wanted;
        let delivered = self.deliver(envelope, content, None);
        match self.farewell {
            _ if self.is_over() => None,
            Farewell::Said => self.dialogue.hear("QUIT").ok(),
            _ => self.quit().ok(),
        };
        delivered
    }

    fn deliver(
        &mut self,
        envelope: &Envelope,
        content: &mut Content<'_>,
        next: Option<(&Envelope, &Content<'_>)>,
    ) -> Result<Delivery, Error> {
        let parameters = self.parameters(envelope, content)?;
        let chunked = content.is_binary || self.chunks();
        let (mut recipients, go) = match self.ahead.take() {
            Some(ahead) => self.follow(ahead, envelope, &parameters)?,
            None => self.open(envelope, &parameters, chunked)?,
        };
        if !go {
            return Ok(Delivery { recipients, reply: None });
        }
        match chunked {
            true => self.send_chunks(content)?,
            false => self.send_dot_block(content)?,
        }
        self.say_quit_behind();
        let ahead = next.filter(|_| !chunked).and_then(|next| self.say_ahead(next));
        let outcome = self.hear_outcome();
        self.hear_ahead(ahead);
        let mut replies = outcome?.into_iter();
        if !self.options.lmtp {
            return Ok(Delivery { recipients, reply: replies.next() });
        }
        let accepted = recipients.iter_mut().filter(|outcome| outcome.is_accepted());
        for (outcome, reply) in accepted.zip(replies) {
            outcome.reply = reply;
        }
        Ok(Delivery { recipients, reply: None })
    }

    /// Says the next envelope, if it may leave with the end of this message.
    fn say_ahead(&mut self, (envelope, content): (&Envelope, &Content<'_>)) -> Option<Ahead> {
        if !self.pipelines() || content.is_binary || self.chunks() {
            return None;
        }
        let parameters = self.parameters(envelope, content).ok()?;
        let mut sayings = vec![("MAIL", command::mail(&envelope.sender, &parameters))];
        for one in &envelope.recipients {
            sayings.push(("RCPT", command::rcpt(&one.mailbox, &one.parameters)));
        }
        sayings.push(("DATA", command::alone("DATA")));
        let bytes: usize = sayings.iter().map(|(_, saying)| saying.bytes().len()).sum();
        if bytes > self.options.limits.batch_bytes {
            return None;
        }
        sayings.iter().for_each(|(_, saying)| self.dialogue.wire.say(saying));
        // Should it fail to leave, the reply to this message still counts.
        self.dialogue.wire.flush().ok();
        let heard = sayings.into_iter().map(|(doing, _)| (doing, None)).collect();
        Some(Ahead { envelope: envelope.clone(), parameters, heard })
    }

    /// Hears the replies to the envelope that was said ahead.
    fn hear_ahead(&mut self, ahead: Option<Ahead>) {
        let Some(mut ahead) = ahead.filter(|_| !self.dialogue.over) else { return };
        for (doing, reply) in &mut ahead.heard {
            match self.dialogue.hear(doing) {
                Ok(heard) => *reply = Some(heard),
                // The session is over, which the next message finds out.
                Err(_) => return,
            }
        }
        // The server waits for that message now, and for nothing else.
        self.dialogue.over = true;
        self.ahead = Some(ahead);
    }

    /// The envelope was said ahead: only its replies are to be judged.
    fn follow(
        &mut self,
        ahead: Ahead,
        envelope: &Envelope,
        parameters: &MailParameters,
    ) -> Result<(Vec<Outcome>, bool), Error> {
        if ahead.envelope != *envelope || ahead.parameters != *parameters {
            return Err(Error::Input("another message was announced to the server".into()));
        }
        self.dialogue.over = false;
        self.transaction = Transaction::begun_with(parameters);
        let heard = ahead.heard.into_iter().filter_map(|(doing, reply)| Some((doing, reply?)));
        self.opened(envelope, heard.collect(), false)
    }

    pub(crate) fn pipelines(&self) -> bool {
        self.capabilities.has("PIPELINING")
    }

    fn chunks(&self) -> bool {
        self.options.chunking && self.capabilities.has("CHUNKING")
    }

    /// QUIT leaves in the turn in which the message ends. Should it fail to, the reply to the
    /// message still counts.
    fn say_quit_behind(&mut self) {
        if self.farewell == Farewell::Wanted && self.pipelines() {
            self.dialogue.wire.say(&command::alone("QUIT"));
            self.dialogue.wire.flush().ok();
            self.farewell = Farewell::Said;
        }
    }

    /// What MAIL has to say of this message, if this server can take it.
    fn parameters(
        &self,
        envelope: &Envelope,
        content: &Content<'_>,
    ) -> Result<MailParameters, Error> {
        let offered = &self.capabilities;
        if envelope.recipients.is_empty() {
            return Err(Error::Input("nobody to send to".into()));
        }
        if let (Some(size), Some(most)) = (content.size, offered.largest_message())
            && size > most.get()
        {
            let why = format!("the message has {size} bytes, the server takes {most}");
            return Err(Error::Input(why));
        }
        let mut parameters = envelope.parameters.clone();
        parameters.size = parameters.size.or(content.size).filter(|_| offered.has("SIZE"));
        parameters.body = parameters.body.or_else(|| self.body(content));
        parameters.smtputf8 |= envelope.needs_smtputf8();
        let recipients = envelope.recipients.iter();
        let missing = parameters
            .missing(offered)
            .or_else(|| recipients.flat_map(|one| one.parameters.missing(offered)).next())
            .or((content.is_binary && !offered.has("CHUNKING")).then_some("CHUNKING"));
        match missing {
            Some(feature) => Err(Error::Unsupported { feature: feature.to_owned() }),
            None if parameters.require_tls && !self.is_tls() => {
                let why = "TLS is required and does not stand".to_owned();
                Err(Error::Unsafe { doing: "MAIL", why })
            }
            None => Ok(parameters),
        }
    }

    /// Content that is not known to be ASCII is announced as 8-bit where that can be said.
    fn body(&self, content: &Content<'_>) -> Option<Body> {
        if content.is_binary {
            return Some(Body::Binary);
        }
        let is_8bit = content.is_8bit.unwrap_or_else(|| self.capabilities.has("8BITMIME"));
        is_8bit.then_some(Body::EightBit)
    }

    /// Says the envelope, and DATA unless chunks will follow. What became of each recipient, and
    /// whether the server waits for content.
    fn open(
        &mut self,
        envelope: &Envelope,
        parameters: &MailParameters,
        chunked: bool,
    ) -> Result<(Vec<Outcome>, bool), Error> {
        self.dialogue.begin_turn("MAIL")?;
        let room = if self.pipelines() { self.options.limits.batch_bytes } else { 0 };
        let was_open = self.transaction.open;
        self.transaction = Transaction::begun_with(parameters);
        let mut flight = Flight::new(&mut self.dialogue, room);
        if was_open {
            flight.say("RSET", &command::alone("RSET"))?;
        }
        flight.say("MAIL", &command::mail(&envelope.sender, parameters))?;
        for one in &envelope.recipients {
            if flight.may_succeed("MAIL") {
                flight.say("RCPT", &command::rcpt(&one.mailbox, &one.parameters))?;
            }
        }
        if !chunked && flight.may_succeed("RCPT") {
            flight.say("DATA", &command::alone("DATA"))?;
        }
        let landed = flight.land();
        let heard = flight.heard;
        match landed {
            // A server that refuses and leaves has said why.
            Err(lost) if !is_refused(&heard, envelope.recipients.len()) => return Err(lost),
            _ => {}
        }
        self.opened(envelope, heard, chunked)
    }

    /// Judges the replies to an envelope.
    fn opened(
        &mut self,
        envelope: &Envelope,
        heard: Vec<(&'static str, Reply)>,
        chunked: bool,
    ) -> Result<(Vec<Outcome>, bool), Error> {
        let (mut refused, mut data) = (None, None);
        let mut replies = Vec::with_capacity(envelope.recipients.len());
        for (doing, reply) in heard {
            match doing {
                "DATA" => data = Some(reply),
                "RCPT" => replies.push(self.answer(doing, reply)?),
                _ => {
                    let answer = self.answer(doing, reply)?;
                    if !answer.is_success() {
                        refused.get_or_insert(Error::Refused { doing, reply: answer });
                    }
                }
            }
        }
        self.transaction.recipients = replies.iter().filter(|reply| reply.is_success()).count();
        let go = refused.is_none() && self.transaction.recipients > 0;
        if !go && data.as_ref().is_some_and(Reply::starts_mail_input) {
            self.send_nothing()?;
        }
        if let Some(refused) = refused {
            self.transaction = Transaction::default();
            return Err(refused);
        }
        if let (true, false, Some(data)) = (go, chunked, data) {
            self.dialogue.expect("DATA", data, Reply::starts_mail_input)?;
        }
        let mailboxes = envelope.recipients.iter().map(|one| one.mailbox.clone());
        let outcomes = mailboxes.zip(replies).map(|(mailbox, reply)| Outcome { mailbox, reply });
        Ok((outcomes.collect(), go))
    }

    /// Yes or no, but not "go on".
    fn answer(&mut self, doing: &'static str, reply: Reply) -> Result<Reply, Error> {
        self.dialogue.expect(doing, reply, |reply| !reply.is_intermediate())
    }

    /// The server wants content though nobody is to have it: it gets an empty message, and what it
    /// says of that is of no interest (RFC 2920 section 3.1). In LMTP nobody could tell how many
    /// replies that has.
    fn send_nothing(&mut self) -> Result<(), Error> {
        if self.options.lmtp {
            self.dialogue.over = true;
            let why = "go on, though there is no recipient".to_owned();
            return Err(Error::Violation { doing: "DATA", why });
        }
        self.dialogue.wire.say(&command::alone("."));
        self.say_quit_behind();
        self.dialogue.flush("DATA")?;
        self.dialogue.hear("DATA")?;
        self.transaction = Transaction::default();
        Ok(())
    }
}

/// An envelope that was said behind the message before it, and the replies to it.
#[derive(Debug)]
pub(crate) struct Ahead {
    envelope: Envelope,
    parameters: MailParameters,
    heard: Vec<(&'static str, Option<Reply>)>,
}

/// MAIL was refused, or every recipient was.
fn is_refused(heard: &[(&'static str, Reply)], recipients: usize) -> bool {
    let is_no = |reply: &Reply| reply.is_transient() || reply.is_permanent();
    let refused =
        |verb| heard.iter().filter(|(doing, reply)| *doing == verb && is_no(reply)).count();
    refused("MAIL") > 0 || refused("RCPT") == recipients
}
