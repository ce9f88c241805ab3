//! Text to the arguments of MAIL, RCPT and EHLO.
//! Must not hold: parameters of commands.

use super::shown::assert_tame;
use wireline_smtp::{ClientName, Mailbox, ReversePath};

/// The input is an address, or a name.
///
/// What is accepted can stand in a command: no controls, no angle brackets, blanks only between
/// quotes; it is as long as RFC 5321 section 4.5.3.1 allows, its domain is ASCII, and it reads as
/// itself again.
pub fn mail_address(data: &[u8]) {
    let typed = String::from_utf8_lossy(data);
    let mailbox = Mailbox::try_from(&*typed).inspect_err(assert_tame).ok();
    if let Some(mailbox) = &mailbox {
        assert_mailbox(&typed, mailbox);
    }
    match ReversePath::try_from(&*typed) {
        Ok(ReversePath::Null) => assert!(matches!(&*typed, "" | "<>")),
        Ok(ReversePath::Mailbox(found)) => assert_eq!(Some(found), mailbox),
        Err(error) => {
            assert!(mailbox.is_none());
            assert_tame(&error);
        }
    }
    match ClientName::try_from(&*typed) {
        Ok(name) => {
            assert_host(name.as_str());
            assert_eq!(ClientName::try_from(name.as_str()).ok(), Some(name));
        }
        Err(error) => assert_tame(&error),
    }
}

fn assert_mailbox(typed: &str, mailbox: &Mailbox) {
    let (text, local) = (mailbox.as_str(), mailbox.local_part());
    assert!(!text.contains(|letter: char| letter.is_control() || "<>".contains(letter)), "{text}");
    assert!(text.len() + "<>".len() <= 256 && (1..=64).contains(&local.len()), "{text}");
    assert!(typed.starts_with(local), "{typed} became {text}");
    match mailbox.domain() {
        Some(domain) => {
            assert_host(domain);
            assert_eq!(text, format!("{local}@{domain}"));
        }
        None => assert!(text.eq_ignore_ascii_case("postmaster") && text == typed),
    }
    match local.strip_prefix('"').and_then(|local| local.strip_suffix('"')) {
        Some(quoted) => assert!(is_closed(quoted), "{text}"),
        None => {
            let odd = |letter: char| letter.is_whitespace() || "\"(),:;@[\\]".contains(letter);
            assert!(!local.contains(odd) && !local.contains(".."), "{text}");
            assert!(!local.starts_with('.') && !local.ends_with('.'), "{text}");
        }
    }
    assert_eq!(mailbox.needs_smtputf8(), !local.is_ascii());
    assert_eq!(Mailbox::try_from(text).ok().as_ref(), Some(mailbox), "{text}");
    let path = ReversePath::from(mailbox.clone()).to_string();
    assert_eq!(path, format!("<{text}>"));
}

/// No quote ends it before its end.
fn is_closed(quoted: &str) -> bool {
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        if letter == '"' || (letter == '\\' && letters.next().is_none()) {
            return false;
        }
    }
    true
}

fn assert_host(host: &str) {
    assert!((1..=255).contains(&host.len()), "{host}");
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => {
            assert!(address.bytes().all(|byte| inside(byte) || byte == b':'), "{host}")
        }
        None => assert!(host.bytes().all(inside), "{host}"),
    }
}
