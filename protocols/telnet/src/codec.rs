//! Between bytes and what they mean: the decoder, which gives the same for every way a stream is
//! torn apart, and the encoder of text. No I/O, no socket.
//! Must not hold: answers, or what options and subnegotiations mean.

#![expect(
    clippy::indexing_slicing,
    reason = "slices at what memchr found in the same slice; get() would lose bytes in silence"
)]

use crate::command::{IAC, SB, SE};
use crate::{Command, Event, TelnetOption, Verb};
use memchr::{memchr, memchr2};

const CR: u8 = b'\r';
const LF: u8 = b'\n';
const NUL: u8 = 0;

/// Takes a stream apart. It holds a subnegotiation that is not whole, never text.
///
/// ```
/// use wireline_telnet::{Decoder, Event, TelnetOption, Verb};
/// let mut decoder = Decoder::new(1024);
/// let mut input: &[u8] = b"log\xff\xfb\x01in:\r\0";
/// assert_eq!(decoder.next(&mut input), Some(Event::Text(b"log")));
/// assert_eq!(decoder.next(&mut input), Some(Event::Negotiation(Verb::Will, TelnetOption::ECHO)));
/// assert_eq!(decoder.next(&mut input), Some(Event::Text(b"in:\r")));
/// assert_eq!(decoder.next(&mut input), None);
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
    /// The last byte of text was a CR, so a NUL that follows is not text.
    after_cr: bool,
    binary: bool,
    /// Of the subnegotiation: its option and its parameters.
    held: Vec<u8>,
    most: usize,
    /// The subnegotiation is over the limit: only its option is held.
    too_long: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Text,
    Iac,
    Verb(Verb),
    Subnegotiation,
    SubnegotiationIac,
}

impl Decoder {
    /// For subnegotiations of up to `subnegotiation_bytes`, the option included.
    #[must_use]
    pub const fn new(subnegotiation_bytes: usize) -> Self {
        Self {
            state: State::Text,
            after_cr: false,
            binary: false,
            held: Vec::new(),
            most: subnegotiation_bytes,
            too_long: false,
        }
    }

    /// Whether the peer sends binary (RFC 856): then CR means nothing. Holds for what was not
    /// decoded yet.
    pub const fn set_binary(&mut self, binary: bool) {
        if self.binary != binary {
            (self.binary, self.after_cr) = (binary, false);
        }
    }

    /// Whether the stream may end here: not within a command.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.state == State::Text
    }

    /// The next piece of the input, which loses what was used of it; `None` when it is empty.
    pub fn next<'e, 'i: 'e>(&'e mut self, input: &mut &'i [u8]) -> Option<Event<'e>> {
        while let Some((&first, rest)) = input.split_first() {
            let found = match self.state {
                State::Text => match self.text(input) {
                    Some(text) => return Some(Event::Text(text)),
                    None => continue,
                },
                State::Subnegotiation => {
                    self.hold(input);
                    continue;
                }
                State::Iac => self.command(first, rest, input),
                State::Verb(verb) => {
                    self.state = State::Text;
                    *input = rest;
                    Found::Event(Event::Negotiation(verb, TelnetOption(first)))
                }
                State::SubnegotiationIac => self.subnegotiation_iac(first, rest, input),
            };
            match found {
                Found::Nothing => {}
                Found::Event(event) => return Some(event),
                Found::Whole => return self.whole(),
            }
        }
        None
    }

    /// Text up to the next byte that is none.
    fn text<'i>(&mut self, input: &mut &'i [u8]) -> Option<&'i [u8]> {
        let bytes = *input;
        if self.after_cr && bytes.first() == Some(&NUL) {
            self.after_cr = false;
            *input = &bytes[1..];
            return None;
        }
        let (length, used) = self.run(bytes);
        *input = &bytes[used..];
        let text = &bytes[..length];
        if let Some(last) = text.last() {
            self.after_cr = !self.binary && *last == CR && used == length;
        }
        if bytes.get(length) == Some(&IAC) {
            self.state = State::Iac;
            *input = &bytes[length + 1..];
        }
        (length > 0).then_some(text)
    }

    /// How many bytes are text, and how many these are with a NUL behind a last CR.
    fn run(&self, bytes: &[u8]) -> (usize, usize) {
        if self.binary {
            let length = memchr(IAC, bytes).unwrap_or(bytes.len());
            return (length, length);
        }
        let mut from = 0;
        while let Some(at) = memchr2(IAC, CR, &bytes[from..]).map(|at| at + from) {
            match bytes[at..] {
                [IAC, ..] => return (at, at),
                [_, NUL, ..] => return (at + 1, at + 2),
                _ => from = at + 1,
            }
        }
        (bytes.len(), bytes.len())
    }

    /// Behind IAC.
    fn command<'i>(&mut self, first: u8, rest: &'i [u8], input: &mut &'i [u8]) -> Found<'i> {
        let here = *input;
        *input = rest;
        self.state = State::Text;
        if first == IAC {
            self.after_cr = false;
            return Found::Event(Event::Text(&here[..1]));
        }
        if first == SB {
            (self.state, self.too_long) = (State::Subnegotiation, false);
            self.held.clear();
            return Found::Nothing;
        }
        match Verb::from_code(first) {
            Some(verb) => {
                self.state = State::Verb(verb);
                Found::Nothing
            }
            None => Found::Event(Event::Command(Command::from_code(first))),
        }
    }

    /// Behind IAC within a subnegotiation.
    fn subnegotiation_iac<'i>(
        &mut self,
        first: u8,
        rest: &'i [u8],
        input: &mut &'i [u8],
    ) -> Found<'i> {
        match first {
            IAC => {
                *input = rest;
                self.state = State::Subnegotiation;
                self.keep(&[IAC]);
                Found::Nothing
            }
            SE => {
                *input = rest;
                self.state = State::Text;
                Found::Whole
            }
            // The command stands: it is what the peer says now.
            _ => {
                self.state = State::Iac;
                Found::Event(Event::Broken)
            }
        }
    }

    fn hold(&mut self, input: &mut &[u8]) {
        let bytes = *input;
        let length = memchr(IAC, bytes).unwrap_or(bytes.len());
        self.keep(&bytes[..length]);
        *input = &bytes[length..];
        if let Some((_, rest)) = input.split_first() {
            self.state = State::SubnegotiationIac;
            *input = rest;
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.too_long |= self.held.len() + bytes.len() > self.most;
        if !self.too_long {
            self.held.extend_from_slice(bytes);
        } else if self.held.is_empty() {
            self.held.extend_from_slice(&bytes[..1]);
        } else {
            self.held.truncate(1);
        }
    }

    fn whole(&mut self) -> Option<Event<'_>> {
        let (option, parameters) = match self.held.split_first() {
            Some((option, parameters)) => (TelnetOption(*option), parameters),
            None => return Some(Event::Broken),
        };
        match self.too_long {
            true => Some(Event::Oversize(option)),
            false => Some(Event::Subnegotiation(option, parameters)),
        }
    }
}

enum Found<'i> {
    Nothing,
    Event(Event<'i>),
    /// A subnegotiation has come to its end.
    Whole,
}

/// How a line ends when we send one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// CR LF: the end of a line (RFC 854). In binary, where that would be two keys and to most hosts
    /// two lines, a CR alone, as other clients do.
    #[default]
    CrLf,
    /// CR NUL: the return key at a terminal (RFC 1123 section 3.3.1). In binary a CR alone.
    CrNul,
    /// LF.
    Lf,
}

impl LineEnd {
    const fn bytes(self, binary: bool) -> &'static [u8] {
        match self {
            Self::CrLf | Self::CrNul if binary => b"\r",
            Self::CrLf => b"\r\n",
            Self::CrNul => b"\r\0",
            Self::Lf => b"\n",
        }
    }
}

/// Makes text fit for the wire: a 255 is doubled, and a CR that begins neither CR LF nor CR NUL
/// becomes CR NUL, unless we send binary. Everything else goes as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Encoder {
    /// A CR whose meaning depends on the next byte is held back.
    after_cr: bool,
    binary: bool,
}

impl Encoder {
    /// Whether we send binary (RFC 856). A CR that was held back leaves as what it was before.
    pub fn set_binary(&mut self, binary: bool, out: &mut Vec<u8>) {
        if self.binary != binary {
            self.finish(out);
            self.binary = binary;
        }
    }

    /// Appends what the next bytes become: at most twice as many, and one that was held back. A
    /// CR at the end is held back.
    pub fn encode(&mut self, text: &[u8], out: &mut Vec<u8>) {
        out.reserve(text.len() + text.len() / 16);
        let mut rest = text;
        while let Some(&first) = rest.first() {
            if std::mem::take(&mut self.after_cr) {
                out.push(CR);
                if first != LF && first != NUL {
                    out.push(NUL);
                }
            }
            let special = match self.binary {
                true => memchr(IAC, rest),
                false => memchr2(IAC, CR, rest),
            };
            let length = special.unwrap_or(rest.len());
            out.extend_from_slice(&rest[..length]);
            match rest.get(length) {
                Some(&IAC) => out.extend([IAC, IAC]),
                Some(_) => self.after_cr = true,
                None => {}
            }
            rest = rest.get(length + 1..).unwrap_or_default();
        }
    }

    /// Ends the text for now: a CR that was held back was meant as one.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.after_cr) {
            out.extend([CR, NUL]);
        }
    }

    /// The end of a line, behind a text that [`Encoder::finish`] ended.
    pub fn line_end(&self, end: LineEnd, out: &mut Vec<u8>) {
        out.extend_from_slice(end.bytes(self.binary));
    }
}

#[cfg(test)]
mod tests;
