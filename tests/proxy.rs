//! By way of a proxy: every command, every kind of proxy, and who gets to see what.
//! hostile.md rows 9, 147, 148 and 150.

use crate::support::{
    Folder, Ran, answer, beside, cut, own_address, run, run_within, scripts, server, url, wireline,
};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::raw::Act;
use wireline_servers::{ftp, http, pop3, proxy, smtp, socks, telnet};

#[path = "../protocols/wire/tests/wire/proxy_server.rs"]
mod proxy_server;

const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The proxy's password as it is, and as it is sent with its user, `carol`.
const CANARIES: [&str; 2] = ["c4nary-proxy", "Y2Fyb2w6YzRuYXJ5LXByb3h5"];
const LOGIN: &str = "carol:c4nary-proxy";

fn http_proxy(login: bool, hosts: &[(&str, SocketAddr)]) -> proxy::Server {
    let hosts = hosts.iter().map(|(name, addr)| ((*name).to_owned(), *addr)).collect();
    let login = login.then(|| ("carol".to_owned(), CANARIES[0].to_owned()));
    proxy::Server::start(proxy::Options { login, hosts, ..Default::default() }).unwrap()
}

fn socks_proxy(login: bool, hosts: &[(&str, SocketAddr)]) -> socks::Server {
    let hosts = hosts.iter().map(|(name, addr)| ((*name).to_owned(), *addr)).collect();
    let login = login.then(|| ("carol".to_owned(), CANARIES[0].to_owned()));
    socks::Server::start(socks::Options { login, hosts, ..Default::default() }).unwrap()
}

/// The request lines that a proxy got.
fn lines(proxy: &proxy::Server) -> Vec<String> {
    let first = |head: &[u8]| String::from_utf8_lossy(head).lines().next().unwrap().to_owned();
    proxy.requests().iter().map(|request| first(&request.head)).collect()
}

fn with(folder: &Folder, environment: &[(&str, &str)], words: &[&str]) -> Ran {
    let mut command = wireline();
    command.current_dir(folder.path()).args(words).envs(environment.iter().copied());
    run_within(Duration::from_secs(8), command.args(["--max-time", "6"]))
}

/// A server of each protocol, and the words of a command that goes there.
struct Everybody {
    http: http::Server,
    ftp: ftp::Server,
    pop3: pop3::Server,
    smtp: smtp::Server,
    telnet: telnet::Server,
}

impl Everybody {
    fn start() -> Self {
        let files = vec![("a.txt".to_owned(), b"text\n".to_vec())];
        let messages = vec![b"Subject: hi\r\n\r\ntext\r\n".to_vec()];
        Self {
            http: server(),
            ftp: ftp::Server::start(ftp::Options { files, ..Default::default() }).unwrap(),
            pop3: pop3::Server::start(pop3::Options { messages, ..Default::default() }).unwrap(),
            smtp: smtp::Server::start(smtp::Options::default()).unwrap(),
            telnet: telnet::Server::start(telnet::Options::default()).unwrap(),
        }
    }

    /// Name, words, how many connections it takes, and what is on standard output then.
    fn commands(&self) -> Vec<(Vec<String>, usize, &'static str)> {
        let (ftp, smtp) = (self.ftp.addr(), self.smtp.addr());
        let file = format!("ftp://{ftp}/a.txt");
        let (mail, telnet) = (self.pop3.addr(), self.telnet.addr());
        let (http, echo) = (self.http.url("/bytes/5"), self.http.url("/echo"));
        let (to, login) = ("--from a@x.test --to b@x.test -d text", "--login alice");
        let mailbox = format!("pop3://alice@{mail}");
        let rows = [
            (format!("get {http}"), 1, ""),
            (format!("http POST {echo} -d x"), 1, "POST"),
            (format!("get {file}"), 2, "text\n"),
            (format!("put /dev/null ftp://alice@{ftp}/new"), 2, ""),
            (format!("ftp ls ftp://{ftp}/"), 2, "a.txt"),
            (format!("ftp quote ftp://{ftp}/ NOOP"), 1, "200"),
            (format!("mail {mailbox}"), 1, "1"),
            (format!("get {mailbox}/1"), 1, "Subject: hi"),
            (format!("send smtp://{smtp} {to} --no-tls"), 1, ""),
            (format!("smtp probe smtp://{smtp} --no-tls"), 1, ""),
            (format!("telnet {telnet} {login} --send exit"), 1, ""),
        ];
        let words = |text: String| text.split(' ').map(str::to_owned).collect();
        rows.map(|(text, connections, out)| (words(text), connections, out)).into()
    }
}

/// Whatever it is, it goes by way of the proxy that was typed, this machine or not, and the server
/// gets its login, the proxy its own.
#[test]
fn every_command_goes_by_way_of_the_proxy() {
    beside(["http", "socks5", "socks5h"], |kind| {
        let everybody = Everybody::start();
        for (words, connections, out) in everybody.commands() {
            let folder = Folder::new();
            let (http, socks) = (http_proxy(true, &[]), socks_proxy(true, &[]));
            let addr = if kind == "http" { http.addr() } else { socks.addr() };
            let through = format!("{kind}://{LOGIN}@{addr}");
            let is_page = words.iter().any(|word| word.starts_with("http://"));
            let mut options = vec!["-v", "-x", &through];
            if !is_page {
                options.push("--allow-plaintext-auth");
            }
            if ["get", "put", "mail", "ftp"].contains(&words[0].as_str()) && !is_page {
                options.push("--no-tls");
            }
            let is_two = ["ftp", "smtp"].contains(&words[0].as_str());
            let (verb, rest) = words.split_at(if is_two { 2 } else { 1 });
            let mut command = wireline();
            command.current_dir(folder.path()).env("WIRELINE_PASSWORD", "wonderland");
            command.args(verb).args(options).args(rest);
            let ran = run(&mut command);
            let label = format!("{kind}: {words:?}: {ran:?}");
            assert_eq!(ran.code, Some(0), "{label}");
            assert!(ran.text().contains(out), "{label}");
            let asked = if kind == "http" { http.requests().len() } else { socks.requests().len() };
            assert_eq!(asked, connections, "{label}");
            assert!(http.violations().is_empty() && socks.violations().is_empty(), "{label}");
            for canary in CANARIES {
                assert!(!ran.stderr.contains(canary) && !ran.text().contains(canary), "{label}");
            }
        }
    });
}

/// RFC 9112 section 3.2.2, and hostile.md row 147: absolute-form to the proxy, with its login; a
/// connection to it serves several origins.
#[test]
fn http_is_forwarded_in_absolute_form() {
    let twice = [answer(PAGE)[..2].to_vec(), answer(PAGE)].concat();
    let (proxy, folder) = (scripts(vec![twice]), Folder::new());
    let (login, through) = (format!("{LOGIN}@"), proxy.addr());
    let words = ["get", "http://a.test/1?q", "http://b.test:81/2", "http://a.test/3", "-x"];
    let ran = with(&folder, &[], &[&words[..], &[&format!("http://{login}{through}")]].concat());
    assert_eq!((ran.code, ran.text().as_str()), (Some(0), "okokok"), "{ran:?}");
    let own = "Proxy-Authorization: Basic Y2Fyb2w6YzRuYXJ5LXByb3h5\r\n";
    let close = "Connection: close\r\n";
    let wanted = format!(
        "GET http://a.test/1?q HTTP/1.1\r\nHost: a.test\r\n{own}\r\n\
         GET http://b.test:81/2 HTTP/1.1\r\nHost: b.test:81\r\n{close}{own}\r\n"
    );
    assert_eq!(String::from_utf8(proxy.received(0)).unwrap(), wanted);
    assert_eq!(proxy.connections(), 2);
}

/// An https origin with a certificate for it, and the authority in `ca.pem` of a folder.
fn secure() -> (http::Server, Authority, Folder) {
    let (authority, folder) = (Authority::new("e2e root").unwrap(), Folder::new());
    folder.write("ca.pem", authority.pem());
    let certificate = Certificate::GoodFor(vec!["origin.test".into()]);
    let tls = Some(authority.server_config(certificate).unwrap());
    let server = http::Server::start(http::Options { tls, ..Default::default() }).unwrap();
    (server, authority, folder)
}

/// hostile.md rows 147 and 150: the proxy gets none of the origin's secrets, the origin none of the
/// proxy's, and nobody who looks on gets any.
#[test]
fn each_gets_its_own_secrets() {
    let (origin, _, folder) = secure();
    let proxy = http_proxy(true, &[("origin.test", origin.addr())]);
    let through = format!("http://{LOGIN}@{}", proxy.addr());
    let target = format!("https://origin.test:{}/echo", origin.addr().port());
    let words = ["get", &target, "-x", &through, "--cacert", "ca.pem", "-o", "page", "--json"];
    let secrets = ["-u", "alice:c4nary-origin", "-H", "X-Token: c4nary-token", "-v"];
    let record = ["-H", "Cookie: a=c4nary-cookie", "--record", "a.wire"];
    let ran = folder.wireline(&[&words[..], &secrets, &record].concat());
    ran.done();
    let head = String::from_utf8(proxy.requests()[0].head.clone()).unwrap();
    let place = format!("origin.test:{}", origin.addr().port());
    let own = format!("Proxy-Authorization: Basic {}", CANARIES[1]);
    let wanted = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{own}\r\n\r\n");
    assert_eq!((head, proxy.requests().len()), (wanted, 1));
    let asked = String::from_utf8(origin.requests()[0].head.clone()).unwrap();
    assert!(asked.contains("c4nary-token") && !asked.to_lowercase().contains("proxy"), "{asked}");
    assert!(ran.stderr.contains("# C: Proxy-Authorization: Basic {{*=hidden}}"), "{ran:?}");
    assert!(ran.stderr.contains("# S: HTTP/1.1 200"), "{ran:?}");
    let record = String::from_utf8(folder.read("a.wire")).unwrap();
    assert!(!record.contains("CONNECT") && !record.contains("the proxy"), "{record}");
    // The page is what the origin was asked, and it was asked with its own secrets.
    let shown = [ran.text(), ran.stderr.clone(), record].concat();
    assert!(!shown.contains("c4nary") && !shown.contains(CANARIES[1]), "{shown}");
    let json: Value = serde_json::from_str(&ran.text()).unwrap();
    assert!(json["timings"]["proxy"].as_f64().unwrap() > 0.0, "{json}");
    assert!(json["remote"].as_str().unwrap().starts_with(&place), "{json}");
}

/// hostile.md row 147: neither a second proxy nor an origin without one gets the first one's login.
#[test]
fn a_redirect_takes_no_proxy_login_along() {
    let (origin, _, folder) = secure();
    let (second, direct) = (http_proxy(false, &[("origin.test", origin.addr())]), server());
    let port = origin.addr().port();
    for (to, resolve) in [
        (format!("https://origin.test:{port}/"), format!("x.test:{port}:127.0.0.1")),
        (
            format!("http://free.test:{}/bytes/5", direct.addr().port()),
            format!("free.test:{}:127.0.0.1", direct.addr().port()),
        ),
    ] {
        let moved = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        let first = scripts(vec![answer(moved)]);
        let environment = [
            ("http_proxy", format!("http://{LOGIN}@{}", first.addr())),
            ("https_proxy", second.url()),
            ("no_proxy", "free.test".to_owned()),
        ];
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        let words = ["get", "http://a.test/", "--cacert", "ca.pem", "--resolve", &resolve];
        with(&folder, &environment, &words).done();
        let got = String::from_utf8(first.received(0)).unwrap();
        assert!(got.contains(CANARIES[1]), "{got}");
    }
    let asked = second.requests().into_iter().map(|request| request.head);
    let heads = asked.chain(direct.requests().into_iter().map(|request| request.head));
    let heads: Vec<_> = heads.map(|head| String::from_utf8(head).unwrap()).collect();
    assert_eq!((heads.len(), second.requests().len(), origin.requests().len()), (2, 1, 1));
    assert!(heads.iter().all(|head| !head.contains("Proxy-Authorization")), "{heads:?}");
}

/// TLS with the origin inside TLS with the proxy; and the proxy's certificate is judged too.
#[test]
fn tls_in_tls() {
    let (origin, authority, folder) = secure();
    let config = authority.server_config(Certificate::Good).unwrap();
    let proxy = proxy_server::Server::start(proxy_server::Speaks::Https(config), origin.addr());
    let wrong = authority.server_config(Certificate::WrongHost).unwrap();
    let wrong = proxy_server::Server::start(proxy_server::Speaks::Https(wrong), origin.addr());
    let get = |proxy: &proxy_server::Server, more: &[&str]| {
        let through = format!("https://{LOGIN}@localhost:{}", proxy.addr.port());
        let words = ["get", "https://origin.test/bytes/300000", "-o", "page", "-x", &through];
        with(&folder, &[], &[&words[..], more].concat())
    };
    get(&proxy, &["--cacert", "ca.pem"]).done();
    assert_eq!(folder.size("page"), Some(300_000));
    assert!(proxy.asked()[0].starts_with("CONNECT origin.test:443 "), "{:?}", proxy.asked());
    // A typed --insecure is for the origin alone.
    for more in [&["--cacert", "ca.pem"][..], &["--cacert", "ca.pem", "-k"]] {
        get(&wrong, more).failed(4, "the proxy https://localhost");
    }
    assert!(wrong.asked().is_empty());
}

/// Kinds that lead to one address only: mail by each of them.
#[test]
fn mail_through_other_hands() {
    use proxy_server::{Server, Speaks};
    let (mail, folder) = (smtp::Server::start(smtp::Options::default()).unwrap(), Folder::new());
    for (kind, speaks) in [("http", Speaks::Http), ("socks5h", Speaks::Socks)] {
        let proxy = Server::start(speaks, mail.addr());
        let through = format!("{kind}://{}", proxy.addr);
        let words = ["send", "smtp://mail.test", "--no-tls", "-d", "x", "--from", "a@x.test"];
        let ran = with(&folder, &[], &[&words[..], &["--to", "b@x.test", "-x", &through]].concat());
        ran.done_in_silence();
        assert!(proxy.asked()[0].contains("mail.test"), "{:?}", proxy.asked());
    }
    assert_eq!(mail.messages().len(), 2);
}

/// The environment, more words, and whether the proxy serves http://a.test and https://origin.test.
type Row<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], [bool; 2]);

/// hostile.md row 148: which variable is for what, and on label boundaries for whom not.
#[test]
fn the_environment_chooses() {
    let (origin, _, folder) = secure();
    let clear = server();
    let hosts = [("a.test", clear.addr()), ("origin.test", origin.addr())];
    let proxy = http_proxy(false, &hosts);
    let here = proxy.url();
    let bare = here.strip_prefix("http://").unwrap();
    let upper = here.replace("http://", "HTTP://");
    let rows: &[Row<'_>] = &[
        (&[("http_proxy", &here)], &[], [true, false]),
        (&[("HTTP_PROXY", &here)], &[], [false, false]),
        (&[("https_proxy", &here)], &[], [false, true]),
        (&[("HTTPS_PROXY", &here)], &[], [false, true]),
        (&[("all_proxy", bare)], &[], [true, true]),
        (&[("ALL_PROXY", &upper)], &[], [true, true]),
        (&[("all_proxy", &here), ("http_proxy", "")], &[], [false, true]),
        (&[("all_proxy", &here), ("no_proxy", "a.test")], &[], [false, true]),
        (&[("all_proxy", &here), ("NO_PROXY", "x, .test")], &[], [false, false]),
        (&[("all_proxy", &here), ("no_proxy", "*")], &[], [false, false]),
        (&[("all_proxy", &here), ("no_proxy", "st,est,aa.test,test.a")], &[], [true, true]),
        (&[("all_proxy", &here), ("no_proxy", "*")], &["--noproxy", ""], [true, true]),
        (&[("all_proxy", &here)], &["--noproxy", "A.TEST."], [false, true]),
        (&[("all_proxy", &here)], &["-x", ""], [false, false]),
        (&[("all_proxy", "http://127.0.0.1:1")], &["-x", &here], [true, true]),
        (&[("no_proxy", "a.test")], &["--proxy", &here], [false, true]),
    ];
    let mut asked = 0;
    for (environment, more, wanted) in rows {
        let urls = [
            ("a.test", clear.addr().port(), "http"),
            ("origin.test", origin.addr().port(), "https"),
        ];
        for ((host, port, scheme), by_proxy) in urls.into_iter().zip(wanted) {
            let target = format!("{scheme}://{host}:{port}/bytes/5");
            let resolve = format!("{host}:{port}:127.0.0.1");
            let words = ["get", &target, "--cacert", "ca.pem", "--resolve", &resolve];
            with(&folder, environment, &[&words[..], more].concat()).done_in_silence();
            asked += usize::from(*by_proxy);
            assert_eq!(proxy.requests().len(), asked, "{environment:?} {more:?} {target}");
        }
    }
    // This machine needs none, unless it was typed.
    let (target, local) = (clear.url("/bytes/5"), format!("localhost:{}", clear.addr().port()));
    for url in [&target, &local] {
        with(&folder, &[("all_proxy", "http://127.0.0.1:1")], &["get", "-q", url]).done();
    }
    with(&folder, &[], &["get", &target, "-x", &here]).done_in_silence();
    assert_eq!(proxy.requests().len(), asked + 1);
}

/// "In clear, or not": what lies behind a proxy is never this machine, so no login goes there in
/// clear unasked; the proxy is not even connected to.
#[test]
fn a_login_in_clear_is_as_unsafe_as_anywhere() {
    let (clear, folder) = (server(), Folder::new());
    let (mail, mailbox) = (
        smtp::Server::start(smtp::Options::default()).unwrap(),
        pop3::Server::start(pop3::Options::default()).unwrap(),
    );
    for kind in ["http", "socks5h"] {
        let proxy = socks_proxy(false, &[]);
        let forward = http_proxy(false, &[]);
        let addr = if kind == "http" { forward.addr() } else { proxy.addr() };
        let through = format!("{kind}://{addr}");
        let go = |words: &[&str]| with(&folder, &[], &[words, &["-x", &through]].concat());
        let secret = ["-u", "alice:wonderland"];
        let get = ["get", &clear.url("/auth/basic")];
        let failed = go(&[&get[..], &secret].concat());
        failed.failed(8, "what lies behind the proxy").hinted("--allow-plaintext-auth");
        assert_eq!((proxy.connections(), forward.connections()), (0, 0));
        go(&[&get[..], &secret, &["--allow-plaintext-auth"]].concat()).done();
        let (mail, mailbox) = (format!("smtp://{}", mail.addr()), mailbox.addr());
        let send = ["send", &mail, "--from", "a@x.test", "--to", "b@x.test", "-d", "x"];
        go(&send).failed(8, "STARTTLS").hinted("--no-tls");
        go(&["mail", &format!("pop3://alice:wonderland@{mailbox}")]).failed(8, "").hinted("--");
    }
    assert_eq!(mail.messages().len(), 0);
}

/// Who is not let in, and who is not led on.
#[test]
fn proxies_that_refuse() {
    let (origin, _, folder) = secure();
    let clear = server();
    let (http, socks) = (http_proxy(true, &[]), socks_proxy(true, &[]));
    let secure = format!("https://{}/", origin.addr());
    let rows = [
        (clear.url("/"), format!("http://{}", http.addr())),
        (clear.url("/"), format!("http://carol:wrong@{}", http.addr())),
        (secure.clone(), format!("http://{}", http.addr())),
        (secure.clone(), format!("http://carol:wrong@{}", http.addr())),
        (secure.clone(), format!("socks5://{}", socks.addr())),
        (clear.url("/"), format!("socks5h://carol:wrong@{}", socks.addr())),
    ];
    for (target, through) in &rows {
        let ran = with(&folder, &[], &["get", "-o", "page", target, "-x", through]);
        ran.failed(1, "wants a login, or another one");
        assert!(!folder.has("page") && ran.stdout.is_empty(), "{through}: {ran:?}");
    }
    assert_eq!((clear.requests().len(), origin.requests().len()), (0, 0));
    let words = [
        (1, "general failure"),
        (2, "not allowed by its rules"),
        (4, "host unreachable"),
        (5, "connection refused"),
        (99, "reply 99"),
    ];
    for (reply, why) in words {
        let options = socks::Options { reply: Some(reply), ..Default::default() };
        let socks = socks::Server::start(options).unwrap();
        let through = format!("socks5h://{}", socks.addr());
        with(&folder, &[], &["get", &secure, "-x", &through]).failed(3, why);
    }
}

/// hostile.md rows 9 and 70: a proxy that breaks the protocol, by every way there is to one.
#[test]
fn proxies_that_misbehave() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(70_000));
    let flood = "HTTP/1.1 103 x\r\n\r\n".repeat(20);
    let connect: &[(&str, &[u8], i32, &str)] = &[
        ("silent end", b"", 3, "without an answer"),
        ("garbage", b"garbage\r\n\r\n", 5, "not HTTP/1"),
        ("SSH", b"SSH-2.0-x\r\n", 5, "not HTTP/1"),
        ("503", b"HTTP/1.1 503 \x1b]0;x\x07\r\n\r\n", 3, "refused the connection: status 503"),
        ("a long head", long.as_bytes(), 5, "longer than"),
        ("interim without end", flood.as_bytes(), 5, "interim"),
        ("half a head", b"HTTP/1.1 200 OK\r\nX: ", 5, "cut short"),
        ("no TLS behind it", b"HTTP/1.1 200 OK\r\n\r\nhello\r\n", 5, "came in clear"),
    ];
    let socks: &[(&str, &[u8], i32, &str)] = &[
        ("silent end", b"", 3, "without an answer"),
        ("HTTP", b"HTTP/1.1 400 Bad\r\n\r\n", 5, "does not speak SOCKS 5"),
        ("a method of its own", b"\x05\x01", 5, "not offered"),
        ("SOCKS 4", b"\x05\x00\x04\x00", 5, "not SOCKS 5"),
        ("half an address", b"\x05\x00\x05\x00\x00\x01\x7f", 5, "cut short"),
        ("a strange address", b"\x05\x00\x05\x00\x00\x09", 5, "unknown type"),
    ];
    let rows =
        connect.iter().map(|row| ("http", row)).chain(socks.iter().map(|row| ("socks5h", row)));
    beside(rows, |(kind, (label, bytes, code, why))| {
        let folder = Folder::new();
        let script = match kind {
            "http" => cut(bytes),
            _ => vec![Act::Read(3), Act::Send(bytes.to_vec()), Act::Cut],
        };
        let proxy = scripts(vec![script]);
        let through = format!("{kind}://{}", proxy.addr());
        let words = ["get", "https://h.test/", "-u", "a:c4nary-origin", "-x", &through];
        let ran = with(&folder, &[], &words);
        assert_eq!(ran.code, Some(*code), "{kind}, {label}: {ran:?}");
        ran.failed(*code, why);
        assert!(!ran.stderr.contains('\x1b') && !ran.stderr.contains("c4nary"), "{label}: {ran:?}");
        let got = String::from_utf8_lossy(&proxy.received(0)).into_owned();
        assert!(!got.contains("YTpjNG5hcnktb3JpZ2lu"), "{label}: {got}");
    });
}

/// Silence ends, by whichever limit comes first; what did not answer may be tried again.
#[test]
fn a_silent_proxy_ends_in_time() {
    let limits: [(&[&str], &str); 3] = [
        (&["--max-time", "0.4"], "the whole of it took longer"),
        (&["--timeout", "0.4"], "its answer took longer"),
        (&["--timeout", "0.4", "--retry", "1"], "its answer took longer"),
    ];
    let rows = ["http", "socks5", "socks5h", "https"].into_iter();
    let rows = rows.flat_map(|kind| limits.map(|(more, why)| (kind, more, why)));
    beside(rows, |(kind, more, why)| {
        let proxy = scripts(vec![vec![Act::Stall]]);
        let through = format!("{kind}://{}", proxy.addr());
        let mut command = wireline();
        command.args(["get", "https://127.0.0.1/", "-x", &through]).args(more);
        let ran = run_within(Duration::from_secs(6), &mut command);
        let why = if kind == "https" && !why.contains("whole") { "the TLS handshake" } else { why };
        ran.failed(6, why);
        assert_eq!(proxy.connections(), if more.len() == 4 { 2 } else { 1 }, "{kind} {ran:?}");
    });
    let nobody = ["get", "http://h.test/", "-x", "http://127.0.0.1:1", "--retry", "1"];
    let ran = run(wireline().args(nobody));
    ran.failed(3, "the proxy http://127.0.0.1:1: 127.0.0.1:1: connection refused");
    assert!(ran.stderr.contains("try 2"), "{ran:?}");
}

/// FTP's data goes the same way as its commands, by name; a server cannot connect to us there.
#[test]
fn the_data_of_ftp_goes_the_same_way() {
    let files = vec![("a.txt".to_owned(), b"text\n".to_vec())];
    let pasv_host = Some([10, 9, 8, 7].into());
    let options = ftp::Options { files, pasv_host, ..Default::default() };
    let (server, folder) = (ftp::Server::start(options).unwrap(), Folder::new());
    let port = server.addr().port();
    let file = format!("ftp://files.test:{port}/a.txt");
    // The name is known to nobody but the proxy, and there with one port only: to it, data is
    // another name's.
    let proxy = http_proxy(false, &[]);
    let to = format!("files.test:{port}:localhost:{port}");
    let words = ["get", &file, "-x", &proxy.url(), "--connect-to", &to, "--record", "a.wire"];
    let ran = folder.wireline(&words);
    assert_eq!((ran.code, ran.text().as_str()), (Some(0), "text\n"), "{ran:?}");
    let lines = lines(&proxy);
    assert!(lines[0] == format!("CONNECT localhost:{port} HTTP/1.1"), "{lines:?}");
    assert!(lines.len() == 2 && lines[1].starts_with("CONNECT localhost:"), "{lines:?}");
    // Recorded by way of a proxy, it plays without.
    folder.wireline(&["check", "a.wire"]).done();
    let record = String::from_utf8(folder.read("a.wire")).unwrap();
    assert!(record.contains("S/data= text{{0x0a}}\n") && !record.contains("CONNECT"), "{record}");
    let active =
        folder.wireline(&["get", &file, "-x", &proxy.url(), "--connect-to", &to, "--active"]);
    active.failed(2, "no server can connect to us through a proxy");
    let commands = server.commands();
    let verbs = ["PORT", "EPRT"].map(str::as_bytes);
    assert!(
        !commands.iter().any(|command| verbs.iter().any(|verb| command.line.starts_with(verb)))
    );
}

/// A recording is of the dialogue with the server, whatever was on the way.
#[test]
fn a_recording_plays_without_the_proxy() {
    let (clear, folder) = (server(), Folder::new());
    let proxy = http_proxy(true, &[("a.test", clear.addr())]);
    let through = format!("http://{LOGIN}@{}", proxy.addr());
    let target = format!("http://a.test:{}/bytes/5", clear.addr().port());
    let words = ["get", &target, "-x", &through, "--record", "a.wire", "-v"];
    let ran = folder.wireline(&words);
    ran.done();
    assert!(ran.stderr.contains("C: GET http://{{addr}}/bytes/5 HTTP/1.1\n"), "{ran:?}");
    assert!(ran.stderr.contains("C: Proxy-Authorization: Basic {{*=hidden}}\n"), "{ran:?}");
    let record = String::from_utf8(folder.read("a.wire")).unwrap();
    assert!(record.contains("C: GET /bytes/5 HTTP/1.1\n"), "{record}");
    assert!(!record.contains("Proxy") && !record.contains(CANARIES[1]), "{record}");
    folder.wireline(&["check", "a.wire"]).done();
    let client = env!("CARGO_BIN_EXE_wireline");
    let line = format!("{client} get http://$WIRELINE_ADDR/bytes/5");
    folder.wireline(&["serve", "a.wire", "--", "/bin/sh", "-c", &line]).done();
}

/// hostile.md rows 9 and 149: what is typed for a proxy is judged before anybody is asked, never
/// shown, and a password there is warned of.
#[test]
fn what_is_typed_for_a_proxy() {
    let (clear, folder) = (server(), Folder::new());
    let proxy = http_proxy(true, &[]);
    let target = clear.url("/bytes/5");
    let bad: &[&[&str]] = &[
        &["-x", "ftp://carol:c4nary-proxy@h"],
        &["-x", "socks4://carol:c4nary-proxy@h"],
        &["-x", "http://carol:c4nary-proxy@h\r\nX: y"],
        &["-x", "http://carol:c4nary-proxy%0d%0aX@h"],
        &["-x", "http://carol:c4nary-proxy@h:port"],
        &["-x", "h", "-U", "c4nary-proxy"],
        &["-x", "h", "-U", "carol:c4nary-proxy\n"],
        &["-U", LOGIN],
        &["-x", "h", "--unix-socket", "s"],
    ];
    for more in bad {
        let ran = folder.wireline(&[&["get", &target][..], more].concat());
        ran.failed(2, "");
        assert!(!ran.stderr.contains("c4nary"), "{more:?}: {ran:?}");
    }
    let ran =
        with(&folder, &[("all_proxy", "http://carol:c4nary-proxy@h:port")], &["get", &target]);
    ran.failed_in_one_line(2, "all_proxy: ");
    assert!(!ran.stderr.contains("c4nary"), "{ran:?}");
    assert_eq!(clear.connections(), 0);
    let typed = format!("http://{LOGIN}@{}", proxy.addr());
    let by_option = ["-x", &proxy.url(), "-U", LOGIN];
    for more in [&["-x", &typed][..], &by_option] {
        let ran = folder.wireline(&[&["get", &target][..], more].concat());
        ran.done();
        assert!(
            ran.stderr.contains("warning: the proxy's password on the command line"),
            "{ran:?}"
        );
    }
    let Some(own) = own_address() else { return };
    let environment = [("all_proxy", typed.as_str())];
    let elsewhere = url(SocketAddr::new(own, 9), "/");
    with(&folder, &environment, &["get", &elsewhere]).failed(1, "502");
    let last = proxy.requests().pop().unwrap();
    assert_eq!(last.status, Some(502));
}
