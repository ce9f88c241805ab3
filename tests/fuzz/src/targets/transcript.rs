//! What the transcript's printer writes, read back by the grammar of the format.
//! Must not hold: a parser for whole transcripts.

use wireline_transcript::{Piece, Printer, Side};
use wireline_wire::is_unsafe_on_a_terminal;

/// Stands between the pieces of the input: no UTF-8 has it.
const SEPARATOR: u8 = 0xfe;

/// The input is what one side says: pieces with bytes 0xFE between them. A piece `$1` to `$3` is a
/// hole, all others are bytes.
///
/// The output holds no control but its line ends, no blank at the end of a line and no hole that is
/// not closed; read again it says the same, line ends included.
pub fn transcript(data: &[u8]) {
    let pieces: Vec<_> = data.split(|&byte| byte == SEPARATOR).map(piece).collect();
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out);
    printer.say(Side::S, pieces.iter().copied()).expect("a Vec takes all");
    let text = String::from_utf8(out).expect("a transcript is UTF-8");
    let odd = text.chars().find(|&letter| letter != '\n' && is_unsafe_on_a_terminal(letter));
    assert_eq!(odd, None, "{text:?}");
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
    let mut said = Vec::new();
    for line in text.lines() {
        read_line(line, &mut said).unwrap_or_else(|| panic!("{line:?} of {text:?}"));
    }
    let wanted: Vec<u8> = pieces.iter().flat_map(|&piece| stand_in(piece)).copied().collect();
    assert_eq!(said.escape_ascii().to_string(), wanted.escape_ascii().to_string(), "{text}");
    remarks(&String::from_utf8_lossy(data));
}

const HOLES: [(&[u8], &str); 3] =
    [(b"$1", "auth.basic"), (b"$2", "*=made-up"), (b"$3", "body.len")];

fn piece(bytes: &[u8]) -> Piece<'_> {
    let hole = HOLES.iter().find(|(mark, _)| *mark == bytes);
    hole.map_or(Piece::Bytes(bytes), |(_, hole)| Piece::Hole(hole))
}

/// A hole is read back as its own text.
fn stand_in(piece: Piece<'_>) -> &[u8] {
    match piece {
        Piece::Bytes(bytes) => bytes,
        Piece::Hole(hole) => hole.as_bytes(),
    }
}

/// `S: text` with a line end of its own, `S= text` without one.
fn read_line(line: &str, said: &mut Vec<u8>) -> Option<()> {
    let rest = line.strip_prefix('S')?;
    let (ends, rest) = match (rest.strip_prefix(':'), rest.strip_prefix('=')) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return None,
    };
    let text = if rest.is_empty() { rest } else { rest.strip_prefix(' ')? };
    if text.ends_with([' ', '\t']) || (text.is_empty() && !rest.is_empty()) {
        return None;
    }
    read_text(text, said)?;
    said.extend_from_slice(if ends { b"\r\n" } else { b"" });
    Some(())
}

/// `text = { literal | hole }`: what begins with `{{` is a hole up to the next `}}`; of more braces
/// than two the last two end it.
fn read_text(mut text: &str, said: &mut Vec<u8>) -> Option<()> {
    while let Some((literal, rest)) = text.split_once("{{") {
        said.extend_from_slice(literal.as_bytes());
        let braces = rest.get(rest.find("}}")?..)?;
        let (hole, after) = (rest.strip_suffix(braces)?, braces.trim_start_matches('}'));
        let more = braces.len() - after.len() - 2;
        read_hole(&format!("{hole}{}", "}".repeat(more)), said)?;
        text = after;
    }
    said.extend_from_slice(text.as_bytes());
    Some(())
}

fn read_hole(hole: &str, said: &mut Vec<u8>) -> Option<()> {
    if let Some(hex) = hole.strip_prefix("0x") {
        for digits in hex.as_bytes().chunks(2) {
            said.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
        }
        return Some(());
    }
    let known = hole == "SP" || HOLES.iter().any(|(_, known)| *known == hole);
    said.extend_from_slice(if hole == "SP" { b" " } else { hole.as_bytes() });
    known.then_some(())
}

/// What is not said: each of these is one line, whatever is in it.
fn remarks(text: &str) {
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out);
    let wrote = printer
        .comment(text)
        .and_then(|()| printer.section(text))
        .and_then(|()| printer.set("name", Some(text)));
    assert!(wrote.is_ok());
    let written = String::from_utf8(out).expect("a transcript is UTF-8");
    assert_eq!(written.matches('\n').count(), 3, "{written:?}");
    let odd = written.chars().find(|&letter| letter != '\n' && is_unsafe_on_a_terminal(letter));
    assert_eq!(odd, None, "{written:?}");
}
