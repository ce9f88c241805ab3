//! `wireline send -u`: each mechanism, in which order, and where the secret must not show.
//! hostile.md rows 85, 86, 149 to 153.

use crate::mail_support::{
    CANARIES, DELIVERY, LEAVE, PASSWORD, SHORT, judged, lines, mail_server, no_canary, opening,
    send, smtp, strict, the_message, transcript, wireline_at,
};
use crate::support::{Folder, run, wireline};
use base64::prelude::{BASE64_STANDARD, Engine};
use wireline_servers::Mechanism;
use wireline_transcript::Fixture;

const LOGIN: [&str; 2] = ["-u", "alice"];

/// A server whose login goes like this, then a message.
fn login(offered: &str, dialogue: &str) -> Fixture {
    let settings = "@set user=alice\n@secret pass\n== login\n";
    let text = format!("{settings}{}{dialogue}", opening(&[offered]));
    transcript(&text).secret("pass", PASSWORD).start().unwrap()
}

/// The exchanges as RFC 4954 and the mechanisms' own have them, line by line.
#[test]
fn each_mechanism_says_what_its_rfc_says() {
    let oauth = BASE64_STANDARD.encode(format!("user=alice\u{1}auth=Bearer {PASSWORD}\u{1}\u{1}"));
    let rows: &[(&str, String, &[&str])] = &[
        ("PLAIN", "C: AUTH PLAIN {{auth.plain}}\nS: 235 ok\n".to_owned(), &[]),
        (
            "LOGIN",
            "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: {{user|b64}}\nS: 334 UGFzc3dvcmQ6\n\
             C: {{pass|b64}}\nS: 235 ok\n"
                .to_owned(),
            &[],
        ),
        (
            "CRAM-MD5",
            "C: AUTH CRAM-MD5\nS: 334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\n\
             C: {{auth.cram}}\nS: 235 ok\n"
                .to_owned(),
            &[],
        ),
        ("XOAUTH2", format!("C: AUTH XOAUTH2 {oauth}\nS: 235 ok\n"), &["--oauth"]),
    ];
    for (name, exchange, more) in rows {
        for offered in [
            format!("AUTH {name}"),
            format!("auth {}", name.to_lowercase()),
            format!("AUTH={name}"),
        ] {
            let (fixture, folder) =
                (login(&offered, &format!("{exchange}{DELIVERY}")), Folder::new());
            let ran = send(&folder, &smtp(fixture.addr()), &[&LOGIN, *more].concat());
            assert_eq!(ran.code, Some(0), "{offered}: {ran:?}\n{}", fixture.transcript());
            judged(name, fixture, &ran);
            no_canary(name, &ran, &folder);
        }
    }
}

/// Every mechanism of the stateful server, chosen by the server or by `--auth`.
#[test]
fn each_mechanism_logs_in() {
    for mechanism in Mechanism::ALL {
        let name = mechanism.name();
        let oauth = matches!(mechanism, Mechanism::Xoauth2 | Mechanism::OauthBearer);
        let more: &[&str] = if oauth { &["--oauth"] } else { &[] };
        for chosen in [&[][..], &["--auth", name]] {
            let offered = if chosen.is_empty() { vec![mechanism] } else { Mechanism::ALL.to_vec() };
            let server = mail_server(|options| {
                options.extensions.auth = offered;
                options.require_auth = true;
            });
            let folder = Folder::new();
            let words = [&LOGIN, more, chosen, &["-v", "--record", "a.wire", "--json"]].concat();
            let ran = send(&folder, &smtp(server.addr()), &words);
            assert_eq!(ran.code, Some(0), "{name}: {ran:?}");
            let envelope = the_message(name, &server).envelope.clone();
            assert_eq!(envelope.user.as_deref(), Some("alice"), "{name}");
            let used = format!("AUTH {name}");
            assert!(
                lines(&server).iter().any(|line| line.starts_with(&used)),
                "{:?}",
                lines(&server)
            );
            no_canary(name, &ran, &folder);
            let wrong = wrong_password(&server, &[more, chosen].concat());
            no_canary(name, &wrong, &folder);
        }
    }
}

/// hostile.md row 153: code 1, no second try, no MAIL.
fn wrong_password(server: &wireline_servers::smtp::Server, more: &[&str]) -> crate::support::Ran {
    let before = lines(server).len();
    let mut command = wireline();
    command.env("WIRELINE_PASSWORD", "wrong").args(["send", &smtp(server.addr())]).args(SHORT);
    let ran = run(command.args(LOGIN).args(more));
    ran.failed(1, "535");
    let last = server.connections() - 1;
    assert!(server.wait_end(last, std::time::Duration::from_secs(10)));
    let said = lines(server)[before..].to_vec();
    assert_eq!(said.iter().filter(|line| line.starts_with("AUTH")).count(), 1, "{said:?}");
    assert!(!said.iter().any(|line| line.starts_with("MAIL")), "{said:?}");
    ran
}

/// RFC 5321 section 4.1.1.10: who cannot log in says QUIT, too.
#[test]
fn a_refused_login_ends_politely() {
    let server = mail_server(|_| {});
    wrong_password(&server, &[]);
    strict("535", &server);
}

/// hostile.md row 151: the strongest that is offered, in one order, whatever the server's.
#[test]
fn the_strongest_mechanism_is_taken() {
    use Mechanism as M;
    let rows = [
        (M::ALL.to_vec(), M::ScramSha256),
        (vec![M::Login, M::Plain, M::CramMd5, M::ScramSha1], M::ScramSha1),
        (vec![M::Login, M::Plain, M::CramMd5], M::CramMd5),
        (vec![M::Login, M::Plain], M::Plain),
        (vec![M::Xoauth2, M::OauthBearer, M::Login], M::Login),
    ];
    for (mut offered, taken) in rows {
        for _ in 0..2 {
            offered.reverse();
            let server = mail_server(|options| options.extensions.auth = offered.clone());
            send(&Folder::new(), &smtp(server.addr()), &LOGIN).done();
            let used = lines(&server).into_iter().find(|line| line.starts_with("AUTH")).unwrap();
            assert!(used.starts_with(&format!("AUTH {}", taken.name())), "{offered:?}: {used}");
        }
    }
    let server = mail_server(|_| {});
    send(&Folder::new(), &smtp(server.addr()), &[&LOGIN[..], &["--oauth"]].concat()).done();
    let used = lines(&server).into_iter().find(|line| line.starts_with("AUTH")).unwrap();
    assert!(used.starts_with("AUTH OAUTHBEARER"), "{used}");
}

/// No way to log in: nothing of the secret is said, and neither is MAIL.
#[test]
fn without_a_common_mechanism_nothing_is_sent() {
    for offered in ["AUTH GSSAPI NTLM", "AUTH", "SIZE 1000"] {
        let (fixture, folder) = (login(offered, LEAVE), Folder::new());
        let ran = send(&folder, &smtp(fixture.addr()), &LOGIN);
        assert!(matches!(ran.code, Some(1 | 8)), "{offered}: {ran:?}");
        judged(offered, fixture, &ran);
        no_canary(offered, &ran, &folder);
    }
    let (fixture, folder) = (login("AUTH PLAIN", LEAVE), Folder::new());
    let words = [&LOGIN[..], &["--auth", "SCRAM-SHA-256"]].concat();
    let ran = send(&folder, &smtp(fixture.addr()), &words);
    assert!(matches!(ran.code, Some(1 | 8)), "{ran:?}");
    judged("not the one asked for", fixture, &ran);
}

/// hostile.md rows 85, 86, 152, 153: replies to AUTH that must not pass, whatever they say.
#[test]
fn a_login_may_go_wrong() {
    let scram = |first: &str| {
        let first = BASE64_STANDARD.encode(first);
        format!(
            "C: AUTH SCRAM-SHA-256 {{{{*=biws}}}}\nS: 334 {first}\nC: {{{{*=x}}}}\nS: 535 no\n{LEAVE}"
        )
    };
    let salt = "s=QSXCR+Q6sek8bf92";
    let prompts = "S: 334 VXNlcm5hbWU6\nC: {{*=x}}\n".repeat(12);
    let cancel = "C: *\nS: 501 cancelled\n";
    let rows: Vec<(&str, &str, String, &[i32])> = vec![
        ("535", "PLAIN", format!("C: AUTH PLAIN {{{{*=x}}}}\nS: 535 5.7.8 no\n{LEAVE}"), &[1]),
        ("454", "PLAIN", format!("C: AUTH PLAIN {{{{*=x}}}}\nS: 454 4.7.0 later\n{LEAVE}"), &[1]),
        ("534", "PLAIN", format!("C: AUTH PLAIN {{{{*=x}}}}\nS: 534 5.7.9 weak\n{LEAVE}"), &[1]),
        ("538", "PLAIN", format!("C: AUTH PLAIN {{{{*=x}}}}\nS: 538 5.7.11 TLS\n{LEAVE}"), &[1]),
        ("535, closed", "PLAIN", "C: AUTH PLAIN {{*=x}}\nS: 535 no\nS! close\n".to_owned(), &[1]),
        ("421", "PLAIN", "C: AUTH PLAIN {{*=x}}\nS: 421 no\nS! close\n".to_owned(), &[1]),
        ("EOF", "PLAIN", "C: AUTH PLAIN {{*=x}}\nS! close\n".to_owned(), &[5]),
        (
            "row 152: 334 after PLAIN",
            "PLAIN",
            format!("C: AUTH PLAIN {{{{*=x}}}}\nS: 334\nC: *\nS: 501 no\n{LEAVE}"),
            &[1, 5],
        ),
        ("row 86: 334 without an end", "LOGIN", format!("C: AUTH LOGIN\n{prompts}"), &[5]),
        (
            "not base64",
            "CRAM-MD5",
            format!("C: AUTH CRAM-MD5\nS: 334 ***\n{cancel}{LEAVE}"),
            &[5, 1],
        ),
        (
            "row 86: a long challenge",
            "CRAM-MD5",
            format!("C: AUTH CRAM-MD5\nS: 334 {}\n", "QUFB".repeat(17_000)),
            &[5],
        ),
        (
            "codes that differ",
            "PLAIN",
            "C: AUTH PLAIN {{*=x}}\nS= 235-a{{CR LF}}535 b{{CR LF}}\n".to_owned(),
            &[5],
        ),
        ("row 85: 1 iteration", "SCRAM-SHA-256", scram(&format!("r=x,{salt},i=1")), &[1, 5]),
        ("row 85: 10 million", "SCRAM-SHA-256", scram(&format!("r=x,{salt},i=10000000")), &[1, 5]),
        ("another's nonce", "SCRAM-SHA-256", scram(&format!("r=evil,{salt},i=4096")), &[1, 5]),
        ("an extension", "SCRAM-SHA-256", scram(&format!("m=x,r=x,{salt},i=4096")), &[1, 5]),
    ];
    let mut wrong = Vec::new();
    for (label, mechanism, dialogue, codes) in rows {
        let (fixture, folder) = (login(&format!("AUTH {mechanism}"), &dialogue), Folder::new());
        let words = [&LOGIN[..], &["-v", "--json", "--record", "a.wire"]].concat();
        let ran = send(&folder, &smtp(fixture.addr()), &words);
        no_canary(label, &ran, &folder);
        let said = fixture.transcript();
        if !ran.code.is_some_and(|code| codes.contains(&code)) || said.contains("C: MAIL") {
            wrong.push((label, ran.code, ran.stderr.clone(), said));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A server that claims SCRAM's success without knowing the password is not believed (RFC 5802).
#[test]
fn scram_authenticates_the_server_too() {
    let folder = Folder::new();
    let first = "C: AUTH SCRAM-SHA-256 {{*=biws}}\n";
    for answer in ["S: 235 ok\n", "S: 334 dj1BQUFB\n"] {
        let fixture = login("AUTH SCRAM-SHA-256", &format!("{first}{answer}"));
        let ran = send(&folder, &smtp(fixture.addr()), &LOGIN);
        assert!(matches!(ran.code, Some(1 | 5 | 8)), "{ran:?}");
        assert!(!ran.stderr.contains("--allow-plaintext-auth"), "bad advice: {ran:?}");
        judged(answer, fixture, &ran);
    }
}

/// RFC 4954 section 5 is not ours to say: XOAUTH2's error is a 334, which gets an empty line, and
/// what it held is shown.
#[test]
fn an_oauth_error_is_shown() {
    let json = r#"{"status":"401","schemes":"bearer","scope":"mail"}"#;
    let error = BASE64_STANDARD.encode(json);
    let text = format!("C: AUTH XOAUTH2 {{{{*=x}}}}\nS: 334 {error}\nC:\nS: 535 5.7.8 no\n{LEAVE}");
    let (fixture, folder) = (login("AUTH XOAUTH2", &text), Folder::new());
    let ran = send(&folder, &smtp(fixture.addr()), &[&LOGIN[..], &["--oauth"]].concat());
    ran.failed(1, "535");
    assert!(ran.stderr.contains("401"), "{ran:?}");
    judged("XOAUTH2", fixture, &ran);
}

/// hostile.md rows 149 and 150: every way to give it, every end, every output; also when the server
/// echoes it.
#[test]
fn a_secret_shows_nowhere() {
    let plain = CANARIES[2];
    let ends = [
        ("accepted", "S: 235 ok\n".to_owned() + DELIVERY),
        ("refused", format!("S: 535 no\n{LEAVE}")),
        ("echoed", format!("S: 535 {plain} is not {PASSWORD}\n{LEAVE}")),
        ("echoed in base64", format!("S: 535 {}\n{LEAVE}", CANARIES[1])),
        ("echoed in lines", format!("S: 535-AUTH PLAIN {plain}\nS: 535 {PASSWORD}\n{LEAVE}")),
        ("echoed as garbage", format!("S= {PASSWORD} {plain}{{{{CR LF}}}}\n{LEAVE}")),
        ("cut", "S! close\n".to_owned()),
    ];
    let ways: &[(&str, &[&str], bool)] = &[
        ("smtp://alice:c4nary@", &[], true),
        ("smtp://alice@", &["--password-file", "pass"], false),
        ("smtp://", &["-u", "alice:c4nary"], true),
        ("smtp://", &["-u", "alice", "--password-file", "pass"], false),
        ("smtp://", &["-u", "alice"], false),
    ];
    for (end, dialogue) in &ends {
        for (prefix, words, warns) in ways {
            let label = format!("{end}, {prefix} {words:?}");
            let folder = Folder::new();
            folder.write("pass", format!("{PASSWORD}\n"));
            let settings = "== login\n";
            let text =
                format!("{settings}{}C: AUTH PLAIN {plain}\n{dialogue}", opening(&["AUTH PLAIN"]));
            let fixture = transcript(&text).start().unwrap();
            let url = format!("{prefix}{}", fixture.addr());
            let more = ["-v", "--json", "--record", "a.wire"];
            let ran = send(&folder, &url, &[*words, &more].concat());
            assert_eq!(ran.code == Some(0), *end == "accepted", "{label}: {ran:?}");
            no_canary(&label, &ran, &folder);
            assert!(ran.stderr.contains("{{auth.plain}}"), "{label}: {ran:?}");
            let warned = ran.stderr.contains("warning: a password on the command line");
            assert_eq!(warned, *warns, "{label}: {ran:?}");
        }
    }
}

/// Bad base64 of an echo is not the only way: what is typed wrong is not repeated either.
#[test]
fn bad_input_keeps_its_secret() {
    let folder = Folder::new();
    for words in [
        &["send", "smtp://alice:c4nary@h:99999", "--to", "b@x.test"][..],
        &["send", "smtp://alice:c4nary@b@c", "--to", "b@x.test"],
        &["send", "smtp://alice:c4nary@h", "--to", "nonsense nonsense"],
        &["send", "smtp://alice:c4nary@h", "--to", "b@x.test", "--nonsense"],
        &["send", "nonsense://alice:c4nary@h", "--to", "b@x.test"],
        &["smtp", "probe", "smtp://alice:c4nary@h:99999"],
        &["smtp", "quote", "NOOP", "smtp://alice:c4nary@b@c"],
        &["smtp", "verify", "x", "http://alice:c4nary@h"],
    ] {
        let ran = wireline_at(&folder, words);
        ran.failed(2, "");
        no_canary(&format!("{words:?}"), &ran, &folder);
    }
}
