//! `wireline play`: transcripts as tests of a real server.
//! Must not hold: the playing (`fixtures/transcript`).

use crate::args::Play;
use crate::check::{check_only, load};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::{plan, report, values};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use wireline_transcript::{FailureKind, PlayOptions, Report, Transcript, Trust, play};

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
    let tls = plan::tls(&args.trust);
    let trust = Trust::Config(tls.config().map_err(http_failure)?);
    let options = PlayOptions {
        to: args.to.clone(),
        trust,
        set: values::set(&args.playing)?,
        secrets: values::secrets(&args.playing)?,
        timeout: args.timeout.map(|limit| plan::seconds("--timeout", limit)).transpose()?,
        only: args.playing.only.clone(),
    };
    check_only(&files, args.playing.only.as_deref())?;
    let wait = args.wait.map(|limit| plan::seconds("--wait", limit)).transpose()?;
    let end = wait.map(|limit| Instant::now() + limit);
    let reports = play_all(&files, &options, args.jobs, &Patience { retries: args.retry, end });
    let concluded = report::conclude(&reports, &args.reports, output);
    match (concluded, wait) {
        (Err(failure), Some(limit)) if failure.exit == Exit::NotReached => {
            let why = format!("{} took no connection within {} s", args.to, limit.as_secs_f64());
            Err(Failure::new(Exit::TimedOut, why).hint("--wait sets this limit"))
        }
        (concluded, _) => concluded,
    }
}

fn http_failure(error: wireline_wire::Error) -> Failure {
    Failure::from(wireline_http::Error::from(error))
}

/// Each file in turn, or several at a time, each as often as it may be tried.
fn play_all(
    files: &[Transcript],
    options: &PlayOptions,
    jobs: usize,
    patience: &Patience,
) -> Vec<Report> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some((nth, file)) = take(files, &next) {
            let report = patience.play(file, options);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((nth, report));
        }
    };
    thread::scope(|scope| {
        for _ in 1..jobs.clamp(1, files.len().max(1)) {
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

/// How often, and how long, a file is played again.
struct Patience {
    retries: u32,
    /// Until when a server that is not there is waited for.
    end: Option<Instant>,
}

impl Patience {
    fn play(&self, file: &Transcript, options: &PlayOptions) -> Report {
        let mut report = self.wait(file, options);
        for _ in 0..self.retries {
            if report.passed() {
                break;
            }
            report = self.wait(file, options);
        }
        report
    }

    /// A connection is the section's own from the first on: a server of sections counts them.
    fn wait(&self, file: &Transcript, options: &PlayOptions) -> Report {
        const PAUSE: Duration = Duration::from_millis(50);
        loop {
            let report = play(file, options);
            let kind = report.failure().map(|failure| failure.kind);
            let in_time = self.end.is_some_and(|end| Instant::now() < end);
            if kind != Some(FailureKind::Unreachable) || !in_time {
                return report;
            }
            thread::sleep(PAUSE);
        }
    }
}
