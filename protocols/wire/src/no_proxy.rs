//! The list of those that are reached without a proxy.
//! Must not hold: names to addresses: an entry and a host are compared as they are written.

use crate::Endpoint;
use std::net::IpAddr;

/// Endpoints that need no proxy, as `NO_PROXY` names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoProxy(Vec<Exception>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Exception {
    whom: Whom,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Whom {
    All,
    /// The name and everything below it, in lower case.
    Name(String),
    /// Addresses whose first bits are these.
    Network {
        address: IpAddr,
        bits: u32,
    },
}

impl NoProxy {
    /// A list with commas or blanks: `*` for all; a name for itself and all names below it, with or
    /// without a dot in front; an address; a network as `10.0.0.0/8` or `fd00::/8`. A name, an IPv4
    /// address and an IPv6 address in brackets can have a port behind a colon. An entry that is none
    /// of these fits nobody.
    #[must_use]
    pub fn new(list: &str) -> Self {
        let entries = list.split(|letter: char| letter == ',' || letter.is_whitespace());
        Self(entries.filter_map(Exception::new).collect())
    }

    /// Whether this endpoint is on the list.
    #[must_use]
    pub fn covers(&self, endpoint: &Endpoint) -> bool {
        self.0.iter().any(|entry| entry.covers(endpoint))
    }
}

impl Exception {
    fn new(entry: &str) -> Option<Self> {
        let plain = Whom::new(entry).map(|whom| Self { whom, port: None });
        plain.or_else(|| {
            let (whom, port) = entry.rsplit_once(':')?;
            Some(Self { whom: Whom::new(whom)?, port: Some(port.parse().ok()?) })
        })
    }

    fn covers(&self, endpoint: &Endpoint) -> bool {
        self.port.is_none_or(|port| port == endpoint.port()) && self.whom.covers(endpoint.host())
    }
}

impl Whom {
    fn new(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        if let Some(network) = network(text) {
            return Some(network);
        }
        let name = text.strip_prefix('*').unwrap_or(text).trim_matches('.');
        let good = !name.is_empty() && !name.contains([':', '/', '[', ']', '*']);
        good.then(|| Self::Name(name.to_ascii_lowercase()))
    }

    fn covers(&self, host: &str) -> bool {
        match (self, host.parse::<IpAddr>()) {
            (Self::All, _) => true,
            (Self::Network { address, bits }, Ok(host)) => {
                shares_bits(*address, host.to_canonical(), *bits)
            }
            (Self::Name(name), Err(_)) => is_below(host, name),
            _ => false,
        }
    }
}

/// An address, or one with the number of its bits that count.
fn network(text: &str) -> Option<Whom> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        None => (text, None),
    };
    let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
    let address: IpAddr = bare.unwrap_or(address).parse().ok()?;
    let address = if bits.is_none() { address.to_canonical() } else { address };
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some(Whom::Network { address, bits })
}

fn shares_bits(first: IpAddr, second: IpAddr, bits: u32) -> bool {
    match (first, second) {
        (IpAddr::V4(first), IpAddr::V4(second)) => {
            (first.to_bits() ^ second.to_bits()).leading_zeros() >= bits
        }
        (IpAddr::V6(first), IpAddr::V6(second)) => {
            (first.to_bits() ^ second.to_bits()).leading_zeros() >= bits
        }
        _ => false,
    }
}

/// Whether the host is the name, or ends in a dot and the name. The dot of the root counts for
/// nothing.
fn is_below(host: &str, name: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host.strip_suffix(name).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hostile.md row 148: on label boundaries.
    #[test]
    fn whom_a_list_covers() {
        let rows: &[(&str, &str, u16, bool)] = &[
            ("", "example.org", 80, false),
            ("*", "example.org", 80, true),
            ("*", "192.0.2.1", 80, true),
            ("*:80", "example.org", 80, true),
            ("*:80", "example.org", 81, false),
            ("example.org", "example.org", 80, true),
            ("example.org", "EXAMPLE.org.", 80, true),
            ("Example.ORG.", "www.example.org", 80, true),
            (".example.org", "www.example.org", 80, true),
            (".example.org", "example.org", 80, true),
            ("*.example.org", "www.example.org", 80, true),
            ("example.org", "badexample.org", 80, false),
            (".example.org", "badexample.org", 80, false),
            ("example.org", "example.org.evil.test", 80, false),
            ("example.org", "org", 80, false),
            ("a.test,b.test", "b.test", 80, true),
            ("a.test  b.test\tc.test", "c.test", 80, true),
            (",, a.test ,", "a.test", 80, true),
            ("example.org:8080", "www.example.org", 8080, true),
            ("example.org:8080", "www.example.org", 80, false),
            ("example.org:http", "example.org", 80, false),
            ("127.0.0.1", "127.0.0.1", 80, true),
            ("127.0.0.1:81", "127.0.0.1", 80, false),
            ("127.0.0.1:81", "127.0.0.1", 81, true),
            ("0.0.1", "127.0.0.1", 80, false),
            ("10.0.0.0/8", "10.200.3.4", 80, true),
            ("10.0.0.0/8", "11.0.0.1", 80, false),
            ("10.1.2.3/8", "10.200.3.4", 80, true),
            ("192.0.2.128/25", "192.0.2.127", 80, false),
            ("192.0.2.128/25", "192.0.2.128", 80, true),
            ("0.0.0.0/0", "8.8.8.8", 80, true),
            ("0.0.0.0/0", "::1", 80, false),
            ("10.0.0.0/33", "10.0.0.1", 80, false),
            ("10.0.0.0/x", "10.0.0.1", 80, false),
            ("10.0.0.0/8", "10.example.org", 80, false),
            ("::1", "::1", 80, true),
            ("[::1]", "::1", 80, true),
            ("[::1]:81", "::1", 80, false),
            ("[::1]:81", "::1", 81, true),
            ("fd00::/8", "fd12::1", 80, true),
            ("fd00::/8", "fe80::1", 80, false),
            ("::/0", "2001:db8::1", 80, true),
            ("10.0.0.1", "::ffff:10.0.0.1", 80, true),
            ("::ffff:10.0.0.1", "10.0.0.1", 80, true),
            ("a/b", "a", 80, false),
            (".", "example.org", 80, false),
        ];
        for &(list, host, port, wanted) in rows {
            let endpoint = Endpoint::new(host, port).unwrap();
            assert_eq!(NoProxy::new(list).covers(&endpoint), wanted, "{list:?} {host}:{port}");
        }
    }
}
