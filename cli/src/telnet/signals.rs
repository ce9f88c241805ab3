//! The signals that a terminal's session hears, as bytes to `poll` for.
//! Must not hold: what they do.

use rustix::io::Errno;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::low_level::{self, pipe};
use signal_hook::{SigId, flag};
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// The window has another size.
    Resize,
    /// Stop, to go on later.
    Suspend,
    /// It went on; meanwhile the terminal was somebody else's.
    Resume,
    /// End, by this signal.
    End(i32),
}

const CALLS: [(i32, Call); 7] = [
    (SIGTERM, Call::End(SIGTERM)),
    (SIGHUP, Call::End(SIGHUP)),
    (SIGINT, Call::End(SIGINT)),
    (SIGQUIT, Call::End(SIGQUIT)),
    (SIGTSTP, Call::Suspend),
    (SIGCONT, Call::Resume),
    (SIGWINCH, Call::Resize),
];

/// Hears the signals while it lives.
#[derive(Debug)]
pub(crate) struct Signals {
    wakes: UnixStream,
    came: Vec<(Call, Arc<AtomicBool>)>,
    ids: Vec<SigId>,
}

impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        let (wakes, ours) = UnixStream::pair()?;
        wakes.set_nonblocking(true)?;
        let mut signals = Self { wakes, came: Vec::new(), ids: Vec::new() };
        for (signal, call) in CALLS {
            let came = Arc::new(AtomicBool::new(false));
            // In this order, so that whoever wakes finds it.
            signals.ids.push(flag::register(signal, Arc::clone(&came))?);
            signals.ids.push(pipe::register(signal, ours.try_clone()?)?);
            signals.came.push((call, came));
        }
        Ok(signals)
    }

    /// Where a signal shows as bytes to read.
    pub(crate) const fn wakes(&self) -> &UnixStream {
        &self.wakes
    }

    /// What came since the last time; the end first.
    pub(crate) fn take(&self) -> Vec<Call> {
        while matches!(rustix::io::read(&self.wakes, &mut [0; 64]), Ok(1..) | Err(Errno::INTR)) {}
        let came = self.came.iter().filter(|(_, came)| came.swap(false, Ordering::SeqCst));
        came.map(|(call, _)| *call).collect()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            low_level::unregister(id);
        }
    }
}
