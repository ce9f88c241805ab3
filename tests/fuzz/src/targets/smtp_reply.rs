//! Lines to replies, and replies to what a server offers.
//! Must not hold: where lines come from (`smtp_session.rs` reads them from a connection).

use super::shown::assert_tame;
use wireline_smtp::{Capabilities, Reply, ReplyReader, parse_reply_line};

/// The longest text that is shown: 200 bytes, `\x1b` for each, dots when it was cut.
const SHOWN_BYTES: usize = 200 * 4 + 3;

/// So that small inputs meet the limit.
const TIGHT: usize = 3;

/// The input is lines of replies, one reply after the other.
///
/// A line is what the grammar, told again below, says; a reply's lines have one code and are the
/// texts that were sent, byte for byte; a limit only refuses; what is shown is tame; and every line
/// of text behind the first is offered under its keyword.
pub fn smtp_reply(data: &[u8]) {
    for line in data.split_inclusive(|&byte| byte == b'\n') {
        let parsed = parse_reply_line(line).map(|(code, goes_on, text)| {
            assert!((200..600).contains(&code.number()));
            (code.number(), goes_on, text)
        });
        assert_eq!(parsed, read_line(line), "{}", line.escape_ascii());
    }
    let (mut rest, mut tight_rest) = (data, data);
    while let Some(reply) = next_reply(&mut rest, 512) {
        if let Some(tight) = next_reply(&mut tight_rest, TIGHT) {
            assert_eq!(tight, reply, "limits only refuse");
        }
        tight_rest = rest;
        judge(&reply);
    }
}

/// `Reply-line` (RFC 5321 section 4.2): the code, whether more follow, the text.
fn read_line(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (code, text) = line.split_at_checked(3)?;
    let is_code = matches!(code[0], b'2'..=b'5') && code.iter().all(u8::is_ascii_digit);
    let code = str::from_utf8(code).ok().and_then(|code| code.parse().ok()).filter(|_| is_code)?;
    match text {
        [] => Some((code, false, text)),
        [b'-', text @ ..] => Some((code, true, text)),
        [b' ', text @ ..] => Some((code, false, text)),
        _ => None,
    }
}

/// Takes one reply, if one begins here and is whole.
fn next_reply(rest: &mut &[u8], most: usize) -> Option<Reply> {
    let mut reader = ReplyReader::default();
    let mut texts = Vec::new();
    let mut codes = Vec::new();
    while !rest.is_empty() {
        let length = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(length);
        *rest = after;
        let fed = reader.feed(line, most);
        if let Err(why) = &fed {
            assert_tame(why);
            let differs =
                read_line(line).is_none_or(|(code, ..)| codes.iter().any(|first| *first != code));
            assert!(differs || texts.len() == most, "{why}");
        }
        let fed = fed.ok()?;
        let (code, goes_on, text) = read_line(line).expect("it was taken");
        codes.push(code);
        texts.push(text);
        assert!(texts.len() <= most && codes[0] == code);
        assert_eq!(fed.is_none(), goes_on);
        if let Some(reply) = fed {
            assert_eq!(reply.code().number(), code);
            assert!(reply.lines().eq(texts));
            return Some(reply);
        }
    }
    None
}

fn judge(reply: &Reply) {
    assert_tame(reply);
    let (code, shown) = (reply.code().number(), reply.to_string());
    assert!(shown.starts_with(&code.to_string()) && shown.len() <= "250 ".len() + SHOWN_BYTES);
    assert_tame(&format!("{reply:?}"));
    if let Some(enhanced) = reply.enhanced() {
        assert_eq!(u16::from(enhanced.class), code / 100);
        assert!(enhanced.subject < 1000 && enhanced.detail < 1000);
    }
    let classes = [reply.is_success(), reply.is_intermediate(), reply.is_transient()];
    let classes = classes.into_iter().chain([reply.is_permanent()]);
    assert!(classes.eq((2..6).map(|class| code / 100 == class)));

    let offered = Capabilities::of(reply);
    let lines = reply.lines().skip(1).filter_map(|line| str::from_utf8(line).ok());
    let keywords = lines.map(|line| line.split([' ', '=']).next().unwrap_or_default());
    let keywords: Vec<_> = keywords.filter(|keyword| !keyword.is_empty()).collect();
    assert_eq!(offered.iter().count(), keywords.len());
    for keyword in keywords {
        assert!(offered.has(keyword) && offered.has(&keyword.to_ascii_lowercase()), "{keyword:?}");
    }
    assert!(offered.largest_message().is_none() || offered.has("SIZE"));
    assert!(offered.mechanisms().all(|name| !name.contains([' ', '\t', '\r', '\n'])));
}
