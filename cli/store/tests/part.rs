//! Part files and targets against a real file system, through the public interface only.
//! Must not hold: deaths in the middle; those are in crash.rs.
#![cfg(test)]

mod scratch;

use scratch::Scratch;
use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use wireline_store::{Description, Error, Options, Part, Resume, Target};

const REPLACE: Options = Options { overwrite: true, sync: false, create_dirs: false };
const KEEP: Options = Options { overwrite: false, sync: false, create_dirs: false };
const URL: &str = "http://x/";

fn version(validator: &str, length: u64) -> Option<Description> {
    Some(Description { url: URL.into(), validator: validator.into(), length: Some(length) })
}

fn open(path: &Path, options: Options) -> Result<Part, Error> {
    Target::file(path, options)?.open()
}

fn put(part: &Part, bytes: &[u8]) {
    part.file().write_all(bytes).unwrap();
}

/// A transfer of `x` that stopped in the middle.
fn stopped(scratch: &Scratch, bytes: &[u8], description: Option<Description>) {
    let mut part = open(&scratch.at("x"), REPLACE).unwrap();
    part.begin(0, description).unwrap();
    put(&part, bytes);
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// What tells whether a file was touched.
fn trace(path: &Path) -> (i64, i64, u64, u64) {
    let stat = fs::symlink_metadata(path).unwrap();
    (stat.mtime(), stat.mtime_nsec(), stat.size(), stat.ino())
}

#[cfg(not(target_vendor = "apple"))]
fn mkfifo(path: &Path) {
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, path, mode).unwrap();
}

#[cfg(target_vendor = "apple")]
fn mkfifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

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
fn a_stopped_transfer_goes_on() {
    let scratch = Scratch::new();
    stopped(&scratch, b"hel", version("v1", 5));
    assert_eq!(scratch.names(), [".x.part", ".x.part.json"]);
    let mut part = open(&scratch.at("x"), KEEP).unwrap();
    let resume = Resume { offset: 3, validator: "v1".into(), length: Some(5) };
    assert_eq!((part.resumable(URL), part.resumable("http://y/")), (Some(resume), None));
    part.begin(3, version("v1", 5)).unwrap();
    put(&part, b"lo");
    part.commit().unwrap();
    assert_eq!((scratch.names(), scratch.read("x")), (vec!["x".into()], b"hello".to_vec()));
}

#[test]
fn attempts_of_one_process_go_on_too() {
    let scratch = Scratch::new();
    let mut part = open(&scratch.at("x"), KEEP).unwrap();
    part.begin(0, version("v1", 5)).unwrap();
    put(&part, b"hell");
    assert_eq!(part.resumable(URL).unwrap().offset, 4);
    part.begin(2, version("v1", 5)).unwrap();
    put(&part, b"l");
    assert_eq!(part.abandon().unwrap(), scratch.at(".x.part"));
    assert_eq!(scratch.read(".x.part"), b"hel");
}

#[test]
fn what_is_not_known_to_be_of_this_version_is_not_continued() {
    let whole = Description { url: URL.into(), validator: "v1".into(), length: Some(5) };
    let table: &[(&str, u64, Option<Description>)] = &[
        ("other validator", 3, version("v2", 5)),
        ("other length", 3, version("v1", 6)),
        ("other URL", 3, Some(Description { url: "http://y/".into(), ..whole })),
        ("no description", 3, None),
        ("past the end", 4, version("v1", 5)),
    ];
    let scratch = Scratch::new();
    stopped(&scratch, b"hel", version("v1", 5));
    let before = trace(&scratch.at(".x.part"));
    for (row, offset, description) in table {
        let mut part = open(&scratch.at("x"), REPLACE).unwrap();
        let refused = part.begin(*offset, description.clone()).unwrap_err();
        assert!(
            matches!(refused, Error::OtherVersion { .. } | Error::Offset { found: 3, .. }),
            "{row}: {refused}"
        );
        drop(part);
        assert_eq!(trace(&scratch.at(".x.part")), before, "{row}");
    }
    let mut part = open(&scratch.at("x"), REPLACE).unwrap();
    part.begin(0, version("v2", 9)).unwrap();
    assert_eq!((part.size().unwrap(), part.resumable(URL)), (0, None));
    put(&part, b"other");
    assert_eq!(part.resumable(URL).unwrap().validator, "v2");
}

/// The order that makes every death harmless, seen by letting the second step fail.
#[test]
fn the_old_bytes_go_before_the_new_description_comes() {
    let scratch = Scratch::new();
    stopped(&scratch, b"hel", version("v1", 5));
    let old = scratch.read(".x.part.json");
    let mut part = open(&scratch.at("x"), REPLACE).unwrap();
    fs::create_dir(scratch.at(".x.part.temp")).unwrap();
    assert!(part.begin(0, version("v2", 5)).is_err());
    assert_eq!((part.size().unwrap(), part.resumable(URL)), (0, None));
    assert_eq!(scratch.read(".x.part.json"), old);
    drop(part);
    assert_eq!(scratch.names(), [".x.part.temp"]);
}

#[test]
fn without_a_validator_nothing_is_kept() {
    let scratch = Scratch::new();
    for description in [None, version("", 5)] {
        stopped(&scratch, b"hel", description);
        assert!(scratch.names().is_empty());
    }
}

#[test]
fn a_doubtful_description_is_none() {
    let good = br#"{"url":"http://x/","validator":"v1","length":5}"#;
    let long = [&good[..], &vec![b' '; 64 * 1024]].concat();
    let table: &[(&str, &[u8], &[u8], bool)] = &[
        ("good", good, b"hel", true),
        ("good and whole", good, b"hello", true),
        (
            "good, length unknown",
            br#"{"url":"http://x/","validator":"v1","length":null}"#,
            b"hello!",
            true,
        ),
        ("part longer than the whole", good, b"hello!", false),
        ("part empty", good, b"", false),
        ("empty", b"", b"hel", false),
        ("garbage", b"\0\xff\xfe{", b"hel", false),
        ("cut", &good[..good.len() - 1], b"hel", false),
        (
            "with a tail",
            b"{\"url\":\"http://x/\",\"validator\":\"v1\",\"length\":5}}",
            b"hel",
            false,
        ),
        ("no validator", br#"{"url":"http://x/","length":5}"#, b"hel", false),
        ("empty validator", br#"{"url":"http://x/","validator":"","length":5}"#, b"hel", false),
        ("negative length", br#"{"url":"http://x/","validator":"v1","length":-5}"#, b"hel", false),
        ("huge length", br#"{"url":"http://x/","validator":"v1","length":1e30}"#, b"hel", false),
        ("a list", b"[1]", b"hel", false),
        ("deep", &[b'['; 60_000], b"hel", false),
        ("oversize", &long, b"hel", false),
    ];
    for (row, text, bytes, resumable) in table {
        let scratch = Scratch::new();
        scratch.write(".x.part", bytes);
        scratch.write(".x.part.json", text);
        let mut part = open(&scratch.at("x"), REPLACE).unwrap();
        assert_eq!(part.resumable(URL).is_some(), *resumable, "{row}");
        part.begin(0, None).unwrap();
        put(&part, b"new");
        part.commit().unwrap();
        assert_eq!(
            (scratch.names(), scratch.read("x")),
            (vec!["x".into()], b"new".to_vec()),
            "{row}"
        );
    }
    let scratch = Scratch::new();
    scratch.write(".x.part", b"hel");
    assert_eq!(open(&scratch.at("x"), REPLACE).unwrap().resumable(URL), None, "missing");
}

#[test]
fn a_description_too_long_to_read_is_not_written() {
    let scratch = Scratch::new();
    stopped(&scratch, b"hel", version("v1", 5));
    stopped(&scratch, b"new", version(&"v".repeat(64 * 1024), 5));
    assert!(scratch.names().is_empty());
}

#[test]
fn an_untouched_part_stays_as_it_is() {
    let scratch = Scratch::new();
    for description in [version("v1", 5), None] {
        scratch.write(".x.part", b"hel");
        if let Some(description) = description {
            scratch.write(".x.part.json", &serde_json::to_vec(&description).unwrap());
        }
        let names = scratch.names();
        let before: Vec<_> = names.iter().map(|name| trace(&scratch.at(name))).collect();
        for _ in 0..2 {
            open(&scratch.at("x"), REPLACE).unwrap().abandon();
            drop(open(&scratch.at("x"), KEEP).unwrap());
            let uncommitted = open(&scratch.at("x"), KEEP).unwrap().commit();
            assert!(matches!(uncommitted, Err(Error::NotBegun { .. })));
        }
        assert_eq!(scratch.names(), names);
        assert_eq!(names.iter().map(|name| trace(&scratch.at(name))).collect::<Vec<_>>(), before);
        for name in names {
            fs::remove_file(scratch.at(&name)).unwrap();
        }
    }
}

#[test]
fn a_part_of_ours_leaves_nothing_when_nothing_came() {
    let scratch = Scratch::new();
    open(&scratch.at("x"), KEEP).unwrap().abandon();
    assert!(scratch.names().is_empty());
    stopped(&scratch, b"", version("v1", 5));
    assert!(scratch.names().is_empty());
}

#[test]
fn a_second_one_is_locked_out() {
    let scratch = Scratch::new();
    let mut part = open(&scratch.at("x"), KEEP).unwrap();
    let refused = open(&scratch.at("x"), KEEP);
    assert!(matches!(refused, Err(Error::Locked { path }) if path == scratch.at("x")));
    part.begin(0, None).unwrap();
    put(&part, b"whole");
    part.commit().unwrap();
    assert_eq!((scratch.names(), scratch.read("x")), (vec!["x".into()], b"whole".to_vec()));
    open(&scratch.at("x"), REPLACE).unwrap();
}

#[test]
fn many_on_one_target_each_win_or_stand_back() {
    let scratch = Scratch::new();
    let run = |mark: u8| {
        let mut won = 0;
        for _ in 0..200 {
            let mut part = match open(&scratch.at("x"), REPLACE) {
                Ok(part) => part,
                Err(Error::Locked { .. }) => continue,
                Err(error) => panic!("{error}"),
            };
            part.begin(0, version("v1", 4096)).unwrap();
            (0..4).for_each(|_| put(&part, &[mark; 1024]));
            part.commit().unwrap();
            let whole = scratch.read("x");
            assert!(whole.len() == 4096 && whole.windows(2).all(|pair| pair[0] == pair[1]));
            won += 1;
        }
        won
    };
    let won: Vec<u32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|mark| scope.spawn(move || run(mark))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(won.iter().sum::<u32>() > 0);
    assert_eq!(scratch.names(), ["x"]);
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
