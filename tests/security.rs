//! SECURITY.md, held against the tree: every promise names tests that exist, and what the sources
//! themselves can show is looked for in them.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The rows of its tables: a promise, and the tests that show it.
fn promises(page: &str) -> Vec<(&str, Vec<&str>)> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.rsplit_once(" | ").expect("two columns"));
    let is_promise = |row: &(&str, &str)| row.1 != "shown by";
    rows.filter(is_promise)
        .map(|(promise, tests)| (promise, tests.split('`').skip(1).step_by(2).collect()))
        .collect()
}

#[test]
fn promises_name_tests_that_exist() {
    let page = include_str!("../SECURITY.md");
    let promises = promises(page);
    assert!(!promises.is_empty());
    for (promise, tests) in promises {
        assert!(!tests.is_empty(), "nothing shows: {promise}");
        for test in tests {
            let (file, name) = test.split_once("::").expect("FILE::NAME");
            let text = fs::read_to_string(root().join(file));
            let text = text.unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(has_test(&text, name), "{file} has no test {name}");
        }
    }
}

/// Whether a function of this name is marked as a test.
fn has_test(text: &str, name: &str) -> bool {
    let mut heads = text.split("#[test]\n").skip(1).map(str::trim_start);
    heads.any(|head| head.starts_with(&format!("fn {name}(")))
}

#[test]
fn only_serve_starts_a_program() {
    let mut starters = Vec::new();
    for folder in ["cli/src", "cli/store/src", "protocols", "fixtures"] {
        for file in sources(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            let names_one = |line: &str| line.contains("process::") && line.contains("Command");
            if text.lines().any(names_one) {
                starters.push(file.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    assert_eq!(starters, [Path::new("cli/src/client.rs")]);
}

/// Every crate of the workspace takes the workspace's lints, and those forbid it.
#[test]
fn no_crate_has_unsafe_code() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("\nunsafe_code = \"forbid\"\n"));
    let members = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']'));
    let members: Vec<_> = members.unwrap().0.split('"').skip(1).step_by(2).collect();
    assert!(members.contains(&"protocols/wire"));
    for member in members {
        let text = fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
        assert!(text.contains("\n[lints]\nworkspace = true\n"), "{member}");
    }
}

/// The Rust files below a folder, but those of tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
