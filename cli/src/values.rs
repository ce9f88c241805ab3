//! Values and secrets for transcripts, from options, a file and the environment.
//! Must not hold: what a transcript does with them.

use crate::args::Playing;
use crate::exit::Failure;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Names with their values; a later one wins.
pub(crate) type Pairs = Vec<(String, String)>;

/// `WIRELINE_VAR_name`, then `--vars FILE`, then `--set name=value`.
pub(crate) fn set(playing: &Playing) -> Result<Pairs, Failure> {
    let mut pairs = from_environment("WIRELINE_VAR_");
    for path in &playing.vars {
        pairs.extend(from_file(path)?);
    }
    for text in &playing.set {
        pairs.push(pair("--set", text)?);
    }
    Ok(pairs)
}

/// `WIRELINE_SECRET_name`, then `--secret name=value` or `--secret name=@FILE`.
pub(crate) fn secrets(playing: &Playing) -> Result<Pairs, Failure> {
    let mut pairs = from_environment("WIRELINE_SECRET_");
    for text in &playing.secret {
        let (name, value) = pair("--secret", text)?;
        let value = match value.strip_prefix('@') {
            Some(path) => read(Path::new(path))?.lines().next().unwrap_or_default().to_owned(),
            None => value,
        };
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn from_environment(prefix: &str) -> Pairs {
    let named = std::env::vars()
        .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), value)));
    named.collect()
}

/// `name=value` on each line; empty lines and those that begin with `#` are passed over.
fn from_file(path: &Path) -> Result<Pairs, Failure> {
    let text = read(path)?;
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| pair(&format!("{}:", path.display()), line)).collect()
}

/// A secret may be in it: what is wrong is said without the text.
fn pair(option: &str, text: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failure::usage(format!("{option} takes name=value"))),
    }
}

#[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
fn read(path: &Path) -> Result<String, Failure> {
    const VALUES_BYTES: u64 = 1 << 20;
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(VALUES_BYTES).read_to_string(&mut text));
    read.map_err(|error| Failure::local(&error).doing(format!("reading {}", path.display())))?;
    Ok(text)
}
