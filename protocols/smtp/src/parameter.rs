//! What MAIL and RCPT say besides a path: sizes, body types, delivery status notifications
//! (RFC 1870, 3461, 4954 section 5, 6152, 3030, 6531, 8689).
//! Must not hold: whether the server offers them (`transaction.rs` looks).

use crate::{Capabilities, Error, Mailbox, ReversePath};
use std::fmt;
use wireline_wire::escape;

/// Parameters of MAIL. By default there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailParameters {
    /// `SIZE=`: bytes of the message with CRLF line ends, before dots are doubled (RFC 1870).
    pub size: Option<u64>,
    /// `BODY=` (RFC 6152 and 3030).
    pub body: Option<Body>,
    /// `SMTPUTF8` (RFC 6531).
    pub smtputf8: bool,
    /// `RET=` (RFC 3461 section 4.3).
    pub ret: Option<Ret>,
    /// `ENVID=` (RFC 3461 section 4.4).
    pub envid: Option<EnvelopeId>,
    /// `AUTH=`: who submitted the message first; the null path when that is not told (RFC 4954
    /// section 5).
    pub auth: Option<ReversePath>,
    /// `REQUIRETLS`: every hop has to use TLS (RFC 8689).
    pub require_tls: bool,
    /// Others. The server is not asked whether it knows them.
    pub more: Vec<Parameter>,
}

/// Parameters of RCPT. By default there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RcptParameters {
    /// `NOTIFY=` (RFC 3461 section 4.1).
    pub notify: Option<Notify>,
    /// `ORCPT=` (RFC 3461 section 4.2).
    pub orcpt: Option<OriginalRecipient>,
    /// Others. The server is not asked whether it knows them.
    pub more: Vec<Parameter>,
}

/// What bytes the message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// `7BIT`: ASCII in lines.
    SevenBit,
    /// `8BITMIME`: any bytes but NUL, in lines (RFC 6152).
    EightBit,
    /// `BINARYMIME`: any bytes; BDAT only (RFC 3030).
    Binary,
}

/// What a notification of failure returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ret {
    /// The whole message.
    Full,
    /// Its header section.
    Headers,
}

/// When the sender is notified about a recipient. None of the three: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// Once it is delivered.
    pub success: bool,
    /// Once it is known that it cannot be.
    pub failure: bool,
    /// When it takes longer than usual.
    pub delay: bool,
}

impl MailParameters {
    /// The extension that is missing among those of the server, if one is.
    pub(crate) fn missing(&self, offered: &Capabilities) -> Option<&'static str> {
        let needs = [
            (self.body == Some(Body::EightBit), "8BITMIME"),
            (self.body == Some(Body::Binary), "BINARYMIME"),
            (self.smtputf8, "SMTPUTF8"),
            (self.ret.is_some() || self.envid.is_some(), "DSN"),
            (self.auth.is_some(), "AUTH"),
            (self.require_tls, "REQUIRETLS"),
            (self.size.is_some(), "SIZE"),
        ];
        first_missing(&needs, offered)
    }
}

impl RcptParameters {
    /// The extension that is missing among those of the server, if one is.
    pub(crate) fn missing(&self, offered: &Capabilities) -> Option<&'static str> {
        first_missing(&[(self.notify.is_some() || self.orcpt.is_some(), "DSN")], offered)
    }
}

fn first_missing(needs: &[(bool, &'static str)], offered: &Capabilities) -> Option<&'static str> {
    let missing = |&&(needed, keyword): &&(bool, &str)| needed && !offered.has(keyword);
    needs.iter().find(missing).map(|(_, keyword)| *keyword)
}

impl fmt::Display for MailParameters {
    /// `Mail-parameters = esmtp-param *(SP esmtp-param)`, each with a blank before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(size) = self.size {
            write!(f, " SIZE={size}")?;
        }
        match self.body {
            Some(Body::SevenBit) => f.write_str(" BODY=7BIT")?,
            Some(Body::EightBit) => f.write_str(" BODY=8BITMIME")?,
            Some(Body::Binary) => f.write_str(" BODY=BINARYMIME")?,
            None => {}
        }
        f.write_str(if self.smtputf8 { " SMTPUTF8" } else { "" })?;
        match self.ret {
            Some(Ret::Full) => f.write_str(" RET=FULL")?,
            Some(Ret::Headers) => f.write_str(" RET=HDRS")?,
            None => {}
        }
        if let Some(envid) = &self.envid {
            write!(f, " ENVID={}", Xtext(&envid.0))?;
        }
        match &self.auth {
            Some(ReversePath::Null) => f.write_str(" AUTH=<>")?,
            Some(ReversePath::Mailbox(mailbox)) => write!(f, " AUTH={}", Xtext(mailbox.as_str()))?,
            None => {}
        }
        f.write_str(if self.require_tls { " REQUIRETLS" } else { "" })?;
        self.more.iter().try_for_each(|parameter| write!(f, " {}", parameter.0))
    }
}

impl fmt::Display for RcptParameters {
    /// `Rcpt-parameters = esmtp-param *(SP esmtp-param)`, each with a blank before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(notify) = self.notify {
            write!(f, " NOTIFY={notify}")?;
        }
        if let Some(OriginalRecipient { addr_type, address }) = &self.orcpt {
            write!(f, " ORCPT={addr_type};{}", Xtext(address))?;
        }
        self.more.iter().try_for_each(|parameter| write!(f, " {}", parameter.0))
    }
}

impl fmt::Display for Notify {
    /// `notify-esmtp-value = "NEVER" / 1#notify-list-element` (RFC 3461 section 4.1).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [(self.success, "SUCCESS"), (self.failure, "FAILURE"), (self.delay, "DELAY")];
        let wanted: Vec<_> =
            all.iter().filter(|(wanted, _)| *wanted).map(|(_, name)| *name).collect();
        match wanted.as_slice() {
            [] => f.write_str("NEVER"),
            wanted => f.write_str(&wanted.join(",")),
        }
    }
}

/// An envelope's identity, which notifications repeat: 1 to 100 printable ASCII characters
/// (RFC 3461 section 4.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeId(String);

impl TryFrom<&str> for EnvelopeId {
    type Error = Error;

    fn try_from(typed: &str) -> Result<Self, Error> {
        match is_printable(typed) && typed.len() <= 100 {
            true => Ok(Self(typed.to_owned())),
            false => Err(not("an envelope id", typed)),
        }
    }
}

/// Whom the message was first for: `addr-type ";" xtext` (RFC 3461 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalRecipient {
    addr_type: String,
    address: String,
}

impl OriginalRecipient {
    /// An address of a type that is registered, `rfc822` or `x400` for example; at most 500
    /// printable ASCII characters.
    ///
    /// # Errors
    /// [`Error::Input`].
    pub fn new(addr_type: &str, address: &str) -> Result<Self, Error> {
        let is_atom = !addr_type.is_empty()
            && addr_type.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_atom || !is_printable(address) || address.len() > 500 {
            return Err(not("an original recipient", &format!("{addr_type};{address}")));
        }
        Ok(Self { addr_type: addr_type.to_owned(), address: address.to_owned() })
    }

    /// A mailbox, of the type `rfc822`.
    ///
    /// # Errors
    /// [`Error::Input`] when it has letters beyond ASCII.
    pub fn mailbox(mailbox: &Mailbox) -> Result<Self, Error> {
        Self::new("rfc822", mailbox.as_str())
    }
}

/// `esmtp-param = esmtp-keyword ["=" esmtp-value]` (RFC 5321 section 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter(String);

impl TryFrom<&str> for Parameter {
    type Error = Error;

    fn try_from(typed: &str) -> Result<Self, Error> {
        let (keyword, value) = typed.split_once('=').unwrap_or((typed, "-"));
        let is_keyword = keyword.starts_with(|first: char| first.is_ascii_alphanumeric())
            && keyword.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_value = is_printable(value) && !value.contains([' ', '=']);
        match is_keyword && is_value {
            true => Ok(Self(typed.to_owned())),
            false => Err(not("a parameter", typed)),
        }
    }
}

fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn not(what: &str, typed: &str) -> Error {
    Error::Input(format!("\"{}\" is not {what}", escape(typed.as_bytes())))
}

/// `xtext = *( xchar / hexchar )` (RFC 3461 section 4): printable ASCII but `+` and `=`, the rest
/// as `+` and two hexadecimal digits.
struct Xtext<'a>(&'a str);

impl fmt::Display for Xtext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.bytes().try_for_each(|byte| match byte {
            b'+' | b'=' | ..=b' ' | 0x7f.. => write!(f, "+{byte:02X}"),
            _ => write!(f, "{}", char::from(byte)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 3461 section 10, RFC 4954 section 5.1, and others.
    #[test]
    fn encoded() {
        let mailbox = |typed| Mailbox::try_from(typed).unwrap();
        let none = MailParameters::default;
        let rows = [
            (none(), ""),
            (MailParameters { size: Some(500_000), ..none() }, " SIZE=500000"),
            (MailParameters { body: Some(Body::EightBit), ..none() }, " BODY=8BITMIME"),
            (MailParameters { body: Some(Body::Binary), ..none() }, " BODY=BINARYMIME"),
            (MailParameters { body: Some(Body::SevenBit), ..none() }, " BODY=7BIT"),
            (
                MailParameters { smtputf8: true, require_tls: true, ..none() },
                " SMTPUTF8 REQUIRETLS",
            ),
            (
                MailParameters {
                    ret: Some(Ret::Headers),
                    envid: Some(EnvelopeId::try_from("QQ314159").unwrap()),
                    ..none()
                },
                " RET=HDRS ENVID=QQ314159",
            ),
            (
                MailParameters {
                    auth: Some(mailbox("e=mc2@example.com").into()),
                    ret: Some(Ret::Full),
                    ..none()
                },
                " RET=FULL AUTH=e+3Dmc2@example.com",
            ),
            (
                MailParameters {
                    auth: Some(ReversePath::Null),
                    more: vec![Parameter::try_from("BY=120;R").unwrap()],
                    ..none()
                },
                " AUTH=<> BY=120;R",
            ),
        ];
        for (parameters, wanted) in rows {
            assert_eq!(parameters.to_string(), wanted);
        }
        let rcpt = RcptParameters {
            notify: Some(Notify { success: true, failure: true, delay: false }),
            orcpt: Some(OriginalRecipient::mailbox(&mailbox("Dana+x@Ivory.EDU")).unwrap()),
            more: Vec::new(),
        };
        let wanted = " NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Dana+2Bx@Ivory.EDU";
        assert_eq!(rcpt.to_string(), wanted);
        assert_eq!(Notify::default().to_string(), "NEVER");
    }

    /// hostile.md rows 11, 12.
    #[test]
    fn refused() {
        for bad in ["", "a\r\nb", "ä", "\u{7f}", &"x".repeat(101)] {
            assert!(EnvelopeId::try_from(bad).is_err(), "{bad:?}");
        }
        for (addr_type, address) in
            [("", "a"), ("rfc822", ""), ("rfc 822", "a"), ("rfc822", "a\r\nb"), ("rfc822", "ä")]
        {
            assert!(OriginalRecipient::new(addr_type, address).is_err(), "{addr_type} {address}");
        }
        for bad in ["", "=", "A=", "A B", "A=b c", "A=b=c", "A\r\n", "A=\r\n", "-A", "Ä", "A=ä"] {
            assert!(Parameter::try_from(bad).is_err(), "{bad:?}");
        }
        for good in ["A", "HOLDFOR=5", "x-y=z;<>"] {
            assert!(Parameter::try_from(good).is_ok(), "{good:?}");
        }
    }
}
