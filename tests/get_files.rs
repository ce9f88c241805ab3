//! Targets: names, what is replaced, what is written through, what is left alone. hostile.md section 2.7.

use crate::support::{Folder, happens, run, server, wait_within, wireline, wireline_after};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;
use std::time::Duration;
use wireline_servers::http::filler_vec;

/// hostile.md rows 154 and 157: what `-O` makes of a URL. Every path is answered, with 404 at worst
/// stored by `--fail-with-body`.
#[test]
fn names_come_from_the_url_and_are_harmless() {
    let rows = [
        ("/page.html", "page.html"),
        ("/a/b.txt?q=/c.txt#/d.txt", "b.txt"),
        ("/", "index"),
        ("/a/", "index"),
        ("/?x", "index"),
        ("/%2e%2e", "index"),
        ("/a/..", "index"),
        ("/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "passwd"),
        ("/a%2fb", "b"),
        ("/a%5cb", "b"),
        ("/..%5c..%5cb", "b"),
        ("/a%00b", "a_b"),
        ("/a%0d%0ab", "a__b"),
        ("/%1b%5b2J", "_[2J"),
        ("/.bashrc", "_bashrc"),
        ("/...", "index"),
        ("/%20%20", "index"),
        ("/%20", "index"),
        ("/x.", "x_"),
        ("/a%20b%20(1)", "a b (1)"),
        ("/CON", "_CON"),
        ("/nul.txt", "_nul.txt"),
        ("/c:x", "c_x"),
        ("/x::$DATA", "x__$DATA"),
        ("/%e2%80%aetxt.exe", "_txt.exe"),
        ("/%ff", "_"),
        ("/\u{e4}", "\u{e4}"),
        ("/-rf", "-rf"),
        ("/~", "~"),
    ];
    let server = server();
    for (path, name) in rows {
        let folder = Folder::new();
        fs::create_dir(folder.at("in")).unwrap();
        let ran = run(wireline()
            .current_dir(folder.at("in"))
            .args(["get", "-qO", "--fail-with-body"])
            .arg(server.url(path)));
        assert!(matches!(ran.code, Some(0 | 1)), "{path}: {ran:?}");
        let names: Vec<_> = fs::read_dir(folder.at("in"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, [name], "{path}");
        assert_eq!(folder.names(), ["in"], "{path}");
    }
    let folder = Folder::new();
    let long = format!("/{}.html", "x".repeat(300));
    folder.wireline(&["get", "-qO", "--fail-with-body", &server.url(&long)]);
    assert_eq!(folder.names()[0].len(), 255);
    assert!(folder.names()[0].ends_with("x.html"));
}

/// hostile.md row 156.
#[test]
fn the_name_is_never_a_redirects() {
    let (server, folder) = (server(), Folder::new());
    folder.wireline(&["get", "-O", &server.url("/redirect/302?to=/bytes/.profile")]);
    folder.wireline(&["get", "-O", &server.url("/redirect/302?to=/bytes/5")]).done();
    assert_eq!(folder.names(), ["302"]);
}

/// hostile.md row 163: `-O` does not overwrite, and says so before anything is sent.
#[test]
fn a_name_from_a_url_overwrites_nothing() {
    let (server, folder) = (server(), Folder::new());
    folder.write("5", "old");
    let address = server.url("/bytes/5");
    for words in [&["get", "-O", &address][..], &["get", "--output-dir", ".", &address]] {
        folder.wireline(words).failed_in_one_line(7, "5 exists").hinted("--overwrite");
    }
    assert_eq!((folder.read("5"), server.connections()), (b"old".to_vec(), 0));
    folder.wireline(&["get", "-O", "--overwrite", &address]).done_in_silence();
    assert_eq!(folder.read("5"), filler_vec("v1", 5));
    fs::remove_file(folder.at("5")).unwrap();
    symlink("elsewhere", folder.at("5")).unwrap();
    folder.wireline(&["get", "-O", &address]).failed_in_one_line(7, "5 exists");
    folder.wireline(&["get", "-O", "--overwrite", &address]).done_in_silence();
    assert_eq!(folder.names(), ["5"], "the link was replaced, not followed");
}

#[test]
fn folders_are_made_only_when_asked() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/bytes/5");
    for words in
        [&["-o", "a/b/c"][..], &["-O", "--output-dir", "a/b"], &["-o", "c", "--output-dir", "a/b"]]
    {
        let words = [&["get", &address][..], words].concat();
        folder.wireline(&words).failed_in_one_line(7, "a/b");
        assert!(folder.names().is_empty(), "{words:?}");
    }
    assert_eq!(server.connections(), 0);
    folder.wireline(&["get", &address, "-o", "a/b/c", "--create-dirs"]).done_in_silence();
    folder.wireline(&["get", &address, "--output-dir", "d/e", "--create-dirs"]).done_in_silence();
    folder.wireline(&["get", &address, "--output-dir", "a", "-o", "x"]).done_in_silence();
    for name in ["a/b/c", "d/e/5", "a/x"] {
        assert_eq!(folder.read(name), filler_vec("v1", 5), "{name}");
    }
}

/// The contract: a link typed with `-o` is followed once, and what it leads to is replaced.
#[test]
fn a_link_that_was_typed_is_followed() {
    let (server, folder) = (server(), Folder::new());
    fs::create_dir(folder.at("real")).unwrap();
    folder.write("real/page", "old");
    symlink("real/page", folder.at("link")).unwrap();
    symlink("real/new", folder.at("dangling")).unwrap();
    symlink("loop", folder.at("loop")).unwrap();
    for (link, leads_to) in [("link", "real/page"), ("dangling", "real/new")] {
        folder.wireline(&["get", &server.url("/bytes/5"), "-o", link]).done_in_silence();
        assert!(folder.at(link).symlink_metadata().unwrap().is_symlink());
        assert_eq!(folder.read(leads_to), filler_vec("v1", 5));
    }
    let before = server.connections();
    folder.wireline(&["get", &server.url("/bytes/5"), "-o", "loop"]).failed_in_one_line(7, "loop");
    assert_eq!(server.connections(), before);
}

/// hostile.md rows 162 and 167: seen before anything is sent.
#[test]
fn what_cannot_be_a_target_is_refused_at_once() {
    let (server, folder) = (server(), Folder::new());
    fs::create_dir(folder.at("folder")).unwrap();
    folder.write("file", "");
    let _socket = std::os::unix::net::UnixListener::bind(folder.at("socket")).unwrap();
    let address = server.url("/bytes/5");
    for target in [
        "folder",
        "folder/",
        ".",
        "..",
        "/",
        "missing/",
        "file/x",
        "socket",
        "missing/x",
        "/dev/fd/99",
    ] {
        let ran = folder.wireline(&["get", &address, "-o", target]);
        ran.failed_in_one_line(7, "");
    }
    assert_eq!((server.connections(), folder.names().len()), (0, 3));
}

/// hostile.md row 167. Root may write anywhere, so then there is nothing to see.
#[test]
fn a_folder_that_denies_writing_is_seen_before_anything_is_sent() {
    let (server, folder) = (server(), Folder::new());
    fs::create_dir(folder.at("sealed")).unwrap();
    fs::set_permissions(folder.at("sealed"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(folder.at("sealed/probe"), "").is_ok() {
        return eprintln!("skipped: this user may write into a read-only folder");
    }
    let ran = folder.wireline(&["get", &server.url("/bytes/5"), "-o", "sealed/page"]);
    ran.failed_in_one_line(7, "permission denied");
    assert_eq!(server.connections(), 0);
}

/// hostile.md rows 162 and 166: devices, FIFOs and descriptors are written through.
#[test]
fn devices_and_fifos_are_written_through() {
    let (server, folder) = (server(), Folder::new());
    for path in ["/bytes/5", "/bytes/300000", "/chunked/300000"] {
        let address = server.url(path);
        let get = |target: &str| folder.wireline(&["get", "-q", &address, "-o", target]);
        get("/dev/null").done_in_silence();
        get("/dev/full").failed_in_one_line(7, "no space left on device");
        let whole = folder.wireline(&["get", &address]).done_in_silence().stdout.len();
        for target in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
            assert_eq!(get(target).done_in_silence().stdout.len(), whole, "{target}");
        }
        let made = std::process::Command::new("mkfifo").arg(folder.at("fifo")).status();
        assert!(made.unwrap().success());
        let fifo = folder.at("fifo");
        let reader = std::thread::spawn(move || fs::read(fifo).unwrap());
        get("fifo").done_in_silence();
        assert_eq!(reader.join().unwrap().len(), whole, "{path}");
        fs::remove_file(folder.at("fifo")).unwrap();
    }
    assert!(folder.names().is_empty(), "no part beside a device");
}

/// hostile.md row 166: a file that may grow no further.
#[test]
fn a_full_file_is_a_local_failure_and_keeps_the_old_one() {
    let (server, folder) = (server(), Folder::new());
    for path in ["/bytes/300000", "/chunked/300000", "/close/300000"] {
        folder.write("page", "old");
        let mut command = wireline_after("trap '' XFSZ; ulimit -f 100");
        command.current_dir(folder.path()).args(["get", "-q", &server.url(path), "-o", "page"]);
        run(&mut command).failed_in_one_line(7, "file too large");
        assert_eq!(folder.read("page"), b"old", "{path}");
        drop(fs::remove_file(folder.at(".page.part")));
        drop(fs::remove_file(folder.at(".page.part.json")));
        assert_eq!(folder.names(), ["page"], "{path}");
    }
}

/// hostile.md row 165: a new file has the mode of the umask, a replaced one keeps its own.
#[test]
fn modes_are_kept_and_never_widened() {
    let (server, folder) = (server(), Folder::new());
    let mode = |name: &str| fs::metadata(folder.at(name)).unwrap().permissions().mode() & 0o7777;
    let get = |umask: &str, target: &str| {
        let mut command = wireline_after(&format!("umask {umask}"));
        command.current_dir(folder.path()).args([
            "get",
            "-q",
            &server.url("/bytes/5"),
            "-o",
            target,
        ]);
        run(&mut command).done_in_silence();
    };
    for (umask, expected) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
        get(umask, "new");
        assert_eq!(mode("new"), expected);
        fs::remove_file(folder.at("new")).unwrap();
    }
    for kept in [0o600, 0o640, 0o444, 0o755] {
        folder.write("old", "old");
        fs::set_permissions(folder.at("old"), fs::Permissions::from_mode(kept)).unwrap();
        get("000", "old");
        assert_eq!(mode("old"), kept);
        fs::remove_file(folder.at("old")).unwrap();
    }
}

/// hostile.md row 164: what bears the part file's name and is not ours is left alone.
#[test]
fn a_planted_part_is_not_written_to() {
    let (server, folder) = (server(), Folder::new());
    folder.write("victim", "precious");
    let address = server.url("/bytes/5");
    for name in [".page.part", ".page.part.json"] {
        symlink("victim", folder.at(name)).unwrap();
        let ran = folder.wireline(&["get", "-q", &address, "-o", "page"]);
        if name == ".page.part" {
            ran.failed_in_one_line(7, "is a symbolic link: remove it first");
            assert_eq!(server.connections(), 0);
            fs::remove_file(folder.at(name)).unwrap();
        } else {
            ran.done_in_silence();
        }
        assert_eq!(folder.read("victim"), b"precious", "{name}");
    }
    fs::create_dir(folder.at(".page.part")).unwrap();
    folder.wireline(&["get", "-q", &address, "-o", "page"]).failed_in_one_line(7, "is a directory");
    fs::remove_dir(folder.at(".page.part")).unwrap();
    fs::hard_link(folder.at("victim"), folder.at(".page.part")).unwrap();
    folder.wireline(&["get", "-q", &address, "-o", "page"]).failed_in_one_line(7, "other names");
    assert_eq!(folder.read("victim"), b"precious");
}

/// Fault matrix row 13: one wins, the other is told; the file is whole either way.
#[test]
fn two_on_one_target_do_not_mix() {
    let (server, folder) = (server(), Folder::new());
    let mut first = wireline();
    first.current_dir(folder.path()).args([
        "get",
        "-q",
        &server.url("/stall/200000/100000"),
        "-o",
        "page",
    ]);
    let mut first = first.stderr(Stdio::null()).spawn().unwrap();
    assert!(happens(Duration::from_secs(5), || folder.size(".page.part") == Some(100_000)));
    let before = server.connections();
    let second = folder.wireline(&["get", &server.url("/bytes/5"), "-o", "page"]);
    second.failed_in_one_line(7, "being written by another process");
    assert_eq!((server.connections(), folder.size(".page.part")), (before, Some(100_000)));
    first.kill().unwrap();
    first.wait().unwrap();
    folder.wireline(&["get", &server.url("/bytes/5"), "-o", "page"]).done_in_silence();
    assert_eq!(folder.names(), ["page"], "nothing of the killed one is in the way");
}

/// Fault matrix row 13, in earnest.
#[test]
fn parallel_downloads_leave_a_whole_file() {
    let (server, folder) = (server(), Folder::new());
    let versions = ["v1", "v2", "v3"];
    for _ in 0..8 {
        let children: Vec<_> = versions
            .iter()
            .map(|version| {
                let address = server.url(&format!("/bytes/100000?v={version}"));
                let mut command = wireline();
                command.current_dir(folder.path()).args(["get", "-q", &address, "-o", "page"]);
                command.stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        let mut done = 0;
        for mut child in children {
            assert!(wait_within(Duration::from_secs(10), &mut child).is_some());
            let code = child.wait().unwrap().code();
            assert!(matches!(code, Some(0 | 7)), "{code:?}");
            done += usize::from(code == Some(0));
        }
        let page = folder.read("page");
        assert!(done > 0 && versions.iter().any(|version| page == filler_vec(version, 100_000)));
        assert_eq!(folder.names(), ["page"]);
    }
}

/// hostile.md row 201: a signal leaves the old file and a part that can be continued.
#[test]
fn a_signal_leaves_the_old_file_and_a_good_part() {
    let (server, folder) = (server(), Folder::new());
    folder.write("page", "old");
    let address = server.url("/stall/200000/100000?times=1");
    for signal in ["-TERM", "-INT", "-HUP"] {
        let address = format!("{address}&{signal}");
        let mut command = wireline();
        command.current_dir(folder.path()).args(["get", "-q", &address, "-o", "page"]);
        let mut child = command.spawn().unwrap();
        assert!(happens(Duration::from_secs(5), || folder.size(".page.part") == Some(100_000)));
        let pid = child.id().to_string();
        let sent = std::process::Command::new("/bin/kill").args([signal, &pid]).status();
        assert!(sent.unwrap().success());
        assert!(wait_within(Duration::from_secs(10), &mut child).is_some());
        assert_eq!(child.wait().unwrap().code(), None, "by the signal");
        assert_eq!(folder.read("page"), b"old");
        folder.wireline(&["get", "-q", &address, "-o", "page", "-C", "-"]).done_in_silence();
        assert_eq!(folder.read("page"), filler_vec("v1", 200_000));
        let last = server.requests().pop().unwrap();
        assert!(String::from_utf8_lossy(&last.head).contains("Range: bytes=100000-\r\n"));
        folder.write("page", "old");
    }
}
