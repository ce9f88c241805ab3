//! Whom mail is from and for: mailboxes, the null sender, domains, and the name we go by
//! (RFC 5321 section 4.1.2 and 4.1.3, RFC 6531 section 3.3).
//! Must not hold: parameters of commands, or header fields (RFC 5322's addresses are richer).

use crate::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use wireline_wire::escape;

/// `Mailbox = Local-part "@" ( Domain / address-literal )`, or `Postmaster` alone.
///
/// It can be sent: no control bytes, no `<` and `>` (not even quoted, lax servers would see a
/// path's end there), blanks only in a quoted local part. The local part has at most 64 bytes, the
/// domain 255, the path with its angle brackets 256 (RFC 5321 section 4.5.3.1). A domain with
/// letters beyond ASCII is turned into A-labels (RFC 5890), a local part with such letters stays
/// and needs SMTPUTF8.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mailbox {
    text: String,
    /// Where the `@` is; the whole length when there is none.
    at: usize,
}

impl Mailbox {
    /// As typed, its domain in A-labels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the `@`, quotes included.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// What stands behind the `@`; `None` for `Postmaster` alone.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.text.get(self.at + 1..)
    }

    /// Whether the local part has letters beyond ASCII (RFC 6531 section 3.4).
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.text.is_ascii()
    }
}

impl TryFrom<&str> for Mailbox {
    type Error = Error;

    fn try_from(typed: &str) -> Result<Self, Error> {
        let bad = |why: &str| {
            Error::Input(format!("\"{}\" is not an address: {why}", escape(typed.as_bytes())))
        };
        let (local, domain) = match typed.rsplit_once('@') {
            Some((local, domain)) => (local, Some(domain)),
            None if typed.eq_ignore_ascii_case("postmaster") => (typed, None),
            None => return Err(bad("it has no @")),
        };
        if !is_dot_string(local) && !is_quoted_string(local) {
            return Err(bad("what stands before the @ cannot be sent"));
        }
        if local.len() > LOCAL_PART_BYTES {
            return Err(bad("more than 64 bytes stand before the @"));
        }
        let text = match domain {
            Some(domain) => format!("{local}@{}", ascii_host(domain).map_err(bad)?),
            None => local.to_owned(),
        };
        match text.len() + "<>".len() {
            ..=PATH_BYTES => Ok(Self { text, at: local.len() }),
            _ => Err(bad("it is longer than 254 bytes")),
        }
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `Reverse-path = Path / "<>"`: where notifications go, or nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReversePath {
    /// `<>`: the sender of notifications, to whom none is ever sent (RFC 5321 section 4.5.5).
    Null,
    /// Somebody.
    Mailbox(Mailbox),
}

impl ReversePath {
    /// Whether it has letters beyond ASCII.
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        matches!(self, Self::Mailbox(mailbox) if mailbox.needs_smtputf8())
    }
}

impl From<Mailbox> for ReversePath {
    fn from(mailbox: Mailbox) -> Self {
        Self::Mailbox(mailbox)
    }
}

impl TryFrom<&str> for ReversePath {
    type Error = Error;

    /// An address; nothing or `<>` is the null sender.
    fn try_from(typed: &str) -> Result<Self, Error> {
        match typed {
            "" | "<>" => Ok(Self::Null),
            _ => Mailbox::try_from(typed).map(Self::Mailbox),
        }
    }
}

impl fmt::Display for ReversePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Mailbox(mailbox) => write!(f, "<{mailbox}>"),
        }
    }
}

/// What we call ourselves in EHLO: a domain, or an address literal when there is none
/// (RFC 5321 section 4.1.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientName(String);

impl ClientName {
    /// The name as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for ClientName {
    type Error = Error;

    /// A domain, in A-labels or not, or `[192.0.2.1]`, or `[IPv6:2001:db8::1]`.
    fn try_from(typed: &str) -> Result<Self, Error> {
        ascii_host(typed).map(Self).map_err(|why| {
            let typed = escape(typed.as_bytes());
            Error::Input(format!("\"{typed}\" is no name for a client: {why}"))
        })
    }
}

impl From<IpAddr> for ClientName {
    /// `address-literal` (RFC 5321 section 4.1.3).
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(format!("[{address}]")),
            IpAddr::V6(address) => Self(format!("[IPv6:{address}]")),
        }
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 5321 section 4.5.3.1.1.
const LOCAL_PART_BYTES: usize = 64;
/// RFC 5321 section 4.5.3.1.2.
const DOMAIN_BYTES: usize = 255;
/// RFC 5321 section 4.5.3.1.3, with the angle brackets.
const PATH_BYTES: usize = 256;
/// RFC 1035 section 2.3.4.
const LABEL_BYTES: usize = 63;

/// `Dot-string = Atom *("." Atom)` (RFC 5321 section 4.1.2), beyond ASCII too (RFC 6531).
fn is_dot_string(text: &str) -> bool {
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// `atext` (RFC 5322 section 3.2.3) or `UTF8-non-ascii` that is no control character.
fn is_atext(letter: char) -> bool {
    match letter.is_ascii() {
        true => letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter),
        false => !letter.is_control() && !letter.is_whitespace(),
    }
}

/// `Quoted-string = DQUOTE *( qtextSMTP / "\" %d32-126 ) DQUOTE` (RFC 5321 section 4.1.2),
/// without angle brackets.
fn is_quoted_string(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let Some(inner) = inner else { return false };
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        let fits = match letter {
            '"' => false,
            '\\' => letters.next().is_some_and(|quoted| matches!(quoted, ' '..='~')),
            other => !other.is_control(),
        };
        if !fits || inner.contains(['<', '>']) {
            return false;
        }
    }
    true
}

/// A domain in A-labels, or an address literal.
fn ascii_host(typed: &str) -> Result<String, &'static str> {
    if let Some(literal) = typed.strip_prefix('[') {
        return match is_address_literal(literal) {
            true => Ok(typed.to_owned()),
            false => Err("the address in brackets is none"),
        };
    }
    let domain = match typed.is_ascii() {
        true => typed.to_owned(),
        false => idna::domain_to_ascii(typed).map_err(|_| "its domain has no A-label form")?,
    };
    match is_domain(&domain) {
        true => Ok(domain),
        false => Err("its domain is none"),
    }
}

/// `address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]"`
/// (RFC 5321 section 4.1.3), from behind the bracket. General literals are not known to anybody.
fn is_address_literal(text: &str) -> bool {
    let Some(inner) = text.strip_suffix(']') else { return false };
    let v6 = inner.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:"));
    match v6.and_then(|tag| inner.get(tag.len()..)) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => inner.parse::<Ipv4Addr>().is_ok(),
    }
}

/// `Domain = sub-domain *("." sub-domain)`, `sub-domain = Let-dig [Ldh-str]`
/// (RFC 5321 section 4.1.2).
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && label.len() <= LABEL_BYTES
            && label.bytes().all(inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= DOMAIN_BYTES && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is accepted, and how it is sent; RFC 5321 section 4.1.2, RFC 6531 section 3.3.
    #[test]
    fn mailboxes() {
        let long_local = format!("{}@b", "a".repeat(64));
        let rows = [
            ("a@b", "a@b", false),
            ("Smith@Bar.COM", "Smith@Bar.COM", false),
            ("a.b+c=d/e@x-y.example", "a.b+c=d/e@x-y.example", false),
            ("!#$%&'*+-/=?^_`{|}~@b", "!#$%&'*+-/=?^_`{|}~@b", false),
            ("-oops@b", "-oops@b", false),
            ("\"a b\"@c", "\"a b\"@c", false),
            ("\"a@b\"@c", "\"a@b\"@c", false),
            (r#""a\"b\\c"@d"#, r#""a\"b\\c"@d"#, false),
            ("\"\"@b", "\"\"@b", false),
            ("a@[127.0.0.1]", "a@[127.0.0.1]", false),
            ("a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]", false),
            ("postmaster", "postmaster", false),
            ("a@bücher.example", "a@xn--bcher-kva.example", false),
            ("päge@b", "päge@b", true),
            ("\"ä ö\"@b", "\"ä ö\"@b", true),
            ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v", true),
            (&long_local, &long_local, false),
        ];
        for (typed, sent, needs_smtputf8) in rows {
            let mailbox = Mailbox::try_from(typed).unwrap();
            assert_eq!(mailbox.as_str(), sent);
            assert_eq!(mailbox.needs_smtputf8(), needs_smtputf8, "{typed}");
        }
        let mailbox = Mailbox::try_from("\"a@b\"@c").unwrap();
        assert_eq!((mailbox.local_part(), mailbox.domain()), ("\"a@b\"", Some("c")));
        let postmaster = Mailbox::try_from("Postmaster").unwrap();
        assert_eq!((postmaster.local_part(), postmaster.domain()), ("Postmaster", None));
    }

    /// hostile.md rows 11, 12: nothing that ends a path, a line or a command gets in.
    #[test]
    fn no_mailboxes() {
        let long_local = format!("{}@b", "a".repeat(65));
        let long_label = format!("a@{}", "b".repeat(64));
        let long_domain = format!("a@{}", ["b"; 129].join("."));
        let long_path = format!("{}@{}", "a".repeat(64), ["b"; 100].join("."));
        let long = [&long_local, &long_label, &long_domain, &long_path].map(String::as_str);
        for &typed in BAD.iter().chain(&long) {
            assert!(Mailbox::try_from(typed).is_err(), "{typed:?}");
        }
    }

    #[test]
    fn paths() {
        for (typed, sent) in [("", "<>"), ("<>", "<>"), ("a@b", "<a@b>")] {
            assert_eq!(ReversePath::try_from(typed).unwrap().to_string(), sent);
        }
        assert!(ReversePath::try_from(" ").is_err());
    }

    /// hostile.md row 11; RFC 5321 section 4.1.4.
    #[test]
    fn client_names() {
        let rows = [
            ("client.test", Some("client.test")),
            ("localhost", Some("localhost")),
            ("[127.0.0.1]", Some("[127.0.0.1]")),
            ("[IPv6:::1]", Some("[IPv6:::1]")),
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("a b", None),
            ("a\r\nb", None),
            ("", None),
            ("/etc/passwd", None),
            ("[127.0.0.1] SIZE", None),
        ];
        for (typed, sent) in rows {
            let name = ClientName::try_from(typed).ok();
            assert_eq!(name.as_ref().map(ClientName::as_str), sent, "{typed}");
        }
        for (address, sent) in [
            ("192.0.2.1", "[192.0.2.1]"),
            ("::1", "[IPv6:::1]"),
            ("::ffff:192.0.2.1", "[192.0.2.1]"),
        ] {
            assert_eq!(ClientName::from(address.parse::<IpAddr>().unwrap()).as_str(), sent);
        }
    }

    #[rustfmt::skip]
    const BAD: &[&str] = &[
        "", "@", "a", "a@", "@b", "a b@c", "a@b c", "a@b\r\nRCPT TO:<c@d>", "a\n@b", "a\0@b",
        "a@b> SIZE=1", "<a@b>", "<a@b", "a@b>", "a<b@c", "\"a>b\"@c", "\"a\\>b\"@c",
        "\"a\r\n\"@b", "\"a\\\r\"@b", "\"a\"b\"@c", "\"a\\\"@b", "\"@b", "a\"b@c", "@relay:a@b",
        "@relay,@other:a@b", ".a@b", "a.@b", "a..b@c", "a(b)@c", "a,b@c", "a;b@c", "a:b@c",
        "a\\b@c", "a[b@c", "a@b..c", "a@.b", "a@b.", "a@-b", "a@b-", "a@b_c", "a@[1.2.3]",
        "a@[1.2.3.4", "a@1.2.3.4]", "a@[IPv6:1.2.3.4]", "a@[::1]", "a@[x]", "a@[]",
        "a@b\u{ff1e}c", "a@b\u{a0}", "a\u{85}@b", "a\u{2028}b@c", "a@\u{200b}", "a\tb@c", "root",
        "\u{7f}@b",
    ];
}
