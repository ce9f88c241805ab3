//! `wireline serve`: the fixture servers by themselves, ready for any client.
//! Must not hold: a server (`fixtures/servers`).

use crate::args::Serve;
use crate::check::{check_only, load, write_file};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::stop::Stop;
use crate::{client, plan, report, values};
use serde_json::json;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tempfile::NamedTempFile;
use wireline_servers::http;
use wireline_transcript::ca::{Authority, Certificate};
use wireline_transcript::{Fixture, FixtureOptions, Overrides};

/// Serves until it is told to stop, or until the client behind `--` has ended.
pub(crate) fn run(args: &Serve) -> Result<(), Failure> {
    match args.what.as_str() {
        "http" if args.client.is_empty() => built_in(args),
        "http" => Err(Failure::usage(
            "a client behind -- is judged by a transcript, not by a built-in server",
        )),
        file if Path::new(file).exists() => transcript(args, Path::new(file)),
        other => {
            let other = wireline_wire::escape(other.as_bytes());
            let failure =
                Failure::usage(format!("there is no server \"{other}\" and no such file"));
            Err(failure.hint("http is there, and transcripts"))
        }
    }
}

fn built_in(args: &Serve) -> Result<(), Failure> {
    let stop = listen_for_signals(args)?;
    let authority = args.tls.then(make_authority).transpose()?;
    let over = args.over.as_deref().map(overrides).transpose()?;
    let server =
        start_http(args, authority.as_ref().map(|(authority, _)| authority), over.as_ref())?;
    let ca = authority.as_ref().map(|(_, file)| file.path());
    announce(&args.what, server.addr(), args.tls, ca, args.ready_file.as_deref())?;
    stop.wait().map_err(|error| Failure::local(&error).doing("waiting for the end"))?;
    for (title, left) in over.iter().flat_map(|over| over.unused()) {
        Output { quiet: false }
            .note(&format!("the override \"{title}\" had {left} more to answer"));
    }
    Ok(())
}

fn overrides(path: &Path) -> Result<Arc<Overrides>, Failure> {
    let found = load(path)?.overrides().map(Arc::new);
    found.ok_or_else(|| {
        let failure = Failure::usage(format!("{} holds no overrides", path.display()));
        failure.hint("its first line is then @over http")
    })
}

fn transcript(args: &Serve, path: &Path) -> Result<(), Failure> {
    let file = load(path)?;
    if file.is_over() {
        let failure = Failure::usage(format!("{} overrides a built-in server", path.display()));
        return Err(failure.hint(format!("wireline serve http --over {}", path.display())));
    }
    if args.tls || args.root.is_some() || args.over.is_some() {
        return Err(Failure::usage(
            "--tls, --root and --over are for built-in servers; a transcript says S! tls",
        ));
    }
    check_only(std::slice::from_ref(&file), args.playing.only.as_deref())?;
    let (protocol, tls) = (file.protocol().to_string(), file.is_implicit_tls());
    let (authority, ca) = make_authority()?;
    let timeout =
        args.playing.timeout.map(|limit| plan::seconds("--timeout", limit)).transpose()?;
    let options = FixtureOptions {
        addr: args.listen,
        once: !args.client.is_empty(),
        set: values::set(&args.playing)?,
        secrets: values::secrets(&args.playing)?,
        timeout,
        only: args.playing.only.clone(),
        authority: Some(Arc::new(authority)),
    };
    let stop = listen_for_signals(args)?;
    let failed = |error| Failure::local(&error).doing(format!("listening on {}", args.listen));
    let fixture = Fixture::new(file).options(options).start().map_err(failed)?;
    if !args.client.is_empty() {
        return judge_client(args, fixture, ca.path(), &stop);
    }
    announce(&protocol, fixture.addr(), tls, Some(ca.path()), args.ready_file.as_deref())?;
    stop.wait().map_err(|error| Failure::local(&error).doing("waiting for the end"))?;
    let report = fixture.report();
    if !report.passed() {
        Output { quiet: false }.report(&report.render(false));
    }
    report::write(&[report], &args.reports)
}

/// `serve FILE -- CMD`: the client's code if it is not 0, else what the transcript says.
fn judge_client(args: &Serve, fixture: Fixture, ca: &Path, stop: &Stop) -> Result<(), Failure> {
    let limit = plan::seconds("--client-timeout", args.client_timeout)?;
    let status = client::run(&args.client, fixture.addr(), ca, limit, stop)?;
    let report = fixture.finish().unwrap_or_else(|failed| *failed.report);
    report::write(std::slice::from_ref(&report), &args.reports)?;
    if !report.passed() {
        Output { quiet: false }.report(&report.render(false));
    }
    client::verdict(status)?;
    // However it went wrong: the client did not do as the transcript says.
    report::verdict(&[report]).map_err(|failure| Failure { exit: Exit::Refused, ..failure })
}

fn listen_for_signals(args: &Serve) -> Result<Stop, Failure> {
    Stop::listen(args.until_eof)
        .map_err(|error| Failure::local(&error).doing("listening for signals"))
}

fn start_http(
    args: &Serve,
    authority: Option<&Authority>,
    over: Option<&Arc<Overrides>>,
) -> Result<http::Server, Failure> {
    if let Some(root) = args.root.as_deref().filter(|root| !root.is_dir()) {
        return Err(Failure::usage(format!("--root {} is no folder", root.display())));
    }
    let failed = |error| Failure::local(&error).doing(format!("listening on {}", args.listen));
    let tls = authority.map(|authority| authority.server_config(Certificate::Good)).transpose();
    let options = http::Options {
        addr: args.listen,
        root: args.root.clone(),
        tls: tls.map_err(failed)?,
        over: over.cloned(),
        ..http::Options::default()
    };
    http::Server::start(options).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput => Failure::usage(error.to_string()),
        _ => failed(error),
    })
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

/// One line of JSON on standard output, and in a file that is whole when it appears.
fn announce(
    protocol: &str,
    addr: SocketAddr,
    tls: bool,
    ca: Option<&Path>,
    file: Option<&Path>,
) -> Result<(), Failure> {
    let ready = json!({
        "proto": protocol,
        "addr": addr.ip().to_string(),
        "port": addr.port(),
        "tls": tls,
        "ca": ca.map(Path::to_string_lossy),
        "pid": std::process::id(),
    });
    if let Some(path) = file {
        write_file(path, format!("{ready}\n").as_bytes())?;
    }
    let written = Output { quiet: false }.line(&ready.to_string());
    written.map_err(|error| Failure::local(&error).doing("writing the ready line"))
}

/// Where a server listens unless told otherwise: this machine, a port of the system's choice.
pub(crate) const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
