//! One Telnet connection: text line by line, commands by their names, secrets as holes.
//! Must not hold: what is the same for every protocol, or what a command means.

use super::{Dialogue, Made, Run, Sheet};
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
}

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;
/// A line that is longer is shown in pieces.
const LINE_BYTES: usize = 16 * 1024;

impl TelnetDialogue {
    pub(crate) fn new(sheet: Sheet) -> Self {
        Self { sheet, heard: Vec::new(), sent: Vec::new() }
    }

    fn print(&mut self, side: Side, bytes: &[u8], run: &Run<'_>) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.sheet.open(run.mask.login())?;
        let pieces = self.sheet.masked(bytes, run.mask, made);
        self.sheet.say(side, &pieces)
    }

    fn print_heard(&mut self, run: &Run<'_>) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.heard);
        self.print(Side::S, &bytes, run)
    }

    fn print_sent(&mut self, run: &Run<'_>) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.sent);
        self.print(Side::C, &bytes, run)
    }
}

/// Takes what can be shown by now.
fn whole_lines(bytes: &mut Vec<u8>) -> Vec<u8> {
    let most = (bytes.len() > LINE_BYTES).then_some(bytes.len());
    let end = memrchr(b'\n', bytes).map(|at| at + 1).or(most).unwrap_or(0);
    bytes.drain(..end).collect()
}

/// Commands as holes.
fn made(mut bytes: &[u8]) -> Vec<Made> {
    let mut pieces = Vec::new();
    while let Some(at) = memchr(IAC, bytes) {
        let (before, rest) = bytes.split_at(at);
        let (command, after) = rest.split_at(length(rest));
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

/// Of the command that the bytes begin with, as far as it is there.
fn length(bytes: &[u8]) -> usize {
    let wanted = match bytes {
        [IAC, SB, rest @ ..] => {
            let mut at = 0;
            loop {
                let next = rest.get(at..).and_then(|rest| memchr(IAC, rest));
                let Some(next) = next else { break bytes.len() };
                at += next + 2;
                if rest.get(at - 1) == Some(&SE) {
                    break at + 2;
                }
            }
        }
        [IAC, 251..=254, ..] => 3,
        _ => 2,
    };
    wanted.min(bytes.len())
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

    fn said(&mut self, saying: &Saying, run: &mut Run<'_>) -> io::Result<()> {
        self.print_heard(run)?;
        self.print_sent(run)?;
        self.sheet.open(run.mask.login())?;
        let pieces = self.sheet.pieces(saying, made);
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
        self.print_sent(run)?;
        self.print_heard(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
