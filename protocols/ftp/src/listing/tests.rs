//! Lines of listings as servers print them, and as they do not.

use super::*;
use time::{Date, Month, Time};

fn at(year: i32, month: u8, day: u8, hour: u8, minute: u8) -> UtcDateTime {
    let date = Date::from_calendar_date(year, Month::try_from(month).unwrap(), day).unwrap();
    UtcDateTime::new(date, Time::from_hms(hour, minute, 0).unwrap())
}

fn now() -> UtcDateTime {
    at(2026, 11, 21, 12, 0)
}

/// An entry in few words: kind, size, time, mode, name, target.
fn words(entry: &Entry) -> String {
    let kind = match entry.kind {
        Kind::File => 'f',
        Kind::Folder => 'd',
        Kind::Link => 'l',
        Kind::Other => 'o',
        Kind::Unknown => '?',
    };
    let size = entry.size.map_or("-".to_owned(), |size| size.to_string());
    let time = entry.modified.map_or("-".to_owned(), |Modified { at, accuracy }| {
        let (date, (hour, minute, second)) = (at.date(), at.as_hms());
        let month = u8::from(date.month());
        let day = format!("{}-{month:02}-{:02}", date.year(), date.day());
        match accuracy {
            Accuracy::Day => day,
            Accuracy::Minute => format!("{day}T{hour:02}:{minute:02}"),
            Accuracy::Exact => format!("{day}T{hour:02}:{minute:02}:{second:02}Z"),
        }
    });
    let mode = entry.mode.map_or("-".to_owned(), |mode| format!("{mode:o}"));
    let name = entry.name.escape_ascii();
    let link = entry.link.as_ref().map_or(String::new(), |to| format!(" > {}", to.escape_ascii()));
    format!("{kind} {size} {time} {mode} {name}{link}")
}

fn said(line: &ListingLine) -> String {
    match line {
        ListingLine::Entry(entry) => words(entry),
        ListingLine::Decoration => "decoration".into(),
        ListingLine::Unknown => "unknown".into(),
    }
}

/// ftp-telnet.md rows 36 and 37; the formats that D. J. Bernstein's collection documents.
const LIST: &[(&str, &str)] = &[
    ("-rw-r--r--   1 root  wheel  1234 Nov 21 06:30 a", "f 1234 2026-11-21T06:30 644 a"),
    ("-rw-r--r--   1 root  wheel  1234 Nov 22 11:30 a", "f 1234 2026-11-22T11:30 644 a"),
    ("-rw-r--r--   1 root  wheel  1234 Nov 23 06:30 a", "f 1234 2025-11-23T06:30 644 a"),
    ("-rw-r--r--   1 root  wheel  1234 Feb 29 06:30 a", "f 1234 2024-02-29T06:30 644 a"),
    ("-rw-r--r--   1 root  wheel  1234 Feb 30 06:30 a", "f 1234 - 644 a"),
    ("-rwsr-Sr-t   1 root  wheel  1234 Jun  3  1994 a", "f 1234 1994-06-03 7745 a"),
    (
        "drwxr-xr-x+  2 root  wheel  4096 Jan  1  2020 .hidden dir ",
        "d - 2020-01-01 755 .hidden dir ",
    ),
    ("drwxrwxrwt@  2 0 0 4096 Jan  1  2020 1 2 3", "d - 2020-01-01 1777 1 2 3"),
    (
        "lrwxrwxrwx   1 root  other     7 Jan 25 00:17 bin -> usr/bin",
        "l 7 2026-01-25T00:17 777 bin > usr/bin",
    ),
    ("lrwxrwxrwx   1 root  other     7 Jan 25 00:17 bin", "l 7 2026-01-25T00:17 777 bin"),
    ("-rw-r--r--   1 root  other     7 Jan 25 00:17 a -> b", "f 7 2026-01-25T00:17 644 a -> b"),
    (
        "-rw-r--r--   1 root  other     7 Jan 25 00:17   two spaces  in it",
        "f 7 2026-01-25T00:17 644   two spaces  in it",
    ),
    ("-rw-r--r--   1 root     7 Jan 25 00:17 no group", "f 7 2026-01-25T00:17 644 no group"),
    ("-rw-r--r--   7 Jan 25 00:17 size only", "f 7 2026-01-25T00:17 644 size only"),
    ("-rw-r--r--   1 Domain Users of It 7 Jan 25 00:17 x", "f 7 2026-01-25T00:17 644 x"),
    ("-rw-r--r--   1 a b 7 25 Jan 2019 x", "f 7 2019-01-25 644 x"),
    ("-rw-r--r--   1 a b 7 2019-01-25 10:11 x", "f 7 2019-01-25T10:11 644 x"),
    ("-rw-r--r--   1 a b 1,234,567 Jan 25 00:17 x", "f 1234567 2026-01-25T00:17 644 x"),
    ("-rw-r--r--   1 a b 99999999999999999999 Jan 25 00:17 x", "f - 2026-01-25T00:17 644 x"),
    ("-rw-r--r--   1 a b 7 jan 25 00:17 total 5", "f 7 2026-01-25T00:17 644 total 5"),
    ("crw-rw----   1 root tty 4,  1 Jan 25 00:17 tty1", "o - 2026-01-25T00:17 660 tty1"),
    ("srwxrwxrwx   1 a b 0 Jan 25 00:17 sock", "o - 2026-01-25T00:17 777 sock"),
    (
        "d [R----F--] supervisor            512       Jan 16 18:53    login",
        "d - 2026-01-16T18:53 -    login",
    ),
    (
        "- [R----F--] rhesus             214059       Oct 20 15:27 cx.exe",
        "f 214059 2026-10-20T15:27 - cx.exe",
    ),
    ("drwxr-xr-x   2 a b 4096 Jan 25 00:17 .", "decoration"),
    ("drwxr-xr-x   2 a b 4096 Jan 25 00:17 ..", "decoration"),
    ("total 12", "decoration"),
    ("", "decoration"),
    ("./sub:", "decoration"),
    ("04-27-00  09:09PM       <DIR>          licensed", "d - 2000-04-27T21:09 - licensed"),
    (
        "11-21-2026  12:05AM                1,234 two words.txt",
        "f 1234 2026-11-21T00:05 - two words.txt",
    ),
    ("07-18-96  12:16PM                  123  leading", "f 123 1996-07-18T12:16 -  leading"),
    ("13-45-20  12:16PM                  123 odd", "f 123 - - odd"),
    ("07-18-2019  23:16    <JUNCTION>     x", "o - 2019-07-18T23:16 - x"),
    ("+i8388621.29609,m824255902,/,\tdev", "d - 1996-02-13T23:58:22Z - dev"),
    ("+i8388621.44468,m839956783,r,s10376,\tRFC EPLF", "f 10376 1996-08-13T17:19:43Z - RFC EPLF"),
    ("+up644,r,m99999999999999999999,s-1,\tx", "f - - 644 x"),
    ("+\tx", "? - - - x"),
    (
        "CORE.DIR;1          1  8-SEP-1996 16:09 [SYSTEM] (RWE,RWED,RE,RE)",
        "d - 1996-09-08T16:09 - CORE",
    ),
    (
        "CII-MANUAL.TEX;12  213/216  29-JAN-1996 03:33:12  [ANONYMOU,ANONYMOUS]   (RWED,RWED,,)",
        "f - 1996-01-29T03:33 - CII-MANUAL.TEX",
    ),
    ("Directory ANONYMOUS_ROOT:[000000]", "decoration"),
    ("Total of 11 Files, 23 Blocks.", "decoration"),
    ("%RMS-E-FNF, file not found", "decoration"),
    // Truncated, or something else.
    ("-rw-r--r--   1 root  wheel  1234 Nov 21 06:30", "unknown"),
    ("-rw-r--r--   1 root  wheel  1234 Nov 21 06:30 ", "unknown"),
    ("-rw-r--r--   1 root  wheel  1234 Nov", "unknown"),
    ("-rw-r--r--   1 a b c d e f g h i 1 Nov 21 06:30 x", "unknown"),
    ("-rw-r--", "unknown"),
    ("lrwxrwxrwx 1 a b 7 Jan 25 00:17  -> x", "unknown"),
    ("04-27-00  09:09PM       <DIR>", "unknown"),
    ("04-27-00  09:09PM", "unknown"),
    ("04-27-00", "unknown"),
    ("+i8388621.29609,m824255902,/", "unknown"),
    ("+r,\t", "unknown"),
    ("CORE.DIR;1 1", "unknown"),
    ("hello there", "unknown"),
    ("ftpd: no such file", "unknown"),
];

#[test]
fn lines_of_list() {
    for (line, wanted) in LIST {
        for end in ["", "\r\n", "\n"] {
            let line = format!("{line}{end}");
            assert_eq!(said(&ListParser::new(now()).feed(line.as_bytes())), *wanted, "{line:?}");
        }
    }
}

/// Whatever is cut off, nothing is taken for an entry of another kind, and nothing panics.
#[test]
fn lines_cut_anywhere() {
    for (line, wanted) in LIST {
        for length in 0..line.len() {
            let found = said(&ListParser::new(now()).feed(&line.as_bytes()[..length]));
            let is_entry = !matches!(found.as_str(), "unknown" | "decoration");
            let same_kind = found.as_bytes().first() == wanted.as_bytes().first()
                || matches!(*wanted, "unknown" | "decoration");
            assert!(!is_entry || same_kind, "{found} of {line}");
        }
    }
}

/// VMS gives a long name a line of its own.
#[test]
fn a_name_and_then_the_rest() {
    let rest = b"                   3/18    8-SEP-1996 16:09 [SYSTEM] (RWED,RWED,RE,RE)";
    let mut parser = ListParser::new(now());
    assert_eq!(parser.feed(b"A-VERY-LONG-NAME-INDEED.TXT;1\r\n"), ListingLine::Decoration);
    assert_eq!(said(&parser.feed(rest)), "f - 1996-09-08T16:09 - A-VERY-LONG-NAME-INDEED.TXT");
    assert_eq!(parser.feed(rest), ListingLine::Unknown);
    assert_eq!(parser.feed(b"A.TXT;1"), ListingLine::Decoration);
    let next = parser.feed(b"-rw-r--r-- 1 a b 7 Jan 25 00:17 x");
    assert_eq!(said(&next), "f 7 2026-01-25T00:17 644 x");
}

/// RFC 3659 section 7.7; ftp-telnet.md row 38; hostile.md row 168.
const MLSD: &[(&str, &str)] = &[
    (
        "Type=file;Size=25730;Modify=19940728095854;Perm=; capmux.tar.z",
        "f 25730 1994-07-28T09:58:54Z - capmux.tar.z",
    ),
    (
        "type=FILE;sIZE=1;MODIFY=19990929003355.237;UNIX.mode=0644; a",
        "f 1 1999-09-29T00:33:55Z 644 a",
    ),
    ("Type=dir;Sizd=4096;Size=4096;Modify=19981107085215; tmp", "d - 1998-11-07T08:52:15Z - tmp"),
    ("Type=OS.unix=slink:/foo bar;Perm=; foobar", "l - - - foobar > /foo bar"),
    ("Type=OS.unix=symlink;Perm=; x", "l - - - x"),
    ("Type=OS.unix=chr-13/29;Perm=;Unique=keVO1+5G4; device", "o - - - device"),
    ("Type=file;Perm=r;  leading space", "f - - -  leading space"),
    ("Type=file;    ", "f - - -    "),
    ("Type=file;Size=1 no semicolon", "f 1 - - no semicolon"),
    ("Type=file; a;b=c; d", "f - - - a;b=c; d"),
    (" no facts at all", "? - - - no facts at all"),
    ("X.y=; only unknown ones", "? - - - only unknown ones"),
    ("Type=file;Size=-1;Modify=2000; x", "f - - - x"),
    ("Type=file;Size=99999999999999999999;Modify=19100101000000000; x", "f - - - x"),
    ("Type=file;Modify=20261301000000; x", "f - - - x"),
    ("Type=file;Modify=20261231235960; x", "f - 2026-12-31T23:59:59Z - x"),
    ("Type=file;UNIX.mode=zzz; x", "f - - - x"),
    ("Type=cdir;Perm=el; /tmp", "decoration"),
    ("Type=pdir;Perm=el; ..", "decoration"),
    ("Type=dir; .", "decoration"),
    ("", "unknown"),
    ("Type=file;", "unknown"),
    ("Type=file; ", "unknown"),
    ("Type=file", "unknown"),
    ("Type;Size=1; x", "unknown"),
    ("=;; x", "unknown"),
    ("-rw-r--r-- 1 a b 7 Jan 25 00:17 x", "unknown"),
];

#[test]
fn lines_of_mlsd() {
    for (line, wanted) in MLSD {
        let line = format!("{line}\r\n");
        assert_eq!(said(&mlsd_line(line.as_bytes())), *wanted, "{line:?}");
    }
}

#[test]
fn facts_by_name() {
    let facts = Facts::parse(b"Type=dir;Unique=keVO1+d?3;Perm=cpmel; ..").unwrap();
    assert_eq!(facts.value("UNIQUE"), Some(&b"keVO1+d?3"[..]));
    assert_eq!((facts.value("size"), facts.iter().count()), (None, 3));
    assert_eq!(facts.name(), b"..");
}

/// RFC 3659 section 7.5.2: one folder is told by this, whatever name it has.
#[test]
fn uniques() {
    let rows = [
        ("type=dir;unique=a1; x", Some("a1"), None),
        ("type=file;UNIQUE=; x", Some(""), None),
        ("type=dir; x", None, None),
        ("type=cdir;unique=a1; /pub", None, Some("a1")),
        ("type=dir;unique=a1; .", None, Some("a1")),
        ("type=cdir; .", None, None),
        ("type=pdir;unique=a0; ..", None, None),
        ("type=pdir;unique=a0; .", None, None),
    ];
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    for (line, of_entry, own) in rows {
        let found = match mlsd_line(line.as_bytes()) {
            ListingLine::Entry(entry) => entry.unique.map(text),
            _ => None,
        };
        let found_own = own_unique(line.as_bytes()).map(text).filter(|_| found.is_none());
        assert_eq!((found.as_deref(), found_own.as_deref()), (of_entry, own), "{line}");
    }
}

/// hostile.md rows 34 (of ftp-telnet.md), 154, 157, 159: what could lead out of a folder.
#[test]
fn names_for_files_of_ours() {
    let safe = |name: &[u8]| Entry::new(name, Kind::File).safe_component().is_some();
    let bad: [&[u8]; 17] = [
        b"", b".", b"..", b"../x", b"/abs", b"a/b", b"a\\b", b"..\\x", b"C:x", b"c:", b"a\0b",
        b"a\nb", b"a\rb", b"\x1b[2J", b"a\tb", b"\x7f", b"/",
    ];
    for name in bad {
        assert!(!safe(name), "{}", name.escape_ascii());
    }
    for name in
        [&b"a"[..], b"...", b".profile", b" ", b"-rf", b"\xff\xfe", b"1:2", "ä b".as_bytes()]
    {
        assert!(safe(name), "{}", name.escape_ascii());
    }
}

/// The same of what is only compared and sent back: nothing that reaches into another folder, or
/// into another command.
#[test]
fn names_for_the_server() {
    let is_one = |name: &[u8]| Entry::new(name, Kind::File).component().is_some();
    let bad: [&[u8]; 9] =
        [b"", b".", b"..", b"../x", b"/abs", b"a/b", b"a\0b", b"a\nDELE b", b"a\rb"];
    for name in bad {
        assert!(!is_one(name), "{}", name.escape_ascii());
    }
    for name in [&b"a"[..], b"...", b"a\\b", b"..\\x", b"C:x", b"\x1b[2J", b"a\tb", b"\xff"] {
        assert!(is_one(name), "{}", name.escape_ascii());
    }
}
