//! `wireline get pop3://` and `mail`: in clear, or not. hostile.md rows 91 to 96, 124 to 129, 132,
//! 135, 136, and "In clear, or not".

use crate::mail_support::{PASSWORD, judged, no_canary};
use crate::mailbox_support::{
    contents, dialogue, get, left, letters, mailbox, mailbox_with, pop3, said, said_of, strict,
    words_at,
};
use crate::support::{Folder, own_address};
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::pop3::Server;

const TLS: [&str; 3] = ["--tls", "--cacert", "ca.pem"];
const LEAVE: &str = "C?: QUIT\nS?: +OK bye\nC! close\n";

/// A mailbox with STLS, or TLS from the first byte, and the folder with its authority.
fn secured(certificate: Certificate, implicit: bool) -> (Server, Folder) {
    let (authority, folder) = (Authority::new("pop3").unwrap(), Folder::new());
    folder.write("ca.pem", authority.pem());
    let server = mailbox_with(&letters(3), |options| {
        options.tls = Some(authority.server_config(certificate).unwrap());
        options.implicit_tls = implicit;
        options.auth_in_clear = false;
    });
    (server, folder)
}

/// Nothing of the login comes before TLS, and CAPA is asked again behind it and by it.
#[test]
fn stls_and_pop3s_work() {
    for (implicit, scheme) in [(false, "pop3"), (true, "pop3s")] {
        for certificate in [Certificate::Good, Certificate::Intermediate, Certificate::Tls12Only] {
            let (server, folder) = secured(certificate, implicit);
            let url = format!("{scheme}://alice@{}", server.addr());
            let words: &[&str] = if implicit { &TLS[1..] } else { &TLS };
            let fetched =
                words_at(&folder, &[&["get", &format!("{url}/1"), "-O", "--json"], words].concat());
            assert!(fetched.done_in_silence().text().contains("\"tls\":\"TLSv1."), "{fetched:?}");
            let into = ["mail", &url, "--into", "maildir:in", "--delete"];
            words_at(&folder, &[&into[..], words].concat()).done_in_silence();
            assert_eq!((contents(&folder, "maildir:in").len(), left(&server)), (3, 0));
            let clear: Vec<_> = server
                .commands()
                .into_iter()
                .filter(|command| !command.tls)
                .map(|command| command.text())
                .collect();
            let expected: &[&str] = if implicit { &[] } else { &["CAPA", "STLS", "CAPA", "STLS"] };
            assert_eq!(clear, expected, "{scheme}");
            strict(scheme, &server);
        }
    }
}

/// hostile.md rows 91 to 97: a certificate that is not this server's ends it, exit 4, before a word
/// of the login.
#[test]
fn bad_certificates_are_refused() {
    for certificate in [
        Certificate::Expired,
        Certificate::WrongHost,
        Certificate::UnknownAuthority,
        Certificate::SelfSigned,
        Certificate::MissingIntermediate,
    ] {
        for implicit in [false, true] {
            let label = format!("{certificate:?}");
            let (server, folder) = secured(certificate.clone(), implicit);
            let scheme = if implicit { "pop3s" } else { "pop3" };
            let url = format!("{scheme}://alice@{}/", server.addr());
            let words: &[&str] = if implicit { &TLS[1..] } else { &TLS };
            let ran = words_at(&folder, &[&["get", &url, "-v"], words].concat());
            ran.failed(4, "");
            no_canary(&label, &ran, &folder);
            let ran =
                words_at(&folder, &[&["get", &url, "-k"], &words[..words.len() - 2]].concat());
            assert!(ran.done().stderr.contains("warning"), "{label}: -k warns: {ran:?}");
        }
    }
}

/// RFC 2595 section 4: what CAPA said in clear is forgotten. hostile.md rows 129 and 135.
#[test]
fn stls_begins_anew() {
    let before =
        "S: +OK ready\nC: CAPA\nS: +OK\nS: STLS\nS: SASL CRAM-MD5\nS: .\nC: STLS\nS: +OK\nS! tls\n";
    let login = "C: AUTH PLAIN {{auth.plain}}\nS: +OK\n";
    for after in ["SASL PLAIN", "STLS\nS: SASL PLAIN", "sasl plain"] {
        let text = format!("{before}C: CAPA\nS: +OK\nS: {after}\nS: .\n{login}S! close\n");
        let (fixture, folder) = (dialogue(&text), Folder::new());
        folder.write("ca.pem", fixture.ca_pem());
        let ran = get(&folder, fixture.addr(), "/1", &TLS);
        no_canary(after, &ran, &folder);
        judged(after, fixture, &ran);
    }
}

/// hostile.md rows 124 to 128 and 132: what takes TLS away gets nothing, not even in clear.
#[test]
fn a_downgrade_is_refused() {
    let offered =
        "S: +OK ready\nC: CAPA\nS: +OK\nS: STLS\nS: SASL PLAIN\nS: USER\nS: PIPELINING\nS: .\n";
    let crlf = "{{CR LF}}";
    let stls = |answer: &str| format!("{offered}C: STLS\n{answer}");
    let rows: Vec<(&str, String, &[i32])> = vec![
        ("row 124: stripped", format!("{}{LEAVE}", offered.replace("S: STLS\n", "")), &[8]),
        ("row 124: mangled", format!("{}{LEAVE}", offered.replace("STLS", "XXXA")), &[8]),
        ("no CAPA", format!("S: +OK ready\nC: CAPA\nS: -ERR what\nC?: STLS\nS?: -ERR what\n{LEAVE}"), &[8]),
        ("row 125: -ERR", stls(&format!("S: -ERR no\n{LEAVE}")), &[8]),
        ("row 125: garbage", stls(&format!("S= what{crlf}\nC! close\n")), &[5, 8]),
        ("row 127: an answer", stls(&format!("S= +OK go{crlf}+OK logged in{crlf}\nC! close\n")), &[5]),
        ("row 127: a list", stls(&format!("S= +OK go{crlf}+OK{crlf}SASL PLAIN{crlf}.{crlf}\nC! close\n")), &[5]),
        ("row 127: half a line", stls(&format!("S= +OK go{crlf}+\nC! close\n")), &[5]),
        ("row 128: too early", format!("S= +OK a{crlf}+OK{crlf}STLS{crlf}.{crlf}+OK go{crlf}\nC?: CAPA\nC?: STLS\n"), &[5, 4]),
        ("row 132: in the greeting", "S: +OK STLS SASL PLAIN <a@b>\nC: CAPA\nS: +OK\nS: USER\nS: .\nC?: QUIT\nS?: +OK\nC! close\n".into(), &[8]),
        ("EOF", stls("S! close\n"), &[3, 4, 5]),
        ("a handshake that ends", stls("S: +OK\nS! close\n"), &[3, 4, 5]),
    ];
    let mut wrong = Vec::new();
    for (label, text, codes) in rows {
        let (fixture, folder) = (dialogue(&text), Folder::new());
        folder.write("ca.pem", fixture.ca_pem());
        let ran = get(&folder, fixture.addr(), "/", &[&TLS[..], &["-v"]].concat());
        no_canary(label, &ran, &folder);
        let said = fixture.transcript();
        let is_bare = ["USER", "PASS", "AUTH", "APOP"]
            .iter()
            .any(|verb| said.contains(&format!("C: {verb}")));
        if !ran.code.is_some_and(|code| codes.contains(&code)) || is_bare {
            wrong.push((label, ran.code, ran.stderr.clone(), said));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// "In clear, or not": loopback is plain; elsewhere a login is for TLS, and each exit 8 names the
/// option to type.
#[test]
fn a_login_in_clear_is_for_this_machine() {
    let (server, folder) = (mailbox(&letters(1)), Folder::new());
    get(&folder, server.addr(), "/", &[]).done_in_silence();
    get(&folder, server.addr(), "/", &["--tls"]).failed(8, "");
    let Some(ip) = own_address() else { return };
    let options = |auth| {
        mailbox_with(&letters(1), |options| {
            options.addr = (ip, 0).into();
            options.extensions.auth = auth;
        })
    };
    let server = options(vec![wireline_servers::Mechanism::Plain]);
    let fetch = |server: &Server, more: &[&str]| get(&folder, server.addr(), "/", more);
    fetch(&server, &[]).failed(8, "").hinted("--no-tls");
    fetch(&server, &["--no-tls"]).failed(8, "").hinted("--allow-plaintext-auth");
    fetch(&server, &["--no-tls", "--auth", "USER"]).failed(8, "").hinted("--allow-plaintext-auth");
    fetch(&server, &["--allow-plaintext-auth"]).failed(8, "");
    for verb in ["AUTH", "USER", "PASS"] {
        assert_eq!(said_of(&server, verb).len(), 0, "{:?}", said(&server));
    }
    fetch(&server, &["--no-tls", "--allow-plaintext-auth"]).done();
    let server =
        options(vec![wireline_servers::Mechanism::ScramSha256, wireline_servers::Mechanism::Plain]);
    fetch(&server, &["--no-tls"]).done();
    assert_eq!(said_of(&server, "AUTH SCRAM-SHA-256").len(), 1, "it does not reveal the password");
    let words = ["mail", &pop3(server.addr()), "--no-tls", "--auth", "PLAIN"];
    words_at(&folder, &words).failed(8, "");
    assert!(!said(&server).iter().any(|line| line.contains(PASSWORD)), "{:?}", said(&server));
}
