//! SASLprep (RFC 4013): what two ways of typing the same name or password have in common.
//! Must not hold: which mechanism wants it.

use crate::Error;
use crate::error::input;
use stringprep::tables::unassigned_code_point;
use zeroize::Zeroizing;

/// Prepares a query string. What Unicode 3.2 does not know yet (most emoji) passes unchanged, as
/// RFC 3454 section 7 has it for queries. `what` names the text in the error, which does not
/// quote it.
pub(crate) fn prepare(what: &str, text: &str) -> Result<Zeroizing<String>, Error> {
    let mut prepared = Zeroizing::new(String::with_capacity(text.len()));
    for run in runs(text) {
        if run.starts_with(unassigned_code_point) {
            prepared.push_str(run);
            continue;
        }
        let run = stringprep::saslprep(run)
            .map_err(|_| input(format!("{what} holds what SASLprep (RFC 4013) prohibits")))?;
        prepared.push_str(&run);
    }
    match prepared.is_empty() {
        true => Err(input(format!("{what} is empty after SASLprep (RFC 4013)"))),
        false => Ok(prepared),
    }
}

/// As [`prepare`], of bytes that should be UTF-8.
pub(crate) fn prepare_bytes(what: &str, bytes: &[u8]) -> Result<Zeroizing<String>, Error> {
    let text = str::from_utf8(bytes).map_err(|_| input(format!("{what} is not UTF-8")))?;
    prepare(what, text)
}

/// Characters that Unicode 3.2 knows, and those it does not, in turns.
fn runs(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let unknown = unassigned_code_point(text.chars().next()?);
        let end = text.find(|letter| unassigned_code_point(letter) != unknown);
        let (run, rest) = text.split_at(end.unwrap_or(text.len()));
        text = rest;
        Some(run)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4013 section 3, and our own.
    #[test]
    fn examples() {
        let rows = [
            ("I\u{ad}X", Some("IX")),
            ("user", Some("user")),
            ("USER", Some("USER")),
            ("\u{aa}", Some("a")),
            ("\u{2168}", Some("IX")),
            ("\u{7}", None),
            ("\u{627}\u{31}", None),
            ("\u{627}\u{31}\u{628}", Some("\u{627}\u{31}\u{628}")),
            ("a\u{a0}b", Some("a b")),
            ("\u{fb01}x\u{1f600}\u{2168}", Some("fix\u{1f600}IX")),
            ("\u{ad}", None),
            ("", None),
            ("\u{e000}", None),
            ("\u{1f600}\0", None),
        ];
        for (text, wanted) in rows {
            let prepared = prepare("the password", text).ok();
            assert_eq!(prepared.as_deref().map(String::as_str), wanted, "{text:?}");
        }
        assert_eq!(prepare_bytes("the password", b"\xff"), Err(input("the password is not UTF-8")));
    }
}
