//! One request and its response on a connection.
//! Must not hold: redirects, retries, or where the next request goes.

use crate::framing::{Body, Framing, framing};
use crate::response::{Head, HeadReader, violation};
use crate::{Error, Limits, Method, Persistence, Request, body};
use std::collections::VecDeque;
use std::time::Duration;
use wireline_wire as wire;
use wireline_wire::{Deadline, Saying, Sink, Wire};

/// A request that has been sent.
#[derive(Debug)]
pub struct Exchange {
    wire: Wire,
    method: Method,
    limits: Limits,
    ranged: bool,
    /// Heads that came before the content went out.
    heard: VecDeque<Head>,
    /// The request went out whole, so the connection can serve another one.
    sent_whole: bool,
    /// It was not the last one on its connection (RFC 9112 section 9.6).
    keeps: bool,
}

/// A response whose head has come and whose body has not.
#[derive(Debug)]
pub struct Response {
    wire: Wire,
    head: Head,
    framing: Framing,
    limits: Limits,
    spent: bool,
}

/// How long a server that was asked whether it wants the content may think before it gets it.
const CONTINUE_WAIT: Duration = Duration::from_secs(1);

impl Exchange {
    /// Sends a request. When the peer answers before the content is out, sending stops and the
    /// answer is read. With [`Request::with_expectation`] the content waits for `100 Continue`, a
    /// second at most.
    ///
    /// # Errors
    /// [`Error::Connection`], [`Error::Violation`]; [`Error::Local`] when the content cannot be
    /// read, [`Error::Input`] when it was read already.
    pub fn send(
        wire: Wire,
        request: &Request,
        persistence: Persistence,
        limits: Limits,
    ) -> Result<Self, Error> {
        Self::begin(wire, &request.head(persistence), request, persistence, limits)
    }

    /// The same with this head, which the route to the origin may change.
    pub(crate) fn begin(
        mut wire: Wire,
        head: &Saying,
        request: &Request,
        persistence: Persistence,
        limits: Limits,
    ) -> Result<Self, Error> {
        wire.set_deadline("sending the request", Deadline::pause(wire.limits().idle));
        wire.say(head);
        let (method, ranged) = (request.method().clone(), request.is_ranged());
        let heard = VecDeque::new();
        let keeps = persistence == Persistence::Keep;
        let mut exchange = Self { wire, method, limits, ranged, heard, sent_whole: true, keeps };
        let Some(content) = request.content() else {
            exchange.sent_whole = answered_or(exchange.wire.flush().map(|()| true))?;
            return Ok(exchange);
        };
        if request.expects_continue() && !exchange.may_continue()? {
            exchange.sent_whole = false;
            return Ok(exchange);
        }
        exchange.sent_whole = match content.small() {
            Some(bytes) => {
                exchange.wire.say(&Saying::new().text(bytes));
                answered_or(exchange.wire.flush().map(|()| true))?
            }
            None => match content.send(&mut exchange.wire) {
                Err(Error::Connection(error)) => answered_or(Err(error))?,
                sent => sent?,
            },
        };
        Ok(exchange)
    }

    /// Waits for `100 Continue`. `false` when the final answer is there already.
    fn may_continue(&mut self) -> Result<bool, Error> {
        while self.heard.len() <= self.limits.interim && self.wire.answer_within(CONTINUE_WAIT)? {
            let head = self.head(!self.heard.is_empty())?;
            let code = head.status.code();
            self.heard.push_back(head);
            match code {
                100 => return Ok(true),
                200.. => return Ok(false),
                _ => {}
            }
        }
        Ok(true)
    }

    /// Reads the heads up to the final one (RFC 9110 section 15.2). `interim` sees each before it.
    ///
    /// # Errors
    /// [`Error::Connection`] ([`wire::Error::Closed`] when the peer left without a byte),
    /// [`Error::Violation`], [`Error::Unsupported`].
    pub fn receive(mut self, mut interim: impl FnMut(&Head)) -> Result<Response, Error> {
        let idle = Deadline::within(self.wire.limits().idle);
        self.wire.set_deadline("waiting for the response", idle);
        for nth in 0..=self.limits.interim {
            let head = match self.heard.pop_front() {
                Some(head) => head,
                None => self.head(nth > 0)?,
            };
            match head.status.code() {
                101 => return Err(violation("101 Switching Protocols, which nobody asked for")),
                100..200 => interim(&head),
                _ => return self.into_response(head),
            }
        }
        Err(violation(format!("more than {} interim answers", self.limits.interim)))
    }

    fn head(&mut self, begun: bool) -> Result<Head, Error> {
        let mut reader = HeadReader::new(self.limits);
        loop {
            let (room, begun) = (reader.room(), begun || !reader.is_empty());
            let line = self.wire.line(room).map_err(|error| in_head(error, begun))?;
            if let Some(head) = reader.feed(line)? {
                return Ok(head);
            }
        }
    }

    fn into_response(self, head: Head) -> Result<Response, Error> {
        let asked = self.ranged;
        if matches!(head.status.code(), 206 | 416) && !asked {
            return Err(violation(format!("{} to a request without a range", head.status)));
        }
        let mut framing = framing(&self.method, &head)?;
        framing.persistent &= self.sent_whole && self.keeps;
        Ok(Response { wire: self.wire, head, framing, limits: self.limits, spent: false })
    }
}

/// A send that failed may have been answered: reading tells.
fn answered_or(sent: Result<bool, wire::Error>) -> Result<bool, Error> {
    match sent {
        Err(wire::Error::Io(_)) => Ok(false),
        sent => Ok(sent?),
    }
}

fn in_head(error: wire::Error, begun: bool) -> Error {
    match error {
        wire::Error::Closed | wire::Error::Io(_) if begun => {
            wire::Error::Cut { got: 0, expected: None }.into()
        }
        wire::Error::TooLong { .. } => violation("longer than the limit"),
        other => other.into(),
    }
}

impl Response {
    /// The final head.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The limits it was asked with.
    #[cfg(feature = "decoding")]
    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    /// How the body ends.
    #[must_use]
    pub const fn body(&self) -> Body {
        self.framing.body
    }

    /// Whether the whole body has arrived with the head: it cannot be cut any more.
    pub fn is_at_hand(&mut self) -> bool {
        match self.framing.body {
            Body::None => true,
            Body::Length(length) => self.wire.leftover() as u64 >= length,
            Body::Chunked | Body::ToClose => false,
        }
    }

    /// Copies the body, at most `most` bytes of it, and says how many it had.
    ///
    /// # Errors
    /// [`Error::Violation`] when it is cut short, broken, or longer than `most`;
    /// [`Error::Connection`] when a pause is longer than the idle limit; [`Error::Local`].
    pub fn copy_to(&mut self, sink: &mut Sink<'_>, most: u64) -> Result<u64, Error> {
        if self.spent {
            return Ok(0);
        }
        self.spent = true;
        let pause = Deadline::pause(self.wire.limits().idle);
        self.wire.set_deadline("a pause in the body", pause);
        let copied = body::copy(self.framing.body, &mut self.wire, sink, most, &self.limits);
        self.framing.persistent &= copied.is_ok();
        copied
    }

    /// The connection for another request: when both sides keep it, the body has been read or is
    /// at hand, and nothing follows it. It never waits.
    #[must_use]
    pub fn into_wire(mut self) -> Option<Wire> {
        if !self.spent {
            if !self.is_at_hand() {
                return None;
            }
            // Whoever watches sees it too.
            self.copy_to(&mut Sink::writer(&mut std::io::sink()), u64::MAX).ok()?;
        }
        let reusable = self.framing.persistent && self.wire.leftover() == 0;
        reusable.then_some(self.wire)
    }
}
