//! `--timing`: how long what took, for people on standard error and for programs in `--json`.

use crate::http_support::{json, json_lines};
use crate::support::{Folder, Ran, server};
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::http::{Options, Server, filler_vec};

/// The line of the waterfall about a phase.
#[track_caller]
fn line<'a>(ran: &'a Ran, phase: &str) -> &'a str {
    let is_it = |line: &&str| line.trim_start().starts_with(phase);
    ran.stderr.lines().find(is_it).unwrap_or_else(|| panic!("no {phase} in {}", ran.stderr))
}

fn seconds(line: &serde_json::Value, name: &str) -> f64 {
    line["timings"][name].as_f64().unwrap_or_else(|| panic!("{name} in {line}"))
}

/// Every phase has a line with a number in it, and standard output is what it was.
#[test]
fn the_phases_are_shown() {
    let (server, folder) = (server(), Folder::new());
    let ran = folder.wireline(&["get", "--timing", &server.url("/bytes/5000")]);
    assert!(ran.done().stdout == filler_vec("v1", 5000));
    for phase in ["dns", "connect", "wait", "transfer"] {
        assert!(line(&ran, phase).contains(|sign: char| sign.is_ascii_digit()), "{ran:?}");
    }
    let order: Vec<_> =
        ["dns", "connect", "wait", "transfer"].map(|phase| ran.stderr.find(phase)).into();
    assert!(order.is_sorted(), "{}", ran.stderr);
    let ran = folder.wireline(&["http", "--timing", &server.url("/bytes/5000"), "-o", "page"]);
    line(&ran, "transfer");
    let quiet = folder.wireline(&["get", &server.url("/bytes/5")]);
    quiet.done_in_silence();
}

/// With TLS the handshake has its own; its time is in the JSON as well.
#[test]
fn a_handshake_has_its_time() {
    let (authority, folder) = (Authority::new("e2e root").unwrap(), Folder::new());
    folder.write("ca.pem", authority.pem());
    let tls = Some(authority.server_config(Certificate::Good).unwrap());
    let server = Server::start(Options { tls, ..Options::default() }).unwrap();
    let words =
        ["get", "--timing", &server.url("/bytes/5"), "--cacert", "ca.pem", "--json", "-o", "page"];
    let ran = folder.wireline(&words);
    assert!(line(&ran, "tls").contains(|sign: char| sign.is_ascii_digit()), "{ran:?}");
    let row = json(ran.done());
    assert!(seconds(&row, "tls") > 0.0, "{row}");
}

/// What is waited for is in the wait, what drips in the transfer, and the total is all of it.
#[test]
fn time_is_put_where_it_was_spent() {
    let (server, folder) = (server(), Folder::new());
    let get = |path: &str| {
        let ran = folder.wireline(&["get", "--timing", &server.url(path), "--json", "-o", "page"]);
        let row = json(ran.done());
        (seconds(&row, "first_byte"), seconds(&row, "total"), ran.took.as_secs_f64(), ran)
    };
    let (first, total, took, ran) = get("/delay/400");
    assert!((0.4..=took).contains(&first) && (first..=took).contains(&total), "{ran:?}");
    let (first, total, took, ran) = get("/drip/40?ms=10");
    assert!(total - first >= 0.3 && total <= took, "{ran:?}");
    for name in ["dns", "connect"] {
        let time = seconds(&json(&ran), name);
        assert!((0.0..=total).contains(&time), "{name}: {ran:?}");
    }
}

/// The numbers of a program are those of a person, to a tenth of a millisecond.
#[test]
fn both_say_the_same() {
    let (server, folder) = (server(), Folder::new());
    let words = ["get", "--timing", &server.url("/drip/20?ms=5"), "--json", "-o", "page"];
    let ran = folder.wireline(&words);
    let row = json(ran.done());
    for phase in ["dns", "connect", "wait", "transfer"] {
        let mut words = ran.stderr.split_whitespace().skip_while(|word| *word != phase).skip(1);
        let number: f64 = words.next().expect("a number").parse().expect("a number");
        let unit = if words.next() == Some("s") { 1.0 } else { 1000.0 };
        let seconds = seconds(&row, phase);
        let near =
            (seconds * unit - number).abs() <= 0.11 || (seconds * unit / number - 1.0).abs() < 0.01;
        assert!(near, "{phase}: {number} and {seconds} in {ran:?}");
    }
}

/// Each of several has its own; a kept connection was not made again; what failed is no panic.
#[test]
fn each_transfer_has_its_own() {
    let (server, folder) = (server(), Folder::new());
    let urls = [server.url("/bytes/1"), server.url("/bytes/2"), server.url("/redirects/3")];
    let words = ["get", "--timing", "--json", "-O", &urls[0], &urls[1], &urls[2]];
    let ran = folder.wireline(&words);
    assert_eq!(json_lines(ran.done()).len(), 3);
    let shown = ran.stderr.lines().filter(|line| line.trim_start().starts_with("transfer")).count();
    assert!(shown >= 3, "{}", ran.stderr);
    for address in ["http://127.0.0.1:1/", "http://no-such-host.invalid/"] {
        let ran = folder.wireline(&["get", "--timing", address, "-o", "page"]);
        ran.failed(3, "");
    }
    let ran = folder.wireline(&["get", "--timing", &server.url("/cut/9/5"), "-o", "page"]);
    ran.failed(5, "cut short");
    let ran = folder.wireline(&["get", "--timing", &server.url("/status/404"), "-o", "page"]);
    ran.failed(1, "404");
}
