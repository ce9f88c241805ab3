//! Names to addresses, under a deadline.
//! Must not hold: sockets.

use crate::deadline::{Clock, Deadline};
use crate::{Dialer, Endpoint, Error};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc;
use std::thread;

/// The addresses of an endpoint. An address needs no resolver; a name is resolved in a helper
/// thread, because `getaddrinfo` knows no deadline. A thread that is given up ends by itself.
pub(crate) fn addresses(endpoint: &Endpoint, dialer: &Dialer) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = endpoint.host().parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, endpoint.port())]);
    }
    let clock =
        Clock::new("resolving the name", Deadline::within(dialer.limits.resolve), dialer.whole);
    let (answer, resolved) = mpsc::channel();
    let (host, port) = (endpoint.host().to_owned(), endpoint.port());
    let fail = |source| Error::Resolve { host: endpoint.host().to_owned(), source };
    thread::Builder::new()
        .name("resolve".into())
        .spawn(move || drop(answer.send(look_up(&host, port))))
        .map_err(fail)?;
    let left = clock.remaining().map_err(|expired| Error::from_peer(expired.into()))?;
    match resolved.recv_timeout(left) {
        Ok(found) => found.map_err(fail),
        Err(_) => Err(Error::from_peer(clock.expired().into())),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place, on a thread that can be given up")]
fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    use std::net::ToSocketAddrs;
    Ok((host, port).to_socket_addrs()?.collect())
}

/// RFC 8305 section 4: keeps the resolver's order, but the families take turns, the first one's first.
pub(crate) fn take_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    let mut turns = Vec::new();
    for address in first {
        turns.push(address);
        turns.extend(second.next());
    }
    turns.extend(second);
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let address = |text: &str| SocketAddr::new(text.parse().unwrap(), 1);
        let turns = take_turns(["::1", "::2", "::3", "1.1.1.1", "1.1.1.2"].map(address).to_vec());
        assert_eq!(turns, ["::1", "1.1.1.1", "::2", "1.1.1.2", "::3"].map(address));
        assert_eq!(take_turns(Vec::new()), []);
    }
}
