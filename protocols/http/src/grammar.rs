//! What the grammars of fields have in common (RFC 9110 section 5.6).
//! Must not hold: any one field.

use crate::field::is_tchar;
use nom::branch::alt;
use nom::bytes::complete::{is_not, take, take_while, take_while1};
use nom::character::complete::char;
use nom::multi::many0;
use nom::sequence::{delimited, preceded, separated_pair};
use nom::{IResult, Parser};

pub(crate) type Parsed<'a, T> = IResult<&'a [u8], T>;

/// `OWS = *( SP / HTAB )`
pub(crate) fn ows(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(|byte| matches!(byte, b' ' | b'\t'))(input)
}

/// `token = 1*tchar`
pub(crate) fn token(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while1(is_tchar)(input)
}

/// `quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE` (RFC 9110 section 5.6.4).
fn quoted_string(input: &[u8]) -> Parsed<'_, Vec<u8>> {
    let escaped = preceded(char('\\'), take(1_usize));
    let pieces = many0(alt((is_not("\"\\"), escaped)));
    delimited(char('"'), pieces, char('"')).map(|pieces| pieces.concat()).parse(input)
}

/// `parameter = token "=" ( token / quoted-string )`, with blanks around the `=` as challenges have
/// them. The name in lower case, the value without quotes.
pub(crate) fn parameter(input: &[u8]) -> Parsed<'_, (String, Vec<u8>)> {
    let name = token.map(|name| String::from_utf8_lossy(name).to_ascii_lowercase());
    let written = alt((quoted_string, token.map(<[u8]>::to_vec)));
    separated_pair(name, (ows, char('='), ows), written).parse(input)
}
