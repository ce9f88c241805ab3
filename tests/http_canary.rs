//! The canary: a secret of every kind, planted in every way, and looked for wherever it must not
//! be: at another origin, in a transcript, in JSON, in an error, in the arguments of a process.
//! hostile.md rows 137, 147, 149 and 150.

use crate::http_support::{escaped, heads, json, none_wrong};
use crate::support::{Folder, Ran, beside, run, scripts, server, url, wireline};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;
use wireline_servers::http::{Options, Server};
use wireline_servers::proxy;
use wireline_servers::raw::Act;

/// The secret, and how it looks in base64 behind three, four or five other bytes.
const SIGHTS: [&str; 5] = ["c4nary", "YzRuYXJ5", "M0bmFye", "jNG5hcn", "c4%6eary"];

fn sights(text: &str) -> Vec<&'static str> {
    SIGHTS.into_iter().filter(|sight| text.contains(sight)).collect()
}

/// A kind of secret: what it is called, the words that plant it (`ADDR` is the host and port), and
/// whether a request to its own origin shows it.
type Kind = (&'static str, &'static [&'static str], bool);

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    ("userinfo", &["http://alice:c4nary@ADDR"], true),
    ("-u", &["http://ADDR", "-u", "alice:c4nary"], true),
    ("--basic", &["http://ADDR", "-u", "alice:c4nary", "--basic"], true),
    ("--digest", &["http://ADDR", "-u", "alice:c4nary", "--digest"], false),
    ("--anyauth", &["http://ADDR", "-u", "alice:c4nary", "--anyauth"], false),
    ("--password-file", &["http://ADDR", "-u", "alice", "--password-file", "secret"], true),
    ("WIRELINE_PASSWORD", &["http://ADDR", "-u", "alice"], true),
    ("--netrc-file", &["http://ADDR", "--netrc-file", "secret.netrc"], true),
    ("-n", &["http://ADDR", "-n"], true),
    ("--bearer", &["http://ADDR", "--bearer", "c4nary"], true),
    ("--bearer @FILE", &["http://ADDR", "--bearer", "@secret"], true),
    ("-b", &["http://ADDR", "-b", "session=c4nary"], true),
    ("-b FILE", &["http://ADDR", "-b", "secret.jar"], true),
    ("-c FILE", &["http://ADDR", "-c", "secret.jar"], true),
    ("Cookie", &["http://ADDR", "-H", "Cookie: session=c4nary"], true),
    ("Authorization", &["http://ADDR", "-H", "Authorization: Bearer c4nary"], true),
    ("Proxy-Authorization", &["http://ADDR", "-H", "Proxy-Authorization: Basic c4nary"], true),
    ("X-Api-Key", &["http://ADDR", "-H", "X-Api-Key: c4nary"], true),
];

/// A folder with the secrets that are in files.
fn planted() -> Folder {
    let folder = Folder::new();
    let jar = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t4102444800\ts\tc4nary\n";
    let netrc = "machine 127.0.0.1 login alice password c4nary\n";
    for (name, text) in
        [("secret", "c4nary\n"), ("secret.netrc", netrc), (".netrc", netrc), ("secret.jar", jar)]
    {
        folder.write(name, text);
        fs::set_permissions(folder.at(name), Permissions::from_mode(0o600)).unwrap();
    }
    folder
}

/// The words of a kind for a path of a server.
fn words(kind: &Kind, server: &Server, path: &str) -> Vec<String> {
    let fill = |word: &&str| match word.ends_with("ADDR") {
        true => format!("{}{path}", word.replace("ADDR", &server.addr().to_string())),
        false => (*word).to_owned(),
    };
    kind.1.iter().map(fill).collect()
}

fn command(folder: &Folder) -> Command {
    let mut command = wireline();
    command
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env("WIRELINE_PASSWORD", "c4nary");
    command
}

/// Where it is in what a run left behind.
fn found(ran: &Ran, folder: &Folder) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |place: &str, text: &str| {
        found.extend(sights(text).into_iter().map(|sight| format!("{sight} in {place}: {text}")));
    };
    look("standard error", &ran.stderr);
    look("standard output", &ran.text());
    for name in folder.names() {
        let secret = name.starts_with("secret") || name == ".netrc";
        let text = String::from_utf8_lossy(&folder.read(&name)).into_owned();
        look(&name, if secret { "" } else { &text });
        look("a name", &name);
    }
    found
}

/// Ends of every kind; where `TO` stands another origin.
const ENDS: [&str; 9] = [
    "/bytes/50",
    "/redirect/302?to=/bytes/50",
    "/redirect/307?to=TO/bytes/50",
    "/redirect/302?to=TO/auth/both",
    "/auth/both",
    "/status/404",
    "/cut/500/50",
    "/redirect/302?to=ftp://h/",
    "/redirect/302?to=http://127.0.0.1:1/",
];

/// hostile.md rows 137 and 150, in one.
#[test]
fn no_secret_is_seen_where_it_must_not_be() {
    let (here, there) = (server(), server());
    beside(KINDS, |kind| {
        let mut wrong = Vec::new();
        for end in ENDS {
            for to in [there.url(""), here.url("").replace("127.0.0.1", "localhost")] {
                let folder = planted();
                let mut command = command(&folder);
                command.args(["get", "-v", "--record", "rec.wire", "--json", "-o", "page"]);
                command.args(["--timeout", "5"]).args(words(
                    kind,
                    &here,
                    &end.replace("TO", &escaped(to)),
                ));
                let ran = run(&mut command);
                let found = found(&ran, &folder);
                if !found.is_empty() || ran.stderr.is_empty() {
                    wrong.push((kind.0, end, found, ran.stderr));
                }
            }
        }
        none_wrong(&wrong);
    });
    // RFC 6265 section 8.5: the cookies of a jar go by the host, whatever its port.
    let by_host = |head: &String| head.contains("\r\nCookie: s=c4nary\r\n");
    let leaked: Vec<_> = heads(&there)
        .into_iter()
        .filter(|head| !sights(head).is_empty() && !by_host(head))
        .collect();
    none_wrong(&leaked);
    assert!(heads(&there).iter().all(|head| !head.contains("Authorization")));
    for head in heads(&here) {
        let elsewhere = head.contains("\r\nHost: localhost:");
        assert!(!elsewhere || sights(&head).is_empty(), "{head}");
    }
}

/// A long secret is hidden as quickly as a short one: twice the length is not four times the time.
#[test]
fn a_long_secret_takes_no_time() {
    let secret = format!("c4nary{}", "x".repeat(60_000));
    beside(["X-Api-Key: ", "Cookie: s=", "Authorization: Bearer "], |field| {
        let (folder, field) = (Folder::new(), format!("{field}{secret}"));
        let ran = folder.wireline(&["get", "http://127.0.0.1:1/", "-H", &field, "-o", "page"]);
        ran.failed(3, "refused");
        assert!(ran.took < Duration::from_secs(2), "{:?}", ran.took);
        assert!(sights(&ran.stderr).is_empty());
    });
}

/// The same kinds do reach where they were meant for: what never went out proves nothing.
#[test]
fn every_secret_was_planted() {
    let mut wrong = Vec::new();
    for kind in KINDS {
        let (server, folder) = (server(), planted());
        let mut command = command(&folder);
        command.args(["get", "-q", "-o", "page"]).args(words(kind, &server, "/bytes/5"));
        let ran = run(&mut command);
        let shown = heads(&server).iter().any(|head| !sights(head).is_empty());
        if shown != kind.2 || ran.code != Some(0) {
            wrong.push((kind.0, heads(&server), ran));
        }
    }
    none_wrong(&wrong);
    // What goes by Digest is never seen, and lets in.
    let login = Some(("alice".to_owned(), "c4nary".to_owned()));
    let server = Server::start(Options { login, ..Options::default() }).unwrap();
    let folder = planted();
    for way in ["--digest", "--anyauth"] {
        let mut command = command(&folder);
        let address = server.url("/auth/both");
        command.args([
            "get", "-v", &address, "-u", "alice", way, "--record", "rec.wire", "-o", "page",
        ]);
        let ran = run(&mut command);
        assert_eq!(folder.read("page"), b"welcome\n", "{ran:?}");
        none_wrong(&found(&ran, &folder));
    }
    assert!(heads(&server).iter().all(|head| sights(head).is_empty()));
}

/// hostile.md row 150: a server that says it back, in whatever it can say.
#[test]
fn an_echo_is_masked() {
    let echoes = [
        "HTTP/1.1 200 OK\r\nX-Echo: WORD\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 403 WORD\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: ftp://h/WORD\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSet-Cookie: s=WORD\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: WORD\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"WORD\", nonce=\"WORD\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/9.9 200 WORD\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: WORD\r\n\r\n",
    ];
    beside(KINDS, |kind| {
        let mut wrong = Vec::new();
        for (echo, word) in
            echoes.iter().flat_map(|echo| [(echo, "c4nary"), (echo, "YWxpY2U6YzRuYXJ5")])
        {
            // Who never said it cannot know it for a secret in this shape.
            if word != "c4nary" && !matches!(kind.0, "userinfo" | "-u" | "--basic" | "--netrc-file")
            {
                continue;
            }
            let answer =
                vec![Act::Request, Act::Send(echo.replace("WORD", word).into()), Act::Close];
            let (server, folder) = (scripts(vec![answer]), planted());
            let address = server.addr().to_string();
            let mut command = command(&folder);
            command.args(["get", "-v", "--record", "rec.wire", "--compressed", "-q", "-o", "page"]);
            command.args(kind.1.iter().map(|word| word.replace("ADDR", &address)));
            let ran = run(&mut command);
            let mut seen = found(&ran, &folder);
            // A saved cookie is the user's own file.
            seen.retain(|place| !place.contains("secret.jar"));
            if !seen.is_empty() {
                wrong.push((kind.0, echo, seen));
            }
        }
        none_wrong(&wrong);
    });
}

/// A cookie that a server sets is a secret from then on: a hole in a transcript, both ways. (The
/// heads on standard output are what came, as ever.)
#[test]
fn a_cookie_of_a_server_is_hidden() {
    let page = "HTTP/1.1 200 OK\r\nSet-Cookie: s=c4nary; Path=/\r\nContent-Length: 0\r\n\r\n";
    let twice = vec![Act::Request, Act::Send(page.into()), Act::Request, Act::Send(page.into())];
    let (server, folder) = (scripts(vec![twice]), planted());
    let address = url(server.addr(), "/");
    let words = ["get", "-v", "--record", "rec.wire", "-c", "secret.new", &address, &address];
    let ran = run(command(&folder).args(words));
    ran.done();
    let sent = String::from_utf8(server.received_in_all(0).unwrap()).unwrap();
    assert!(sent.contains("\r\nCookie: s=c4nary\r\n"), "{sent}");
    none_wrong(&found(&ran, &folder));
}

/// hostile.md row 147: the proxy's password is for the proxy, ours is not; nobody sees either.
#[test]
fn a_proxy_and_an_origin_do_not_share_secrets() {
    let origin = server();
    let options = proxy::Options {
        login: Some(("bob".to_owned(), "c4nary".to_owned())),
        hosts: vec![("h.test".to_owned(), origin.addr())],
        ..proxy::Options::default()
    };
    let (proxy, folder) = (proxy::Server::start(options).unwrap(), planted());
    for with in [
        format!("http://bob:c4nary@{}", proxy.addr()),
        format!("http://bob:wr0ng-c4nary@{}", proxy.addr()),
    ] {
        let mut command = command(&folder);
        command.args(["get", "-v", "--json", "--record", "rec.wire", "-o", "page", "-x", &with]);
        let ran = run(command.arg("http://h.test/echo"));
        assert_eq!(ran.code, Some(if with.contains("wr0ng") { 1 } else { 0 }), "{ran:?}");
        none_wrong(&found(&ran, &folder));
    }
    assert!(heads(&origin).iter().all(|head| sights(head).is_empty()), "{:?}", heads(&origin));
    assert_eq!(origin.requests().len(), 1);
}

/// hostile.md row 149: no process is started, and what is not in our own arguments is in nobody's.
#[test]
fn no_process_shows_a_secret() {
    let (server, folder) = (server(), planted());
    for kind in KINDS {
        let in_arguments = kind.1.iter().any(|word| word.contains("c4nary"));
        let before = server.requests().len() as u64;
        let mut command = command(&folder);
        command.args(["get", "-q", "-o", "page"]).args(words(kind, &server, "/stall/50/5"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        assert!(server.wait_requests(before + 1, Duration::from_secs(10)), "{}", kind.0);
        let children = children(child.id());
        let ours = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
        let ours = String::from_utf8_lossy(&ours).into_owned();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(children.is_empty(), "{}: {children:?}", kind.0);
        assert!(in_arguments || sights(&ours).is_empty(), "{}: {ours}", kind.0);
    }
}

/// The processes that this one started.
fn children(parent: u32) -> Vec<String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut found = Vec::new();
    for entry in entries {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // pid (comm) state ppid; the name may hold anything.
        let after = stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        if after.split(' ').nth(1) == Some(parent.to_string().as_str()) {
            found.push(stat);
        }
    }
    found
}

/// hostile.md rows 138 and 143: what would lead secrets into the clear, or a body elsewhere.
#[test]
fn a_redirect_into_the_clear_is_refused() {
    let (authority, folder) = (wireline_servers::Authority::new("e2e root").unwrap(), planted());
    folder.write("ca.pem", authority.pem());
    let tls = Some(authority.server_config(wireline_servers::Certificate::Good).unwrap());
    let safe = Server::start(Options { tls, ..Options::default() }).unwrap();
    let clear = server();
    let to = escaped(clear.url("/echo").replace("127.0.0.1", "localhost"));
    for code in ["301", "302", "303", "307", "308"] {
        let address = safe.url(&format!("/redirect/{code}?to={to}"));
        for verb in [&["get"][..], &["http", "-d", "c4nary"], &["http", "-T", "secret"]] {
            let more = ["-v", "--cacert", "ca.pem", "-o", "page", "-u", "alice:c4nary", &address];
            let ran = run(command(&folder).args(verb).args(more));
            ran.failed(8, "");
            let shown = sights(&ran.stderr);
            // What was sent as content is no secret, but a login is.
            assert!(verb.contains(&"-d") || verb.contains(&"-T") || shown.is_empty(), "{ran:?}");
        }
    }
    assert_eq!(clear.connections(), 0);
    let (here, there) = (server(), server());
    for code in ["307", "308"] {
        let address = here.url(&format!("/redirect/{code}?to={}", escaped(there.url("/echo"))));
        for content in [
            &["-d", "c4nary"][..],
            &["-F", "a=@secret"],
            &["-T", "secret"],
            &["--json-body", "\"c4nary\""],
        ] {
            let ran = run(command(&folder).args(["http", &address]).args(content));
            ran.failed(8, "");
        }
    }
    assert_eq!(there.connections(), 0);
}

/// hostile.md rows 140 to 142: a login in a Location is not used, ours is not put there, and no
/// Referer tells where we came from.
#[test]
fn a_redirect_carries_no_login() {
    let (here, there, folder) = (server(), server(), planted());
    let with_login = there.url("/echo").replace("://", "://eve:c4nary@");
    let address = here.url(&format!("/redirect/302?to={}", escaped(with_login)));
    let ran = run(command(&folder).args(["get", "-q", "--json", "-o", "page", &address]));
    // In `url` it is what was typed, and no login there.
    assert_eq!(json(ran.done())["effective_url"], there.url("/echo"));
    let address = here.url("/redirects/3").replace("://", "://alice:c4nary@");
    let ran = run(command(&folder).args(["get", "-q", "--json", "-o", "page", &address]));
    assert!(sights(&ran.done().text()).is_empty(), "{ran:?}");
    for head in heads(&there) {
        assert!(sights(&head).is_empty() && !head.contains("Authorization"), "{head}");
    }
    for head in heads(&here).iter().chain(&heads(&there)) {
        assert!(!head.to_ascii_lowercase().contains("\r\nreferer:"), "{head}");
    }
}

/// Bad input keeps its secret, too: not one of these is repeated with it.
#[test]
fn bad_input_keeps_its_secret() {
    let (server, folder) = (server(), planted());
    folder.write("open", "machine 127.0.0.1 login alice password c4nary\n");
    fs::set_permissions(folder.at("open"), Permissions::from_mode(0o644)).unwrap();
    let address = server.url("/bytes/5");
    let rows: &[&[&str]] = &[
        &["--bearer", "c4nary\r\n"],
        &["--bearer", "c4nary\u{e4}"],
        &["-b", "a=c4nary\n"],
        &["-b", "a=c4nary\u{1}"],
        &["-u", "alice:c4nary\n", "--digest"],
        &["--netrc-file", "open"],
        &["-H", "Cookie: c4nary\n"],
        &["-H", "Cookie c4nary"],
        &["-H", "X-Api-Key c4nary;"],
        &["-x", "http://bob:c4nary@p:99999/"],
        &["-x", "nonsense://bob:c4nary@p/"],
        &["-x", "http://bob:c4nary@p\n/"],
        &["-e", "http://u:c4nary@h\n/"],
        &["--bearer", "c4nary", "--nonsense"],
        &["--baerer", "c4nary"],
        &["--bearer=c4nary", "--jobs=x"],
    ];
    let mut wrong = Vec::new();
    for words in rows {
        let ran = run(command(&folder).args(["get", &address]).args(*words));
        if !matches!(ran.code, Some(2 | 8))
            || !found(&ran, &folder).iter().all(|place| place.contains("in open"))
        {
            wrong.push((words, ran));
        }
    }
    none_wrong(&wrong);
    assert_eq!(server.connections(), 0);
}
