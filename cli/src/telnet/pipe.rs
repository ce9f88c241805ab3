//! From a pipe: standard input goes to the device, and the device's text to standard output, both at
//! once under one `poll`. Must not hold: a terminal, or steps.

use super::encoding::{Encoder, Encoding};
use super::screen::Screen;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::time::Duration;
use wireline_telnet::{Error, Received, Session, Side, TelnetOption, Wait};
use wireline_wire as wire;
use wireline_wire::Whole;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// The device's silence.
    pub(crate) idle: Duration,
    /// Everything.
    pub(crate) whole: Option<Whole>,
}

/// Sends all of standard input, says so, and hears the device until it closes.
pub(crate) fn run(
    session: &mut Session,
    screen: &mut Screen,
    patience: Patience,
    encoding: Option<Encoding>,
    output: Output,
) -> Result<(), Failure> {
    let mut input = Input::in_encoding(encoding);
    while !hear(session, screen)? {
        if !session.has_unsent() && input.text.is_empty() {
            if input.ended {
                return match session.half_close() {
                    Ok(()) => drain(session, screen, patience.idle),
                    Err(error) => lost(session, screen, patience, error, output),
                };
            }
            if !await_either(session, patience.whole)? {
                continue;
            }
            input.read(session.is_on(Side::Us, TelnetOption::BINARY), output)?;
        }
        // Before more is heard, which may change how a line ends.
        match session.send_some(&input.text) {
            Ok(taken) => drop(input.text.drain(..taken)),
            Err(error) => return lost(session, screen, patience, error, output),
        }
    }
    screen.end()
}

/// Hears the device until it closes.
pub(crate) fn drain(
    session: &mut Session,
    screen: &mut Screen,
    idle: Duration,
) -> Result<(), Failure> {
    loop {
        let received = receive(session, Wait::AtMost(idle));
        show(session, screen)?;
        match received? {
            Received::Ended => return screen.end(),
            Received::Nothing => {
                let why = format!("timed out: nothing came for {} s", idle.as_secs_f64());
                let failure = Failure::new(Exit::TimedOut, why).doing("waiting for the end");
                return Err(failure.hint("--timeout sets this limit"));
            }
            Received::Something | Received::Full => {}
        }
    }
}

/// Shows what has come. `true` when the device has closed.
fn hear(session: &mut Session, screen: &mut Screen) -> Result<bool, Failure> {
    loop {
        let received = receive(session, Wait::Never);
        show(session, screen)?;
        match received? {
            Received::Something | Received::Full => {}
            Received::Nothing => return Ok(false),
            Received::Ended => return Ok(true),
        }
    }
}

/// A connection that ends within a command has ended: there is no text that could be missing.
pub(crate) fn receive(session: &mut Session, wait: Wait) -> Result<Received, Error> {
    match session.receive(wait) {
        Err(Error::Connection(wire::Error::Cut { .. })) => Ok(Received::Ended),
        result => result,
    }
}

/// Takes the text that is there to the screen.
pub(crate) fn show(session: &mut Session, screen: &mut Screen) -> Result<(), Failure> {
    let binary = session.is_on(Side::Him, TelnetOption::BINARY);
    screen.show(&session.take_text(), binary)
}

/// The device takes no more. It may have closed in good order, and what it said last counts.
fn lost(
    session: &mut Session,
    screen: &mut Screen,
    patience: Patience,
    error: Error,
    output: Output,
) -> Result<(), Failure> {
    match drain(session, screen, patience.idle) {
        Ok(()) => {
            output.note("the device closed the connection before all of the input was sent");
            Ok(())
        }
        Err(failure) if failure.exit == Exit::ReaderLeft => Err(failure),
        Err(_) => Err(error.into()),
    }
}

/// Waits for either side. `true` when standard input has something.
fn await_either(session: &mut Session, whole: Option<Whole>) -> Result<bool, Failure> {
    let stdin = io::stdin();
    let readable = {
        let mut fds = [
            PollFd::new(&stdin, PollFlags::IN),
            PollFd::from_borrowed_fd(session.socket(), PollFlags::IN),
        ];
        let limit = whole.and_then(|whole| Timespec::try_from(whole.remaining()).ok());
        match poll(&mut fds, limit.as_ref()) {
            Ok(0) => None,
            Ok(_) => Some(fds.first().is_some_and(|fd| !fd.revents().is_empty())),
            Err(Errno::INTR) => Some(false),
            Err(error) => return Err(Failure::local(&error.into())),
        }
    };
    if readable.is_none() {
        // All the time is over: waiting on says so in its own words.
        session.receive(Wait::AtMost(Duration::from_millis(1)))?;
    }
    Ok(readable.unwrap_or(false))
}

/// Standard input, as what Telnet sends of it.
#[derive(Debug, Default)]
struct Input {
    text: Vec<u8>,
    after_cr: bool,
    ended: bool,
    encoder: Option<Encoder>,
    warned: bool,
}

impl Input {
    fn in_encoding(encoding: Option<Encoding>) -> Self {
        Self { encoder: encoding.map(Encoding::encoder), ..Self::default() }
    }

    fn read(&mut self, binary: bool, output: Output) -> Result<(), Failure> {
        // So much is sent in one piece, even if it is nothing but ends of lines.
        let mut some = vec![0; 8 * 1024];
        match rustix::io::read(io::stdin(), &mut some) {
            Ok(0) => {
                self.ended = true;
                self.encode(b"", binary, output);
            }
            Ok(count) => self.encode(some.get(..count).unwrap_or_default(), binary, output),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => {
                return Err(Failure::local(&error.into()).doing("reading standard input"));
            }
        }
        Ok(())
    }

    fn encode(&mut self, bytes: &[u8], binary: bool, output: Output) {
        let Some(encoder) = &mut self.encoder else { return self.push(bytes, binary) };
        let mut encoded = Vec::with_capacity(bytes.len());
        let whole = encoder.push(bytes, self.ended, &mut encoded);
        if !whole && !std::mem::replace(&mut self.warned, true) {
            output.warn("the encoding lacks letters of the input; ? was sent in their place");
        }
        self.push(&encoded, binary);
    }

    /// A line ends in CR LF, in binary in a CR; one that does already stays as it is.
    fn push(&mut self, bytes: &[u8], binary: bool) {
        for &byte in bytes {
            if byte == b'\n' && !self.after_cr {
                self.text.push(b'\r');
            }
            if byte != b'\n' || !binary {
                self.text.push(byte);
            }
            self.after_cr = byte == b'\r';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_line_ends() {
        type Row<'a> = (&'a [&'a [u8]], &'a [u8], &'a [u8]);
        let rows: &[Row<'_>] = &[
            (&[b"a\nb\r\nc"], b"a\r\nb\r\nc", b"a\rb\rc"),
            (&[b"a\r", b"\n\n"], b"a\r\n\r\n", b"a\r\r"),
            (&[b"\r\r\n"], b"\r\r\n", b"\r\r"),
        ];
        for (pieces, text, binary_text) in rows {
            for (binary, wanted) in [(false, text), (true, binary_text)] {
                let mut input = Input::default();
                pieces.iter().for_each(|piece| input.push(piece, binary));
                assert_eq!(input.text, *wanted);
            }
        }
    }
}
