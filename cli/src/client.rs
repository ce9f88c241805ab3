//! The client under test: `serve FILE -- CMD`, the only child process there is.
//! Must not hold: the judging of what it says.

use crate::exit::{Exit, Failure};
use crate::stop::Stop;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::SIGCHLD;
use signal_hook::low_level::pipe;
use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// How the client ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// By itself.
    Itself(ExitStatus),
    /// It outlived the limit, and was killed with all that it had started.
    Late,
    /// We were told to stop, and it with us.
    Stopped,
}

/// Runs the client to its end, in a process group of its own.
pub(crate) fn run(
    words: &[OsString],
    servers: &[SocketAddr],
    authority: Option<&Path>,
    limit: Duration,
    stop: &Stop,
) -> Result<End, Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::usage("no client behind --"));
    };
    let doing = || format!("running {}", program.display());
    let failed = |error: io::Error| Failure::local(&error).doing(doing());
    // Before the child, so that its end cannot be missed.
    let (ended, ours) = UnixStream::pair().map_err(failed)?;
    pipe::register(SIGCHLD, ours).map_err(failed)?;
    ended.set_nonblocking(true).map_err(failed)?;
    let mut child = Command::new(program)
        .args(arguments)
        .envs(environment(servers))
        .envs(authority.map(|path| ("WIRELINE_CA", path)))
        .process_group(0)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::usage("there is no such program").doing(doing()),
            _ => Failure::local(&error).doing(doing()),
        })?;
    wait(&mut child, &ended, limit, stop).map_err(failed)
}

/// Where the servers are: `WIRELINE_ADDR` and `WIRELINE_PORT`, of the second `WIRELINE_ADDR_2` and
/// `WIRELINE_PORT_2`.
fn environment(servers: &[SocketAddr]) -> Vec<(String, String)> {
    let named = servers.iter().enumerate().flat_map(|(nth, server)| {
        let suffix = if nth == 0 { String::new() } else { format!("_{}", nth + 1) };
        [
            (format!("WIRELINE_ADDR{suffix}"), server.to_string()),
            (format!("WIRELINE_PORT{suffix}"), server.port().to_string()),
        ]
    });
    named.collect()
}

fn wait(child: &mut Child, ended: &UnixStream, limit: Duration, stop: &Stop) -> io::Result<End> {
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Itself(status));
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            kill(child)?;
            return Ok(End::Late);
        }
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        let mut fds =
            [PollFd::new(ended, PollFlags::IN), PollFd::new(stop.signals(), PollFlags::IN)];
        match poll(&mut fds, Some(&left)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if fds.last().is_some_and(|signals| !signals.revents().is_empty()) {
            kill(child)?;
            return Ok(End::Stopped);
        }
        // What is in the pipe only says that it is time to look.
        io::Read::read(&mut &*ended, &mut [0; 64]).ok();
    }
}

/// Ends the client and everything it has started.
fn kill(child: &mut Child) -> io::Result<()> {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
    }
    child.wait().map(drop)
}

/// The client's own failure comes first, as its code; one that was killed by a signal is 128+n.
pub(crate) fn verdict(end: End) -> Result<(), Failure> {
    use std::os::unix::process::ExitStatusExt;
    let status = match end {
        End::Itself(status) => status,
        End::Late => {
            let failure = Failure::new(Exit::TimedOut, "the client did not end in time");
            return Err(failure.hint("--timeout sets this limit"));
        }
        End::Stopped => {
            return Err(Failure::new(Exit::Refused, "stopped before the client had ended"));
        }
    };
    let signal = status.signal().map(|signal| 128 + signal);
    match status.code().or(signal).unwrap_or(1) {
        0 => Ok(()),
        code => {
            let code = u8::try_from(code).unwrap_or(1);
            Err(Failure::new(Exit::Client(code), format!("the client ended with {code}")))
        }
    }
}
