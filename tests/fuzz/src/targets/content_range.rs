//! Answers to a request for the rest of a download, and what proves that it is the same version.
//! Must not hold: files.

use super::shown::{assert_tame, first_line, parse_head};
use wireline_http::{ContentRange, Head, Resumed, Validator, parse_content_range, resume, resumed};

/// The input is `OFFSET LENGTH VALIDATOR` on a line (a length that is no number is not known; a
/// validator as it is stored, or none) and the head of an answer.
///
/// A range is what it says, and itself when written again. An answer continues a download only
/// with 206, at our offset, up to the end, in the length we know and with the validator we hold;
/// only 416 at our offset completes one. What a peer calls a validator can be sent back to it.
pub fn content_range(data: &[u8]) {
    let (asked, answer) = first_line(data);
    assert_range(asked);
    let Some(head) = parse_head(answer) else { return };
    for value in head.fields.all("Content-Range") {
        assert_range(value.as_bytes());
    }
    if let Some(validator) = Validator::of(&head) {
        assert_validator(&validator);
    }
    let asked = String::from_utf8_lossy(asked);
    let mut words = asked.splitn(3, ' ');
    let mut number = || words.next().and_then(|word| word.parse().ok());
    let (offset, length) = (number().unwrap_or(0), number());
    let validator = words.next().and_then(|text| text.parse::<Validator>().ok());
    assert_resumed(&head, validator.as_ref(), offset, length);
    if let Some(Err(error)) = validator.map(|validator| resume(Some(&validator), offset)) {
        assert_tame(&error);
    }
}

fn assert_range(text: &[u8]) {
    match parse_content_range(text) {
        Some(ContentRange::Part { first, last, total }) => {
            assert!(first <= last && total.is_none_or(|total| last < total));
            let total = total.map_or("*".into(), |total| total.to_string());
            assert_written(text, &format!("{first}-{last}/{total}"));
        }
        Some(ContentRange::Unsatisfied { total }) => assert_written(text, &format!("*/{total}")),
        None => {}
    }
}

/// The same text, but for the case of the unit and leading zeros.
fn assert_written(text: &[u8], wanted: &str) {
    let text = str::from_utf8(text).expect("a range is ASCII");
    let (unit, range) = text.split_once(' ').expect("a range has a unit");
    assert!(unit.eq_ignore_ascii_case("bytes"), "{text}");
    let plain = |range: &str| {
        let number = |word: &str| match word.trim_start_matches('0') {
            "" if !word.is_empty() => "0".to_owned(),
            rest => rest.to_owned(),
        };
        range.split(['-', '/']).map(number).collect::<Vec<_>>()
    };
    assert_eq!(plain(range), plain(wanted), "{text}");
}

fn assert_validator(validator: &Validator) {
    let stored = validator.to_string();
    assert_eq!(stored.parse::<Validator>().ok().as_ref(), Some(validator), "{stored}");
    if let Validator::EntityTag(tag) = validator {
        assert!(tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        assert_eq!(tag.matches('"').count(), 2, "{tag}");
    }
    let fields = resume(Some(validator), 7).expect("it came in a field");
    assert_eq!(fields.len(), 2);
}

fn assert_resumed(head: &Head, validator: Option<&Validator>, offset: u64, length: Option<u64>) {
    let first = |name: &str| head.fields.first(name).map(|value| value.as_bytes().to_vec());
    let range = first("Content-Range").and_then(|text| parse_content_range(&text));
    let contradicts =
        |name: &str, value: &str| first(name).is_some_and(|found| found != value.as_bytes());
    let changed = match validator {
        Some(Validator::EntityTag(tag)) => contradicts("ETag", tag),
        Some(Validator::Date(date)) => contradicts("Last-Modified", date),
        None => false,
    };
    let other = |total: u64| length.is_some_and(|length| length != total);
    match resumed(head, validator, offset, length) {
        Resumed::Continues { bytes: missing } => {
            assert!(head.status.code() == 206 && !changed);
            let Some(ContentRange::Part { first, last, total }) = range else {
                panic!("continues without a range")
            };
            assert_eq!(first, offset);
            assert!(total.is_none_or(|total| !other(total) && last + 1 == total));
            let bytes = u128::from(last) - u128::from(first) + 1;
            assert_eq!(u128::from(missing), bytes);
            for length in head.fields.list("Content-Length") {
                let length = str::from_utf8(length).ok().and_then(|text| text.parse().ok());
                assert_eq!(length, Some(bytes));
            }
        }
        Resumed::IsComplete => {
            assert!(head.status.code() == 416 && !changed && !other(offset));
            assert_eq!(range, Some(ContentRange::Unsatisfied { total: offset }));
        }
        Resumed::StartsOver => assert!(!matches!(head.status.code(), 206 | 416)),
        _ => assert!(matches!(head.status.code(), 206 | 416)),
    }
}
