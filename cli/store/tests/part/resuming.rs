//! Going on where it stopped, and who may.

use crate::scratch::Scratch;
use crate::support::{KEEP, REPLACE, URL, open, put, stopped, trace, version};
use std::fs::{self};
use wireline_store::{Description, Error, Resume};

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
