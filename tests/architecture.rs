//! The picture in DESIGN.md, held against `cargo metadata`: who may use whom.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// For each crate of ours, the crates of ours that it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("wireline-wire", &[]),
    ("wireline-sasl", &[]),
    ("wireline-http", &["wireline-wire"]),
    ("wireline-smtp", &["wireline-wire", "wireline-sasl"]),
    ("wireline-pop3", &["wireline-wire", "wireline-sasl"]),
    ("wireline-ftp", &["wireline-wire"]),
    ("wireline-telnet", &["wireline-wire"]),
    ("wireline-store", &[]),
    ("wireline-transcript", &[]),
    ("wireline-servers", &["wireline-transcript"]),
    (
        "wireline",
        &[
            "wireline-wire",
            "wireline-sasl",
            "wireline-http",
            "wireline-smtp",
            "wireline-pop3",
            "wireline-ftp",
            "wireline-telnet",
            "wireline-store",
            "wireline-transcript",
            "wireline-servers",
        ],
    ),
];

/// For crates that are to stay small, the crates of others that they may use.
const GUESTS: &[(&str, &[&str])] = &[
    (
        "wireline-wire",
        &[
            "base64",
            "memchr",
            "percent-encoding",
            "rustix",
            "rustls",
            "rustls-native-certs",
            "rustls-pki-types",
            "webpki-roots",
            "zeroize",
        ],
    ),
    (
        "wireline-http",
        &[
            "base64",
            "brotli-decompressor",
            "flate2",
            "getrandom",
            "httpdate",
            "md-5",
            "nom",
            "percent-encoding",
            "ruzstd",
            "sha2",
            "url",
            "zeroize",
        ],
    ),
    ("wireline-sasl", &["base64", "hmac", "md-5", "ring", "stringprep", "zeroize"]),
    ("wireline-smtp", &["base64", "idna", "memchr", "nom", "zeroize"]),
    ("wireline-pop3", &["base64", "md-5", "nom", "zeroize"]),
    ("wireline-ftp", &["nom", "time", "zeroize"]),
    ("wireline-telnet", &["memchr", "regex-automata", "rustix"]),
    ("wireline-store", &["memchr", "ring", "rustix", "serde", "serde_json", "zeroize"]),
    ("wireline-transcript", &["rcgen", "regex-automata", "rustix", "rustls", "rustls-pki-types"]),
    (
        "wireline-servers",
        &[
            "base64",
            "flate2",
            "hmac",
            "md-5",
            "ring",
            "rustix",
            "rustls",
            "rustls-pki-types",
            "serde_json",
        ],
    ),
];

#[test]
fn arrows_point_as_drawn() {
    let packages = packages();
    let ours: BTreeSet<_> = packages.keys().cloned().collect();
    let drawn: BTreeSet<_> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(ours, drawn, "every crate is in the picture");
    for (name, allowed) in ARROWS {
        for used in packages[*name].iter().filter(|used| ours.contains(*used)) {
            assert!(allowed.contains(&used.as_str()), "{name} must not use {used}");
        }
    }
}

#[test]
fn guests_are_on_the_list() {
    let packages = packages();
    for (name, allowed) in GUESTS {
        for used in packages[*name].iter().filter(|used| !packages.contains_key(*used)) {
            assert!(allowed.contains(&used.as_str()), "{name} must not use {used}");
        }
    }
}

#[test]
fn there_is_one_binary() {
    let metadata = metadata();
    let targets = metadata["packages"].as_array().unwrap().iter().flat_map(|package| {
        package["targets"].as_array().unwrap().iter().map(|target| {
            (
                target["kind"][0].as_str().unwrap().to_owned(),
                target["name"].as_str().unwrap().to_owned(),
            )
        })
    });
    let binaries: Vec<_> =
        targets.filter(|(kind, _)| kind == "bin").map(|(_, name)| name).collect();
    assert_eq!(binaries, ["wireline"]);
}

/// Every crate of ours with what it uses outside its tests.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let used = package["dependencies"].as_array().unwrap().iter();
            let used = used.filter(|used| used["kind"].is_null());
            let used = used.map(|used| used["name"].as_str().unwrap().to_owned()).collect();
            (package["name"].as_str().unwrap().to_owned(), used)
        })
        .collect()
}

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let words = [
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
        "--manifest-path",
        manifest,
    ];
    let output = Command::new(cargo).args(words).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}
