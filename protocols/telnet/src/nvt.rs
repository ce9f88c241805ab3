//! Our end of the dialogue as a machine without I/O (RFC 854's network virtual terminal): bytes in,
//! text, notices and answers out.
//! Must not hold: a socket, a clock, or patterns to wait for.

use crate::command::subnegotiation;
use crate::plain::Plain;
use crate::subnegotiation::charset::{self, Message};
use crate::subnegotiation::linemode::LineMode;
use crate::subnegotiation::naws::Window;
use crate::subnegotiation::ttype::TerminalTypes;
use crate::subnegotiation::{IS, SEND, new_environ, status};
use crate::{
    Command, Decoder, Encoder, Event, LineEnd, Negotiation, Notice, Settings, Side,
    SpecialCharacter, TelnetOption, Transcode, Verb,
};

/// A network virtual terminal. What it has to say gathers in it until [`Nvt::take_answers`].
///
/// ```
/// use wireline_telnet::{Notice, Nvt, Settings, Side, TelnetOption};
/// let mut nvt = Nvt::new(Settings::default(), 64 * 1024);
/// let (mut input, mut text) = (&b"\xff\xfb\x01Password: "[..], Vec::new());
/// let notice = nvt.hear(&mut input, &mut text);
/// let (side, option) = (Side::Him, TelnetOption::ECHO);
/// assert_eq!(notice, Some(Notice::Switched { side, option, on: true }));
/// assert_eq!(nvt.hear(&mut input, &mut text), None);
/// assert_eq!(text, b"Password: ");
/// assert_eq!(nvt.take_answers(), b"\xff\xfd\x01");
/// ```
#[derive(Debug)]
pub struct Nvt {
    settings: Settings,
    negotiation: Negotiation,
    decoder: Decoder,
    encoder: Encoder,
    types: TerminalTypes,
    line: LineMode,
    plain: Plain,
    transcode: Option<Box<dyn Transcode>>,
    /// Answers to TIMING-MARK that are due.
    marks: u32,
    /// STATUS is to be asked for as soon as it is on.
    asks_status: bool,
    out: Vec<u8>,
}

impl Nvt {
    /// A terminal that has said and heard nothing.
    #[must_use]
    pub fn new(settings: Settings, subnegotiation_bytes: usize) -> Self {
        Self {
            negotiation: Negotiation::default(),
            decoder: Decoder::new(subnegotiation_bytes),
            encoder: Encoder::default(),
            types: TerminalTypes::new(settings.terminal_types.clone()),
            line: LineMode::new(settings.special_characters.clone().unwrap_or_default()),
            plain: Plain::default(),
            transcode: None,
            marks: 0,
            asks_status: false,
            out: Vec::new(),
            settings,
        }
    }

    /// What it was made with; the window is the last one of [`Nvt::resize`].
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The state of the options.
    #[must_use]
    pub const fn negotiation(&self) -> &Negotiation {
        &self.negotiation
    }

    /// From now on text is what this makes of the peer's bytes.
    pub fn transcode(&mut self, by: Box<dyn Transcode>) {
        self.transcode = Some(by);
    }

    /// The special characters that both sides know (RFC 1184), by function from 0, which is none.
    #[must_use]
    pub const fn special_characters(&self) -> &[SpecialCharacter] {
        self.line.characters()
    }

    /// Whether the peer may stop here: not within a command.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.decoder.is_whole()
    }

    /// Hears up to the next notice, which is returned, or all of the input, or until 64 KiB of
    /// answers are there to be taken. The input loses what was heard; text is appended, at most as
    /// many bytes as the input had, unless a [`Transcode`] makes more of them.
    pub fn hear(&mut self, input: &mut &[u8], text: &mut Vec<u8>) -> Option<Notice> {
        const ANSWERS_BYTES: usize = 64 * 1024;
        while self.out.len() < ANSWERS_BYTES
            && let Some(event) = self.decoder.next(input)
        {
            let notice = match event {
                Event::Text(bytes) => {
                    let show = Show(&mut self.transcode, &mut self.plain, &self.settings);
                    show.push(bytes, false, text);
                    None
                }
                Event::Command(command) => Some(Notice::Command(command)),
                Event::Negotiation(verb, option) => self.hear_negotiation(verb, option),
                Event::Subnegotiation(option, parameters) => {
                    let parameters = parameters.to_vec();
                    self.hear_subnegotiation(option, parameters)
                }
                Event::Oversize(option) => Some(Notice::Ignored(Some(option))),
                Event::Broken => Some(Notice::Ignored(None)),
            };
            if notice.is_some() {
                return notice;
            }
        }
        None
    }

    /// Nothing more is heard: appends what a [`Transcode`] held back.
    pub fn end(&mut self, text: &mut Vec<u8>) {
        Show(&mut self.transcode, &mut self.plain, &self.settings).push(b"", true, text);
    }

    /// What is to be sent, and no longer kept.
    #[must_use]
    pub fn take_answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Asks for an option to be on or off. Nothing is said when it is so already; what is asked
    /// for while an answer is due is said when that has come (RFC 1143 section 5).
    pub fn want(&mut self, side: Side, option: TelnetOption, on: bool) {
        let verb = self.negotiation.want(side, option, on);
        self.say_verb(verb, option);
    }

    /// The window has another size. It is told if the peer wants to know.
    pub fn resize(&mut self, window: Window) {
        let changed = self.settings.window.replace(window) != Some(window);
        if changed && self.negotiation.is_on(Side::Us, TelnetOption::NAWS) {
            self.say(TelnetOption::NAWS, &window.encode());
        }
    }

    /// Asks how the peer sees the options (RFC 859), after asking whether it tells. The answer is
    /// [`Notice::Status`] or [`Notice::Refused`].
    pub fn ask_status(&mut self) {
        match self.negotiation.is_on(Side::Him, TelnetOption::STATUS) {
            true => self.say(TelnetOption::STATUS, &[SEND]),
            false => {
                self.asks_status = true;
                self.want(Side::Him, TelnetOption::STATUS, true);
            }
        }
    }

    /// Asks for a mark where the peer is done with all that was said before (RFC 860). The answer
    /// is [`Notice::TimingMark`].
    pub fn ask_timing_mark(&mut self) {
        self.marks = self.marks.saturating_add(1);
        self.out.extend(Verb::Do.encode(TelnetOption::TIMING_MARK));
    }

    /// Says a command; nothing for one without a name.
    pub fn command(&mut self, command: Command) {
        self.encoder.finish(&mut self.out);
        self.out.extend(command.encode());
    }

    /// Says a subnegotiation of the caller's.
    pub fn say(&mut self, option: TelnetOption, parameters: &[u8]) {
        self.out.extend(subnegotiation(option, parameters));
    }

    /// Appends text as it goes onto the wire. A CR at its end waits for what follows, or for
    /// [`Nvt::finish`].
    pub fn encode(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.encoder.encode(text, out);
    }

    /// Appends the CR that [`Nvt::encode`] held back.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.encoder.finish(out);
    }

    /// Appends the end of a line.
    pub fn line_end(&mut self, end: LineEnd, out: &mut Vec<u8>) {
        self.encoder.finish(out);
        self.encoder.line_end(end, out);
    }

    fn hear_negotiation(&mut self, verb: Verb, option: TelnetOption) -> Option<Notice> {
        if option == TelnetOption::TIMING_MARK {
            return self.hear_timing_mark(verb);
        }
        let side = match verb {
            Verb::Will | Verb::Wont => Side::Him,
            Verb::Do | Verb::Dont => Side::Us,
        };
        let agree = self.settings.agrees(side, option);
        let heard = self.negotiation.hear(verb, option, agree);
        self.say_verb(heard.answer, option);
        if heard.is_refusal() {
            return Some(Notice::Refused { side, option });
        }
        let on = heard.switched()?;
        if on {
            self.begin(side, option);
        }
        Some(Notice::Switched { side, option, on })
    }

    /// Binary begins and ends behind the word for it.
    fn say_verb(&mut self, verb: Option<Verb>, option: TelnetOption) {
        if let Some(verb) = verb {
            self.encoder.finish(&mut self.out);
            self.out.extend(verb.encode(option));
        }
        self.keep_binary();
    }

    /// RFC 860: every DO is answered where it stands, and nothing is remembered.
    fn hear_timing_mark(&mut self, verb: Verb) -> Option<Notice> {
        match verb {
            Verb::Do => self.out.extend(Verb::Will.encode(TelnetOption::TIMING_MARK)),
            Verb::Will | Verb::Wont if self.marks > 0 => {
                self.marks -= 1;
                return Some(Notice::TimingMark { agreed: verb == Verb::Will });
            }
            Verb::Will | Verb::Wont | Verb::Dont => {}
        }
        None
    }

    /// What is said as soon as an option is on.
    fn begin(&mut self, side: Side, option: TelnetOption) {
        match (side, option) {
            (Side::Us, TelnetOption::NAWS) => {
                if let Some(window) = self.settings.window {
                    self.say(option, &window.encode());
                }
            }
            (Side::Us, TelnetOption::LINEMODE) => self.say(option, &self.line.export()),
            (Side::Us, TelnetOption::CHARSET) if !self.settings.character_sets.is_empty() => {
                self.say(option, &charset::request(&self.settings.character_sets));
            }
            (Side::Him, TelnetOption::STATUS) if std::mem::take(&mut self.asks_status) => {
                self.say(option, &[SEND]);
            }
            _ => {}
        }
    }

    /// Ours ends with our word, the peer's with its.
    fn keep_binary(&mut self) {
        let him = self.negotiation.state(Side::Him, TelnetOption::BINARY).is_in_force();
        self.decoder.set_binary(him);
        let us = self.negotiation.is_on(Side::Us, TelnetOption::BINARY);
        self.encoder.set_binary(us, &mut self.out);
    }

    fn hear_subnegotiation(&mut self, option: TelnetOption, parameters: Vec<u8>) -> Option<Notice> {
        use TelnetOption as O;
        let us = self.negotiation.is_on(Side::Us, option);
        let him = self.negotiation.state(Side::Him, option).is_in_force();
        match (option, parameters.as_slice()) {
            _ if !us && !him => return Some(Notice::Ignored(Some(option))),
            (O::TTYPE, [SEND, ..]) if us => {
                let name = self.types.encode_next();
                self.say(option, &name);
            }
            (O::TSPEED, [SEND, ..]) if us => self.say(option, &self.settings.speed.encode()),
            (O::NEW_ENVIRON, [SEND, asked @ ..]) if us => {
                self.say(option, &new_environ::answer(asked, &self.settings.environment));
            }
            (O::STATUS, [SEND, ..]) if us => {
                self.say(option, &status::encode(self.negotiation.status()));
            }
            (O::STATUS, [IS, list @ ..]) if him => {
                return Some(Notice::Status(status::parse(list)));
            }
            (O::LINEMODE, _) if us => return self.hear_linemode(&parameters),
            (O::CHARSET, _) => return self.hear_charset(&parameters),
            _ => return Some(Notice::Subnegotiation(option, parameters)),
        }
        None
    }

    fn hear_linemode(&mut self, parameters: &[u8]) -> Option<Notice> {
        let outcome = self.line.hear(parameters);
        if let Some(answer) = outcome.answer {
            self.say(TelnetOption::LINEMODE, &answer);
        }
        outcome.mode.map(Notice::LineMode)
    }

    fn hear_charset(&mut self, parameters: &[u8]) -> Option<Notice> {
        let option = TelnetOption::CHARSET;
        let known = &self.settings.character_sets;
        let chosen = match charset::parse(parameters)? {
            Message::Request(names) => {
                let chosen = charset::choose(&names, known);
                self.say(option, &charset::answer(chosen));
                chosen
            }
            Message::Accepted(name) => charset::choose(&[name], known),
            Message::Table => {
                self.say(option, &charset::no_table());
                None
            }
            Message::Rejected => None,
        };
        match chosen {
            Some(name) => Some(Notice::CharacterSet(String::from_utf8_lossy(name).into_owned())),
            None => Some(Notice::Ignored(Some(option))),
        }
    }
}

/// What becomes of the bytes that are no commands.
struct Show<'a>(&'a mut Option<Box<dyn Transcode>>, &'a mut Plain, &'a Settings);

impl Show<'_> {
    fn push(self, bytes: &[u8], last: bool, text: &mut Vec<u8>) {
        let mut made = Vec::new();
        let bytes = match self.0 {
            Some(transcode) => {
                transcode.transcode(bytes, last, &mut made);
                made.as_slice()
            }
            None => bytes,
        };
        match self.2.plain_text {
            true => self.1.push(bytes, text),
            false => text.extend_from_slice(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unix_characters;

    /// A table of dialogues: what the peer says, what we answer, what there is to tell.
    struct Row {
        says: &'static [u8],
        answers: &'static [u8],
        tells: Vec<Notice>,
    }

    fn on(side: Side, option: TelnetOption) -> Notice {
        Notice::Switched { side, option, on: true }
    }

    fn rows() -> Vec<Row> {
        use TelnetOption as O;
        let charset = |name: &str| Notice::CharacterSet(name.into());
        let other = Notice::Subnegotiation(O::EOR, vec![7]);
        vec![
            Row {
                says: b"\xff\xfd\x20\xff\xfa\x20\x01\xff\xf0",
                answers: b"\xff\xfb\x20\xff\xfa\x20\x0038400,38400\xff\xf0",
                tells: vec![on(Side::Us, O::TSPEED)],
            },
            Row {
                says: b"\xff\xfd\x05\xff\xfb\x01\xff\xfa\x05\x01\xff\xf0",
                answers: b"\xff\xfb\x05\xff\xfd\x01\xff\xfa\x05\x00\xfd\x01\xfb\x05\xff\xf0",
                tells: vec![on(Side::Us, O::STATUS), on(Side::Him, O::ECHO)],
            },
            Row {
                says: b"\xff\xfb\x2a\xff\xfa\x2a\x01;utf-8\xff\xf0\xff\xfa\x2a\x04\x01\xff\xf0",
                answers: b"\xff\xfd\x2a\xff\xfa\x2a\x02utf-8\xff\xf0\xff\xfa\x2a\x05\xff\xf0",
                tells: vec![
                    on(Side::Him, O::CHARSET),
                    charset("utf-8"),
                    Notice::Ignored(Some(O::CHARSET)),
                ],
            },
            Row {
                says: b"\xff\xfd\x2a\xff\xfa\x2a\x02UTF-8\xff\xf0\xff\xfa\x2a\x02X\xff\xf0",
                answers: b"\xff\xfb\x2a\xff\xfa\x2a\x01;UTF-8\xff\xf0",
                tells: vec![
                    on(Side::Us, O::CHARSET),
                    charset("UTF-8"),
                    Notice::Ignored(Some(O::CHARSET)),
                ],
            },
            Row {
                says: b"\xff\xfd\x22\xff\xfa\x22\xfd\x02\x01\xff\xf0",
                answers: b"\xff\xfb\x22\xff\xfa\x22\x03\xff\xf0\xff\xfa\x22\xfc\x02\xff\xf0",
                tells: vec![on(Side::Us, O::LINEMODE)],
            },
            Row {
                says: b"\xff\xfb\x19\xff\xfa\x19\x07\xff\xf0\xff\xfa\x18\x01\xff\xf0",
                answers: b"\xff\xfd\x19",
                tells: vec![on(Side::Him, O::EOR), other, Notice::Ignored(Some(O::TTYPE))],
            },
            Row { says: b"\xff\xfd\x06\xff\xfb\x06", answers: b"\xff\xfb\x06", tells: vec![] },
        ]
    }

    fn settings() -> Settings {
        Settings {
            character_sets: vec!["UTF-8".try_into().unwrap()],
            special_characters: Some(Vec::new()),
            ..Settings::default()
        }
    }

    #[test]
    fn dialogues() {
        for Row { says, answers, tells } in rows() {
            let (mut nvt, mut input, mut text) = (Nvt::new(settings(), 64), says, Vec::new());
            let notices: Vec<_> = std::iter::from_fn(|| nvt.hear(&mut input, &mut text)).collect();
            assert_eq!(notices, tells, "{}", says.escape_ascii());
            let said = nvt.take_answers();
            assert_eq!(said.escape_ascii().to_string(), answers.escape_ascii().to_string());
            assert_eq!(text, b"");
        }
    }

    /// hostile.md row 186: questions whose answers are longer than they are do not fill the memory.
    #[test]
    fn answers_are_taken_in_between() {
        let special_characters = Some(unix_characters());
        let mut nvt = Nvt::new(Settings { special_characters, ..settings() }, 64);
        let flood = b"\xff\xfd\x20\xff\xfa\x20\x01\xff\xf0".repeat(100_000);
        let (mut input, mut text, mut said) = (flood.as_slice(), Vec::new(), 0);
        while !input.is_empty() {
            nvt.hear(&mut input, &mut text);
            let answers = nvt.take_answers();
            assert!(answers.len() < 65 * 1024);
            said += answers.len();
        }
        assert_eq!(said, 3 + 100_000 * 17);
    }

    /// A CR that waits for its next byte leaves before the word that ends its meaning.
    #[test]
    fn binary_begins_behind_its_word() {
        let (mut nvt, mut out) = (Nvt::new(settings(), 64), Vec::new());
        nvt.encode(b"a\r", &mut out);
        let mut input: &[u8] = b"\xff\xfd\x00";
        nvt.hear(&mut input, &mut Vec::new());
        out.extend(nvt.take_answers());
        nvt.encode(b"b\r", &mut out);
        nvt.want(Side::Us, TelnetOption::BINARY, false);
        out.extend(nvt.take_answers());
        nvt.encode(b"c\r", &mut out);
        nvt.finish(&mut out);
        assert_eq!(out, b"a\r\0\xff\xfb\0b\r\xff\xfc\0c\r\0");
    }
}
