//! Who watches the connections of a run: the meter, the trace of `-v`, the recording of `--record`.
//! Must not hold: how a dialogue is written (`trace.rs`).

use crate::args::Messages;
use crate::exit::Failure;
use crate::mask::Mask;
use crate::meter::Meter;
use crate::recording::Recording;
use crate::trace::{Style, Trace};
use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use wireline_store::{Options, Part, Target};
use wireline_wire::{Event, Observer, Peer};

/// Everybody who watches, until the run is over.
#[derive(Debug)]
pub(crate) struct Watch {
    meter: Arc<Meter>,
    others: Arc<All>,
    recordings: Mutex<Vec<Record>>,
    style: Style,
    mask: Arc<Mask>,
}

type Record = (Part, Arc<Trace<File>>);

impl Watch {
    /// Opens what the run is written to.
    pub(crate) fn begin(
        messages: &Messages,
        protocol: &'static str,
        mask: &Arc<Mask>,
        meter: &Arc<Meter>,
    ) -> Result<Self, Failure> {
        let style = Style { protocol, exact: messages.exact };
        let mut others: Vec<Arc<dyn Observer>> = Vec::new();
        if messages.verbose {
            let kept = Recording::default();
            others.push(Arc::new(Trace::new(Stderr(io::stderr()), style, Arc::clone(mask), kept)));
        }
        let others = Arc::new(All { observers: RwLock::new(others), last: Mutex::default() });
        let (mask, meter) = (Arc::clone(mask), Arc::clone(meter));
        let watch = Self { meter, others, recordings: Mutex::default(), style, mask };
        messages.record.as_deref().map(|path| watch.record(path)).transpose()?;
        Ok(watch)
    }

    /// From now on the run is written to this file too, the connection that stands among it.
    pub(crate) fn record(&self, path: &Path) -> Result<(), Failure> {
        let (part, trace) = record(path, self.style, &self.mask)?;
        if let Some(last) = &*held(&self.others.last) {
            last.tell(&*trace);
        }
        let mut observers = self.others.observers.write().unwrap_or_else(PoisonError::into_inner);
        observers.push(Arc::clone(&trace) as _);
        held(&self.recordings).push((part, trace));
        Ok(())
    }

    /// For the dialer.
    pub(crate) fn observer(&self) -> Arc<dyn Observer> {
        self.observer_with(&self.meter)
    }

    /// The same with another meter: each of several workers has its own.
    pub(crate) fn observer_with(&self, meter: &Arc<Meter>) -> Arc<dyn Observer> {
        Arc::new(Both { meter: Arc::clone(meter), others: Arc::clone(&self.others) })
    }

    /// The run is over, well or not: the recordings get their names.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        for (part, record) in held(&self.recordings).drain(..) {
            let path = part.path().display().to_string();
            let written = record.finish();
            written.map_err(|error| Failure::local(&error).doing(format!("writing {path}")))?;
            part.commit()?;
        }
        Ok(())
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn record(
    path: &Path,
    style: Style,
    mask: &Arc<Mask>,
) -> Result<(Part, Arc<Trace<File>>), Failure> {
    let options = Options { overwrite: true, ..Options::default() };
    let mut part = Target::file(path, options)?.open()?;
    part.begin(0, None)?;
    let file = part.file().try_clone().map_err(|error| Failure::local(&error))?;
    let recording = Recording::beside(part.path().to_owned());
    Ok((part, Arc::new(Trace::new(file, style, Arc::clone(mask), recording))))
}

/// A meter, and everybody else.
struct Both {
    meter: Arc<Meter>,
    others: Arc<All>,
}

impl Observer for Both {
    fn wants_bodies(&self) -> bool {
        self.others.wants_bodies()
    }

    fn observe(&self, connection: u64, event: &Event<'_>) {
        self.meter.observe(connection, event);
        self.others.observe(connection, event);
    }
}

/// One observer made of several.
struct All {
    observers: RwLock<Vec<Arc<dyn Observer>>>,
    last: Mutex<Option<Standing>>,
}

impl fmt::Debug for All {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("All").finish_non_exhaustive()
    }
}

impl All {
    fn observers(&self) -> RwLockReadGuard<'_, Vec<Arc<dyn Observer>>> {
        self.observers.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for All {
    fn wants_bodies(&self) -> bool {
        self.observers().iter().any(|observer| observer.wants_bodies())
    }

    fn observe(&self, connection: u64, event: &Event<'_>) {
        match event {
            Event::Connected { peer } => {
                *held(&self.last) = Some(Standing { connection, peer: peer.clone(), tls: None });
            }
            Event::Tls { version, cipher, .. } => {
                if let Some(last) = &mut *held(&self.last) {
                    last.tls = Some(((*version).to_owned(), (*cipher).to_owned()));
                }
            }
            _ => {}
        }
        self.observers().iter().for_each(|observer| observer.observe(connection, event));
    }
}

/// The last connection that was made, for whoever begins to watch it later.
#[derive(Debug)]
struct Standing {
    connection: u64,
    peer: Peer,
    tls: Option<(String, String)>,
}

impl Standing {
    fn tell(&self, observer: &dyn Observer) {
        observer.observe(self.connection, &Event::Connected { peer: self.peer.clone() });
        if let Some((version, cipher)) = &self.tls {
            let tls = Event::Tls { version, cipher, certificate: b"" };
            observer.observe(self.connection, &tls);
        }
    }
}

/// Standard error; a terminal in a session's modes needs CR at the end of lines, any other takes it.
struct Stderr(io::Stderr);

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.is_terminal() {
            false => self.0.write(bytes),
            true => {
                let lines = bytes.split_inclusive(|byte| *byte == b'\n');
                let ended = lines.flat_map(|line| match line.strip_suffix(b"\n") {
                    Some(line) => [line, b"\r\n"],
                    None => [line, b""],
                });
                self.0.write_all(&ended.collect::<Vec<_>>().concat())?;
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
