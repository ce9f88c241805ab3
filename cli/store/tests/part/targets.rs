//! What is written to: files, links, devices, names that a server chose.

use crate::scratch::Scratch;
use crate::support::{KEEP, REPLACE, URL, mkfifo, open, put, trace, version};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use wireline_store::{Error, Options, Target};

#[test]
fn a_new_file_appears_whole_and_alone() {
    let scratch = Scratch::new();
    for options in [KEEP, REPLACE, Options { sync: true, ..REPLACE }] {
        let mut part = open(&scratch.at("x"), options).unwrap();
        part.begin(0, version("v1", 5)).unwrap();
        put(&part, b"hello");
        assert_eq!(part.size().unwrap(), 5);
        assert_eq!(scratch.names(), [".x.part", ".x.part.json"]);
        assert_eq!(part.commit().unwrap(), scratch.at("x"));
        assert_eq!((scratch.names(), scratch.read("x")), (vec!["x".into()], b"hello".to_vec()));
        fs::remove_file(scratch.at("x")).unwrap();
    }
}

#[test]
fn an_empty_file_is_a_file() {
    let scratch = Scratch::new();
    let mut part = open(&scratch.at("x"), KEEP).unwrap();
    part.begin(0, None).unwrap();
    part.commit().unwrap();
    assert_eq!((scratch.names(), scratch.read("x").len()), (vec!["x".into()], 0));
}

#[test]
fn an_old_file_survives_until_the_new_one_is_whole() {
    let scratch = Scratch::new();
    scratch.write("x", b"old");
    let before = trace(&scratch.at("x"));
    let mut part = open(&scratch.at("x"), REPLACE).unwrap();
    part.begin(0, None).unwrap();
    put(&part, b"half");
    assert_eq!(part.abandon(), None);
    assert_eq!((scratch.names(), trace(&scratch.at("x"))), (vec!["x".to_owned()], before));
}

#[test]
fn exists_is_said_at_once_and_at_the_end() {
    let scratch = Scratch::new();
    let target = Target::file(&scratch.at("x"), KEEP).unwrap();
    scratch.write("x", b"theirs");
    assert!(matches!(target.open(), Err(Error::Exists { kept: None, .. })));
    assert_eq!(scratch.names(), ["x"]);
    fs::remove_file(scratch.at("x")).unwrap();

    let mut part = open(&scratch.at("x"), KEEP).unwrap();
    part.begin(0, None).unwrap();
    put(&part, b"mine");
    scratch.write("x", b"theirs");
    let error = part.commit().unwrap_err();
    assert!(
        matches!(&error, Error::Exists { kept: Some(kept), .. } if *kept == scratch.at(".x.part"))
    );
    assert!(error.to_string().ends_with(".x.part"), "{error}");
    assert_eq!(
        (scratch.read("x"), scratch.read(".x.part")),
        (b"theirs".to_vec(), b"mine".to_vec())
    );
    fs::remove_file(scratch.at(".x.part")).unwrap();
    assert!(matches!(open(&scratch.at("x"), KEEP), Err(Error::Exists { kept: None, .. })));
    assert_eq!(scratch.names(), ["x"]);
}

#[test]
fn a_typed_link_is_resolved_once_and_its_target_replaced() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.at("d")).unwrap();
    scratch.write("d/real", b"old");
    symlink("d/link2", scratch.at("link")).unwrap();
    symlink("real", scratch.at("d/link2")).unwrap();
    assert!(matches!(open(&scratch.at("link"), KEEP), Err(Error::Exists { .. })));
    let mut part = open(&scratch.at("link"), REPLACE).unwrap();
    part.begin(0, None).unwrap();
    put(&part, b"new");
    // Pointed elsewhere meanwhile: the place stays.
    fs::remove_file(scratch.at("link")).unwrap();
    symlink("elsewhere", scratch.at("link")).unwrap();
    assert_eq!(part.commit().unwrap(), scratch.at("d/real"));
    assert_eq!(
        (scratch.names(), scratch.read("d/real")),
        (vec!["d".into(), "link".into()], b"new".to_vec())
    );
    assert!(fs::symlink_metadata(scratch.at("d/link2")).unwrap().is_symlink());
}

#[test]
fn a_dangling_links_target_is_created() {
    let scratch = Scratch::new();
    symlink("d/real", scratch.at("link")).unwrap();
    assert!(matches!(open(&scratch.at("link"), KEEP), Err(Error::Io { .. })), "no folder d");
    let mut part = open(&scratch.at("link"), Options { create_dirs: true, ..KEEP }).unwrap();
    part.begin(0, None).unwrap();
    put(&part, b"new");
    part.commit().unwrap();
    assert_eq!(scratch.read("d/real"), b"new");
    assert!(fs::symlink_metadata(scratch.at("link")).unwrap().is_symlink());
}

#[test]
fn links_in_a_circle_are_an_error() {
    let scratch = Scratch::new();
    symlink("b", scratch.at("a")).unwrap();
    symlink("a", scratch.at("b")).unwrap();
    assert!(matches!(open(&scratch.at("a"), REPLACE), Err(Error::Io { .. })));
}

#[test]
fn what_is_no_file_is_refused() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.at("d")).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(scratch.at("s")).unwrap();
    symlink("d", scratch.at("link")).unwrap();
    for name in ["d", "d/", "d/.", "d/..", "link", "s", "new/", "new/.", "..", "/"] {
        let refused = open(&scratch.at(name), REPLACE);
        assert!(matches!(refused, Err(Error::NotAFile { .. })), "{name}: {refused:?}");
    }
    assert!(matches!(open(Path::new(""), REPLACE), Err(Error::NotAFile { .. })));
    assert_eq!(scratch.names(), ["d", "link", "s"]);
}

#[test]
fn devices_are_written_through() {
    for options in [KEEP, Options { sync: true, ..REPLACE }] {
        let target = Target::file(Path::new("/dev/null"), options).unwrap();
        assert!(target.is_written_through());
        let mut part = target.open().unwrap();
        assert!(part.is_written_through() && part.resumable(URL).is_none());
        part.begin(0, version("v1", 5)).unwrap();
        put(&part, b"hello");
        assert!(matches!(part.begin(1, version("v1", 5)), Err(Error::Unseekable { .. })));
        assert!(matches!(part.continue_from(1), Err(Error::Unseekable { .. })));
        assert_eq!(part.commit().unwrap(), Path::new("/dev/null"));
    }
    assert!(!Path::new("/dev/.null.part").exists());
}

#[test]
fn a_full_device_says_so() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return eprintln!("skipped: there is no /dev/full");
    }
    let part = open(full, REPLACE).unwrap();
    assert_eq!(part.file().write_all(b"x").unwrap_err().kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn a_fifo_is_written_through_and_stays() {
    let scratch = Scratch::new();
    mkfifo(&scratch.at("f"));
    symlink("f", scratch.at("link")).unwrap();
    let path = scratch.at("f");
    let reader = std::thread::spawn(move || {
        let mut heard = [0; 5];
        File::open(path).unwrap().read_exact(&mut heard).unwrap();
        heard
    });
    let mut part = open(&scratch.at("link"), Options { sync: true, ..KEEP }).unwrap();
    part.begin(0, None).unwrap();
    put(&part, b"hello");
    part.commit().unwrap();
    assert_eq!(&reader.join().unwrap(), b"hello");
    assert_eq!(scratch.names(), ["f", "link"]);
}

#[test]
fn a_descriptors_name_is_written_through_whatever_is_behind() {
    let scratch = Scratch::new();
    scratch.write("log", b"before, ");
    let log = File::options().append(true).open(scratch.at("log")).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&log);
    for folder in ["/dev/fd", "/proc/self/fd"] {
        let name = format!("{folder}/{number}");
        if !Path::new(&name).exists() {
            eprintln!("skipped: there is no {name}");
            continue;
        }
        symlink(&name, scratch.at("link")).unwrap();
        let part = open(&scratch.at("link"), Options { sync: true, ..REPLACE }).unwrap();
        put(&part, b"more, ");
        part.commit().unwrap();
        fs::remove_file(scratch.at("link")).unwrap();
    }
    assert!(scratch.read("log").starts_with(b"before, more, "));
    assert_eq!(scratch.names(), ["log"]);
}

#[test]
fn a_servers_name_is_never_followed() {
    let scratch = Scratch::new();
    let outside = Scratch::new();
    outside.write("secret", b"old");
    mkfifo(&scratch.at("f"));
    fs::create_dir(scratch.at("d")).unwrap();
    symlink(outside.at("secret"), scratch.at("x")).unwrap();
    symlink(outside.at("new"), scratch.at("dangling")).unwrap();
    for name in ["x", "dangling"] {
        assert!(
            matches!(Target::named(scratch.path(), name, KEEP), Err(Error::Exists { .. })),
            "{name}"
        );
        let mut part = Target::named(scratch.path(), name, REPLACE).unwrap().open().unwrap();
        part.begin(0, None).unwrap();
        put(&part, b"new");
        part.commit().unwrap();
        assert!(fs::symlink_metadata(scratch.at(name)).unwrap().is_file());
    }
    assert_eq!((outside.names(), outside.read("secret")), (vec!["secret".into()], b"old".to_vec()));
    for name in ["f", "d", "", ".", "..", "a/b", "/etc/x", "a/", "../x"] {
        let refused = Target::named(scratch.path(), name, REPLACE);
        assert!(matches!(refused, Err(Error::NotAFile { .. })), "{name}: {refused:?}");
    }
}
