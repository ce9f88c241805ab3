//! `--record`: a recording passes `check`, serves the client that made it, and holds no secret.

use crate::support::{Folder, answer, run, scripts, server, url, wireline};

/// Redirects, kept connections, bodies of every size and framing: all of it comes again.
#[test]
fn a_recording_serves_the_client_that_made_it() {
    let (server, folder) = (server(), Folder::new());
    let paths =
        ["/redirects/2", "/bytes/10", "/bytes/100000", "/chunked/300", "/echo", "/status/404"];
    let fetch = |base: &str, more: &[&str], suffix: &str| {
        let urls = paths.iter().map(|path| format!("{base}{path}"));
        let outputs = (0..paths.len()).flat_map(|nth| ["-o".to_owned(), format!("{nth}{suffix}")]);
        let words: Vec<_> =
            ["get".to_owned(), "-q".into()].into_iter().chain(urls).chain(outputs).collect();
        words.into_iter().chain(more.iter().map(|&word| word.to_owned())).collect::<Vec<_>>()
    };
    let mut recorded = wireline();
    recorded.current_dir(folder.path()).args(fetch(&server.url(""), &["--record", "a.wire"], "a"));
    assert_eq!(run(&mut recorded).code, Some(10));
    folder.wireline(&["check", "a.wire"]).done();
    folder.wireline(&["fmt", "--check", "a.wire"]).done();
    let client = fetch("http://$WIRELINE_ADDR", &[], "b").join(" ");
    let line = format!("{} {client}; test $? = 10", env!("CARGO_BIN_EXE_wireline"));
    folder.wireline(&["serve", "a.wire", "--", "/bin/sh", "-c", &line]).done();
    for nth in [0, 1, 2, 3] {
        assert_eq!(
            folder.read(&format!("{nth}a")),
            folder.read(&format!("{nth}b")),
            "{}",
            paths[nth]
        );
    }
    assert!(folder.has("a.body-1"), "what is no text is beside it: {:?}", folder.names());
}

/// hostile.md row 150: what was sent in secret and what a server gave in secret are holes.
#[test]
fn a_recording_holds_no_secret() {
    let folder = Folder::new();
    let page =
        "HTTP/1.1 200 OK\r\nSet-Cookie: sid=c4nary\r\nContent-Length: 13\r\n\r\nhello c4nary!";
    let server = scripts(vec![answer(page)]);
    let words = ["get", "-q", &url(server.addr(), "/"), "-o", "page", "--record", "a.wire"];
    let secrets = ["-u", "alice:c4nary", "-H", "X-Token: c4nary"];
    folder.wireline(&[&words[..], &secrets].concat()).done();
    let text = String::from_utf8(folder.read("a.wire")).unwrap();
    assert!(!text.contains("c4nary") && !text.contains("YWxpY2U6"), "{text}");
    assert!(text.contains("C: Authorization: Basic {{auth.basic}}\n"), "{text}");
    assert!(text.contains("@set user=alice\n@secret pass\n"), "{text}");
    assert!(text.contains("S: Set-Cookie: {{*=hidden}}\n"), "{text}");
    assert_eq!(folder.read("page"), b"hello c4nary!");
    folder.wireline(&["check", "a.wire"]).done();
}

/// A recording that cannot be written is a failure; the old one stays then.
#[test]
fn a_recording_is_whole_or_not_there() {
    let (server, folder) = (server(), Folder::new());
    folder.write("a.wire", "old");
    let address = server.url("/bytes/5");
    let ran = folder.wireline(&["get", &address, "-o", "page", "--record", "missing/a.wire"]);
    ran.failed(7, "");
    assert_eq!(server.connections(), 0);
    folder.wireline(&["get", "http://h\n/", "-o", "page", "--record", "a.wire"]).failed(2, "");
    assert_eq!(folder.read("a.wire"), b"old");
}

/// `--exact` makes holes for secrets only.
#[test]
fn an_exact_recording_holds_what_was_said() {
    let folder = Folder::new();
    let page = "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970\r\nContent-Length: 0\r\n\r\n";
    let server = scripts(vec![answer(page)]);
    let words = ["get", &url(server.addr(), "/"), "-A", "me", "-u", "alice:c4nary", "-o", "page"];
    folder.wireline(&[&words[..], &["--record", "a.wire", "--exact"]].concat()).done();
    let text = String::from_utf8(folder.read("a.wire")).unwrap();
    for line in [
        "S: Date: Thu, 01 Jan 1970".to_owned(),
        "C: User-Agent: me".into(),
        format!("C: Host: {}", server.addr()),
        "C: Authorization: Basic {{auth.basic}}".into(),
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}: {text}");
    }
    folder.wireline(&["check", "a.wire"]).done();
}
