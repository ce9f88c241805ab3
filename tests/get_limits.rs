//! Limits and deadlines: what a peer may cost, and when patience ends. hostile.md section 2.3.

use crate::support::{
    Folder, answer, beside, happens, run, run_within, scripts, server, url, wireline,
    wireline_after,
};
use rustix::net::{AddressFamily, SocketType};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::raw::{Act, Server};

const OK: &str = "HTTP/1.1 200 OK\r\n";

/// An answer whose head has so many bytes.
fn head_of(bytes: usize) -> String {
    let frame = format!("{OK}Content-Length: 2\r\nA: \r\n\r\n").len();
    format!("{OK}Content-Length: 2\r\nA: {}\r\n\r\nab", "x".repeat(bytes - frame))
}

fn fields(count: usize) -> String {
    format!("{OK}Content-Length: 2\r\n{}\r\nab", "A: b\r\n".repeat(count - 1))
}

fn chunked(body: &str) -> String {
    format!("{OK}Transfer-Encoding: chunked\r\n\r\n{body}")
}

fn interim(count: usize) -> String {
    let hint = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(count);
    format!("{hint}{OK}Content-Length: 2\r\n\r\nab")
}

/// A chunk line of so many bytes, and the same for so many chunks of one byte.
fn extended(line_bytes: usize, count: usize) -> String {
    let line = format!("1;{}\r\n", "x".repeat(line_bytes - 4));
    chunked(&format!("{}0\r\n\r\n", format!("{line}a\r\n").repeat(count)))
}

fn trailers(bytes: usize) -> String {
    chunked(&format!("2\r\nab\r\n0\r\nA: {}\r\n\r\n", "x".repeat(bytes - 7)))
}

/// hostile.md rows 69 to 72: each limit holds exactly, and beyond it nothing is stored.
#[test]
fn what_is_read_has_limits() {
    let kib = 1 << 10;
    let rows = [
        ("row 69: a head of 256 KiB", head_of(256 * kib), true),
        ("row 69: a byte more", head_of(256 * kib + 1), false),
        ("row 69: a line without an end", format!("{OK}A: {}", "x".repeat(300 * kib)), false),
        ("row 69: a status line without an end", "HTTP/1.1 200 x".repeat(30 * kib), false),
        ("row 69: 1,000 fields", fields(1000), true),
        ("row 69: 1,001 fields", fields(1001), false),
        ("row 70: 8 interim answers", interim(8), true),
        ("row 70: 9 interim answers", interim(9), false),
        ("row 70: 300 interim answers", interim(300), false),
        ("row 71: a chunk line of 4 KiB", extended(4 * kib, 2), true),
        ("row 71: a byte more", extended(4 * kib + 1, 1), false),
        ("row 71: extensions of 60 KiB", extended(4 * kib, 15), true),
        ("row 71: extensions of 68 KiB", extended(4 * kib, 17), false),
        ("row 72: trailers of 16 KiB", trailers(16 * kib - 2), true),
        ("row 72: more than 16 KiB", trailers(16 * kib + 1), false),
    ];
    for (label, bytes, fits) in rows {
        let (server, folder) = (scripts(vec![answer(bytes)]), Folder::new());
        folder.write("page", "old");
        let ran = folder.wireline(&["get", &url(server.addr(), "/"), "-o", "page", "-q"]);
        match fits {
            true => drop(ran.done_in_silence()),
            false => drop(ran.failed_in_one_line(5, "")),
        }
        assert_eq!(folder.read("page") != b"old", fits, "{label}");
        assert_eq!(folder.names(), ["page"], "{label}");
    }
}

/// hostile.md rows 73 and 74.
#[test]
fn redirects_have_limits() {
    let (routes, folder) = (server(), Folder::new());
    folder.write("page", "old");
    let get = |url: &str| folder.wireline(&["get", url, "-o", "page"]);
    get(&routes.url("/redirects/10")).done_in_silence();
    folder.write("page", "old");
    get(&routes.url("/redirects/11")).failed_in_one_line(5, "more than 10 redirects");
    let before = routes.requests().len();
    get(&routes.url("/loop")).failed_in_one_line(5, "a loop");
    assert_eq!(routes.requests().len(), before + 1, "at once");
    let long = format!("HTTP/1.1 302 Found\r\nLocation: /{}\r\n\r\n", "x".repeat(8192));
    let long = scripts(vec![answer(long)]);
    get(&url(long.addr(), "/")).failed_in_one_line(5, "Location is longer than 8192 bytes");
    assert_eq!((folder.read("page"), long.connections()), (b"old".to_vec(), 1));
}

/// hostile.md row 68.
#[test]
fn a_url_has_a_limit() {
    let (server, folder) = (server(), Folder::new());
    let base = server.url("/echo?");
    let fits = format!("{base}{}", "x".repeat(8192 - base.len()));
    folder.wireline(&["get", &fits]).done_in_silence();
    folder.wireline(&["get", &format!("{fits}x")]).failed_in_one_line(2, "longer than 8192 bytes");
    assert_eq!(server.connections(), 1);
}

/// hostile.md row 76: memory does not follow what a peer announces.
#[test]
fn ten_terabytes_are_announced_and_nothing_is_reserved() {
    let lengths = [
        "Content-Length: 10000000000000\r\n\r\nab",
        "Transfer-Encoding: chunked\r\n\r\n9184e72a000\r\nab",
    ];
    for length in lengths {
        for to in [&["-o", "page"][..], &[]] {
            let (server, folder) = (scripts(vec![answer(format!("{OK}{length}"))]), Folder::new());
            let mut command = wireline_after("ulimit -v 150000");
            command.current_dir(folder.path()).args(["get", &url(server.addr(), "/")]).args(to);
            let ran = run_within(Duration::from_secs(3), &mut command);
            ran.failed_in_one_line(5, "cut short");
            assert_eq!(folder.names().len(), 0, "{ran:?}");
        }
    }
}

/// `--max-size` holds exactly, however the body is framed.
#[test]
fn max_size_holds_for_every_framing() {
    let (server, folder) = (server(), Folder::new());
    for path in ["/bytes/2048", "/chunked/2048", "/close/2048", "/http10/2048"] {
        for (limit, fits) in [("2k", true), ("2048", true), ("2047", false), ("0", false)] {
            for option in ["--max-size", "--max-filesize"] {
                folder.write("page", "old");
                let ran =
                    folder.wireline(&["get", "-q", &server.url(path), "-o", "page", option, limit]);
                match fits {
                    true => drop(ran.done_in_silence()),
                    false => drop(ran.failed_in_one_line(5, "bytes allowed")),
                }
                let size = if fits { 2048 } else { 3 };
                assert_eq!(folder.read("page").len(), size, "{path} {limit}");
            }
        }
    }
    let endless = vec![
        Act::Request,
        Act::Send(format!("{OK}\r\n").into_bytes()),
        Act::Send(vec![0; 8 << 20]),
    ];
    let endless = scripts(vec![endless]);
    let ran = folder.wireline(&["get", &url(endless.addr(), "/"), "--max-size", "10k"]);
    ran.failed_in_one_line(5, "longer than the 10240 bytes allowed");
    assert_eq!(ran.stdout.len(), 10 << 10);
}

/// A script, what is asked besides, the code and the phase that is named.
type Slow = (&'static str, Vec<Act>, &'static [&'static str], &'static str);

fn slow() -> Vec<Slow> {
    let send = |text: &str| Act::Send(text.as_bytes().to_vec());
    let drip = |text: String| Act::Drip(text.into_bytes(), 1, Duration::from_millis(100));
    let long = "A: b\r\n".repeat(200);
    let body = format!("{OK}Content-Length: 900\r\n\r\n");
    let short = &["--timeout", "0.5"][..];
    let whole = &["--max-time", "0.5"][..];
    vec![
        ("no answer", vec![Act::Stall], short, "waiting for the response"),
        ("no answer, whole", vec![Act::Stall], whole, "the whole of it"),
        (
            "half a head",
            vec![Act::Request, send(OK), Act::Stall],
            short,
            "waiting for the response",
        ),
        (
            "row 87: a dripping head",
            vec![Act::Request, send(OK), drip(long.clone())],
            short,
            "waiting for the response",
        ),
        ("row 87: whole", vec![Act::Request, send(OK), drip(long)], whole, "the whole of it"),
        (
            "a silent body",
            vec![Act::Request, send(&body), Act::Stall],
            short,
            "a pause in the body",
        ),
        (
            "row 87: a dripping body",
            vec![Act::Request, send(&body), drip("x".repeat(900))],
            whole,
            "the whole of it",
        ),
        (
            "a silent chunk",
            vec![Act::Request, send(&chunked("5\r\na")), Act::Stall],
            short,
            "a pause in the body",
        ),
        (
            "a silent last chunk",
            vec![Act::Request, send(&chunked("1\r\na\r\n0\r\n")), Act::Stall],
            short,
            "a pause in the body",
        ),
        (
            "silent to the close",
            vec![Act::Request, send(&format!("{OK}\r\nab")), Act::Stall],
            short,
            "a pause in the body",
        ),
    ]
}

/// hostile.md row 87, fault matrix row 3: patience ends within a second of its limit.
#[test]
fn patience_has_an_end() {
    beside(slow(), |(label, script, options, phase): Slow| {
        let (server, folder) = (scripts(vec![script]), Folder::new());
        folder.write("page", "old");
        let address = url(server.addr(), "/");
        let mut command = wireline();
        command
            .current_dir(folder.path())
            .args(["get", "-q", &address, "-o", "page"])
            .args(options);
        let ran = run_within(Duration::from_secs(8), &mut command);
        ran.failed_in_one_line(6, phase).hinted(options[0]);
        assert_eq!((folder.read("page"), folder.names().len()), (b"old".to_vec(), 1), "{label}");
    });
}

/// A pause that is renewed does not end a body that keeps coming.
#[test]
fn a_slow_body_is_not_a_silent_one() {
    let (server, folder) = (server(), Folder::new());
    let ran = folder.wireline(&["get", "--timeout", "0.4", &server.url("/drip/12?ms=60")]);
    assert_eq!(ran.done_in_silence().stdout.len(), 12);
}

/// hostile.md row 88.
#[test]
fn a_peer_that_never_reads_does_not_hold_us() {
    let folder = Folder::new();
    folder.write("big", vec![b'x'; 32 << 20]);
    let server = scripts(vec![vec![Act::Pause(Duration::from_secs(20))]]);
    for (option, phase) in [("--timeout", "sending the request"), ("--max-time", "the whole of it")]
    {
        let mut command = wireline();
        let address = url(server.addr(), "/");
        command.current_dir(folder.path()).args(["http", "-d", "@big", &address, option, "0.5"]);
        run_within(Duration::from_secs(8), &mut command).failed_in_one_line(6, phase);
    }
}

/// hostile.md row 116: whichever option sets the limit, it is kept to and named.
#[test]
fn a_silent_handshake_is_a_timeout() {
    beside(["--max-time", "--timeout"], |option| {
        let server = scripts(vec![vec![Act::Stall]]);
        let address = format!("https://localhost:{}/", server.addr().port());
        let mut command = wireline();
        command.args(["get", &address, option, "0.5"]);
        let ran = run_within(Duration::from_secs(8), &mut command);
        ran.failed_in_one_line(6, "").hinted(option);
        assert_eq!(server.received(0).first(), Some(&0x16), "a handshake, and nothing else");
    });
}

/// hostile.md row 87: a handshake that drips is bounded as a whole.
#[test]
fn a_dripping_handshake_is_a_timeout() {
    let config = Authority::new("drip").unwrap().server_config(Certificate::Good).unwrap();
    let behind = Server::start_tls(config, vec![vec![Act::Stall]]).unwrap();
    let slow = wireline_servers::LinkOptions { rate: Some(100), ..Default::default() };
    let link = wireline_servers::Link::start(behind.addr(), slow).unwrap();
    let address = format!("https://localhost:{}/", link.addr().port());
    let mut command = wireline();
    command.args(["get", &address, "--max-time", "0.5"]);
    run_within(Duration::from_secs(8), &mut command).failed_in_one_line(6, "");
}

/// A listener that takes no connection up: its queue is full.
struct Hole {
    addr: SocketAddr,
    _listener: OwnedFd,
    _queued: Vec<TcpStream>,
}

fn hole() -> Hole {
    let listener = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&listener, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let addr = SocketAddr::try_from(rustix::net::getsockname(&listener).unwrap()).unwrap();
    let connect = || TcpStream::connect_timeout(&addr, Duration::from_millis(100)).ok();
    let queued = std::iter::from_fn(connect).take(64).collect();
    Hole { addr, _listener: listener, _queued: queued }
}

/// A port that nobody listens on.
fn closed() -> SocketAddr {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Fault matrix row 1: refused and silent; no file is made.
#[test]
fn who_is_not_there_is_not_reached() {
    let (folder, hole) = (Folder::new(), hole());
    let ran = folder.wireline(&["get", &url(closed(), "/"), "-o", "page"]);
    ran.failed_in_one_line(3, "connection refused");
    for option in ["--connect-timeout", "--max-time"] {
        let mut command = wireline();
        let address = url(hole.addr, "/");
        command.current_dir(folder.path()).args(["get", &address, "-o", "page", option, "0.4"]);
        let ran = run_within(Duration::from_secs(8), &mut command);
        ran.failed_in_one_line(6, "").hinted(option);
    }
    assert_eq!(folder.names().len(), 0);
}

/// hostile.md row 89: of many dead addresses a few are tried, in a bounded time; a living one among
/// them is found.
#[test]
fn of_many_dead_addresses_a_few_are_tried() {
    let closed = closed();
    let many: Vec<_> = (1..=250).map(|last| format!("127.0.1.{last}")).collect();
    let resolve = |port: u16, list: &[String]| format!("dead.test:{port}:{}", list.join(","));
    let get = |port: u16, list: &[String], more: &[&str]| {
        let mut command = wireline();
        let address = format!("http://dead.test:{port}/");
        command.args(["get", &address, "--resolve", &resolve(port, list)]).args(more);
        run_within(Duration::from_secs(4), &mut command)
    };
    let ran = get(closed.port(), &many, &[]);
    ran.failed_in_one_line(3, "connection refused");
    assert_eq!(ran.stderr.matches("refused").count(), 8, "{ran:?}");
    let hole = hole();
    let holes = vec!["127.0.0.1".to_owned(); 100];
    get(hole.addr.port(), &holes, &["--connect-timeout", "0.3"])
        .failed_in_one_line(6, "connecting");
    let routes = server();
    let living = ["127.0.1.7", "127.0.1.8", "127.0.0.1"].map(str::to_owned);
    let begun = Instant::now();
    get(routes.addr().port(), &living, &[]).done();
    assert!(begun.elapsed() < Duration::from_secs(1));
}

/// `--max-time` is for everything together: the pauses between tries and the tries themselves too.
#[test]
fn max_time_bounds_the_tries_too() {
    let routes = server();
    let get = |path: &str, more: &[&str]| {
        let mut command = wireline();
        command.args(["get", &routes.url(path), "--max-time", "0.5"]).args(more);
        run_within(Duration::from_secs(8), &mut command)
    };
    get("/stall/10/5?times=9", &["--retry", "3", "-o", "/dev/null"]).failed(6, "");
    let ran = get("/status/503?retry-after=60", &["--retry", "1", "-o", "/dev/null"]);
    assert!(matches!(ran.code, Some(1 | 6)), "{ran:?}");
}

/// An answer whose body nobody wants is not waited for.
#[test]
fn an_unwanted_body_is_not_waited_for() {
    let elsewhere = "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 9\r\n\r\nab";
    let missing = "HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\nab";
    for (head, code) in [(elsewhere, 0), (missing, 1)] {
        let first = vec![Act::Request, Act::Send(head.into()), Act::Stall];
        let second = answer(format!("{OK}Content-Length: 2\r\n\r\nab"));
        let (server, folder) = (scripts(vec![first, second]), Folder::new());
        let mut command = wireline();
        let address = url(server.addr(), "/");
        command.current_dir(folder.path()).args(["get", &address, "-o", "page", "--timeout", "2"]);
        let ran = run(&mut command);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.took < Duration::from_secs(8), "{:?} for {head:?}", ran.took);
    }
}

/// Fault matrix row 1: a wait for a connection ends with the server, not with the patience.
#[test]
fn a_server_that_leaves_ends_the_wait() {
    let folder = Folder::new();
    for act in [Act::Reset, Act::Close, Act::Cut] {
        let server = scripts(vec![vec![Act::Request, act.clone()]]);
        let ran = folder.wireline(&["get", &url(server.addr(), "/"), "-o", "page"]);
        ran.failed_in_one_line(3, "");
        assert!(happens(Duration::ZERO, || folder.names().is_empty()), "{act:?}");
    }
}
