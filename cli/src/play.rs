//! `wireline play`: transcripts as tests of a real server.
//! Must not hold: the playing (`fixtures/transcript`).

use crate::args::Play;
use crate::check::load;
use crate::exit::Failure;
use crate::output::Output;
use crate::{plan, report, values};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use wireline_transcript::{PlayOptions, Report, Transcript, Trust, play};
use wireline_wire::TlsSettings;

/// `wireline play FILE... --to HOST:PORT`
pub(crate) fn run(args: &Play) -> Result<(), Failure> {
    let output = Output { quiet: args.quiet };
    if args
        .to
        .rsplit_once(':')
        .is_none_or(|(host, port)| host.is_empty() || port.parse::<u16>().is_err())
    {
        return Err(Failure::usage("--to takes HOST:PORT"));
    }
    let files = args.files.iter().map(|path| load(path)).collect::<Result<Vec<_>, _>>()?;
    let tls = TlsSettings::from(plan::trust_of(&args.trust));
    let trust = Trust::Config(tls.config().map_err(http_failure)?);
    let options = PlayOptions {
        to: args.to.clone(),
        trust,
        set: values::set(&args.playing)?,
        secrets: values::secrets(&args.playing)?,
        timeout: args.playing.timeout.map(|limit| plan::seconds("--timeout", limit)).transpose()?,
        only: args.playing.only.clone(),
    };
    if let Some(limit) = args.wait {
        wait_for(&args.to, plan::seconds("--wait", limit)?)?;
    }
    let reports = play_all(&files, &options, args);
    report::conclude(&reports, &args.reports, output)
}

fn http_failure(error: wireline_wire::Error) -> Failure {
    Failure::from(wireline_http::Error::from(error))
}

/// Each file in turn, or several at a time, each as often as it may be tried.
fn play_all(files: &[Transcript], options: &PlayOptions, args: &Play) -> Vec<Report> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some((nth, file)) = take(files, &next) {
            let report = play_one(file, options, args.retry);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((nth, report));
        }
    };
    thread::scope(|scope| {
        for _ in 1..args.jobs.clamp(1, files.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(nth, _)| *nth);
    done.into_iter().map(|(_, report)| report).collect()
}

fn take<'a>(files: &'a [Transcript], next: &AtomicUsize) -> Option<(usize, &'a Transcript)> {
    let nth = next.fetch_add(1, Ordering::Relaxed);
    files.get(nth).map(|file| (nth, file))
}

fn play_one(file: &Transcript, options: &PlayOptions, retries: u32) -> Report {
    let mut report = play(file, options);
    for _ in 0..retries {
        if report.passed() {
            break;
        }
        report = play(file, options);
    }
    report
}

/// Waits until the server takes connections.
#[expect(
    clippy::disallowed_methods,
    reason = "a probe that says nothing; the playing has its own deadlines"
)]
fn wait_for(to: &str, limit: Duration) -> Result<(), Failure> {
    const PAUSE: Duration = Duration::from_millis(50);
    let end = Instant::now() + limit;
    loop {
        let addresses = to.to_socket_addrs().map(Iterator::collect::<Vec<_>>).unwrap_or_default();
        if addresses.iter().any(|address| TcpStream::connect_timeout(address, limit).is_ok()) {
            return Ok(());
        }
        if Instant::now() >= end {
            let why = format!("{to} took no connection within {} s", limit.as_secs_f64());
            return Err(Failure::new(crate::exit::Exit::TimedOut, why));
        }
        thread::sleep(PAUSE);
    }
}
