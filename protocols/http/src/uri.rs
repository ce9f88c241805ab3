//! The target URI (RFC 9110 section 4): what is asked of whom.
//! Must not hold: other schemes, userinfo (the caller takes it off and decides what it is worth).

use crate::Error;
use std::fmt;
use url::{Position, Url};
use wireline_wire::{Endpoint, escape};

/// `http` or `https`, a host and a port (RFC 9110 section 4.3.1). Secrets are bound to it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    secure: bool,
    host: String,
    port: u16,
}

/// An `http` or `https` URI without userinfo.
#[derive(Clone, PartialEq, Eq)]
pub struct TargetUri {
    url: Url,
    /// Asked for in place of the URL's path and query.
    as_typed: Option<String>,
}

/// The longest URI that is sent, in bytes.
pub const URI_BYTES: usize = 8 * 1024;

impl Origin {
    /// Whether the connection is TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host as in the URI; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where to connect.
    ///
    /// # Errors
    /// [`Error::Input`] when the host is none.
    pub fn endpoint(&self) -> Result<Endpoint, Error> {
        Ok(Endpoint::new(&self.host, self.port)?)
    }

    /// `Host = uri-host [ ":" port ]`, the port only when it is not the scheme's own
    /// (RFC 9110 section 7.2).
    #[must_use]
    pub fn host_field(&self) -> String {
        match (self.secure, self.port) {
            (false, 80) | (true, 443) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.host_field())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl TargetUri {
    /// The authority to connect to.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin {
            secure: self.url.scheme() == "https",
            host: self.url.host_str().unwrap_or_default().to_owned(),
            port: self.url.port_or_known_default().unwrap_or_default(),
        }
    }

    /// `origin-form = absolute-path [ "?" query ]` (RFC 9112 section 3.2.1).
    #[must_use]
    pub fn origin_form(&self) -> &str {
        let of_url = &self.url[Position::BeforePath..Position::AfterQuery];
        self.as_typed.as_deref().unwrap_or(of_url)
    }

    /// Asks for this path and query as they are, dot segments and all, and not for what the URL
    /// makes of them.
    ///
    /// # Errors
    /// [`Error::Input`] when it does not begin with a `/`, or holds blanks, controls or bytes from
    /// 0x80 on.
    pub fn with_origin_form(mut self, origin_form: &str) -> Result<Self, Error> {
        let visible = origin_form.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        match origin_form.starts_with('/') && visible {
            true => self.as_typed = Some(origin_form.to_owned()),
            false => {
                let why = "a path that is sent as it is begins with / and has visible ASCII only";
                return Err(Error::Input(why.into()));
            }
        }
        Ok(self)
    }

    /// The URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The path, for a file name.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// The whole URI with its fragment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Resolves a `Location` (RFC 9110 section 10.2.2) against this URI: RFC 3986 section 5 as
    /// browsers do it, the fragment inherited when the reference has none, userinfo dropped.
    ///
    /// # Errors
    /// [`Error::Violation`] when it is no URI reference or too long; [`Error::Unsafe`] when it
    /// leads to a scheme other than `http` and `https`.
    pub(crate) fn resolve(&self, location: &[u8]) -> Result<Self, Error> {
        const DOING: &str = "following the redirect";
        let violation = |why: String| Error::Violation { doing: DOING, why };
        if location.len() > URI_BYTES {
            return Err(violation(format!("Location is longer than {URI_BYTES} bytes")));
        }
        let mut url = self
            .url
            .join(&ascii(location))
            .map_err(|error| violation(format!("Location \"{}\": {error}", escape(location))))?;
        if !matches!(url.scheme(), "http" | "https") {
            let why = format!("Location leads to \"{}\"", escape(location));
            return Err(Error::Unsafe { doing: DOING, why });
        }
        if url.fragment().is_none() {
            url.set_fragment(self.url.fragment());
        }
        let bare = url.set_username("").and_then(|()| url.set_password(None));
        bare.map_err(|()| violation("Location has no host".into()))?;
        Self::try_from(url).map_err(|error| violation(format!("Location: {error}")))
    }
}

/// Bytes from 0x80 on, percent-encoded: some servers send UTF-8, some Latin-1.
fn ascii(location: &[u8]) -> String {
    let mut text = String::with_capacity(location.len());
    for &byte in location {
        match byte.is_ascii() {
            true => text.push(byte.into()),
            false => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

impl TryFrom<Url> for TargetUri {
    type Error = Error;

    fn try_from(url: Url) -> Result<Self, Error> {
        let fail = |why: &str| Err(Error::Input(why.to_owned()));
        match url.scheme() {
            "http" | "https" => {}
            other => return Err(Error::Input(format!("{other} is not HTTP"))),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return fail("a target URI has no userinfo");
        }
        if url.as_str().len() > URI_BYTES {
            return Err(Error::Input(format!("the URL is longer than {URI_BYTES} bytes")));
        }
        let uri = Self { url, as_typed: None };
        uri.origin().endpoint()?;
        Ok(uri)
    }
}

impl fmt::Display for TargetUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

impl fmt::Debug for TargetUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> TargetUri {
        TargetUri::try_from(Url::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn host_and_target() {
        let rows = [
            ("http://www.sina.com.cn", "www.sina.com.cn", "/"),
            ("http://h:80?q", "h", "/?q"),
            ("https://h:80/a#f", "h:80", "/a"),
            ("http://[::1]:8080/", "[::1]:8080", "/"),
            ("http://BÜCHER.example/ä b", "xn--bcher-kva.example", "/%C3%A4%20b"),
            ("http://h/a/../b/%2e%2e/c%zz", "h", "/c%zz"),
            ("http://0x7f.1/", "127.0.0.1", "/"),
        ];
        for (text, host, target) in rows {
            assert_eq!(uri(text).origin().host_field(), host, "{text}");
            assert_eq!(uri(text).origin_form(), target, "{text}");
        }
    }

    #[test]
    fn locations_resolve_as_in_browsers() {
        let rows: &[(&[u8], &str)] = &[
            (b"/x", "http://h/x#f"),
            (b"x", "http://h/a/x#f"),
            (b"?q", "http://h/a/b?q#f"),
            (b"//other/x#g", "http://other/x#g"),
            (b"../../x", "http://h/x#f"),
            (b"a b", "http://h/a/a%20b#f"),
            (b"\xe4", "http://h/a/%E4#f"),
            ("ä".as_bytes(), "http://h/a/%C3%A4#f"),
            (b"\\x", "http://h/x#f"),
            (b"http:/x", "http://h/x#f"),
            (b"http://u:p@h/", "http://h/#f"),
        ];
        for (location, wanted) in rows {
            let found = uri("http://h/a/b#f").resolve(location).unwrap();
            assert_eq!(found.as_str(), *wanted, "{}", escape(location));
        }
    }

    /// hostile.md rows 74, 139: too long, not HTTP, not a reference.
    #[test]
    fn locations_that_are_refused() {
        let base = uri("http://h/");
        for location in ["file:///etc/passwd", "ftp://h/", "javascript:x", "data:,x"] {
            let error = base.resolve(location.as_bytes()).unwrap_err();
            assert!(matches!(error, Error::Unsafe { .. }), "{location}");
        }
        for location in ["http://[", "http://a b/", &"x".repeat(URI_BYTES + 1)] {
            let error = base.resolve(location.as_bytes()).unwrap_err();
            assert!(matches!(error, Error::Violation { .. }), "{location}");
        }
    }
}
