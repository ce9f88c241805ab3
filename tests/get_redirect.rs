//! Redirects: where they lead, what goes along and what does not. http.md "Redirects", hostile.md
//! rows 137 to 143.

use crate::support::{Folder, answer, scripts, server, url};
use wireline_servers::http::Server;
use wireline_servers::raw::{self, Act};

fn heads(server: &Server) -> Vec<String> {
    let requests = server.requests();
    requests.into_iter().map(|request| String::from_utf8(request.head).unwrap()).collect()
}

fn json(ran: &crate::support::Ran) -> serde_json::Value {
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// RFC 9110 section 15.4: the method and body that arrive.
#[test]
fn methods_and_bodies_after_a_redirect() {
    let rows = [
        ("GET", "301", "GET", false),
        ("GET", "302", "GET", false),
        ("GET", "303", "GET", false),
        ("GET", "307", "GET", false),
        ("GET", "308", "GET", false),
        ("HEAD", "303", "HEAD", false),
        ("POST", "301", "GET", false),
        ("POST", "302", "GET", false),
        ("POST", "303", "GET", false),
        ("POST", "307", "POST", true),
        ("POST", "308", "POST", true),
        ("PUT", "301", "PUT", true),
        ("PUT", "302", "PUT", true),
        ("PUT", "303", "GET", false),
        ("DELETE", "302", "DELETE", false),
        ("DELETE", "303", "GET", false),
        ("PATCH", "302", "PATCH", true),
    ];
    let folder = Folder::new();
    for (method, code, then, keeps_body) in rows {
        let server = server();
        let address = server.url(&format!("/redirect/{code}?to=/echo"));
        let body = ["-d", "k=v", "-H", "Content-Language: de"];
        let sends = matches!(method, "POST" | "PUT" | "PATCH");
        let more = if sends { &body[..] } else { &[] };
        folder.wireline(&[&["http", method, &address][..], more].concat()).done_in_silence();
        let requests = server.requests();
        let last = String::from_utf8(requests[1].head.clone()).unwrap();
        assert!(last.starts_with(&format!("{then} /echo HTTP/1.1\r\n")), "{method} {code}: {last}");
        let about_body = last.to_ascii_lowercase().contains("\r\ncontent-");
        assert_eq!(about_body, keeps_body, "{method} {code}: {last}");
        let body = if keeps_body { &b"k=v"[..] } else { b"" };
        assert_eq!(requests[1].body, body, "{method} {code}");
    }
}

/// RFC 3986 section 5 and RFC 9110 section 10.2.2, as they show in `effective_url` and on the wire.
#[test]
fn a_location_is_resolved_and_its_fragment_kept() {
    let rows = [
        ("", "/echo", "/echo", ""),
        ("", "../echo", "/echo", ""),
        ("", "./../../echo?a=b", "/echo?a=b", ""),
        ("#f", "/echo", "/echo", "#f"),
        ("#f", "/echo#g", "/echo#g", ""),
        ("", "/echo#g", "/echo#g", ""),
        ("", "/echo?a%20b", "/echo?a%20b", ""),
        ("", "/echo?a b", "/echo?a%20b", ""),
        ("", "/echo?\u{e4}", "/echo?%C3%A4", ""),
        ("", "\\echo", "/echo", ""),
    ];
    for (typed, location, path, fragment) in rows {
        let (server, folder) = (server(), Folder::new());
        let escaped = location.replace('%', "%25").replace('#', "%23").replace(' ', "%20");
        let address = format!("{}{typed}", server.url(&format!("/redirect/302?to={escaped}")));
        let ran = folder.wireline(&["get", &address, "--json", "-o", "page"]);
        let line = json(ran.done_in_silence());
        assert_eq!(line["effective_url"], server.url(&format!("{path}{fragment}")), "{location}");
        assert_eq!((&line["redirects"], &line["status"]), (&1.into(), &200.into()));
        let sent = path.split('#').next().unwrap();
        let last = &heads(&server)[1];
        assert!(last.starts_with(&format!("GET {sent} HTTP/1.1\r\n")), "{location}: {last}");
        assert!(!last.contains("Referer"), "hostile.md row 141");
    }
    let (server, folder) = (server(), Folder::new());
    let absolute =
        server.url("/redirect/301?to=").replace("127.0.0.1", "localhost") + &server.url("/echo");
    folder.wireline(&["get", &absolute]).done_in_silence();
}

/// Not every 3xx with a Location leads on, and one without leads nowhere.
#[test]
fn what_is_no_redirect_is_an_answer() {
    let (server, folder) = (server(), Folder::new());
    for path in [
        "/redirect/300?to=/echo",
        "/redirect/305?to=/echo",
        "/redirect/306?to=/echo",
        "/redirect/399?to=/echo",
        "/redirect/201?to=/echo",
        "/redirect/302",
        "/redirect/302?to=",
    ] {
        let ran = folder.wireline(&["get", &server.url(path)]);
        assert_eq!(ran.done_in_silence().stdout, b"elsewhere\n", "{path}");
    }
    let ran = folder.wireline(&[
        "get",
        &server.url("/redirect/302?to=/echo"),
        "--max-redirs",
        "0",
        "-o",
        "page",
    ]);
    assert!(ran.done_in_silence().text().starts_with("HTTP/1.1 302 Found\r\n"));
    assert_eq!(folder.read("page"), b"elsewhere\n");
    assert!(heads(&server).iter().all(|head| !head.starts_with("GET /echo ")));
}

/// `--max-redirs` and its default; a loop is seen at once (hostile.md row 73).
#[test]
fn redirects_are_counted() {
    let (server, folder) = (server(), Folder::new());
    let get = |path: &str, more: &[&str]| {
        folder.wireline(&[&["get", &server.url(path)][..], more].concat())
    };
    for code in ["301", "302", "303", "307", "308"] {
        let path = format!("/redirects/3?code={code}");
        get(&path, &["--max-redirs", "3"]).done_in_silence();
        get(&path, &["--max-redirs", "2"]).failed_in_one_line(5, "more than 2 redirects");
    }
    get("/loop", &["-L"]).failed_in_one_line(5, "a loop: back at http://");
    let back = scripts(vec![
        answer("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"),
        answer("HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n"),
    ]);
    folder.wireline(&["get", &url(back.addr(), "/a")]).failed_in_one_line(5, "a loop");
    assert_eq!(back.connections(), 2);
    let two = "HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
    let two = scripts(vec![answer(two)]);
    folder.wireline(&["get", &url(two.addr(), "/")]).failed_in_one_line(5, "two Locations");
}

/// hostile.md row 139: no redirect leaves HTTP.
#[test]
fn a_redirect_to_another_scheme_is_refused() {
    let (server, folder) = (server(), Folder::new());
    folder.write("page", "old");
    for to in [
        "file:///etc/passwd",
        "ftp://h/x",
        "smtp://h/",
        "javascript:alert(1)",
        "data:,x",
        "gopher://h/",
        "pop3://h/",
        "ws://h/",
        "mailto:a@b",
    ] {
        let address = server.url(&format!("/redirect/302?to={to}"));
        folder.wireline(&["get", &address, "-o", "page"]).failed_in_one_line(8, to);
    }
    for to in ["http://[", "http://", "//", "http://a b/", "http://h:99999/"] {
        let to = to.replace(' ', "%20");
        let address = server.url(&format!("/redirect/302?to={to}"));
        folder.wireline(&["get", &address, "-o", "page"]).failed_in_one_line(5, "Location");
    }
    assert_eq!(folder.read("page"), b"old");
}

const BOUND: [&str; 8] = [
    "-H",
    "Authorization: Bearer canary",
    "-H",
    "Cookie: canary",
    "-H",
    "X-Api-Key: canary",
    "-H",
    "Proxy-Authorization: canary",
];
const FREE: [&str; 14] = [
    "-A",
    "me",
    "-H",
    "Accept: a/b",
    "-H",
    "Accept-Language: de",
    "-H",
    "Cache-Control: no-cache",
    "-H",
    "If-None-Match: \"x\"",
    "-H",
    "Range: bytes=0-",
    "-H",
    "Content-Language: de",
];

/// hostile.md row 137: what was typed for one origin stays there, and one line says so.
#[test]
fn secrets_stay_with_their_origin() {
    let (here, there, folder) = (server(), server(), Folder::new());
    let to = there.url("/echo");
    let localhost = to.replace("127.0.0.1", "localhost");
    for to in [&to, &localhost] {
        let address = here.url(&format!("/redirect/302?to={to}"));
        for code in [&BOUND[..], &["-u", "alice:canary"]] {
            let words = [&["get", &address, "-o", "page"][..], code, &FREE].concat();
            let ran = folder.wireline(&words);
            ran.done();
            let last = heads(&there).pop().unwrap();
            assert!(!last.contains("canary") && !last.contains("YWxpY2U6"), "{last}");
            for pair in FREE.chunks(2) {
                let line = if pair[0] == "-A" { "User-Agent: me" } else { pair[1] };
                assert!(last.contains(&format!("\r\n{line}\r\n")), "{line} in {last}");
            }
            let told: Vec<_> =
                ran.stderr.lines().filter(|line| line.contains("does not get")).collect();
            assert_eq!(told.len(), 1, "{ran:?}");
            assert!(told[0].contains("Authorization") && told[0].contains("http://"), "{told:?}");
            assert!(!ran.stderr.contains("canary"), "{ran:?}");
        }
    }
    assert!(heads(&here).iter().all(|head| head.contains("canary") || head.contains("YWxpY2U6")));
}

/// The contract: credentials serve every origin that was typed, and only those; same origin keeps all.
#[test]
fn secrets_go_to_every_origin_that_was_typed() {
    let (here, there, folder) = (server(), server(), Folder::new());
    let same = here.url("/redirect/302?to=/echo");
    folder.wireline(&[&["get", &same][..], &BOUND].concat()).done_in_silence();
    assert_eq!(heads(&here)[1].matches("canary").count(), 4);
    let across = here.url(&format!("/redirect/302?to={}", there.url("/echo?1")));
    let typed = there.url("/echo?2");
    folder.wireline(&[&["get", &across, &typed][..], &BOUND].concat()).done_in_silence();
    assert!(heads(&there).iter().all(|head| head.matches("canary").count() == 4));
    // There and back again.
    let back = here.url("/echo?3");
    let there_and_back =
        here.url(&format!("/redirect/302?to={}", there.url(&format!("/redirect/302?to={back}"))));
    folder.wireline(&[&["get", &there_and_back][..], &BOUND].concat()).done();
    assert!(!heads(&there).last().unwrap().contains("canary"));
}

/// A login in a URL is for that URL's origin alone, also beside others on the command line.
#[test]
fn a_login_in_a_url_is_for_that_origin() {
    let (here, there, folder) = (server(), server(), Folder::new());
    let mine = here.url("/echo").replace("http://", "http://alice:canary@");
    folder.wireline(&["get", &mine, &there.url("/echo")]).done();
    assert!(heads(&here)[0].contains("\r\nAuthorization: Basic YWxpY2U6Y2FuYXJ5\r\n"));
    assert!(!heads(&there)[0].contains("Authorization"));
}

/// hostile.md rows 140 and 142: a login in a Location is not used, and none of ours is put there.
#[test]
fn a_login_in_a_location_is_not_used() {
    let (here, there, folder) = (server(), server(), Folder::new());
    let to = there.url("/echo").replace("http://", "http://eve:canary@");
    let ran = folder.wireline(&[
        "get",
        &here.url(&format!("/redirect/302?to={to}")),
        "--json",
        "-o",
        "page",
    ]);
    assert_eq!(json(ran.done())["effective_url"], there.url("/echo"));
    assert!(!heads(&there)[0].contains("Authorization"));
    let own = here.url("/redirect/302?to=/echo").replace("http://", "http://alice:p%40ss%2F@");
    let ran = folder.wireline(&["get", &own, "--json", "-o", "page"]);
    assert_eq!(json(ran.done())["effective_url"], here.url("/echo"));
    assert!(heads(&here).last().unwrap().contains("Authorization: Basic YWxpY2U6cEBzcy8=\r\n"));
}

/// hostile.md row 143: a body does not go to another origin.
#[test]
fn a_body_stays_with_its_origin() {
    let (here, there, folder) = (server(), server(), Folder::new());
    for code in ["307", "308"] {
        let address = here.url(&format!("/redirect/{code}?to={}", there.url("/echo")));
        folder
            .wireline(&["http", "-d", "k=v", &address])
            .failed_in_one_line(8, "the body would go");
    }
    assert_eq!(there.connections(), 0);
    let address = here.url(&format!("/redirect/303?to={}", there.url("/echo")));
    folder.wireline(&["http", "-d", "k=v", &address]).done();
    assert!(heads(&there)[0].starts_with("GET /echo HTTP/1.1\r\n"));
    assert!(!heads(&there)[0].contains("Content-"));
}

/// Fault matrix row 14: a redirect that breaks leaves the file, and its cut head is not followed.
#[test]
fn a_broken_redirect_is_not_followed() {
    let folder = Folder::new();
    folder.write("page", "old");
    let head = "HTTP/1.1 302 Found\r\nLocation: /b\r\n";
    let server =
        raw::Server::start(vec![vec![Act::Request, Act::Send(head.into()), Act::Cut]]).unwrap();
    folder
        .wireline(&["get", &url(server.addr(), "/"), "-o", "page"])
        .failed_in_one_line(5, "cut short");
    assert_eq!((server.connections(), folder.read("page")), (1, b"old".to_vec()));
    let whole = format!("{head}Content-Length: 0\r\n\r\n");
    let server = scripts(vec![answer(whole), vec![Act::Request, Act::Reset]]);
    let ran = folder.wireline(&["get", &url(server.addr(), "/"), "-o", "page"]);
    ran.failed_in_one_line(3, "");
    assert_eq!((server.connections(), folder.read("page")), (2, b"old".to_vec()));
}
