//! What a server asks to be proven: `WWW-Authenticate` (RFC 9110 section 11).
//! Must not hold: the proofs (`auth.rs`, `digest.rs`).

use crate::grammar::{Parsed, ows, parameter, token};
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, one_of};
use nom::combinator::{eof, opt, peek, recognize, value};
use nom::multi::{many0, many0_count, separated_list1};
use nom::sequence::{pair, preceded, terminated};

/// `challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]` (RFC 9110 section 11.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// As it was written; compared without regard to case.
    pub scheme: String,
    /// Names in lower case, values without quotes. A token68 is left out: no scheme of ours has one.
    pub params: Vec<(String, Vec<u8>)>,
}

impl Challenge {
    /// Whether it asks for this scheme.
    #[must_use]
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The first value of this name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&[u8]> {
        self.params.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_slice())
    }
}

/// `WWW-Authenticate = [ challenge *( OWS "," OWS challenge ) ]` (RFC 9110 section 11.6.1). What
/// cannot be read ends the list: challenges before it count.
#[must_use]
pub fn parse_challenges(value: &[u8]) -> Vec<Challenge> {
    many0(preceded(commas, challenge)).parse(value).map(|(_, found)| found).unwrap_or_default()
}

/// `*( OWS "," OWS )`, empty elements included (RFC 9110 section 5.6.1.2).
fn commas(input: &[u8]) -> Parsed<'_, ()> {
    value((), (many0_count(terminated(preceded(ows, tag(",")), ows)), ows)).parse(input)
}

/// `token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
fn token68(input: &[u8]) -> Parsed<'_, &[u8]> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    terminated(recognize(pair(take_while1(letter), take_while(|byte| byte == b'='))), end)
        .parse(input)
}

/// Where the next element of the list may begin.
fn end(input: &[u8]) -> Parsed<'_, &[u8]> {
    peek(preceded(ows, alt((recognize(one_of(",")), eof)))).parse(input)
}

fn challenge(input: &[u8]) -> Parsed<'_, Challenge> {
    let params = separated_list1((ows, char(','), commas), parameter);
    let what = alt((params, token68.map(|_| Vec::new())));
    let (rest, scheme) = token(input)?;
    let params = opt(preceded(take_while1(|byte| byte == b' '), what));
    let (rest, params) = terminated(params, end).parse(rest)?;
    let scheme = String::from_utf8_lossy(scheme).into_owned();
    Ok((rest, Challenge { scheme, params: params.unwrap_or_default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &[u8]) -> Vec<String> {
        let param = |(name, value): &(String, Vec<u8>)| format!(" {name}={}", value.escape_ascii());
        let one = |challenge: &Challenge| {
            challenge.scheme.clone() + &challenge.params.iter().map(param).collect::<String>()
        };
        parse_challenges(value).iter().map(one).collect()
    }

    /// The first is of RFC 9110 section 11.6.1. hostile.md row 145.
    #[test]
    fn challenges() {
        let rows: &[(&str, &[&str])] = &[
            (
                r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#,
                &["Basic realm=simple", r#"Newauth realm=apps type=1 title=Login to \"apps\""#],
            ),
            ("Basic", &["Basic"]),
            ("NTLM, Basic realm=x", &["NTLM", "Basic realm=x"]),
            ("Negotiate YWJj==, Basic realm=\"\"", &["Negotiate", "Basic realm="]),
            (", ,basic REALM = \"a,b\" ,, x=y", &["basic realm=a,b x=y"]),
            ("Digest realm=\"r\",nonce=abc", &["Digest realm=r nonce=abc"]),
            ("Basic realm=x, Digest realm=\"never closed", &["Basic realm=x"]),
            ("", &[]),
            ("\"", &[]),
            ("Basic =", &[]),
        ];
        for (value, wanted) in rows {
            assert_eq!(shown(value.as_bytes()), *wanted, "{value}");
        }
    }

    #[test]
    fn any_cut_is_read_without_harm() {
        let value = br#"Digest realm="a\"b", qop="auth,auth-int", nonce=x, Basic realm=y"#;
        for end in 0..=value.len() {
            assert!(parse_challenges(&value[..end]).len() <= 2);
        }
    }
}
