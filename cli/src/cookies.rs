//! Cookies of a run: what servers set and who gets it back (RFC 6265). The rules are `cookie_store`'s;
//! here are the bounds, and what servers may not set at all.
//! Must not hold: requests; the file of a jar (`cookies/jar.rs`).

mod crumbs;
mod jar;

use cookie_store::{Cookie, CookieDomain, CookieStore};
use url::Url;
use wireline_http::{Error, FieldValue, Head};

pub(crate) use crumbs::Crumbs;
use jar::Jar;

/// What is kept of cookies.
#[derive(Debug, Default)]
struct Cookies {
    store: CookieStore,
}

/// `name=value` with its attributes, in bytes (RFC 6265 section 6.1).
const COOKIE_BYTES: usize = 4096;
/// Cookies of one domain (RFC 6265 section 6.1).
const EACH_DOMAIN: usize = 50;
/// Cookies in all (RFC 6265 section 6.1).
const IN_ALL: usize = 3000;

impl Cookies {
    /// Keeps what this answer sets, as far as its server may.
    fn hear(&mut self, url: &Url, head: &Head) {
        for value in head.fields.all("Set-Cookie") {
            let bytes = value.as_bytes();
            let text = str::from_utf8(bytes).ok();
            let text = text.filter(|text| text.len() <= COOKIE_BYTES && !has_controls(text));
            if let Some(cookie) = text.and_then(|text| Cookie::parse(text, url).ok()) {
                self.set(cookie.into_owned(), url);
            }
        }
    }

    fn set(&mut self, mut cookie: Cookie<'static>, url: &Url) {
        let own = url.host_str().unwrap_or_default();
        if matches!(&cookie.domain, CookieDomain::Suffix(name) if name == own && is_public(name)) {
            // RFC 6265 section 5.3 step 5: of such a domain only the host itself.
            cookie.domain = CookieDomain::HostOnly(own.to_owned());
        }
        if may_set(&cookie, url) && !self.hides_secure(&cookie, url) && self.has_room(&cookie) {
            // What does not match is refused, and that is all there is to say of it.
            self.store.insert(cookie, url).ok();
        }
    }

    /// Whether it would replace in clear what was set under TLS.
    fn hides_secure(&self, cookie: &Cookie<'_>, url: &Url) -> bool {
        let domain = domain_of(cookie);
        let same = |known: &&Cookie<'_>| {
            let other = domain_of(known);
            let below = |one: &str, two: &str| one == two || one.ends_with(&format!(".{two}"));
            known.name() == cookie.name() && (below(other, domain) || below(domain, other))
        };
        let is_clear = url.scheme() != "https";
        let mut known = self.store.iter_unexpired().filter(same);
        is_clear && known.any(|known| known.secure().unwrap_or(false))
    }

    fn has_room(&self, cookie: &Cookie<'_>) -> bool {
        let domain = domain_of(cookie);
        let known = self.store.contains(domain, cookie.path.as_ref(), cookie.name());
        let mine = self.store.iter_unexpired().filter(|one| domain_of(one) == domain).count();
        known || mine < EACH_DOMAIN && self.store.iter_unexpired().count() < IN_ALL
    }

    /// `cookie-string` for this URL, longer paths first (RFC 6265 section 5.4). What is for TLS goes
    /// over TLS alone: `cookie_store` makes an exception for the name `localhost`.
    fn for_url(&self, url: &Url) -> Result<Option<FieldValue>, Error> {
        let is_secure = url.scheme() == "https";
        let mut cookies = self.store.matches(url);
        cookies.retain(|cookie| is_secure || !cookie.secure().unwrap_or(false));
        cookies.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.name()));
        let pairs: Vec<_> =
            cookies.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        match pairs.is_empty() {
            true => Ok(None),
            false => FieldValue::try_from(pairs.join("; ").as_str()).map(Some),
        }
    }

    /// All of the others too.
    fn add(&mut self, others: Self) {
        for cookie in others.store.iter_unexpired() {
            if let Some(url) = jar::url_of(cookie) {
                self.set(cookie.clone(), &url);
            }
        }
    }

    /// The values, which are secrets.
    fn values(&self) -> impl Iterator<Item = &str> {
        self.store.iter_unexpired().map(|cookie| cookie.value())
    }
}

fn has_controls(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t')
}

fn domain_of<'a>(cookie: &'a Cookie<'_>) -> &'a str {
    match &cookie.domain {
        CookieDomain::HostOnly(name) | CookieDomain::Suffix(name) => name,
        CookieDomain::NotPresent | CookieDomain::Empty => "",
    }
}

/// What `cookie_store` does not ask: a domain that many share, an address, TLS, and the prefixes
/// of names (RFC 6265bis section 4.1.3).
fn may_set(cookie: &Cookie<'_>, url: &Url) -> bool {
    let is_secure = url.scheme() == "https";
    let host = url.host_str().unwrap_or_default();
    if cookie.name().is_empty() || cookie.secure().unwrap_or(false) && !is_secure {
        return false;
    }
    let own = |name: &str| name == host;
    let shared = match &cookie.domain {
        CookieDomain::Suffix(name) => !own(name) && (is_public(name) || is_address(host)),
        _ => false,
    };
    let bare = matches!(cookie.domain, CookieDomain::HostOnly(_)) && cookie.path.as_ref() == "/";
    let marked = cookie.secure().unwrap_or(false);
    let prefixed = match cookie.name().to_ascii_lowercase() {
        name if name.starts_with("__secure-") => marked,
        name if name.starts_with("__host-") => marked && bare,
        _ => true,
    };
    !shared && prefixed
}

/// A domain under which anybody may have one: `com`, `co.uk`, `github.io`, or a single label.
fn is_public(domain: &str) -> bool {
    let is_suffix = psl::suffix_str(domain).is_some_and(|suffix| suffix == domain);
    is_suffix || !domain.contains('.') || domain.ends_with('.')
}

fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests;
