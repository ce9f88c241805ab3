//! The dialogue: a [`Wire`] and a terminal. Saying is here, hearing in `hearing.rs`.
//! Must not hold: grammar, a user's terminal, files, or when to try again.

use crate::subnegotiation::FOLLOWS;
use crate::text::Text;
use crate::{
    Command, Error, Limits, LineEnd, Negotiation, Notice, Nvt, Settings, Side, SpecialCharacter,
    TelnetOption, Transcode, Window,
};
use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use wireline_wire::{Deadline, Peer, Saying, Secret, Wire};

/// A Telnet session. Whatever fails with [`Error::Connection`] or [`Error::Local`] ends it; text
/// that had come before is still there to be read.
#[derive(Debug)]
pub struct Session {
    pub(crate) wire: Wire,
    pub(crate) nvt: Nvt,
    pub(crate) limits: Limits,
    /// Bytes as they came, and how many of them were heard.
    pub(crate) raw: Vec<u8>,
    pub(crate) heard: usize,
    pub(crate) text: Text,
    pub(crate) notices: VecDeque<Notice>,
    /// Encoded text of [`Session::send_some`] that the wire has not taken.
    pub(crate) unsent: Vec<u8>,
    pub(crate) ended: bool,
}

impl Session {
    /// A session on a fresh connection, in clear or TLS from its first byte. Nothing is said yet:
    /// see [`Session::offer`].
    #[must_use]
    pub fn start(wire: Wire, settings: Settings, limits: Limits) -> Self {
        keep_urgent_data(&wire);
        Self {
            wire,
            nvt: Nvt::new(settings, limits.subnegotiation_bytes),
            limits,
            raw: Vec::new(),
            heard: 0,
            text: Text::new(limits.text_bytes),
            notices: VecDeque::new(),
            unsent: Vec::new(),
            ended: false,
        }
    }

    /// Who is at the other end.
    #[must_use]
    pub const fn peer(&self) -> &Peer {
        self.wire.peer()
    }

    /// Whether TLS stands.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.wire.is_tls()
    }

    /// The descriptor, for a `poll` together with others. First call [`Session::receive`] until it
    /// has nothing: bytes may already be here.
    #[must_use]
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.wire.socket()
    }

    /// The state of the options.
    #[must_use]
    pub const fn negotiation(&self) -> &Negotiation {
        self.nvt.negotiation()
    }

    /// Whether an option is on.
    #[must_use]
    pub fn is_on(&self, side: Side, option: TelnetOption) -> bool {
        self.negotiation().is_on(side, option)
    }

    /// From now on text is what this makes of the peer's bytes, for patterns too. A
    /// [`Session::start_tls`] forgets it.
    pub fn transcode(&mut self, by: Box<dyn Transcode>) {
        self.nvt.transcode(by);
    }

    /// The special characters that both sides know (RFC 1184), by function from 0, which is none.
    #[must_use]
    pub const fn special_characters(&self) -> &[SpecialCharacter] {
        self.nvt.special_characters()
    }

    /// Speaks first, for hosts that wait for it: asks for SGA, and offers TTYPE, NAWS and
    /// NEW-ENVIRON as far as there is something to tell. Only for a peer that is known to speak
    /// Telnet: to others these bytes are garbage.
    ///
    /// # Errors
    /// [`Error::Connection`].
    pub fn offer(&mut self) -> Result<(), Error> {
        let settings = self.nvt.settings();
        let offers = [
            (TelnetOption::TTYPE, !settings.terminal_types.is_empty()),
            (TelnetOption::NAWS, settings.window.is_some()),
            (TelnetOption::NEW_ENVIRON, !settings.environment.is_empty()),
        ];
        self.nvt.want(Side::Him, TelnetOption::SGA, true);
        for (option, _) in offers.into_iter().filter(|(_, able)| *able) {
            self.nvt.want(Side::Us, option, true);
        }
        self.speak()
    }

    /// Asks for an option to be on or off. Returns at once; a [`Notice`] tells what came of it.
    ///
    /// # Errors
    /// [`Error::Connection`].
    pub fn want(&mut self, side: Side, option: TelnetOption, on: bool) -> Result<(), Error> {
        self.nvt.want(side, option, on);
        self.speak()
    }

    /// The window has another size (RFC 1073). It is told if the peer wants to know.
    ///
    /// # Errors
    /// [`Error::Connection`].
    pub fn resize(&mut self, columns: u16, rows: u16) -> Result<(), Error> {
        self.nvt.resize(Window { columns, rows });
        self.speak()
    }

    /// Sends text as it is: a 255 is doubled, and a lone CR becomes CR NUL unless we send binary.
    /// Returns when the system has taken it. For more than some KiB use [`Session::send_some`].
    ///
    /// # Errors
    /// [`Error::Connection`].
    pub fn send(&mut self, text: impl AsRef<[u8]>) -> Result<(), Error> {
        let mut bytes = self.beginning();
        self.nvt.encode(text.as_ref(), &mut bytes);
        self.nvt.finish(&mut bytes);
        self.say(&Saying::new().text(bytes))
    }

    /// Sends text and the end of a line.
    ///
    /// # Errors
    /// [`Error::Connection`].
    pub fn send_line(&mut self, line: impl AsRef<[u8]>, end: LineEnd) -> Result<(), Error> {
        let mut bytes = self.beginning();
        self.nvt.encode(line.as_ref(), &mut bytes);
        self.nvt.line_end(end, &mut bytes);
        self.say(&Saying::new().text(bytes))
    }

    /// Sends a secret and the end of a line. A trace shows `{{hole}}` in its place.
    ///
    /// # Errors
    /// [`Error::Connection`].
    pub fn send_secret(
        &mut self,
        hole: &'static str,
        secret: &Secret,
        end: LineEnd,
    ) -> Result<(), Error> {
        let saying = self.hidden(hole, secret);
        let mut shown = Vec::new();
        self.nvt.line_end(end, &mut shown);
        self.say(&saying.text(shown))
    }

    /// Sends a secret as far as it is typed: [`Session::send_secret`] without the end of the line.
    ///
    /// # Errors
    /// [`Error::Connection`].
    pub fn send_secret_part(&mut self, hole: &'static str, part: &Secret) -> Result<(), Error> {
        let saying = self.hidden(hole, part);
        self.say(&saying)
    }

    /// Sends some of a long text, and stops as soon as the peer speaks: call [`Session::receive`]
    /// then, and go on. So two sides that both talk never wait for each other. Returns how many
    /// bytes of the text were taken, which is none while earlier ones are [`Session::has_unsent`].
    ///
    /// # Errors
    /// [`Error::Connection`].
    pub fn send_some(&mut self, text: &[u8]) -> Result<usize, Error> {
        const STEP_BYTES: usize = 16 * 1024;
        self.unsent.extend(self.nvt.take_answers());
        let mut taken = 0;
        if self.unsent.is_empty() {
            let piece = text.get(..STEP_BYTES).unwrap_or(text);
            self.nvt.encode(piece, &mut self.unsent);
            taken = piece.len();
        }
        self.wire.set_deadline(SENDING, Deadline::pause(self.wire.limits().idle));
        let sent = self.wire.send_watching(&self.unsent)?;
        self.unsent.drain(..sent.min(self.unsent.len()));
        Ok(taken)
    }

    /// Whether something that [`Session::send_some`] took has still to be sent.
    #[must_use]
    pub const fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Tells the peer that nothing more will be said; reading goes on.
    ///
    /// # Errors
    /// [`Error::Connection`].
    pub fn half_close(&mut self) -> Result<(), Error> {
        let rest = self.beginning();
        self.say(&Saying::new().text(rest))?;
        Ok(self.wire.half_close()?)
    }

    /// Says a command: AYT, IP, AO, BRK, EC, EL, GA, EOR and so on.
    ///
    /// # Errors
    /// [`Error::Input`] when it has no name, [`Error::Connection`].
    pub fn command(&mut self, command: Command) -> Result<(), Error> {
        if command.name().is_none() {
            return Err(Error::Input(format!("{command} is no command of Telnet")));
        }
        self.nvt.command(command);
        self.speak()
    }

    /// Says a command and the data mark behind it, the in-band part of a Synch (RFC 854). What
    /// the crate's documentation says about urgent data holds.
    ///
    /// # Errors
    /// As [`Session::command`].
    pub fn synch(&mut self, command: Command) -> Result<(), Error> {
        self.command(command)?;
        self.command(Command::DataMark)
    }

    /// Asks for a mark where the peer is done with all that was said before (RFC 860). The answer
    /// is [`Notice::TimingMark`].
    ///
    /// # Errors
    /// [`Error::Connection`].
    pub fn timing_mark(&mut self) -> Result<(), Error> {
        self.nvt.ask_timing_mark();
        self.speak()
    }

    /// Asks how the peer sees the options (RFC 859). The answer is [`Notice::Status`], or
    /// [`Notice::Refused`].
    ///
    /// # Errors
    /// [`Error::Connection`].
    pub fn ask_status(&mut self) -> Result<(), Error> {
        self.nvt.ask_status();
        self.speak()
    }

    /// Says a subnegotiation of the caller's: for options that this crate does not know.
    ///
    /// # Errors
    /// [`Error::Input`] when the option is off on both sides, [`Error::Connection`].
    pub fn subnegotiate(&mut self, option: TelnetOption, parameters: &[u8]) -> Result<(), Error> {
        if !self.is_on(Side::Us, option) && !self.is_on(Side::Him, option) {
            return Err(Error::Input(format!("{option} is off")));
        }
        self.nvt.say(option, parameters);
        self.speak()
    }

    /// START_TLS (draft-altman-telnet-starttls): goes on over TLS, or not at all. Options, text
    /// and notices from before are forgotten: they may be anybody's.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when the peer refuses it, ends, or says more than it may before the
    /// handshake; [`Error::Connection`]; [`Error::Input`] when TLS stands already.
    pub fn start_tls(mut self, host: &str) -> Result<Self, Error> {
        const OPTION: TelnetOption = TelnetOption::START_TLS;
        if self.is_tls() {
            return Err(Error::Input("TLS stands already".into()));
        }
        self.wire.set_deadline("START_TLS", Deadline::within(self.wire.limits().idle));
        self.nvt.want(Side::Us, OPTION, true);
        self.answer()?;
        loop {
            match self.next_notice()? {
                Some(Notice::Switched { side: Side::Us, option: OPTION, on: true }) => {
                    self.nvt.say(OPTION, &[FOLLOWS]);
                    self.answer()?;
                }
                Some(Notice::Subnegotiation(OPTION, parameters)) if parameters == [FOLLOWS] => {
                    break;
                }
                Some(Notice::Refused { option: OPTION, .. }) => return Err(no_tls("refuses it")),
                None => return Err(no_tls("closed the connection")),
                Some(_) => {}
            }
        }
        if self.heard < self.raw.len() {
            return Err(no_tls("said something in clear where TLS had to begin"));
        }
        let (settings, limits) = (self.nvt.settings().clone(), self.limits);
        Ok(Self::start(self.wire.start_tls(host)?, settings, limits))
    }

    fn hidden(&mut self, hole: &'static str, secret: &Secret) -> Saying {
        let saying = Saying::new().text(self.beginning());
        let mut hidden = Vec::with_capacity(secret.reveal().len() * 2 + 2);
        self.nvt.encode(secret.reveal(), &mut hidden);
        self.nvt.finish(&mut hidden);
        saying.secret(hole, Secret::new(hidden).reveal())
    }

    /// What is to leave first: what the last [`Session::send_some`] left, and answers.
    fn beginning(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.unsent);
        bytes.extend(self.nvt.take_answers());
        self.nvt.finish(&mut bytes);
        bytes
    }

    fn say(&mut self, saying: &Saying) -> Result<(), Error> {
        if !saying.bytes().is_empty() {
            self.wire.set_deadline(SENDING, Deadline::pause(self.wire.limits().idle));
            self.wire.say(saying);
            self.wire.flush()?;
        }
        Ok(())
    }

    /// Sends what the terminal has to say.
    fn speak(&mut self) -> Result<(), Error> {
        let mut bytes = std::mem::take(&mut self.unsent);
        bytes.extend(self.nvt.take_answers());
        self.say(&Saying::new().text(bytes))
    }
}

const SENDING: &str = "sending";

fn no_tls(why: &str) -> Error {
    Error::Unsafe { doing: "START_TLS", why: format!("the peer {why}") }
}

/// A data mark sent as urgent data stays in its place: else the system takes it out of the
/// stream, and the IAC before it would eat a byte of text. Not every socket has urgent data.
fn keep_urgent_data(wire: &Wire) {
    let _kept = rustix::net::sockopt::set_socket_oobinline(wire.socket(), true).is_ok();
}
