//! The dialogue: from the greeting to QUIT, a short method a verb (RFC 5321 section 4.1).
//! Must not hold: whole transactions (`transaction.rs`), content (`message.rs`), logins (`auth.rs`).

use crate::command::{self, Line};
use crate::dialogue::Dialogue;
use crate::transaction::Ahead;
use crate::{
    Capabilities, ClientName, Error, Limits, MailParameters, Mailbox, RcptParameters, Reply,
    ReversePath,
};
use wireline_wire::{Peer, Wire};

/// How a session is held.
#[derive(Clone, Debug)]
pub struct Options {
    /// What we call ourselves.
    pub name: ClientName,
    /// LMTP (RFC 2033) instead of SMTP: `LHLO`, and a reply for every recipient after the message.
    pub lmtp: bool,
    /// BDAT instead of DATA where the server offers CHUNKING (RFC 3030). Default: DATA.
    pub chunking: bool,
    /// Lets mechanisms that reveal the password work in clear to other machines. By default they
    /// do so only under TLS, to loopback addresses and over Unix sockets.
    pub clear_login: bool,
    /// What the server may cost us.
    pub limits: Limits,
}

impl Options {
    /// SMTP with the defaults.
    #[must_use]
    pub fn new(name: ClientName) -> Self {
        let limits = Limits::default();
        Self { name, lmtp: false, chunking: false, clear_login: false, limits }
    }

    /// LMTP with the defaults.
    #[must_use]
    pub fn lmtp(name: ClientName) -> Self {
        Self { lmtp: true, ..Self::new(name) }
    }
}

/// A session with a mail server, past its greeting and EHLO.
///
/// A verb that is [refused](Error::Refused) leaves the session as it was, but for 421. After other
/// failures of the dialogue it [is over](Session::is_over): dropping it closes the connection.
#[derive(Debug)]
pub struct Session {
    pub(crate) dialogue: Dialogue,
    pub(crate) options: Options,
    pub(crate) greeting: Reply,
    pub(crate) hello: Reply,
    pub(crate) capabilities: Capabilities,
    pub(crate) transaction: Transaction,
    pub(crate) farewell: Farewell,
    /// The envelope of the next message, if the server has it already.
    pub(crate) ahead: Option<Ahead>,
}

/// Whether QUIT goes out behind the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// More may follow.
    No,
    /// As soon as the message is out.
    Wanted,
    /// It has left, its reply has not been heard.
    Said,
}

/// What the server remembers of the message that we are about to send.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Transaction {
    /// MAIL was accepted, and nothing has ended that yet.
    pub(crate) open: bool,
    /// Recipients accepted: as many replies as there are after the content in LMTP.
    pub(crate) recipients: usize,
    /// The content may have bytes beyond ASCII.
    pub(crate) is_8bit: bool,
    /// Chunks before the last whose replies are still to come.
    pub(crate) chunks: usize,
}

impl Session {
    /// Hears the greeting and says who we are: EHLO, and HELO when the server does not know that
    /// (500, 502, 504); in LMTP LHLO.
    ///
    /// # Errors
    /// [`Error::Connection`], [`Error::Lost`], [`Error::Violation`]; [`Error::Refused`] when the
    /// server does not want us, by its greeting (554, 421) or after it.
    pub fn begin(wire: Wire, options: Options) -> Result<Self, Error> {
        let mut session = Self::hear_greeting(wire, options)?;
        session.introduce()?;
        Ok(session)
    }

    /// Hears the greeting and says nothing yet; [`Session::introduce`] comes next.
    ///
    /// # Errors
    /// As [`Session::begin`].
    pub fn hear_greeting(wire: Wire, options: Options) -> Result<Self, Error> {
        let mut dialogue = Dialogue::new(wire);
        let greeting = match dialogue.hear("the greeting") {
            Err(Error::Lost { source, .. }) => return Err(Error::Connection(source)),
            heard => dialogue.expect("the greeting", heard?, Reply::is_success)?,
        };
        let (hello, capabilities) = (greeting.clone(), Capabilities::default());
        let (transaction, farewell) = (Transaction::default(), Farewell::No);
        let ahead = None;
        Ok(Self { dialogue, options, greeting, hello, capabilities, transaction, farewell, ahead })
    }

    /// Says who we are: EHLO, else HELO; in LMTP LHLO.
    ///
    /// # Errors
    /// As [`Session::begin`].
    pub fn introduce(&mut self) -> Result<(), Error> {
        if self.options.lmtp {
            return self.lhlo().map(drop);
        }
        match self.ehlo() {
            Err(Error::Refused { reply, .. }) if is_unknown_command(&reply) => {
                self.helo().map(drop)
            }
            greeted => greeted.map(drop),
        }
    }

    /// Puts TLS on top, forgets what was offered before, and says EHLO again. The certificate has
    /// to be good for `host`. Nothing is ever sent along with STARTTLS; a server that refuses it is
    /// left with QUIT.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when the server does not offer STARTTLS or refuses it, before anything
    /// else is sent; [`Error::Connection`] when TLS fails, or bytes came in clear where it had to
    /// begin.
    pub fn start_tls(mut self, host: &str) -> Result<Self, Error> {
        const DOING: &str = "STARTTLS";
        if !self.capabilities.has(DOING) {
            let why = "the server does not offer it, and all would go in clear".to_owned();
            return Err(Error::Unsafe { doing: DOING, why });
        }
        match self.dialogue.complete(DOING, &command::alone(DOING)) {
            Err(Error::Refused { reply, .. }) => {
                self.quit().ok();
                return Err(Error::Unsafe { doing: DOING, why: format!("refused: {reply}") });
            }
            answered => drop(answered?),
        }
        self.dialogue = Dialogue::new(self.dialogue.wire.start_tls(host)?);
        self.capabilities = Capabilities::default();
        self.introduce()?;
        Ok(self)
    }

    /// What the server said first.
    #[must_use]
    pub const fn greeting(&self) -> &Reply {
        &self.greeting
    }

    /// What the server said to EHLO, HELO or LHLO.
    #[must_use]
    pub const fn hello(&self) -> &Reply {
        &self.hello
    }

    /// What the server offers. Nothing after HELO.
    #[must_use]
    pub const fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Whether TLS stands.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.dialogue.wire.is_tls()
    }

    /// Who is at the other end.
    #[must_use]
    pub const fn peer(&self) -> &Peer {
        self.dialogue.wire.peer()
    }

    /// Nothing can be said any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.dialogue.over && self.ahead.is_none()
    }

    /// `EHLO`: who we are, and what the server offers.
    ///
    /// # Errors
    /// As every verb: [`Error::Refused`] with what the server said, [`Error::Lost`],
    /// [`Error::Violation`], [`Error::Connection`] when it took too long.
    pub fn ehlo(&mut self) -> Result<&Reply, Error> {
        self.greet("EHLO")
    }

    /// `LHLO`, LMTP's EHLO (RFC 2033 section 4.1).
    ///
    /// # Errors
    /// As [`Session::ehlo`].
    pub fn lhlo(&mut self) -> Result<&Reply, Error> {
        self.greet("LHLO")
    }

    /// `HELO`: who we are, without extensions.
    ///
    /// # Errors
    /// As [`Session::ehlo`].
    pub fn helo(&mut self) -> Result<&Reply, Error> {
        self.greet("HELO")
    }

    fn greet(&mut self, verb: &'static str) -> Result<&Reply, Error> {
        self.hello = self.dialogue.complete(verb, &command::hello(verb, &self.options.name))?;
        self.capabilities = match verb {
            "HELO" => Capabilities::default(),
            _ => Capabilities::of(&self.hello),
        };
        self.transaction = Transaction::default();
        Ok(&self.hello)
    }

    /// `MAIL`: begins a transaction. The parameters are sent as they are.
    ///
    /// # Errors
    /// As [`Session::ehlo`].
    pub fn mail(
        &mut self,
        sender: &ReversePath,
        parameters: &MailParameters,
    ) -> Result<Reply, Error> {
        let reply = self.dialogue.complete("MAIL", &command::mail(sender, parameters))?;
        self.transaction = Transaction::begun_with(parameters);
        Ok(reply)
    }

    /// `RCPT`: names one recipient. The parameters are sent as they are.
    ///
    /// # Errors
    /// As [`Session::ehlo`].
    pub fn rcpt(
        &mut self,
        recipient: &Mailbox,
        parameters: &RcptParameters,
    ) -> Result<Reply, Error> {
        let reply = self.dialogue.complete("RCPT", &command::rcpt(recipient, parameters))?;
        self.transaction.recipients += 1;
        Ok(reply)
    }

    /// `RSET`: gives the transaction up.
    ///
    /// # Errors
    /// As [`Session::ehlo`].
    pub fn rset(&mut self) -> Result<Reply, Error> {
        let reply = self.dialogue.complete("RSET", &command::alone("RSET"))?;
        self.transaction = Transaction::default();
        Ok(reply)
    }

    /// `NOOP`: is anybody there?
    ///
    /// # Errors
    /// As [`Session::ehlo`].
    pub fn noop(&mut self) -> Result<Reply, Error> {
        self.dialogue.complete("NOOP", &command::alone("NOOP"))
    }

    /// `HELP`, about something or in general.
    ///
    /// # Errors
    /// As [`Session::ehlo`].
    pub fn help(&mut self, about: Option<&Line>) -> Result<Reply, Error> {
        let saying =
            about.map_or_else(|| command::alone("HELP"), |what| command::about("HELP", what));
        self.dialogue.complete("HELP", &saying)
    }

    /// `VRFY`: is there such a mailbox? 252 says neither yes nor no.
    ///
    /// # Errors
    /// As [`Session::ehlo`]. An ambiguous name is refused (553), its meanings are in the lines.
    pub fn vrfy(&mut self, what: &Line) -> Result<Reply, Error> {
        self.dialogue.complete("VRFY", &command::about("VRFY", what))
    }

    /// `EXPN`: who is on this list?
    ///
    /// # Errors
    /// As [`Session::ehlo`].
    pub fn expn(&mut self, list: &Line) -> Result<Reply, Error> {
        self.dialogue.complete("EXPN", &command::about("EXPN", list))
    }

    /// Any command, and its reply whatever its code. One that is not in step with the session
    /// (`DATA`, `STARTTLS`, `AUTH`) is the caller's to handle; 421 ends the session.
    ///
    /// # Errors
    /// As [`Session::ehlo`], but [`Error::Refused`] with 421 only.
    pub fn command(&mut self, line: &Line) -> Result<Reply, Error> {
        self.dialogue.ask("the command", &command::raw(line))
    }

    /// `QUIT`: the orderly end.
    ///
    /// # Errors
    /// As [`Session::ehlo`]. What was delivered before is delivered all the same.
    pub fn quit(mut self) -> Result<Reply, Error> {
        self.dialogue.complete("QUIT", &command::alone("QUIT"))
    }
}

impl Transaction {
    /// MAIL was accepted.
    pub(crate) fn begun_with(parameters: &MailParameters) -> Self {
        use crate::Body::{Binary, EightBit};
        let is_8bit = matches!(parameters.body, Some(EightBit | Binary));
        Self { open: true, is_8bit, ..Self::default() }
    }
}

/// 500, 502 and 504: a server from before EHLO (RFC 5321 section 4.1.4).
const fn is_unknown_command(reply: &Reply) -> bool {
    matches!(reply.code().number(), 500 | 502 | 504)
}
