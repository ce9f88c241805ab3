//! What is written is true: the files and commands of the pages of `docs` run, in their order; links
//! lead somewhere; the defaults in the crates' documentation are those of the code.

use crate::support::{Folder, run};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

/// The fenced blocks: what stands behind the fence, and the text.
fn blocks(page: &str) -> Vec<(&str, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|line| *line != "```");
            blocks.push((kind, text.flat_map(|line| [line, "\n"]).collect()));
        }
    }
    blocks
}

/// How many blocks of each kind a page has.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ran {
    transcripts: u32,
    scripts: u32,
    commands: u32,
    steps: u32,
    excerpts: u32,
}

fn run_page(page: &str) -> Ran {
    let folder = Folder::new();
    symlink(env!("CARGO_BIN_EXE_wireline"), folder.path().join("wireline")).unwrap();
    let mut ran = Ran::default();
    for (kind, text) in blocks(page) {
        match kind.split_once(' ').unwrap_or((kind, "")) {
            ("wire", name) => {
                folder.write(name, &text);
                folder.wireline(&["check", "-q", name]).done();
                folder.wireline(&["fmt", "--check", name]).done();
                ran.transcripts += 1;
            }
            ("sh", "") => {
                shell(&folder, &text);
                ran.commands += 1;
            }
            ("sh", name) => {
                folder.write(name, &text);
                let mode = std::fs::Permissions::from_mode(0o755);
                std::fs::set_permissions(folder.at(name), mode).unwrap();
                ran.scripts += 1;
            }
            ("yaml", "") => {
                for line in text.lines().filter_map(|line| line.trim().strip_prefix("run: ")) {
                    shell(&folder, line);
                    ran.steps += 1;
                }
            }
            ("rust", file) => {
                let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(file);
                let whole = std::fs::read_to_string(&file).unwrap();
                assert!(whole.contains(text.trim_start_matches("#[test]\n")), "not in {file:?}");
                ran.excerpts += 1;
            }
            _ => panic!("a block that nobody runs: {kind}"),
        }
    }
    ran
}

fn shell(folder: &Folder, text: &str) {
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let mut shell = std::process::Command::new("/bin/sh");
    shell.env_clear().env("PATH", &path).current_dir(folder.path());
    let ran = run(shell.args(["-eu", "-c", text]));
    assert_eq!(ran.code, Some(0), "{text}\n{ran:?}");
}

/// What a page points to beside it is there.
#[test]
fn links_lead_somewhere() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut links = 0;
    for page in [
        "README.md",
        "DESIGN.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/testing.md",
        "docs/transcripts.md",
    ] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        for (target, _) in targets.filter(|(target, _)| !target.starts_with("https://")) {
            let file = target.split_once('#').map_or(target, |(file, _)| file);
            let beside = root.join(page).with_file_name(file);
            assert!(beside.exists(), "{page} points to {target}");
            links += 1;
        }
    }
    assert!(links > 6);
}

#[test]
fn the_page_on_transcripts_runs() {
    let ran = run_page(include_str!("../docs/transcripts.md"));
    assert_eq!(ran, Ran { transcripts: 3, commands: 6, ..Ran::default() });
}

/// What it takes from an example is run by `examples.rs`.
#[test]
fn the_page_on_testing_runs() {
    let ran = run_page(include_str!("../docs/testing.md"));
    assert_eq!(ran, Ran { transcripts: 3, scripts: 2, commands: 7, steps: 3, excerpts: 1 });
}

/// The text of a crate's root, and of its limits the field and the default.
type Defaults = (&'static str, Vec<(&'static str, String)>);

fn defaults() -> [Defaults; 5] {
    [
        (include_str!("../protocols/wire/src/lib.rs"), wire()),
        (include_str!("../protocols/smtp/src/lib.rs"), smtp()),
        (include_str!("../protocols/pop3/src/lib.rs"), pop3()),
        (include_str!("../protocols/ftp/src/lib.rs"), ftp()),
        (include_str!("../protocols/telnet/src/lib.rs"), telnet()),
    ]
}

fn wire() -> Vec<(&'static str, String)> {
    let limits = wireline_wire::Limits::default();
    vec![
        ("resolve", seconds(limits.resolve)),
        ("connect_each", seconds(limits.connect_each)),
        ("connect_all", seconds(limits.connect_all)),
        ("addresses", count(limits.addresses)),
        ("tls", seconds(limits.tls)),
        ("proxy", seconds(limits.proxy)),
        ("idle", seconds(limits.idle)),
        ("line_bytes", bytes(limits.line_bytes)),
        ("reply_lines", count(limits.reply_lines)),
    ]
}

fn smtp() -> Vec<(&'static str, String)> {
    let limits = wireline_smtp::Limits::default();
    vec![
        ("final_reply", seconds(limits.final_reply)),
        ("challenges", count(limits.challenges)),
        ("batch_bytes", bytes(limits.batch_bytes)),
        ("chunk_bytes", bytes(limits.chunk_bytes)),
        ("chunks_ahead", count(limits.chunks_ahead)),
    ]
}

fn pop3() -> Vec<(&'static str, String)> {
    let limits = wireline_pop3::Limits::default();
    vec![
        ("capabilities", count(limits.capabilities)),
        ("messages", count(limits.messages)),
        ("unique_id_bytes", bytes(limits.unique_id_bytes)),
        ("unique_ids_bytes", bytes(limits.unique_ids_bytes)),
        ("challenges", count(limits.challenges)),
        ("window", count(limits.window)),
    ]
}

fn ftp() -> Vec<(&'static str, String)> {
    let limits = wireline_ftp::Limits::default();
    vec![
        ("final_reply", seconds(limits.final_reply)),
        ("aftermath", seconds(limits.aftermath)),
        ("keep_alive", seconds(limits.keep_alive)),
        ("preliminaries", count(limits.preliminaries)),
        ("status_lines", count(limits.status_lines)),
        ("listing_line_bytes", bytes(limits.listing_line_bytes)),
        ("listing_lines", count(limits.listing_lines.try_into().unwrap())),
    ]
}

fn telnet() -> Vec<(&'static str, String)> {
    let limits = wireline_telnet::Limits::default();
    vec![
        ("subnegotiation_bytes", bytes(limits.subnegotiation_bytes)),
        ("text_bytes", bytes(limits.text_bytes)),
        ("notices", count(limits.notices)),
    ]
}

#[test]
fn defaults_are_as_the_tables_say() {
    for (page, fields) in defaults() {
        for (field, default) in fields {
            let link = format!("[`Limits::{field}`]");
            let is_row = |line: &&str| line.starts_with("//! | ") && line.contains(&link);
            let row = page.lines().find(is_row).unwrap_or_else(|| panic!("no row of {link}"));
            let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric());
            let default = format!(" {default}");
            let mut found = row.match_indices(&default);
            assert!(found.any(|(at, it)| ends(row.split_at(at + it.len()).1)), "{default}: {row}");
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}

fn bytes(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

/// With a comma in front of every three digits.
fn count(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(|group| str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}
