//! The data connection: where it goes, who makes it, and TLS on it (RFC 959 section 3.2, RFC 2428,
//! RFC 4217 section 7). Must not hold: what goes over it.

use crate::command::{self, alone};
use crate::reply::{extended_passive_port, passive_address};
use crate::{Error, Reply, Session};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use wireline_wire as wire;
use wireline_wire::{Deadline, Endpoint, Listener, Saying, Wire};

/// Who makes the data connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataMode {
    /// We do: `EPSV` or `PASV`.
    #[default]
    Passive,
    /// The server does: `EPRT` or `PORT`.
    Active,
}

/// A data connection before its transfer has begun.
#[derive(Debug)]
enum Opening {
    Stands(Box<Wire>),
    Awaited(Box<Listener>),
}

/// Ports below are services of the system's (RFC 2577 section 3).
const LOWEST_PORT: u16 = 1024;

const PHASE: &str = "the data connection";

impl Session {
    /// Opens a data connection, says what is to go over it, and hears that it begins. `restart`
    /// goes immediately before (RFC 3659 section 5.3).
    pub(crate) fn begin_transfer(
        &mut self,
        doing: &'static str,
        saying: &Saying,
        restart: Option<u64>,
    ) -> Result<(Wire, Reply), Error> {
        let opening = match self.options.data_mode {
            DataMode::Passive => Opening::Stands(Box::new(self.passive()?)),
            DataMode::Active => Opening::Awaited(Box::new(self.active()?)),
        };
        if let Some(offset) = restart {
            let reply = self.dialogue.ask("REST", &command::with("REST", offset))?;
            self.dialogue.expect("REST", reply, Reply::is_intermediate)?;
        }
        let reply = match self.says_ahead(doing) {
            true => self.dialogue.begin_ahead(doing, saying, &alone("EPSV"))?,
            false => self.dialogue.begin(doing, saying)?,
        };
        let begun = |reply: &Reply| reply.is_preliminary() || reply.is_success();
        let reply = self.dialogue.expect(doing, reply, begun)?;
        match self.establish(doing, opening) {
            Ok(data) => Ok((data, reply)),
            Err(error) if reply.is_preliminary() => Err(self.aftermath(doing, error)),
            Err(error) => Err(error),
        }
    }

    /// The connection itself, under TLS where that was agreed on: with the settings and the name
    /// of the control connection, so that its session is resumed.
    fn establish(&mut self, doing: &'static str, opening: Opening) -> Result<Wire, Error> {
        let data = match opening {
            Opening::Stands(data) => *data,
            Opening::Awaited(listener) => self.accept(doing, &listener)?,
        };
        match self.protected {
            true => data.start_tls(&self.host).map_err(|error| Error::of_data(doing, error)),
            false => Ok(data),
        }
    }

    /// After a transfer that failed on the data connection: what the server says of it is the
    /// better reason, if it says something bad and soon.
    pub(crate) fn aftermath(&mut self, doing: &'static str, failed: Error) -> Error {
        match self.dialogue.hear_within(doing, self.options.limits.aftermath) {
            Ok(reply) if reply.is_transient() || reply.is_permanent() => {
                Error::Refused { doing, reply }
            }
            Err(refused @ Error::Refused { .. }) => refused,
            _ => failed,
        }
    }

    /// `EPSV`; `PASV` where that is refused or leads nowhere, and from then on (RFC 2428 section 3).
    fn passive(&mut self) -> Result<Wire, Error> {
        let may_fall_back = self.may_have_pasv();
        if self.extended {
            match self.epsv() {
                Err(Error::Refused { reply, .. }) if reply.is_permanent() && may_fall_back => {}
                Err(Error::Data { .. }) if may_fall_back => {}
                opened => return opened,
            }
            self.extended = false;
        }
        self.pasv()
    }

    fn epsv(&mut self) -> Result<Wire, Error> {
        if let Some(reply) = self.dialogue.take_ahead()? {
            match self.dial_extended(&reply) {
                Ok(data) => return Ok(data),
                // Then it is asked for when it is needed.
                Err(_) => self.options.ahead = false,
            }
        }
        let reply = self.dialogue.complete("EPSV", &alone("EPSV"))?;
        self.dial_extended(&reply)
    }

    fn dial_extended(&mut self, reply: &Reply) -> Result<Wire, Error> {
        let port = extended_passive_port(reply.first_line()).filter(|_| reply.is_success());
        self.dial_data("EPSV", port, reply)
    }

    /// Whether the next EPSV goes out behind this command. Many servers read commands in the middle
    /// of a transfer and refuse them, or lose them; this one is known to read them in turn.
    fn says_ahead(&self, doing: &str) -> bool {
        let fetches = matches!(doing, "RETR" | "LIST" | "MLSD" | "NLST");
        let is_passive = self.options.data_mode == DataMode::Passive && self.extended;
        fetches
            && is_passive
            && self.options.ahead
            && self.pipelines()
            && self.greeting.to_string().contains("vsFTPd")
    }

    fn pasv(&mut self) -> Result<Wire, Error> {
        const DOING: &str = "PASV";
        let reply = self.dialogue.complete(DOING, &alone(DOING))?;
        let found = passive_address(reply.first_line());
        if let Some((address, _)) = found {
            let named = IpAddr::V4(address);
            let is_foreign = |peer: IpAddr| named != peer.to_canonical();
            self.ignored_address = self.peer_ip().is_some_and(is_foreign).then_some(named);
        }
        self.dial_data(DOING, found.map(|(_, port)| port), &reply)
    }

    /// Connects to the peer of the control connection, whatever address the server named: a
    /// foreign one would make us attack others for it (RFC 2577 section 3). Behind a proxy the peer
    /// has a name only, and the proxy is asked for that.
    fn dial_data(
        &mut self,
        doing: &'static str,
        port: Option<NonZeroU16>,
        reply: &Reply,
    ) -> Result<Wire, Error> {
        let Some(port) = port.filter(|port| port.get() >= LOWEST_PORT) else {
            return Err(Error::violation(doing, format!("no port to connect to: {reply}")));
        };
        let by_address = || self.peer_ip().map(|ip| ip.to_string());
        let host = self.behind_proxy.clone().or_else(by_address).ok_or_else(no_address)?;
        let endpoint = Endpoint::new(&host, port.get())?;
        self.dialer.dial(&endpoint).map_err(|error| Error::of_data(doing, error))
    }

    /// `EPRT`; `PORT` where that is refused, and from then on.
    fn active(&mut self) -> Result<Listener, Error> {
        if self.behind_proxy.is_some() {
            let why =
                "no server can connect to us through a proxy: active mode does not go with one";
            return Err(Error::Input(why.into()));
        }
        let local = self.dialogue.wire.local_address()?.ok_or_else(no_address)?;
        let listener = self.dialer.listen(local.ip())?;
        let address = listener.address();
        if self.extended {
            match self.dialogue.complete("EPRT", &command::eprt(address)) {
                Err(Error::Refused { reply, .. })
                    if reply.is_permanent() && command::port(address).is_some() => {}
                answered => return answered.map(|_| listener),
            }
            self.extended = false;
        }
        let feature = || Error::Unsupported { feature: "EPRT, which IPv6 needs".into() };
        let saying = command::port(address).ok_or_else(feature)?;
        self.dialogue.complete("PORT", &saying)?;
        Ok(listener)
    }

    /// The server's connection: one from another machine is hung up on (RFC 2577 section 3).
    fn accept(&mut self, doing: &'static str, listener: &Listener) -> Result<Wire, Error> {
        let wanted = self.peer_ip();
        let deadline = Deadline::within(self.dialer.limits.connect_all);
        loop {
            let accepted = listener.accept(PHASE, deadline, &mut self.dialogue.wire);
            let data = accepted.map_err(|error| Error::of_data(doing, error))?;
            // The server speaks though nobody came: it says why, and that is heard next.
            let none = || Error::Data { doing, source: wire::Error::Closed };
            let data = data.ok_or_else(none)?;
            if data.peer().address().map(|peer| peer.ip()) == wanted {
                return Ok(data);
            }
        }
    }

    fn peer_ip(&self) -> Option<IpAddr> {
        self.peer().address().as_ref().map(SocketAddr::ip)
    }

    /// PASV knows IPv4 only. Behind a proxy nobody knows the peer's address, and needs none.
    fn may_have_pasv(&self) -> bool {
        let is_ipv4 = |ip: IpAddr| ip.to_canonical().is_ipv4();
        self.behind_proxy.is_some() || self.peer_ip().is_some_and(is_ipv4)
    }
}

fn no_address() -> Error {
    Error::Input("a Unix socket has no data connections beside it".into())
}
