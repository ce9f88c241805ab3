//! Waiting for the end of a server: SIGTERM, SIGINT, the end of standard input.
//! Must not hold: what is served.

use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;

/// Hears the signals from its making on, so that none is lost before the wait begins.
#[derive(Debug)]
pub(crate) struct Stop {
    signals: UnixStream,
    until_eof: bool,
}

impl Stop {
    /// Listens; with `until_eof` also to standard input.
    pub(crate) fn listen(until_eof: bool) -> io::Result<Self> {
        let (signals, ours) = UnixStream::pair()?;
        pipe::register(SIGTERM, ours.try_clone()?)?;
        pipe::register(SIGINT, ours)?;
        Ok(Self { signals, until_eof })
    }

    /// Where a signal shows as bytes to read.
    pub(crate) const fn signals(&self) -> &UnixStream {
        &self.signals
    }

    /// Returns when it is time to stop. Costs nothing meanwhile.
    pub(crate) fn wait(self) -> io::Result<()> {
        loop {
            let stdin = io::stdin();
            let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN)];
            if self.until_eof {
                fds.push(PollFd::new(&stdin, PollFlags::IN));
            }
            match poll(&mut fds, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let ready: Vec<_> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
            let signalled = ready.first().copied().unwrap_or_default();
            let readable = ready.get(1).copied().unwrap_or_default();
            // What comes on standard input is not for us; its end is.
            if signalled || readable && io::stdin().lock().read(&mut [0; 4096])? == 0 {
                return Ok(());
            }
        }
    }
}
