//! Trees as lines, and what is to be done about them.

use super::*;
use time::UtcDateTime;

/// `a/b 12 @100`: a path, its size, its time in seconds; `~` to the minute, `=` to the day. `a/` is
/// a folder, `a>` a link, `a!` something else, `a ?` a file of which nothing is known.
fn node(line: &str) -> (Branch, Node) {
    let mut words = line.split(' ');
    let name = words.next().unwrap();
    let kinds = [("/", Kind::Folder), (">", Kind::Link), ("!", Kind::Other), ("", Kind::File)];
    let marked = |(mark, kind)| name.strip_suffix(mark).map(|path| (path, kind));
    let (path, kind) = kinds.into_iter().find_map(marked).unwrap();
    let mut node = Node { kind, size: None, modified: None };
    for word in words {
        let (sign, number) = word.split_at(1);
        let accuracy = match sign {
            "@" => Accuracy::Exact,
            "~" => Accuracy::Minute,
            "=" => Accuracy::Day,
            "?" => continue,
            _ => {
                node.size = Some(word.parse().unwrap());
                continue;
            }
        };
        let at = UtcDateTime::from_unix_timestamp(number.parse().unwrap()).unwrap();
        node.modified = Some(Modified { at, accuracy });
    }
    (path.as_bytes().to_vec(), node)
}

fn nodes(lines: &[&str]) -> Nodes {
    lines.iter().map(|line| node(line)).collect()
}

fn none(_: &[u8]) -> Vec<Branch> {
    Vec::new()
}

/// A name that a file beside it takes is left alone, with what is in it.
#[test]
fn names_that_are_taken() {
    let source = [
        ".x.part 3 @1",
        "d/",
        "d/.x.part/",
        "d/.x.part/y 1 @1",
        "d/.y.part 2 @1",
        "d/x 1 @1",
        "x 9 @1",
    ];
    let beside = |name: &[u8]| vec![[b".", name, b".part"].concat()];
    let rows: [(&[&str], &[&str], &[&str]); 3] = [
        (&[], &[".x.part", "d/.x.part"], &["d/.y.part", "d/x", "x"]),
        (&["x"], &[], &[".x.part", "d/.x.part/y", "d/.y.part"]),
        (&[".*", "y"], &[], &["d/x", "x"]),
    ];
    let texts = |paths: Vec<Branch>| {
        paths.into_iter().map(|path| String::from_utf8(path).unwrap()).collect::<Vec<_>>()
    };
    for (exclude, reserved, transfers) in rows {
        let plan = Plan::new(&nodes(&source), &Nodes::new(), &rules(&[], exclude), false, beside);
        assert_eq!(texts(plan.reserved), reserved, "{exclude:?}");
        assert_eq!(texts(plan.transfers.into_iter().map(|it| it.0).collect()), transfers);
    }
}

fn rules(include: &[&str], exclude: &[&str]) -> Rules {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    Rules::parse(&owned(include), &owned(exclude)).unwrap()
}

fn said(plan: &Plan) -> Vec<String> {
    let text = |path: &Branch| String::from_utf8(path.clone()).unwrap();
    let folders = plan.folders.iter().map(|path| format!("mkdir {}", text(path)));
    let files = plan.transfers.iter().map(|(path, _)| format!("copy {}", text(path)));
    let gone = plan.removals.iter().map(|(path, is_folder)| {
        format!("{} {}", if *is_folder { "rmdir" } else { "rm" }, text(path))
    });
    let skipped = plan.skipped.iter().map(|(path, why)| format!("skip {}: {why}", text(path)));
    let conflicts = plan.conflicts.iter().map(|(path, why)| format!("keep {}: {why}", text(path)));
    let same = (plan.up_to_date > 0).then(|| format!("same {}", plan.up_to_date));
    folders.chain(files).chain(gone).chain(skipped).chain(conflicts).chain(same).collect()
}

fn check(rules: &Rules, rows: &[(&[&str], &[&str], &[&str])]) {
    for (source, target, wanted) in rows {
        let plan = Plan::new(&nodes(source), &nodes(target), rules, true, none);
        assert_eq!(said(&plan), *wanted, "{source:?} {target:?}");
        let spared = Plan::new(&nodes(source), &nodes(target), rules, false, none);
        assert!(spared.removals.is_empty());
    }
}

#[test]
fn newer_or_of_another_size() {
    let same: &[&str] = &["same 1"];
    let copy: &[&str] = &["copy a"];
    check(
        &Rules::default(),
        &[
            (&["a 5 @100"], &[], copy),
            (&["a 5 @100"], &["a 5 @100"], same),
            (&["a 5 @100"], &["a 5 @200"], same),
            (&["a 5 @101"], &["a 5 @100"], copy),
            (&["a 6 @100"], &["a 5 @200"], copy),
            // To the minute: 06:00 is not newer than 06:00:59, and 06:01 is.
            (&["a 5 ~120"], &["a 5 @179"], same),
            (&["a 5 ~180"], &["a 5 @179"], copy),
            (&["a 5 @179"], &["a 5 ~120"], same),
            (&["a 5 @180"], &["a 5 ~120"], copy),
            // To the day.
            (&["a 5 =86400"], &["a 5 @86401"], same),
            (&["a 5 =86400"], &["a 5 ~120"], copy),
            (&["a 5 @172799"], &["a 5 =86400"], same),
            (&["a 5 @172800"], &["a 5 =86400"], copy),
            // Before 1970.
            (&["a 5 ~-60"], &["a 5 @-1"], same),
            (&["a 5 ~0"], &["a 5 @-1"], copy),
            // What is not known does not count.
            (&["a 5 ?"], &["a 5 @100"], same),
            (&["a @100"], &["a 5 @100"], same),
            (&["a @101"], &["a 5 @100"], copy),
            (&["a ?"], &["a 5 @100"], copy),
        ],
    );
}

#[test]
fn folders_and_what_is_in_them() {
    check(
        &Rules::default(),
        &[
            (
                &["a/", "a/b/", "a/b/c 1 @1", "a-b 1 @1"],
                &[],
                &["mkdir a", "mkdir a/b", "copy a-b", "copy a/b/c"],
            ),
            (&["a/", "a/b 1 @1"], &["a/", "a/b 1 @1"], &["same 1"]),
            (&["a/"], &["a/", "a/x 1 @1"], &["rm a/x"]),
            (&[], &["a/", "a/b/", "a/b/c 1 @1"], &["rm a/b/c", "rmdir a/b", "rmdir a"]),
            (&["x 1 @1"], &["a>", "b!"], &["copy x", "rm b", "rm a"]),
        ],
    );
}

#[test]
fn other_kinds() {
    check(
        &Rules::default(),
        &[
            (
                &["a>", "b!"],
                &[],
                &["skip a: a symbolic link", "skip b: neither a file nor a folder"],
            ),
            (&["a>"], &["a 1 @1"], &["skip a: a symbolic link"]),
            // What is below a name of another kind is left alone, on either side.
            (&["a>"], &["a/", "a/b 1 @1"], &["skip a: a symbolic link"]),
            (&["a 1 @1"], &["a/", "a/b 1 @1"], &["keep a: a folder"]),
            (&["a/", "a/b/", "a/b/c 1 @1"], &["a 1 @1"], &["keep a: a file"]),
            (&["a/", "a/b 1 @1"], &["a>"], &["keep a: a symbolic link"]),
            (&["a 1 @1"], &["a>"], &["keep a: a symbolic link"]),
        ],
    );
}

#[test]
fn patterns() {
    let all: &[&str] = &["a.txt 1 @1", "b.bin 1 @1", "d/", "d/a.txt 1 @1", "e/", "e/b.bin 1 @1"];
    let only_text = rules(&["*.txt"], &[]);
    check(
        &only_text,
        &[
            (all, &[], &["mkdir d", "copy a.txt", "copy d/a.txt"]),
            // What was never asked for is not removed, nor is a folder that it is in.
            (&["x/"], &["f/", "f/a.txt 1 @1", "f/b.bin 1 @1"], &["rm f/a.txt"]),
            (&["x/"], &["f/", "f/a.txt 1 @1"], &["rm f/a.txt", "rmdir f"]),
        ],
    );
    let no_text = rules(&[], &["*.txt", "e"]);
    check(
        &no_text,
        &[
            (
                &["a.txt 1 @1", "b.bin 1 @1", "d/", "d/a.txt 1 @1", "e/"],
                &[],
                &["mkdir d", "copy b.bin"],
            ),
            (&["x/"], &["d/", "d/a.txt 1 @1", "d/c 1 @1", "e/"], &["mkdir x", "rm d/c"]),
        ],
    );
    assert!(!no_text.enters(b"e") && !no_text.enters(b"a/e") && no_text.enters(b"d"));
    check(&rules(&["d/*"], &[]), &[(all, &[], &["mkdir d", "copy d/a.txt"])]);
}

#[test]
fn what_an_interruption_left_stays() {
    let left: &[&str] = &[".a.part 1 @1", ".a.part.json 1 @1", ".a.wireline-part 1 @1", "a 1 @1"];
    check(
        &Rules::default(),
        &[
            (&["a 1 @1"], left, &["same 1"]),
            (&["b 1 @1"], &[".a.part 1 @1"], &["copy b", "rm .a.part"]),
        ],
    );
}

#[test]
fn guards_of_removal() {
    let target = nodes(&["a 1 @1", "b 1 @1", "x 1 @1"]);
    let one = nodes(&["x 1 @1"]);
    let rows: &[(&Nodes, u64, usize, Option<&str>)] = &[
        (&one, 0, 2, None),
        (&one, 0, 1, Some("2 would be deleted, and no more than 1 may be")),
        (
            &one,
            3,
            2,
            Some("2 would be deleted, and 3 lines of the source's listings were not understood"),
        ),
        (
            &one,
            1,
            2,
            Some("2 would be deleted, and 1 line of the source's listings was not understood"),
        ),
        (&Nodes::new(), 0, 9, Some("3 would be deleted, and the source is empty")),
        (&target, 3, 0, None),
    ];
    for (source, unknown, most, wanted) in rows {
        let plan = Plan::new(source, &target, &Rules::default(), true, none);
        let refused = plan.refuses_removal(source, *unknown, *most);
        assert_eq!(refused.map(|(why, _)| why).as_deref(), *wanted);
    }
}

#[test]
fn paths() {
    let rows: &[(&str, &str, &str, usize)] =
        &[("", "", "", 0), ("a", "", "a", 1), ("a/b", "a", "b", 2), ("a/b/c", "a/b", "c", 3)];
    for (path, folder, name, levels) in rows {
        let path = path.as_bytes();
        assert_eq!((folder_of(path), name_of(path)), (folder.as_bytes(), name.as_bytes()));
        assert_eq!(depth(path), *levels);
        if !path.is_empty() {
            assert_eq!(join(folder_of(path), name_of(path)), path);
        }
    }
}
