//! A test with a fixture: the client under test talks to a transcript: `cargo run --example fixture`.
#![allow(clippy::disallowed_methods, reason = "the client under test is anybody's")]

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use wireline_transcript::{Fixture, Transcript};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    the_client_greets()
}

const GREETING: &[u8] = b"@wire 1
@protocol tcp
== a greeting
S: Welcome!
C: {{name:word=Alice}}
S: Hello, {{name}}!
S! close
";

fn the_client_greets() -> Result<(), Box<dyn Error>> {
    let no_files = &mut |_: &str| Err("no files".into());
    let transcript = Transcript::parse(GREETING, "greeting.wire", no_files)?;
    let server = Fixture::new(transcript).start()?;
    assert_eq!(greet(server.addr(), "Bob")?, "Hello, Bob!");
    server.finish()?; // if the client said something else, the error is the difference
    Ok(())
}

/// The client under test.
fn greet(addr: SocketAddr, name: &str) -> io::Result<String> {
    let mut socket = TcpStream::connect(addr)?;
    writeln!(socket, "{name}\r")?;
    let mut heard = String::new();
    socket.read_to_string(&mut heard)?;
    Ok(heard.lines().last().unwrap_or_default().to_owned())
}
