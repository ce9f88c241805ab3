//! Parts, and continuing a download (RFC 9110 sections 13.1.5 and 14): what to ask, and what the answer is worth.
//! Must not hold: files, or the description kept beside a part file.

use crate::framing::content_length;
use crate::response::violation;
use crate::{Error, Field, FieldValue, Fields, Head, Request};
use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case};
use nom::character::complete::{space0, u64 as digits};
use nom::combinator::{all_consuming, opt, value};
use nom::multi::separated_list1;
use nom::sequence::{preceded, separated_pair, terminated};
use nom::{IResult, Parser};
use std::fmt;
use std::str::FromStr;
use wireline_wire::escape;

/// What proves that two answers carry the same bytes: a strong entity tag, or a modification date
/// that is strong by RFC 9110 section 8.8.2.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validator {
    /// A strong entity tag, quotes included.
    EntityTag(String),
    /// A `Last-Modified`, at least a second older than the answer's `Date`.
    Date(String),
}

/// What an answer to a [`resume`] is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resumed {
    /// The body continues where we stopped.
    Continues {
        /// Bytes that it must have: all that are missing.
        bytes: u64,
    },
    /// The body is the whole, from its first byte.
    StartsOver,
    /// There is nothing more to come.
    IsComplete,
    /// The answer is of no use: ask for the whole.
    Changed,
}

impl Validator {
    /// The validator of a whole (200) or part (206) answer, if it has one. None when the content
    /// is encoded: the encoder may give other bytes next time.
    #[must_use]
    pub fn of(head: &Head) -> Option<Self> {
        if head.fields.first("Content-Encoding").is_some() {
            return None;
        }
        Self::strong_tag(head).or_else(|| Self::strong_date(head))
    }

    /// `entity-tag = [ weak ] opaque-tag` (RFC 9110 section 8.8.3), not weak.
    fn strong_tag(head: &Head) -> Option<Self> {
        let tag = head.fields.first("ETag")?.to_str().filter(|tag| is_strong_tag(tag))?;
        Some(Self::EntityTag(tag.to_owned()))
    }

    fn strong_date(head: &Head) -> Option<Self> {
        if head.fields.first("ETag").is_some() {
            return None;
        }
        let modified = head.fields.first("Last-Modified")?.to_str()?;
        let date = head.fields.first("Date")?.to_str()?;
        let date = httpdate::parse_http_date(date).ok()?;
        let age = date.duration_since(httpdate::parse_http_date(modified).ok()?).ok()?;
        (age.as_secs() >= 1).then(|| Self::Date(modified.to_owned()))
    }

    fn value(&self) -> &str {
        match self {
            Self::EntityTag(value) | Self::Date(value) => value,
        }
    }

    /// Whether an answer carries another version. One that does not say is trusted: its server
    /// has seen our condition.
    fn is_contradicted_by(&self, head: &Head) -> bool {
        let name = match self {
            Self::EntityTag(_) => "ETag",
            Self::Date(_) => "Last-Modified",
        };
        head.fields.first(name).is_some_and(|value| value.as_bytes() != self.value().as_bytes())
    }
}

impl fmt::Display for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EntityTag(value) => write!(f, "etag {value}"),
            Self::Date(value) => write!(f, "date {value}"),
        }
    }
}

impl FromStr for Validator {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once(' ') {
            Some(("etag", value)) if is_strong_tag(value) => Ok(Self::EntityTag(value.to_owned())),
            Some(("date", value)) if httpdate::parse_http_date(value).is_ok() => {
                Ok(Self::Date(value.to_owned()))
            }
            _ => Err(Error::Input("not a validator".into())),
        }
    }
}

/// `opaque-tag = DQUOTE *etagc DQUOTE` (RFC 9110 section 8.8.3).
fn is_strong_tag(tag: &str) -> bool {
    let opaque = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    let etagc = |byte: u8| byte > b' ' && byte != b'"' && byte != 0x7f;
    opaque.is_some_and(|opaque| opaque.bytes().all(etagc))
}

/// The fields that ask for the rest behind `offset`, on condition that it is still the same.
///
/// # Errors
/// [`Error::Input`] when the validator holds what no field can.
pub fn resume(validator: Option<&Validator>, offset: u64) -> Result<Fields, Error> {
    let mut fields = Fields::default();
    fields.push(Field::new("Range", &format!("bytes={offset}-"))?);
    if let Some(validator) = validator {
        fields.push(Field::new("If-Range", validator.value())?);
    }
    Ok(fields)
}

/// Judges the answer to a [`resume`] at `offset` of something that had `length` bytes, if that
/// was known. Without a validator (the user typed an offset) the range alone decides.
#[must_use]
pub fn resumed(
    head: &Head,
    validator: Option<&Validator>,
    offset: u64,
    length: Option<u64>,
) -> Resumed {
    let changed = validator.is_some_and(|validator| validator.is_contradicted_by(head));
    let range =
        head.fields.first("Content-Range").and_then(|value| parse_content_range(value.as_bytes()));
    let same =
        |total: Option<u64>| !changed && (length.is_none() || total.is_none() || total == length);
    match (head.status.code(), range) {
        (206, Some(ContentRange::Part { first, last, total })) => {
            let bytes = last - first + 1;
            let fits = first == offset && same(total) && is_the_rest(head, bytes, last, total);
            if fits { Resumed::Continues { bytes } } else { Resumed::Changed }
        }
        (416, Some(ContentRange::Unsatisfied { total }))
            if total == offset && same(Some(total)) =>
        {
            Resumed::IsComplete
        }
        (206 | 416, _) => Resumed::Changed,
        _ => Resumed::StartsOver,
    }
}

/// A server may send less than it was asked for: then the file would end short.
fn is_the_rest(head: &Head, bytes: u64, last: u64, total: Option<u64>) -> bool {
    let to_the_end = total.is_none_or(|total| last + 1 == total);
    let announced = content_length(&head.fields);
    to_the_end && announced.is_ok_and(|length| length.is_none_or(|length| length == bytes))
}

/// How many bytes the part in this answer has, which must be one that was asked for. `None` when
/// nobody knows: the answer is no part, has several where several were asked for, or the `Range`
/// is of another unit.
///
/// # Errors
/// [`Error::Violation`] when the answer is another part, does not say which, or is not as long as
/// it says.
pub fn part_asked_for(request: &Request, head: &Head) -> Result<Option<u64>, Error> {
    let asked = request.sent("Range").and_then(|value| parse_range(value.as_bytes()));
    let Some(asked) = asked.filter(|_| head.status.code() == 206) else { return Ok(None) };
    let Some(said) = head.fields.first("Content-Range") else {
        return match asked.len() > 1 && is_multipart(head) {
            true => Ok(None),
            false => Err(violation("a part that does not say which: it has no Content-Range")),
        };
    };
    let other = || violation(format!("another range than asked for: {}", escape(said.as_bytes())));
    let range = parse_content_range(said.as_bytes());
    let Some(ContentRange::Part { first, last, total }) = range else { return Err(other()) };
    let bytes = last - first + 1;
    let as_long = content_length(&head.fields)?.is_none_or(|length| length == bytes);
    match as_long && asked.iter().any(|asked| asked.is_answered_by(first, last, total)) {
        true => Ok(Some(bytes)),
        false => Err(other()),
    }
}

/// RFC 9110 section 14.6.
fn is_multipart(head: &Head) -> bool {
    const TYPE: &[u8] = b"multipart/byteranges";
    let media_type = head.fields.first("Content-Type").map(FieldValue::as_bytes);
    let begins = media_type.and_then(|value| value.get(..TYPE.len()));
    begins.is_some_and(|begins| begins.eq_ignore_ascii_case(TYPE))
}

/// One of the parts that a `Range` asks for (RFC 9110 section 14.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeSpec {
    /// From one byte to another, or to the end.
    Between {
        /// Position of the first byte.
        first: u64,
        /// Position of the last byte.
        last: Option<u64>,
    },
    /// So many bytes at the end.
    Last(u64),
}

impl RangeSpec {
    /// What is asked for ends where the whole ends, at the latest.
    fn is_answered_by(self, first: u64, last: u64, total: Option<u64>) -> bool {
        let end = total.map(|total| total.saturating_sub(1));
        match (self, end) {
            (Self::Between { first: asked, last: until }, Some(end)) => {
                first == asked && last == until.unwrap_or(end).min(end)
            }
            (Self::Between { first: asked, last: until }, None) => {
                first == asked && until.is_none_or(|until| last <= until)
            }
            (Self::Last(bytes), Some(end)) => {
                last == end && first == (end + 1).saturating_sub(bytes)
            }
            (Self::Last(bytes), None) => last - first < bytes,
        }
    }
}

/// `ranges-specifier = range-unit "=" range-set` of the unit `bytes` (RFC 9110 section 14.1.1), or
/// `None` when it is none, or ends before it begins.
#[must_use]
pub fn parse_range(text: &[u8]) -> Option<Vec<RangeSpec>> {
    let comma = (space0, tag(","), space0);
    let range_set = separated_list1(comma, alt((int_range, suffix_range)));
    let (_, asked) = all_consuming(preceded(tag_no_case("bytes="), range_set)).parse(text).ok()?;
    let is_valid = |asked: &RangeSpec| match asked {
        RangeSpec::Between { first, last } => last.is_none_or(|last| *first <= last),
        RangeSpec::Last(_) => true,
    };
    asked.iter().all(is_valid).then_some(asked)
}

/// `int-range = first-pos "-" [ last-pos ]` (RFC 9110 section 14.1.2).
fn int_range(text: &[u8]) -> IResult<&[u8], RangeSpec> {
    separated_pair(digits, tag("-"), opt(digits))
        .map(|(first, last)| RangeSpec::Between { first, last })
        .parse(text)
}

/// `suffix-range = "-" suffix-length` (RFC 9110 section 14.1.2).
fn suffix_range(text: &[u8]) -> IResult<&[u8], RangeSpec> {
    preceded(tag("-"), digits).map(RangeSpec::Last).parse(text)
}

/// `Content-Range` of the unit `bytes` (RFC 9110 section 14.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentRange {
    /// A part.
    Part {
        /// Position of its first byte.
        first: u64,
        /// Position of its last byte.
        last: u64,
        /// Length of the whole, when the server knows it.
        total: Option<u64>,
    },
    /// Nothing of what was asked for exists.
    Unsatisfied {
        /// Length of the whole.
        total: u64,
    },
}

/// A `Content-Range`, or `None` when it is none or contradicts itself.
#[must_use]
pub fn parse_content_range(text: &[u8]) -> Option<ContentRange> {
    let (_, range) = all_consuming(content_range).parse(text).ok()?;
    match range {
        ContentRange::Part { first, last, total } => {
            let fits = first <= last && last < total.unwrap_or(u64::MAX);
            fits.then_some(range)
        }
        ContentRange::Unsatisfied { .. } => Some(range),
    }
}

/// `Content-Range = range-unit SP ( range-resp / unsatisfied-range )` (RFC 9110 section 14.4).
fn content_range(text: &[u8]) -> IResult<&[u8], ContentRange> {
    preceded(tag_no_case("bytes "), alt((range_resp, unsatisfied_range))).parse(text)
}

/// `range-resp = first-pos "-" last-pos "/" ( complete-length / "*" )` (RFC 9110 section 14.4).
fn range_resp(text: &[u8]) -> IResult<&[u8], ContentRange> {
    let positions = separated_pair(digits, tag("-"), digits);
    let total = alt((digits.map(Some), value(None, tag("*"))));
    (terminated(positions, tag("/")), total)
        .map(|((first, last), total)| ContentRange::Part { first, last, total })
        .parse(text)
}

/// `unsatisfied-range = "*/" complete-length` (RFC 9110 section 14.4).
fn unsatisfied_range(text: &[u8]) -> IResult<&[u8], ContentRange> {
    preceded(tag("*/"), digits).map(|total| ContentRange::Unsatisfied { total }).parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HeadReader, Limits, Method, TargetUri};

    fn head(text: &str) -> Head {
        let mut reader = HeadReader::new(Limits::default());
        let text = format!("HTTP/1.1 {}\r\n\r\n", text.replace('|', "\r\n"));
        text.split_inclusive('\n').find_map(|line| reader.feed(line.as_bytes()).unwrap()).unwrap()
    }

    /// hostile.md row 54.
    #[test]
    fn content_ranges() {
        let part = |first, last, total| Some(ContentRange::Part { first, last, total });
        let rows = [
            ("bytes 0-4/5", part(0, 4, Some(5))),
            ("BYTES 5-9/*", part(5, 9, None)),
            ("bytes */5", Some(ContentRange::Unsatisfied { total: 5 })),
            ("bytes 5-4/9", None),
            ("bytes 0-5/5", None),
            ("bytes 0-/5", None),
            ("bytes -5/5", None),
            ("bytes=0-4/5", None),
            ("lines 0-4/5", None),
            ("bytes 0-4", None),
            ("bytes */*", None),
            ("bytes 0-4/5, 7-8/9", None),
            ("bytes 0-99999999999999999999/*", None),
            ("", None),
        ];
        for (text, wanted) in rows {
            assert_eq!(parse_content_range(text.as_bytes()), wanted, "{text}");
        }
        let whole = b"bytes 0-4/5";
        for length in 0..whole.len() {
            assert_eq!(parse_content_range(&whole[..length]), None, "{length}");
        }
    }

    #[test]
    fn validators() {
        const MODIFIED: &str = "Last-Modified: Tue, 22 Aug 2017 07:58:35 GMT";
        let rows = [
            ("200|ETag: \"a\"".to_owned(), Some("etag \"a\"")),
            ("200|ETag: W/\"a\"".to_owned(), None),
            ("200|ETag: a".to_owned(), None),
            ("200|ETag: \"a b\"".to_owned(), None),
            ("200|ETag: \"a\"|Content-Encoding: gzip".to_owned(), None),
            (MODIFIED.replace("Last", "200|Last"), None),
            (
                format!("200|Date: Tue, 22 Aug 2017 08:03:04 GMT|{MODIFIED}"),
                Some("date Tue, 22 Aug 2017 07:58:35 GMT"),
            ),
            (format!("200|Date: Tue, 22 Aug 2017 07:58:35 GMT|{MODIFIED}"), None),
            (format!("200|Date: yesterday|{MODIFIED}"), None),
        ];
        for (text, wanted) in rows {
            let found = Validator::of(&head(&text));
            assert_eq!(found.as_ref().map(ToString::to_string).as_deref(), wanted, "{text}");
            if let Some(found) = found {
                assert_eq!(found.to_string().parse::<Validator>().unwrap(), found);
            }
        }
        for text in ["", "etag", "etag a", "etag \"a\"\n", "etag W/\"a\"", "date soon", "x \"a\""] {
            assert!(text.parse::<Validator>().is_err(), "{text}");
        }
    }

    /// hostile.md rows 54, 56 to 58; fault matrix row 11: asked for bytes 5 and up of 9.
    #[test]
    fn answers_to_a_resume() {
        use Resumed::{Changed, IsComplete, StartsOver};
        const CONTINUES: Resumed = Resumed::Continues { bytes: 4 };
        let validator = Validator::EntityTag("\"a\"".into());
        let rows = [
            ("206|Content-Range: bytes 5-8/9", CONTINUES),
            ("206|Content-Range: bytes 5-8/9|ETag: \"a\"", CONTINUES),
            ("206|Content-Range: bytes 5-8/*", CONTINUES),
            ("206|Content-Range: bytes 5-8/9|ETag: \"b\"", Changed),
            ("206|Content-Range: bytes 5-9/10", Changed),
            ("206|Content-Range: bytes 5-8/9|Content-Length: 4", CONTINUES),
            ("206|Content-Range: bytes 5-8/9|Content-Length: 3", Changed),
            ("206|Content-Range: bytes 5-7/9", Changed),
            ("206|Content-Range: bytes 4-8/9", Changed),
            ("206|Content-Range: bytes 0-8/9", Changed),
            ("206|Content-Range: rows 5-8/9", Changed),
            ("206|Content-Type: multipart/byteranges; boundary=x", Changed),
            ("206", Changed),
            ("200", StartsOver),
            ("200|Content-Range: bytes 5-8/9", StartsOver),
            ("416|Content-Range: bytes */9", Changed),
            ("416|Content-Range: bytes */5", Changed),
            ("416", Changed),
            ("404", StartsOver),
        ];
        for (text, wanted) in rows {
            assert_eq!(resumed(&head(text), Some(&validator), 5, Some(9)), wanted, "{text}");
        }
        let complete = head("416|Content-Range: bytes */5");
        assert_eq!(resumed(&complete, Some(&validator), 5, Some(5)), IsComplete);
        assert_eq!(resumed(&complete, Some(&validator), 5, None), IsComplete);
    }

    /// hostile.md row 54.
    #[test]
    fn parts_that_were_asked_for() {
        let part = |asked: &str, answer: &str| {
            let uri = TargetUri::try_from(url::Url::parse("http://h/").unwrap()).unwrap();
            let field = Field::new("Range", asked).unwrap();
            let request = Request::new(Method::get(), uri).with_field(field).unwrap();
            part_asked_for(&request, &head(answer)).ok()
        };
        let rows = [
            ("bytes=0-4", "206|Content-Range: bytes 0-4/10", Some(Some(5))),
            ("bytes=0-4", "206|Content-Range: bytes 0-4/*", Some(Some(5))),
            ("bytes=0-4", "206|Content-Range: bytes 0-2/3", Some(Some(3))),
            ("bytes=0-4", "206|Content-Range: bytes 0-2/*", Some(Some(3))),
            ("bytes=5-", "206|Content-Range: bytes 5-9/10", Some(Some(5))),
            ("bytes=-3", "206|Content-Range: bytes 7-9/10", Some(Some(3))),
            ("bytes=-3", "206|Content-Range: bytes 0-1/2", Some(Some(2))),
            ("bytes=-3", "206|Content-Range: bytes 7-9/*", Some(Some(3))),
            ("bytes=0-1, 5-6", "206|Content-Range: bytes 5-6/10", Some(Some(2))),
            ("bytes=0-1,5-6", "206|Content-Type: Multipart/Byteranges; boundary=x", Some(None)),
            ("bytes=0-4", "200|Content-Range: bytes 5-9/10", Some(None)),
            ("lines=0-4", "206|Content-Range: lines 0-4/10", Some(None)),
            ("bytes=0-4", "206|Content-Range: bytes 0-4/10|Content-Length: 4", None),
            ("bytes=0-4", "206|Content-Range: bytes 0-5/10", None),
            ("bytes=0-4", "206|Content-Range: bytes 0-5/*", None),
            ("bytes=0-4", "206|Content-Range: bytes 0-3/10", None),
            ("bytes=0-4", "206|Content-Range: bytes 1-4/10", None),
            ("bytes=0-4", "206|Content-Range: bytes */10", None),
            ("bytes=0-4", "206|Content-Range: lines 0-4/10", None),
            ("bytes=0-4", "206|Content-Type: multipart/byteranges; boundary=x", None),
            ("bytes=0-4", "206", None),
            ("bytes=5-", "206|Content-Range: bytes 5-8/10", None),
            ("bytes=-3", "206|Content-Range: bytes 6-9/10", None),
            ("bytes=-3", "206|Content-Range: bytes 6-9/*", None),
            ("bytes=-3", "206|Content-Range: bytes 0-2/10", None),
            ("bytes=0-1,5-6", "206|Content-Range: bytes 2-3/10", None),
            ("bytes=0-1,5-6", "206|Content-Type: text/plain", None),
        ];
        for (asked, answer, wanted) in rows {
            assert_eq!(part(asked, answer), wanted, "{asked}: {answer}");
        }
        for bad in ["", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,", "bytes=0-1;2-3", "0-1"] {
            assert_eq!(parse_range(bad.as_bytes()), None, "{bad}");
        }
        let asked = b"bytes=0-1,-5";
        assert!(parse_range(asked).is_some() && parse_range(&asked[..10]).is_none());
    }

    #[test]
    fn what_is_asked() {
        let fields = resume(Some(&Validator::EntityTag("\"a\"".into())), 5).unwrap();
        let lines: Vec<_> = fields
            .iter()
            .map(|field| (field.name.as_str(), field.value.to_str().unwrap()))
            .collect();
        assert_eq!(lines, [("Range", "bytes=5-"), ("If-Range", "\"a\"")]);
    }
}
