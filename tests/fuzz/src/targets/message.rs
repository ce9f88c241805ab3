//! A message on its way out and back again, in pieces.
//! Must not hold: connections (`smtp_session.rs`, `pop3_session.rs`).

use super::dot_block::{dot_block, dot_block_text};
use super::shown::first_line;
use std::io::Cursor;
use wireline_smtp::Survey;
use wireline_wire::{DotReader, Error, MessageChunks, MessageEncoder};

/// A digit of the first line.
const PIECES: [usize; 10] = [1, 2, 3, 4, 5, 7, 16, 64, 512, 4096];

/// The input is a line of digits, the sizes of the pieces over and over, and a message.
///
/// However it is cut, what goes out are the lines that the rules below make of it: CR and LF only
/// together, one dot block that ends at its end and nowhere before, and reads as the same lines.
/// The survey says the size that is sent. A NUL is refused where it stands. The message read as if
/// it were a dot block itself ends where one ends.
pub fn message(data: &[u8]) {
    let (digits, message) = first_line(data);
    let sizes: Vec<_> = digits.iter().filter(|digit| digit.is_ascii_digit()).collect();
    let sizes: Vec<_> = sizes.iter().map(|digit| PIECES[usize::from(**digit - b'0')]).collect();
    assert_read(message, &sizes);

    let survey = Survey::of(&mut Cursor::new(message));
    if let Some(nul) = message.iter().position(|&byte| byte == 0) {
        for encoder in [MessageEncoder::lines(), MessageEncoder::dot_block()] {
            let refused = encode(encoder, message, &sizes);
            assert!(matches!(refused, Err(Error::Nul { at }) if at == nul as u64), "{refused:?}");
        }
        return assert!(matches!(survey, Err(wireline_smtp::Error::Input(_))));
    }
    let wanted = lines(message);
    let block = dot_block(&wanted);
    assert_same(&encode(MessageEncoder::lines(), message, &sizes), &wanted);
    assert_same(&encode(MessageEncoder::dot_block(), message, &sizes), &block);
    assert_same(&chunks(message, sizes.first().copied().unwrap_or(8192)), &block);
    assert_eq!(read(&block, &sizes), (wanted.clone(), block.len(), true));
    let early = (0..block.len()).find(|&end| read(&block[..end], &[]).2);
    assert!(block.len() > 500 || early.is_none(), "over at {early:?}: {}", block.escape_ascii());

    let survey = survey.expect("no NUL is in it");
    assert_eq!(survey.bytes, wanted.len() as u64);
    assert_eq!(survey.is_8bit, !message.is_ascii());
    let longest = wanted.split(|&byte| byte == b'\n').map(|line| line.len().saturating_sub(1));
    assert_eq!(survey.longest_line_bytes, longest.max().unwrap_or_default() as u64);
}

/// `CR CR LF`, `CR LF`, `CR` and `LF` are line ends, and the last line has one.
fn lines(mut message: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    while let Some(&first) = message.first() {
        let ends: [&[u8]; 4] = [b"\r\r\n", b"\r\n", b"\r", b"\n"];
        let end = ends.into_iter().find(|end| message.starts_with(end));
        match end {
            Some(_) => lines.extend_from_slice(b"\r\n"),
            None => lines.push(first),
        }
        message = &message[end.map_or(1, <[u8]>::len)..];
    }
    if !lines.is_empty() && !lines.ends_with(b"\r\n") {
        lines.extend_from_slice(b"\r\n");
    }
    lines
}

fn pieces<'a>(mut bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut sizes = sizes.iter().cycle();
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let size = sizes.next().copied().unwrap_or(bytes.len()).min(bytes.len());
        let (piece, rest) = bytes.split_at(size);
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

fn encode(mut encoder: MessageEncoder, message: &[u8], sizes: &[usize]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for piece in pieces(message, sizes) {
        let before = out.len();
        encoder.encode(piece, &mut out)?;
        assert!(out.len() - before <= 2 * piece.len() + 4, "{} from {}", out.len(), piece.len());
    }
    encoder.finish(&mut out);
    Ok(out)
}

/// As a session does it; only the last chunk may be called so.
fn chunks(message: &[u8], input_bytes: usize) -> Result<Vec<u8>, Error> {
    let mut source = Cursor::new(message);
    let mut chunks = MessageChunks::new(&mut source, MessageEncoder::dot_block(), input_bytes);
    let (mut out, mut ended) = (Vec::new(), false);
    while let Some(chunk) = chunks.next()? {
        assert!(!ended);
        out.extend_from_slice(chunk.bytes);
        ended = chunk.last;
    }
    assert!(ended);
    Ok(out)
}

fn assert_same(found: &Result<Vec<u8>, Error>, wanted: &[u8]) {
    let found = found.as_ref().expect("no NUL is in it");
    assert_eq!(found.escape_ascii().to_string(), wanted.escape_ascii().to_string());
}

/// The text of a dot block, how many bytes it took, and whether that was its end.
fn read(block: &[u8], sizes: &[usize]) -> (Vec<u8>, usize, bool) {
    let (mut reader, mut text, mut taken) = (DotReader::new(), Vec::new(), 0);
    for mut piece in pieces(block, sizes) {
        // A CR that was held back is handed on before the next byte is used.
        while !piece.is_empty() && !reader.has_ended() {
            let (used, run) = reader.read(piece);
            assert!(used > 0 || !run.is_empty(), "no progress");
            text.extend_from_slice(run);
            piece = &piece[used..];
            taken += used;
        }
    }
    (text, taken, reader.has_ended())
}

/// Any bytes, as a dot block: only CRLF `.` CRLF ends it, what is taken off are dots behind CRLF.
fn assert_read(bytes: &[u8], sizes: &[usize]) {
    let (text, taken, ended) = read(bytes, sizes);
    assert_eq!(read(bytes, &[]), (text.clone(), taken, ended), "in pieces");
    assert_eq!(ended.then_some((text, taken)), dot_block_text(bytes), "{}", bytes.escape_ascii());
}
