//! Fetching only what is new: conditional requests (RFC 9110 section 13), and what is remembered for
//! the next time. Must not hold: the answer's way to a file (`fetch.rs`).

use crate::args::Wanting;
use crate::exit::Failure;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wireline_store::{Options, Target};

/// The fields that make a request conditional.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    fields: Vec<(&'static str, String)>,
}

/// An ETag is shorter.
const ETAG_BYTES: u64 = 8 * 1024;

impl Conditions {
    pub(super) fn read(wanting: &Wanting) -> Result<Self, Failure> {
        let mut fields = Vec::new();
        if let Some(typed) = &wanting.time_cond {
            let (name, typed) = match typed.strip_prefix('-') {
                Some(typed) => ("If-Unmodified-Since", typed),
                None => ("If-Modified-Since", typed.as_str()),
            };
            fields.push((name, httpdate::fmt_http_date(time_of(typed)?)));
        }
        if let Some(path) = &wanting.etag_compare {
            fields.extend(read_etag(path)?.map(|etag| ("If-None-Match", etag)));
        }
        Ok(Self { fields })
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.fields.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// The time of a file, or a date: of HTTP, or RFC 3339 with the time of day or without.
fn time_of(typed: &str) -> Result<SystemTime, Failure> {
    if let Some(time) = modified(Path::new(typed)) {
        return Ok(time);
    }
    let day = |text: &str| OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339).ok();
    let stamp = OffsetDateTime::parse(typed, &Rfc3339).ok().or_else(|| day(typed));
    let stamp = stamp.map(SystemTime::from).or_else(|| httpdate::parse_http_date(typed).ok());
    stamp.ok_or_else(|| {
        let shown = wireline_wire::escape(typed.as_bytes());
        let failure = Failure::usage(format!("-z: \"{shown}\" is neither a file nor a date"));
        failure.hint("2024-01-31, 2024-01-31T12:00:00Z or Wed, 31 Jan 2024 12:00:00 GMT")
    })
}

/// When a file was changed last; `None` where there is none.
pub(super) fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|about| about.modified()).ok()
}

/// Nothing when there is no file yet.
#[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
fn read_etag(path: &Path) -> Result<Option<String>, Failure> {
    let failed = |error: &io::Error| {
        Failure::local(error).doing(format!("reading the ETag in {}", path.display()))
    };
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| failed(&error))?,
    };
    let mut text = String::new();
    file.take(ETAG_BYTES).read_to_string(&mut text).map_err(|error| failed(&error))?;
    let etag = text.trim();
    Ok((!etag.is_empty()).then(|| etag.to_owned()))
}

/// `--etag-save`: what the next run compares.
#[derive(Clone, Debug)]
pub(super) struct Saving(PathBuf);

impl Saving {
    pub(super) fn to(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The answer that bears it is stored whole.
    pub(super) fn save(&self, etag: &str) -> Result<(), Failure> {
        let options = Options { overwrite: true, ..Options::default() };
        let mut part = Target::file(&self.0, options)?.open()?;
        part.begin(0, None)?;
        let written = part.file().write_all(format!("{etag}\n").as_bytes());
        written.map_err(|error| Failure::local(&error).doing("writing the ETag"))?;
        part.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let seconds = |typed| {
            let time = time_of(typed).ok()?;
            Some(time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
        };
        let rows = [
            ("1970-01-02", Some(86_400)),
            ("1970-01-01T00:01:00Z", Some(60)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("Thu, 01 Jan 1970 00:00:07 GMT", Some(7)),
            ("yesterday", None),
            ("", None),
            ("/no/such/file", None),
        ];
        for (typed, wanted) in rows {
            assert_eq!(seconds(typed), wanted, "{typed}");
        }
    }
}
