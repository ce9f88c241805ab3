//! `wireline serve`: the fixture servers by themselves, ready for any client.
//! Must not hold: a server (`fixtures/servers`).

mod kinds;

use crate::args::Serve;
use crate::check::{check_only, load, write_file};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::stop::Stop;
use crate::{client, plan, report, values};
use kinds::KINDS;
use serde_json::json;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tempfile::NamedTempFile;
use wireline_transcript::ca::Authority;
use wireline_transcript::{Fixture, FixtureOptions, Report, Transcript};

/// Serves until it is told to stop, or until the client behind `--` has ended.
pub(crate) fn run(args: &Serve) -> Result<(), Failure> {
    if args.timeout.is_some() && args.client.is_empty() {
        let failure = Failure::usage("--timeout ends the client behind --, and there is none");
        return Err(failure.hint("--step-timeout limits each step of a transcript"));
    }
    match args.what.as_slice() {
        [kind] if KINDS.contains(&kind.as_str()) => kinds::run(args, kind),
        files => transcripts(args, files),
    }
}

fn transcripts(args: &Serve, names: &[String]) -> Result<(), Failure> {
    let files = names.iter().map(|name| load_served(name)).collect::<Result<Vec<_>, _>>()?;
    if args.tls || args.root.is_some() || args.over.is_some() || args.login.is_some() {
        return Err(Failure::usage(
            "--tls, --root, --login and --over are for built-in servers; a transcript says S! tls",
        ));
    }
    if files.len() > 1 && args.listen.port() != 0 {
        return Err(Failure::usage("--listen takes port 0 with more than one FILE"));
    }
    check_only(&files, args.playing.only.as_deref())?;
    let (authority, ca) = make_authority()?;
    let options = options(args, authority)?;
    let stop = listen_for_signals(args)?;
    let mut lines = Vec::new();
    let mut fixtures = Vec::new();
    for file in files {
        let (protocol, tls) = (file.protocol().to_string(), file.is_implicit_tls());
        let failed = |error| Failure::local(&error).doing(format!("listening on {}", args.listen));
        let fixture = Fixture::new(file).options(options.clone()).start().map_err(failed)?;
        lines.push(ready_line(&protocol, fixture.addr(), tls, Some(ca.path())));
        fixtures.push(fixture);
    }
    if !args.client.is_empty() {
        return judge_client(args, fixtures, ca.path(), &stop);
    }
    announce(&lines, args.ready_file.as_deref())?;
    stop.wait().map_err(|error| Failure::local(&error).doing("waiting for the end"))?;
    let reports: Vec<_> = fixtures.iter().map(Fixture::report).collect();
    show_failed(&reports);
    report::write(&reports, &args.reports)
}

fn load_served(name: &str) -> Result<Transcript, Failure> {
    let path = Path::new(name);
    if !path.exists() {
        let name = wireline_wire::escape(name.as_bytes());
        let failure = Failure::usage(format!("there is no server \"{name}\" and no such file"));
        return Err(failure.hint(format!("{} and transcripts can be served", KINDS.join(", "))));
    }
    let file = load(path)?;
    match file.is_over() {
        false => Ok(file),
        true => {
            let failure = Failure::usage(format!("{name} overrides a built-in server"));
            Err(failure.hint(format!("wireline serve {} --over {name}", file.protocol())))
        }
    }
}

fn options(args: &Serve, authority: Authority) -> Result<FixtureOptions, Failure> {
    let step = args.step_timeout.map(|limit| plan::seconds("--step-timeout", limit)).transpose()?;
    Ok(FixtureOptions {
        addr: args.listen,
        once: !args.client.is_empty(),
        set: values::set(&args.playing)?,
        secrets: values::secrets(&args.playing)?,
        timeout: step,
        only: args.playing.only.clone(),
        authority: Some(Arc::new(authority)),
    })
}

/// `serve FILE... -- CMD`: the client's code if it is not 0, else what the transcripts say.
fn judge_client(
    args: &Serve,
    fixtures: Vec<Fixture>,
    ca: &Path,
    stop: &Stop,
) -> Result<(), Failure> {
    let addresses: Vec<_> = fixtures.iter().map(Fixture::addr).collect();
    let status = run_client(args, &addresses, Some(ca), stop)?;
    let finish = |fixture: Fixture| fixture.finish().unwrap_or_else(|failed| *failed.report);
    let reports: Vec<_> = fixtures.into_iter().map(finish).collect();
    report::write(&reports, &args.reports)?;
    show_failed(&reports);
    client::verdict(status)?;
    // However it went wrong: the client did not do as the transcript says.
    report::verdict(&reports).map_err(|failure| Failure { exit: Exit::Refused, ..failure })
}

/// Runs the client behind `--` to its end.
fn run_client(
    args: &Serve,
    addresses: &[SocketAddr],
    ca: Option<&Path>,
    stop: &Stop,
) -> Result<client::End, Failure> {
    const CLIENT_SECONDS: f64 = 60.0;
    let limit = plan::seconds("--timeout", args.timeout.unwrap_or(CLIENT_SECONDS))?;
    client::run(&args.client, addresses, ca, limit, stop)
}

fn show_failed(reports: &[Report]) {
    for report in reports.iter().filter(|report| !report.passed()) {
        Output { quiet: false }.report(&report.render(false));
    }
}

fn listen_for_signals(args: &Serve) -> Result<Stop, Failure> {
    Stop::listen(args.until_eof)
        .map_err(|error| Failure::local(&error).doing("listening for signals"))
}

/// An authority for this run, and the file that clients trust it by; the file goes with the run.
fn make_authority() -> Result<(Authority, NamedTempFile), Failure> {
    let make = || {
        let authority = Authority::new("wireline serve")?;
        let mut file = tempfile::Builder::new().prefix("wireline-ca-").suffix(".pem").tempfile()?;
        file.write_all(authority.pem().as_bytes())?;
        Ok((authority, file))
    };
    make().map_err(|error: std::io::Error| {
        Failure::local(&error).doing("making a certificate authority")
    })
}

/// Lines of JSON on standard output, and in a file that is whole when it appears.
fn announce(lines: &[String], file: Option<&Path>) -> Result<(), Failure> {
    let text = lines.join("\n");
    if let Some(path) = file {
        write_file(path, format!("{text}\n").as_bytes())?;
    }
    let written = Output { quiet: false }.line(&text);
    written.map_err(|error| Failure::local(&error).doing("writing the ready line"))
}

fn ready_line(protocol: &str, addr: SocketAddr, tls: bool, ca: Option<&Path>) -> String {
    let ready = json!({
        "proto": protocol,
        "addr": addr.ip().to_string(),
        "port": addr.port(),
        "tls": tls,
        "ca": ca.map(Path::to_string_lossy),
        "pid": std::process::id(),
    });
    ready.to_string()
}

/// Where a server listens unless told otherwise: this machine, a port of the system's choice.
pub(crate) const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
