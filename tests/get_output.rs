//! What goes where: the output table, row by row.

use crate::support::{Folder, Ran, answer, run, scripts, server, url, wireline};
use serde_json::Value;
use std::fs::File;
use std::process::Stdio;
use wireline_servers::http::{Server, filler_vec};

const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

/// The options, standard output, and the file `page` if there is one.
type Row = (&'static [&'static str], &'static str, Option<&'static str>);

const TABLE: &[Row] = &[
    (&[], "ab", None),
    (&["-i"], PAGE, None),
    (&["-s"], "ab", None),
    (&["-q", "-i"], "ab", None),
    (&["-o", "page"], HEAD, Some("ab")),
    (&["-o", "page", "-i"], HEAD, Some("ab")),
    (&["-o", "page", "-q"], "", Some("ab")),
    (&["-o", "page", "-s"], "", Some("ab")),
    (&["-O"], HEAD, Some("ab")),
    (&["-O", "-q"], "", Some("ab")),
    (&["--output-dir", "."], HEAD, Some("ab")),
    (&["-o", "-"], "ab", None),
    (&["-o", "-", "-i"], PAGE, None),
    (&["-I"], HEAD, None),
    (&["-I", "-o", "page"], HEAD, None),
    (&["-I", "-O"], HEAD, None),
    (&["-fsSL", "-o", "page"], "", Some("ab")),
    (&["-fsSLO"], "", Some("ab")),
    (&["--sync", "-qo", "page"], "", Some("ab")),
];

#[test]
fn heads_and_bodies_go_where_the_table_says() {
    let server = scripts(vec![answer(PAGE)]);
    let address = url(server.addr(), "/page");
    for (options, stdout, file) in TABLE {
        let folder = Folder::new();
        let ran = folder.wireline(&[&["get", &address], *options].concat());
        assert_eq!(ran.done_in_silence().text(), *stdout, "{options:?}");
        let found = folder.has("page").then(|| folder.read("page"));
        assert_eq!(found.as_deref(), file.map(str::as_bytes), "{options:?}");
        assert_eq!(folder.names().len(), usize::from(file.is_some()), "{options:?}");
    }
}

/// Every response's head, raw and in order.
#[test]
fn every_head_is_printed() {
    let first = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
    let second = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 \u{e4}\nOdd : x\nContent-Length: 0\n\n";
    let third = "HTTP/1.1 401 Who\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n";
    for (bytes, code) in [(second, 0), (third, 1)] {
        let folder = Folder::new();
        for more in [&["-o", "page"][..], &["-i"], &["-I"]] {
            let server = scripts(vec![answer(first), answer(bytes)]);
            let address = url(server.addr(), "/a");
            let ran = folder.wireline(&[&["get", &address][..], more].concat());
            assert_eq!((ran.code, ran.text()), (Some(code), format!("{first}{bytes}")), "{more:?}");
        }
    }
}

fn line(ran: &Ran) -> Value {
    let text = ran.text();
    assert_eq!(text.matches('\n').count(), 1, "one line: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// `--json`: one line a transfer in place of heads, of failures too.
#[test]
fn json_is_one_line_a_transfer() {
    let (server, folder) = (server(), Folder::new());
    let get = |path: &str, more: &[&str]| {
        folder.wireline(&[&["get", &server.url(path), "--json"][..], more].concat())
    };
    let ran = get("/redirect/302?to=/bytes/500%23f", &["-o", "page"]);
    let json = line(ran.done_in_silence());
    assert_eq!(json["url"], server.url("/redirect/302?to=/bytes/500%23f"));
    assert_eq!(json["effective_url"], server.url("/bytes/500#f"));
    assert_eq!(
        (&json["status"], &json["bytes"], &json["redirects"]),
        (&200.into(), &500.into(), &1.into())
    );
    assert_eq!(
        (&json["file"], &json["tls"], &json["error"]),
        (&"page".into(), &Value::Null, &Value::Null)
    );
    assert_eq!(json["remote"], server.addr().to_string());
    for step in ["dns", "connect", "first_byte", "total"] {
        let seconds = json["timings"][step].as_f64();
        assert!(seconds.is_some_and(|seconds| (0.0..5.0).contains(&seconds)), "{step}: {json}");
    }
    assert_eq!(json["timings"]["tls"], Value::Null);
    assert_eq!(line(get("/bytes/500", &["-O"]).done_in_silence())["file"], "500");
    let head = line(get("/bytes/500", &["-I"]).done_in_silence());
    assert_eq!((&head["bytes"], &head["file"]), (&0.into(), &Value::Null));
    assert_eq!(line(get("/bytes/500", &["-q", "-o", "page"]).done_in_silence())["bytes"], 500);
    for (path, code, error) in
        [("/status/404", 1, "404"), ("/cut/9/5", 5, "cut short: 5 of 9"), ("/loop", 5, "a loop")]
    {
        let ran = get(path, &["-o", "page"]);
        ran.failed_in_one_line(code, error);
        let json = line(&ran);
        assert!(json["error"].as_str().unwrap().contains(error), "{json}");
        assert_eq!(json["file"], Value::Null, "{path}: nothing was stored");
    }
    let ran = folder.wireline(&["get", "http://127.0.0.1:1/", "--json", "-o", "page"]);
    assert_eq!((ran.code, &line(&ran)["status"]), (Some(3), &Value::Null));
    let ran = get("/bytes/500", &["-O"]);
    assert!(line(ran.failed_in_one_line(7, "exists"))["error"].is_string());
}

/// 400 and above: exit 1, and the file as it was; `--fail-with-body` stores; stdout gets it anyway.
#[test]
fn a_refusal_is_exit_1_and_touches_no_file() {
    let (server, folder) = (server(), Folder::new());
    for status in [400, 401, 403, 404, 418, 500, 503, 599, 600, 999] {
        let address = server.url(&format!("/status/{status}?body=sorry"));
        folder.write("page", "old");
        let why = format!("the server answered {status}");
        let ran = folder.wireline(&["get", &address, "-o", "page"]);
        assert!(ran.failed_in_one_line(1, &why).text().starts_with(&format!("HTTP/1.1 {status}")));
        assert_eq!(folder.read("page"), b"old");
        let ran = folder.wireline(&["get", &address, "-qo", "page", "--fail-with-body"]);
        ran.failed_in_one_line(1, &why);
        assert_eq!(folder.read("page"), b"sorry");
        let ran = folder.wireline(&["get", &address]);
        assert_eq!(ran.failed_in_one_line(1, &why).text(), "sorry");
        assert_eq!(folder.names(), ["page"]);
    }
    folder.wireline(&["get", &server.url("/status/403")]).hinted("-A NAME");
    let cut = scripts(vec![answer("HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\nab")]);
    folder.write("page", "old");
    let ran =
        folder.wireline(&["get", "-q", &url(cut.addr(), "/"), "-o", "page", "--fail-with-body"]);
    ran.failed_in_one_line(5, "cut short");
    assert_eq!(folder.read("page"), b"old");
}

/// 304 leaves the file alone and is success.
#[test]
fn not_modified_leaves_the_file() {
    let (server, folder) = (server(), Folder::new());
    folder.write("page", "old");
    let address = server.url("/bytes/500");
    let words = ["get", &address, "-o", "page", "-H", "If-None-Match: \"v1-500\""];
    let ran = folder.wireline(&words);
    assert!(ran.done().text().starts_with("HTTP/1.1 304 Not Modified\r\n"));
    assert!(ran.stderr.contains("not modified"), "{ran:?}");
    assert_eq!((folder.read("page"), folder.names().len()), (b"old".to_vec(), 1));
    let changed = ["get", "-q", &address, "-o", "page", "-H", "If-None-Match: \"v0\""];
    folder.wireline(&changed).done_in_silence();
    assert_eq!(folder.read("page").len(), 500);
    assert_eq!(
        folder.wireline(&["get", "-q", &address, words[4], words[5]]).done_in_silence().text(),
        ""
    );
}

fn kept(server: &Server) -> Vec<bool> {
    let says = |request: wireline_servers::http::Request| {
        !String::from_utf8(request.head).unwrap().contains("\r\nConnection: close\r\n")
    };
    server.requests().into_iter().map(says).collect()
}

/// Several URLs: one connection an origin, closed with the last request to it.
#[test]
fn several_urls_share_a_connection() {
    let (here, other, folder) = (server(), server(), Folder::new());
    let of = |server: &Server, length: u32| server.url(&format!("/bytes/{length}"));
    let urls = [of(&here, 5), of(&other, 6), of(&here, 7), here.url("/chunked/8"), of(&other, 9)];
    let words: Vec<_> = ["get", "-qO"].into_iter().chain(urls.iter().map(String::as_str)).collect();
    folder.wireline(&words).done_in_silence();
    assert_eq!(folder.names(), ["5", "6", "7", "8", "9"]);
    assert_eq!((here.connections(), other.connections()), (1, 1));
    assert_eq!((kept(&here), kept(&other)), (vec![true, true, false], vec![true, false]));
    let ran = folder.wireline(&["get", &urls[0], &urls[2], &urls[1]]);
    let all = [filler_vec("v1", 5), filler_vec("v1", 7), filler_vec("v1", 6)].concat();
    assert_eq!(ran.done_in_silence().stdout, all, "without files they follow one another");
    let words = ["get", &urls[0], &urls[1], "-o", "a", "-o", "b", "--json"];
    assert_eq!(folder.wireline(&words).done_in_silence().text().lines().count(), 2);
    assert_eq!((folder.read("a").len(), folder.read("b").len()), (5, 6));
    let words = ["get", &urls[0], &urls[1], "--output-dir", ".", "--overwrite"];
    folder.wireline(&words).done_in_silence();
}

/// Each URL's own row of the table holds when their targets differ.
#[test]
fn targets_of_several_urls_may_differ() {
    let server = scripts(vec![answer(PAGE)]);
    let address = url(server.addr(), "/");
    for (options, stdout) in [
        (["-o", "a", "-o", "-"], format!("{HEAD}ab")),
        (["-o", "-", "-o", "a"], format!("ab{HEAD}")),
    ] {
        let folder = Folder::new();
        let ran = folder.wireline(&[&["get", &address, &address], &options[..]].concat());
        assert_eq!(ran.done_in_silence().text(), stdout, "{options:?}");
    }
}

/// Some of several failed is 10; all alike is their own code; each is named.
#[test]
fn several_urls_have_one_code() {
    let (server, folder) = (server(), Folder::new());
    let (good, missing, gone) = ("/bytes/5", "/status/404", "/status/410");
    let rows: &[(&[&str], i32)] = &[
        (&[good, good], 0),
        (&[good, missing], 10),
        (&[missing, good], 10),
        (&[missing, gone], 1),
        (&[missing, "/cut/9/5"], 10),
        (&["/cut/9/5", "/cut/9/6"], 5),
    ];
    for (paths, code) in rows {
        let urls: Vec<_> = paths.iter().map(|path| server.url(path)).collect();
        let words =
            ["get", "-qO", "--overwrite"].into_iter().chain(urls.iter().map(String::as_str));
        let ran = folder.wireline(&words.collect::<Vec<_>>());
        assert_eq!(ran.code, Some(*code), "{paths:?}: {ran:?}");
        let failed = paths.iter().filter(|path| **path != good);
        for path in failed.clone() {
            assert!(ran.stderr.contains(&format!("fetching {}: ", server.url(path))), "{ran:?}");
        }
        let count = failed.count();
        assert_eq!(ran.stderr.contains(&format!("{count} of 2 URLs failed")), count > 0, "{ran:?}");
    }
}

/// The end of a reader of standard output is no failure, and what goes to a file goes on.
#[test]
fn a_broken_pipe_is_no_failure() {
    let (server, folder) = (server(), Folder::new());
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let mut wrong = Vec::new();
    for (path, more, stores) in [
        ("/bytes/5", &[][..], false),
        ("/bytes/9000000", &[], false),
        ("/chunked/9000000", &["-i"], false),
        ("/bytes/5", &["-I"], false),
        ("/bytes/5", &["-o", "page"], true),
        ("/bytes/900000", &["-o", "page"], true),
        ("/redirect/302?to=/bytes/5", &["-o", "page"], true),
        ("/interim/3", &["-o", "page"], true),
        ("/bytes/5", &["--json", "-o", "page"], true),
    ] {
        drop(std::fs::remove_file(folder.at("page")));
        let mut command = wireline();
        command.current_dir(folder.path()).args(["get", &server.url(path)]).args(more);
        let ended = command
            .stdout(closed())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
        if ended.status.code() != Some(0) || !stderr.is_empty() || folder.has("page") != stores {
            wrong.push((path, more, ended.status.code(), folder.has("page"), stderr));
        }
    }
    assert!(wrong.is_empty(), "(path, options, code, stored, stderr): {wrong:#?}");
}

/// Nor does a reader that leaves take the other URLs with it, or make a failure of them good.
#[test]
fn a_broken_pipe_ends_only_what_goes_there() {
    let (server, folder) = (server(), Folder::new());
    let (good, missing) = (server.url("/bytes/5"), server.url("/status/404"));
    let rows: [(&[&str], i32, bool); 3] = [
        (&[&good, &good, "-o", "-", "-o", "page"], 0, true),
        (&[&good, &missing, "-o", "-", "-o", "page"], 10, false),
        (&[&missing, &good, "-o", "page", "-o", "-"], 10, false),
    ];
    for (words, code, stores) in rows {
        drop(std::fs::remove_file(folder.at("page")));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = wireline();
        command.current_dir(folder.path()).args(["get", "-q"]).args(words).stdout(writer);
        let ended = command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let found = (ended.status.code(), folder.has("page"));
        assert_eq!(found, (Some(code), stores), "{words:?}: {ended:?}");
    }
}

/// Standard error may be closed or full: the transfer goes on.
#[test]
fn a_full_stderr_is_no_failure() {
    let (server, folder) = (server(), Folder::new());
    for more in [&[][..], &["-v"]] {
        let bare = format!("{}/bytes/5", server.addr());
        let mut command = wireline();
        command.current_dir(folder.path()).args(["get", &bare, "-o", "page"]).args(more);
        command.stderr(File::options().write(true).open("/dev/full").unwrap());
        let status = command.stdout(Stdio::null()).status().unwrap();
        assert_eq!((status.code(), folder.read("page").len()), (Some(0), 5), "{more:?}");
    }
}

/// hostile.md row 204: a full standard output is a local failure.
#[test]
fn a_full_stdout_is_a_local_failure() {
    let (server, folder) = (server(), Folder::new());
    for (path, more) in [
        ("/bytes/5", &[][..]),
        ("/bytes/900000", &[]),
        ("/chunked/5", &[]),
        ("/bytes/5", &["-I"]),
        ("/bytes/5", &["-o", "page"]),
        ("/bytes/5", &["--json", "-o", "page"]),
    ] {
        let mut command = wireline();
        command.current_dir(folder.path()).args(["get", &server.url(path)]).args(more);
        command.stdout(File::options().write(true).open("/dev/full").unwrap());
        let ended = command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(7), "{path} {more:?}: {stderr}");
        assert!(stderr.contains("no space left on device"), "{stderr}");
    }
}

/// `>> file`: the kernel does not splice into a file in append mode; the bytes arrive all the same.
#[test]
fn appending_works() {
    let (server, folder) = (server(), Folder::new());
    for (path, more) in [
        ("/bytes/300000", &[][..]),
        ("/chunked/300000", &[]),
        ("/close/300000", &["-o", "-"]),
        ("/bytes/300000", &["-qo", "/dev/stdout"]),
    ] {
        folder.write("log", "begin\n");
        let mut command = wireline();
        command.args(["get", &server.url(path)]).args(more);
        let log = File::options().append(true).open(folder.at("log")).unwrap();
        let ended =
            command.stdout(log).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        assert!(ended.status.success(), "{path}: {ended:?}");
        let bytes = [b"begin\n", &filler_vec("v1", 300_000)[..]].concat();
        assert!(folder.read("log") == bytes, "{path} {more:?}");
    }
}

/// What is assumed is said; nothing else is, and nothing moves in a pipe.
#[test]
fn a_missing_scheme_is_http() {
    let (server, folder) = (server(), Folder::new());
    let bare = format!("{}/bytes/5", server.addr());
    let ran = folder.wireline(&["get", &bare]);
    assert_eq!(ran.done().stderr, format!("wireline: no scheme given, using http://{bare}\n"));
    folder.wireline(&["get", "-s", &bare]).done_in_silence();
    let named = format!("localhost:{}/bytes/5", server.addr().port());
    assert_eq!(folder.wireline(&["http", &named]).done().stdout.len(), 5);
    run(wireline().args(["get", &server.url("/drip/30?ms=40")])).done_in_silence();
}
