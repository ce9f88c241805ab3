//! `wireline get pop3://` and `mail`: each way to log in, in which order, and where the secret must
//! not show. hostile.md rows 21, 22, 85, 86, 149 to 153.

use crate::mail_support::{CANARIES, PASSWORD, no_canary};
use crate::mailbox_support::{
    dialogue, get, letters, mail, mailbox, mailbox_over, mailbox_with, said, said_of, strict,
};
use crate::support::{Folder, beside, run, scripts, wireline};
use wireline_servers::Mechanism;
use wireline_servers::pop3::Extensions;
use wireline_servers::raw::Act;

/// We leave: politely or not.
const LEAVE: &str = "C?: QUIT\nS?: +OK bye\nC! close\n";

/// Every mechanism of the stateful server, chosen by the server or by `--auth`; a wrong password is
/// exit 1 after one try; neither shows the secret.
#[test]
fn each_mechanism_logs_in() {
    for mechanism in Mechanism::ALL {
        let name = mechanism.name();
        let oauth = matches!(mechanism, Mechanism::Xoauth2 | Mechanism::OauthBearer);
        let more: &[&str] = if oauth { &["--oauth"] } else { &[] };
        for chosen in [&[][..], &["--auth", name]] {
            let offered = if chosen.is_empty() { vec![mechanism] } else { Mechanism::ALL.to_vec() };
            let letters = letters(2);
            let server = mailbox_with(&letters, |options| options.extensions.auth = offered);
            let folder = Folder::new();
            let words = [more, chosen, &["-v", "--record", "a.wire"]].concat();
            let ran = get(&folder, server.addr(), "/2", &[&words[..], &["-O", "--json"]].concat());
            assert_eq!(ran.code, Some(0), "{name}: {ran:?}");
            assert_eq!(folder.read("2.eml"), letters[1]);
            no_canary(name, &ran, &folder);
            let ran = mail(&folder, server.addr(), &[&words[..], &["--into", "mbox:in"]].concat());
            no_canary(name, ran.done(), &folder);
            let used = format!("AUTH {name}");
            assert_eq!(said_of(&server, &used).len(), 2, "{:?}", said(&server));
            strict(name, &server);
            wrong_password(&server, &[more, chosen].concat());
        }
    }
}

/// hostile.md row 153: code 1, no second try, the server's words.
fn wrong_password(server: &wireline_servers::pop3::Server, more: &[&str]) {
    let before = said(server).len();
    let url = crate::mailbox_support::pop3(server.addr());
    let mut command = wireline();
    command.env("WIRELINE_PASSWORD", "wr0ng").args(["get", &url, "-v"]).args(more);
    let ran = run(&mut command);
    ran.failed(1, "-ERR");
    assert!(!ran.stderr.contains("wr0ng") && !ran.stderr.contains("d3IwbmcK"), "{ran:?}");
    strict("wrong", server);
    let said = said(server)[before..].to_vec();
    assert_eq!(said.iter().filter(|line| line.starts_with("AUTH")).count(), 1, "{said:?}");
    assert!(
        !said.iter().any(|line| line.starts_with("PASS") || line.starts_with("LIST")),
        "{said:?}"
    );
}

/// hostile.md row 151: the strongest that is offered; USER and PASS where there is no SASL.
#[test]
fn the_strongest_is_taken() {
    use Mechanism as M;
    let rows = [
        (M::ALL.to_vec(), "AUTH SCRAM-SHA-256"),
        (vec![M::Login, M::Plain, M::CramMd5, M::ScramSha1], "AUTH SCRAM-SHA-1"),
        (vec![M::Login, M::Plain, M::CramMd5], "AUTH CRAM-MD5"),
        (vec![M::Login, M::Plain], "AUTH PLAIN"),
        (vec![], "USER alice"),
    ];
    for (mut offered, used) in rows {
        for _ in 0..2 {
            offered.reverse();
            let server =
                mailbox_with(&letters(1), |options| options.extensions.auth = offered.clone());
            get(&Folder::new(), server.addr(), "/", &[]).done_in_silence();
            assert_eq!(said_of(&server, used).len(), 1, "{used}: {:?}", said(&server));
            assert_eq!(
                said_of(&server, "APOP").len(),
                0,
                "hostile.md row 22: APOP is off by default"
            );
            strict(used, &server);
        }
    }
    for extensions in [Extensions::none(), Extensions { capa: true, ..Extensions::none() }] {
        let server = mailbox_with(&letters(1), |options| options.extensions = extensions);
        get(&Folder::new(), server.addr(), "/", &[]).done();
        assert_eq!(said_of(&server, &format!("PASS {PASSWORD}")).len(), 1);
    }
}

/// APOP when it is asked for, and USER too.
#[test]
fn apop_when_it_is_asked_for() {
    for name in ["APOP", "apop", "USER", "user"] {
        let (server, folder) = (mailbox(&letters(1)), Folder::new());
        let ran = get(&folder, server.addr(), "/", &["--auth", name, "-v", "--record", "a.wire"]);
        no_canary(name, ran.done(), &folder);
        let verb = name.to_uppercase();
        assert_eq!(said_of(&server, &verb).len(), 1, "{:?}", said(&server));
        assert_eq!(said_of(&server, "AUTH").len(), 0);
        strict(name, &server);
        let url = crate::mailbox_support::pop3(server.addr());
        let ran =
            run(wireline().env("WIRELINE_PASSWORD", "wr0ng").args(["get", &url, "--auth", name]));
        ran.failed(1, "-ERR");
    }
}

/// hostile.md row 22: a timestamp that is none, or not of the form `<...@...>`, is not answered.
#[test]
fn an_ill_formed_timestamp_is_not_answered() {
    let greetings = [
        "+OK ready",
        "+OK <1896.697170952>",
        "+OK <@>",
        "+OK <1896.697170952@dbc.mtview.ca.us",
        "+OK 1896.697170952@dbc.mtview.ca.us>",
        "+OK <a b@c>",
        "+OK <a@b\u{e9}>",
        "+OK <a@b\0>",
        "+OK <<a@b>>",
    ];
    beside(greetings, |greeting| {
        let greeting = Act::Send(format!("{greeting}\r\n").into_bytes());
        let capa = Act::Send(b"+OK\r\nSASL PLAIN\r\nUSER\r\n.\r\n".to_vec());
        let server = scripts(vec![vec![greeting.clone(), Act::Read(6), capa, Act::Stall]]);
        let ran = get(&Folder::new(), server.addr(), "/", &["--auth", "APOP", "--timeout", "1"]);
        assert!(matches!(ran.code, Some(1 | 5 | 8)), "{greeting:?}: {ran:?}");
        let heard = String::from_utf8_lossy(&server.received_in_all(0).unwrap()).into_owned();
        assert!(
            !["APOP", "AUTH", "USER", "PASS"].iter().any(|verb| heard.contains(verb)),
            "{heard}"
        );
    });
}

/// The exchanges as RFC 1939, 5034 and the mechanisms' own have them, line by line.
#[test]
fn each_login_says_what_its_rfc_says() {
    let plain = "C: AUTH PLAIN {{auth.plain}}\nS: +OK\n";
    let cram = "C: AUTH CRAM-MD5\nS: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\nC: {{auth.cram}}\nS: +OK\n";
    let login = "C: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: {{user|b64}}\nS: + UGFzc3dvcmQ6\nC: {{pass|b64}}\nS: +OK\n";
    let apop = "C: APOP alice {{auth.apop}}\nS: +OK\n";
    let user = "C: USER alice\nS: +OK\nC: PASS {{pass}}\nS: +OK\n";
    let rows: [(&str, &str, &[&str]); 7] = [
        ("SASL PLAIN", plain, &[]),
        ("sasl plain", plain, &[]),
        ("SASL CRAM-MD5 PLAIN", cram, &[]),
        ("SASL LOGIN", login, &[]),
        ("SASL PLAIN", apop, &["--auth", "APOP"]),
        ("USER", user, &[]),
        ("SASL PLAIN", user, &["--auth", "USER"]),
    ];
    for (offered, exchange, more) in rows {
        let text = format!(
            "S: +OK ready <1896.697170952@dbc.mtview.ca.us>\nC: CAPA\nS: +OK\nS: {offered}\nS: UIDL\nS: .\n{exchange}S! close\n"
        );
        let (fixture, folder) = (dialogue(&text), Folder::new());
        let ran = get(&folder, fixture.addr(), "/1", more);
        crate::mail_support::judged(offered, fixture, &ran);
        no_canary(offered, &ran, &folder);
    }
}

/// Replies to a login that must not pass, whatever they say; what the server says is shown, what it
/// was told is not.
#[test]
fn a_login_may_go_wrong() {
    let plain = CANARIES[2];
    let long = format!("S: + {}\n", "QUFB".repeat(17_000));
    let prompts = "S: + VXNlcm5hbWU6\nC: {{*=x}}\n".repeat(12);
    let rows: Vec<(&str, &str, String, &[i32])> = vec![
        ("-ERR [AUTH]", "PLAIN", format!("S: -ERR [AUTH] no\n{LEAVE}"), &[1]),
        ("-ERR alone", "PLAIN", format!("S: -ERR\n{LEAVE}"), &[1]),
        ("[SYS/TEMP]", "PLAIN", format!("S: -ERR [SYS/TEMP] later\n{LEAVE}"), &[1]),
        ("[IN-USE]", "PLAIN", format!("S: -ERR [IN-USE] busy\n{LEAVE}"), &[1]),
        ("[LOGIN-DELAY]", "PLAIN", format!("S: -ERR [LOGIN-DELAY] wait\n{LEAVE}"), &[1]),
        ("closed behind -ERR", "PLAIN", "S: -ERR no\nS! close\n".to_owned(), &[1]),
        ("EOF", "PLAIN", "S! close\n".to_owned(), &[3, 5]),
        ("reset", "PLAIN", "S! reset\n".to_owned(), &[3, 5]),
        ("HTML", "PLAIN", format!("S= <html>{{{{CR LF}}}}\n{LEAVE}"), &[5]),
        ("echoed", "PLAIN", format!("S: -ERR {plain} is not {PASSWORD}\n{LEAVE}"), &[1]),
        (
            "echoed as garbage",
            "PLAIN",
            format!("S= {PASSWORD} {plain}{{{{CR LF}}}}\n{LEAVE}"),
            &[5],
        ),
        (
            "a challenge after PLAIN",
            "PLAIN",
            format!("S: + \nC?: *\nS?: -ERR no\n{LEAVE}").replace("+ \n", "+{{SP}}\n"),
            &[1, 5],
        ),
        ("row 86: challenges without end", "LOGIN", prompts, &[5]),
        ("row 86: a long challenge", "CRAM-MD5", long, &[5]),
        ("not base64", "CRAM-MD5", format!("S: + ***\nC: *\nS: -ERR cancelled\n{LEAVE}"), &[1, 5]),
    ];
    let mut wrong = Vec::new();
    for (label, mechanism, answer, codes) in rows {
        let text = format!(
            "S: +OK ready\nC: CAPA\nS: +OK\nS: SASL {mechanism}\nS: .\nC: AUTH {mechanism}{{{{*=}}}}\n{answer}"
        );
        let (fixture, folder) = (dialogue(&text), Folder::new());
        let ran =
            mail(&folder, fixture.addr(), &["-v", "--record", "a.wire", "--into", "maildir:in"]);
        let said = fixture.transcript();
        drop(std::fs::remove_dir_all(folder.at("in")));
        no_canary(label, &ran, &folder);
        let is_right = ran.code.is_some_and(|code| codes.contains(&code));
        if !is_right
            || said.contains("C: PASS")
            || said.contains("C: LIST")
            || ran.stderr.lines().any(|line| line.contains("panicked"))
        {
            wrong.push((label, ran.code, ran.stderr.clone(), said));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// hostile.md row 149: every way to give it, every output; also when the server echoes it to PASS.
#[test]
fn a_secret_shows_nowhere() {
    let ways: &[(&str, &[&str], bool)] = &[
        ("pop3://alice:c4nary@", &[], true),
        ("pop3://alice@", &["--password-file", "pass"], false),
        ("pop3://", &["-u", "alice:c4nary"], true),
        ("pop3://", &["-u", "alice", "--password-file", "pass"], false),
    ];
    let echo = format!("== echo @times *\nC: PASS {PASSWORD}\nS: -ERR PASS {PASSWORD} is wrong\n");
    for (prefix, words, warns) in ways {
        for echoes in [false, true] {
            let server = match echoes {
                true => mailbox_over(&letters(1), &echo),
                false => mailbox(&letters(1)),
            };
            let folder = Folder::new();
            folder.write("pass", format!("{PASSWORD}\n"));
            let url = format!("{prefix}{}/1", server.addr());
            let more = ["-v", "--json", "--record", "a.wire", "-O", "--auth", "USER"];
            let mut command = wireline();
            command.current_dir(folder.path()).args(["get", &url]).args(*words).args(more);
            let ran = run(&mut command);
            assert_eq!(ran.code == Some(0), !echoes, "{prefix}: {ran:?}");
            no_canary(prefix, &ran, &folder);
            assert!(ran.stderr.contains("C: PASS {{pass}}"), "{prefix}: {ran:?}");
            let warned = ran.stderr.contains("warning: a password on the command line");
            assert_eq!(warned, *warns, "{prefix}: {ran:?}");
        }
    }
}

/// A mailbox has an owner: without a login nothing is sent; hostile.md row 21: odd users are one line.
#[test]
fn who_logs_in() {
    let (server, folder) = (mailbox(&letters(1)), Folder::new());
    let url = format!("pop3://{}", server.addr());
    for verb in ["get", "mail"] {
        crate::mailbox_support::words_at(&folder, &[verb, &url]).failed(2, "login").hinted("-u");
    }
    assert_eq!(server.connections(), 0);
    let long = "x".repeat(60);
    for user in ["two words", "b\u{fc}cher", "a@b", &long] {
        let login = Some((user.to_owned(), PASSWORD.to_owned()));
        for auth in ["USER", "PLAIN"] {
            let server = mailbox_with(&letters(1), |options| options.login = login.clone());
            let url = format!("pop3://{}/", server.addr());
            let words = ["get", &url, "-u", user, "--auth", auth];
            let ran = crate::mailbox_support::words_at(&folder, &words);
            // RFC 1939 section 3 has no blanks in arguments, and servers differ.
            let may_be_refused = user.contains(' ') && auth == "USER";
            assert!(
                ran.code == Some(0) || may_be_refused && ran.code == Some(1),
                "{user}: {ran:?}"
            );
            let used =
                if auth == "USER" { format!("USER {user}") } else { "AUTH PLAIN".to_owned() };
            assert_eq!(said_of(&server, &used).len(), 1, "{user}");
        }
    }
}

/// RFC 2449 section 5, issue 5: what is offered may change with the login, so it is asked again.
#[test]
fn capabilities_are_asked_again_behind_the_login() {
    for auth in ["PLAIN", "USER", "APOP"] {
        let (server, folder) = (mailbox(&letters(1)), Folder::new());
        mail(&folder, server.addr(), &["--into", "dir:in", "--auth", auth]).done();
        let said = said(&server);
        let at = said.iter().rposition(|line| *line == "CAPA");
        let login = said.iter().position(|line| line.starts_with("PASS") || line.contains(auth));
        assert!(at > login, "{said:?}");
    }
}

/// RFC 5034 section 4: an AUTH line over 255 bytes waits for `+` instead.
#[test]
fn a_long_secret_does_not_make_a_long_command() {
    for (name, more) in
        [("PLAIN", &[][..]), ("XOAUTH2", &["--oauth"]), ("OAUTHBEARER", &["--oauth"])]
    {
        for bytes in [100, 150, 180, 200, 300, 2000] {
            let token = "t0ken".repeat(bytes / 5);
            let login = Some(("alice".to_owned(), token.clone()));
            let server = mailbox_with(&letters(1), |options| options.login = login);
            let url = crate::mailbox_support::pop3(server.addr());
            let mut command = wireline();
            command
                .env("WIRELINE_PASSWORD", &token)
                .args(["get", &url, "-v", "--auth", name])
                .args(more);
            let ran = run(&mut command);
            assert!(!ran.done().stderr.contains("t0ken"), "{ran:?}");
            strict(&format!("{name}, {bytes} bytes"), &server);
        }
    }
}
