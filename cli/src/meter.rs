//! What a transfer is doing: timings, who answered, and a progress bar when somebody is looking.
//! Must not hold: any decision.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wireline_wire::{Event, Observer, Peer};

/// Sees every event and remembers when the first of each kind came.
#[derive(Debug)]
pub(crate) struct Meter {
    shows_progress: bool,
    /// Who answered first is told of, not who answered last.
    keeps_first: bool,
    /// Those of others who work at the same time.
    bars: Option<MultiProgress>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    start: Instant,
    resolved: Option<Duration>,
    connected: Option<Duration>,
    /// A connection to a proxy stands, and does not lead on yet.
    at_proxy: bool,
    /// The proxy leads on.
    proxied: Option<Duration>,
    tls: Option<Duration>,
    first_byte: Option<Duration>,
    remote: Option<Peer>,
    tls_version: Option<String>,
    /// The server's, in DER.
    certificate: Vec<u8>,
    /// Bytes of bodies, and what was there before them.
    bytes: u64,
    expected: Option<u64>,
    /// Which of several files it is, and how many they are.
    files: Option<(usize, usize)>,
    bar: Option<ProgressBar>,
}

impl State {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            resolved: None,
            connected: None,
            at_proxy: false,
            proxied: None,
            tls: None,
            first_byte: None,
            remote: None,
            tls_version: None,
            certificate: Vec::new(),
            bytes: 0,
            expected: None,
            files: None,
            bar: None,
        }
    }
}

/// A transfer that ends sooner needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

impl Meter {
    pub(crate) fn new(shows_progress: bool) -> Self {
        Self { shows_progress, keeps_first: false, bars: None, state: Mutex::new(State::new()) }
    }

    /// Shows its progress among others.
    pub(crate) fn among(mut self, bars: &MultiProgress) -> Self {
        self.bars = Some(bars.clone());
        self
    }

    /// For protocols whose further connections are parts of the first: FTP.
    pub(crate) fn keeping_first(self) -> Self {
        Self { keeps_first: true, ..self }
    }

    /// A new transfer begins.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        // A kept connection tells nothing again.
        let (remote, tls_version) = (state.remote.take(), state.tls_version.take());
        *state = State { remote, tls_version, ..State::new() };
    }

    /// The body begins: `have` bytes are there, `more` will come if that is known.
    pub(crate) fn expect(&self, have: u64, more: Option<u64>) {
        let mut state = self.state();
        state.bytes = have;
        state.expected = more.map(|more| have + more);
    }

    /// Of several files in one transfer the `nth`, from 1 on.
    pub(crate) fn file(&self, nth: usize, all: usize) {
        let mut state = self.state();
        state.files = Some((nth, all));
        if let Some(bar) = &state.bar {
            bar.set_prefix(prefix(state.files));
        }
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
        let now = state.start.elapsed();
        let step = |end: Option<Duration>, start: Option<Duration>| {
            end.map(|end| end.saturating_sub(start.unwrap_or_default()).as_secs_f64())
        };
        json!({
            "dns": step(state.resolved, None),
            "connect": step(state.connected, state.resolved),
            "proxy": step(state.proxied, state.connected),
            "tls": step(state.tls, state.proxied.or(state.connected)),
            "wait": step(state.first_byte, state.tls.or(state.proxied).or(state.connected)),
            "transfer": step(state.first_byte.map(|_| now), state.first_byte),
            "first_byte": step(state.first_byte, None),
            "total": now.as_secs_f64(),
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
        let (position, expected, files) = (state.bytes, state.expected, state.files);
        let bar = state.bar.get_or_insert_with(|| {
            let bar = new_bar(expected, prefix(files));
            self.bars.as_ref().map_or_else(|| bar.clone(), |bars| bars.add(bar.clone()))
        });
        bar.set_position(position);
    }
}

impl Observer for Meter {
    fn observe(&self, _: u64, event: &Event<'_>) {
        let mut state = self.state();
        let now = state.start.elapsed();
        let is_part = self.keeps_first && state.remote.is_some();
        match event {
            Event::Resolved | Event::Connected { .. } | Event::Proxy(_) if is_part => {}
            Event::Resolved => {
                state.resolved.get_or_insert(now);
            }
            Event::Proxy(Event::Connected { .. }) if state.connected.is_none() => {
                (state.connected, state.at_proxy) = (Some(now), true);
            }
            Event::Connected { peer } => {
                if std::mem::take(&mut state.at_proxy) {
                    state.proxied = Some(now);
                }
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

/// Alone it needs none.
fn prefix(files: Option<(usize, usize)>) -> String {
    match files {
        Some((nth, all)) if all > 1 => format!("{nth} of {all} files, "),
        _ => String::new(),
    }
}

fn new_bar(expected: Option<u64>, prefix: String) -> ProgressBar {
    let (bar, template) = match expected {
        Some(length) => (
            ProgressBar::new(length),
            "{prefix}{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        ),
        None => (ProgressBar::no_length(), "{prefix}{spinner} {bytes}, {bytes_per_sec}"),
    };
    bar.set_prefix(prefix);
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_when_they_are_several() {
        let rows = [(None, ""), (Some((1, 1)), ""), (Some((3, 12)), "3 of 12 files, ")];
        for (files, wanted) in rows {
            assert_eq!(prefix(files), wanted);
        }
    }
}
