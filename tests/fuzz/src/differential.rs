//! Parsers of others beside ours.
//! Must not hold: what the end-to-end tests run as well.

use httparse::{EMPTY_HEADER, ParserConfig, Status};
use wireline_http::{Head, HeadReader, Limits};

/// httparse beside `HeadReader`, both ways:
///
/// - What both accept has the same length, version, status and reason, and the same fields.
/// - What httparse accepts as it stands, we accept, but for the list in `is_stricter_here`.
pub fn head(data: &[u8]) {
    let ours = ours(data);
    let mut fields = [EMPTY_HEADER; 128];
    let mut lenient = httparse::Response::new(&mut fields);
    let mut config = ParserConfig::default();
    config
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true);
    let found = config.parse_response(&mut lenient, data);
    if let (Some(ours), Ok(Status::Complete(length))) = (&ours, found) {
        assert_eq!(ours.raw.len(), length);
        assert_same(ours, &lenient);
    }
    let mut fields = [EMPTY_HEADER; 128];
    let mut strict = httparse::Response::new(&mut fields);
    if let Ok(Status::Complete(length)) = strict.parse(data) {
        let raw = data.get(..length).unwrap_or_default();
        assert!(ours.is_some() || is_stricter_here(raw, &strict), "{}", raw.escape_ascii());
    }
}

fn ours(data: &[u8]) -> Option<Head> {
    let mut reader = HeadReader::new(Limits::default());
    data.split_inclusive(|&byte| byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
        .find_map(|line| reader.feed(line).transpose())?
        .ok()
}

fn assert_same(ours: &Head, theirs: &httparse::Response<'_, '_>) {
    assert_eq!(Some(ours.status.code()), theirs.code);
    let minor = u8::from(ours.version == wireline_http::Version::Http11);
    assert_eq!(Some(minor), theirs.version);
    assert_eq!(ours.fields.len(), theirs.headers.len());
    for (field, header) in ours.fields.iter().zip(theirs.headers.iter()) {
        assert_eq!(field.name.as_str(), header.name);
        assert_eq!(words(field.value.as_bytes()), words(header.value), "{}", header.name);
    }
}

/// Ours joins folded lines with one blank, theirs leaves the line ends in.
fn words(value: &[u8]) -> Vec<&[u8]> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    value.split(blank).filter(|word| !word.is_empty()).collect()
}

/// What we refuse and httparse does not.
fn is_stricter_here(raw: &[u8], theirs: &httparse::Response<'_, '_>) -> bool {
    let empty_lines =
        raw.split(|&byte| byte == b'\n').take_while(|line| line.is_empty() || *line == b"\r");
    empty_lines.count() > 1 || theirs.code.is_some_and(|code| code < 100)
}
