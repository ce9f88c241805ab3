//! The part file itself: whose it is, what becomes of it, modes and folders.

use crate::scratch::Scratch;
use crate::support::{KEEP, REPLACE, URL, mkfifo, mode, open, put, stopped, trace, version};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use wireline_store::{Error, Options};

#[test]
fn a_planted_part_is_refused_and_left_alone() {
    type Plant = fn(&Scratch, &Path);
    let table: &[(&str, Plant)] = &[
        ("a symbolic link", |scratch, part| symlink(scratch.at("victim"), part).unwrap()),
        ("a symbolic link", |_, part| symlink("nowhere", part).unwrap()),
        ("a file with other names", |scratch, part| {
            fs::hard_link(scratch.at("victim"), part).unwrap()
        }),
        ("a directory", |_, part| fs::create_dir(part).unwrap()),
        ("a FIFO", |_, part| mkfifo(part)),
    ];
    for (what, plant) in table {
        let scratch = Scratch::new();
        scratch.write("victim", b"precious");
        let part = scratch.at(".x.part");
        plant(&scratch, &part);
        let refused = open(&scratch.at("x"), REPLACE).unwrap_err();
        assert!(
            refused.to_string().ends_with(&format!(".x.part is {what}: remove it first")),
            "{refused}"
        );
        assert_eq!(
            (scratch.names(), scratch.read("victim")),
            (vec![".x.part".into(), "victim".into()], b"precious".to_vec())
        );
    }
}

#[test]
fn somebody_elses_part_is_refused() {
    let scratch = Scratch::new();
    scratch.write(".x.part", b"theirs");
    if let Err(error) = std::os::unix::fs::chown(scratch.at(".x.part"), Some(54321), None) {
        return eprintln!("skipped: only root gives files away ({error})");
    }
    let refused = open(&scratch.at("x"), REPLACE).unwrap_err();
    assert!(matches!(refused, Error::Planted { what: "somebody else's file", .. }), "{refused}");
    assert_eq!(
        (scratch.names(), scratch.read(".x.part")),
        (vec![".x.part".into()], b"theirs".to_vec())
    );
}

#[test]
fn a_planted_description_is_neither_read_nor_followed() {
    let scratch = Scratch::new();
    stopped(&scratch, b"hal", version("v1", 5));
    fs::rename(scratch.at(".x.part.json"), scratch.at("victim")).unwrap();
    symlink("victim", scratch.at(".x.part.json")).unwrap();
    let before = trace(&scratch.at("victim"));
    let mut part = open(&scratch.at("x"), REPLACE).unwrap();
    assert_eq!(part.resumable(URL), None);
    part.begin(0, version("v2", 5)).unwrap();
    put(&part, b"x");
    assert!(part.resumable(URL).is_some());
    drop(part);
    assert_eq!(trace(&scratch.at("victim")), before);
    assert!(fs::symlink_metadata(scratch.at(".x.part.json")).unwrap().is_file());

    fs::remove_file(scratch.at(".x.part.json")).unwrap();
    mkfifo(&scratch.at(".x.part.json"));
    assert_eq!(open(&scratch.at("x"), REPLACE).unwrap().resumable(URL), None, "and does not block");
}

#[test]
fn a_part_taken_away_is_noticed() {
    let scratch = Scratch::new();
    let mut part = open(&scratch.at("x"), KEEP).unwrap();
    part.begin(0, version("v1", 5)).unwrap();
    put(&part, b"mine");
    fs::remove_file(scratch.at(".x.part")).unwrap();
    scratch.write(".x.part", b"theirs");
    assert!(matches!(part.commit(), Err(Error::Lost { .. })));
    assert_eq!(
        (scratch.names(), scratch.read(".x.part")),
        (vec![".x.part".into(), ".x.part.json".into()], b"theirs".to_vec())
    );
}

#[test]
fn modes_are_kept_and_never_widened_while_partial() {
    // The old file's mode, and the widest that the part may have meanwhile.
    for (old, partial) in [
        (0o600, 0o600),
        (0o640, 0o640),
        (0o444, 0o644),
        (0o000, 0o600),
        (0o777, 0o666),
        (0o4755, 0o644),
    ] {
        let scratch = Scratch::new();
        scratch.write("x", b"old");
        fs::set_permissions(scratch.at("x"), Permissions::from_mode(old)).unwrap();
        let mut part = open(&scratch.at("x"), REPLACE).unwrap();
        part.begin(0, None).unwrap();
        assert_eq!(mode(&scratch.at(".x.part")) & !partial, 0, "{old:o}");
        put(&part, b"new");
        part.commit().unwrap();
        assert_eq!(mode(&scratch.at("x")), old & 0o777, "{old:o}");
        fs::set_permissions(scratch.at("x"), Permissions::from_mode(0o600)).unwrap();
        assert_eq!(scratch.read("x"), b"new", "{old:o}");
    }
}

#[test]
fn a_new_file_has_the_usual_mode() {
    let scratch = Scratch::new();
    scratch.write("usual", b"");
    let mut part = open(&scratch.at("x"), KEEP).unwrap();
    part.begin(0, version("v1", 1)).unwrap();
    assert_eq!(mode(&scratch.at(".x.part.json")), 0o600);
    part.commit().unwrap();
    assert_eq!(mode(&scratch.at("x")), mode(&scratch.at("usual")));
}

#[test]
fn an_offset_continues_the_target_itself() {
    let scratch = Scratch::new();
    scratch.write("x", b"hel");
    let mut part = open(&scratch.at("x"), REPLACE).unwrap();
    for wrong in [0, 2, 4] {
        assert!(matches!(part.continuable(wrong), Err(Error::Offset { found: 3, .. })));
        assert!(matches!(part.continue_from(wrong), Err(Error::Offset { found: 3, .. })));
    }
    part.continuable(3).unwrap();
    part.continue_from(3).unwrap();
    put(&part, b"l");
    drop(part);
    assert_eq!((scratch.names(), scratch.read("x")), (vec!["x".into()], b"hel".to_vec()));

    let mut part = open(&scratch.at("x"), REPLACE).unwrap();
    part.continue_from(3).unwrap();
    put(&part, b"lo");
    part.commit().unwrap();
    assert_eq!((scratch.names(), scratch.read("x")), (vec!["x".into()], b"hello".to_vec()));

    let mut part = open(&scratch.at("y"), KEEP).unwrap();
    assert!(matches!(part.continue_from(3), Err(Error::Offset { found: 0, .. })));
    part.continue_from(0).unwrap();
    part.commit().unwrap();
}

#[test]
fn the_longest_names_work() {
    let names = ["a".repeat(255), "\u{65b0}".repeat(85), "b".repeat(244), "b".repeat(245)];
    for name in names {
        let scratch = Scratch::new();
        let mut part = open(&scratch.at(&name), KEEP).unwrap();
        part.begin(0, version("v1", 5)).unwrap();
        put(&part, b"hel");
        drop(part);
        let mut part = open(&scratch.at(&name), KEEP).unwrap();
        part.begin(part.resumable(URL).unwrap().offset, version("v1", 5)).unwrap();
        put(&part, b"lo");
        part.commit().unwrap();
        assert_eq!((scratch.names(), scratch.read(&name)), (vec![name], b"hello".to_vec()));
    }
    let scratch = Scratch::new();
    let refused = open(&scratch.at(&"a".repeat(256)), KEEP);
    assert!(matches!(refused, Err(Error::Io { .. })), "{refused:?}");
}

#[test]
fn a_folder_that_will_not_do_shows_at_once() {
    let scratch = Scratch::new();
    scratch.write("file", b"");
    for name in ["none/x", "file/x"] {
        let refused = open(&scratch.at(name), REPLACE);
        assert!(matches!(refused, Err(Error::Io { .. })), "{name}: {refused:?}");
    }
    let create = Options { create_dirs: true, ..REPLACE };
    assert!(matches!(open(&scratch.at("file/x"), create), Err(Error::Io { .. })));
    drop(open(&scratch.at("a/b/c/x"), create).unwrap());
    assert!(scratch.at("a/b/c").is_dir());
}

#[test]
fn a_read_only_folder_shows_at_once() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.at("d")).unwrap();
    scratch.write("d/.y.part", b"old");
    fs::set_permissions(scratch.at("d"), Permissions::from_mode(0o555)).unwrap();
    let ignores_modes = File::create_new(scratch.at("d/probe")).is_ok();
    if ignores_modes {
        eprintln!("skipped: this user (root?) may write into read-only folders");
    } else {
        for name in ["d/x", "d/y"] {
            let refused = open(&scratch.at(name), REPLACE);
            assert!(matches!(refused, Err(Error::Denied { .. })), "{name}: {refused:?}");
        }
        assert_eq!(scratch.read("d/.y.part"), b"old");
    }
    fs::set_permissions(scratch.at("d"), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_renaming_that_fails_keeps_the_part() {
    let scratch = Scratch::new();
    let mut part = open(&scratch.at("x"), REPLACE).unwrap();
    part.begin(0, None).unwrap();
    put(&part, b"whole");
    fs::create_dir(scratch.at("x")).unwrap();
    assert!(matches!(part.commit(), Err(Error::NotAFile { .. })));
    assert_eq!(scratch.read(".x.part"), b"whole");
}
