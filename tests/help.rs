//! The front door: help that fits a screen, completions that complete, pages that render, and what is
//! said to somebody who mistypes.

use crate::support::{Folder, run, wireline};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

/// Every command, as typed.
const COMMANDS: &[&str] = &[
    "",
    "get",
    "put",
    "http",
    "send",
    "mail",
    "smtp",
    "smtp probe",
    "smtp verify",
    "smtp quote",
    "ftp",
    "ftp ls",
    "ftp get",
    "ftp put",
    "ftp mirror",
    "ftp mv",
    "ftp rm",
    "ftp mkdir",
    "ftp rmdir",
    "ftp chmod",
    "ftp stat",
    "ftp quote",
    "telnet",
    "play",
    "serve",
    "check",
    "fmt",
    "demo",
    "completions",
    "man",
];

fn said(line: &str, more: &[&str]) -> String {
    run(wireline().args(line.split_whitespace()).args(more)).done_in_silence().text()
}

/// The names below a heading of commands.
fn listed(help: &str) -> Vec<&str> {
    let below = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let below = below.take_while(|line| !line.is_empty());
    below.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

#[test]
fn no_command_is_left_out() {
    for group in ["", "smtp", "ftp"] {
        let help = said(group, &["-h"]);
        let names: Vec<_> =
            listed(&help).iter().map(|name| format!("{group} {name}").trim().to_owned()).collect();
        let known = COMMANDS.iter().filter(|line| match line.rsplit_once(' ') {
            Some((above, _)) => above == group,
            None => group.is_empty() && !line.is_empty(),
        });
        assert_eq!(names, known.copied().collect::<Vec<_>>());
    }
}

/// 40 lines of 100 columns; what it leaves out is in `--help`, by the same headings.
#[test]
fn help_fits_a_screen() {
    for line in COMMANDS {
        let (short, long) = (said(line, &["-h"]), said(line, &["--help"]));
        assert!(short.lines().count() <= 40, "{line}: {} lines", short.lines().count());
        for text in [&short, &long] {
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(100), "{line}: {widest:?} columns");
            let (_, examples) = text.rsplit_once("Examples:\n").expect(line);
            assert!(examples.lines().count() >= 2, "{line}: {examples}");
        }
        let headings = |text: &str| -> Vec<String> {
            let is_heading = |line: &&str| line.ends_with(':') && !line.starts_with(' ');
            text.lines().filter(is_heading).map(str::to_owned).collect()
        };
        let all = headings(&long);
        assert!(headings(&short).iter().all(|heading| all.contains(heading)), "{line}");
        for word in short.split_whitespace().filter(|word| word.starts_with("--")) {
            assert!(long.contains(word), "{line}: {word} is not in --help");
        }
        let says_so = short.contains("see more with '--help'");
        assert_eq!(says_so, short != long, "{line}");
    }
}

/// Long help of a command that dials has what the short one leaves out, in one order everywhere.
#[test]
fn long_help_is_complete() {
    const SHARED: &[&str] = &["Login:", "TLS:", "Connection:", "Messages:"];
    for line in ["get", "put", "http", "send", "mail", "smtp probe", "ftp ls", "ftp mirror"] {
        let (short, long) = (said(line, &["-h"]), said(line, &["--help"]));
        for option in ["--cacert", "--insecure", "--proxy", "--timeout", "--netrc", "--limit-rate"]
        {
            assert!(long.contains(option) && !short.contains(option), "{line}: {option}");
        }
        let found: Vec<_> = long.lines().filter(|line| SHARED.contains(line)).collect();
        assert_eq!(found, SHARED, "{line}");
    }
}

/// Nothing to do, or nothing that makes sense: exit 2, one line, and one thing to try.
#[test]
fn typos_are_met_with_a_hint() {
    let rows: &[(&str, &str, &str)] = &[
        ("gett http://h/", "'gett'", "did you mean get?"),
        ("ftp lst x", "'lst'", "did you mean ls?"),
        ("fetch", "'fetch'", "wireline --help lists the commands"),
        ("htttp://h/", "htttp://h/", "http, https, ftp"),
        ("http://h/x", "http://h/x", "wireline get http://h/x"),
        ("localhost:8080/x", "localhost:8080/x", "wireline get localhost:8080/x"),
        ("smtp://h", "smtp://h", "wireline smtp probe smtp://h"),
        ("telnet://h", "telnet://h", "wireline telnet telnet://h"),
        ("get htttp://h/", "htttp is not HTTP", "http, https, ftp"),
        ("get http://h:99999/", "invalid port number", "http://HOST:PORT/PATH"),
        ("get", "<URL> is missing", "wireline get <URL>...; wireline get -h"),
        ("play", "--to <HOST:PORT> and <FILE>... are missing", "wireline play --to"),
        ("get -o", "--output <FILE> has no value", "wireline get --help"),
        ("get --outptu x h", "'--outptu'", "did you mean --output?"),
        ("get --nonsense h", "'--nonsense'", "wireline get --help"),
        ("ftp ls --nonsense h", "'--nonsense'", "wireline ftp ls --help"),
        ("--json get h", "'--json'", "wireline get --json URL"),
        ("--verson", "'--verson'", "did you mean --version?"),
        ("get h --timeout soon", "seconds are a number", "wireline get --help"),
        ("get --digest --basic h", "cannot be used with", "wireline get --help"),
        ("completions bsh", "'bsh'", "bash, elvish, fish, powershell, zsh"),
        ("ftp mirror a b", "neither is a URL", "wireline ftp mirror URL DIR"),
        ("help gett", "'gett'", "wireline --help"),
    ];
    for (line, why, hint) in rows {
        run(wireline().args(line.split(' '))).failed_in_one_line(2, why).hinted(hint);
    }
    let with_login = run(wireline().arg("http://u:canary@h/"));
    assert!(!with_login.failed_in_one_line(2, "h/").stderr.contains("canary"), "{with_login:?}");
    run(wireline().arg(OsStr::from_bytes(b"\xff"))).failed_in_one_line(2, "");
}

/// A bash that has read the script completes commands, options and the values it knows.
#[test]
fn bash_completes() {
    let folder = Folder::new();
    folder.write("script", said("completions bash", &[]));
    let rows = [
        ("wireline ge", "get"),
        ("wireline get --overw", "--overwrite"),
        ("wireline ftp mir", "mirror"),
        ("wireline ftp mirror --dry", "--dry-run"),
        ("wireline send --quit-after gre", "greeting"),
        ("wireline completions fi", "fish"),
    ];
    for (line, completed) in rows {
        let ask = "source ./script; COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); \
                   _wireline wireline \"${COMP_WORDS[-1]}\" \"${COMP_WORDS[-2]}\"; \
                   complete -p wireline >/dev/null && printf '%s\\n' \"${COMPREPLY[@]}\"";
        let mut bash = Command::new("bash");
        bash.env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder.path());
        let ran = run(bash.args(["--norc", "-c", ask, "bash", line]));
        assert_eq!(ran.done_in_silence().text().trim(), completed, "{line}");
    }
}

#[test]
fn every_shell_has_a_script() {
    for (shell, mark) in [
        ("bash", "complete -F _wireline"),
        ("zsh", "#compdef wireline"),
        ("fish", "complete -c wireline"),
        ("elvish", "edit:completion:arg-completer[wireline]"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = said("completions", &[shell]);
        assert!(script.contains(mark) && script.contains("fail-with-body"), "{shell}");
    }
}

/// A page a command, each with what `--help` has; groff, where it is, has nothing to say about them.
#[test]
fn pages_are_written() {
    let folder = Folder::new();
    folder.wireline(&["man", "new/man1"]).done_in_silence();
    for line in COMMANDS {
        let name = format!("new/man1/{}.1", format!("wireline {line}").trim().replace(' ', "-"));
        let page = String::from_utf8(folder.read(&name)).unwrap();
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES"] {
            assert!(page.contains(&format!("\n.SH {section}\n")), "{name}: {section}");
        }
        let help = said(line, &["--help"]);
        let options = help.lines().map(str::trim).filter(|line| line.starts_with('-'));
        for option in options.flat_map(str::split_whitespace).filter(|word| word.starts_with('-')) {
            let written = option.trim_end_matches(',').replace('-', "\\-");
            assert!(page.contains(&written), "{name}: {option}");
        }
        renders(&folder, &name);
    }
    assert_eq!(std::fs::read_dir(folder.at("new/man1")).unwrap().count(), COMMANDS.len());
    let own = said("man", &[]);
    assert_eq!(own.as_bytes(), folder.read("new/man1/wireline.1"));
    assert!(own.contains(".SH \"EXIT CODES\"") && own.contains("wireline\\-get(1)"), "{own}");
    folder.write("taken", "");
    folder.wireline(&["man", "taken"]).failed_in_one_line(7, "writing pages into taken: ");
}

fn renders(folder: &Folder, name: &str) {
    let mut groff = Command::new("groff");
    groff.args(["-man", "-Tutf8", "-ww", "-z", name]).current_dir(folder.path());
    match groff.output() {
        Ok(said) => assert_eq!(String::from_utf8_lossy(&said.stderr), "", "{name}"),
        Err(missing) => assert_eq!(missing.kind(), std::io::ErrorKind::NotFound),
    }
}

/// Whoever reads may leave.
#[test]
fn nobody_has_to_listen_to_the_end() {
    for words in ["completions zsh", "man", "get --help"] {
        let line = format!("{} {words} | true", env!("CARGO_BIN_EXE_wireline"));
        let ran = run(Command::new("bash").args(["-o", "pipefail", "-c", &line]));
        ran.done_in_silence();
    }
}

/// `wireline` alone shows what there is and is no success; `help` and `--version` are answers.
#[test]
fn the_first_words() {
    let alone = run(&mut wireline());
    assert_eq!((alone.code, alone.text().as_str()), (Some(2), ""));
    assert_eq!(alone.stderr, said("", &["-h"]));
    assert_eq!(said("help", &[]), said("", &["--help"]));
    assert_eq!(said("help get", &[]), said("get", &["--help"]));
    assert_eq!(said("--version", &[]), concat!("wireline ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!(said("-V", &[]), said("--version", &[]));
}
