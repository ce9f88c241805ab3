//! Uploads: `-T` and `put`, `Expect`, and answers that come while we still speak. RFC 9110 sections
//! 9.3.4 and 10.1.1, RFC 9112 section 9.5, hostile.md row 59.

use crate::http_support::{
    MIB, has, head, heads, json, lines, none_wrong, piped, piped_in, value, values,
};
use crate::support::{Folder, Ran, beside, run, run_within, scripts, server, url, wireline};
use std::fs::File;
use std::time::Duration;
use wireline_servers::http::{Options, Server, filler_vec};
use wireline_servers::raw::Act;

fn writable(folder: &Folder) -> Server {
    let root = Some(folder.path().to_owned());
    Server::start(Options { root, writable: true, ..Options::default() }).unwrap()
}

/// `-T`: Content-Length for a file, chunks for a pipe, and the bytes are the bytes.
#[test]
fn an_upload_arrives() {
    let (site, folder) = (Folder::new(), Folder::new());
    let server = writable(&site);
    for (name, size) in [("empty", 0), ("small", 5), ("big", 3 * MIB + 1)] {
        let bytes = filler_vec("v1", size);
        folder.write(name, &bytes);
        let (file, pipe) = (format!("f-{name}"), format!("p-{name}"));
        folder.wireline(&["http", "-q", "-T", name, &server.url(&format!("/{file}"))]).done();
        let request = server.requests().pop().unwrap();
        assert_eq!(value(&head(&request), "Content-Length"), size.to_string());
        assert!(!has(&head(&request), "Transfer-Encoding"));
        assert!(site.read(&file) == bytes, "{name}");
        piped_in(&folder, &["http", "-q", "-T", "-", &server.url(&format!("/{pipe}"))], &bytes)
            .done();
        let request = server.requests().pop().unwrap();
        assert_eq!(value(&head(&request), "Transfer-Encoding"), "chunked");
        assert!(!has(&head(&request), "Content-Length"), "RFC 9112 section 6.2");
        assert!(site.read(&pipe) == bytes, "{name}");
    }
    assert!(lines(&server).iter().all(|line| line.starts_with("PUT /")));
    assert!(server.violations().is_empty(), "{:?}", server.violations());
}

/// As in curl: the name of the file, where the URL ends in `/`.
#[test]
fn an_upload_to_a_folder_takes_the_name_of_its_file() {
    let (site, folder) = (Folder::new(), Folder::new());
    let server = writable(&site);
    folder.write("small", "abc");
    folder.wireline(&["http", "-q", "-T", "small", &server.url("/")]).done();
    assert_eq!(site.read("small"), b"abc");
}

/// `wireline put`: the file under the name that the URL gives, or under its own in a folder.
#[test]
fn put_is_an_upload() {
    let (site, folder) = (Folder::new(), Folder::new());
    let server = writable(&site);
    folder.write("file", "abc");
    let put = |words: &[&str]| piped_in(&folder, &[&["put", "-q"][..], words].concat(), b"piped");
    put(&["file", &server.url("/other")]).done();
    put(&["file", &server.url("/")]).done();
    put(&["-", &server.url("/pipe")]).done();
    assert_eq!(site.names(), ["file", "other", "pipe"]);
    assert_eq!((site.read("file"), site.read("other")), (b"abc".to_vec(), b"abc".to_vec()));
    assert_eq!(site.read("pipe"), b"piped");
    assert_eq!(lines(&server), ["PUT /other", "PUT /file", "PUT /pipe"]);
    put(&["-", &server.url("/")]).failed(2, "");
    put(&["missing", &server.url("/x")]).failed(7, "missing");
    put(&["file", &server.url("/no/such/folder")]).failed(1, "409");
    put(&["file", &server.url("/bytes/5")]).failed(1, "405");
    assert_eq!(server.requests().len(), 5);
    // A login goes along, and stays.
    let there = Server::start(Options::default()).unwrap();
    let to = format!("/redirect/307?to={}", there.url("/echo"));
    put(&["file", &server.url(&to), "-u", "alice:c4nary"]).failed(8, "");
    assert_eq!(there.connections(), 0, "hostile.md row 143");
}

/// RFC 9110 section 10.1.1: from which size on `Expect` is said, and that it can be left out.
#[test]
fn expect_is_for_much_or_for_unknown() {
    let (server, folder) = (server(), Folder::new());
    folder.write("most", filler_vec("v1", MIB));
    folder.write("more", filler_vec("v1", MIB + 1));
    let address = server.url("/sink");
    let rows: &[(&[&str], bool)] = &[
        (&["-T", "most"], false),
        (&["-T", "more"], true),
        (&["-T", "-"], true),
        (&["--data-binary", "@most"], false),
        (&["--data-binary", "@more"], true),
        (&["-F", "a=@more"], true),
        (&["-T", "more", "-H", "Expect:"], false),
        (&["-T", "-", "-H", "expect:"], false),
        (&["-d", "x", "-H", "Expect: 100-continue"], true),
        (&["-d", "x"], false),
    ];
    let mut wrong = Vec::new();
    for (words, expects) in rows {
        piped_in(&folder, &[&["http", "-q", &address][..], words].concat(), b"x").done();
        let head = heads(&server).pop().unwrap();
        let said = values(&head, "Expect");
        if said != if *expects { &["100-continue"][..] } else { &[] } {
            wrong.push((words, head));
        }
    }
    none_wrong(&wrong);
}

/// A server that never says 100 is waited for, for a second at most.
#[test]
fn nobody_waits_long_for_100() {
    let (server, folder) = (server(), Folder::new());
    folder.write("more", filler_vec("v1", MIB + 1));
    let words = ["http", "-q", "-T", "more", &server.url("/expect/silent")];
    let ran = folder.wireline(&words);
    assert!(ran.done().took < Duration::from_secs(8), "{ran:?}");
    assert!(ran.took >= Duration::from_millis(500), "it did wait: {ran:?}");
    assert_eq!(server.requests()[0].body_len, 1_048_577);
}

/// 417 means once more without `Expect`; also where the content comes from a pipe.
#[test]
fn a_417_is_asked_again_without_expect() {
    let folder = Folder::new();
    let bytes = filler_vec("v1", MIB + 1);
    folder.write("more", &bytes);
    for source in ["more", "-"] {
        let server = server();
        let words = ["http", "-q", "-T", source, &server.url("/expect/417")];
        piped_in(&folder, &words, &bytes).done();
        let requests = server.requests();
        assert_eq!(requests.len(), 2, "{source}");
        assert!(has(&head(&requests[0]), "Expect") && !has(&head(&requests[1]), "Expect"));
        assert_eq!((requests[0].body_len, requests[1].body_len), (0, 1_048_577), "{source}");
    }
    // Without Expect there is nothing to leave out.
    let server = server();
    let words = ["http", "-q", "-d", "x", &server.url("/status/417")];
    folder.wireline(&words).failed(1, "417");
    assert_eq!(server.requests().len(), 1);
}

/// A final answer before the content: none of it is sent.
#[test]
fn an_answer_in_place_of_100_saves_the_content() {
    let folder = Folder::new();
    folder.write("more", filler_vec("v1", 2 * MIB));
    let server = server();
    for (path, code) in [("/expect/reject", "403"), ("/status/500", "500"), ("/auth/basic", "401")]
    {
        let ran = folder.wireline(&["http", "-q", "-T", "more", &server.url(path)]);
        ran.failed(1, code);
        assert!(ran.took < Duration::from_secs(8), "{ran:?}");
        assert_eq!(server.requests().pop().unwrap().body_len, 0, "{path}");
    }
    let received = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
    let script = vec![Act::Request, Act::Send(received.into()), Act::Stall];
    let server = scripts(vec![script]);
    let words = ["http", "-T", "more", &url(server.addr(), "/")];
    assert_eq!(folder.wireline(&words).failed(1, "403").text(), "no");
    let sent = server.received_in_all(0).unwrap();
    assert!(sent.ends_with(b"\r\n\r\n"), "{} bytes", sent.len());
}

/// hostile.md row 59, http.md "Connection": who answers while we still speak is heard.
#[test]
fn an_early_answer_is_heard() {
    let folder = Folder::new();
    folder.write("big", filler_vec("v1", 24 * MIB));
    let server = server();
    beside(0..4, |_| {
        let words = ["http", "-T", "big", "-H", "Expect:", &server.url("/sink/early")];
        let ran =
            run_within(Duration::from_secs(15), wireline().current_dir(folder.path()).args(words));
        ran.failed(1, "413");
        assert!(ran.text().contains("413"), "its body is there: {ran:?}");
    });
    assert!(server.requests().iter().all(|request| request.body_len < 24 << 20));
    // One that has stopped reading, and does not close.
    let answer = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch";
    let script = vec![
        Act::Request,
        Act::Read(1000),
        Act::Send(answer.into()),
        Act::Pause(Duration::from_secs(60)),
    ];
    for source in ["big", "-"] {
        let server = scripts(vec![script.clone()]);
        let words = ["http", "-T", source, "-H", "Expect:", &url(server.addr(), "/")];
        let mut command = wireline();
        command.current_dir(folder.path()).args(words);
        let ran = match source {
            "-" => piped(&mut command, &filler_vec("v1", 24 * MIB)),
            _ => run_within(Duration::from_secs(15), &mut command),
        };
        assert_eq!(ran.failed(1, "413").text(), "much", "{source}");
        assert!(ran.took < Duration::from_secs(10), "{ran:?}");
    }
}

/// An early answer that is a success is an answer, too.
#[test]
fn an_early_success_is_an_answer() {
    let folder = Folder::new();
    folder.write("big", filler_vec("v1", 24 * MIB));
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
    let script = vec![Act::Request, Act::Send(answer.into()), Act::Pause(Duration::from_secs(60))];
    let server = scripts(vec![script]);
    let words = ["http", "-T", "big", "-H", "Expect:", &url(server.addr(), "/")];
    let ran =
        run_within(Duration::from_secs(15), wireline().current_dir(folder.path()).args(words));
    assert_eq!((ran.code, ran.text().as_str()), (Some(0), "ab"), "{ran:?}");
}

/// A body goes along with a redirect that keeps it, from a file as well as from memory; what came
/// from a pipe is gone.
#[test]
fn content_is_sent_again_where_it_can_be() {
    let folder = Folder::new();
    let bytes = filler_vec("v1", 70_000);
    folder.write("file", &bytes);
    for words in [&["-T", "file"][..], &["--data-binary", "@file"], &["--data-binary", "@-"]] {
        let server = server();
        let address = server.url("/redirect/307?to=/sink");
        let ran =
            piped_in(&folder, &[&["http", "-q", "POST", &address][..], words].concat(), &bytes);
        assert_eq!(json(ran.done())["bytes"], 70_000, "{words:?}");
    }
    // Where it is not sent again it need not be there.
    let server = server();
    let words = ["http", "-q", "-T", "-", &server.url("/redirect/303?to=/bytes/5")];
    assert_eq!(piped_in(&folder, &words, &bytes).done().stdout.len(), 5);
    let address = server.url("/redirect/307?to=/sink");
    let words = ["http", "-q", "-T", "-", "-H", "Expect:", &address];
    let ran = piped_in(&folder, &words, &filler_vec("v1", 4 * MIB));
    // Either it was kept for this, or that it is gone is said; never a success with half of it.
    match ran.code {
        Some(0) => assert_eq!(server.requests().pop().unwrap().body_len, 4 << 20),
        _ => assert!(!ran.stderr.is_empty() && ran.code.is_some_and(|code| code > 0), "{ran:?}"),
    }
}

/// RFC 9110 section 9.2.2: an upload is repeated as it was, a POST is not.
#[test]
fn an_upload_is_tried_again_whole() {
    let (server, folder) = (server(), Folder::new());
    let bytes = filler_vec("v1", 50_000);
    folder.write("file", &bytes);
    let ran = folder.wireline(&["http", "-T", "file", &server.url("/flaky/1"), "--retry", "1"]);
    assert_eq!(ran.done().text(), "ok\n");
    let sizes: Vec<_> = server.requests().iter().map(|request| request.body_len).collect();
    assert_eq!(sizes, [50_000, 50_000]);
}

/// Standard input as a plain file.
#[test]
fn standard_input_may_be_a_file() {
    let (server, folder) = (server(), Folder::new());
    folder.write("file", "abc");
    let stdin = || File::open(folder.at("file")).unwrap();
    for words in [&["-T", "-"][..], &["-d", "@-"]] {
        let mut command = wireline();
        command.args(["http", "-q", &server.url("/sink"), "-X", "PUT"]).args(words);
        let ran: Ran = run(command.stdin(stdin()));
        assert_eq!(json(ran.done())["bytes"], 3, "{words:?}");
    }
}
