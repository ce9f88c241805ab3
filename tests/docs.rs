//! The page that teaches transcripts is true: its files and commands run, in their order.

use crate::support::{Folder, run};
use std::os::unix::fs::symlink;

const PAGE: &str = include_str!("../docs/transcripts.md");

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

#[test]
fn the_page_on_transcripts_runs() {
    let folder = Folder::new();
    symlink(env!("CARGO_BIN_EXE_wireline"), folder.path().join("wireline")).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let (mut files, mut commands) = (0, 0);
    for (kind, text) in blocks(PAGE) {
        match kind.split_once(' ') {
            Some(("wire", name)) => {
                folder.write(name, &text);
                folder.wireline(&["check", "-q", name]).done();
                folder.wireline(&["fmt", "--check", name]).done();
                files += 1;
            }
            None if kind == "sh" => {
                let mut shell = std::process::Command::new("/bin/sh");
                shell.env_clear().env("PATH", &path).current_dir(folder.path());
                let ran = run(shell.args(["-eu", "-c", &text]));
                assert_eq!(ran.code, Some(0), "{text}\n{ran:?}");
                commands += 1;
            }
            _ => panic!("a block that nobody runs: {kind}"),
        }
    }
    assert_eq!((files, commands), (3, 6));
}
