//! From a host and port to a connection: the dialer and its settings.
//! Must not hold: URLs, default ports, what leads by way of a proxy (`route.rs`).

use crate::deadline::{Clock, Deadline, Whole};
use crate::observer::{Event, Observer};
use crate::socket::Socket;
use crate::transport::Clear;
use crate::wire::Watch;
use crate::{Error, Limits, Peer, Proxies, TlsSettings, Wire, escape, race, resolve, unix};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A host and a port to connect to. The host cannot hold a byte that a name never has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    host: String,
    port: u16,
}

impl Endpoint {
    /// A name or an address (IPv6 with or without brackets) and a port.
    ///
    /// # Errors
    /// [`Error::Input`] when the host is empty, longer than 255 bytes, or holds white space,
    /// control bytes or one of `/\@#?%`.
    pub fn new(host: &str, port: u16) -> Result<Self, Error> {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        let bad = |letter: char| {
            letter.is_whitespace() || letter.is_control() || "/\\@#?%".contains(letter)
        };
        if host.is_empty() || host.len() > 255 || host.contains(bad) {
            return Err(Error::Input(format!("\"{}\" is not a host", escape(host.as_bytes()))));
        }
        Ok(Self { host: host.to_owned(), port })
    }

    /// The name, or the address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Which addresses of a host are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// All, in the resolver's order, the families taking turns (RFC 8305).
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl Family {
    pub(crate) const fn admits(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

/// Whether the address is this machine's own, an IPv4 one written as IPv6 too.
#[must_use]
pub fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// An address that stands in for what the resolver would say of this host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The host and port it holds for.
    pub endpoint: Endpoint,
    /// The addresses, in order of preference.
    pub addresses: Vec<IpAddr>,
}

/// Another endpoint to connect to in place of the one asked for. TLS still wants the asked one's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    /// Holds for this host, or for all when empty.
    pub host: Option<String>,
    /// Holds for this port, or for all when absent.
    pub port: Option<u16>,
    /// Where to connect instead; the asked host when absent.
    pub to_host: Option<String>,
    /// The port to connect to instead; the asked port when absent.
    pub to_port: Option<u16>,
}

impl ConnectTo {
    fn apply(&self, asked: &Endpoint) -> Option<Endpoint> {
        let host_fits =
            self.host.as_ref().is_none_or(|host| host.eq_ignore_ascii_case(&asked.host));
        let fits = host_fits && self.port.is_none_or(|port| port == asked.port);
        fits.then(|| Endpoint {
            host: self.to_host.clone().unwrap_or_else(|| asked.host.clone()),
            port: self.to_port.unwrap_or(asked.port),
        })
    }
}

/// How connections are made; cheap to clone, one for everything that shares the same settings.
#[derive(Clone, Default)]
pub struct Dialer {
    /// Timeouts and sizes.
    pub limits: Limits,
    /// The time that everything together may take. Default: no such limit.
    pub whole: Option<Whole>,
    /// Which addresses are used.
    pub family: Family,
    /// Connect to nothing but this machine: for what may be said in clear only there. The address
    /// decides, not the name, and never a proxy's.
    pub loopback_only: bool,
    /// The source address of our connections.
    pub bind: Option<IpAddr>,
    /// Addresses given by hand.
    pub resolved: Vec<Resolved>,
    /// Endpoints replaced; the first entry that fits holds.
    pub connect_to: Vec<ConnectTo>,
    /// A Unix socket to connect to, whatever the endpoint: that gives only the name for TLS.
    pub unix: Option<PathBuf>,
    /// The proxies on the way. Default: none.
    pub proxies: Proxies,
    /// Bytes a second, in each direction of each connection; they count as they are on the wire.
    /// Handshakes and what is said to a proxy do not count. Default: no such limit.
    pub limit_rate: Option<u64>,
    /// Whom TLS trusts, and who we are. Whoever dials what the user did not name takes
    /// [`TlsSettings::checking`] of it.
    pub tls: TlsSettings,
    /// Who watches.
    pub observer: Option<Arc<dyn Observer>>,
    connections: Arc<AtomicU64>,
}

impl Dialer {
    pub(crate) fn dial_direct(&self, endpoint: &Endpoint) -> Result<Wire, Error> {
        let watch = Watch::next(self);
        let (fd, peer) = match &self.unix {
            Some(path) => (unix::connect(path, self)?, Peer::Unix(path.clone())),
            None => self.connect(&self.target(endpoint), &watch)?,
        };
        Ok(self.stands(fd, peer, watch))
    }

    /// A connection that a peer has made to us.
    pub(crate) fn wire(&self, fd: OwnedFd, peer: Peer) -> Wire {
        self.stands(fd, peer, Watch::next(self))
    }

    pub(crate) fn stands(&self, fd: OwnedFd, peer: Peer, watch: Watch) -> Wire {
        let clock = Clock::new("the peer", Deadline::within(self.limits.idle), self.whole)
            .no_slower_than(self.limits.slowest);
        let transport = Box::new(Clear::new(Socket::new(fd, clock)));
        Wire::new(transport, self, watch, peer)
    }

    /// The number of the next connection.
    pub(crate) fn next_number(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The endpoint, or the one that stands in for it ([`Dialer::connect_to`]).
    #[must_use]
    pub fn target(&self, endpoint: &Endpoint) -> Endpoint {
        let replaced = self.connect_to.iter().find_map(|entry| entry.apply(endpoint));
        replaced.unwrap_or_else(|| endpoint.clone())
    }

    pub(crate) fn connect(
        &self,
        target: &Endpoint,
        watch: &Watch,
    ) -> Result<(OwnedFd, Peer), Error> {
        let addresses = self.addresses(target)?;
        watch.tell(&Event::Resolved);
        if let Some(&address) = self.forbidden(&addresses) {
            return Err(Error::NotLoopback { address });
        }
        let (stream, address) = race::connect(&addresses, self)?;
        Ok((stream.into(), address.into()))
    }

    fn by_hand(&self, endpoint: &Endpoint) -> Option<&Resolved> {
        self.resolved.iter().find(|entry| {
            let known = &entry.endpoint;
            known.port == endpoint.port && known.host.eq_ignore_ascii_case(&endpoint.host)
        })
    }

    fn forbidden<'a>(&self, addresses: &'a [SocketAddr]) -> Option<&'a SocketAddr> {
        addresses.iter().find(|address| self.loopback_only && !is_loopback(address.ip()))
    }

    pub(crate) fn addresses(&self, target: &Endpoint) -> Result<Vec<SocketAddr>, Error> {
        let found = match self.by_hand(target) {
            Some(entry) => {
                entry.addresses.iter().map(|&ip| SocketAddr::new(ip, target.port)).collect()
            }
            None => resolve::addresses(target, self)?,
        };
        let admitted = found.into_iter().filter(|address| self.family.admits(address.ip()));
        let ordered = resolve::take_turns(admitted.collect());
        Ok(ordered.into_iter().take(self.limits.addresses).collect())
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer")
            .field("limits", &self.limits)
            .field("family", &self.family)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hostile.md rows 1, 4, 6: what no host has never becomes an endpoint.
    #[test]
    fn hosts() {
        for good in ["example.org", "::1", "[::1]", "127.0.0.1", "xn--bcher-kva.example", "a_b"] {
            assert!(Endpoint::new(good, 1).is_ok(), "{good}");
        }
        for bad in
            ["", "a b", "a\r\nb", "a\0", "a/b", "a\\b", "a@b", "a%2Fb", "a#b", &"x".repeat(256)]
        {
            assert!(Endpoint::new(bad, 1).is_err(), "{bad:?}");
        }
        assert_eq!(Endpoint::new("[::1]", 80).unwrap().to_string(), "[::1]:80");
    }

    #[test]
    fn connect_to_replaces_what_fits() {
        let asked = Endpoint::new("Example.org", 80).unwrap();
        let entry = |host: Option<&str>, port| ConnectTo {
            host: host.map(str::to_owned),
            port,
            to_host: Some("127.0.0.1".into()),
            to_port: None,
        };
        let rows = [
            (entry(None, None), Some("127.0.0.1:80")),
            (entry(Some("example.ORG"), Some(80)), Some("127.0.0.1:80")),
            (entry(Some("example.org"), Some(81)), None),
            (entry(Some("other"), None), None),
        ];
        for (entry, wanted) in rows {
            let found = entry.apply(&asked).map(|endpoint| endpoint.to_string());
            assert_eq!(found.as_deref(), wanted, "{entry:?}");
        }
    }
}
