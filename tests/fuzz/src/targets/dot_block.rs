//! Dot blocks (RFC 5321 section 4.5.2, RFC 1939 section 3), told again and with all bytes at hand.
//! Must not hold: the code that is tested, which sees them in pieces.

/// The block of a text whose lines all end in CRLF.
pub(crate) fn dot_block(text: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    let mut line_start = 0;
    for (nth, &byte) in text.iter().enumerate() {
        if nth == line_start && byte == b'.' {
            block.push(b'.');
        }
        block.push(byte);
        line_start = if block.ends_with(b"\r\n") { nth + 1 } else { line_start };
    }
    assert_eq!(line_start, text.len(), "it ends within a line: {}", text.escape_ascii());
    block.extend_from_slice(b".\r\n");
    block
}

/// The text of the block that these bytes begin with and how long that is, if its end is there.
pub(crate) fn dot_block_text(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let end = match bytes.starts_with(b".\r\n") {
        true => 0,
        false => bytes.windows(5).position(|window| window == b"\r\n.\r\n")? + 2,
    };
    let mut text = Vec::new();
    for (nth, &byte) in bytes[..end].iter().enumerate() {
        let opens_line = nth == 0 || bytes[..nth].ends_with(b"\r\n");
        if byte != b'.' || !opens_line {
            text.push(byte);
        }
    }
    Some((text, end + b".\r\n".len()))
}

/// Whether these bytes stand somewhere in those.
pub(crate) fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}
