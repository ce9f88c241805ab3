//! A proxy: where it is, what it speaks, and the login that only it may see.
//! Must not hold: which proxy is for what (`proxies.rs`), or any dialogue (`connect.rs`, `socks.rs`).

use crate::{Endpoint, Error, Saying, Secret, escape};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP in clear: absolute-form and CONNECT (RFC 9110 section 9.3.6).
    Http,
    /// The same inside TLS.
    Https,
    /// SOCKS 5 (RFC 1928) with addresses: names are resolved here.
    Socks5,
    /// SOCKS 5 with names: the proxy resolves them, and nobody near us hears of them.
    Socks5h,
}

/// A proxy, with the login for it.
///
/// Shown by `Display` and `Debug` without the login. The login goes to this proxy and nowhere else,
/// by [`Proxy::authorize`] and in the dialogue of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    kind: ProxyKind,
    endpoint: Endpoint,
    login: Option<Login>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: Secret,
    pub(crate) password: Secret,
}

/// The transcript hole that hides a login.
pub(crate) const HOLE: &str = "auth.proxy";

impl Proxy {
    /// The same with this login in place of its own.
    ///
    /// # Errors
    /// [`Error::Input`] when it holds a control character, or does not fit what the proxy speaks.
    pub fn with_login(self, user: Secret, password: Secret) -> Result<Self, Error> {
        let login = Login { user, password }.checked(self.kind)?;
        Ok(Self { login: Some(login), ..self })
    }

    /// What it speaks.
    #[must_use]
    pub const fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// Where it is.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The password, so that it can be masked in what is shown; never to be sent.
    #[must_use]
    pub fn password(&self) -> Option<&Secret> {
        self.login.as_ref().map(|login| &login.password)
    }

    pub(crate) const fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// Whether requests can be handed to it in absolute-form (RFC 9112 section 3.2.2).
    #[must_use]
    pub const fn is_http(&self) -> bool {
        matches!(self.kind, ProxyKind::Http | ProxyKind::Https)
    }

    /// Appends the field line `Proxy-Authorization` (RFC 9110 section 11.7.2, RFC 7617), its
    /// credentials hidden as `{{auth.proxy}}`, if there is a login. For a request to this proxy
    /// only: inside a tunnel the origin would read it.
    #[must_use]
    pub fn authorize(&self, saying: Saying) -> Saying {
        let Some(Login { user, password }) = &self.login else { return saying };
        let plain = Zeroizing::new([user.reveal(), b":", password.reveal()].concat());
        let basic = Zeroizing::new(STANDARD.encode(&*plain));
        saying.text("Proxy-Authorization: Basic ").secret(HOLE, basic.as_bytes()).text("\r\n")
    }

    /// Names this proxy in a failure to reach it or to talk with it.
    pub(crate) fn blamed(&self, error: Error) -> Error {
        match error {
            Error::Resolve { .. }
            | Error::Connect { .. }
            | Error::Tls { .. }
            | Error::TimedOut { .. }
            | Error::Closed
            | Error::Cut { .. }
            | Error::TooLong { .. }
            | Error::Io(_) => Error::Proxy { proxy: self.to_string(), source: Box::new(error) },
            other => other,
        }
    }

    pub(crate) fn violation(&self, why: impl Into<String>) -> Error {
        Error::ProxyViolation { proxy: self.to_string(), why: why.into() }
    }
}

impl FromStr for Proxy {
    type Err = Error;

    /// `[ scheme "://" ] [ user [ ":" password ] "@" ] host [ ":" port ] [ "/" ]`, the scheme one of
    /// `http` (without any, this), `https`, `socks5`, `socks5h`; user and password percent-decoded.
    /// Default ports: 80, 443, 1080.
    ///
    /// # Errors
    /// [`Error::Input`], which never shows the text: it may hold a password.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (kind, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (kind_of(scheme)?, rest),
            None => (ProxyKind::Http, text),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login_of(login, kind)?), place),
            None => (None, rest),
        };
        Ok(Self { kind, endpoint: endpoint_of(place, kind)?, login })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Https => "https",
            ProxyKind::Socks5 => "socks5",
            ProxyKind::Socks5h => "socks5h",
        };
        write!(f, "{scheme}://{}", self.endpoint)
    }
}

fn input(why: impl Into<String>) -> Error {
    Error::Input(why.into())
}

fn kind_of(scheme: &str) -> Result<ProxyKind, Error> {
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok(ProxyKind::Http),
        "https" => Ok(ProxyKind::Https),
        "socks5" => Ok(ProxyKind::Socks5),
        "socks5h" => Ok(ProxyKind::Socks5h),
        "socks" | "socks4" | "socks4a" => {
            Err(input("SOCKS 4 is not supported: use socks5:// or socks5h://"))
        }
        // What is no scheme may be a part of a password.
        other if other.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            let other = escape(other.as_bytes());
            Err(input(format!(
                "a proxy is http://, https://, socks5:// or socks5h://, not {other}://"
            )))
        }
        _ => Err(input("a proxy is http://, https://, socks5:// or socks5h://")),
    }
}

fn login_of(text: &str, kind: ProxyKind) -> Result<Login, Error> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    Login { user: decoded(user), password: decoded(password) }.checked(kind)
}

impl Login {
    fn checked(self, kind: ProxyKind) -> Result<Self, Error> {
        let holds_control = |part: &Secret| part.reveal().iter().any(u8::is_ascii_control);
        if holds_control(&self.user) || holds_control(&self.password) {
            return Err(input("a proxy's user or password holds a control character"));
        }
        // RFC 7617 section 2: the first colon ends the user.
        let has_colon = self.user.reveal().contains(&b':');
        match kind {
            ProxyKind::Http | ProxyKind::Https if has_colon => {
                Err(input("a proxy's user cannot hold a colon"))
            }
            ProxyKind::Socks5 | ProxyKind::Socks5h if !self.fits_socks() => {
                Err(input("SOCKS 5 takes a user and a password of 1 to 255 bytes each"))
            }
            _ => Ok(self),
        }
    }

    /// `PLEN`, `ULEN`: 1 to 255 (RFC 1929 section 2).
    fn fits_socks(&self) -> bool {
        [&self.user, &self.password].iter().all(|part| (1..=255).contains(&part.reveal().len()))
    }
}

fn decoded(text: &str) -> Secret {
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend(percent_decode_str(text));
    Secret::new(bytes)
}

fn endpoint_of(place: &str, kind: ProxyKind) -> Result<Endpoint, Error> {
    let wrong = || input("a proxy is [SCHEME://][USER:PASSWORD@]HOST[:PORT]");
    let port = match kind {
        ProxyKind::Http => 80,
        ProxyKind::Https => 443,
        ProxyKind::Socks5 | ProxyKind::Socks5h => 1080,
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, digits)) if !digits.ends_with(']') => {
            let digits = Some(digits).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
            let port = digits.and_then(|digits| digits.parse().ok()).filter(|&port| port != 0);
            (host, port.ok_or_else(wrong)?)
        }
        _ => (place, port),
    };
    // An IPv6 address has brackets here, or its end would look like a port.
    if host.contains(':') && !host.starts_with('[') {
        return Err(wrong());
    }
    Endpoint::new(host, port).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text, what is shown of it, and the login.
    type Row = (&'static str, &'static str, Option<(&'static str, &'static str)>);

    #[test]
    fn proxies_from_text() {
        let rows: &[Row] = &[
            ("http://proxy:3128", "http://proxy:3128", None),
            ("HTTP://proxy", "http://proxy:80", None),
            ("proxy:8080", "http://proxy:8080", None),
            ("proxy", "http://proxy:80", None),
            ("https://proxy/", "https://proxy:443", None),
            ("socks5://[::1]", "socks5://[::1]:1080", None),
            ("socks5h://[::1]:9050", "socks5h://[::1]:9050", None),
            ("http://alice:s%40cret@proxy:1", "http://proxy:1", Some(("alice", "s@cret"))),
            ("alice:a:b@c@proxy:1", "http://proxy:1", Some(("alice", "a:b@c"))),
            ("http://alice@proxy:1", "http://proxy:1", Some(("alice", ""))),
            ("socks5://u%3A:p@proxy", "socks5://proxy:1080", Some(("u:", "p"))),
        ];
        for (text, shown, login) in rows {
            let proxy: Proxy = text.parse().unwrap();
            assert_eq!(proxy.to_string(), *shown, "{text}");
            let found = proxy.login.map(|login| (login.user, login.password));
            let wanted = login.map(|(user, password)| (user.into(), password.into()));
            assert_eq!(found, wanted, "{text}");
        }
    }

    /// hostile.md rows 3 and 9: nothing in the login can end a line; no failure shows it.
    #[test]
    fn what_is_no_proxy() {
        let canary = "canary";
        let long = format!("socks5://u:{}@proxy", "canary".repeat(50));
        let rows = [
            ("", "HOST"),
            ("http://", "HOST"),
            ("http://u:canary@", "HOST"),
            ("http://u:canary@proxy:0", "HOST"),
            ("http://u:canary@proxy:+1", "HOST"),
            ("http://u:canary@proxy:66000", "HOST"),
            ("http://u:can/canary@proxy/path", "HOST"),
            ("http://u:canary@::1", "HOST"),
            ("http://u:canary@pro xy:1", "HOST"),
            ("http://u:canary@pro\r\nxy:1", "HOST"),
            ("http://u:canary%0d%0aHost:x@proxy", "control"),
            ("http://u:canary\n@proxy", "control"),
            ("http://u%00:canary@proxy", "control"),
            ("http://u%3A:canary@proxy", "colon"),
            ("socks4://u:canary@proxy", "SOCKS 4"),
            ("socks4a://proxy", "SOCKS 4"),
            ("socks://proxy", "SOCKS 4"),
            ("ftp://u:canary@proxy", "not ftp"),
            ("u:canary://@proxy", "socks5h"),
            ("socks5://u@proxy", "1 to 255"),
            (long.as_str(), "1 to 255"),
        ];
        for (text, reason) in rows {
            let why = text.parse::<Proxy>().unwrap_err().to_string();
            assert!(why.contains(reason) && !why.contains(canary), "{text}: {why}");
        }
    }

    /// hostile.md row 3: the same rules for a login from elsewhere, as it is, without decoding.
    #[test]
    fn logins_from_elsewhere() {
        let rows = [
            ("http://a:b@proxy", "u", "p%40", true),
            ("http://proxy", "u:", "canary", false),
            ("http://proxy", "u", "canary\r\nHost: x", false),
            ("socks5://proxy", "u", "", false),
            ("socks5://proxy", "u:", "p", true),
        ];
        for (text, user, password, good) in rows {
            let proxy: Proxy = text.parse().unwrap();
            match proxy.with_login(user.into(), password.into()) {
                Ok(proxy) => assert_eq!((proxy.password(), good), (Some(&password.into()), true)),
                Err(why) => assert!(!good && !why.to_string().contains("canary"), "{why}"),
            }
        }
    }

    #[test]
    fn the_login_is_hidden_everywhere_but_on_the_wire() {
        let proxy: Proxy = "http://Aladdin:open%20sesame@proxy:1".parse().unwrap();
        let saying = proxy.authorize(Saying::new());
        let line = b"Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n";
        assert_eq!(saying.bytes(), line);
        let shown = format!("{saying:?} {proxy:?} {proxy}");
        assert!(shown.contains("{{auth.proxy}}"), "{shown}");
        assert!(!shown.contains("sesame") && !shown.contains("QWxh"), "{shown}");
        let open: Proxy = "http://proxy:1".parse().unwrap();
        assert!(open.authorize(Saying::new()).bytes().is_empty());
    }
}
