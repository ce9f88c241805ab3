//! Requests over connections that are kept, one an origin, or one a proxy that forwards.
//! Must not hold: redirects, retries with a pause, files.

use crate::forward::{self, Leads};
use crate::proofs::Proofs;
use crate::{Error, Exchange, Head, Limits, Origin, Persistence, Request, Response};
use wireline_wire as wire;
use wireline_wire::{Dialer, Route, Saying, TlsSettings, Wire};

/// Sends requests, and keeps a connection an origin (8 at most) for the next one. Where the dialer's
/// proxies say so, `http` goes to a proxy in absolute-form, and `https` through its tunnel.
#[derive(Debug)]
pub struct Client {
    dialer: Dialer,
    limits: Limits,
    clear_login: bool,
    /// For origins that only a redirect named.
    checking: TlsSettings,
    idle: Vec<(Leads, Wire)>,
    proofs: Proofs,
}

impl Client {
    /// A client that dials this way.
    #[must_use]
    pub fn new(dialer: Dialer, limits: Limits) -> Self {
        let checking = dialer.tls.checking();
        let (idle, proofs) = (Vec::new(), Proofs::default());
        Self { dialer, limits, clear_login: false, checking, idle, proofs }
    }

    /// Lets logins go out in clear to other machines. By default they go in clear to loopback
    /// addresses only.
    #[must_use]
    pub fn with_clear_login(mut self, allowed: bool) -> Self {
        self.clear_login = allowed;
        self
    }

    /// Sends a request and reads up to the final head. A login is proven as the server asks (RFC
    /// 9110 section 11.6), over the same connection whatever `persistence` says; an expectation that
    /// it cannot meet (417) is dropped: the answers before the final one are `interim`, too. When a
    /// kept connection turns out to be gone before a byte of the answer, an idempotent request is
    /// sent once more on a new one (RFC 9112 section 9.3.1).
    ///
    /// # Errors
    /// As [`Exchange::receive`], and whatever dialling may say: [`wire::Error::NotLoopback`] when a
    /// login would go out in clear, before anything is sent, [`wire::Error::BehindProxy`] the same by
    /// way of a proxy; [`wire::Error::ProxyLogin`] when a proxy that forwards answers 407.
    pub fn send(
        &mut self,
        request: &Request,
        persistence: Persistence,
        mut interim: impl FnMut(&Head),
    ) -> Result<Response, Error> {
        let mut request = request.clone();
        loop {
            let proof = self.proofs.prove(&request)?;
            let may_be_asked = proof.is_none() && request.waits_to_be_asked();
            // The proof goes over the same connection.
            let persistence = if may_be_asked { Persistence::Keep } else { persistence };
            let proven = request.clone().with_proof(proof);
            let response = self.send_once(&proven, persistence, &mut interim)?;
            match response.head().status.code() {
                417 if request.expects_continue() => request = request.with_expectation(false),
                _ if self.proofs.hear(&request, response.head()) => {}
                _ => return Ok(response),
            }
            interim(response.head());
            self.keep(request.uri().origin(), response);
        }
    }

    fn send_once(
        &mut self,
        request: &Request,
        persistence: Persistence,
        interim: &mut impl FnMut(&Head),
    ) -> Result<Response, Error> {
        let origin = request.uri().origin();
        let route = forward::route(&self.dialer, &origin)?;
        let head = forward::head(request, persistence, route);
        let guarded = request.shows_login() && !origin.is_secure() && !self.clear_login;
        let idle = take_idle(&mut self.idle, &Leads::of(route, &origin));
        if let Some(wire) = idle.filter(|wire| !guarded || wire.peer().is_loopback()) {
            match exchange(wire, &head, request, persistence, self.limits, interim) {
                Err(error) if is_gone(&error) && request.method().is_idempotent() => {}
                answer => return forward::admitted(route, answer?),
            }
        }
        let wire = self.dial(request, route, guarded)?;
        forward::admitted(route, exchange(wire, &head, request, persistence, self.limits, interim)?)
    }

    /// Takes back the connection of a response whose body has been read.
    pub fn keep(&mut self, origin: Origin, response: Response) {
        const MOST_IDLE: usize = 8;
        let Ok(route) = forward::route(&self.dialer, &origin) else { return };
        let leads = Leads::of(route, &origin);
        let Some(wire) = response.into_wire() else { return };
        if self.idle.len() == MOST_IDLE {
            drop(self.idle.remove(0));
        }
        self.idle.push((leads, wire));
    }

    fn dial(
        &self,
        request: &Request,
        route: Route<'_>,
        loopback_only: bool,
    ) -> Result<Wire, Error> {
        let origin = request.uri().origin();
        let mut dialer = self.dialer.clone();
        dialer.loopback_only |= loopback_only;
        if !request.is_at_home() {
            dialer.tls = self.checking.clone();
        }
        let wire = dialer.dial_by(route, &origin.endpoint()?)?;
        match origin.is_secure() {
            true => Ok(wire.start_tls(origin.endpoint()?.host())?),
            false => Ok(wire),
        }
    }
}

fn take_idle(idle: &mut Vec<(Leads, Wire)>, leads: &Leads) -> Option<Wire> {
    let at = idle.iter().position(|(kept, _)| kept == leads)?;
    let (_, mut wire) = idle.remove(at);
    // Bytes nobody asked for, or the end: of no use.
    let quiet = matches!(wire.answer_waiting(), Ok(false));
    quiet.then_some(wire)
}

fn exchange(
    wire: Wire,
    head: &Saying,
    request: &Request,
    persistence: Persistence,
    limits: Limits,
    interim: &mut impl FnMut(&Head),
) -> Result<Response, Error> {
    Exchange::begin(wire, head, request, persistence, limits)?.receive(interim)
}

const fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Connection(wire::Error::Closed | wire::Error::Io(_)))
}
