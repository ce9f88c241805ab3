//! The examples run, each against its own fixture, as `cargo run --example NAME` does it.

use std::error::Error;

#[path = "../cli/examples/collect.rs"]
mod collect;
#[path = "../cli/examples/fetch.rs"]
#[expect(dead_code, reason = "its main reads the command line, which is the test's here")]
mod fetch;
#[path = "../cli/examples/fixture.rs"]
mod fixture;
#[path = "../cli/examples/login.rs"]
mod login;
#[path = "../cli/examples/mirror.rs"]
mod mirror;
#[path = "../cli/examples/send.rs"]
mod send;

type Example = fn() -> Result<(), Box<dyn Error>>;

const EXAMPLES: [(&str, Example); 6] = [
    ("collect", collect::main),
    ("fetch", fetch::offline),
    ("fixture", fixture::main),
    ("login", login::main),
    ("mirror", mirror::main),
    ("send", send::main),
];

/// Each runs and is short, and none is left out; cargo finds them in the folder by itself.
#[test]
fn each_runs() {
    for (name, main) in EXAMPLES {
        main().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap()).collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let names: Vec<_> = files.iter().map(|file| file.file_name().into_string().unwrap()).collect();
    assert_eq!(names, EXAMPLES.map(|(name, _)| format!("{name}.rs")));
    for file in files {
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(text.lines().count() < 40, "{file:?} is longer than a page");
    }
}
