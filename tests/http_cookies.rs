//! Cookies: a literal one, and the engine with its jar (RFC 6265), which is there only when asked
//! for. hostile.md rows 10 and 65.

use crate::http_support::{
    escaped, head, heads, named, none_wrong, private, resolve, value, values,
};
use crate::support::{Folder, Ran, own_address, run, server, wireline};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::http::{Options, Server};

/// The cookies of the last request, as `a=1`.
fn last(server: &Server) -> Vec<String> {
    let request = server.requests().pop().expect("a request");
    let fields = values(&head(&request), "Cookie");
    fields.iter().flat_map(|field| field.split("; ")).map(str::to_owned).collect()
}

fn quiet(folder: &Folder, words: &[&str]) -> Ran {
    folder.wireline(&[&["get", "-q"][..], words].concat())
}

/// A cookie that was typed goes out as it was typed, and no other.
#[test]
fn a_literal_cookie_is_sent() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/cookies");
    for (typed, sent) in
        [("a=b", "a=b"), ("a=b; c=d", "a=b; c=d"), ("a=", "a="), ("a=\"x y\"", "a=\"x y\"")]
    {
        quiet(&folder, &[&address, "-b", typed]).done();
        assert_eq!(value(&heads(&server).pop().unwrap(), "Cookie"), sent);
    }
    // Without a jar nothing is remembered.
    let set = server.url("/cookies/set?x=1&.Path=/");
    quiet(&folder, &[&set, &address]).done();
    assert!(last(&server).is_empty());
    let redirected = server.url("/cookies/set?x=1&.Path=/&.to=/cookies");
    quiet(&folder, &[&redirected]).done();
    assert!(last(&server).is_empty());
    assert!(folder.names().is_empty());
}

/// `-c`: within a run, over a redirect, and in the next run.
#[test]
fn a_jar_keeps_cookies() {
    let (server, folder) = (server(), Folder::new());
    let (set, back) =
        (server.url("/cookies/set?x=1&y=2&.Path=/&.Max-Age=3600"), server.url("/cookies"));
    quiet(&folder, &["-c", "jar", &set, &back]).done();
    assert_eq!(last(&server), ["x=1", "y=2"]);
    quiet(&folder, &["-c", "jar", &back]).done();
    assert_eq!(last(&server), ["x=1", "y=2"], "read in the beginning");
    quiet(&folder, &["-b", "jar", &back]).done();
    assert_eq!(last(&server), ["x=1", "y=2"], "read by -b");
    let (other, redirected) = (Folder::new(), server.url("/cookies/set?z=3&.Path=/&.to=/cookies"));
    quiet(&other, &["--cookie-jar", "jar", &redirected]).done();
    assert_eq!(last(&server), ["z=3"]);
    // What was typed goes along, in one field.
    quiet(&folder, &["-b", "typed=0", "-b", "jar", &back]).done();
    let mut sent = last(&server);
    sent.sort();
    assert_eq!(sent, ["typed=0", "x=1", "y=2"]);
    quiet(&folder, &["-b", "typed=0", "-c", "jar", &back]).done();
    assert_eq!(last(&server).len(), 3);
    // A later one takes the place of an earlier.
    quiet(&folder, &["-c", "jar", &server.url("/cookies/set?x=9&.Path=/&.Max-Age=3600"), &back])
        .done();
    let mut sent = last(&server);
    sent.sort();
    assert_eq!(sent, ["x=9", "y=2"]);
    assert!(server.violations().is_empty(), "{:?}", server.violations());
    assert_eq!(folder.names(), ["jar"]);
}

/// The format that curl, wget and browsers' tools read: seven columns, and for our eyes only.
#[test]
fn a_jar_is_a_netscape_file() {
    let (server, folder) = (server(), Folder::new());
    let set = "/cookies/raw?set=plain%3D1%3B%20Path%3D/%3B%20Max-Age%3D3600\
               &set=hidden%3D2%3B%20Path%3D/%3B%20HttpOnly%3B%20Max-Age%3D3600";
    quiet(&folder, &["-c", "jar", &server.url(set)]).done();
    let mode = fs::metadata(folder.at("jar")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = String::from_utf8(folder.read("jar")).unwrap();
    assert!(text.starts_with("# Netscape HTTP Cookie File\n"), "{text}");
    let row = |name: &str| {
        let found = text.lines().find(|line| line.contains(&format!("\t{name}\t")));
        found
            .unwrap_or_else(|| panic!("{name} in {text}"))
            .split('\t')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (plain, hidden) = (row("plain"), row("hidden"));
    assert_eq!((plain.len(), hidden.len()), (7, 7), "{text}");
    assert_eq!(&plain[..4], ["127.0.0.1", "FALSE", "/", "FALSE"]);
    assert_eq!([&plain[6], &hidden[0], &hidden[6]], ["1", "#HttpOnly_127.0.0.1", "2"]);
    let expires: u64 = plain[4].parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!((now + 3000..now + 3700).contains(&expires), "{expires}");
}

/// A jar that was open to others is closed when it is written, or not used at all.
#[test]
fn an_open_jar_is_closed() {
    let (server, folder) = (server(), Folder::new());
    folder.write("jar", "# Netscape HTTP Cookie File\n");
    fs::set_permissions(folder.at("jar"), fs::Permissions::from_mode(0o644)).unwrap();
    let ran = quiet(&folder, &["-c", "jar", &server.url("/cookies/set?a=1&.Max-Age=99")]);
    let mode = fs::metadata(folder.at("jar")).unwrap().permissions().mode();
    assert!(mode & 0o777 == 0o600 || ran.code == Some(8), "{mode:o}: {ran:?}");
}

/// What is said, where; where it is asked for; whether it is sent there.
#[rustfmt::skip]
const SCOPE: &[(&str, &str, &str, &str, bool)] = &[
    ("h.example.com", "a=1", "h.example.com", "/cookies", true),
    ("h.example.com", "a=1", "h.example.com", "/cookies/x", true),
    ("h.example.com", "a=1", "h.example.com", "/echo", false),
    ("h.example.com", "a=1", "h.example.com", "/cookiesx", false),
    ("h.example.com", "a=1; Path=/", "h.example.com", "/echo", true),
    ("h.example.com", "a=1; Path=/", "H.Example.COM", "/echo", true),
    ("h.example.com", "a=1; path=/echo", "h.example.com", "/echo", true),
    ("h.example.com", "a=1; Path=/echo", "h.example.com", "/echo/json", true),
    ("h.example.com", "a=1; Path=/echo/", "h.example.com", "/echo", false),
    ("h.example.com", "a=1; Path=/ech", "h.example.com", "/echo", false),
    ("h.example.com", "a=1; Path=/Echo", "h.example.com", "/echo", false),
    ("h.example.com", "a=1; Path=", "h.example.com", "/cookies", true),
    ("h.example.com", "a=1; Path=nonsense", "h.example.com", "/cookies", true),
    ("h.example.com", "a=1; Path=/", "example.com", "/echo", false),
    ("h.example.com", "a=1; Path=/", "x.h.example.com", "/echo", false),
    ("h.example.com", "a=1; Path=/; Domain=example.com", "x.example.com", "/echo", true),
    ("h.example.com", "a=1; Path=/; Domain=example.com", "example.com", "/echo", true),
    ("h.example.com", "a=1; Path=/; Domain=.example.com", "x.example.com", "/echo", true),
    ("h.example.com", "a=1; Path=/; DOMAIN=Example.COM", "x.example.com", "/echo", true),
    ("h.example.com", "a=1; Path=/; Domain=h.example.com", "x.h.example.com", "/echo", true),
    ("h.example.com", "a=1; Path=/; Domain=", "h.example.com", "/echo", true),
    // Tail match.
    ("h.example.com", "a=1; Path=/; Domain=example.com", "notexample.com", "/echo", false),
    ("notexample.com", "a=1; Path=/; Domain=example.com", "example.com", "/echo", false),
    ("notexample.com", "a=1; Path=/; Domain=example.com", "notexample.com", "/echo", false),
    ("h.example.com", "a=1; Path=/; Domain=ample.com", "h.example.com", "/echo", false),
    // Another's, and deeper than ours.
    ("h.example.com", "a=1; Path=/; Domain=other.com", "other.com", "/echo", false),
    ("h.example.com", "a=1; Path=/; Domain=other.com", "h.example.com", "/echo", false),
    ("h.example.com", "a=1; Path=/; Domain=x.h.example.com", "x.h.example.com", "/echo", false),
    // Public suffixes, in any case, with a dot behind them.
    ("h.example.com", "a=1; Path=/; Domain=com", "h.example.com", "/echo", false),
    ("h.example.com", "a=1; Path=/; Domain=.com", "other.com", "/echo", false),
    ("h.example.co.uk", "a=1; Path=/; Domain=co.uk", "other.co.uk", "/echo", false),
    ("h.example.co.uk", "a=1; Path=/; Domain=co.UK", "other.co.uk", "/echo", false),
    ("h.example.co.uk", "a=1; Path=/; Domain=co.uk.", "other.co.uk", "/echo", false),
    ("h.github.io", "a=1; Path=/; Domain=github.io", "other.github.io", "/echo", false),
    ("h.example.com", "a=1; Path=/; Domain=example.com.", "x.example.com", "/echo", false),
    // Addresses have no tails.
    ("127.0.0.1", "a=1; Path=/", "127.0.0.1", "/echo", true),
    ("127.0.0.1", "a=1; Path=/; Domain=0.0.1", "127.0.0.1", "/echo", false),
    ("127.0.0.1", "a=1; Path=/; Domain=.0.0.1", "127.0.0.1", "/echo", false),
    ("127.0.0.1", "a=1; Path=/; Domain=1", "127.0.0.1", "/echo", false),
    ("127.0.0.1", "a=1; Path=/", "localhost", "/echo", false),
    // Time.
    ("h.example.com", "a=1; Path=/; Max-Age=60", "h.example.com", "/echo", true),
    ("h.example.com", "a=1; Path=/; Max-Age=0", "h.example.com", "/echo", false),
    ("h.example.com", "a=1; Path=/; Max-Age=-1", "h.example.com", "/echo", false),
    ("h.example.com", "a=1; Path=/; Max-Age=soon", "h.example.com", "/echo", true),
    ("h.example.com", "a=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "h.example.com", "/echo", false),
    ("h.example.com", "a=1; Path=/; Expires=Thu, 01-Jan-70 00:00:01 GMT", "h.example.com", "/echo", false),
    ("h.example.com", "a=1; Path=/; Expires=Fri, 31 Dec 2100 23:59:59 GMT", "h.example.com", "/echo", true),
    ("h.example.com", "a=1; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "h.example.com", "/echo", true),
    // In clear.
    ("h.example.com", "a=1; Path=/; Secure", "h.example.com", "/echo", false),
    // What is no cookie.
    ("h.example.com", "a", "h.example.com", "/cookies", false),
    ("h.example.com", "=1", "h.example.com", "/cookies", false),
    ("h.example.com", "", "h.example.com", "/cookies", false),
    ("h.example.com", "a=x\u{1}y; Path=/", "h.example.com", "/echo", false),
    ("h.example.com", "a=x\u{7f}y; Path=/", "h.example.com", "/echo", false),
    ("h.example.com", "a\u{1b}=1; Path=/", "h.example.com", "/echo", false),
];

/// RFC 6265 section 5.1 and 5.3, hostile.md row 65.
#[test]
fn cookies_go_where_they_belong() {
    let mut wrong = Vec::new();
    for (host, text, asked, path, sent) in SCOPE {
        let (server, folder) = (server(), Folder::new());
        let set = named(host, &server, &format!("/cookies/raw?set={}", escaped(text)));
        let get = named(asked, &server, path);
        let (one, two) = (resolve(host, &server), resolve(&asked.to_ascii_lowercase(), &server));
        let words = ["-c", "jar", "--resolve", &one, "--resolve", &two, &set, &get];
        let ran = quiet(&folder, &words);
        let found = server.requests().len() == 2 && !last(&server).is_empty();
        if found != *sent || server.requests().len() != 2 {
            wrong.push((host, text, asked, path, sent, heads(&server), ran));
        }
    }
    none_wrong(&wrong);
}

/// hostile.md row 65: not too large, not too many; and row 64: no date breaks anything.
#[test]
fn cookies_are_limited() {
    let (server, folder) = (server(), Folder::new());
    let (back, after) = (server.url("/cookies"), |text: &str| {
        let set = server.url(&format!("/cookies/raw?set={}", escaped(text)));
        let folder = Folder::new();
        quiet(&folder, &["-c", "jar", &set, &server.url("/cookies")]).done();
        last(&server).len()
    });
    assert_eq!(after(&format!("a={}", "x".repeat(4000))), 1);
    assert_eq!(after(&format!("a={}", "x".repeat(5000))), 0);
    assert_eq!(after(&format!("{}=1", "x".repeat(5000))), 0);
    let many: Vec<_> = (0..120).map(|nth| format!("c{nth}={nth}")).collect();
    let set = server.url(&format!("/cookies/set?{}", many.join("&")));
    quiet(&folder, &["-c", "jar", &set, &back]).done();
    let sent = last(&server).len();
    assert!((1..=50).contains(&sent), "{sent} cookies of 120");
    for odd in [
        "a=1; Expires=Fri, 31 Dec 99999 23:59:59 GMT",
        "a=1; Expires=99999999999999999999",
        "a=1; Expires=Mon, 00 Foo 0000 99:99:99 XYZ",
        "a=1; Max-Age=99999999999999999999999",
        "a=1; Max-Age=9223372036854775807",
        "a=1; Max-Age=-99999999999999999999999",
        "a=1; Expires=Mon, 01 Jan 0001 00:00:00 GMT",
        "a=1;;;; ; =; Path; Domain",
        "\u{fffd}=\u{e4}",
    ] {
        assert!(after(odd) <= 1, "{odd}");
    }
}

/// A cookie is taken away by one that is past.
#[test]
fn a_cookie_can_be_taken_away() {
    let (server, folder) = (server(), Folder::new());
    let back = server.url("/cookies");
    quiet(&folder, &["-c", "jar", &server.url("/cookies/set?a=1&b=2&.Path=/&.Max-Age=99"), &back])
        .done();
    assert_eq!(last(&server).len(), 2);
    quiet(&folder, &["-c", "jar", &server.url("/cookies/set?a=1&.Path=/&.Max-Age=0"), &back])
        .done();
    assert_eq!(last(&server), ["b=2"]);
    let text = String::from_utf8(folder.read("jar")).unwrap();
    assert!(!text.contains("\ta\t"), "{text}");
}

/// A server with TLS for `h.test` and `localhost`, its root in `ca.pem`.
fn with_tls() -> (Server, Folder) {
    let (authority, folder) = (Authority::new("e2e root").unwrap(), Folder::new());
    folder.write("ca.pem", authority.pem());
    let good = Certificate::GoodFor(vec!["h.test".to_owned()]);
    let tls = Some(authority.server_config(good).unwrap());
    (Server::start(Options { tls, ..Options::default() }).unwrap(), folder)
}

/// RFC 6265 section 4.1.2.5: what is for TLS alone is sent over TLS alone.
#[test]
fn a_secure_cookie_stays_with_tls() {
    let ((safe, folder), clear) = (with_tls(), server());
    let at = |path: &str| named("h.test", &safe, path).replace("http:", "https:");
    let in_clear = |path: &str| named("h.test", &clear, path);
    let ways = [resolve("h.test", &safe), resolve("h.test", &clear)];
    let words = ["--cacert", "ca.pem", "--resolve", &ways[0], "--resolve", &ways[1]];
    let get = |more: &[&str]| quiet(&folder, &[&words[..], more].concat()).done().code;
    let set = at("/cookies/set?a=1&.Path=/&.Secure&.Max-Age=99");
    get(&["-c", "jar", &set, &at("/cookies"), &in_clear("/cookies")]);
    assert_eq!((last(&safe), last(&clear)), (vec!["a=1".to_owned()], vec![]));
    get(&["-b", "jar", &at("/cookies"), &in_clear("/cookies")]);
    assert_eq!((last(&safe).len(), last(&clear).len()), (1, 0), "from the jar as well");
    // RFC 6265bis section 5.7: in clear it cannot be replaced.
    get(&["-c", "jar", &in_clear("/cookies/set?a=evil&.Path=/"), &at("/cookies")]);
    assert_eq!(last(&safe), ["a=1"]);
}

/// The design: loopback is the address that is connected to, never the name. What is for TLS does
/// not go in clear to another machine that is called localhost.
#[test]
fn a_secure_cookie_does_not_believe_in_names() {
    let Some(ip) = own_address() else {
        return eprintln!("skipped: this machine has no address but loopback");
    };
    let addr = (ip, 0).into();
    let clear = Server::start(Options { addr, ..Options::default() }).unwrap();
    let folder = Folder::new();
    let row = "localhost\tFALSE\t/\tTRUE\t4102444800\ta\t1";
    private(&folder, "jar", &format!("# Netscape HTTP Cookie File\n{row}\n"));
    let port = clear.addr().port();
    let words = ["-b", "jar", "--resolve", &format!("localhost:{port}:{ip}")];
    quiet(&folder, &[&words[..], &[&named("localhost", &clear, "/cookies")]].concat()).done();
    assert!(last(&clear).is_empty(), "{:?}", heads(&clear));
}

/// Lines of a jar that others wrote, and whether they count at `http://h.example.com/echo`.
#[rustfmt::skip]
const JAR: &[(&str, bool)] = &[
    ("h.example.com\tFALSE\t/\tFALSE\t4102444800\ta\t1", true),
    ("h.example.com\tFALSE\t/\tFALSE\t0\ta\t1", true),
    (".example.com\tTRUE\t/\tFALSE\t4102444800\ta\t1", true),
    ("example.com\tTRUE\t/\tFALSE\t4102444800\ta\t1", true),
    ("#HttpOnly_h.example.com\tFALSE\t/\tFALSE\t4102444800\ta\t1", true),
    ("h.example.com\tFALSE\t/echo\tFALSE\t4102444800\ta\t1\r", true),
    ("example.com\tFALSE\t/\tFALSE\t4102444800\ta\t1", false),
    ("# h.example.com\tFALSE\t/\tFALSE\t4102444800\ta\t1", false),
    ("h.example.com\tFALSE\t/\tTRUE\t4102444800\ta\t1", false),
    ("h.example.com\tFALSE\t/\tFALSE\t1\ta\t1", false),
    ("h.example.com\tFALSE\t/cookies\tFALSE\t4102444800\ta\t1", false),
    ("other.com\tFALSE\t/\tFALSE\t4102444800\ta\t1", false),
    ("com\tTRUE\t/\tFALSE\t4102444800\ta\t1", false),
];

#[test]
fn a_jar_of_others_is_read() {
    let mut wrong = Vec::new();
    for (line, sent) in JAR {
        for option in ["-b", "-c"] {
            let (server, folder) = (server(), Folder::new());
            private(&folder, "jar", &format!("# Netscape HTTP Cookie File\n\n{line}\n"));
            let before = folder.read("jar");
            let resolve = resolve("h.example.com", &server);
            let address = named("h.example.com", &server, "/echo");
            let ran = quiet(&folder, &[option, "jar", "--resolve", &resolve, &address]);
            let found = server.requests().len() == 1 && !last(&server).is_empty();
            let kept = option == "-c" || folder.read("jar") == before;
            if found != *sent || ran.code != Some(0) || !kept {
                wrong.push((line, option, sent, ran));
            }
        }
    }
    none_wrong(&wrong);
}

/// Junk in a jar is passed over or named; nothing of it gets onto the wire.
#[test]
fn junk_in_a_jar_does_no_harm() {
    let rows = [
        "nonsense",
        "h.example.com\tFALSE\t/\tFALSE\t0\ta",
        "h.example.com\tFALSE\t/\tFALSE\tsoon\ta\t1",
        "h.example.com\tMAYBE\t/\tPERHAPS\t0\ta\tx\u{1}y",
        "h.example.com FALSE / FALSE 0 a 1",
        "h.example.com\tFALSE\t/\tFALSE\t0\ta\tx\0y",
        "h.example.com\tFALSE\t/\tFALSE\t99999999999999999999999\ta\t1",
        "\t\t\t\t\t\t",
    ];
    for row in rows {
        let (server, folder) = (server(), Folder::new());
        private(&folder, "jar", &format!("# Netscape HTTP Cookie File\n{row}\n"));
        let resolve = resolve("h.example.com", &server);
        let address = named("h.example.com", &server, "/echo");
        let ran = quiet(&folder, &["-b", "jar", "--resolve", &resolve, &address]);
        assert!(matches!(ran.code, Some(0 | 2)), "{row}: {ran:?}");
        let dirty = |value: &String| value.bytes().any(|byte| byte < 0x20) || value.len() > 8192;
        let fields: Vec<_> =
            heads(&server).iter().flat_map(|head| values(head, "Cookie")).collect();
        assert!(!fields.iter().any(dirty), "{row}: {fields:?}");
        assert!(
            server.violations().is_empty() && !ran.stderr.contains("panicked"),
            "{row}: {ran:?}"
        );
    }
}

/// The jar of one site is not lost by a visit to another; where it cannot be written is said.
#[test]
fn a_jar_keeps_what_it_had() {
    let (server, folder) = (server(), Folder::new());
    let old = "other.com\tFALSE\t/\tTRUE\t4102444800\told\t1";
    private(&folder, "jar", &format!("# Netscape HTTP Cookie File\n{old}\n"));
    quiet(&folder, &["-c", "jar", &server.url("/cookies/set?a=1&.Max-Age=99")]).done();
    let text = String::from_utf8(folder.read("jar")).unwrap();
    assert!(text.contains(old) && text.contains("\ta\t1"), "{text}");
    let ran = quiet(&folder, &["-c", "no/such/jar", &server.url("/cookies")]);
    ran.failed(7, "jar");
    let ran = quiet(&folder, &["-c", ".", &server.url("/cookies")]);
    ran.failed(7, "");
    let ran = quiet(&folder, &["-c", "jar", &server.url("/status/404")]);
    ran.failed(1, "404");
    assert!(String::from_utf8(folder.read("jar")).unwrap().contains(old));
}

/// hostile.md row 137: a literal cookie does not follow a redirect to another origin, and the jar's
/// go by their own hosts.
#[test]
fn cookies_do_not_follow_to_another_host() {
    let (here, there, folder) = (server(), server(), Folder::new());
    let to = escaped(there.url("/cookies").replace("127.0.0.1", "localhost"));
    let address = here.url(&format!("/cookies/set?jar=1&.Path=/&.to={to}"));
    quiet(&folder, &["-b", "typed=c4nary", "-c", "jar", &address]).done();
    assert!(last(&there).is_empty(), "{:?}", heads(&there));
    assert_eq!(last(&here), ["typed=c4nary"]);
    quiet(&folder, &["-b", "typed=c4nary", &here.url("/redirect/302?to=/cookies")]).done();
    assert_eq!(last(&here), ["typed=c4nary"], "of one origin it stays");
    let mut command = wireline();
    command.current_dir(folder.path()).args(["http", "-q", "-d", "x", "-b", "typed=1"]);
    run(command.arg(here.url("/cookies"))).done();
    assert_eq!(last(&here), ["typed=1"]);
}
