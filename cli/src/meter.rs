//! What a transfer is doing: timings, who answered, and a progress bar when somebody is looking.
//! Must not hold: any decision.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wireline_wire::{Event, Observer, Peer};

/// Sees every event and remembers when the first of each kind came.
#[derive(Debug)]
pub(crate) struct Meter {
    shows_progress: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    start: Instant,
    resolved: Option<Duration>,
    connected: Option<Duration>,
    tls: Option<Duration>,
    first_byte: Option<Duration>,
    remote: Option<Peer>,
    tls_version: Option<String>,
    /// The server's, in DER.
    certificate: Vec<u8>,
    /// Bytes of bodies, and what was there before them.
    bytes: u64,
    expected: Option<u64>,
    bar: Option<ProgressBar>,
}

impl State {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            resolved: None,
            connected: None,
            tls: None,
            first_byte: None,
            remote: None,
            tls_version: None,
            certificate: Vec::new(),
            bytes: 0,
            expected: None,
            bar: None,
        }
    }
}

/// A transfer that ends sooner needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

impl Meter {
    pub(crate) fn new(shows_progress: bool) -> Self {
        Self { shows_progress, state: Mutex::new(State::new()) }
    }

    /// A new transfer begins.
    pub(crate) fn begin(&self) {
        let (remote, tls_version) = {
            let state = self.state();
            (state.remote.clone(), state.tls_version.clone())
        };
        // A kept connection tells nothing again.
        *self.state() = State { remote, tls_version, ..State::new() };
    }

    /// The body begins: `have` bytes are there, `more` will come if that is known.
    pub(crate) fn expect(&self, have: u64, more: Option<u64>) {
        let mut state = self.state();
        state.bytes = have;
        state.expected = more.map(|more| have + more);
    }

    /// Bytes of the body so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.state().bytes
    }

    /// The transfer is over.
    pub(crate) fn end(&self) {
        if let Some(bar) = self.state().bar.take() {
            bar.finish_and_clear();
        }
    }

    /// The address that answered last.
    pub(crate) fn remote(&self) -> Option<Peer> {
        self.state().remote.clone()
    }

    /// The TLS version in use.
    pub(crate) fn tls_version(&self) -> Option<String> {
        self.state().tls_version.clone()
    }

    /// The certificate that the server showed last, in DER; empty without TLS.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        self.state().certificate.clone()
    }

    /// Seconds: how long each step of the first connection took, and all of it.
    pub(crate) fn timings(&self) -> Value {
        let state = self.state();
        let step = |end: Option<Duration>, start: Option<Duration>| {
            end.map(|end| end.saturating_sub(start.unwrap_or_default()).as_secs_f64())
        };
        json!({
            "dns": step(state.resolved, None),
            "connect": step(state.connected, state.resolved),
            "tls": step(state.tls, state.connected),
            "first_byte": step(state.first_byte, None),
            "total": state.start.elapsed().as_secs_f64(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, state: &mut State, bytes: u64) {
        state.bytes += bytes;
        if !self.shows_progress || state.start.elapsed() < PATIENCE {
            return;
        }
        let (position, expected) = (state.bytes, state.expected);
        let bar = state.bar.get_or_insert_with(|| new_bar(expected));
        bar.set_position(position);
    }
}

impl Observer for Meter {
    fn observe(&self, _: u64, event: &Event<'_>) {
        let mut state = self.state();
        let now = state.start.elapsed();
        match event {
            Event::Resolved => {
                state.resolved.get_or_insert(now);
            }
            Event::Connected { peer } => {
                state.connected.get_or_insert(now);
                (state.remote, state.tls_version) = (Some(peer.clone()), None);
            }
            Event::Tls { version, certificate, .. } => {
                state.tls.get_or_insert(now);
                state.certificate = certificate.to_vec();
                state.tls_version = Some((*version).to_owned());
            }
            Event::Heard(_) => {
                state.first_byte.get_or_insert(now);
            }
            Event::Body { bytes, .. } | Event::Sent { bytes, .. } => {
                self.advance(&mut state, *bytes)
            }
            _ => {}
        }
    }
}

fn new_bar(expected: Option<u64>) -> ProgressBar {
    let (bar, template) = match expected {
        Some(length) => (
            ProgressBar::new(length),
            "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        ),
        None => (ProgressBar::no_length(), "{spinner} {bytes}, {bytes_per_sec}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
