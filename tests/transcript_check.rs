//! `wireline check` and `wireline fmt`: files that fit, files that do not, files that are none.

use crate::support::{Folder, beside, run, wireline};
use std::path::{Path, PathBuf};

const GOOD: &str = "@wire 1\n== greeting\nS: 220 ready\nC: QUIT\nS: 221 bye\nS! close\n";

/// The message, where it stands, and what helps, in the first two lines.
#[track_caller]
fn faulty(name: &str, bytes: &[u8], place: &str, why: &str, hint: &str) {
    let folder = Folder::new();
    folder.write(name, bytes);
    let ran = folder.wireline(&["check", name]);
    assert_eq!(ran.code, Some(2), "{name}: {ran:?}");
    let mut lines = ran.stderr.lines();
    let first = lines.next().unwrap_or_default();
    assert!(first.starts_with(&format!("wireline: {place}: ")), "{name}: {first}");
    assert!(first.contains(why), "{name}: {first}");
    let second = lines.next().unwrap_or_default();
    assert!(second.starts_with("  hint: ") && second.contains(hint), "{name}: {second}");
    assert!(ran.stdout.is_empty(), "{name}: {ran:?}");
    assert!(ran.stderr.lines().all(|line| line.len() < 400), "{name}: {ran:?}");
}

/// Each row is a name, the file, the faulty line, and words of the message and of the hint.
const FAULTS: &[(&str, &[u8], u32, &str, &str)] = &[
    ("directive", b"@wire 1\n@protocl http\nS: a\n", 2, "\"@protocl\"", "\"@protocol\""),
    ("protocol", b"@protocol htp\nS: a\n", 1, "\"htp\"", "\"http\""),
    ("match", b"@match byte\nS: a\n", 1, "\"byte\"", "\"bytes\""),
    ("version", b"@wire 2\nS: a\n", 1, "version \"2\"", "@wire 1"),
    ("times-directive", b"@times 2\nS: a\n", 1, "@times", "== title @times 2"),
    ("times", b"== a @times many\nS: a\n", 1, "@times", "== title @times 2"),
    ("timeout", b"@timeout soon\nS: a\n", 1, "\"soon\" is no time", "200ms"),
    ("set", b"@set user\nS: a\n", 1, "@set", "name=value"),
    ("act", b"S: a\nC: b\nS! clse\n", 3, "\"clse\"", "\"close\""),
    ("act-end", b"S: a\nS! close now\nC: b\n", 2, "\"now\"", ""),
    ("tls-fault", b"S! tls expird\n", 1, "\"expird\"", "\"expired\""),
    ("client-tls", b"C! tls\nS: a\n", 1, "the server shows the certificate", "S! tls"),
    ("drip", b"S! drip fast\nS: a\n", 1, "drip", "drip 1 20ms"),
    ("type", b"S: a\nC: {{x:wrd=a}}\n", 2, "\"wrd\"", "\"word\""),
    ("byte", b"S: {{CLRF}}\n", 1, "\"CLRF\"", "did you mean"),
    ("open-hole", b"S: {{x\n", 1, "a hole has no end", "{{0x7b7b}}"),
    ("word", b"S: a\n\nhello\n", 3, "unknown line \"hello\"", "C: S:"),
    ("small", b"s: a\n", 1, "unknown line", "capitals"),
    ("indented", b"  S: a\n", 1, "unknown line", "first column"),
    ("no-blank", b"S:a\n", 1, "no blank", "S: a"),
    ("trailing-blank", b"S: a \n", 1, "blank at the end", "a{{SP}}"),
    ("marked-act", b"S?! close\n", 1, "takes no mark", "loosen"),
    ("marked-bytes", b"S~= a\n", 1, "takes no mark", "loosen"),
    ("unbound", b"S: a\nC: {{id}}\n", 2, "{{id}} is used before it is bound", "@set id=value"),
    ("misspelt-name", b"@set user=a\nC: {{usr}}\n", 2, "{{usr}}", "\"user\""),
    ("login", b"S: a\nC: {{auth.plain}}\n", 2, "user", "@set user=alice"),
    ("unsendable", b"S: a\nC: {{*}}\n", 2, "cannot be sent", "{{*=example}}"),
    ("endless", b"S= a{{*=b}}\nC: c\n", 1, "where the last hole", "put a literal behind it"),
    ("line-end", b"S: a{{CR LF}}b\n", 1, "holds no line end", "\"=\" line"),
    ("no-attachment", b"S: a\nC= {{@mail}}\n", 2, "{{@mail}}", "-- mail --"),
    ("path-up", b"C= {{@../mail}}\n", 1, "out of the transcript's folder", "attach it"),
    ("path-root", b"C= {{@/etc/passwd}}\n", 1, "out of the transcript's folder", "attach it"),
    (
        "regex-bomb",
        b"C: {{*:/(((a{1,999}){1,999}){1,999}){1,999}/=a}}\n",
        1,
        "the regex is too large",
        "repeat less",
    ),
    ("latin-1", b"S: caf\xe9\n", 1, "not UTF-8", "{{0xe9}}"),
    ("binary", b"\x7fELF\x02\x01\x01\0\0\xff\xfe\n\0\n", 1, "not UTF-8", "{{0xff}}"),
    ("empty", b"", 1, "nothing is said", "C: text"),
    ("comments", b"# a\n# b\n", 2, "nothing is said", "C: text"),
    ("override", b"@over smtp\n== a\nS: 451 no\n", 2, "no trigger", "C: RCPT"),
    (
        "two-triggers",
        b"@over smtp\n== a\nC: NOOP\nC: RSET\nS: 451 no\n",
        4,
        "one \"C:\" line",
        "another section",
    ),
    (
        "after-a-fault",
        b"S! tls expired\nC: a\n",
        1,
        "after a faulty handshake nothing is said",
        "another section",
    ),
];

#[test]
fn every_fault_has_its_place_and_its_hint() {
    beside(FAULTS, |(name, bytes, line, why, hint)| {
        let name = format!("{name}.wire");
        let place = format!("{name}:{line}");
        if hint.is_empty() {
            let folder = Folder::new();
            folder.write(&name, bytes);
            let ran = folder.wireline(&["check", &name]);
            assert_eq!(ran.code, Some(2), "{ran:?}");
            let fits = ran.stderr.starts_with(&format!("wireline: {place}: "));
            assert!(fits && ran.stderr.contains(why), "{ran:?}");
        } else {
            faulty(&name, bytes, &place, why, hint);
        }
    });
}

/// A hint tells what to do, it is not the fault once more.
#[test]
fn the_hint_for_a_broken_regex_is_a_hint() {
    let folder = Folder::new();
    folder.write("x.wire", "C: {{x:/a(/=a}}\n");
    let ran = folder.wireline(&["check", "x.wire"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.starts_with("wireline: x.wire:1: "), "{ran:?}");
    assert!(!ran.stderr.contains("hint: error"), "{ran:?}");
}

#[test]
fn a_line_of_megabytes_is_refused() {
    let long = [b"S: a\nC: ", "x".repeat(4 << 20).as_bytes(), b"\n"].concat();
    faulty("long.wire", &long, "long.wire:2", "longer than 1 MiB", "a file beside");
}

/// An attachment may be long: it is no line.
#[test]
fn an_attachment_of_megabytes_is_none() {
    let folder = Folder::new();
    folder.write("x.wire", format!("S= {{{{@big}}}}\n-- big --\n{}", "x".repeat(2 << 20)));
    folder.wireline(&["check", "x.wire"]).done();
}

#[test]
fn a_folder_and_nothing_are_no_transcripts() {
    let folder = Folder::new();
    std::fs::create_dir(folder.at("dir.wire")).unwrap();
    for (name, why) in [("dir.wire", "folder"), ("gone.wire", "o such file")] {
        for words in [&["check", name][..], &["play", name, "--to", "127.0.0.1:9"]] {
            let ran = folder.wireline(words);
            assert_eq!(ran.code, Some(2), "{words:?}: {ran:?}");
            let first = ran.stderr.lines().next().unwrap_or_default();
            let fits = first.starts_with(&format!("wireline: {name}")) && first.contains(why);
            assert!(fits, "{words:?}: {first}");
        }
    }
}

/// One file, one fault: one line, and its hint.
#[test]
fn one_fault_is_one_line() {
    let folder = Folder::new();
    folder.write("x.wire", "S! clse\n");
    folder.wireline(&["check", "-q", "x.wire"]).failed_in_one_line(2, "x.wire:1: ");
    folder.wireline(&["check", "x.wire"]).failed(2, "x.wire");
}

#[test]
fn sides_that_fit_pass() {
    let folder = Folder::new();
    folder.write("x.wire", GOOD);
    let ran = folder.wireline(&["check", "x.wire"]);
    assert!(ran.done().stderr.contains("1 passed, 0 failed"), "{ran:?}");
    folder.wireline(&["check", "-q", "x.wire"]).done_in_silence();
    // From elsewhere, and as a program that was written elsewhere writes it.
    folder.write("dos.wire", format!("\u{feff}{}", GOOD.replace('\n', "\r\n")));
    let path = folder.at("dos.wire");
    run(wireline().args(["check", "-q"]).arg(path)).done_in_silence();
}

/// Each row is a file whose two sides contradict each other, and the line that is named.
#[test]
fn sides_that_do_not_fit_are_shown_beside_each_other() {
    const HEAD: &str = "@protocol http\nC: GET / HTTP/1.1\nC:\nS: HTTP/1.1 200 OK\n";
    let rows = [
        ("after the end", "C: a\nS: b\nS! close\nS: c\n".to_owned(), 4, "- S: c"),
        (
            "longer than its length",
            format!("{HEAD}S: Content-Length: 5\nS:\nS: hello world\n"),
            7,
            "- S: hello world",
        ),
    ];
    beside(rows, |(name, text, line, expected)| {
        let folder = Folder::new();
        folder.write("x.wire", &text);
        let ran = folder.wireline(&["check", "x.wire"]);
        assert_eq!(ran.code, Some(1), "{name}: {ran:?}");
        let wanted = format!("  x.wire:{line} {expected}");
        assert!(ran.text().contains(&wanted), "{name}: {}", ran.text());
        ran.failed(1, "");
    });
}

#[test]
fn several_files_are_all_judged() {
    let folder = Folder::new();
    folder.write("good.wire", GOOD);
    folder.write("bad.wire", "C: a\nS! close\nS: c\n");
    folder.write("none.wire", "S! clse\n");
    let ran = folder.wireline(&["check", "bad.wire", "good.wire", "good.wire"]);
    assert!(ran.failed(1, "").stderr.contains("2 passed, 1 failed"), "{ran:?}");
    assert!(ran.text().contains("bad.wire:3 - S: c"), "{ran:?}");
    // A file that is none is the worse.
    let ran = folder.wireline(&["check", "-q", "bad.wire", "none.wire", "good.wire"]);
    ran.failed(2, "");
    assert!(ran.stderr.contains("none.wire:1: ") && ran.text().contains("bad.wire:3"), "{ran:?}");
    folder.wireline(&["check", "-q", "good.wire", "good.wire"]).done_in_silence();
    folder.wireline(&["check"]).failed_in_one_line(2, "FILE");
}

#[test]
fn the_diff_is_coloured_for_terminals_only() {
    let folder = Folder::new();
    folder.write("bad.wire", "C: a\nS! close\nS: c\n");
    let ran = folder.wireline(&["check", "bad.wire"]);
    assert!(!ran.text().contains('\x1b') && !ran.stderr.contains('\x1b'), "{ran:?}");
}

/// Every dialogue of the corpus plays against itself, and is written as `fmt` writes it.
#[test]
fn the_corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/corpus");
    let files = wire_files(&root);
    assert!(files.len() > 50, "{} files", files.len());
    run(wireline().args(["check", "-q"]).args(&files)).done_in_silence();
    run(wireline().args(["fmt", "--check"]).args(&files)).done_in_silence();
}

fn wire_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(wire_files(&path)),
            false if path.extension().is_some_and(|end| end == "wire") => files.push(path),
            false => {}
        }
    }
    files.sort();
    files
}

const MESSY: &str =
    "\n\n@set  a=1 \r\n# note  \n==   t  @times 2 \n\n\n\nS!  close  \nC: \n\n-- f --\n a  \n\n\nb";
const NEAT: &str = "@set a=1\n# note\n== t @times 2\n\nS! close\nC:\n\n-- f --\n a  \n\n\nb";

#[test]
fn fmt_prints_the_canonical_form() {
    let folder = Folder::new();
    folder.write("messy.wire", MESSY);
    let once = folder.wireline(&["fmt", "messy.wire"]);
    once.done_in_silence();
    let (text, neat) = (once.text(), NEAT.replace("C:\n\n--", "C:\n--"));
    assert!(text == NEAT || text == neat, "{text:?}");
    assert_eq!(folder.read("messy.wire"), MESSY.as_bytes(), "only printed");
    folder.write("once.wire", &once.stdout);
    assert_eq!(folder.wireline(&["fmt", "once.wire"]).done_in_silence().stdout, once.stdout);
    folder.wireline(&["fmt", "--check", "once.wire"]).done_in_silence();
    let ran = folder.wireline(&["fmt", "--check", "once.wire", "messy.wire"]);
    ran.failed_in_one_line(1, "messy.wire").hinted("--write");
    assert!(!ran.stderr.contains("once.wire") && ran.stdout.is_empty(), "{ran:?}");
    folder.wireline(&["fmt", "--check", "--write", "once.wire"]).failed_in_one_line(2, "");
}

#[test]
fn fmt_writes_in_place_or_leaves_the_file_alone() {
    let folder = Folder::new();
    folder.write("messy.wire", MESSY);
    let ran = folder.wireline(&["fmt", "--write", "messy.wire"]);
    assert!(ran.done_in_silence().stdout.is_empty(), "{ran:?}");
    folder.wireline(&["fmt", "--check", "messy.wire"]).done_in_silence();
    assert_eq!(folder.names(), ["messy.wire"], "nothing is left beside it");
    let broken = "==  a\nS!  clse\n";
    folder.write("broken.wire", broken);
    for words in [&["fmt", "broken.wire"][..], &["fmt", "-w", "broken.wire"]] {
        let ran = folder.wireline(words);
        ran.failed_in_one_line(2, "broken.wire:2: ").hinted("\"close\"");
        assert!(ran.stdout.is_empty(), "{ran:?}");
        assert_eq!(folder.read("broken.wire"), broken.as_bytes());
    }
}

/// A file that is missing is the same mistake for both commands.
#[test]
fn fmt_and_check_agree_on_what_is_missing() {
    let folder = Folder::new();
    let check = folder.wireline(&["check", "gone.wire"]);
    let fmt = folder.wireline(&["fmt", "gone.wire"]);
    assert_eq!(check.code, fmt.code, "{check:?} {fmt:?}");
}

/// Pasted from the RFCs, with their indentation.
const RFC_1939_10: &str = "
10. Example POP3 Session

      S: <wait for connection on TCP port 110>
      C: <open connection>
      S:    +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>
      C:    APOP mrose c4c9334bac560ecc979e58001b3e22fb
      S:    +OK mrose's maildrop has 2 messages (320 octets)
      C:    STAT
      S:    +OK 2 320
      C:    LIST
      S:    +OK 2 messages (320 octets)
      S:    1 120
      S:    2 200
      S:    .
      C:    RETR 1
      S:    +OK 120 octets
      S:    <the POP3 server sends message 1>
      S:    .

Myers & Rose                Standards Track                    [Page 19]

RFC 1939                          POP3                          May 1996

      C:    DELE 1
      S:    +OK message 1 deleted
      C:    QUIT
      S:    +OK dewey POP3 server signing off (maildrop empty)
      C:  <close connection>
      S:  <wait for next connection>
";

const RFC_5321_D1: &str = "
   This SMTP example shows mail sent by Smith at host bar.com, and to
   Jones, Green, and Brown at host foo.com.

      S: 220 foo.com Simple Mail Transfer Service Ready
      C: EHLO bar.com
      S: 250-foo.com greets bar.com
      S: 250-8BITMIME
      S: 250 HELP
      C: MAIL FROM:<Smith@bar.com>
      S: 250 OK
      C: RCPT TO:<Green@foo.com>
      S: 550 No such user here
      C: DATA
      S: 354 Start mail input; end with <CRLF>.<CRLF>
      C: Blah blah blah...
      C: ...etc. etc. etc.
      C: .
      S: 250 OK
      C: QUIT
      S: 221 foo.com Service closing transmission channel
";

const RFC_3207_5: &str = "
     S: <waits for connection on TCP port 25>
     C: <opens connection>
     S: 220 mail.imc.org SMTP service ready
     C: EHLO mail.example.com
     S: 250-mail.imc.org offers a warm hug of welcome
     S: 250 STARTTLS
     C: STARTTLS
     S: 220 Go ahead
     C: <starts TLS negotiation>
     C & S: <negotiate a TLS session>
     C & S: <check result of negotiation>
     C: EHLO mail.example.com
     S: 250 mail.imc.org touches your hand gently for a moment
";

#[test]
fn what_an_rfc_prints_becomes_a_file() {
    let rows = [
        ("pop3", RFC_1939_10, "\nC: STAT\nS: +OK 2 320\nC: LIST\n", "\nC! close\n", 5),
        ("smtp", RFC_5321_D1, "\nC: Blah blah blah...\nC: ...etc. etc. etc.\nC: .\n", "\n# ", 5),
        ("smtp", RFC_3207_5, "\nS: 220 Go ahead\nS! tls\n", "\n# S: <waits for", 3),
    ];
    beside(rows, |(protocol, example, wanted, narration, turns)| {
        let folder = Folder::new();
        folder.write("rfc.txt", example);
        let ran = folder.wireline(&["fmt", "--rfc", "rfc.txt"]);
        let text = ran.done_in_silence().text();
        assert!(text.contains(wanted) && text.contains(narration), "{text}");
        assert!(!text.contains("[Page") && !text.contains("RFC 1939"), "{text}");
        assert!(text.matches("\nC: ").count() >= turns.min(8), "{text}");
        folder.write("plain.wire", &text);
        folder.write("told.wire", format!("@protocol {protocol}\n{text}"));
        folder.wireline(&["check", "-q", "plain.wire", "told.wire"]).done_in_silence();
        folder.wireline(&["fmt", "--check", "plain.wire"]).done_in_silence();
    });
}

/// `--rfc --write` does it in place.
#[test]
fn an_example_becomes_a_file_in_place() {
    let folder = Folder::new();
    folder.write("x.wire", RFC_5321_D1);
    folder.wireline(&["fmt", "--rfc", "--write", "x.wire"]).done_in_silence();
    folder.wireline(&["check", "-q", "x.wire"]).done_in_silence();
}
