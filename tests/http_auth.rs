//! Who we are: Basic, Bearer, Digest, netrc; what is answered to which challenge, and what never
//! is. RFC 7616, 7617 and 6750, hostile.md rows 66, 67, 144 to 146.

use crate::http_support::{
    escaped, has, heads, json, named, none_wrong, piped_in, private, resolve, value, values,
};
use crate::support::{Folder, Ran, own_address, run, run_within, scripts, server, url, wireline};
use std::net::SocketAddr;
use std::time::Duration;
use wireline_servers::http::{Options, Server, filler_vec};
use wireline_servers::raw::Act;

const LOGIN: [&str; 2] = ["-u", "alice:wonderland"];
const BASIC: &str = "Basic YWxpY2U6d29uZGVybGFuZA==";

fn get(folder: &Folder, address: &str, more: &[&str]) -> Ran {
    folder.wireline(&[&["get", "-q", address][..], more].concat())
}

/// The schemes of all credentials that a server saw, by request: `-` for none.
fn schemes(heads: &[String]) -> Vec<String> {
    let scheme = |head: &String| {
        let found = values(head, "Authorization");
        found.first().and_then(|value| value.split(' ').next().map(str::to_owned))
    };
    heads.iter().map(|head| scheme(head).unwrap_or_else(|| "-".to_owned())).collect()
}

/// Basic goes out with the first request, and so does a token.
#[test]
fn a_login_goes_out_at_once() {
    let folder = Folder::new();
    private(&folder, "token", "looking-glass\n");
    let rows: &[(&str, &[&str], &str)] = &[
        ("/auth/basic", &LOGIN, BASIC),
        ("/auth/basic", &["-u", "alice:wonderland", "--basic"], BASIC),
        ("/auth/bearer", &["--bearer", "looking-glass"], "Bearer looking-glass"),
        ("/auth/bearer", &["--bearer", "@token"], "Bearer looking-glass"),
        ("/auth/both", &["-u", "alice:wonderland", "--basic"], BASIC),
    ];
    for (path, words, wanted) in rows {
        for verb in ["get", "http"] {
            let server = server();
            let ran = folder.wireline(&[&[verb, "-q", &server.url(path)][..], words].concat());
            assert_eq!(ran.done().text(), "welcome\n", "{words:?}");
            assert_eq!(server.requests().len(), 1, "{words:?}");
            assert_eq!(value(&heads(&server)[0], "Authorization"), *wanted);
            assert!(server.violations().is_empty(), "{:?}", server.violations());
        }
    }
    let server = server();
    get(&folder, &server.url("/auth/bearer"), &["--bearer", "wrong"]).failed(1, "401");
    get(&folder, &server.url("/auth/basic"), &["-u", "alice:wrong"]).failed(1, "401");
    assert_eq!(server.requests().len(), 2);
    get(&folder, &server.url("/auth/bearer"), &["--bearer", "@missing"]).failed(7, "missing");
    folder.write("odd", "a\nb\r\nX: y\0\n");
    let ran = get(&folder, &server.url("/auth/bearer"), &["--bearer", "@odd"]);
    // One line of it is a token; what is no token at all is not sent.
    assert!(matches!(ran.code, Some(1 | 2)) && heads(&server).iter().all(|head| !has(head, "X")));
}

/// RFC 7616: every algorithm and quality that we know, each way to ask for it.
#[test]
fn digest_is_answered() {
    let (folder, mut wrong) = (Folder::new(), Vec::new());
    let rows = [
        "algorithm=MD5",
        "algorithm=MD5-sess",
        "algorithm=SHA-256",
        "algorithm=SHA-256-sess",
        "algorithm=none",
        "algorithm=MD5&qop=none",
        "algorithm=SHA-256&qop=none",
        "algorithm=none&qop=none",
        "qop=auth,auth-int",
        "algorithm=SHA-256,MD5",
        "algorithm=MD5,SHA-256",
        "algorithm=SHA-256,MD5&join=1",
        "next=1",
        "userhash=1",
        "",
    ];
    for query in rows {
        for way in ["--digest", "--anyauth"] {
            let server = server();
            let address = server.url(&format!("/auth/digest?{query}"));
            let ran = get(&folder, &address, &[&LOGIN[..], &[way]].concat());
            let heads = heads(&server);
            let fits = ran.code == Some(0)
                && ran.text() == "welcome\n"
                && schemes(&heads) == ["-", "Digest"]
                && server.connections() == 1
                && server.violations().is_empty();
            if !fits {
                wrong.push((query, way, server.violations(), heads, ran));
            }
        }
    }
    none_wrong(&wrong);
}

/// Where several are offered, Digest is what `--anyauth` takes, and `--basic` what it says.
#[test]
fn the_better_of_two_is_taken() {
    let folder = Folder::new();
    for query in ["", "?order=basic", "?join=1", "?order=basic&join=1"] {
        for way in ["--anyauth", "--digest"] {
            let server = server();
            let address = server.url(&format!("/auth/both{query}"));
            let ran = get(&folder, &address, &[&LOGIN[..], &[way]].concat());
            assert_eq!(ran.done().text(), "welcome\n", "{query}");
            assert_eq!(schemes(&heads(&server)), ["-", "Digest"], "{query} {way}");
        }
    }
    let server = server();
    let ran = get(&folder, &server.url("/auth/basic"), &[&LOGIN[..], &["--anyauth"]].concat());
    assert_eq!(ran.done().text(), "welcome\n");
    assert_eq!(schemes(&heads(&server)), ["-", "Basic"]);
}

/// Names and passwords with everything that quoting could break.
#[test]
fn digest_takes_any_name_and_password() {
    let logins = [
        ("Mu\"fa\\sa", "Circle: of Life"),
        ("j\u{e4}s\u{f8}n", "\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}"),
        ("a b", "\"\\,=; "),
        ("alice", ""),
    ];
    let (folder, mut wrong) = (Folder::new(), Vec::new());
    for (user, password) in logins {
        for query in ["", "?algorithm=MD5-sess", "?algorithm=none&qop=none"] {
            let login = Some((user.to_owned(), password.to_owned()));
            let server = Server::start(Options { login, ..Options::default() }).unwrap();
            let words = ["-u", &format!("{user}:{password}"), "--digest"];
            let ran = get(&folder, &server.url(&format!("/auth/digest{query}")), &words);
            if ran.code != Some(0) || !server.violations().is_empty() {
                wrong.push((user, query, server.violations(), heads(&server), ran));
            }
        }
    }
    none_wrong(&wrong);
}

/// The method, the query and the content are in it; nothing that can be sent only once is lost.
#[test]
fn digest_goes_with_every_request() {
    let folder = Folder::new();
    let bytes = filler_vec("v1", 2 << 20);
    folder.write("big", &bytes);
    let rows: &[(&[&str], u64)] = &[
        (&["POST", "-d", "k=v"], 3),
        (&["PUT", "-T", "big"], 2 << 20),
        (&["PUT", "-T", "-"], 2 << 20),
        (&["-d", "@-"], 0),
        (&["DELETE"], 0),
        (&["-I"], 0),
        (&["--query", "a=b c"], 0),
        (&["--path-as-is"], 0),
    ];
    let mut wrong = Vec::new();
    for (words, length) in rows {
        let server = server();
        let (method, more) = match words {
            [method, more @ ..] if !method.starts_with('-') => (&[*method][..], more),
            more => (&[][..], *more),
        };
        let address = server.url("/auth/digest");
        let words = [&["http", "-q"][..], method, &[&address, "--digest"], &LOGIN, more].concat();
        let ran = piped_in(&folder, &words, &bytes);
        let last = server.requests().pop().unwrap();
        let whole = *length == 0 || last.body_len == *length;
        if ran.code != Some(0) || !whole || !server.violations().is_empty() {
            wrong.push((words.join(" "), last.body_len, server.violations(), heads(&server), ran));
        }
    }
    none_wrong(&wrong);
}

/// A nonce is counted, kept or renewed, and never used out of order.
#[test]
fn nonces_are_counted_and_renewed() {
    let folder = Folder::new();
    for query in
        ["", "&stale=1", "&stale=2", "&next=1", "&algorithm=SHA-256-sess", "&stale=1&qop=none"]
    {
        let server = server();
        let urls: Vec<_> =
            (0..4).map(|nth| server.url(&format!("/auth/digest?n={nth}{query}"))).collect();
        let mut command = wireline();
        command.current_dir(folder.path()).args(["get", "-q", "--digest"]).args(LOGIN).args(&urls);
        let ran = run(&mut command);
        assert_eq!(ran.done().text(), "welcome\n".repeat(4), "{query}: {:?}", heads(&server));
        assert!(server.violations().is_empty(), "{query}: {:?}", server.violations());
        assert!(server.requests().len() <= 8, "{query}: {}", server.requests().len());
    }
}

/// A wrong password is tried once, and so is one that is stale for ever.
#[test]
fn digest_does_not_go_round_in_circles() {
    let folder = Folder::new();
    let server = server();
    let address = server.url("/auth/digest");
    get(&folder, &address, &["-u", "alice:wrong", "--digest"]).failed(1, "401");
    assert_eq!(schemes(&heads(&server)), ["-", "Digest"]);
    let stale = challenge("Digest realm=\"r\", nonce=\"n\", qop=\"auth\", stale=true");
    let server = scripts(vec![vec![Act::Request, Act::Send(stale), Act::Close]]);
    let words = [&LOGIN[..], &["--digest"]].concat();
    get(&folder, &url(server.addr(), "/"), &words).failed(1, "401");
    assert!((2..=4).contains(&server.connections()), "{}", server.connections());
}

/// 401 with these challenges, each in a field of its own where `|` parts them.
fn challenge(text: &str) -> Vec<u8> {
    let fields: String =
        text.split('|').map(|one| format!("WWW-Authenticate: {one}\r\n")).collect();
    format!("HTTP/1.1 401 No\r\n{fields}Content-Length: 0\r\nConnection: close\r\n\r\n")
        .into_bytes()
}

const BASIC_TOO: &str = "|Basic realm=\"r\"";
const WELCOME: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab";

/// hostile.md row 66: what cannot be answered is not answered, and not by Basic either.
#[test]
fn a_digest_that_cannot_be_answered_is_the_end() {
    let mebibyte = format!("Digest realm=\"r\", nonce=\"{}\", qop=\"auth\"", "n".repeat(1 << 20));
    let rows = [
        ("unknown algorithm", "Digest realm=\"r\", nonce=\"n\", algorithm=X-NEW, qop=\"auth\"", 1),
        ("auth-int only", "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"", 1),
        ("unknown qop", "Digest realm=\"r\", nonce=\"n\", qop=\"x-new\"", 1),
        ("no nonce", "Digest realm=\"r\", qop=\"auth\"", 1),
        ("no realm", "Digest nonce=\"n\", qop=\"auth\"", 1),
        ("a nonce of 1 MiB", mebibyte.as_str(), 5),
        ("an open quote", "Digest realm=\"r\", nonce=\"n", 1),
        ("no Digest at all", "Negotiate", 1),
    ];
    let (folder, mut wrong) = (Folder::new(), Vec::new());
    for (label, text, code) in rows {
        for way in ["--digest", "--anyauth"] {
            if way == "--anyauth" && !text.starts_with("Digest") {
                continue;
            }
            let first = challenge(&format!("{text}{BASIC_TOO}"));
            let server = scripts(vec![
                vec![Act::Request, Act::Send(first), Act::Close],
                vec![Act::Request, Act::Send(WELCOME.into()), Act::Close],
            ]);
            let ran = get(&folder, &url(server.addr(), "/"), &[&LOGIN[..], &[way]].concat());
            let sent: Vec<_> = (0..server.connections())
                .map(|nth| {
                    String::from_utf8_lossy(&server.received_in_all(nth).unwrap()).into_owned()
                })
                .collect();
            let basic = sent.iter().any(|head| head.contains("Basic"));
            // Without a realm there is still a way to answer; Basic it is not.
            let ended = ran.code == Some(code) || label == "no realm" && ran.code == Some(0);
            let ended = ended || label == "an open quote" && ran.code == Some(5);
            if basic || !ended {
                wrong.push((label, way, sent, ran));
            }
        }
    }
    none_wrong(&wrong);
}

/// hostile.md row 66: quotes in a challenge come back as they were.
#[test]
fn quotes_in_a_challenge_come_back() {
    let folder = Folder::new();
    let first = challenge(
        "Digest realm=\"a\\\"b\\\\c, qop=\\\"x\", nonce=\"n\\\"1\", qop=\"auth\", opaque=\"o\\\\p\"",
    );
    let server = scripts(vec![
        vec![Act::Request, Act::Send(first), Act::Close],
        vec![Act::Request, Act::Send(WELCOME.into()), Act::Close],
    ]);
    get(&folder, &url(server.addr(), "/"), &[&LOGIN[..], &["--digest"]].concat()).done();
    let sent = String::from_utf8(server.received_in_all(1).unwrap()).unwrap();
    let answer = value(&sent, "Authorization");
    for part in [
        "realm=\"a\\\"b\\\\c, qop=\\\"x\"",
        "nonce=\"n\\\"1\"",
        "opaque=\"o\\\\p\"",
        "username=\"alice\"",
        "uri=\"/\"",
    ] {
        assert!(answer.contains(part), "{part} in {answer}");
    }
}

/// hostile.md row 67: once Digest was asked for, Basic is not what it ends with.
#[test]
fn digest_is_not_talked_down_to_basic() {
    let digest = challenge("Digest realm=\"r\", nonce=\"n\", qop=\"auth\"");
    let basic = challenge("Basic realm=\"r\"");
    let rows: [(&str, &[&Vec<u8>], u64); 3] = [
        ("--digest", &[&digest, &basic], 2),
        ("--anyauth", &[&digest, &basic], 2),
        ("--digest", &[&basic], 1),
    ];
    let (folder, mut wrong) = (Folder::new(), Vec::new());
    for (way, answers, connections) in rows {
        let script = |bytes: &[u8]| vec![Act::Request, Act::Send(bytes.to_vec()), Act::Close];
        let mut played: Vec<_> = answers.iter().map(|bytes| script(bytes)).collect();
        played.push(script(WELCOME));
        let server = scripts(played);
        let ran = get(&folder, &url(server.addr(), "/"), &[&LOGIN[..], &[way]].concat());
        let sent: Vec<_> = (0..server.connections())
            .map(|nth| String::from_utf8_lossy(&server.received_in_all(nth).unwrap()).into_owned())
            .collect();
        let basic = sent.iter().any(|head| head.contains("Basic"));
        if basic || ran.code != Some(1) || server.connections() != connections {
            wrong.push((way, answers.len(), sent, ran));
        }
    }
    none_wrong(&wrong);
}

/// A challenge of another origin gets no answer, whoever asks.
#[test]
fn a_login_is_for_the_origin_that_was_typed() {
    let (here, there, folder) = (server(), server(), Folder::new());
    private(&folder, "netrc", "machine 127.0.0.1 login alice password wonderland\n");
    let ways: &[&[&str]] = &[
        &["-u", "alice:wonderland"],
        &["-u", "alice:wonderland", "--digest"],
        &["-u", "alice:wonderland", "--anyauth"],
        &["--bearer", "looking-glass"],
        &["--netrc-file", "netrc"],
        &["--netrc-file", "netrc", "--anyauth"],
    ];
    for way in ways {
        for kind in ["both", "bearer", "digest?algorithm=MD5"] {
            let to = escaped(there.url(&format!("/auth/{kind}")));
            let ran = get(&folder, &here.url(&format!("/redirect/302?to={to}")), way);
            ran.failed(1, "401");
        }
    }
    assert_eq!(there.requests().len(), 3 * ways.len());
    assert!(heads(&there).iter().all(|head| !has(head, "Authorization")));
    // Of one origin, by a redirect too.
    let to = escaped("/auth/digest");
    let same = here.url(&format!("/redirect/302?to={to}"));
    assert_eq!(get(&folder, &same, ways[1]).done().text(), "welcome\n");
}

/// The contract, "In clear, or not": every login that gives itself away stays on this machine.
#[test]
fn a_login_in_clear_is_refused_before_connecting() {
    let folder = Folder::new();
    private(&folder, "netrc", "default login alice password wonderland\n");
    let logins: &[&[&str]] = &[
        &["-u", "alice:wonderland"],
        &["-u", "alice:wonderland", "--basic"],
        &["--bearer", "looking-glass"],
        &["--netrc-file", "netrc"],
    ];
    let places: &[&[&str]] = &[
        &["http://192.0.2.1/"],
        &["http://h.test/", "--resolve", "h.test:80:192.0.2.1"],
        &["http://127.0.0.1/", "--connect-to", "::192.0.2.1:80"],
    ];
    for login in logins {
        for place in places {
            let mut command = wireline();
            command.current_dir(folder.path()).args(["http", "-q"]).args(*place).args(*login);
            let ran = run_within(Duration::from_secs(8), &mut command);
            ran.failed(8, "").hinted("--allow-plaintext-auth");
        }
    }
    // By the address, not by the name.
    let server = server();
    let (name, resolve) = (named("h.test", &server, "/auth/basic"), resolve("h.test", &server));
    get(&folder, &name, &["--resolve", &resolve, "--netrc-file", "netrc"]).done();
}

/// Digest does not give the password away: it needs no leave, and Basic is not what it falls to.
#[test]
fn digest_may_go_out_in_clear() {
    let Some(ip) = own_address() else {
        return eprintln!("skipped: this machine has no address but loopback");
    };
    let addr = SocketAddr::new(ip, 0);
    let server = Server::start(Options { addr, ..Options::default() }).unwrap();
    let folder = Folder::new();
    let digest = [&LOGIN[..], &["--digest"]].concat();
    let any = [&LOGIN[..], &["--anyauth"]].concat();
    get(&folder, &server.url("/auth/digest"), &digest).done();
    get(&folder, &server.url("/auth/both"), &any).done();
    let before = server.requests().len();
    get(&folder, &server.url("/auth/basic"), &any).failed(8, "").hinted("--allow-plaintext-auth");
    assert!(heads(&server).iter().all(|head| !head.contains("Basic")), "{:?}", heads(&server));
    let allowed = [&any[..], &["--allow-plaintext-auth"]].concat();
    get(&folder, &server.url("/auth/basic"), &allowed).done();
    assert!(server.requests().len() > before);
    get(&folder, &server.url("/auth/basic"), &LOGIN).failed(8, "");
}

/// What a scheme needs is asked for before anything is sent.
#[test]
fn a_scheme_without_a_login_is_a_mistake() {
    let (server, folder) = (server(), Folder::new());
    for words in
        [&["--digest", "--basic", "-u", "a:b"][..], &["--digest", "--anyauth", "-u", "a:b"]]
    {
        let ran = get(&folder, &server.url("/auth/digest"), words);
        // curl lets the last one win; both are a way to deal with it.
        assert!(matches!(ran.code, Some(1 | 2)), "{words:?}: {ran:?}");
    }
    let ran = folder.wireline(&["get", &server.url("/auth/digest")]);
    ran.failed(1, "401");
}

/// `--json` tells the end of it, once, and not the way there.
#[test]
fn a_challenge_is_one_transfer() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/auth/digest");
    let words = ["get", &address, "-u", "alice:wonderland", "--digest", "--json", "-o", "page"];
    let ran = folder.wireline(&words);
    let line = json(ran.done());
    assert_eq!((&line["status"], &line["redirects"]), (&200.into(), &0.into()));
    assert_eq!(folder.read("page"), b"welcome\n");
    // The contract: every response's head, 401 too.
    let ran = get_heads(&folder, &address);
    let text = ran.done().text();
    let at = |wanted: &str| text.find(wanted).unwrap_or(usize::MAX);
    assert!(at("HTTP/1.1 401 ") < at("HTTP/1.1 200 ") && text.contains("HTTP/1.1 200 "), "{text}");
}

fn get_heads(folder: &Folder, address: &str) -> Ran {
    folder.wireline(&["get", address, "-u", "alice:wonderland", "--digest", "-o", "heads"])
}
