//! FTP broken off and taken up again: by the server, by the line, by SIGKILL. A file under its final
//! name is whole at any moment, versions are never spliced, and a rerun converges. hostile.md rows
//! 164 and 180; rows 4, 5, 11, 12, 23, 24 and 26 of the fault matrix.
//!
//! Not here: a kill at every system call, which takes strace and minutes.

use crate::ftp_support::{
    HOME, at_home, begun, begun_at_home, content, ended, finals, ftp, get, is_clean, mended, said,
    said_of, serving, site_over, site_with, strict, touch, tree, without, words,
};
use crate::support::{Folder, beside, happens};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};
use wireline_servers::ftp::{Extensions, Server};
use wireline_servers::{Link, LinkOptions};

const SIZE: usize = 900_000;

/// The bytes of files that the server's transfers had.
fn moved(server: &Server) -> u64 {
    let is_file = |verb| matches!(verb, "RETR" | "STOR" | "APPE");
    server.transfers().iter().filter(|it| is_file(it.verb)).map(|it| it.bytes).sum()
}

/// What a cut left is continued by `-C -`, with REST, and only what was missing comes.
#[test]
fn a_cut_download_is_continued() {
    for name in ["reset-600000", "drop-600000", "err426-600000", "cut-600000"] {
        let (root, folder) = (Folder::new(), Folder::new());
        root.write(name, content(SIZE));
        let server = serving(&root, |_| {});
        let url = format!("{HOME}/{name}");
        let first = at_home(&folder, &server, &["get", &url, "-o", "x"]);
        assert!(first.code != Some(0) && !folder.has("x"), "{name}: {first:?}");
        let server = mended(server, &root);
        let ran = at_home(&folder, &server, &["get", &url, "-o", "x", "-C", "-"]);
        ran.done();
        assert!(folder.read("x") == content(SIZE), "{name}");
        let (rest, again) = (said_of(&server, "REST"), moved(&server));
        let is_continued = !rest.is_empty() && again < 900_000;
        // What a reset threw away here is not here; what came in order is.
        assert!(
            is_continued || name.starts_with("reset"),
            "{name}: {again} bytes, {:?}",
            said(&server)
        );
        is_clean(name, folder.path());
        strict(name, &server);
    }
}

/// hostile.md row 180: a part of another version is not spliced; a server without REST begins anew.
#[test]
fn another_version_is_fetched_anew() {
    type Change = fn(&Path);
    let rows: [(&str, Change, Extensions); 6] = [
        ("larger", |path| std::fs::write(path, content(SIZE + 7)).unwrap(), Extensions::default()),
        ("smaller", |path| std::fs::write(path, content(SIZE / 9)).unwrap(), Extensions::default()),
        ("newer", |path| newer(path), Extensions::default()),
        ("newer by MDTM", |path| newer(path), without(|it| it.mlst = false)),
        ("no REST", |_| {}, without(|it| it.rest = false)),
        ("empty", |path| std::fs::write(path, "").unwrap(), Extensions::default()),
    ];
    for (label, change, extensions) in rows {
        let (root, folder) = (Folder::new(), Folder::new());
        let at = root.at("drop-600000");
        std::fs::write(&at, content(SIZE)).unwrap();
        touch(&at, 1_600_000_000);
        let server = serving(&root, |options| options.extensions = extensions.clone());
        let url = format!("{HOME}/drop-600000");
        let first = at_home(&folder, &server, &["get", &url, "-o", "x"]);
        assert!(first.code != Some(0) && folder.has(".x.part"), "{label}: {first:?}");
        change(&at);
        drop(server);
        let server = serving(&root, |options| {
            (options.faults, options.extensions) = (false, extensions);
        });
        let ran = at_home(&folder, &server, &["get", &url, "-o", "x", "-C", "-"]);
        ran.done();
        assert!(folder.read("x") == std::fs::read(&at).unwrap(), "{label}: {ran:?}");
        is_clean(label, folder.path());
    }
}

/// As many bytes, all of them others.
fn newer(path: &Path) {
    let bytes: Vec<u8> = content(SIZE).iter().map(|byte| byte ^ 0xff).collect();
    std::fs::write(path, bytes).unwrap();
    touch(path, 1_700_000_000);
}

/// A part that was edited, cut, or lost its companion is not trusted beyond reason: the file is
/// whole in the end. Row 12 of the fault matrix.
#[test]
fn parts_are_judged() {
    type Change = fn(&Path);
    let rows: [(&str, Change); 5] = [
        ("part longer", |path| append(path, ".x.part", &[0; 2_000_000])),
        ("part cut", |path| truncate(path, ".x.part", 100)),
        ("part empty", |path| truncate(path, ".x.part", 0)),
        ("companion gone", |path| drop(std::fs::remove_file(path.join(".x.part.json")))),
        ("companion garbage", |path| std::fs::write(path.join(".x.part.json"), "{what").unwrap()),
    ];
    for (label, change) in rows {
        let (root, folder) = (Folder::new(), Folder::new());
        root.write("drop-600000", content(SIZE));
        let server = serving(&root, |_| {});
        let url = format!("{HOME}/drop-600000");
        at_home(&folder, &server, &["get", &url, "-o", "x"]);
        assert!(folder.has(".x.part"), "a part is left: {:?}", folder.names());
        change(folder.path());
        let server = mended(server, &root);
        at_home(&folder, &server, &["get", &url, "-o", "x", "-C", "-"]).done();
        assert!(folder.read("x") == content(SIZE), "{label}");
        is_clean(label, folder.path());
    }
}

fn append(path: &Path, name: &str, bytes: &[u8]) {
    use std::io::Write;
    let mut file = std::fs::File::options().append(true).open(path.join(name)).unwrap();
    file.write_all(bytes).unwrap();
}

fn truncate(path: &Path, name: &str, size: u64) {
    std::fs::File::options().write(true).open(path.join(name)).unwrap().set_len(size).unwrap();
}

/// `-C OFFSET` fetches from there and writes there, as curl does.
#[test]
fn an_offset_can_be_typed() {
    let (root, folder) = (Folder::new(), Folder::new());
    root.write("x", "0123456789");
    let server = serving(&root, |_| {});
    folder.write("x", "abcd");
    get(&folder, &server, "/x", &["-o", "x", "-C", "4"]).done();
    assert_eq!(folder.read("x"), b"abcd456789");
    assert_eq!(said_of(&server, "REST"), ["REST 4"]);
    assert_eq!(get(&folder, &server, "/x", &["-C", "7"]).done().text(), "789");
    let ran = get(&folder, &server, "/x", &["-o", "x", "-C", "11"]);
    assert_ne!(ran.code, Some(0), "{ran:?}");
    assert_eq!(folder.read("x"), b"abcd456789");
    strict("offset", &server);
}

/// `--retry` goes on by itself: after 4yz, and after the line broke; 5yz is final.
#[test]
fn trying_again() {
    let rows = [
        ("450 busy", 0, 2),
        ("425 no data", 0, 2),
        ("426 broken", 0, 2),
        ("451 later", 0, 2),
        ("421 too many", 0, 2),
        ("550 no", 1, 1),
        ("553 no", 1, 1),
    ];
    for (answer, code, tries) in rows {
        let section = format!("== once\nC: RETR {{{{*=x}}}}\nS: {answer}\n");
        let (server, folder) = (site_over(&[("x", b"hello\n")], &section), Folder::new());
        let ran = get(&folder, &server, "/x", &["-o", "x", "--retry", "3"]);
        assert_eq!(
            (ran.code, said_of(&server, "RETR").len()),
            (Some(code), tries),
            "{answer}: {ran:?}"
        );
        assert_eq!(folder.has("x"), code == 0, "{answer}");
        let server = site_over(&[("x", b"hello\n")], &section);
        assert_eq!(
            get(&Folder::new(), &server, "/x", &["-o", "/dev/null"]).code,
            Some(1),
            "{answer}"
        );
    }
    for end in ["S! cut", "S! reset", "S: 150 go\nS! cut"] {
        let section = format!("== once\nC: RETR {{{{*=x}}}}\n{end}\n");
        let (server, folder) = (site_over(&[("x", b"hello\n")], &section), Folder::new());
        get(&folder, &server, "/x", &["-o", "x", "--retry", "1"]).done();
        assert_eq!((folder.read("x"), server.connections()), (b"hello\n".to_vec(), 2), "{end}");
    }
}

/// The control connection breaks at each place: nothing but whole files, and a rerun is done.
#[test]
fn a_broken_line_leaves_whole_files() {
    let files: [(&str, &[u8]); 3] = [("a", b"one"), ("sub/b", &[7; 30_000]), ("c", b"")];
    let whole = {
        let server = site_with(&files, |_| {});
        let link = Link::start(server.addr(), LinkOptions::default()).unwrap();
        words(&Folder::new(), &["ftp", "mirror", &ftp(link.addr(), "/"), "in"]).done();
        link.bytes_towards_client()
    };
    beside([false, true], |reset| {
        for at in (1..whole).step_by(83) {
            let server = site_with(&files, |_| {});
            let faulty = Some(1);
            let options = match reset {
                true => LinkOptions { reset_after: Some(at), faulty, ..Default::default() },
                false => LinkOptions { cut_after: Some(at), faulty, ..Default::default() },
            };
            let link = Link::start(server.addr(), options).unwrap();
            let (folder, url) = (Folder::new(), ftp(link.addr(), "/"));
            words(&folder, &["ftp", "mirror", &url, "in"]);
            whole_or_absent(&folder, "in", server.root());
            words(&folder, &["ftp", "mirror", &url, "in"]).done();
            assert!(
                tree(&folder.at("in")) == tree(server.root()),
                "{at} of {whole}, reset {reset}"
            );
            is_clean("line", folder.path());
        }
    });
}

/// What is here under a final name is what is there.
#[track_caller]
fn whole_or_absent(folder: &Folder, name: &str, there: &Path) {
    if !folder.has(name) {
        return;
    }
    let there = finals(there);
    for (path, bytes) in finals(&folder.at(name)) {
        assert!(there.get(&path) == Some(&bytes), "{path} is short: {} bytes", bytes.len());
    }
}

/// Killed when so much is here, again and again: the old file or the new one, and `-C -` ends it.
#[test]
fn a_killed_download_converges() {
    let (root, folder) = (Folder::new(), Folder::new());
    root.write("slow-600000", content(SIZE));
    folder.write("x", "old");
    let server = serving(&root, |_| {});
    let url = ftp(server.addr(), "/slow-600000");
    for part in [1, 200_000, 500_000] {
        let mut child = begun(&folder, &["get", &url, "-o", "x", "-C", "-"]);
        let has = || folder.size(".x.part").is_some_and(|size| size >= part);
        assert!(happens(Duration::from_secs(10), has), "{:?}", folder.names());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(folder.read("x"), b"old");
    }
    ended("killed", &server);
    let before = moved(&server);
    words(&folder, &["get", &url, "-o", "x", "-C", "-"]).done();
    assert!(folder.read("x") == content(SIZE));
    assert!(moved(&server) - before <= 400_000, "it went on where it stood");
    is_clean("killed", folder.path());
}

/// Without `-C` a part that was left is no harm.
#[test]
fn a_killed_download_can_begin_anew() {
    let (root, folder) = (Folder::new(), Folder::new());
    root.write("slow-600000", content(SIZE));
    let server = serving(&root, |_| {});
    let url = format!("{HOME}/slow-600000");
    let mut child = begun_at_home(&folder, &server, &["get", &url, "-o", "x"]);
    assert!(happens(Duration::from_secs(10), || folder
        .size(".x.part")
        .is_some_and(|size| size > 0)));
    child.kill().unwrap();
    child.wait().unwrap();
    let server = mended(server, &root);
    at_home(&folder, &server, &["get", &url, "-o", "x"]).done();
    assert!(folder.read("x") == content(SIZE));
    is_clean("anew", folder.path());
    ended("anew", &server);
}

/// A tree of files large and small, the large ones slow.
fn forest() -> BTreeMap<String, Vec<u8>> {
    let small = (0..30).map(|nth| (format!("d{}/f{nth}", nth % 3), content(nth * 331)));
    let large = (0..3).map(|nth| (format!("d{nth}/slow-900000.{nth}"), content(300_000 + nth)));
    small.chain(large).collect()
}

fn plant(root: &Path, forest: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in forest {
        let at = root.join(name);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, bytes).unwrap();
    }
}

/// Row 26 of the fault matrix: mirrors killed at any moment, both ways. No short file has a final
/// name, here or there, at any time; the last run ends it, and the one behind it has nothing to do.
#[test]
fn a_killed_mirror_converges() {
    beside([("1", false), ("4", false), ("1", true), ("4", true)], |(jobs, back)| {
        let label = format!("{jobs} {back}");
        let (root, folder, forest) = (Folder::new(), Folder::new(), forest());
        let near = if back { "out" } else { "in" };
        std::fs::create_dir(folder.at(near)).unwrap();
        plant(
            if back { folder.path() } else { root.path() }
                .join(if back { "out" } else { "" })
                .as_path(),
            &forest,
        );
        let server = serving(&root, |_| {});
        let url = ftp(server.addr(), "/");
        let run = match back {
            true => vec!["ftp", "mirror", "-R", "out", &url, "--jobs", jobs],
            false => vec!["ftp", "mirror", &url, "in", "--jobs", jobs],
        };
        let far = if back { root.path().to_owned() } else { folder.at("in") };
        let whole = || {
            for (path, bytes) in finals(&far) {
                assert!(
                    forest.get(&path) == Some(&bytes),
                    "{label}: {path} is short: {}",
                    bytes.len()
                );
            }
        };
        for delay in [20, 60, 120, 200, 300, 400] {
            let mut child = begun(&folder, &run);
            let end = Instant::now() + Duration::from_millis(delay);
            while Instant::now() < end {
                whole();
            }
            child.kill().unwrap();
            child.wait().unwrap();
            whole();
        }
        ended(&label, &server);
        words(&folder, &run).done();
        assert!(finals(&far) == forest, "{label}");
        is_clean(&label, &far);
        let before = moved(&server);
        words(&folder, &run).done();
        assert_eq!(moved(&server), before, "{label}: all is up to date");
    });
}

/// A mirror continues the part of a file that was under way.
#[test]
fn a_mirror_continues_its_parts() {
    let (root, folder) = (Folder::new(), Folder::new());
    root.write("slow-600000", content(SIZE));
    let server = serving(&root, |_| {});
    let url = format!("{HOME}/");
    let mut child = begun_at_home(&folder, &server, &["ftp", "mirror", &url, "in"]);
    let part =
        || folder.has("in") && tree(&folder.at("in")).values().any(|bytes| bytes.len() > 300_000);
    assert!(happens(Duration::from_secs(10), part), "{:?}", said(&server));
    child.kill().unwrap();
    child.wait().unwrap();
    let server = mended(server, &root);
    at_home(&folder, &server, &["ftp", "mirror", &url, "in"]).done();
    assert!(folder.read("in/slow-600000") == content(SIZE));
    assert!(moved(&server) <= 600_000, "{} bytes: {:?}", moved(&server), said(&server));
    is_clean("parts", folder.path());
    strict("parts", &server);
}

/// Two at once on one target: one or both succeed, and the file is whole. Row 13 of the matrix.
#[test]
fn two_at_once() {
    let (root, folder) = (Folder::new(), Folder::new());
    root.write("slow-900000", content(SIZE / 3));
    let server = serving(&root, |_| {});
    let url = ftp(server.addr(), "/slow-900000");
    let mut children: Vec<_> = (0..3).map(|_| begun(&folder, &["get", &url, "-o", "x"])).collect();
    let codes: Vec<_> = children.iter_mut().map(|child| child.wait().unwrap().code()).collect();
    assert!(codes.contains(&Some(0)), "{codes:?}");
    assert!(codes.iter().all(|code| [Some(0), Some(7)].contains(code)), "{codes:?}");
    assert!(folder.read("x") == content(SIZE / 3));
    is_clean("two", folder.path());
}

/// hostile.md row 166 for FTP: what cannot be written is exit 7, and the old file stays.
#[test]
fn a_full_disk_is_ours() {
    let (root, folder) = (Folder::new(), Folder::new());
    root.write("x", content(SIZE));
    let server = serving(&root, |_| {});
    folder.write("x", "old");
    let url = ftp(server.addr(), "/x");
    let mut command = crate::support::wireline_after("ulimit -f 100; trap '' XFSZ");
    command.current_dir(folder.path()).args(["get", &url, "-o", "x"]);
    let ran = crate::support::run(&mut command);
    ran.failed(7, "");
    assert_eq!(folder.read("x"), b"old");
    let mut command = crate::support::wireline_after("ulimit -f 100; trap '' XFSZ");
    command.current_dir(folder.path()).args(["ftp", "mirror", &ftp(server.addr(), "/"), "in"]);
    let ran = crate::support::run(&mut command);
    assert!([Some(7), Some(10)].contains(&ran.code), "{ran:?}");
    assert!(!folder.has("in/x"));
}
