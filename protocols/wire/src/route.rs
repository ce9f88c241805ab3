//! From an endpoint to a connection, straight or by way of a proxy.
//! Must not hold: what is said to a proxy (`connect.rs`, `socks.rs`), names and addresses (`dial.rs`).

use crate::proxies::Traffic;
use crate::socks::{self, Target};
use crate::wire::Watch;
use crate::{Deadline, Dialer, Endpoint, Error, Proxy, ProxyKind, Wire, connect};

/// How an endpoint is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// Straight.
    Direct,
    /// Requests go to this proxy in absolute-form, with [`Proxy::authorize`].
    Forward(&'a Proxy),
    /// Through this proxy, which then sees bytes and no more.
    Tunnel(&'a Proxy),
}

impl Dialer {
    /// Connects, in clear, by way of a proxy's tunnel if [`Dialer::proxies`] has one for
    /// [`Traffic::Other`].
    ///
    /// # Errors
    /// As [`Dialer::dial_by`].
    pub fn dial(&self, endpoint: &Endpoint) -> Result<Wire, Error> {
        self.dial_by(self.route(endpoint, Traffic::Other), endpoint)
    }

    /// The way to an endpoint. A Unix socket leads nowhere else.
    #[must_use]
    pub fn route(&self, endpoint: &Endpoint, traffic: Traffic) -> Route<'_> {
        match self.proxies.choose(endpoint, traffic) {
            Some(proxy) if self.unix.is_none() => match traffic {
                Traffic::Http if proxy.is_http() => Route::Forward(proxy),
                _ => Route::Tunnel(proxy),
            },
            _ => Route::Direct,
        }
    }

    /// Connects this way, in clear. TLS to a proxy is none to the endpoint: [`Wire::is_tls`] knows
    /// the latter only.
    ///
    /// [`Dialer::connect_to`] changes the endpoint that a tunnel leads to; the addresses and the
    /// family hold for the proxy itself, and for what is resolved here for SOCKS.
    ///
    /// # Errors
    /// [`Error::Resolve`], [`Error::Connect`], [`Error::TimedOut`], [`Error::OutOfTime`];
    /// [`Error::NotLoopback`] before connecting, [`Error::BehindProxy`] too.
    /// By way of a proxy [`Error::Proxy`], [`Error::ProxyLogin`], [`Error::ProxyRefused`] and
    /// [`Error::ProxyViolation`].
    pub fn dial_by(&self, route: Route<'_>, endpoint: &Endpoint) -> Result<Wire, Error> {
        match route {
            Route::Direct => self.dial_direct(endpoint),
            Route::Forward(proxy) | Route::Tunnel(proxy) if self.loopback_only => {
                Err(Error::BehindProxy { proxy: proxy.to_string() })
            }
            Route::Forward(proxy) => Ok(self.reach(proxy)?.through(endpoint.clone())),
            Route::Tunnel(proxy) => Ok(self.tunnel(proxy, endpoint)?.through(endpoint.clone())),
        }
    }

    fn tunnel(&self, proxy: &Proxy, endpoint: &Endpoint) -> Result<Wire, Error> {
        let target = &self.target(endpoint);
        match proxy.kind() {
            ProxyKind::Http | ProxyKind::Https => {
                self.ask(proxy, |wire| connect::open(wire, proxy, target))
            }
            ProxyKind::Socks5h => {
                self.ask(proxy, |wire| socks::open(wire, proxy, Target::named(target)))
            }
            ProxyKind::Socks5 => self.tunnel_by_address(proxy, target),
        }
    }

    /// One address after the other, while it is the address that is refused.
    fn tunnel_by_address(&self, proxy: &Proxy, target: &Endpoint) -> Result<Wire, Error> {
        let mut lost = Error::Connect { tried: Vec::new() };
        for address in self.addresses(target)? {
            let by = Target::Address(address);
            match self.ask(proxy, |wire| socks::open(wire, proxy, by)) {
                Err(refused) if concerns_address(&refused) => lost = refused,
                done => return done,
            }
        }
        Err(lost)
    }

    /// The dialogue with a proxy, under one deadline.
    fn ask(
        &self,
        proxy: &Proxy,
        dialogue: impl FnOnce(Wire) -> Result<Wire, Error>,
    ) -> Result<Wire, Error> {
        let mut wire = self.reach(proxy)?;
        wire.set_deadline("its answer", Deadline::within(self.limits.proxy));
        dialogue(wire).map_err(|error| proxy.blamed(error))
    }

    /// A connection to the proxy itself, inside TLS if it wants that. A proxy gets neither our
    /// certificate nor blind trust: those are for the origins that the user named.
    fn reach(&self, proxy: &Proxy) -> Result<Wire, Error> {
        let connected = || {
            let watch = Watch::next(self);
            let (fd, peer) = self.connect(proxy.endpoint(), &watch)?;
            let wire = self.stands(fd, peer, watch.of_proxy());
            match proxy.kind() {
                ProxyKind::Https => wire.encrypted(proxy.endpoint().host(), &self.tls.checking()),
                _ => Ok(wire),
            }
        };
        connected().map_err(|error| proxy.blamed(error))
    }
}

fn concerns_address(error: &Error) -> bool {
    matches!(error, Error::ProxyRefused { reply, .. } if socks::is_of_address(reply))
}
