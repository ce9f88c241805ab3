//! The content on its way out: as a dot block behind DATA, or in chunks of BDAT (RFC 3030), and the
//! reply to it. Must not hold: senders and recipients (`transaction.rs`).

use crate::command;
use crate::content::fill;
use crate::dialogue::Dialogue;
use crate::{Content, Error, Reply, Session};
use wireline_wire::{Deadline, MessageChunks, MessageEncoder};

/// What is being done while the content is on its way and its reply is awaited.
pub(crate) const DOING: &str = "the message";

impl Session {
    /// `DATA`, the content and its last dot; hears the reply, in LMTP one for every recipient that
    /// was accepted, whatever they say there.
    ///
    /// # Errors
    /// [`Error::Refused`] before, in the middle of (the session is over then) and after the content;
    /// [`Error::Input`], [`Error::Local`] and [`Error::Unsupported`] when the content cannot be sent
    /// to its end, whereupon the session is over; [`Error::OutcomeUnknown`].
    pub fn data(&mut self, content: &mut Content<'_>) -> Result<Vec<Reply>, Error> {
        let reply = self.dialogue.ask("DATA", &command::alone("DATA"))?;
        self.dialogue.expect("DATA", reply, Reply::starts_mail_input)?;
        self.send_dot_block(content)?;
        self.hear_outcome()
    }

    /// One chunk (`BDAT`, RFC 3030), sent as it is: line ends are the caller's. Hears its reply;
    /// behind the last, in LMTP, one for every recipient that was accepted.
    ///
    /// # Errors
    /// As [`Session::data`]. A chunk that was refused ends the transaction: say RSET.
    pub fn bdat(&mut self, chunk: &[u8], last: bool) -> Result<Vec<Reply>, Error> {
        self.dialogue.begin_turn("BDAT")?;
        let mut train = Train::new(&mut self.dialogue, 1);
        train.send(chunk, last)?;
        if last {
            return self.hear_outcome();
        }
        train.drain()?;
        Ok(train.taken)
    }

    /// Sends the content up to its dot, the tail and the dot in one write. If the server speaks in
    /// the middle, what it says is the reply to the message.
    pub(crate) fn send_dot_block(&mut self, content: &mut Content<'_>) -> Result<(), Error> {
        let dialogue = &mut self.dialogue;
        // In the middle of a message nothing else can be said.
        dialogue.over = true;
        let idle = dialogue.wire.limits().idle;
        dialogue.wire.set_deadline(DOING, Deadline::pause(idle));
        let read_bytes = self.options.limits.chunk_bytes;
        let encoder = MessageEncoder::dot_block();
        let mut chunks = MessageChunks::new(content.source, encoder, read_bytes);
        while let Some(chunk) = chunks.next()? {
            check_8bit(chunk.bytes, self.transaction.is_8bit)?;
            let sent = dialogue.wire.send_watching(chunk.bytes);
            if sent.map_err(|error| dialogue.broken(DOING, error))? < chunk.bytes.len() {
                return Err(interrupted(dialogue));
            }
        }
        dialogue.over = false;
        Ok(())
    }

    /// Sends the content in chunks, a few of them ahead of their replies if the server pipelines.
    /// In LMTP none: after a refusal nobody could tell how many replies the last one has.
    pub(crate) fn send_chunks(&mut self, content: &mut Content<'_>) -> Result<(), Error> {
        let limits = self.options.limits;
        let ahead = match self.pipelines() && !self.options.lmtp {
            true => limits.chunks_ahead,
            false => 1,
        };
        let mut train = Train::new(&mut self.dialogue, ahead.max(1));
        let sent = match content.is_binary {
            true => train.send_binary(content, limits.chunk_bytes),
            false => train.send_lines(content, limits.chunk_bytes, self.transaction.is_8bit),
        };
        self.transaction.chunks = train.waiting;
        // A message that stopped half-way must not be completed by anything.
        let stopped = !matches!(sent, Ok(()) | Err(Error::Refused { .. }));
        self.dialogue.over |= stopped;
        sent
    }

    /// The replies to the chunks before the last, which has been sent: the first refusal among them.
    fn hear_chunks(&mut self, count: usize) -> Result<Option<Error>, Error> {
        let mut refused = None;
        for _ in 0..count {
            match self.hear_final("BDAT") {
                Err(error @ Error::Refused { .. }) if !self.dialogue.over => {
                    refused.get_or_insert(error);
                }
                heard => drop(heard?),
            }
        }
        Ok(refused)
    }

    /// The reply to the whole message; in LMTP one for every recipient (RFC 2033 section 4.2).
    /// Lost, it leaves the outcome unknown.
    pub(crate) fn hear_outcome(&mut self) -> Result<Vec<Reply>, Error> {
        let expected = if self.options.lmtp { self.transaction.recipients } else { 1 };
        let chunks = std::mem::take(&mut self.transaction).chunks;
        let refused = self.hear_chunks(chunks)?;
        let mut replies = Vec::with_capacity(expected);
        while replies.len() < expected {
            match self.hear_final(DOING) {
                // The server leaves: it will say the same of all that are left.
                Err(Error::Refused { reply, .. }) if self.options.lmtp => {
                    replies.resize(expected, reply);
                }
                Err(Error::Refused { .. }) if refused.is_some() => break,
                heard => replies.push(heard?),
            }
        }
        self.transaction.open = refused.is_some();
        refused.map_or(Ok(replies), Err)
    }

    fn hear_final(&mut self, doing: &'static str) -> Result<Reply, Error> {
        let limit = self.options.limits.final_reply;
        let heard = self.dialogue.hear_within(doing, limit).and_then(|reply| {
            let is_one_of_many = self.options.lmtp && !reply.is_intermediate();
            self.dialogue.expect(doing, reply, |reply| reply.is_success() || is_one_of_many)
        });
        heard.map_err(|error| match error {
            Error::Refused { .. } => error,
            lost => Error::OutcomeUnknown { source: Box::new(lost) },
        })
    }
}

/// Bytes beyond ASCII need a server that was told of them.
fn check_8bit(bytes: &[u8], is_8bit: bool) -> Result<(), Error> {
    match is_8bit || bytes.is_ascii() {
        true => Ok(()),
        false => Err(Error::Unsupported {
            feature: "8BITMIME, and the message has bytes beyond ASCII".into(),
        }),
    }
}

/// The server spoke before the message was over. It waits for the rest of it, so the session is.
fn interrupted(dialogue: &mut Dialogue) -> Error {
    let heard = dialogue.hear(DOING);
    let error = heard.map_or_else(|error| error, |reply| dialogue.refusal(DOING, reply));
    dialogue.over = true;
    error
}

/// Chunks under way, and the replies to them.
struct Train<'a> {
    dialogue: &'a mut Dialogue,
    /// How many may be under way.
    ahead: usize,
    waiting: usize,
    taken: Vec<Reply>,
    refused: Option<Error>,
}

impl<'a> Train<'a> {
    const fn new(dialogue: &'a mut Dialogue, ahead: usize) -> Self {
        Self { dialogue, ahead, waiting: 0, taken: Vec::new(), refused: None }
    }

    /// Lines with CRLF, from whatever the source holds.
    fn send_lines(
        &mut self,
        content: &mut Content<'_>,
        chunk_bytes: usize,
        is_8bit: bool,
    ) -> Result<(), Error> {
        let encoder = MessageEncoder::lines();
        let mut chunks = MessageChunks::new(content.source, encoder, chunk_bytes);
        while let Some(chunk) = chunks.next()? {
            check_8bit(chunk.bytes, is_8bit)?;
            self.send(chunk.bytes, chunk.last)?;
        }
        Ok(())
    }

    /// Every byte as it is; the last chunk is an empty one, as in RFC 3030 section 4.2.
    fn send_binary(&mut self, content: &mut Content<'_>, chunk_bytes: usize) -> Result<(), Error> {
        let mut buffer = vec![0; chunk_bytes.max(1)];
        loop {
            let filled = fill(content.source, &mut buffer)?;
            let chunk = buffer.get(..filled).unwrap_or_default();
            self.send(chunk, chunk.is_empty())?;
            if chunk.is_empty() {
                return Ok(());
            }
        }
    }

    /// Sends one chunk when there is room for it. After a refusal none may follow (RFC 3030
    /// section 2).
    fn send(&mut self, chunk: &[u8], last: bool) -> Result<(), Error> {
        while self.waiting >= self.ahead {
            self.hear_one()?;
        }
        if self.refused.is_some() {
            return self.drain();
        }
        let idle = self.dialogue.wire.limits().idle;
        self.dialogue.wire.set_deadline("BDAT", Deadline::pause(idle));
        self.dialogue.wire.say(&command::bdat(chunk.len(), last));
        self.send_watching(chunk)?;
        self.waiting += usize::from(!last || self.refused.is_some());
        // One before it was refused while the last left: the reply to the last says nothing new.
        if last && self.refused.is_some() { self.drain() } else { Ok(()) }
    }

    fn send_watching(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let mut rest = chunk;
        loop {
            let sent = self.dialogue.wire.send_watching(rest);
            let sent = sent.map_err(|error| self.dialogue.broken("BDAT", error))?;
            rest = rest.get(sent..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            if self.waiting == 0 {
                return Err(interrupted(self.dialogue));
            }
            self.hear_one()?;
        }
    }

    fn hear_one(&mut self) -> Result<(), Error> {
        self.waiting -= 1;
        let reply = self.dialogue.hear("BDAT")?;
        match self.dialogue.expect("BDAT", reply, Reply::is_success) {
            Ok(reply) => self.taken.push(reply),
            Err(refused) => drop(self.refused.get_or_insert(refused)),
        }
        Ok(())
    }

    /// Hears every reply that is awaited; the first refusal among all.
    fn drain(&mut self) -> Result<(), Error> {
        while self.waiting > 0 {
            self.hear_one()?;
        }
        self.refused.take().map_or(Ok(()), Err)
    }
}
