//! SOCKS 5: a tunnel by address or by name (RFC 1928), with a password if need be (RFC 1929).
//! Must not hold: names to addresses; BIND and UDP ASSOCIATE.

use crate::proxy::{HOLE, Login};
use crate::{Endpoint, Error, Proxy, Saying, Sink, Wire};
use std::net::{IpAddr, SocketAddr};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHODS: u8 = 0xff;

/// What the proxy is to connect to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    Address(SocketAddr),
    Name(&'a Endpoint),
}

impl<'a> Target<'a> {
    /// By name, unless the name is an address.
    pub(crate) fn named(endpoint: &'a Endpoint) -> Self {
        match endpoint.host().parse::<IpAddr>() {
            Ok(address) => Self::Address(SocketAddr::new(address, endpoint.port())),
            Err(_) => Self::Name(endpoint),
        }
    }

    /// `ATYP DST.ADDR DST.PORT` (RFC 1928 section 5).
    fn encoded(self) -> Result<Vec<u8>, Error> {
        let (mut bytes, port) = match self {
            Self::Address(address) => match address.ip().to_canonical() {
                IpAddr::V4(ip) => ([&[1][..], &ip.octets()].concat(), address.port()),
                IpAddr::V6(ip) => ([&[4][..], &ip.octets()].concat(), address.port()),
            },
            Self::Name(endpoint) => {
                let name = endpoint.host().as_bytes();
                let too_long = |_| Error::Input("SOCKS takes names of up to 255 bytes".into());
                let length = u8::try_from(name.len()).map_err(too_long)?;
                ([&[3, length][..], name].concat(), endpoint.port())
            }
        };
        bytes.extend_from_slice(&port.to_be_bytes());
        Ok(bytes)
    }
}

/// Asks for the tunnel. Whatever follows the reply belongs to it and stays in the wire's buffer.
pub(crate) fn open(mut wire: Wire, proxy: &Proxy, target: Target<'_>) -> Result<Wire, Error> {
    let mut dialogue = Dialogue { wire: &mut wire, proxy };
    dialogue.agree()?;
    dialogue.connect(target)?;
    Ok(wire)
}

struct Dialogue<'a> {
    wire: &'a mut Wire,
    proxy: &'a Proxy,
}

impl Dialogue<'_> {
    /// `VER NMETHODS METHODS`, answered by `VER METHOD` (RFC 1928 section 3).
    fn agree(&mut self) -> Result<(), Error> {
        let login = self.proxy.login();
        let offer: &[u8] = match login {
            Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
            None => &[VERSION, 1, NO_AUTHENTICATION],
        };
        self.say(Saying::new().text(offer))?;
        match (self.hear::<2>()?, login) {
            ([VERSION, NO_AUTHENTICATION], _) => Ok(()),
            ([VERSION, USER_AND_PASSWORD], Some(login)) => self.log_in(login),
            ([VERSION, NO_ACCEPTABLE_METHODS], _) => Err(self.login_refused()),
            ([VERSION, _], _) => {
                Err(self.proxy.violation("it chose a method that was not offered"))
            }
            _ => Err(self.proxy.violation("it does not speak SOCKS 5")),
        }
    }

    /// `VER ULEN UNAME PLEN PASSWD`, answered by `VER STATUS` (RFC 1929 section 2). Some servers
    /// answer with the version of SOCKS in place of the method's, 1.
    fn log_in(&mut self, login: &Login) -> Result<(), Error> {
        let mut saying = Saying::new().text([1]);
        for part in [&login.user, &login.password] {
            let length = u8::try_from(part.reveal().len()).unwrap_or(u8::MAX);
            saying = saying.text([length]).secret(HOLE, part.reveal());
        }
        self.say(saying)?;
        match self.hear::<2>()? {
            [1 | VERSION, 0] => Ok(()),
            [1 | VERSION, _] => Err(self.login_refused()),
            _ => Err(self.proxy.violation("its answer to the login is not SOCKS 5")),
        }
    }

    /// `VER CMD RSV ATYP DST.ADDR DST.PORT`, answered by `VER REP RSV ATYP BND.ADDR BND.PORT`
    /// (RFC 1928 sections 4 and 6). A refusal need not go on behind `REP`, so it is not waited for.
    fn connect(&mut self, target: Target<'_>) -> Result<(), Error> {
        let request = Saying::new().text([VERSION, 1, 0]).text(target.encoded()?);
        self.say(request)?;
        match self.hear::<2>()? {
            [VERSION, 0] => {}
            [VERSION, code] => return Err(self.refused(code)),
            _ => return Err(self.proxy.violation("its reply is not SOCKS 5")),
        }
        // Where the proxy connects from is of no use to us, but it has to be read to its end.
        let bound = match self.hear::<2>()? {
            [_, 1] => 4,
            [_, 3] => u64::from(u8::from_be_bytes(self.hear::<1>()?)),
            [_, 4] => 16,
            _ => return Err(self.proxy.violation("its reply names an address of unknown type")),
        };
        self.pass(bound + 2)
    }

    fn say(&mut self, saying: Saying) -> Result<(), Error> {
        self.wire.say(&saying);
        self.wire.flush()
    }

    fn hear<const BYTES: usize>(&mut self) -> Result<[u8; BYTES], Error> {
        let mut heard = [0; BYTES];
        let mut rest: &mut [u8] = &mut heard;
        let mut sink = Sink::writer(&mut rest);
        self.wire.copy_exact(&mut sink, BYTES as u64).map_err(|error| match error {
            Error::Cut { got: 0, .. } => Error::Closed,
            other => other,
        })?;
        sink.flush()?;
        Ok(heard)
    }

    fn pass(&mut self, bytes: u64) -> Result<(), Error> {
        self.wire.copy_exact(&mut Sink::writer(&mut std::io::sink()), bytes)
    }

    fn login_refused(&self) -> Error {
        Error::ProxyLogin { proxy: self.proxy.to_string() }
    }

    fn refused(&self, code: u8) -> Error {
        Error::ProxyRefused { proxy: self.proxy.to_string(), reply: words(code) }
    }
}

/// Whether another address of the same host may fare better.
pub(crate) fn is_of_address(reply: &str) -> bool {
    [3, 4, 5, 6, 8].iter().any(|&code| reply == words(code))
}

/// `REP` (RFC 1928 section 6).
fn words(code: u8) -> String {
    match code {
        1 => "general failure".into(),
        2 => "not allowed by its rules".into(),
        3 => "network unreachable".into(),
        4 => "host unreachable".into(),
        5 => "connection refused".into(),
        6 => "TTL expired".into(),
        7 => "it does not know CONNECT".into(),
        8 => "it does not know this type of address".into(),
        other => format!("reply {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let rows: &[(&str, &[u8])] = &[
            ("192.0.2.1", b"\x01\xc0\x00\x02\x01\x01\xbb"),
            ("::ffff:192.0.2.1", b"\x01\xc0\x00\x02\x01\x01\xbb"),
            ("::1", b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb"),
            ("a.test", b"\x03\x06a.test\x01\xbb"),
        ];
        for (host, wanted) in rows {
            let endpoint = Endpoint::new(host, 443).unwrap();
            assert_eq!(Target::named(&endpoint).encoded().unwrap(), *wanted, "{host}");
        }
        let long = Endpoint::new(&"x".repeat(255), 1).unwrap();
        assert_eq!(Target::named(&long).encoded().unwrap().len(), 259);
    }
}
