//! Secrets: where they may go, and where they must not show. hostile.md section 2.6, and "In
//! clear, or not".

use crate::support::{
    Folder, Ran, answer, beside, own_address, run, run_within, scripts, server, url, wireline,
};
use std::net::SocketAddr;
use std::time::Duration;
use wireline_servers::http::{Options, Server};

/// Any of these in an output is a leak: the password, and `alice:` with it in base64.
const CANARIES: [&str; 2] = ["c4nary", "YWxpY2U6YzRuYXJ5"];

#[track_caller]
fn no_canary(label: &str, ran: &Ran, folder: &Folder) {
    for canary in CANARIES {
        assert!(!ran.stderr.contains(canary), "{label}: {}", ran.stderr);
        assert!(!ran.text().contains(canary), "{label}: {}", ran.text());
        for name in folder.names() {
            let text = String::from_utf8_lossy(&folder.read(&name)).into_owned();
            assert!(name == "pass" || !text.contains(canary), "{label}: {name}: {text}");
            assert!(!name.contains(canary), "{label}: {name}");
        }
    }
}

/// Each way to give a secret: the words, and the address with its login if it has one.
fn ways(address: &str) -> Vec<(&'static str, Vec<String>)> {
    let in_url = address.replacen("://", "://alice:c4nary@", 1);
    let half = address.replacen("://", "://alice@", 1);
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    vec![
        ("in the URL", words(&[&in_url])),
        ("-u", words(&[address, "-u", "alice:c4nary"])),
        ("--password-file", words(&[address, "-u", "alice", "--password-file", "pass"])),
        ("--password-file for the URL", words(&[&half, "--password-file", "pass"])),
        ("WIRELINE_PASSWORD", words(&[address, "-u", "alice"])),
        ("Authorization", words(&[address, "-H", "Authorization: Basic YWxpY2U6YzRuYXJ5"])),
        ("Cookie", words(&[address, "-H", "Cookie: a=c4nary"])),
        ("X-Token", words(&[address, "-H", "X-Token: c4nary"])),
    ]
}

/// hostile.md row 150: planted in every way, looked for in every output, after every kind of end.
#[test]
fn a_secret_shows_nowhere() {
    let server = server();
    let paths = [
        "/bytes/5000",
        "/chunked/5000",
        "/redirect/302?to=/bytes/5000",
        "/status/404",
        "/auth/basic",
        "/cut/5000/2500",
        "/loop",
        "/redirect/302?to=ftp://h/",
        "/redirect/302?to=http://127.0.0.1:1/",
        "/stall/5000/2500",
    ];
    beside(paths, |path| {
        for (label, words) in ways(&server.url(path)) {
            let (folder, label) = (Folder::new(), format!("{label}, {path}"));
            folder.write("pass", "c4nary\n");
            let mut command = wireline();
            command.current_dir(folder.path()).env("WIRELINE_PASSWORD", "c4nary");
            command.args(["get", "-v", "--json", "-o", "page", "--timeout", "0.3"]).args(&words);
            let ran = run(&mut command);
            assert!(ran.stderr.contains("GET "), "{label}: a transcript: {ran:?}");
            assert!(ran.stderr.contains("}}"), "{label}: the secret is a hole: {ran:?}");
            no_canary(&label, &ran, &folder);
        }
    });
    let sent = |request: &wireline_servers::http::Request| {
        let head = String::from_utf8_lossy(&request.head).into_owned();
        CANARIES.iter().any(|canary| head.contains(canary))
    };
    assert!(server.requests().iter().all(sent), "it was sent each time");
}

/// hostile.md row 150: input that cannot be used is not repeated with the secret in it.
#[test]
fn bad_input_keeps_its_secret() {
    let folder = Folder::new();
    folder.write("pass", "c4nary\0\n");
    let rows: &[&[&str]] = &[
        &["get", "http://alice:c4nary@h:99999/"],
        &["get", "http://alice:c4nary@h\n/"],
        &["get", "http://alice:c4nary@b@c/"],
        &["get", "http://alice:c4nary%00@h/"],
        &["get", "alice:c4nary@h:99999"],
        &["get", "http://alice:c4nary@"],
        &["get", "http://alice:c4nary/x@h/"],
        &["get", "http://alice:c4nary#x@h/"],
        &["get", "http://alice:c4nary?x@h/"],
        &["get", "http://alice:c4nary\\x@h/"],
        &["get", "http://alice:x c4nary@h:99999/"],
        &["get", "alice:c4nary/x@h/"],
        &["get", "ftp://alice:c4nary/x@h/"],
        &["http://alice:x'c4nary@h/"],
        &["http://alice:c4nary/x@h/"],
        &["http://alice:x c4nary@h/"],
        &["get", "ftp://alice:c4nary@h/", "-H", "A: b"],
        &["get", "smtp://alice:c4nary@h/"],
        &["get", "nonsense://alice:c4nary@h/"],
        &["get", "http://h/", "-u", "alice:c4nary\n"],
        &["get", "http://h/", "-u", "alice", "--password-file", "pass"],
        &["get", "http://h/", "-H", "Authorization: c4nary\n"],
        &["get", "http://h/", "-H", "Authorization c4nary"],
        &["get", "http://alice:c4nary@h/", "--nonsense"],
        &["get", "http://alice:c4nary@h/", "-o", "a", "-o", "b"],
        &["http", "GET", "POST", "http://alice:c4nary@h/"],
        &["http", "http://alice:c4nary@h/", "GET"],
        &["http://alice:c4nary@h/"],
        &["https://alice:c4nary@h/", "-o", "page"],
        &["get", "http://h/", "--usr", "alice:c4nary"],
        &["get", "http://h/", "--user-name=alice:c4nary"],
    ];
    let mut leaks = Vec::new();
    for words in rows {
        let ran = folder.wireline(words);
        ran.failed(2, "");
        if ran.stderr.contains("c4nary") {
            leaks.push((words, ran.stderr));
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// DESIGN.md "Errors": what a peer said is in messages, a secret is in none, not even echoed.
#[test]
fn a_secret_that_a_server_echoes_is_masked_in_messages() {
    const TOKEN: &str = "YWxpY2U6YzRuYXJ5";
    let rows = [
        (
            "in a field",
            format!("HTTP/1.1 200 OK\r\nX-Echo: Basic {TOKEN}\r\nContent-Length: 0\r\n\r\n"),
        ),
        ("in the reason", format!("HTTP/1.1 403 No {TOKEN}\r\nContent-Length: 0\r\n\r\n")),
        ("in a Location", format!("HTTP/1.1 302 Found\r\nLocation: ftp://h/{TOKEN}\r\n\r\n")),
        ("in a bad line", format!("HTTP/9.9 200 {TOKEN}\r\n\r\n")),
        (
            "decoded",
            "HTTP/1.1 200 OK\r\nX-Echo: alice c4nary\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ),
    ];
    let mut leaks = Vec::new();
    for (label, bytes) in rows {
        let (server, folder) = (scripts(vec![answer(bytes)]), Folder::new());
        let address = url(server.addr(), "/");
        let words = ["get", "-v", &address, "-u", "alice:c4nary", "-o", "page", "-q"];
        let ran = folder.wireline(&words);
        if CANARIES.iter().any(|canary| ran.stderr.contains(canary)) {
            leaks.push((label, ran.stderr));
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// The same for what is awkward to find again: in a note, escaped, or cut in two.
#[test]
fn a_secret_is_masked_in_every_form() {
    let long = "x".repeat(195);
    let rows = [
        (
            "in a note",
            "c4nary",
            "HTTP/1.1 302 Found\r\nLocation: http://c4nary.invalid/\r\n\r\n".to_owned(),
        ),
        (
            "a backslash",
            "c4nary\\x",
            "HTTP/1.1 404 c4nary\\x\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ),
        (
            "a C1 letter",
            "c4nary\u{9b}",
            "HTTP/1.1 404 c4nary\u{9b}\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ),
        (
            "cut",
            "c4nary-and-more",
            format!("HTTP/1.1 404 {long}c4nary-and-more\r\nContent-Length: 0\r\n\r\n"),
        ),
    ];
    let mut leaks = Vec::new();
    for (label, secret, bytes) in rows {
        let (server, folder) = (scripts(vec![answer(bytes)]), Folder::new());
        let field = format!("X-Token: {secret}");
        let mut command = wireline();
        let address = url(server.addr(), "/");
        command.current_dir(folder.path()).args(["get", &address, "-H", &field, "-o", "page"]);
        let ran = run_within(Duration::from_secs(15), &mut command);
        if ran.stderr.contains("c4na") {
            leaks.push((label, ran.stderr));
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// Masking is for what a server says: our own JSON stays JSON, whatever the secret is.
#[test]
fn a_secret_that_looks_like_json_does_not_break_it() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/bytes/500");
    let mut wrong = Vec::new();
    for secret in ["null", "status", "bytes", "\",\"", "http", "total", "page", "127.0.0.1"] {
        let field = format!("X-Token: {secret}");
        let words = ["get", &address, "-H", &field, "-o", "page", "--json"];
        let ran = folder.wireline(&words);
        let json = serde_json::from_slice::<serde_json::Value>(&ran.done_in_silence().stdout);
        let good = json.is_ok_and(|json| {
            json["status"] == 200
                && json["bytes"] == 500
                && json["file"] == "page"
                && json["url"] == address
        });
        if !good {
            wrong.push((secret, ran.text()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// hostile.md row 149: a password that others on this machine can see is accepted with a warning.
#[test]
fn a_password_in_the_arguments_warns() {
    let (server, folder) = (server(), Folder::new());
    folder.write("pass", "wonderland\r\nnot this line\n");
    let login = server.url("/auth/basic");
    let in_url = login.replace("://", "://alice:wonderland@");
    let get = |words: &[&str]| {
        let mut command = wireline();
        command.current_dir(folder.path()).env("WIRELINE_PASSWORD", "wonderland");
        run(command.arg("get").args(words))
    };
    let warned = "wireline: warning: a password on the command line";
    for words in [&[in_url.as_str()][..], &[&login, "-u", "alice:wonderland"], &[&in_url, "-q"]] {
        let ran = get(words);
        assert_eq!((ran.done().text(), ran.stderr.lines().count()), ("welcome\n".to_owned(), 1));
        assert!(ran.stderr.starts_with(warned), "{ran:?}");
    }
    get(&[&login, "-u", "alice"]).done_in_silence();
    get(&[&login, "-u", "alice", "--password-file", "pass"]).done_in_silence();
    get(&[&login]).failed_in_one_line(1, "401").hinted("-u USER");
    get(&[&login, "-u", "alice", "--password-file", "missing"]).failed_in_one_line(7, "missing");
    // The first of them counts: URL, -u, file, environment.
    folder.write("wrong", "wrong\n");
    assert_eq!(get(&[&in_url, "-u", "bob:wrong", "--password-file", "wrong"]).code, Some(0));
    assert_eq!(get(&[&login, "-u", "alice:wonderland", "--password-file", "wrong"]).code, Some(0));
    assert_eq!(get(&[&login, "-u", "alice", "--password-file", "wrong"]).code, Some(1));
    let mut command = wireline();
    command
        .args(["get", &login, "-u", "alice", "--password-file", "-"])
        .env("WIRELINE_PASSWORD", "x");
    let pass = std::fs::File::open(folder.at("pass")).unwrap();
    run(command.stdin(pass)).done_in_silence();
}

/// The contract: a login goes out in clear to loopback only. Elsewhere nothing is even connected.
#[test]
fn a_login_in_clear_stays_on_this_machine() {
    let folder = Folder::new();
    folder.write("pass", "c4nary\n");
    let get = |words: &[&str]| {
        let mut command = wireline();
        command.current_dir(folder.path()).args(["get", "-o", "page"]).args(words);
        run_within(Duration::from_secs(8), &mut command)
    };
    let login = ["-u", "alice", "--password-file", "pass"];
    let rows: &[&[&str]] = &[
        &["http://192.0.2.1/"],
        &["http://192.0.2.1:8080/"],
        &["http://[2001:db8::1]/"],
        &["http://h.test/", "--resolve", "h.test:80:192.0.2.1"],
        &["http://localhost/", "--resolve", "localhost:80:192.0.2.1"],
        &["http://127.0.0.1/", "--connect-to", "::192.0.2.1:80"],
        &["http://h.test/", "--resolve", "h.test:80:127.0.0.1,192.0.2.1"],
    ];
    for words in rows {
        let ran = get(&[words, &login[..]].concat());
        ran.failed_in_one_line(8, "is not this machine").hinted("--allow-plaintext-auth");
        assert!(ran.took < Duration::from_secs(8), "at once: {ran:?}");
        assert!(!ran.stderr.contains("connection 1"), "{ran:?}");
    }
    let in_url = get(&["http://alice:c4nary@192.0.2.1/"]);
    in_url.failed(8, "is not this machine").hinted("--allow-plaintext-auth");
    assert_eq!(folder.names(), ["pass"]);
    let server = server();
    let login = ["-u", "alice:wonderland"];
    let resolve = format!("h.test:{}:127.0.0.1", server.addr().port());
    let named = format!("http://h.test:{}/auth/basic", server.addr().port());
    get(&[&[server.url("/auth/basic").as_str()][..], &login].concat()).done();
    get(&[&[named.as_str(), "--resolve", &resolve][..], &login].concat()).done();
}

/// The same with a server that would answer: an address of this machine that is not loopback.
#[test]
fn a_login_in_clear_leaves_only_when_allowed() {
    let Some(ip) = own_address() else {
        return eprintln!("skipped: this machine has no address but loopback");
    };
    let addr = SocketAddr::new(ip, 0);
    let server = Server::start(Options { addr, ..Options::default() }).unwrap();
    let (address, folder) = (server.url("/auth/basic"), Folder::new());
    let login = ["get", &address, "-u", "alice:wonderland"];
    folder.wireline(&login).failed(8, "is not this machine");
    assert_eq!(server.connections(), 0);
    let allowed = folder.wireline(&[&login[..], &["--allow-plaintext-auth"]].concat());
    assert_eq!(allowed.done().text(), "welcome\n");
    let typed =
        folder.wireline(&["get", &address, "-H", "Authorization: Basic YWxpY2U6d29uZGVybGFuZA=="]);
    assert_eq!(typed.done().text(), "welcome\n");
    assert!(typed.stderr.contains("goes out in clear"), "a header goes as typed: {typed:?}");
    folder.wireline(&["get", &server.url("/bytes/5")]).done_in_silence();
    // Where a redirect leads from loopback, a login does not go, and need not.
    let local = crate::support::server();
    let away = local.url(&format!("/redirect/302?to={}", server.url("/echo")));
    let ran = folder.wireline(&["get", &away, "-u", "alice:wonderland"]);
    assert!(!ran.done().text().contains("Authorization"), "{ran:?}");
}
