//! The dialogue: one short method a verb, from the greeting to QUIT. Logins are in `login.rs`, how
//! commands and replies keep in step in `exchange.rs`.
//! Must not hold: grammar, files, retries, or which messages are wanted.

use crate::exchange::{Place, accepted};
use crate::listing::{scan_listing, unique_id};
use crate::{
    Answer, Capabilities, Command, Error, Limits, Listing, MessageNumber, Pipeline, Reply, Stat,
    UniqueId,
};
use std::iter::Map;
use wireline_wire::{Deadline, Peer, Sink, Wire};

/// A POP3 session. Whatever fails with [`Error::Connection`], [`Error::Violation`] or
/// [`Error::Local`] ends it: drop it then. Without [`Session::quit`] nothing is deleted.
#[derive(Debug)]
pub struct Session {
    pub(crate) wire: Wire,
    pub(crate) limits: Limits,
    pub(crate) greeting: Reply,
    pub(crate) capabilities: Option<Capabilities>,
    pub(crate) clear_login: bool,
    /// Commands whose replies have not been read to their end.
    pub(crate) awaited: usize,
    pub(crate) place: Place,
}

/// A command for each message.
pub type Commands<I> = Map<I, fn(MessageNumber) -> Command>;

/// What came of QUIT. Only now does the server delete (RFC 1939 section 6).
#[derive(Debug)]
#[must_use = "whether the deletions happened is in it"]
pub enum Quit {
    /// `+OK`: what was marked as deleted is gone.
    Done(Reply),
    /// `-ERR`: some or none of it is gone.
    Refused(Reply),
    /// No reply came: it may be gone or not.
    Lost(Error),
}

impl Session {
    /// Reads the greeting on a fresh connection, in clear or TLS from its first byte.
    ///
    /// # Errors
    /// [`Error::Refused`] for a `-ERR`, [`Error::Connection`], [`Error::Violation`].
    pub fn start(mut wire: Wire, limits: Limits) -> Result<Self, Error> {
        const DOING: &str = "the greeting";
        wire.set_deadline(DOING, Deadline::within(wire.limits().idle));
        let most = wire.limits().line_bytes;
        let line = wire.line(most).map_err(|error| Error::on_the_wire(DOING, error))?;
        let greeting = Reply::parse(DOING, line)?;
        if !greeting.is_ok() {
            return Err(Error::refused(DOING, greeting));
        }
        let (capabilities, clear_login) = (None, false);
        let (awaited, place) = (0, Place::Status);
        Ok(Self { wire, limits, greeting, capabilities, clear_login, awaited, place })
    }

    /// The greeting.
    #[must_use]
    pub const fn greeting(&self) -> &Reply {
        &self.greeting
    }

    /// Whether TLS stands.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.wire.is_tls()
    }

    /// Who is at the other end.
    #[must_use]
    pub const fn peer(&self) -> &Peer {
        self.wire.peer()
    }

    /// What [`Session::capa`] heard last. `None` before it was asked, and again after STLS: what
    /// came in clear may be anybody's.
    #[must_use]
    pub const fn capabilities(&self) -> Option<&Capabilities> {
        self.capabilities.as_ref()
    }

    /// CAPA (RFC 2449 section 5). Ask again after STLS, and after the login when EXPIRE or
    /// LOGIN-DELAY matter. A `-ERR` means that there are none to tell.
    ///
    /// # Errors
    /// [`Error::Connection`], [`Error::Violation`].
    pub fn capa(&mut self) -> Result<&Capabilities, Error> {
        let reply = self.exchange(&Command::capa())?;
        let mut capabilities = Capabilities::default();
        if reply.is_ok() {
            let most = self.limits.capabilities;
            self.lines("CAPA", most, |line| {
                capabilities.push(line);
                Ok(())
            })?;
        }
        Ok(self.capabilities.insert(capabilities))
    }

    /// STLS (RFC 2595 section 4): goes on over TLS, or not at all.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when the server does not offer it (if it was asked) or refuses it,
    /// [`Error::Connection`] when TLS fails or bytes were injected before it, [`Error::Violation`],
    /// [`Error::Input`] when TLS stands already.
    pub fn start_tls(mut self, host: &str) -> Result<Self, Error> {
        const DOING: &str = "STLS";
        if self.is_tls() {
            return Err(Error::Input("TLS stands already".into()));
        }
        if self.capabilities.as_ref().is_some_and(|known| !known.has(DOING)) {
            let why = "the server does not offer TLS".into();
            return Err(Error::Unsafe { doing: DOING, why });
        }
        let reply = self.exchange(&Command::stls())?;
        if !reply.is_ok() {
            let why = format!("the server refuses TLS: {reply}");
            return Err(Error::Unsafe { doing: DOING, why });
        }
        let wire = self.wire.start_tls(host)?;
        Ok(Self { wire, capabilities: None, ..self })
    }

    /// STAT (RFC 1939 section 5).
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Connection`], [`Error::Violation`].
    pub fn stat(&mut self) -> Result<Stat, Error> {
        Stat::parse(&self.done(&Command::stat())?)
    }

    /// LIST (RFC 1939 section 5): sizes, no unique-ids.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Connection`], [`Error::Violation`].
    pub fn list(&mut self) -> Result<Listing, Error> {
        self.done(&Command::list())?;
        self.sizes()
    }

    /// LIST of one message: its size.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Connection`], [`Error::Violation`].
    pub fn list_one(&mut self, message: MessageNumber) -> Result<u64, Error> {
        let reply = self.done(&Command::list_one(message))?;
        scan_listing(reply.text()).map(|(_, size)| size)
    }

    /// UIDL (RFC 1939 section 7): unique-ids, no sizes.
    ///
    /// # Errors
    /// [`Error::Refused`] when the server has none, [`Error::Connection`], [`Error::Violation`].
    pub fn uidl(&mut self) -> Result<Listing, Error> {
        self.done(&Command::uidl())?;
        let (mut listing, limits) = (Listing::default(), self.limits);
        self.lines("UIDL", limits.messages, |line| listing.push_id(line, &limits))?;
        listing.sort();
        Ok(listing)
    }

    /// UIDL of one message.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Connection`], [`Error::Violation`].
    pub fn uidl_one(&mut self, message: MessageNumber) -> Result<UniqueId<'static>, Error> {
        unique_id(&self.done(&Command::uidl_one(message))?)
    }

    /// STAT, LIST and UIDL together, in one round trip when the server pipelines. A server that
    /// refuses UIDL has no unique-ids: [`Listing::has_unique_ids`] tells.
    ///
    /// # Errors
    /// [`Error::Refused`] of STAT or LIST, [`Error::Connection`], [`Error::Violation`].
    pub fn listing(&mut self) -> Result<(Stat, Listing), Error> {
        let [stat, list, uidl] = [Command::stat(), Command::list(), Command::uidl()];
        self.ahead(&[&stat, &list, &uidl])?;
        let stat_reply = self.next(&stat)?;
        let list_reply = self.next(&list)?;
        let mut listing = match list_reply.is_ok() {
            true => self.sizes()?,
            false => Listing::default(),
        };
        if self.next(&uidl)?.is_ok() {
            let limits = self.limits;
            self.lines("UIDL", limits.messages, |line| listing.set_id(line, &limits))?;
        }
        let stat = Stat::parse(&accepted(stat.verb, stat_reply)?)?;
        accepted(list.verb, list_reply)?;
        Ok((stat, listing))
    }

    /// RETR (RFC 1939 section 5) into a sink; returns the bytes of the message.
    ///
    /// # Errors
    /// [`Error::Refused`], and as [`Answer::copy_to`].
    pub fn retr(
        &mut self,
        message: MessageNumber,
        sink: &mut Sink<'_>,
        most: u64,
    ) -> Result<u64, Error> {
        self.done(&Command::retr(message))?;
        self.copy("RETR", sink, most)
    }

    /// TOP (RFC 1939 section 7): the head and so many lines of the body, into a sink.
    ///
    /// # Errors
    /// [`Error::Refused`], and as [`Answer::copy_to`].
    pub fn top(
        &mut self,
        message: MessageNumber,
        lines: u32,
        sink: &mut Sink<'_>,
        most: u64,
    ) -> Result<u64, Error> {
        self.done(&Command::top(message, lines))?;
        self.copy("TOP", sink, most)
    }

    /// DELE (RFC 1939 section 5): marks a message, which goes with QUIT.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Connection`], [`Error::Violation`].
    pub fn dele(&mut self, message: MessageNumber) -> Result<Reply, Error> {
        self.done(&Command::dele(message))
    }

    /// NOOP (RFC 1939 section 5).
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Connection`], [`Error::Violation`].
    pub fn noop(&mut self) -> Result<Reply, Error> {
        self.done(&Command::noop())
    }

    /// RSET (RFC 1939 section 5): no message is marked any more.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Connection`], [`Error::Violation`].
    pub fn rset(&mut self) -> Result<Reply, Error> {
        self.done(&Command::rset())
    }

    /// UTF8 (RFC 6856 section 2), before the login.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Connection`], [`Error::Violation`].
    pub fn utf8(&mut self) -> Result<Reply, Error> {
        self.done(&Command::utf8())
    }

    /// LANG with a language tag (RFC 6856 section 3): in which language the server talks.
    ///
    /// # Errors
    /// [`Error::Input`] when it is no tag, [`Error::Refused`], [`Error::Connection`],
    /// [`Error::Violation`].
    pub fn lang(&mut self, tag: &str) -> Result<Reply, Error> {
        self.done(&Command::lang(tag)?)
    }

    /// LANG alone (RFC 6856 section 3): the languages it knows, a tag and a description each.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Connection`], [`Error::Violation`].
    pub fn languages(&mut self) -> Result<Vec<String>, Error> {
        self.done(&Command::languages())?;
        let (mut languages, most) = (Vec::new(), self.limits.capabilities);
        self.lines("LANG", most, |line| {
            languages.push(String::from_utf8_lossy(line).into_owned());
            Ok(())
        })?;
        Ok(languages)
    }

    /// Any command that [`Command`] can say. A `-ERR` is an answer here.
    ///
    /// # Errors
    /// [`Error::Connection`], [`Error::Violation`].
    pub fn command(&mut self, command: Command) -> Result<Answer<'_>, Error> {
        let reply = self.exchange(&command)?;
        Ok(Answer::new(self, command, reply))
    }

    /// Many commands, sent ahead of their replies where the server allows it.
    pub fn pipeline<I>(&mut self, commands: I) -> Pipeline<'_, I::IntoIter>
    where
        I: IntoIterator<Item = Command>,
    {
        Pipeline::new(self, commands.into_iter())
    }

    /// RETR of many messages: [`Session::pipeline`] of them.
    pub fn retr_many<I>(&mut self, messages: I) -> Pipeline<'_, Commands<I::IntoIter>>
    where
        I: IntoIterator<Item = MessageNumber>,
    {
        let retr: fn(MessageNumber) -> Command = Command::retr;
        self.pipeline(messages.into_iter().map(retr))
    }

    /// DELE of many messages. Returns those that the server refused to mark, with its words.
    ///
    /// # Errors
    /// [`Error::Connection`], [`Error::Violation`].
    pub fn dele_many<I>(&mut self, messages: I) -> Result<Vec<(MessageNumber, Reply)>, Error>
    where
        I: IntoIterator<Item = MessageNumber>,
    {
        let mut refused = Vec::new();
        let mut pipeline = self.pipeline(messages.into_iter().map(Command::dele));
        while let Some(answer) = pipeline.answer()? {
            let message = answer.message().filter(|_| !answer.reply().is_ok());
            refused.extend(message.map(|message| (message, answer.reply().clone())));
        }
        Ok(refused)
    }

    /// QUIT (RFC 1939 section 6): the server deletes what was marked, and the connection ends.
    pub fn quit(mut self) -> Quit {
        match self.exchange(&Command::quit()) {
            Ok(reply) if reply.is_ok() => Quit::Done(reply),
            Ok(reply) => Quit::Refused(reply),
            Err(error) => Quit::Lost(error),
        }
    }

    fn sizes(&mut self) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        self.lines("LIST", self.limits.messages, |line| listing.push_size(line))?;
        listing.sort();
        Ok(listing)
    }
}
