//! One connection: bounded lines in, sayings out, hearing while speaking, the step to TLS.
//! Must not hold: verbs, reply grammar, URLs, retries, printing. Bodies are in `copy.rs`.

#![expect(
    clippy::indexing_slicing,
    reason = "the line reader slices what memchr found; get() would lose bytes in silence"
)]

use crate::copy::Pipe;
use crate::deadline::Deadline;
use crate::observer::{Event, Observer};
use crate::tls::Tls;
use crate::transport::Transport;
use crate::{Dialer, Endpoint, Error, Limits, Peer, Saying, TlsSettings};
use rustix::net::sockopt;
use rustls::pki_types::ServerName;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// A connection to one peer. Every read and write ends at the [`Deadline`] set last
/// (60 s of idle time until one is set) and at the dialer's whole time.
pub struct Wire {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) pipe: Option<Pipe>,
    /// A line that spans buffers.
    spill: Vec<u8>,
    /// Bytes of the transport's buffer that the last line handed out.
    lent: usize,
    out: Zeroizing<Vec<u8>>,
    limits: Limits,
    tls: TlsSettings,
    limit_rate: Option<u64>,
    pub(crate) watch: Watch,
    peer: Peer,
    secure: bool,
}

impl Wire {
    pub(crate) fn new(
        transport: Box<dyn Transport>,
        dialer: &Dialer,
        watch: Watch,
        peer: Peer,
    ) -> Self {
        let wire = Self {
            transport,
            pipe: None,
            spill: Vec::new(),
            lent: 0,
            out: Zeroizing::default(),
            limits: dialer.limits,
            tls: dialer.tls.clone(),
            limit_rate: dialer.limit_rate,
            watch,
            peer,
            secure: false,
        };
        wire.begun()
    }

    /// The connection to the proxy leads to this endpoint now.
    pub(crate) fn through(mut self, endpoint: Endpoint) -> Self {
        if let Some(proxy) = self.peer.address() {
            self.peer = Peer::Proxied { endpoint, proxy };
        }
        self.watch.of_proxy = false;
        self.set_deadline("the peer", Deadline::within(self.limits.idle));
        self.begun()
    }

    /// Only what goes to the peer itself has a rate to keep.
    fn begun(mut self) -> Self {
        self.watch.tell(&Event::Connected { peer: self.peer.clone() });
        let rate = self.limit_rate.filter(|_| !self.watch.of_proxy);
        self.transport.socket_mut().limit_rate(rate);
        self
    }

    /// Whom the connection goes to.
    #[must_use]
    pub const fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The limits this connection was dialled with.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether TLS stands.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.secure
    }

    /// Sets until when the reads and writes that follow may last; `phase` names them in a
    /// timeout's text, for example `the response head`.
    pub fn set_deadline(&mut self, phase: &'static str, deadline: Deadline) {
        self.transport.socket_mut().clock.set(phase, deadline);
    }

    /// The next line, its end (LF or CR LF) included, as borrowed bytes. Unlike a read per line
    /// this waits only when the line is not yet whole.
    ///
    /// # Errors
    /// [`Error::TooLong`] beyond `limit` bytes, [`Error::Closed`] when the peer left before the
    /// line began, [`Error::Cut`] in the middle of it, [`Error::TimedOut`], [`Error::Io`].
    pub fn line(&mut self, limit: usize) -> Result<&[u8], Error> {
        self.take_back();
        self.spill.clear();
        loop {
            let buffered = self.transport.buffered();
            let end = memchr::memchr(b'\n', buffered).map(|at| at + 1);
            let length = end.unwrap_or(buffered.len());
            if self.spill.len() + length > limit {
                return Err(Error::TooLong { what: "a line", limit: limit as u64 });
            }
            if end.is_some() && self.spill.is_empty() {
                self.lent = length;
                break;
            }
            self.spill.extend_from_slice(&buffered[..length]);
            self.transport.consume(length);
            if end.is_some() {
                break;
            }
            self.fill_line()?;
        }
        Ok(self.hand_out())
    }

    /// The next line of a body that ends with the connection, as [`Wire::line`]; `None` at its end,
    /// which over TLS has to come with a goodbye.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::Cut`], [`Error::TimedOut`], [`Error::Io`].
    pub fn body_line(&mut self, limit: usize) -> Result<Option<&[u8]>, Error> {
        self.take_back();
        if self.transport.buffered().is_empty() && !self.fill_body(0, None)? {
            return Ok(None);
        }
        self.line(limit).map(Some)
    }

    fn fill_line(&mut self) -> Result<(), Error> {
        let more = match self.transport.fill() {
            Ok(more) => more,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
            Err(error) => return Err(Error::from_peer(error)),
        };
        match (more, self.spill.len() as u64) {
            (true, _) => Ok(()),
            (false, 0) => Err(Error::Closed),
            (false, got) => Err(Error::Cut { got, expected: None }),
        }
    }

    fn hand_out(&mut self) -> &[u8] {
        let line = match self.lent {
            0 => &self.spill[..],
            lent => &self.transport.buffered()[..lent],
        };
        self.watch.tell(&Event::Heard(line));
        line
    }

    /// Takes the last line back from its borrower.
    pub(crate) fn take_back(&mut self) {
        self.transport.consume(std::mem::take(&mut self.lent));
    }

    /// Bytes that have arrived and were not read; they stay to be read. Never waits.
    pub fn heard(&mut self) -> &[u8] {
        self.take_back();
        self.transport.buffered()
    }

    /// Bytes that have arrived and that nobody has asked for.
    pub fn leftover(&mut self) -> usize {
        self.heard().len()
    }

    /// Queues a saying; [`Wire::flush`] sends all that is queued in one write.
    pub fn say(&mut self, saying: &Saying) {
        self.watch.tell(&Event::Said(saying));
        self.out.extend_from_slice(saying.bytes());
    }

    /// Sends what was queued.
    ///
    /// # Errors
    /// [`Error::TimedOut`], [`Error::Io`].
    pub fn flush(&mut self) -> Result<(), Error> {
        let out = std::mem::take(&mut self.out);
        self.transport.write_all(&out).map_err(Error::from_peer)
    }

    /// Sends bytes of a body, after what was queued.
    ///
    /// # Errors
    /// [`Error::TimedOut`], [`Error::Io`].
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.flush()?;
        for piece in bytes.chunks(self.transport.socket().piece()) {
            self.transport.write_all(piece).map_err(Error::from_peer)?;
            self.sent(piece);
        }
        Ok(())
    }

    /// Sends bytes of a body, after what was queued, and stops as soon as the peer has spoken or
    /// gone: what it said is then there to be read. Returns how many bytes were sent.
    ///
    /// # Errors
    /// [`Error::TimedOut`]; [`Error::Io`] when the connection broke with no answer in hand.
    pub fn send_watching(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.flush()?;
        self.take_back();
        let most = self.transport.socket().piece();
        let mut sent = 0;
        while sent < bytes.len() {
            let end = sent.saturating_add(most).min(bytes.len());
            let count = match self.transport.write_watching(&bytes[sent..end]) {
                Ok(count) => count,
                Err(_) if self.answer_waiting()? => 0,
                Err(error) => return Err(Error::from_peer(error)),
            };
            if count == 0 {
                break;
            }
            self.sent(&bytes[sent..sent + count]);
            sent += count;
        }
        Ok(sent)
    }

    fn sent(&self, bytes: &[u8]) {
        self.watch.tell(&Event::Sent { bytes: bytes.len() as u64, data: Some(bytes) });
    }

    /// Whether the peer has spoken or gone. Never waits.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn answer_waiting(&mut self) -> Result<bool, Error> {
        self.take_back();
        self.transport.answer_waiting().map_err(Error::from_peer)
    }

    /// The descriptor, for a `poll` together with others. Look at [`Wire::answer_waiting`] first:
    /// bytes may already be buffered.
    #[must_use]
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.transport.socket().fd().as_fd()
    }

    /// Tells the peer that nothing more will be said (half-close), in TLS with its goodbye; reading
    /// goes on.
    ///
    /// # Errors
    /// [`Error::TimedOut`], [`Error::Io`].
    pub fn half_close(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.transport.half_close().map_err(Error::from_peer)
    }

    /// Asks the system to probe a connection that is silent for this long, so that routers on the
    /// way do not forget it and a peer that is gone is noticed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn keep_alive(&self, silence: Duration) -> Result<(), Error> {
        let socket = self.socket();
        sockopt::set_socket_keepalive(socket, true)
            .and_then(|()| sockopt::set_tcp_keepidle(socket, silence))
            .map_err(|error| Error::Io(error.into()))
    }

    /// Puts TLS on top. Bytes that arrived in clear and were not read are an injection: they
    /// are refused, and the connection with them.
    ///
    /// # Errors
    /// [`Error::Leftover`], [`Error::Tls`], [`Error::TimedOut`], [`Error::Input`] when `host`
    /// is neither a name nor an address.
    pub fn start_tls(self, host: &str) -> Result<Self, Error> {
        if self.secure {
            return Err(Error::Input("TLS stands already".into()));
        }
        let tls = self.tls.clone();
        let wire = self.encrypted(host, &tls)?;
        Ok(Self { secure: true, ..wire })
    }

    /// TLS on top of what is there, with anybody: a proxy has its own.
    pub(crate) fn encrypted(mut self, host: &str, tls: &TlsSettings) -> Result<Self, Error> {
        self.flush()?;
        match self.leftover() {
            0 => {}
            bytes => return Err(Error::Leftover { bytes }),
        }
        let bare = host.strip_suffix('.').unwrap_or(host);
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| Error::Input(format!("{bare:?} is no name a certificate could have")))?;
        let config = tls.config()?;
        let rate = self.limit_rate.filter(|_| !self.watch.of_proxy);
        self.transport.socket_mut().limit_rate(None);
        self.set_deadline("the TLS handshake", Deadline::within(self.limits.tls));
        let mut tls =
            Tls::connect(config, name, self.transport).map_err(|error| in_tls(error, bare))?;
        tls.socket_mut().clock.set("the peer", Deadline::within(self.limits.idle));
        tls.socket_mut().limit_rate(rate);
        let (version, cipher) = tls.facts();
        let certificate = tls.certificate();
        self.watch.tell(&Event::Tls { version: &version, cipher: &cipher, certificate });
        Ok(Self { transport: Box::new(tls), ..self })
    }
}

/// Reports to the observer, the end of the connection included.
pub(crate) struct Watch {
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) number: u64,
    /// Who speaks and hears is a proxy on the way.
    of_proxy: bool,
}

impl Watch {
    /// Watches the next connection of this dialer.
    pub(crate) fn next(dialer: &Dialer) -> Self {
        let observer = dialer.observer.clone();
        Self { observer, number: dialer.next_number(), of_proxy: false }
    }

    /// What follows is between us and a proxy.
    pub(crate) fn of_proxy(mut self) -> Self {
        self.of_proxy = true;
        self
    }

    pub(crate) fn wants_bodies(&self) -> bool {
        self.observer.as_ref().is_some_and(|observer| observer.wants_bodies())
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        if let Some(observer) = &self.observer {
            match self.of_proxy {
                true => observer.observe(self.number, &Event::Proxy(event)),
                false => observer.observe(self.number, event),
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.of_proxy = false;
        self.tell(&Event::Closed);
    }
}

/// A handshake that ends in silence or a reset is a failure of TLS, not of the route.
fn in_tls(error: io::Error, host: &str) -> Error {
    let reason = match Error::from_peer(error) {
        Error::Tls { reason, .. } => reason,
        Error::Io(_) | Error::Closed => "the peer left during the TLS handshake".into(),
        other => return other,
    };
    Error::Tls { host: host.to_owned(), reason }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("number", &self.watch.number)
            .field("peer", &self.peer)
            .field("secure", &self.secure)
            .finish_non_exhaustive()
    }
}
