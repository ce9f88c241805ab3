//! What the tests of part files share.

use crate::scratch::Scratch;
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use wireline_store::{Description, Error, Options, Part, Target};

pub(crate) const REPLACE: Options = Options { overwrite: true, sync: false, create_dirs: false };
pub(crate) const KEEP: Options = Options { overwrite: false, sync: false, create_dirs: false };
pub(crate) const URL: &str = "http://x/";

pub(crate) fn version(validator: &str, length: u64) -> Option<Description> {
    Some(Description { url: URL.into(), validator: validator.into(), length: Some(length) })
}

pub(crate) fn open(path: &Path, options: Options) -> Result<Part, Error> {
    Target::file(path, options)?.open()
}

pub(crate) fn put(part: &Part, bytes: &[u8]) {
    part.file().write_all(bytes).unwrap();
}

/// A transfer of `x` that stopped in the middle.
pub(crate) fn stopped(scratch: &Scratch, bytes: &[u8], description: Option<Description>) {
    let mut part = open(&scratch.at("x"), REPLACE).unwrap();
    part.begin(0, description).unwrap();
    put(&part, bytes);
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// What tells whether a file was touched.
pub(crate) fn trace(path: &Path) -> (i64, i64, u64, u64) {
    let stat = fs::symlink_metadata(path).unwrap();
    (stat.mtime(), stat.mtime_nsec(), stat.size(), stat.ino())
}

#[cfg(not(target_vendor = "apple"))]
pub(crate) fn mkfifo(path: &Path) {
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, path, mode).unwrap();
}

#[cfg(target_vendor = "apple")]
pub(crate) fn mkfifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}
