//! What a peer said, in messages.
//! Must not hold: transcripts, which escape in another way (`transcript.rs`).

use wireline_wire::is_unsafe_on_a_terminal;

/// How much of its input `escape` shows.
const SHOWN_BYTES: usize = 200;

/// The longest that a byte becomes: `\x1b`, and `\u{9b}` for two.
const LONGEST: usize = 4;

/// The input is anything. The output is tame and bounded, and says exactly what the first 200
/// bytes were.
pub fn escape(data: &[u8]) {
    let text = wireline_wire::escape(data);
    assert!(!text.chars().any(is_unsafe_on_a_terminal), "{text:?}");
    let shown = data.get(..SHOWN_BYTES).unwrap_or(data);
    assert!(text.len() <= shown.len() * LONGEST + "...".len());
    let text = match shown.len() < data.len() {
        true => text.strip_suffix("...").expect("a cut shows"),
        false => &text,
    };
    assert_eq!(unescaped(text).as_deref(), Some(shown), "{text}");
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let kind = after.chars().next()?;
        rest = after.get(1..)?;
        match kind {
            'r' => bytes.push(b'\r'),
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            '\\' => bytes.push(b'\\'),
            'x' => {
                bytes.push(u8::from_str_radix(rest.get(..2)?, 16).ok()?);
                rest = rest.get(2..)?;
            }
            'u' => {
                let (digits, after) = rest.strip_prefix('{')?.split_once('}')?;
                let letter = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
                bytes.extend_from_slice(letter.to_string().as_bytes());
                rest = after;
            }
            _ => return None,
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}
