//! Conditional requests: `--newer`, `-z`, entity tags, and what the answers to them do to files.
//! RFC 9110 section 13, hostile.md rows 63 and 64.

use crate::http_support::{heads, json, none_wrong, value, values};
use crate::support::{Folder, Ran, answer, run, scripts, server, url, wireline};
use std::fs::{self, File};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wireline_servers::http::{Options, Server, filler_etag, filler_vec};

/// 1994-11-06 08:49:37, the date of the RFC.
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const DATE_SECONDS: u64 = 784_111_777;
/// The Last-Modified time of `/bytes`.
const MODIFIED: u64 = 1_503_388_715;

fn get(folder: &Folder, words: &[&str]) -> Ran {
    folder.wireline(&[&["get"][..], words].concat())
}

/// Seconds since 1970.
fn age(folder: &Folder, name: &str) -> u64 {
    let time = fs::metadata(folder.at(name)).unwrap().modified().unwrap();
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn set_age(folder: &Folder, name: &str, seconds: u64) {
    let file = File::options().write(true).open(folder.at(name)).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
}

fn last(server: &Server) -> String {
    heads(server).pop().unwrap()
}

/// A site whose one page changes.
fn site() -> (Folder, Server) {
    let folder = Folder::new();
    folder.write("page", "first");
    set_age(&folder, "page", MODIFIED);
    let root = Some(folder.path().to_owned());
    let server = Server::start(Options { root, ..Options::default() }).unwrap();
    (folder, server)
}

/// A new file has the server's time, an unchanged one is left alone, a changed one is replaced.
#[test]
fn newer_fetches_what_is_newer() {
    for by_name in [&["-o", "page"][..], &["-O"]] {
        let ((site, server), folder) = (site(), Folder::new());
        let address = server.url("/page");
        let words = [&["-q", "--newer", &address][..], by_name].concat();
        get(&folder, &words).done();
        assert!(values(&last(&server), "If-Modified-Since").is_empty());
        assert_eq!((folder.read("page"), age(&folder, "page")), (b"first".to_vec(), MODIFIED));
        // Unchanged: not even touched.
        folder.write("page", "local");
        set_age(&folder, "page", MODIFIED);
        get(&folder, &words).done();
        assert_eq!(value(&last(&server), "If-Modified-Since"), "Tue, 22 Aug 2017 07:58:35 GMT");
        assert_eq!((folder.read("page"), age(&folder, "page")), (b"local".to_vec(), MODIFIED));
        // Ours is newer.
        set_age(&folder, "page", MODIFIED + 10);
        get(&folder, &words).done();
        assert_eq!(folder.read("page"), b"local");
        // Theirs is newer.
        site.write("page", "second");
        set_age(&site, "page", MODIFIED + 100);
        get(&folder, &words).done();
        assert_eq!(
            (folder.read("page"), age(&folder, "page")),
            (b"second".to_vec(), MODIFIED + 100)
        );
        assert_eq!(folder.names(), ["page"]);
    }
}

/// 304 is a success and says so; a refusal changes nothing; what cannot mean anything is a mistake.
#[test]
fn newer_is_careful() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/bytes/500");
    get(&folder, &["-q", "--newer", &address, "-o", "page"]).done();
    let ran = get(&folder, &["--newer", &address, "-o", "page", "--json"]);
    let line = json(ran.done());
    assert_eq!(line["status"], 304);
    let ran = get(&folder, &["--newer", &address, "-o", "page"]);
    assert!(ran.done().text().starts_with("HTTP/1.1 304 "), "{ran:?}");
    assert!(folder.read("page") == filler_vec("v1", 500));
    folder.write("page", "old");
    for (path, code) in [("/status/404", 1), ("/cut/500/100", 5), ("/status/412", 1)] {
        set_age(&folder, "page", 1000);
        let ran = get(&folder, &["-q", "--newer", &server.url(path), "-o", "page"]);
        assert_eq!(ran.code, Some(code), "{path}: {ran:?}");
        assert_eq!((folder.read("page"), age(&folder, "page")), (b"old".to_vec(), 1000), "{path}");
    }
    // A server that does not care sends it all, and that is newer then.
    get(&folder, &["-q", "--newer", &server.url("/bytes/50?lastmod=none"), "-o", "page"]).done();
    assert_eq!(folder.size("page"), Some(50));
    get(&folder, &["--newer", &address]).failed(2, "--newer");
    get(&folder, &["--newer", &address, "-o", "-"]).failed(2, "");
}

/// `-z`: a date or the date of a file, since or until.
#[test]
fn a_date_is_a_condition() {
    let (server, folder) = (server(), Folder::new());
    folder.write("then", "");
    set_age(&folder, "then", DATE_SECONDS);
    let address = server.url("/bytes/5");
    let (since, until) = ("If-Modified-Since", "If-Unmodified-Since");
    let minus = format!("-{DATE}");
    let rows = [
        (DATE, since, DATE, 0),
        (minus.as_str(), until, DATE, 1),
        ("then", since, DATE, 0),
        ("-then", until, DATE, 1),
        ("Sunday, 06-Nov-94 08:49:37 GMT", since, DATE, 0),
        ("Sun Nov  6 08:49:37 1994", since, DATE, 0),
        ("Fri, 31 Dec 2100 23:59:59 GMT", since, "Fri, 31 Dec 2100 23:59:59 GMT", 0),
        ("-Fri, 31 Dec 2100 23:59:59 GMT", until, "Fri, 31 Dec 2100 23:59:59 GMT", 0),
    ];
    let mut wrong = Vec::new();
    for (typed, field, date, code) in rows {
        let before = server.requests().len();
        // As one word: a value may begin with `-`.
        let ran = get(&folder, &["-q", &address, &format!("-z{typed}"), "-o", "page"]);
        let found = heads(&server).split_off(before).first().map(|head| values(head, field));
        let other = if field == since { until } else { since };
        let alone = heads(&server).last().is_some_and(|head| values(head, other).is_empty());
        if ran.code != Some(code) || found != Some(vec![date.to_owned()]) || !alone {
            wrong.push((typed, found, ran));
        }
    }
    none_wrong(&wrong);
    let ran = get(&folder, &["-q", &address, "-z", &minus]);
    ran.failed(1, "412");
    let before = server.requests().len();
    for bad in ["nonsense", "missing-file", "Sun, 99 Nov 1994 08:49:37 GMT", "", "a\r\nX: y"] {
        get(&folder, &["-q", &address, "-z", bad]).failed(2, "");
    }
    assert_eq!(server.requests().len(), before);
    let ran = folder.wireline(&["http", "-q", &address, "-z", "Fri, 31 Dec 2100 23:59:59 GMT"]);
    assert_eq!(ran.done().stdout, b"", "304");
}

/// 304 leaves a file alone whatever it was asked by.
#[test]
fn a_304_leaves_the_file_alone() {
    let (server, folder) = (server(), Folder::new());
    folder.write("page", "old");
    set_age(&folder, "page", 1000);
    let etag = format!("If-None-Match: {}", filler_etag("v1", 500));
    let address = server.url("/bytes/500");
    for words in [&["-z", "Fri, 31 Dec 2100 23:59:59 GMT"][..], &["-H", &etag]] {
        get(&folder, &[&["-q", &address, "-o", "page"][..], words].concat()).done();
        assert_eq!((folder.read("page"), age(&folder, "page")), (b"old".to_vec(), 1000));
        get(&folder, &[&["-q", &address, "-o", "new"][..], words].concat()).done();
    }
    assert_eq!(folder.names(), ["page"], "and makes none");
    get(&folder, &["-q", &address, "-H", "If-Match: \"other\"", "-o", "page"]).failed(1, "412");
    assert_eq!(folder.read("page"), b"old");
}

/// `--etag-save` and `--etag-compare`: a cache for a script.
#[test]
fn tags_are_saved_and_compared() {
    for (query, etag) in [("", "\"v1-500\""), ("?etag=weak", "W/\"v1-500\"")] {
        let (server, folder) = (server(), Folder::new());
        let address = server.url(&format!("/bytes/500{query}"));
        let words = ["-q", &address, "-o", "page", "--etag-save", "tag", "--etag-compare", "tag"];
        get(&folder, &words).done();
        assert!(!last(&server).contains("v1-500"), "there was none yet: {}", last(&server));
        assert_eq!(String::from_utf8(folder.read("tag")).unwrap().trim_end(), etag);
        assert_eq!(folder.size("page"), Some(500));
        folder.write("page", "old");
        get(&folder, &words).done();
        assert_eq!(value(&last(&server), "If-None-Match"), etag);
        assert_eq!(folder.read("page"), b"old", "304");
        assert_eq!(String::from_utf8(folder.read("tag")).unwrap().trim_end(), etag, "it stays");
        // Another version: fetched, and its tag saved.
        folder.write("tag", "\"v0-500\"\n");
        get(&folder, &words).done();
        assert_eq!(
            (folder.size("page"), value(&last(&server), "If-None-Match")),
            (Some(500), "\"v0-500\"".into())
        );
        assert_eq!(String::from_utf8(folder.read("tag")).unwrap().trim_end(), etag);
        assert_eq!(folder.names(), ["page", "tag"]);
    }
}

/// A tag of what did not come whole would hide it for ever; one that is none is not sent.
#[test]
fn a_tag_is_saved_with_its_file_only() {
    let (server, folder) = (server(), Folder::new());
    for (path, code) in [("/cut/500/100", 5), ("/status/404", 1), ("/stall/500/100", 6)] {
        let words =
            ["-q", &server.url(path), "-o", "page", "--etag-save", "tag", "--timeout", "0.3"];
        let ran = get(&folder, &words);
        assert_eq!((ran.code, folder.has("page")), (Some(code), false), "{path}: {ran:?}");
        let saved = folder.has("tag") && !folder.read("tag").trim_ascii().is_empty();
        assert!(!saved, "{path}: {:?}", folder.names());
    }
    let before = server.requests().len();
    for bad in ["\"a\r\nX: y\"", "\"a\"\nX: y\n", "\"a\0b\"", "no quotes at all\u{7}"] {
        folder.write("tag", bad);
        let ran = get(&folder, &["-q", &server.url("/bytes/5"), "--etag-compare", "tag"]);
        let safe = heads(&server).split_off(before).iter().all(|head| {
            values(head, "X").is_empty() && !head.contains('\u{7}') && !head.contains('\0')
        });
        assert!(safe && matches!(ran.code, Some(0 | 2)), "{bad:?}: {ran:?}");
    }
    assert!(server.violations().is_empty());
    let ran =
        get(&folder, &["-q", &server.url("/bytes/5"), "-o", "page", "--etag-save", "no/such/tag"]);
    ran.failed(7, "");
    // What a server says as its tag does not leave the line, nor fill the disk.
    for etag in ["\"\u{1b}[2J\"", "", "no quotes"] {
        let bytes = format!("HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Length: 2\r\n\r\nab");
        let (server, folder) = (scripts(vec![answer(bytes)]), Folder::new());
        let ran =
            get(&folder, &["-q", &url(server.addr(), "/"), "-o", "page", "--etag-save", "tag"]);
        assert!(matches!(ran.code, Some(0 | 5)), "{etag:?}: {ran:?}");
    }
}

/// hostile.md row 63: 429 and 503 with Retry-After, which is held to what is sane.
#[test]
fn busy_servers_are_asked_again() {
    let folder = Folder::new();
    for verb in ["get", "http"] {
        let server = server();
        let words = [verb, "-q", &server.url("/flaky/1"), "--retry", "2"];
        assert_eq!(folder.wireline(&words).done().text(), "ok\n");
        for (path, requests) in [
            ("/status/429?retry-after=0", 2),
            ("/status/503?retry-after=Sun,%2006%20Nov%201994%2008:49:37%20GMT", 2),
            ("/status/503?retry-after=-5", 2),
            ("/status/503?retry-after=nonsense", 2),
            ("/status/412?retry-after=0", 1),
            ("/status/404?retry-after=0", 1),
        ] {
            let before = server.requests().len();
            let ran = folder.wireline(&[verb, "-q", &server.url(path), "--retry", "1"]);
            ran.failed(1, "");
            assert_eq!(server.requests().len() - before, requests, "{path}");
        }
        // An hour cannot be waited for in a second.
        let address = server.url("/status/429?retry-after=3600");
        let ran = folder.wireline(&[verb, "-q", &address, "--retry", "3", "--max-time", "1"]);
        assert!(matches!(ran.code, Some(1 | 6)) && ran.took < Duration::from_secs(8), "{ran:?}");
        let address = server.url("/status/429?retry-after=1000000000000");
        let ran = folder.wireline(&[verb, "-q", &address, "--retry", "3", "--max-time", "1"]);
        assert!(matches!(ran.code, Some(1 | 6)) && ran.took < Duration::from_secs(8), "{ran:?}");
    }
}

/// hostile.md rows 64 and 168: no date of a server breaks anything, nor gives a file an odd time.
#[test]
fn absurd_dates_are_ignored() {
    let dates = [
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 GMT",
        "Sun, 06 Nov 1850 08:49:37 GMT",
        "Sun, 99 Nov 2017 25:61:61 GMT",
        "99999999999999999999999999",
        "-1",
        "",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0100",
        "\u{e4}",
    ];
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for date in dates {
        let bytes = format!(
            "HTTP/1.1 200 OK\r\nLast-Modified: {date}\r\nDate: {date}\r\nExpires: {date}\r\n\
             Age: 99999999999999999999999\r\nRetry-After: {date}\r\nContent-Length: 2\r\n\r\nab"
        );
        for more in [&["-R"][..], &["--newer"], &["-R", "--retry", "1"]] {
            let (server, folder) = (scripts(vec![answer(&bytes)]), Folder::new());
            let ran =
                get(&folder, &[&["-q", &url(server.addr(), "/"), "-o", "page"][..], more].concat());
            ran.done();
            assert_eq!(folder.read("page"), b"ab", "{date}");
            let age = age(&folder, "page");
            assert!(age <= now + 60, "{date}: {age}");
        }
    }
}

/// `-R` gives a file the server's time; without it the file is of now.
#[test]
fn remote_time_is_kept_when_asked() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/bytes/5");
    for (word, name) in [("-R", "short"), ("--remote-time", "long")] {
        get(&folder, &["-q", word, &address, "-o", name]).done();
        assert_eq!(age(&folder, name), MODIFIED);
    }
    get(&folder, &["-q", &address, "-o", "now"]).done();
    assert!(age(&folder, "now") > MODIFIED + 1000);
    get(&folder, &["-q", "-R", &server.url("/bytes/5?lastmod=none"), "-o", "none"]).done();
    assert!(age(&folder, "none") > MODIFIED + 1000);
    let mut command = wireline();
    command.current_dir(folder.path()).args(["get", "-qRO", &address]);
    run(&mut command).done();
    assert_eq!(age(&folder, "5"), MODIFIED);
}
