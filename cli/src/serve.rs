//! `wireline serve`: the fixture servers by themselves, ready for any client.
//! Must not hold: a server (`fixtures/servers`).

use crate::args::Serve;
use crate::exit::Failure;
use crate::output::Output;
use crate::stop::Stop;
use serde_json::json;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use tempfile::NamedTempFile;
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::http;
use wireline_store::{Options, Target};

/// Serves until it is told to stop.
pub(crate) fn run(args: &Serve) -> Result<(), Failure> {
    let output = Output { quiet: false };
    let stop = Stop::listen(args.until_eof)
        .map_err(|error| Failure::local(&error).doing("listening for signals"))?;
    let authority = args.tls.then(make_authority).transpose()?;
    let server = match args.kind.as_str() {
        "http" => start_http(args, authority.as_ref().map(|(authority, _)| authority))?,
        other => {
            let failure = Failure::usage(format!(
                "there is no server \"{}\"",
                wireline_wire::escape(other.as_bytes())
            ));
            return Err(failure.hint("http is there"));
        }
    };
    let ready = json!({
        "proto": args.kind,
        "addr": server.addr().ip().to_string(),
        "port": server.addr().port(),
        "tls": args.tls,
        "ca": authority.as_ref().map(|(_, file)| file.path().to_string_lossy()),
        "pid": std::process::id(),
    });
    announce(output, &ready.to_string(), args.ready_file.as_deref())?;
    stop.wait().map_err(|error| Failure::local(&error).doing("waiting for the end"))
}

fn start_http(args: &Serve, authority: Option<&Authority>) -> Result<http::Server, Failure> {
    if let Some(root) = args.root.as_deref().filter(|root| !root.is_dir()) {
        return Err(Failure::usage(format!("--root {} is no folder", root.display())));
    }
    let failed = |error| Failure::local(&error).doing(format!("listening on {}", args.listen));
    let tls = authority.map(|authority| authority.server_config(Certificate::Good)).transpose();
    let options = http::Options {
        addr: args.listen,
        root: args.root.clone(),
        tls: tls.map_err(failed)?,
        ..http::Options::default()
    };
    http::Server::start(options).map_err(failed)
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
fn announce(output: Output, line: &str, file: Option<&Path>) -> Result<(), Failure> {
    if let Some(path) = file {
        let options = Options { overwrite: true, ..Options::default() };
        let mut part = Target::file(path, options)?.open()?;
        part.begin(0, None)?;
        writeln!(part.file(), "{line}")
            .map_err(|error| Failure::local(&error).doing("writing the ready file"))?;
        part.commit()?;
    }
    output.line(line).map_err(|error| Failure::local(&error).doing("writing the ready line"))
}

/// Where a server listens unless told otherwise: this machine, a port of the system's choice.
pub(crate) const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
