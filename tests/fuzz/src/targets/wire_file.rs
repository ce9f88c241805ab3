//! Transcript files: any bytes are a file or a fault with its line, and a file keeps its meaning.
//! Must not hold: what is printed while something happens (`transcript.rs`).

use wireline_transcript::{Transcript, check, format};

/// Longer bodies than this are streamed for too long.
const LONGEST_FILLER: u64 = 1 << 20;

/// The input is a file. It parses, or its fault has a line and words that are safe to show; its
/// canonical form parses, and is its own canonical form. Its two sides play to an end, whatever
/// they say: each is the other's server.
pub fn wire_file(data: &[u8]) {
    let parse = |text: &[u8]| Transcript::parse(text, "x.wire", &mut |_| Err("no files".into()));
    let file = match parse(data) {
        Ok(file) => file,
        Err(fault) => {
            let lines = data.split(|&byte| byte == b'\n').count();
            assert!((1..=lines + 1).contains(&(fault.line as usize)), "{fault}");
            assert!(!fault.message.chars().any(char::is_control), "{fault:?}");
            return;
        }
    };
    let once = format(&file);
    let again = parse(&once).unwrap_or_else(|fault| panic!("{}: {fault}", once.escape_ascii()));
    assert_eq!(format(&again), once, "{}", once.escape_ascii());
    if !fills_much(data) && !file.is_over() {
        // Whether it passes is the file's affair; that it ends is ours.
        drop(check(&file).render(false));
    }
}

fn fills_much(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let counts = text.split("bytes(").skip(1).map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(u64::MAX)
    });
    counts.max().is_some_and(|count| count > LONGEST_FILLER)
}
