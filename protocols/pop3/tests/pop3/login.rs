//! Logins: what goes in which line, what is hidden, and what a server may not do.

use crate::support::{PATHS, Server, dial, password, script, user};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wireline_pop3::{Error, Limits, Reply, Retry, Session};
use wireline_sasl::{Credentials, Exchange, Mechanism, Proof};
use wireline_transcript::FixtureOptions;
use wireline_wire::{Dialer, Event, Observer};

type Make = fn() -> Exchange;

fn exchange(mechanism: Mechanism, proof: Proof) -> Exchange {
    let credentials = Credentials::new("mrose", proof).unwrap().at("localhost", 110);
    Exchange::new(mechanism, &credentials, &[7; 24]).unwrap()
}

fn with_password(mechanism: Mechanism) -> Exchange {
    exchange(mechanism, Proof::password("tanstaaf"))
}

fn xoauth2() -> Exchange {
    exchange(Mechanism::XOAuth2, Proof::token("ya29"))
}

/// Plays AUTH after a CAPA that offers SASL; `lines` are the rest.
fn auth(lines: &str, exchange: Make) -> Vec<Result<Reply, Error>> {
    let capa = "S: +OK hi\nC: CAPA\nS: +OK\nS: SASL PLAIN LOGIN XOAUTH2\nS: .\n";
    PATHS
        .into_iter()
        .map(|split| {
            let server = Server::start(script(&format!("{capa}{lines}")), split);
            let mut session = server.session();
            session.capa().unwrap();
            let result = session.auth(exchange());
            drop(session);
            server.finish(lines);
            result
        })
        .collect()
}

#[test]
fn mechanisms_on_the_wire() {
    let rows: [(&str, Make); 3] = [
        ("C: AUTH PLAIN {{auth.plain}}\nS: +OK\n", || with_password(Mechanism::Plain)),
        (
            "C: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: {{user|b64}}\nS: + UGFzc3dvcmQ6\n\
             C: {{pass|b64}}\nS: +OK\n",
            || with_password(Mechanism::Login),
        ),
        ("C: AUTH XOAUTH2 {{*:word=x}}\nS: +OK\n", xoauth2),
    ];
    for (lines, exchange) in rows {
        for result in auth(lines, exchange) {
            assert!(result.is_ok(), "{lines}{result:?}");
        }
    }
}

/// The server's reasons come before its refusal, and both are told.
#[test]
fn a_token_is_refused() {
    let lines = "C: AUTH XOAUTH2 {{*:word=x}}\nS: + eyJzdGF0dXMiOiI0MDAifQ==\nC:\n\
                 S: -ERR [AUTH] invalid\n";
    for result in auth(lines, xoauth2) {
        let error = result.unwrap_err();
        assert_eq!(error.retry(), Retry::Never);
        let words = "AUTH: the server said -ERR [AUTH] invalid ({\"status\":\"400\"})";
        assert_eq!(error.to_string(), words);
    }
}

/// hostile.md row 152 and RFC 5034 section 4: nonsense is answered with `*`, and then another login
/// may be tried.
#[test]
fn nonsense_is_cancelled() {
    let rows: [(&str, Make); 3] = [
        ("C: AUTH CRAM-MD5\nS: + not base64\nC: *\nS: -ERR\n", || {
            with_password(Mechanism::CramMd5)
        }),
        ("C: AUTH PLAIN {{auth.plain}}\nS: + bW9yZQ==\nC: *\nS: -ERR\n", || {
            with_password(Mechanism::Plain)
        }),
        (
            "C: AUTH SCRAM-SHA-256 {{*:word=x}}\nS: + cj1zaG9ydCxzPUFBQUEsaT00MDk2\nC: *\nS: -ERR\n",
            || with_password(Mechanism::ScramSha256),
        ),
    ];
    for (lines, exchange) in rows {
        for result in auth(lines, exchange) {
            assert!(
                matches!(result, Err(Error::Violation { doing: "AUTH", .. })),
                "{lines}{result:?}"
            );
        }
    }
}

/// A prompt where an empty challenge was due; a success before anything was told, or without
/// SCRAM's proof: whoever that is, nothing more is said to it.
#[test]
fn a_server_that_skips_steps() {
    let rows: [(&str, Make, bool); 3] = [
        ("C: AUTH PLAIN\nS: + cHJvbXB0\nC: *\nS: -ERR\n", || with_password(Mechanism::Plain), true),
        ("C: AUTH PLAIN\nS: +OK\n", || with_password(Mechanism::Plain), false),
        ("C: AUTH SCRAM-SHA-1\nS: +OK\n", || with_password(Mechanism::ScramSha1), false),
    ];
    for (lines, exchange, usable) in rows {
        let more = if usable { "C: NOOP\nS: +OK\n" } else { "" };
        let server = Server::start(script(&format!("S: +OK hi\n{lines}{more}")), None);
        let mut session = server.session();
        let result = session.auth(exchange());
        assert!(matches!(result, Err(Error::Violation { doing: "AUTH", .. })), "{lines}{result:?}");
        assert_eq!(session.noop().is_ok(), usable, "{lines}");
        drop(session);
        server.finish(lines);
    }
}

#[test]
fn challenges_have_an_end() {
    let limits = Limits { challenges: 3, ..Limits::default() };
    let lines = "S: +OK hi\nC: AUTH LOGIN\nS: + VQ==\nC: {{*:word=x}}\nS: + VQ==\nC: {{*:word=x}}\n\
                 S: + VQ==\nC: *\nS: + VQ==\n";
    let server = Server::start(script(lines), None);
    let mut session = server.start_session(limits).unwrap();
    let result = session.auth(with_password(Mechanism::Login));
    assert!(matches!(result, Err(Error::Violation { .. })), "{result:?}");
    assert!(matches!(session.noop(), Err(Error::Input(_))));
}

/// APOP is for those who ask, of a server that can.
#[test]
fn no_apop_without_a_timestamp() {
    for greeting in ["+OK hi", "+OK <1896.697170952>", "+OK <1@a> <2@b>"] {
        let server = Server::start(script(&format!("S: {greeting}\n")), None);
        let mut session = server.session();
        let result = session.apop(&user("mrose"), &password("tanstaaf"));
        assert!(matches!(result, Err(Error::Unsupported { .. })), "{greeting}: {result:?}");
        drop(session);
        server.finish(greeting);
    }
}

/// The pause is the one that CAPA announced.
#[test]
fn too_soon() {
    let lines = "S: +OK hi\nC: CAPA\nS: +OK\nS: LOGIN-DELAY 900\nS: .\nC: USER mrose\nS: +OK\n\
                 C: PASS {{pass}}\nS: -ERR [LOGIN-DELAY] too soon\n";
    let server = Server::start(script(lines), None);
    let mut session = server.session();
    session.capa().unwrap();
    let refused = session.user_pass(&user("mrose"), &password("tanstaaf")).unwrap_err();
    assert_eq!(refused.retry(), Retry::After(Duration::from_secs(900)));
    server.finish("LOGIN-DELAY");
}

/// With PIPELINING the reply to PASS is read even if USER was refused.
#[test]
fn a_name_refused_in_one_flight() {
    let lines = "S: +OK hi\nC: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: USER mrose\nC: PASS {{pass}}\n\
                 S: -ERR who?\nS: -ERR USER first\nC: NOOP\nS: +OK\n";
    let server = Server::start(script(lines), None);
    let mut session = server.session();
    session.capa().unwrap();
    let refused = session.user_pass(&user("mrose"), &password("tanstaaf"));
    assert!(matches!(refused, Err(Error::Refused { doing: "USER", .. })), "{refused:?}");
    session.noop().unwrap();
    server.finish("USER refused");
}

#[derive(Default)]
struct Said(Mutex<String>);

impl Observer for Said {
    fn observe(&self, _: u64, event: &Event<'_>) {
        if let Event::Said(saying) = event {
            self.0.lock().unwrap().push_str(&format!("{saying:?}\n"));
        }
    }
}

/// Nobody who watches sees a secret; what can be computed again has its own hole.
#[test]
fn secrets_are_holes() {
    let lines = "S: +OK <1@a>\nC: APOP mrose {{auth.apop}}\nS: -ERR\nC: USER mrose\nS: +OK\n\
                 C: PASS {{pass}}\nS: -ERR\nC: AUTH LOGIN\nS: + VQ==\nC: {{user|b64}}\nS: + UA==\n\
                 C: {{pass|b64}}\nS: -ERR\nC: AUTH CRAM-MD5\nS: + PDFAYT4=\nC: {{auth.cram}}\n\
                 S: -ERR\nC: AUTH XOAUTH2\nS: +{{SP}}\nC: {{*:word=x}}\nS: -ERR\n";
    let server = Server::start(script(lines), None);
    let said = Arc::new(Said::default());
    let mut dialer = Dialer::default();
    dialer.observer = Some(Arc::<Said>::clone(&said));
    let mut session = Session::start(dial(&dialer, server.addr()), Limits::default()).unwrap();
    let (user, pass) = (user("mrose"), password("tanstaaf"));
    assert!(session.apop(&user, &pass).is_err());
    assert!(session.user_pass(&user, &pass).is_err());
    for exchange in [with_password(Mechanism::Login), with_password(Mechanism::CramMd5), xoauth2()]
    {
        assert!(matches!(session.auth(exchange), Err(Error::Refused { .. })));
    }
    drop(session);
    server.finish("secrets");
    let said = said.0.lock().unwrap();
    let holes = ["auth.apop", "pass", "user|b64", "pass|b64", "auth.cram", "*=hidden"];
    for hole in holes {
        assert!(said.contains(&format!("{{{{{hole}}}}}")), "{hole} in {said}");
    }
    for secret in ["tanstaaf", "dGFuc3RhYWY", "ya29", "bXJvc2U"] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}

/// The contract: a password goes out in clear to this machine only, unless the user said so.
/// Challenges that hide it may go anywhere.
#[test]
fn no_password_in_clear() {
    let Some(ip) = own_address() else {
        return eprintln!("skipped: this machine has no address but loopback");
    };
    let lines = "S: +OK hi\nC: AUTH CRAM-MD5\nS: + PDFAYT4=\nC: {{auth.cram}}\nS: -ERR\n\
                 C: USER mrose\nS: +OK\nC: PASS {{pass}}\nS: +OK\n";
    let options = FixtureOptions { addr: SocketAddr::new(ip, 0), ..FixtureOptions::default() };
    let server = Server::start(script(lines).options(options), None);
    let mut session = server.session();
    let (user, pass) = (user("mrose"), password("tanstaaf"));
    let unsafe_ones = [
        session.user_pass(&user, &pass),
        session.auth(with_password(Mechanism::Plain)),
        session.auth(with_password(Mechanism::Login)),
        session.auth(xoauth2()),
    ];
    for result in unsafe_ones {
        assert!(matches!(result, Err(Error::Unsafe { .. })), "{result:?}");
    }
    let cram = session.auth(with_password(Mechanism::CramMd5));
    assert!(matches!(cram, Err(Error::Refused { .. })), "{cram:?}");
    session.with_clear_login(true).user_pass(&user, &pass).unwrap();
    server.finish("in clear");
}

/// An address of this machine that is not loopback, if it has one. Nothing is sent to find it.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}
