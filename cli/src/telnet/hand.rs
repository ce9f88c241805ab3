//! A session by hand: the terminal, the device and the signals under one `poll`. Nobody who takes or
//! says nothing, or too much, keeps the others waiting.
//! Must not hold: what is done with what is typed (`hand/typing.rs`), or the terminal's modes
//! (`terminal.rs`).

mod typing;

use super::encoding::{Encoder, Encoding};
use super::keys::{Discipline, Escape};
use super::pipe::receive;
use super::question::Question;
use super::screen::Screen;
use super::signals::{Call, Signals};
use super::terminal::{Mode, Terminal};
use crate::exit::Failure;
use crate::watch::Watch;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::SIGTSTP;
use signal_hook::low_level::emulate_default_handler;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use wireline_telnet::{
    Command, Error, LineEnd, Mode as LineMode, Notice, Received, Session, Side, TelnetOption, Wait,
};
use wireline_wire::{self as wire, Secret, Whole};

/// How a session by hand ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The device has closed it.
    Closed,
    /// Its user has.
    Left,
    /// By this signal, which is still to be obeyed.
    Killed(i32),
}

/// A session that somebody sits at.
#[derive(Debug)]
pub(crate) struct Hand<'a> {
    session: &'a mut Session,
    screen: &'a mut Screen,
    terminal: Terminal,
    signals: Signals,
    watch: &'a Watch,
    whole: Option<Whole>,
    escape: Escape,
    encoder: Option<Encoder>,
    encoding: Option<Encoding>,
    discipline: Discipline,
    line_mode: Option<LineMode>,
    question: Question,
    /// While the prompt is shown: its line so far. The device's text waits meanwhile.
    prompt: Option<Vec<u8>>,
    /// What the device is still to be sent.
    unsent: VecDeque<Outgoing>,
    /// What the terminal is still to be shown. Until then nothing more is heard.
    unshown: VecDeque<u8>,
    /// How it ends when everything is shown.
    over: Option<Result<End, Failure>>,
}

/// One thing to send.
#[derive(Debug)]
enum Outgoing {
    Keys(Vec<u8>),
    Line(Vec<u8>),
    SecretKeys(Secret),
    SecretLine(Secret),
    Command(Command),
}

/// What one wait has found.
#[derive(Clone, Copy, Debug, Default)]
struct Ready {
    typed: bool,
    hung_up: bool,
    /// The device takes something.
    sends: bool,
    /// The terminal does.
    shows: bool,
}

/// What the session is made of.
#[derive(Debug)]
pub(crate) struct Means<'a> {
    pub(crate) terminal: Terminal,
    pub(crate) watch: &'a Watch,
    pub(crate) whole: Option<Whole>,
    pub(crate) escape: Escape,
    pub(crate) encoding: Option<Encoding>,
}

/// Runs it to its end. The terminal is as it was then, and what is written next begins a line.
pub(crate) fn run(
    session: &mut Session,
    screen: &mut Screen,
    means: Means<'_>,
) -> Result<End, Failure> {
    let signals = Signals::listen().map_err(|error| Failure::local(&error))?;
    let Means { terminal, watch, whole, escape, encoding } = means;
    let mut hand = Hand {
        session,
        screen,
        terminal,
        signals,
        watch,
        whole,
        escape,
        encoder: encoding.map(Encoding::encoder),
        encoding,
        discipline: Discipline::Lines { echo: true },
        line_mode: None,
        question: Question::default(),
        prompt: None,
        unsent: VecDeque::new(),
        unshown: VecDeque::new(),
        over: None,
    };
    let result = hand.talk().or_else(|failure| match hand.killed() {
        // A terminal that goes takes us with it.
        Some(end) => Ok(end),
        None => Err(failure),
    });
    hand.terminal.restore();
    match result {
        // A terminal that takes nothing more must not hold us up.
        Ok(End::Killed(signal)) => Ok(End::Killed(signal)),
        result => hand.screen.end_line().and(result),
    }
}

impl Hand<'_> {
    fn talk(&mut self) -> Result<End, Failure> {
        loop {
            if let Some(end) = self.obey()? {
                return Ok(end);
            }
            if self.unshown.is_empty() {
                self.settle()?;
                if let Some(over) = self.over.take() {
                    return over;
                }
            }
            let received = self.hear();
            if self.over.is_some() && self.unshown.is_empty() {
                continue;
            }
            let ready = self.wait(received)?;
            if ready.shows {
                self.show_some()?;
            }
            if ready.sends {
                self.send_one();
            }
            if ready.typed
                && let Some(end) = self.read(ready.hung_up)?
            {
                return Ok(end);
            }
        }
    }

    fn killed(&self) -> Option<End> {
        self.signals.take().into_iter().find_map(|call| match call {
            Call::End(signal) => Some(End::Killed(signal)),
            _ => None,
        })
    }

    /// What signals ask for.
    fn obey(&mut self) -> Result<Option<End>, Failure> {
        for call in self.signals.take() {
            match call {
                Call::End(signal) => return Ok(Some(End::Killed(signal))),
                Call::Suspend => self.suspend()?,
                Call::Resume => {
                    // A shell may have changed it meanwhile.
                    self.terminal.forget();
                    self.settle()?;
                    self.resize()?;
                }
                Call::Resize => self.resize()?,
            }
        }
        Ok(None)
    }

    fn resize(&mut self) -> Result<(), Failure> {
        let Some(window) = self.terminal.window() else { return Ok(()) };
        match self.session.resize(window.columns, window.rows) {
            // That it has gone is told by the next read, after what it said last.
            Err(Error::Connection(wire::Error::Io(_))) => Ok(()),
            result => Ok(result?),
        }
    }

    /// Stops until somebody lets us go on.
    fn suspend(&mut self) -> Result<(), Failure> {
        self.terminal.restore();
        self.screen.end_line()?;
        emulate_default_handler(SIGTSTP).map_err(|error| Failure::local(&error))?;
        self.settle()
    }

    /// Hears once, so that a device that floods keeps nobody waiting.
    fn hear(&mut self) -> Received {
        if self.over.is_some() || !self.unshown.is_empty() {
            return Received::Full;
        }
        let received = receive(self.session, Wait::Never);
        match received {
            Ok(Received::Ended) => self.end(Ok(End::Closed)),
            Err(error) => self.end(Err(error.into())),
            Ok(received) => {
                self.take_text();
                return received;
            }
        }
        Received::Full
    }

    /// Nothing more comes; what has come is shown, over the prompt too.
    fn end(&mut self, over: Result<End, Failure>) {
        self.prompt = None;
        self.take_text();
        self.over = Some(over);
    }

    /// What has come is to be shown, unless the prompt is.
    fn take_text(&mut self) {
        if self.prompt.is_some() || self.session.text().is_empty() {
            return;
        }
        let text = self.session.take_text();
        self.question.hear(&text);
        let binary = self.session.is_on(Side::Him, TelnetOption::BINARY);
        let as_it_is = binary || self.discipline == Discipline::Characters;
        self.unshown.extend(self.screen.shown(&text, as_it_is));
    }

    /// A message of our own, with LF at the end of its lines.
    fn tell(&mut self, text: &str) {
        self.screen.told(text.as_bytes());
        self.unshown.extend(text.as_bytes());
    }

    /// As much as a terminal takes that takes something. One that takes only a part holds us up until it
    /// takes the rest or a signal comes.
    fn show_some(&mut self) -> Result<(), Failure> {
        const PIECE_BYTES: usize = 16 * 1024;
        let (piece, _) = self.unshown.as_slices();
        let piece = piece.get(..PIECE_BYTES).unwrap_or(piece);
        match rustix::io::write(io::stdout(), piece) {
            Ok(count) => drop(self.unshown.drain(..count)),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(Failure::stdout(&error.into())),
        }
        Ok(())
    }

    /// The terminal does what the device's options say now.
    fn settle(&mut self) -> Result<(), Failure> {
        while let Some(notice) = self.session.take_notice() {
            if let Notice::LineMode(mode) = notice {
                self.line_mode = Some(mode);
            }
        }
        self.discipline = Discipline::in_force(self.session, self.line_mode);
        let mode = match self.prompt {
            Some(_) => Mode::Prompt,
            None => Mode::Session(self.discipline),
        };
        let agreed = match self.session.is_on(Side::Us, TelnetOption::LINEMODE) {
            true => self.session.special_characters(),
            false => &[],
        };
        let set = self.terminal.set(mode, agreed);
        set.map_err(|error| Failure::local(&error).doing("setting the terminal's modes"))
    }

    /// Waits for somebody; not at all when there is more to be heard.
    fn wait(&mut self, received: Received) -> Result<Ready, Failure> {
        const UNSENT: usize = 64;
        let (hears, shows) = (received != Received::Full, !self.unshown.is_empty());
        let (types, sends) = (self.unsent.len() < UNSENT, !self.unsent.is_empty());
        let flags = |wanted: &[(bool, PollFlags)]| {
            let wanted = wanted.iter().filter(|(wanted, _)| *wanted);
            wanted.map(|(_, flag)| *flag).collect::<PollFlags>()
        };
        let device = flags(&[(hears && !shows, PollFlags::IN), (sends, PollFlags::OUT)]);
        let (stdin, stdout) = (io::stdin(), io::stdout());
        let mut fds = vec![
            PollFd::new(&stdin, flags(&[(types, PollFlags::IN)])),
            PollFd::new(self.signals.wakes(), PollFlags::IN),
            PollFd::new(&stdout, flags(&[(shows, PollFlags::OUT)])),
        ];
        // A device of whom nothing is wanted would wake us all the same when it goes.
        if !device.is_empty() {
            fds.push(PollFd::from_borrowed_fd(self.session.socket(), device));
        }
        let at_once = received == Received::Something && !shows;
        let limit = if at_once { Some(Duration::ZERO) } else { self.whole.map(Whole::remaining) };
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        let found = match poll(&mut fds, limit.as_ref()) {
            Err(Errno::INTR) => return Ok(Ready::default()),
            found => found.map_err(|error| Failure::local(&error.into()))?,
        };
        let of = |nth| fds.get(nth).map_or(PollFlags::empty(), PollFd::revents);
        let (typed, shown, device) = (of(0), of(2), of(3));
        if found == 0 && !at_once {
            // All the time is over: waiting on says so in its own words.
            self.session.receive(Wait::AtMost(Duration::from_millis(1)))?;
        }
        let gone = PollFlags::HUP | PollFlags::ERR;
        Ok(Ready {
            typed: !typed.is_empty(),
            hung_up: typed.intersects(gone),
            sends: sends && device.intersects(PollFlags::OUT | gone),
            shows: shows && !shown.is_empty(),
        })
    }

    /// Sends one thing.
    fn send_one(&mut self) {
        const HOLE: &str = "typed";
        let Some(outgoing) = self.unsent.pop_front() else { return };
        let said = match outgoing {
            Outgoing::Keys(keys) => self.session.send(keys),
            Outgoing::Line(line) => self.session.send_line(line, LineEnd::CrLf),
            Outgoing::SecretKeys(keys) => self.session.send_secret_part(HOLE, &keys),
            Outgoing::SecretLine(line) => self.session.send_secret(HOLE, &line, LineEnd::CrLf),
            Outgoing::Command(command) => self.session.command(command),
        };
        if let Err(error) = said {
            self.unsent.clear();
            self.hear_last_words(error);
        }
    }

    /// It takes no more, but it may have closed in good order, and what it said last counts.
    fn hear_last_words(&mut self, error: Error) {
        loop {
            match receive(self.session, Wait::Never) {
                Ok(Received::Ended) => return self.end(Ok(End::Closed)),
                Ok(Received::Something) => {}
                _ => return self.end(Err(error.into())),
            }
        }
    }
}
