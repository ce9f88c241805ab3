//! How connections are made and how fast they go: Unix sockets, certificates of our own, limits of
//! speed. Proxies are in `proxy.rs`.

use crate::support::{Folder, Ran, answer, beside, run_within, scripts, server, url, wireline};
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;
use std::time::Duration;
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::http::{Options, Server};
use wireline_servers::{ftp, pop3, smtp, telnet};

/// A Unix socket that leads to a server.
fn leads_to(addr: SocketAddr, path: &Path) {
    let listener = UnixListener::bind(path).unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut server) = (client.unwrap(), TcpStream::connect(addr).unwrap());
            let mut says = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || {
                io::copy(&mut says.0, &mut says.1).ok();
                says.1.shutdown(Shutdown::Write).ok();
            });
            thread::spawn(move || {
                io::copy(&mut server, &mut client).ok();
                client.shutdown(Shutdown::Write).ok();
            });
        }
    });
}

/// Whatever the host, and it is this machine: a login may go there in clear. No proxy of the
/// environment is on that way.
#[test]
fn every_command_speaks_to_a_unix_socket() {
    let (authority, folder) = (Authority::new("e2e root").unwrap(), Folder::new());
    folder.write("ca.pem", authority.pem());
    let certificate = Certificate::GoodFor(vec!["h.test".into()]);
    let tls = Some(authority.server_config(certificate).unwrap());
    let secure = Server::start(Options { tls, ..Options::default() }).unwrap();
    let clear = server();
    let mailbox = pop3::Server::start(pop3::Options::default()).unwrap();
    let mail = smtp::Server::start(smtp::Options::default()).unwrap();
    let files = ftp::Server::start(ftp::Options::default()).unwrap();
    let device = telnet::Server::start(telnet::Options::default()).unwrap();
    let rows = [
        (clear.addr(), "get http://h.test/auth/basic -u alice --unix-socket 0", 0),
        (secure.addr(), "get https://h.test/bytes/5 --cacert ca.pem --unix-socket 1", 0),
        (mailbox.addr(), "mail pop3://alice@h.test --unix-socket 2", 0),
        (mail.addr(), "send smtp://h.test --from a@x.test --to b@x.test -d x --unix-socket 3", 0),
        (files.addr(), "ftp stat ftp://alice@h.test/ --unix-socket 4", 0),
        (device.addr(), "telnet h.test --login alice --send exit --unix-socket 5", 0),
        (files.addr(), "get ftp://alice@h.test/x --unix-socket 6", 2),
        (clear.addr(), "get http://h.test/ --unix-socket nowhere", 3),
    ];
    for (nth, (addr, words, code)) in rows.into_iter().enumerate() {
        leads_to(addr, &folder.at(&nth.to_string()));
        let mut command = wireline();
        command.current_dir(folder.path()).env("WIRELINE_PASSWORD", "wonderland");
        command.env("all_proxy", "http://127.0.0.1:1").args(words.split(' '));
        let ran = run_within(Duration::from_secs(10), &mut command);
        assert_eq!(ran.code, Some(code), "{words}: {ran:?}");
    }
    assert_eq!((clear.requests().len(), mail.messages().len()), (1, 1));
}

/// A server that demands a certificate of ours, its authority in `ca.pem`, and ours in `me.pem`,
/// `key.pem`, both in `both.pem`, and another authority's in `other.pem`.
fn demanding() -> (Server, Folder) {
    let (servers, clients) =
        (Authority::new("servers").unwrap(), Authority::new("clients").unwrap());
    let folder = Folder::new();
    let (own, key) = clients.client_certificate("alice").unwrap();
    let (other, other_key) = servers.client_certificate("mallory").unwrap();
    for (name, text) in [
        ("ca.pem", servers.pem()),
        ("both.pem", [key.as_str(), own.as_str()].concat()),
        ("me.pem", own),
        ("key.pem", key),
        ("other.pem", [other, other_key].concat()),
    ] {
        folder.write(name, text);
    }
    let tls = servers.server_config_for_clients_of(&clients.pem(), Certificate::Good).unwrap();
    (Server::start(Options { tls: Some(tls), ..Options::default() }).unwrap(), folder)
}

#[test]
fn who_asks_for_a_certificate_gets_ours() {
    let (server, folder) = demanding();
    let target = format!("https://localhost:{}/bytes/5", server.addr().port());
    let rows: [(&[&str], i32, &str); 9] = [
        (&["--cert", "me.pem", "--key", "key.pem"], 0, ""),
        (&["-E", "both.pem"], 0, ""),
        (&[], 4, "certificate"),
        (&["-E", "other.pem"], 4, ""),
        (&["-E", "me.pem"], 2, "the key in me.pem"),
        (&["-E", "me.pem", "--key", "other.pem"], 2, "cannot be used together"),
        (&["-E", "key.pem"], 2, "no PEM certificate"),
        (&["-E", "missing.pem"], 7, "missing.pem"),
        (&["--key", "key.pem"], 2, "--cert"),
    ];
    for (more, code, why) in rows {
        let words = ["get", &target, "--cacert", "ca.pem", "-o", "page", "-q"];
        let ran = folder.wireline(&[&words[..], more].concat());
        assert_eq!(ran.code, Some(code), "{more:?}: {ran:?}");
        assert!(ran.stderr.contains(why), "{more:?}: {ran:?}");
    }
    assert_eq!(server.requests().len(), 2);
    // A transcript is played with it as well.
    let words = ["get", &target, "--cacert", "ca.pem", "-E", "both.pem", "--record", "a.wire"];
    folder.wireline(&words).done();
    let to = format!("localhost:{}", server.addr().port());
    let play = ["play", "a.wire", "--to", &to, "--cacert", "ca.pem"];
    folder.wireline(&play).failed(1, "1 of 1 sections failed");
    folder.wireline(&[&play[..], &["-E", "both.pem"]].concat()).done();
}

/// Who we are is for those that were typed: where a redirect leads, nobody is told.
#[test]
fn a_certificate_stays_at_home() {
    let (demanding, folder) = demanding();
    let target = format!("https://localhost:{}/bytes/5", demanding.addr().port());
    let moved = format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
    let first = scripts(vec![answer(moved)]);
    let words = ["get", "-q", "--cacert", "ca.pem", "-E", "both.pem"];
    folder.wireline(&[&words[..], &[&url(first.addr(), "/")]].concat()).failed(4, "certificate");
    assert_eq!(demanding.requests().len(), 0);
    folder.wireline(&[&words[..], &[&target]].concat()).done();
}

fn timed(folder: &Folder, words: &[&str]) -> Ran {
    let mut command = wireline();
    command.current_dir(folder.path()).env("WIRELINE_PASSWORD", "wonderland");
    run_within(Duration::from_secs(15), command.args(words))
}

/// 60 KiB at 40 KiB a second, down and up, in clear and in TLS, spliced or not.
#[test]
fn a_rate_is_kept_both_ways() {
    let (pages, mail, folder) =
        (server(), smtp::Server::start(smtp::Options::default()).unwrap(), Folder::new());
    let files = ftp::Server::start(ftp::Options::default()).unwrap();
    folder.write("up", vec![b'x'; 60 * 1024]);
    let (down, sink) = (pages.url("/bytes/61440"), pages.url("/sink"));
    let there = format!("ftp://alice@{}/up", files.addr());
    let mail = format!("smtp://{}", mail.addr());
    let rows: [&[&str]; 5] = [
        &["get", &down, "-o", "down"],
        &["get", &down, "--record", "a.wire"],
        &["http", "PUT", &sink, "-d", "@up"],
        &["put", "up", &there],
        &["send", &mail, "--from", "a@x.test", "--to", "b@x.test", "--body-file", "up"],
    ];
    beside(rows, |words| {
        let ran = timed(&folder, &[words, &["--limit-rate", "40k", "-q"]].concat());
        let seconds = ran.done().took.as_secs_f64();
        assert!((1.2..6.0).contains(&seconds), "{words:?}: {seconds}");
        let free = timed(&folder, &[words, &["--limit-rate", "0", "-q"]].concat());
        assert!(free.done().took.as_secs_f64() < 1.2, "{words:?}: {free:?}");
    });
    for bad in ["fast", "-1", "1.5k", ""] {
        let more = format!("--limit-rate={bad}");
        timed(&folder, &["get", &down, &more]).failed_in_one_line(2, "--limit-rate takes");
    }
}

/// hostile.md row 87: a transfer that drips ends, and is worth another try.
#[test]
fn what_is_too_slow_ends() {
    let (pages, folder) = (server(), Folder::new());
    let drip = pages.url("/drip/100000?ms=20");
    let slow = timed(&folder, &["get", &drip, "-o", "x", "-Y", "1k", "-y", "1"]);
    slow.failed(6, "slower than 1024 bytes/s for 1 s").hinted("--speed-limit");
    assert!((0.9..8.0).contains(&slow.took.as_secs_f64()), "{slow:?}");
    let stalls = pages.url("/stall/50000/20000?times=1");
    let words = ["get", &stalls, "-o", "y", "--speed-limit", "1000", "--speed-time", "0.5"];
    let again = timed(&folder, &[&words[..], &["--retry", "1"]].concat());
    again.done();
    assert!(again.stderr.contains("slower than") && again.stderr.contains("try 2"), "{again:?}");
    assert_eq!(folder.size("y"), Some(50_000));
    // Fast enough, and waiting for an answer, which has a limit of its own, is no transfer.
    let delay = pages.url("/delay/1500");
    timed(&folder, &["get", &delay, "-Y", "1000", "-y", "0.5"]).done();
    timed(&folder, &["get", &drip, "-y", "1"]).failed_in_one_line(2, "--speed-limit");
}
