//! One Telnet connection: text line by line, commands by their names, secrets as holes.
//! Must not hold: what is the same for every protocol, or what a command means.

use super::{Dialogue, Made, Run, Sheet};
use crate::mask::hole_text;
use memchr::{memchr, memrchr};
use std::io;
use wireline_transcript::Side;
use wireline_wire::Saying;

/// Text both ways. What is no whole line waits until its end comes or the other side speaks.
#[derive(Debug)]
pub(crate) struct TelnetDialogue {
    sheet: Sheet,
    heard: Vec<u8>,
    sent: Vec<u8>,
    /// A secret that is typed key by key is one hole, before the end of its line.
    typing: Option<&'static str>,
}

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;
/// A line that is longer is shown in pieces.
const LINE_BYTES: usize = 16 * 1024;

impl TelnetDialogue {
    pub(crate) fn new(sheet: Sheet) -> Self {
        Self { sheet, heard: Vec::new(), sent: Vec::new(), typing: None }
    }

    fn print(&mut self, side: Side, bytes: &[u8], run: &Run<'_>) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.sheet.open(run.mask.login())?;
        let pieces = self.sheet.masked(bytes, run.mask, made);
        self.sheet.say(side, &pieces)
    }

    /// The other side speaks. A command that is not whole yet waits for its rest.
    fn print_heard(&mut self, run: &Run<'_>) -> io::Result<()> {
        let bytes: Vec<_> = self.heard.drain(..unfinished(&self.heard)).collect();
        self.print(Side::S, &bytes, run)
    }

    /// The hole of what was typed.
    fn typed(&mut self) -> Vec<Made> {
        let hole = self.typing.take();
        hole.map(|hole| Made::Hole(hole_text(hole).to_owned())).into_iter().collect()
    }

    fn print_sent(&mut self, run: &Run<'_>) -> io::Result<()> {
        let bytes: Vec<_> = self.sent.drain(..unfinished(&self.sent)).collect();
        self.print(Side::C, &bytes, run)
    }
}

/// The hole of a saying that is nothing else.
fn only_hole(saying: &Saying) -> Option<&'static str> {
    let mut pieces = saying.pieces();
    match (pieces.next(), pieces.next()) {
        (Some((_, hole)), None) => hole,
        _ => None,
    }
}

/// Takes what can be shown by now. An LF within a command ends no line.
fn whole_lines(bytes: &mut Vec<u8>) -> Vec<u8> {
    let (mut end, mut at) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        at += match memchr(IAC, rest) {
            Some(0) => length(rest).unwrap_or(rest.len()),
            until => {
                let run = rest.get(..until.unwrap_or(rest.len())).unwrap_or_default();
                end = memrchr(b'\n', run).map_or(end, |found| at + found + 1);
                run.len()
            }
        };
    }
    if end == 0 && bytes.len() > LINE_BYTES {
        end = bytes.len();
    }
    bytes.drain(..end).collect()
}

/// Where a command begins that is not whole, or the end.
fn unfinished(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr(IAC, rest)) {
        at += next;
        match bytes.get(at..).and_then(length) {
            Some(count) => at += count,
            None => return at,
        }
    }
    bytes.len()
}

/// Commands as holes.
fn made(mut bytes: &[u8]) -> Vec<Made> {
    let mut pieces = Vec::new();
    while let Some(at) = memchr(IAC, bytes) {
        let (before, rest) = bytes.split_at(at);
        let (command, after) = rest.split_at(length(rest).unwrap_or(rest.len()));
        pieces.push(Made::Bytes(before.to_vec()));
        pieces.push(match command {
            [IAC, IAC] | [IAC] => Made::Bytes(command.to_vec()),
            command => Made::Hole(name(command)),
        });
        bytes = after;
    }
    pieces.push(Made::Bytes(bytes.to_vec()));
    pieces
}

/// Of the command that the bytes begin with, if it is whole.
fn length(bytes: &[u8]) -> Option<usize> {
    let wanted = match bytes {
        [IAC, SB, rest @ ..] => {
            let mut at = 0;
            loop {
                at += memchr(IAC, rest.get(at..)?)? + 2;
                if rest.get(at - 1) == Some(&SE) {
                    break at + 2;
                }
            }
        }
        [IAC, 251..=254, ..] => 3,
        _ => 2,
    };
    (wanted <= bytes.len()).then_some(wanted)
}

/// As transcripts spell it: `IAC DO TTYPE`, `IAC SB NAWS 0x00500018 IAC SE`.
fn name(command: &[u8]) -> String {
    let mut text = "IAC".to_owned();
    let (body, is_whole) = match command.strip_suffix(&[IAC, SE]) {
        Some(body) if body.get(1) == Some(&SB) => (body, true),
        _ => (command, false),
    };
    let mut rest = body.iter().skip(1);
    for table in [COMMANDS, OPTIONS] {
        let Some(byte) = rest.next() else { break };
        match table.iter().find(|(known, _)| known == byte) {
            Some((_, name)) => text.extend([" ", name]),
            None => text.push_str(&format!(" 0x{byte:02x}")),
        }
    }
    let parameters: String = rest.map(|byte| format!("{byte:02x}")).collect();
    if !parameters.is_empty() {
        text.push_str(&format!(" 0x{parameters}"));
    }
    if is_whole {
        text.push_str(" IAC SE");
    }
    text
}

/// The names that transcripts know.
const COMMANDS: &[(u8, &str)] = &[
    (254, "DONT"),
    (253, "DO"),
    (252, "WONT"),
    (251, "WILL"),
    (250, "SB"),
    (249, "GA"),
    (248, "EL"),
    (247, "EC"),
    (246, "AYT"),
    (245, "AO"),
    (244, "IP"),
    (243, "BRK"),
    (242, "DM"),
    (241, "NOP"),
    (239, "EOR"),
    (238, "ABORT"),
    (237, "SUSP"),
    (236, "EOF"),
];

const OPTIONS: &[(u8, &str)] = &[
    (0, "BINARY"),
    (1, "ECHO"),
    (3, "SGA"),
    (5, "STATUS"),
    (6, "TM"),
    (24, "TTYPE"),
    (31, "NAWS"),
    (32, "TSPEED"),
    (33, "LFLOW"),
    (34, "LINEMODE"),
    (35, "XDISPLOC"),
    (36, "ENVIRON"),
    (37, "AUTHENTICATION"),
    (38, "ENCRYPT"),
    (39, "NEWENVIRON"),
    (42, "CHARSET"),
];

impl Dialogue for TelnetDialogue {
    fn sheet(&mut self) -> &mut Sheet {
        &mut self.sheet
    }

    fn tls(&mut self, version: &str, cipher: &str, run: &mut Run<'_>) -> io::Result<()> {
        self.end(run)?;
        self.sheet.tls(version, cipher)
    }

    fn said(&mut self, saying: &Saying, run: &mut Run<'_>) -> io::Result<()> {
        self.print_heard(run)?;
        self.print_sent(run)?;
        self.sheet.open(run.mask.login())?;
        if let Some(hole) = only_hole(saying) {
            self.typing = Some(hole);
            return Ok(());
        }
        let mut pieces = self.typed();
        for (bytes, hole) in saying.pieces() {
            match hole {
                Some(hole) => pieces.push(Made::Hole(hole_text(hole).to_owned())),
                None => pieces.extend(made(bytes)),
            }
        }
        self.sheet.say(Side::C, &pieces)
    }

    fn sent(&mut self, _: u64, data: Option<&[u8]>, run: &mut Run<'_>) -> io::Result<()> {
        self.print_heard(run)?;
        self.sent.extend_from_slice(data.unwrap_or_default());
        let lines = whole_lines(&mut self.sent);
        self.print(Side::C, &lines, run)
    }

    fn heard(&mut self, line: &[u8], run: &mut Run<'_>) -> io::Result<()> {
        self.body(line.len() as u64, Some(line), run)
    }

    fn body(&mut self, _: u64, data: Option<&[u8]>, run: &mut Run<'_>) -> io::Result<()> {
        self.print_sent(run)?;
        self.heard.extend_from_slice(data.unwrap_or_default());
        let lines = whole_lines(&mut self.heard);
        self.print(Side::S, &lines, run)
    }

    fn end(&mut self, run: &mut Run<'_>) -> io::Result<()> {
        let (sent, heard) = (std::mem::take(&mut self.sent), std::mem::take(&mut self.heard));
        self.print(Side::C, &sent, run)?;
        self.print(Side::S, &heard, run)?;
        match self.typed().as_slice() {
            [] => Ok(()),
            typed => self.sheet.say(Side::C, typed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Mask;
    use crate::recording::Recording;
    use wireline_wire::Peer;

    fn lines(does: impl FnOnce(&mut TelnetDialogue, &mut Run<'_>) -> io::Result<()>) -> String {
        let peer = Peer::from(std::net::SocketAddr::from(([127, 0, 0, 1], 23)));
        let mut dialogue = TelnetDialogue::new(Sheet::new(1, &peer, false));
        let (mask, mut kept) = (Mask::default(), Recording::default());
        let mut run = Run { mask: &mask, kept: &mut kept };
        does(&mut dialogue, &mut run).unwrap();
        dialogue.end(&mut run).unwrap();
        let lines = String::from_utf8(dialogue.sheet().take_lines()).unwrap();
        lines.split_once('\n').unwrap().1.to_owned()
    }

    /// However many keys it had, and whatever was shown for them.
    #[test]
    fn a_secret_that_is_typed_is_one_hole() {
        let key = |key: &str| Saying::new().secret("typed", key);
        let shown = lines(|dialogue, run| {
            dialogue.heard(b"PIN: ", run)?;
            for pressed in ["1", "2", "3"] {
                dialogue.said(&key(pressed), run)?;
                dialogue.heard(b"*", run)?;
            }
            dialogue.said(&Saying::new().text("\r\0"), run)?;
            dialogue.said(&key("4"), run)
        });
        let wanted =
            "S= PIN:{{SP}}\nS= *\nS= *\nS= *\nC= {{*=hidden}}{{0x0d}}{{0x00}}\nC= {{*=hidden}}\n";
        assert_eq!(shown.replace("{{CR}}", "{{0x0d}}"), wanted);
    }

    /// A window of ten rows, either way, and torn.
    #[test]
    fn an_lf_within_a_command() {
        let command = b"\xff\xfa\x1f\x00\x50\x00\x0a\xff\xf0";
        let wanted = "{{IAC SB NAWS 0x0050000a IAC SE}}\n";
        let said = lines(|dialogue, run| dialogue.said(&Saying::new().text(command), run));
        assert_eq!(said, format!("C= {wanted}"));
        for split in 0..=command.len() {
            let heard = lines(|dialogue, run| {
                dialogue.heard(&command[..split], run)?;
                dialogue.heard(&command[split..], run)
            });
            assert_eq!(heard, format!("S= {wanted}"), "at {split}");
        }
    }

    /// Though we speak between its pieces.
    #[test]
    fn a_command_is_one_hole() {
        let (command, ours) = (b"> \xff\xfa\x22\x03\x02\xff\xff\xff\xf0", b"\xff\xfb\x01");
        for split in 3..command.len() {
            let lines = lines(|dialogue, run| {
                dialogue.heard(&command[..split], run)?;
                dialogue.said(&Saying::new().text(ours), run)?;
                dialogue.heard(&command[split..], run)
            });
            let wanted =
                "S= >{{SP}}\nC= {{IAC WILL ECHO}}\nS= {{IAC SB LINEMODE 0x0302ffff IAC SE}}\n";
            assert_eq!(lines, wanted, "at {split}");
        }
    }

    #[test]
    fn commands_have_names() {
        let rows: &[(&[u8], &[&str])] = &[
            (b"a\xff\xfd\x18b\xff\xfb\x01", &["IAC DO TTYPE", "IAC WILL ECHO"]),
            (b"\xff\xfa\x1f\x00\x50\xff\xff\x18\xff\xf0x", &["IAC SB NAWS 0x0050ffff18 IAC SE"]),
            (b"\xff\xfa\x18\xff\xf0", &["IAC SB TTYPE IAC SE"]),
            (b"\xff\xf6\xff\xff\xff", &["IAC AYT"]),
            (b"\xff\xfa\x18\x00vt", &["IAC SB TTYPE 0x007674"]),
            (b"\xff\xfb", &["IAC WILL"]),
            (b"\xff\xfb\x2e", &["IAC WILL 0x2e"]),
            (b"text", &[]),
        ];
        for (bytes, wanted) in rows {
            let holes = made(bytes).into_iter().filter_map(|piece| match piece {
                Made::Hole(hole) => Some(hole),
                Made::Bytes(_) => None,
            });
            assert_eq!(holes.collect::<Vec<_>>(), *wanted, "{bytes:?}");
        }
    }
}
