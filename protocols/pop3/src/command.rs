//! What we say: verbs over arguments that cannot break out of their line. A command that exists
//! can be sent.
//! Must not hold: I/O, or which command when.

use crate::Error;
use md5::{Digest as _, Md5};
use std::fmt;
use std::num::NonZeroU32;
use wireline_wire::{Saying, Secret, escape};
use zeroize::Zeroizing;

/// A message's number in this session, from 1 (RFC 1939 section 4).
pub type MessageNumber = NonZeroU32;

/// `command = keyword *(SP param) CRLF`, 255 octets at most (RFC 2449 sections 3 and 4): one that
/// may be sent at any time after the login, and ahead of other replies.
#[derive(Clone, Debug)]
pub struct Command {
    pub(crate) verb: &'static str,
    pub(crate) saying: Saying,
    pub(crate) form: Form,
    message: Option<MessageNumber>,
}

/// How far the reply to a command goes when it is `+OK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One line.
    SingleLine,
    /// Lines up to one with a dot alone.
    MultiLine,
}

/// The name of a mailbox, as USER and APOP take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(String);

/// What goes with it. Wiped when dropped, never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password(Secret);

/// Octets in a command, CRLF included (RFC 2449 section 4).
pub(crate) const COMMAND_BYTES: usize = 255;

impl Command {
    /// `STAT`
    #[must_use]
    pub fn stat() -> Self {
        Self::bare("STAT", Form::SingleLine)
    }

    /// `LIST`
    #[must_use]
    pub fn list() -> Self {
        Self::bare("LIST", Form::MultiLine)
    }

    /// `LIST msg`
    #[must_use]
    pub fn list_one(message: MessageNumber) -> Self {
        Self::of_message("LIST", message, "", Form::SingleLine)
    }

    /// `UIDL`
    #[must_use]
    pub fn uidl() -> Self {
        Self::bare("UIDL", Form::MultiLine)
    }

    /// `UIDL msg`
    #[must_use]
    pub fn uidl_one(message: MessageNumber) -> Self {
        Self::of_message("UIDL", message, "", Form::SingleLine)
    }

    /// `RETR msg`
    #[must_use]
    pub fn retr(message: MessageNumber) -> Self {
        Self::of_message("RETR", message, "", Form::MultiLine)
    }

    /// `TOP msg n`: the head and so many lines of the body.
    #[must_use]
    pub fn top(message: MessageNumber, lines: u32) -> Self {
        Self::of_message("TOP", message, &format!(" {lines}"), Form::MultiLine)
    }

    /// `DELE msg`
    #[must_use]
    pub fn dele(message: MessageNumber) -> Self {
        Self::of_message("DELE", message, "", Form::SingleLine)
    }

    /// `NOOP`
    #[must_use]
    pub fn noop() -> Self {
        Self::bare("NOOP", Form::SingleLine)
    }

    /// `RSET`
    #[must_use]
    pub fn rset() -> Self {
        Self::bare("RSET", Form::SingleLine)
    }

    /// `QUIT`. [`crate::Session::quit`] tells its outcomes apart; here it is the last one of a
    /// pipeline.
    #[must_use]
    pub fn quit() -> Self {
        Self::bare("QUIT", Form::SingleLine)
    }

    /// A line of the caller's own, and how its reply ends.
    ///
    /// # Errors
    /// [`Error::Input`] when it is empty, holds CR, LF or NUL, or has more than 253 bytes; and for
    /// STLS and AUTH, after which the connection is another one.
    pub fn raw(line: &str, form: Form) -> Result<Self, Error> {
        let verb = line.split(' ').next().unwrap_or_default();
        if ["STLS", "AUTH"].iter().any(|own| verb.eq_ignore_ascii_case(own)) {
            return Err(Error::Input(format!("{verb} is more than a command and its reply")));
        }
        argument("a command", line.as_bytes(), COMMAND_BYTES - 2)?;
        let saying = Saying::new().text(line).text("\r\n");
        Ok(Self { verb: "the command", saying, form, message: None })
    }

    /// The message that it is about.
    #[must_use]
    pub const fn message(&self) -> Option<MessageNumber> {
        self.message
    }

    /// `CAPA` (RFC 2449 section 5).
    pub(crate) fn capa() -> Self {
        Self::bare("CAPA", Form::MultiLine)
    }

    /// `STLS` (RFC 2595 section 4).
    pub(crate) fn stls() -> Self {
        Self::bare("STLS", Form::SingleLine)
    }

    /// `UTF8` (RFC 6856 section 2).
    pub(crate) fn utf8() -> Self {
        Self::bare("UTF8", Form::SingleLine)
    }

    /// `LANG` (RFC 6856 section 3): which languages there are.
    pub(crate) fn languages() -> Self {
        Self::bare("LANG", Form::MultiLine)
    }

    /// `LANG tag` (RFC 6856 section 3); `*` is the server's choice.
    pub(crate) fn lang(tag: &str) -> Result<Self, Error> {
        let is_tag = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'*';
        if tag.is_empty() || tag.len() > 64 || !tag.bytes().all(is_tag) {
            return Err(Error::Input(format!("\"{}\" is no language", escape(tag.as_bytes()))));
        }
        let saying = Saying::new().text(format!("LANG {tag}\r\n"));
        Ok(Self { verb: "LANG", saying, form: Form::SingleLine, message: None })
    }

    /// `USER name` (RFC 1939 section 7).
    pub(crate) fn user(user: &UserName) -> Self {
        let saying = Saying::new().text(format!("USER {}\r\n", user.0));
        Self { verb: "USER", saying, form: Form::SingleLine, message: None }
    }

    /// `PASS string` (RFC 1939 section 7).
    pub(crate) fn pass(password: &Password) -> Self {
        let saying = Saying::new().text("PASS ").secret("pass", password.0.reveal()).text("\r\n");
        Self { verb: "PASS", saying, form: Form::SingleLine, message: None }
    }

    /// `APOP name digest`: MD5 of timestamp and shared secret in lower-case hex (RFC 1939
    /// section 7).
    pub(crate) fn apop(user: &UserName, password: &Password, timestamp: &str) -> Self {
        let mut md5 = Md5::new();
        md5.update(timestamp);
        md5.update(password.0.reveal());
        let digest: Zeroizing<String> =
            Zeroizing::new(md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        let saying = Saying::new()
            .text(format!("APOP {} ", user.0))
            .secret("auth.apop", digest.as_bytes())
            .text("\r\n");
        Self { verb: "APOP", saying, form: Form::SingleLine, message: None }
    }

    fn bare(verb: &'static str, form: Form) -> Self {
        Self { verb, saying: Saying::new().text(verb).text("\r\n"), form, message: None }
    }

    fn of_message(verb: &'static str, message: MessageNumber, more: &str, form: Form) -> Self {
        let saying = Saying::new().text(format!("{verb} {message}{more}\r\n"));
        Self { verb, saying, form, message: Some(message) }
    }
}

impl UserName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for UserName {
    type Error = Error;

    /// # Errors
    /// [`Error::Input`] when it is empty, holds CR, LF or NUL, or has more bytes than a line with
    /// a digest has room for (210).
    fn try_from(name: &str) -> Result<Self, Error> {
        const BYTES: usize = COMMAND_BYTES - "APOP ".len() - " \r\n".len() - 2 * 16;
        argument("the user name", name.as_bytes(), BYTES)?;
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<Secret> for Password {
    type Error = Error;

    /// # Errors
    /// [`Error::Input`] when it is empty, holds CR, LF or NUL, or has more than 248 bytes.
    fn try_from(secret: Secret) -> Result<Self, Error> {
        argument("the password", secret.reveal(), COMMAND_BYTES - "PASS \r\n".len())?;
        Ok(Self(secret))
    }
}

/// What may stand in a line. The value itself may be a secret and is never repeated.
fn argument(what: &str, bytes: &[u8], most: usize) -> Result<(), Error> {
    let why = match bytes {
        [] => "is empty".to_owned(),
        _ if bytes.iter().any(|byte| b"\r\n\0".contains(byte)) => "holds CR, LF or NUL".to_owned(),
        _ if bytes.len() > most => format!("has more than {most} bytes"),
        _ => return Ok(()),
    };
    Err(Error::Input(format!("{what} {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u32) -> MessageNumber {
        MessageNumber::new(number).unwrap()
    }

    #[test]
    fn what_is_sent() {
        let user = UserName::try_from("mrose").unwrap();
        let password = Password::try_from(Secret::from("tanstaaf")).unwrap();
        let stamp = "<1896.697170952@dbc.mtview.ca.us>";
        let rows = [
            (Command::stat(), "STAT"),
            (Command::list(), "LIST"),
            (Command::list_one(number(2)), "LIST 2"),
            (Command::uidl(), "UIDL"),
            (Command::uidl_one(number(2)), "UIDL 2"),
            (Command::retr(MessageNumber::MAX), "RETR 4294967295"),
            (Command::top(number(1), 10), "TOP 1 10"),
            (Command::dele(number(1)), "DELE 1"),
            (Command::noop(), "NOOP"),
            (Command::rset(), "RSET"),
            (Command::quit(), "QUIT"),
            (Command::capa(), "CAPA"),
            (Command::stls(), "STLS"),
            (Command::utf8(), "UTF8"),
            (Command::languages(), "LANG"),
            (Command::lang("en-GB").unwrap(), "LANG en-GB"),
            (Command::raw("XTND XLST a b", Form::MultiLine).unwrap(), "XTND XLST a b"),
            (Command::user(&user), "USER mrose"),
            (Command::pass(&password), "PASS tanstaaf"),
            // RFC 1939 section 7.
            (Command::apop(&user, &password, stamp), "APOP mrose c4c9334bac560ecc979e58001b3e22fb"),
        ];
        for (command, line) in rows {
            assert_eq!(command.saying.bytes(), format!("{line}\r\n").as_bytes());
        }
        let shown =
            format!("{:?}", [Command::pass(&password), Command::apop(&user, &password, "")]);
        assert!(shown.contains("{{pass}}") && shown.contains("{{auth.apop}}"), "{shown}");
        assert!(!format!("{shown}{password:?}").contains("tanstaaf"));
    }

    /// hostile.md rows 2, 3, 21: nothing breaks out of its line, nothing is longer than one.
    #[test]
    fn what_cannot_be_sent() {
        let long = "x".repeat(255);
        for bad in ["", "a\r\nDELE 1", "a\nb", "a\rb", "a\0", &long] {
            assert!(UserName::try_from(bad).is_err(), "{bad:?}");
            assert!(Password::try_from(Secret::from(bad)).is_err(), "{bad:?}");
            assert!(Command::raw(bad, Form::SingleLine).is_err(), "{bad:?}");
            assert!(Command::lang(bad).is_err(), "{bad:?}");
        }
        for own in ["STLS", "stls", "AUTH PLAIN", "auth"] {
            assert!(Command::raw(own, Form::SingleLine).is_err(), "{own}");
        }
        let name = UserName::try_from("x".repeat(210).as_str()).unwrap();
        let pass = Password::try_from(Secret::from("y".repeat(248).as_str())).unwrap();
        for command in [Command::user(&name), Command::pass(&pass), Command::apop(&name, &pass, "")]
        {
            assert!(command.saying.bytes().len() <= COMMAND_BYTES, "{command:?}");
        }
        assert!(UserName::try_from("with a space, and 40 octets or more in it").is_ok());
        assert!(Command::lang("en_GB").is_err());
    }
}
