//! Who watches the connections of a run: the meter, the trace of `-v`, the recording of `--record`.
//! Must not hold: how a dialogue is written (`trace.rs`).

use crate::args::Messages;
use crate::exit::Failure;
use crate::mask::Mask;
use crate::meter::Meter;
use crate::recording::Recording;
use crate::trace::{Style, Trace};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use wireline_store::{Options, Part, Target};
use wireline_wire::{Event, Observer};

/// Everybody who watches, until the run is over.
pub(crate) struct Watch {
    observer: Arc<All>,
    recording: Option<(Part, Arc<Trace<File>>)>,
}

impl Watch {
    /// Opens what the run is written to.
    pub(crate) fn begin(
        messages: &Messages,
        protocol: &'static str,
        mask: &Arc<Mask>,
        meter: &Arc<Meter>,
    ) -> Result<Self, Failure> {
        let style = Style { protocol, exact: messages.exact };
        let record = |path| record(path, style, mask);
        let recording = messages.record.as_deref().map(record).transpose()?;
        let mut all: Vec<Arc<dyn Observer>> = vec![Arc::clone(meter) as _];
        if messages.verbose {
            let kept = Recording::default();
            all.push(Arc::new(Trace::new(io::stderr(), style, Arc::clone(mask), kept)));
        }
        all.extend(recording.iter().map(|(_, record)| Arc::clone(record) as _));
        Ok(Self { observer: Arc::new(All(all)), recording })
    }

    /// For the dialer.
    pub(crate) fn observer(&self) -> Arc<dyn Observer> {
        Arc::clone(&self.observer) as _
    }

    /// The run is over, well or not: the recording gets its name.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Some((part, record)) = self.recording else { return Ok(()) };
        let path = part.path().display().to_string();
        record.finish().map_err(|error| Failure::local(&error).doing(format!("writing {path}")))?;
        part.commit()?;
        Ok(())
    }
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

/// One observer made of several.
struct All(Vec<Arc<dyn Observer>>);

impl Observer for All {
    fn wants_bodies(&self) -> bool {
        self.0.iter().any(|observer| observer.wants_bodies())
    }

    fn observe(&self, connection: u64, event: &Event<'_>) {
        self.0.iter().for_each(|observer| observer.observe(connection, event));
    }
}
