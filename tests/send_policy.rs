//! `wireline send`: in clear, or not. hostile.md rows 91 to 96, 124 to 129, 135, 136, 151, and "In
//! clear, or not".

use crate::mail_support::{
    DELIVERY, LEAVE, hello, judged, mail_server, no_canary, opening, send, smtp, the_message,
    transcript,
};
use crate::support::{Folder, Ran, own_address};
use std::net::SocketAddr;
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::{Mechanism, smtp::Extensions};
use wireline_transcript::Fixture;

const STARTTLS: &str = "C: STARTTLS\nS: 220 go ahead\n";

fn dialogue(text: &str) -> (Fixture, Folder) {
    let fixture = transcript(&format!("@set user=alice\n@secret pass\n== tls\n{text}"));
    let fixture = fixture.secret("pass", "c4nary").start().unwrap();
    let folder = Folder::new();
    folder.write("ca.pem", fixture.ca_pem());
    (fixture, folder)
}

/// With TLS demanded and a login in hand.
fn send_tls(fixture: &Fixture, folder: &Folder, more: &[&str]) -> Ran {
    let words = ["--tls", "--cacert", "ca.pem", "-u", "alice"];
    send(folder, &smtp(fixture.addr()), &[&words[..], more].concat())
}

/// RFC 3207 section 4.2: after the handshake EHLO is said again, and what was offered in clear is
/// forgotten. hostile.md rows 129 and 135.
#[test]
fn starttls_begins_anew() {
    let auth = "C: AUTH PLAIN {{auth.plain}}\nS: 235 ok\n";
    let rows = [
        ("as it should be", hello(&["STARTTLS"]), hello(&["AUTH PLAIN", "PIPELINING"]), auth),
        (
            "row 129: AUTH in clear only",
            hello(&["STARTTLS", "AUTH CRAM-MD5"]),
            hello(&["AUTH PLAIN"]),
            auth,
        ),
        ("STARTTLS again", hello(&["STARTTLS"]), hello(&["STARTTLS", "AUTH PLAIN"]), auth),
        ("lower case", hello(&["starttls"]), hello(&["auth plain"]), auth),
    ];
    for (label, before, after, auth) in rows {
        let text = format!("S: 220 mx\n{before}{STARTTLS}S! tls\n{after}{auth}{DELIVERY}");
        let (fixture, folder) = dialogue(&text);
        let ran = send_tls(&fixture, &folder, &["--json"]);
        assert_eq!(ran.code, Some(0), "{label}: {ran:?}");
        assert!(ran.text().contains("\"tls\":\"TLSv1."), "{ran:?}");
        judged(label, fixture, &ran);
    }
    // What was offered in clear is not there afterwards.
    let text = format!(
        "S: 220 mx\n{}{STARTTLS}S! tls\n{}{LEAVE}",
        hello(&["STARTTLS", "AUTH PLAIN"]),
        hello(&[])
    );
    let (fixture, folder) = dialogue(&text);
    let ran = send_tls(&fixture, &folder, &[]);
    assert!(matches!(ran.code, Some(1 | 8)), "{ran:?}");
    judged("row 129", fixture, &ran);
}

/// hostile.md rows 124 to 128: what takes TLS away gets nothing, not even in clear.
#[test]
fn a_downgrade_is_refused() {
    let offered = opening(&["STARTTLS", "AUTH PLAIN", "PIPELINING"]);
    let injected = "250-mx.evil{{CR LF}}250 AUTH PLAIN{{CR LF}}";
    let rows: Vec<(&str, String, &[i32])> = vec![
        ("row 124: stripped", format!("{}{LEAVE}", opening(&["AUTH PLAIN"])), &[8]),
        ("row 124: mangled", format!("{}{LEAVE}", opening(&["XXXXXXXA", "AUTH PLAIN"])), &[8]),
        ("row 125: 454", format!("{offered}C: STARTTLS\nS: 454 later\n{LEAVE}"), &[8]),
        ("row 125: 502", format!("{offered}C: STARTTLS\nS: 502 what\n{LEAVE}"), &[8]),
        (
            "row 125: garbage",
            format!("{offered}C: STARTTLS\nS= what{{{{CR LF}}}}\nC! close\n"),
            &[5, 8],
        ),
        (
            "row 126: EHLO refused",
            format!(
                "S: 220 mx\nC: EHLO {{{{*=x}}}}\nS: 502 no\nC: HELO {{{{*=x}}}}\nS: 250 mx\n{LEAVE}"
            ),
            &[8],
        ),
        (
            "row 127: injected",
            format!("{offered}C: STARTTLS\nS= 220 go{{{{CR LF}}}}{injected}\nC! close\n"),
            &[5],
        ),
        (
            "row 127: a command",
            format!("{offered}C: STARTTLS\nS= 220 go{{{{CR LF}}}}235 ok{{{{CR LF}}}}\nC! close\n"),
            &[5],
        ),
        (
            "row 127: half a line",
            format!("{offered}C: STARTTLS\nS= 220 go{{{{CR LF}}}}2\nC! close\n"),
            &[5],
        ),
        (
            "row 128: too early",
            "S: 220 mx\nC: EHLO {{*=x}}\n\
             S= 250-mx{{CR LF}}250 STARTTLS{{CR LF}}220 go{{CR LF}}\nC?: QUIT\n"
                .to_owned(),
            &[5],
        ),
        ("EOF", format!("{offered}C: STARTTLS\nS! close\n"), &[3, 5]),
        ("421", format!("{offered}C: STARTTLS\nS: 421 no\nS! close\n"), &[1, 8]),
    ];
    let mut wrong = Vec::new();
    for (label, text, codes) in rows {
        let (fixture, folder) = dialogue(&text);
        let ran = send_tls(&fixture, &folder, &["-v"]);
        no_canary(label, &ran, &folder);
        let said = fixture.transcript();
        let bare = ["MAIL", "AUTH", "RCPT"].iter().any(|verb| said.contains(&format!("C: {verb}")));
        let outcome = fixture.finish();
        if !ran.code.is_some_and(|code| codes.contains(&code)) || bare || outcome.is_err() {
            let failed = outcome.err().map(|failed| failed.to_string());
            wrong.push((label, ran.code, codes, ran.stderr, failed));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// hostile.md rows 91 to 96: a bad certificate gets no byte, by STARTTLS and from the first byte on.
#[test]
fn a_bad_certificate_gets_nothing() {
    for fault in ["expired", "wrong-host", "self-signed", "abort"] {
        for implicit in [false, true] {
            let text = match implicit {
                true => format!("S! tls {fault}\n"),
                false => format!("{}{STARTTLS}S! tls {fault}\n", opening(&["STARTTLS"])),
            };
            let (fixture, folder) = dialogue(&text);
            let scheme = if implicit { "smtps" } else { "smtp" };
            let url = format!("{scheme}://localhost:{}", fixture.addr().port());
            let tls: &[&str] = if implicit { &[] } else { &["--tls"] };
            let words = [&["--cacert", "ca.pem", "-u", "alice", "-4"], tls].concat();
            let ran = send(&folder, &url, &words);
            ran.failed(4, "");
            judged(fault, fixture, &ran);
        }
    }
    // An authority nobody named is not trusted; -k trusts it, with a warning.
    for (more, code) in [(&[][..], 4), (&["-k"], 0), (&["--add-ca", "ca.pem"], 0)] {
        let text = format!("S! tls\n{}{DELIVERY}", opening(&[]));
        let (fixture, folder) = dialogue(&text);
        let url = format!("smtps://localhost:{}", fixture.addr().port());
        let ran = send(&folder, &url, &[&["-4"], more].concat());
        assert_eq!(ran.code, Some(code), "{more:?}: {ran:?}");
        assert_eq!(ran.stderr.contains("warning"), more.contains(&"-k"), "{ran:?}");
    }
}

/// The strict server by TLS, both ways, with every mechanism that is taken by itself.
#[test]
fn tls_delivers() {
    let authority = Authority::new("mail root").unwrap();
    for implicit in [false, true] {
        for certificate in [Certificate::Good, Certificate::Intermediate, Certificate::Tls12Only] {
            let server = mail_server(|options| {
                options.tls = Some(authority.server_config(certificate.clone()).unwrap());
                options.implicit_tls = implicit;
                options.auth_in_clear = false;
                options.require_auth = true;
            });
            let folder = Folder::new();
            folder.write("ca.pem", authority.pem());
            let (scheme, tls) =
                if implicit { ("smtps", "--ehlo=me.test") } else { ("smtp", "--tls") };
            let url = format!("{scheme}://localhost:{}", server.addr().port());
            let words = ["--cacert", "ca.pem", "-u", "alice", "-4", tls];
            send(&folder, &url, &words).done_in_silence();
            let envelope = the_message(scheme, &server).envelope.clone();
            assert_eq!((envelope.tls, envelope.user.as_deref()), (true, Some("alice")));
        }
    }
}

/// What it is, the mechanisms offered in clear, the words, the code and the hint.
type Clear = (&'static str, Vec<Mechanism>, &'static str, i32, &'static str);

fn clear() -> Vec<Clear> {
    use Mechanism as M;
    let plain = || vec![M::Plain];
    let both = || vec![M::CramMd5, M::Plain];
    let (allow, no_tls) = ("--allow-plaintext-auth", "--no-tls");
    vec![
        ("no login", vec![], "", 8, no_tls),
        ("no login, asked for", vec![], "--no-tls", 0, ""),
        ("a login", plain(), "-u alice", 8, allow),
        ("half asked for", plain(), "-u alice --no-tls", 8, allow),
        ("the other half", plain(), "-u alice --allow-plaintext-auth", 8, no_tls),
        ("row 151: LOGIN", vec![M::Login], "-u alice --no-tls", 8, allow),
        ("asked for", plain(), "-u alice --no-tls --allow-plaintext-auth", 0, ""),
        ("SCRAM", vec![M::ScramSha256], "-u alice --no-tls", 0, ""),
        ("CRAM", both(), "-u alice --no-tls", 0, ""),
        ("PLAIN insisted on", both(), "-u alice --no-tls --auth PLAIN", 8, allow),
    ]
}

/// The table "In clear, or not": a server on an address of this machine that is not loopback.
#[test]
fn off_loopback_clear_must_be_asked_for() {
    let Some(ip) = own_address() else {
        return eprintln!("skipped: this machine has no address but loopback");
    };
    let mut wrong = Vec::new();
    for (label, offered, words, code, hint) in clear() {
        let server = mail_server(|options| {
            options.addr = SocketAddr::new(ip, 0);
            options.extensions =
                Extensions { auth: offered, starttls: false, ..Extensions::default() };
        });
        let (port, folder) = (server.addr().port(), Folder::new());
        let resolve = format!("--resolve=mailpit:{port}:{ip}");
        let words: Vec<_> =
            [resolve.as_str()].into_iter().chain(words.split_whitespace()).collect();
        let ran = send(&folder, &format!("smtp://mailpit:{port}"), &words);
        no_canary(label, &ran, &folder);
        let hinted =
            ran.stderr.lines().any(|line| line.starts_with("  hint: ") && line.contains(hint));
        let said = server.commands().iter().any(|one| {
            ["AUTH PLAIN", "AUTH LOGIN", "MAIL"].iter().any(|verb| one.text().starts_with(verb))
        });
        if ran.code != Some(code) || (code == 8 && (!hinted || said)) {
            wrong.push((label, ran.code, ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What cannot be allowed whatever the server offers is refused before a connection is made.
#[test]
fn a_password_that_must_go_in_clear_is_refused_before_connecting() {
    let folder = Folder::new();
    for auth in ["PLAIN", "LOGIN"] {
        let words = ["--no-tls", "--auth", auth, "-u", "alice", "--connect-timeout", "3"];
        let ran = send(&folder, "smtp://192.0.2.1", &words);
        ran.failed(8, "").hinted("--allow-plaintext-auth");
    }
}

/// On loopback plain is the default, with a login too; the address counts, not the name.
#[test]
fn on_loopback_clear_is_the_default() {
    let server = mail_server(|options| options.extensions.auth = vec![Mechanism::Plain]);
    let port = server.addr().port();
    let folder = Folder::new();
    for host in ["127.0.0.1", "localhost", "mail.example.org"] {
        let resolve = format!("mail.example.org:{port}:127.0.0.1");
        let words = ["-4", "-u", "alice", "--resolve", &resolve];
        send(&folder, &format!("smtp://{host}:{port}"), &words).done_in_silence();
    }
    assert_eq!(server.messages().len(), 3);
}
