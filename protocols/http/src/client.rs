//! Requests over connections that are kept, one an origin.
//! Must not hold: redirects, retries with a pause, files.

use crate::{Error, Exchange, Head, Limits, Origin, Persistence, Request, Response};
use wireline_wire as wire;
use wireline_wire::{Dialer, TlsSettings, Wire};

/// Sends requests, and keeps a connection an origin (8 at most) for the next one.
#[derive(Debug)]
pub struct Client {
    dialer: Dialer,
    limits: Limits,
    clear_login: bool,
    /// For origins that only a redirect named.
    checking: TlsSettings,
    idle: Vec<(Origin, Wire)>,
}

impl Client {
    /// A client that dials this way.
    #[must_use]
    pub fn new(dialer: Dialer, limits: Limits) -> Self {
        let checking = dialer.tls.checking();
        Self { dialer, limits, clear_login: false, checking, idle: Vec::new() }
    }

    /// Lets logins go out in clear to other machines. By default they go in clear to loopback
    /// addresses only.
    #[must_use]
    pub fn with_clear_login(mut self, allowed: bool) -> Self {
        self.clear_login = allowed;
        self
    }

    /// Sends a request and reads up to the final head. When a kept connection turns out to be
    /// gone before a byte of the answer, an idempotent request is sent once more on a new one
    /// (RFC 9112 section 9.3.1).
    ///
    /// # Errors
    /// As [`Exchange::receive`], and whatever dialling may say: [`wire::Error::NotLoopback`] when a
    /// login would go out in clear, before anything is sent.
    pub fn send(
        &mut self,
        request: &Request,
        persistence: Persistence,
        mut interim: impl FnMut(&Head),
    ) -> Result<Response, Error> {
        let origin = request.uri().origin();
        let guarded = request.shows_login() && !origin.is_secure() && !self.clear_login;
        if let Some(wire) =
            self.take_idle(&origin).filter(|wire| !guarded || wire.peer().is_loopback())
        {
            match exchange(wire, request, persistence, self.limits, &mut interim) {
                Err(error) if is_gone(&error) && request.method().is_idempotent() => {}
                answer => return answer,
            }
        }
        let wire = self.dial(request, guarded)?;
        exchange(wire, request, persistence, self.limits, &mut interim)
    }

    /// Takes back the connection of a response whose body has been read.
    pub fn keep(&mut self, origin: Origin, response: Response) {
        const MOST_IDLE: usize = 8;
        let Some(wire) = response.into_wire() else { return };
        if self.idle.len() == MOST_IDLE {
            drop(self.idle.remove(0));
        }
        self.idle.push((origin, wire));
    }

    fn take_idle(&mut self, origin: &Origin) -> Option<Wire> {
        let at = self.idle.iter().position(|(kept, _)| kept == origin)?;
        let (_, mut wire) = self.idle.remove(at);
        // Bytes nobody asked for, or the end: of no use.
        let quiet = matches!(wire.answer_waiting(), Ok(false));
        quiet.then_some(wire)
    }

    fn dial(&self, request: &Request, loopback_only: bool) -> Result<Wire, Error> {
        let origin = request.uri().origin();
        let mut dialer = self.dialer.clone();
        dialer.loopback_only |= loopback_only;
        if !request.is_at_home() {
            dialer.tls = self.checking.clone();
        }
        let wire = dialer.dial(&origin.endpoint()?)?;
        match origin.is_secure() {
            true => Ok(wire.start_tls(origin.endpoint()?.host())?),
            false => Ok(wire),
        }
    }
}

fn exchange(
    wire: Wire,
    request: &Request,
    persistence: Persistence,
    limits: Limits,
    interim: &mut impl FnMut(&Head),
) -> Result<Response, Error> {
    Exchange::send(wire, request, persistence, limits)?.receive(interim)
}

const fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Connection(wire::Error::Closed | wire::Error::Io(_)))
}
