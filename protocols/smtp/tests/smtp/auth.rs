//! Logins: RFC 4954's dialogues, mechanisms out of order, secrets that must not show.

use crate::support::{corpus, kind, parsed, play, smtp};
use std::sync::{Arc, Mutex};
use wireline_sasl::{Credentials, Mechanism, Proof};
use wireline_smtp::{Error, Options, Session};
use wireline_transcript::{Fixture, FixtureOptions};
use wireline_wire::{Dialer, Endpoint, Event, Observer};

const NONCE: &[u8] = &[7; 24];

fn password(user: &str) -> Credentials {
    Credentials::new(user, Proof::password("1234")).unwrap()
}

#[test]
fn rfc_4954_cram_md5() {
    play(&corpus("4954-4.1-cram-md5.wire"), |line| {
        assert!(line.begin().login(&password("rjs3"), NONCE).is_ok());
        let refused = line.begin().login(&password("rjs3"), NONCE).unwrap_err();
        assert_eq!(kind(&refused), "535 AUTH");
    });
}

#[test]
fn rfc_4954_external() {
    play(&corpus("4954-4.1-external.wire"), |line| {
        let mut session = line.begin().start_tls("localhost").unwrap();
        let certificate = Credentials::new("", Proof::Certificate).unwrap();
        session.login(&certificate, NONCE).unwrap();
    });
}

#[test]
fn rfc_4954_plain() {
    let credentials = [password("test").acting_as("test").unwrap(), password("test")];
    for (nth, credentials) in credentials.iter().enumerate() {
        let titles = ["the response of the RFC", "with the initial response"];
        let options = FixtureOptions { only: Some(titles[nth].into()), ..Default::default() };
        let fixture = Fixture::new(corpus("4954-4.1-plain.wire")).options(options).start().unwrap();
        crate::support::with(&fixture, |line| {
            let mut session = line.begin().start_tls("localhost").unwrap();
            session.login(credentials, NONCE).unwrap();
        });
        fixture.finish().unwrap();
    }
}

#[test]
fn rfc_7628() {
    play(&corpus("7628-4.1-oauthbearer.wire"), |line| {
        let token = Proof::token("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        let credentials =
            Credentials::new("user@example.com", token).unwrap().at("server.example.com", 587);
        let mut session = line.begin().start_tls("localhost").unwrap();
        session.login(&credentials, NONCE).unwrap();
    });
}

/// A long initial response waits for the challenge (RFC 4954 section 4); XOAUTH2 tells why it refuses.
#[test]
fn long_tokens() {
    let token = "t".repeat(2000);
    let text = "@protocol smtp\nS: 220 hi\nC: EHLO client.test\nS: 250-hi\nS: 250 AUTH XOAUTH2\n\
        C= AUTH XOAUTH2{{CR LF}}\nS: 334{{SP}}\nC: {{*:/[A-Za-z0-9+\\/=]{4,}/=AAAA}}\n\
        S: 334 eyJzdGF0dXMiOiI0MDEifQ==\nC:\nS: 535 5.7.8 no\n";
    play(&parsed(text), |line| {
        let credentials = Credentials::new("a@b", Proof::token(token.as_str())).unwrap();
        match line.begin().login(&credentials, NONCE) {
            Err(Error::LoginRefused { reply, told }) => {
                assert_eq!(reply.code().number(), 535);
                assert_eq!(told, "{\"status\":\"401\"}");
            }
            other => panic!("{other:?}"),
        }
    });
}

/// Codes that mean different things stay apart (RFC 4954 section 6); only a mechanism that the
/// server does not do after all gives way to the next. hostile.md rows 151, 153.
#[test]
fn refusals() {
    let rows = [
        ("C: AUTH CRAM-MD5\nS: 535 5.7.8 no\n", "535 AUTH"),
        ("C: AUTH CRAM-MD5\nS: 530 5.7.0 first STARTTLS\n", "530 AUTH"),
        ("C: AUTH CRAM-MD5\nS: 538 5.7.11 first STARTTLS\n", "538 AUTH"),
        ("C: AUTH CRAM-MD5\nS: 454 4.7.0 not now\n", "454 AUTH"),
        ("C: AUTH CRAM-MD5\nS: 421 going\n", "421 AUTH"),
        ("C: AUTH CRAM-MD5\nS: 504 what\nC: AUTH PLAIN {{auth.plain}}\nS: 235 ok\n", "ok"),
        (
            "C: AUTH CRAM-MD5\nS: 534 weak\nC: AUTH PLAIN {{auth.plain}}\nS: 534 weak\nC: AUTH LOGIN\n\
          S: 334 VXNlcm5hbWU6\nC: {{user|b64}}\nS: 334 UGFzc3dvcmQ6\nC: {{pass|b64}}\nS: 235 ok\n",
            "ok",
        ),
        (
            "C: AUTH CRAM-MD5\nS: 504 a\nC: AUTH PLAIN {{auth.plain}}\nS: 504 b\nC: AUTH LOGIN\nS: 504 c\n",
            "504 AUTH",
        ),
        // hostile.md row 152: prompts out of order, and what is no base64, is cancelled.
        ("C: AUTH CRAM-MD5\nS: 235 already\n", "unsafe AUTH"),
        ("C: AUTH CRAM-MD5\nS: 334 !!\nC= *{{CR LF}}\nS: 501 cancelled\n", "violation AUTH"),
        ("C: AUTH CRAM-MD5\nS: 334 =AAA\nC= *{{CR LF}}\nS: 501 cancelled\n", "violation AUTH"),
        (
            "C: AUTH CRAM-MD5\nS: 334 PDFAYj4=\nC: {{*=x}}\nS: 334 PDJAYj4=\nC= *{{CR LF}}\nS: 501 gone\n",
            "violation AUTH",
        ),
        (
            "C: AUTH CRAM-MD5\nS: 504 a\nC: AUTH PLAIN {{auth.plain}}\nS: 334 bW9yZQ==\nC= *{{CR LF}}\nS: 501 b\n",
            "violation AUTH",
        ),
    ];
    for (dialogue, wanted) in rows {
        let text = format!(
            "@protocol smtp\n@set user=tim\n@set pass=1234\nS: 220 hi\nC: EHLO client.test\nS: 250-hi\n\
             S: 250 AUTH LOGIN PLAIN CRAM-MD5\n{dialogue}"
        );
        play(&parsed(&text), |line| {
            let answered = line.begin().login(&password("tim"), NONCE);
            let came = answered.map_or_else(|error| kind(&error), |_| "ok".to_owned());
            assert_eq!(came, wanted, "{dialogue}");
        });
    }
}

/// hostile.md row 85, 86: SCRAM has to be proven, and no server asks for ever.
#[test]
fn unproven() {
    let rows = [
        ("SCRAM-SHA-256", "S: 235 come in\n", "unsafe AUTH"),
        // r=...,s=...,i=1: fewer rounds than RFC 7677 allows.
        ("SCRAM-SHA-256", "S: 334 cj14LHM9eHg9LGk9MQ==\nC: *\nS: 501 ok\n", "violation AUTH"),
        (
            "LOGIN",
            "S: 334 QQ==\nC: {{*=x}}\nS: 334 QQ==\nC: {{*=x}}\nS: 334 QQ==\nC: *\nS: 501 ok\n",
            "violation AUTH",
        ),
    ];
    for (mechanism, dialogue, wanted) in rows {
        let text = format!(
            "@protocol smtp\nS: 220 hi\nC: EHLO client.test\nS: 250-hi\nS: 250 AUTH {mechanism}\n\
             C: AUTH {mechanism}{{{{*=}}}}\n{dialogue}"
        );
        play(&parsed(&text), |line| {
            let refused = line.begin().login(&password("tim"), NONCE).unwrap_err();
            assert_eq!(kind(&refused), wanted, "{dialogue}");
        });
    }
}

/// hostile.md row 124: what is not offered is not said.
#[test]
fn not_offered() {
    let text =
        "@protocol smtp\nS: 220 hi\nC: EHLO client.test\nS: 250-hi\nS: 250 AUTH GSSAPI\nC! close\n";
    play(&parsed(text), |line| {
        let mut session = line.begin();
        assert_eq!(kind(&session.login(&password("tim"), NONCE).unwrap_err()), "unsupported");
        let refused = session.auth(Mechanism::Plain, &password("tim"), NONCE).unwrap_err();
        assert_eq!(refused.to_string(), "the server does not offer AUTH PLAIN");
        assert!(!session.is_over());
    });
}

#[derive(Default)]
struct Seen(Mutex<String>);

impl Observer for Seen {
    fn observe(&self, _: u64, event: &Event<'_>) {
        self.0.lock().unwrap().push_str(&format!("{event:?}\n"));
    }
}

/// hostile.md row 150: an observer learns holes, not secrets.
#[test]
fn nothing_shows() {
    let rows = [
        ("PLAIN", "C: AUTH PLAIN {{auth.plain}}\n", "AUTH PLAIN {{auth.plain}}"),
        (
            "LOGIN",
            "C: AUTH LOGIN\nS: 334 QQ==\nC: {{user|b64}}\nS: 334 QQ==\nC: {{pass|b64}}\n",
            "{{pass|b64}}",
        ),
        ("CRAM-MD5", "C: AUTH CRAM-MD5\nS: 334 PDFAYj4=\nC: {{auth.cram}}\n", "{{auth.cram}}"),
    ];
    for (mechanism, dialogue, wanted) in rows {
        let text = format!(
            "@protocol smtp\n@set user=tim\n@set pass=1234\nS: 220 hi\nC: EHLO client.test\nS: 250-hi\n\
             S: 250 AUTH {mechanism}\n{dialogue}S: 235 ok\n"
        );
        let fixture = Fixture::new(parsed(&text)).start().unwrap();
        let seen = Arc::new(Seen::default());
        let mut dialer = Dialer::default();
        dialer.observer = Some(seen.clone());
        let endpoint = Endpoint::new("127.0.0.1", fixture.addr().port()).unwrap();
        let mut session = Session::begin(dialer.dial(&endpoint).unwrap(), smtp()).unwrap();
        let credentials = password("tim");
        session.login(&credentials, NONCE).unwrap();
        let text = format!("{}{session:?}{credentials:?}", seen.0.lock().unwrap());
        assert!(text.contains(wanted), "{text}");
        for secret in ["1234", "MTIzNA", "dGltAD", "AHRpbQAxMjM0"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

/// This machine's address on a network, if it has one. Nothing is sent to find it.
fn own_address() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    socket.connect(("192.0.2.1", 9)).ok()?;
    socket.local_addr().ok().map(|own| own.ip()).filter(|ip| !ip.is_loopback())
}

/// hostile.md row 151: beyond loopback a password needs TLS or leave; what does not reveal it needs
/// neither.
#[test]
fn in_clear() {
    let Some(own) = own_address() else { return };
    let rows = [
        (Mechanism::Plain, false, "C! close\n", "unsafe AUTH"),
        (Mechanism::Login, false, "C! close\n", "unsafe AUTH"),
        (Mechanism::CramMd5, false, "C: AUTH CRAM-MD5\nS: 535 no\n", "535 AUTH"),
        (Mechanism::Plain, true, "C: AUTH PLAIN {{*=x}}\nS: 535 no\n", "535 AUTH"),
    ];
    for (mechanism, clear_login, dialogue, wanted) in rows {
        let text = format!(
            "@protocol smtp\nS: 220 hi\nC: EHLO client.test\nS: 250-hi\n\
             S: 250 AUTH LOGIN PLAIN CRAM-MD5\n{dialogue}"
        );
        let options = FixtureOptions { addr: (own, 0).into(), ..Default::default() };
        let fixture = Fixture::new(parsed(&text)).options(options).start().unwrap();
        crate::support::with(&fixture, |line| {
            let mut session = line.begin_with(Options { clear_login, ..smtp() });
            let refused = session.auth(mechanism, &password("tim"), NONCE).unwrap_err();
            assert_eq!(kind(&refused), wanted);
        });
        fixture.finish().unwrap();
    }
}
