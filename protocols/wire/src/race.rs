//! RFC 8305: connection attempts, staggered, on one thread; the first that stands wins.
//! Must not hold: names, or anything after the connection stands.

use crate::deadline::{Clock, Deadline};
use crate::socket::poll;
use crate::{Dialer, Error, Peer};
use rustix::event::{PollFd, PollFlags};
use rustix::net::{AddressFamily, SocketType};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How long an attempt has before the next address is tried beside it (RFC 8305 section 5
/// recommends 250 ms and allows 100 ms to 2 s).
const STAGGER: Duration = Duration::from_millis(200);

struct Attempt {
    stream: TcpStream,
    address: SocketAddr,
    ends: Instant,
}

struct Race<'a> {
    waiting: VecDeque<SocketAddr>,
    running: Vec<Attempt>,
    failed: Vec<(Peer, io::Error)>,
    next_start: Instant,
    dialer: &'a Dialer,
}

/// Connects to the first of `addresses` that answers. The stream is non-blocking and has no delay.
pub(crate) fn connect(
    addresses: &[SocketAddr],
    dialer: &Dialer,
) -> Result<(TcpStream, SocketAddr), Error> {
    let limit = Deadline::within(dialer.limits.connect_all);
    let clock = Clock::new("connecting", limit, dialer.whole);
    let mut race = Race {
        waiting: addresses.iter().copied().collect(),
        running: Vec::new(),
        failed: Vec::new(),
        next_start: Instant::now(),
        dialer,
    };
    loop {
        if let Some((stream, address)) = race.round(&clock)? {
            stream.set_nodelay(true).map_err(Error::Io)?;
            return Ok((stream, address));
        }
    }
}

impl Race<'_> {
    /// Starts what is due, waits for the next thing to happen, and looks who is there.
    fn round(&mut self, clock: &Clock) -> Result<Option<(TcpStream, SocketAddr)>, Error> {
        self.start_due();
        if self.running.is_empty() && self.waiting.is_empty() {
            return Err(self.lost());
        }
        let left = clock.remaining().map_err(|expired| Error::from_peer(expired.into()))?;
        let ready = self.wait(left).map_err(Error::Io)?;
        let won = self.settle(&ready);
        self.give_up_late();
        Ok(won)
    }

    fn start_due(&mut self) {
        while self.running.is_empty() || Instant::now() >= self.next_start {
            let Some(address) = self.waiting.pop_front() else { return };
            self.next_start = Instant::now() + STAGGER;
            match start(address, self.dialer.bind) {
                Ok(stream) => self.running.push(Attempt {
                    stream,
                    address,
                    ends: Instant::now() + self.dialer.limits.connect_each,
                }),
                Err(source) => self.failed.push((address.into(), source)),
            }
        }
    }

    fn wait(&self, left: Duration) -> io::Result<Vec<bool>> {
        let next = (!self.waiting.is_empty()).then_some(self.next_start);
        let events = self.running.iter().map(|attempt| attempt.ends).chain(next);
        let soonest = events.min().unwrap_or_else(Instant::now);
        let pause = soonest.saturating_duration_since(Instant::now()).min(left);
        let mut fds: Vec<_> = self
            .running
            .iter()
            .map(|attempt| PollFd::new(&attempt.stream, PollFlags::OUT))
            .collect();
        poll(&mut fds, Some(pause))?;
        Ok(fds.iter().map(|fd| !fd.revents().is_empty()).collect())
    }

    fn settle(&mut self, ready: &[bool]) -> Option<(TcpStream, SocketAddr)> {
        let mut ready = ready.iter();
        let is_ready = |_: &mut Attempt| ready.next().copied().unwrap_or_default();
        let settled: Vec<_> = self.running.extract_if(.., is_ready).collect();
        for attempt in settled {
            match outcome(&attempt.stream) {
                Ok(()) => return Some((attempt.stream, attempt.address)),
                Err(source) => self.fail(attempt.address, source),
            }
        }
        None
    }

    fn give_up_late(&mut self) {
        let now = Instant::now();
        let late: Vec<_> = self.running.extract_if(.., |attempt| attempt.ends <= now).collect();
        for attempt in late {
            self.fail(attempt.address, io::ErrorKind::TimedOut.into());
        }
    }

    /// A failure lets the next one start at once.
    fn fail(&mut self, address: SocketAddr, source: io::Error) {
        self.failed.push((address.into(), source));
        self.next_start = Instant::now();
    }

    fn lost(&mut self) -> Error {
        let tried = std::mem::take(&mut self.failed);
        let timed_out = |(_, source): &(Peer, io::Error)| source.kind() == io::ErrorKind::TimedOut;
        if !tried.is_empty() && tried.iter().all(timed_out) {
            return Error::TimedOut { phase: "connecting", after: self.dialer.limits.connect_each };
        }
        Error::Connect { tried }
    }
}

fn outcome(stream: &TcpStream) -> io::Result<()> {
    match stream.take_error()? {
        Some(error) => Err(error),
        None => stream.peer_addr().map(drop),
    }
}

fn start(address: SocketAddr, bind: Option<IpAddr>) -> io::Result<TcpStream> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let stream = TcpStream::from(socket(family)?);
    stream.set_nonblocking(true)?;
    if let Some(source) = bind {
        rustix::net::bind(&stream, &SocketAddr::new(source, 0))?;
    }
    match rustix::net::connect(&stream, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(stream),
        Err(error) => Err(error.into()),
    }
}

#[cfg(target_os = "linux")]
pub(crate) fn socket(family: AddressFamily) -> rustix::io::Result<OwnedFd> {
    let flags = rustix::net::SocketFlags::CLOEXEC;
    rustix::net::socket_with(family, SocketType::STREAM, flags, None)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn socket(family: AddressFamily) -> rustix::io::Result<OwnedFd> {
    let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    Ok(socket)
}
