//! Where bodies go: the options of output, checked before anything is sent.
//! Must not hold: how a body gets there (`job.rs`).

use crate::args::Fetch;
use crate::exit::Failure;
use crate::job::{Naming, Place, Start};
use crate::plan::Address;
use percent_encoding::percent_decode_str;
use std::path::{Path, PathBuf};
use wireline_store::{Options, Target, safe_name};
use wireline_wire::escape;

/// Where the body of this URL goes; `name` is that of the file, if the URL is to name it.
pub(super) fn place_of(
    fetch: &Fetch,
    nth: usize,
    name: impl FnOnce() -> Result<String, Failure>,
) -> Result<Place, Failure> {
    let options = options(fetch);
    let folder = folder(fetch);
    let target = match fetch.output.get(nth) {
        Some(path) if path == Path::new("-") => return Ok(Place::Stdout { binary: true }),
        Some(path) => Target::file(&folder.join(path), options)?,
        None if fetch.remote_header_name => {
            let (folder, fallback) = (folder.to_owned(), name()?);
            let keeps = fetch.no_clobber;
            return Ok(Place::Named(Naming { folder, fallback, options, keeps }));
        }
        None if names_by_url(fetch) => Target::named(folder, &name()?, options)?,
        None => return Ok(Place::Stdout { binary: false }),
    };
    Ok(Place::File(target.open()?))
}

/// The file that the body of this URL would replace, if that is known.
pub(super) fn path_of(fetch: &Fetch, nth: usize, name: impl FnOnce() -> String) -> Option<PathBuf> {
    match fetch.output.get(nth) {
        Some(path) if path == Path::new("-") => None,
        Some(path) => Some(folder(fetch).join(path)),
        None if names_by_url(fetch) && !fetch.remote_header_name => {
            Some(folder(fetch).join(name()))
        }
        None => None,
    }
}

fn options(fetch: &Fetch) -> Options {
    let replaces = fetch.overwrite || fetch.wanting.newer || !fetch.output.is_empty();
    Options {
        overwrite: replaces && !fetch.no_clobber,
        sync: fetch.sync,
        create_dirs: fetch.create_dirs,
    }
}

fn folder(fetch: &Fetch) -> &Path {
    fetch.output_dir.as_deref().unwrap_or(Path::new(""))
}

const fn names_by_url(fetch: &Fetch) -> bool {
    fetch.remote_name || fetch.remote_header_name || fetch.output_dir.is_some()
}

/// The last part of the path that the user typed, made safe; `index` when there is none.
pub(super) fn name_of(address: &Address) -> String {
    let last = address.url.path().rsplit('/').next().unwrap_or_default();
    let decoded: Vec<u8> = percent_decode_str(last).collect();
    safe_name(&decoded).unwrap_or_else(|| "index".into())
}

/// What does not go together.
pub(super) fn check(urls: usize, fetch: &Fetch, json: bool, is_http: bool) -> Result<(), Failure> {
    let files = fetch.output.len();
    let by_url = names_by_url(fetch);
    let to_file = files > 0 && !fetch.output.iter().any(|path| path == Path::new("-")) || by_url;
    let typed = |name: &str| {
        let is_it = |text: &String| {
            text.split(':').next().is_some_and(|typed| typed.eq_ignore_ascii_case(name))
        };
        fetch.header.iter().any(is_it)
    };
    let continues = fetch.continue_at.is_some();
    let ranged = fetch.wanting.range.is_some() || is_http && typed("Range");
    let unfit = [
        (fetch.remote_name && files > 0, "-o and -O exclude each other"),
        (fetch.remote_header_name && files > 0, "-o and -J exclude each other"),
        (
            json && !to_file && !fetch.head,
            "--json needs -o FILE, -O or -I: the body has standard output",
        ),
        (continues && ranged, "-C asks for a range of its own: leave out -r and -H Range"),
        (
            continues && fetch.wanting.compressed,
            "-C and --compressed exclude each other: what is compressed has no middle",
        ),
        (
            continues && fetch.remote_header_name,
            "-C and -J exclude each other: the name comes with the answer",
        ),
        (
            fetch.continue_at.as_deref() == Some("-") && !to_file,
            "-C - needs -o FILE or -O: only a file has a part to continue from",
        ),
        (
            fetch.wanting.newer && (!to_file || fetch.remote_header_name),
            "--newer needs -o FILE or -O: it compares with the file that is here",
        ),
        (
            fetch.no_clobber && !to_file,
            "--no-clobber needs -o FILE or -O: there is no file to keep",
        ),
        (
            fetch.jobs > 1 && !to_file && !fetch.head,
            "--jobs needs -o, -O or --output-dir: bodies on standard output follow one another",
        ),
    ];
    if let Some((_, why)) = unfit.into_iter().find(|(typed, _)| *typed) {
        return Err(Failure::usage(why));
    }
    if files > 0 && files != urls {
        return Err(Failure::usage(format!("{files} -o for {urls} URLs"))
            .hint("-O or --output-dir names them all"));
    }
    let twice = fetch.output.iter().enumerate().find(|(nth, path)| {
        let is_device = path.starts_with("/dev") || *path == Path::new("-");
        !is_device && fetch.output.iter().skip(nth + 1).any(|other| other == *path)
    });
    match twice {
        Some((_, path)) => Err(Failure::usage(format!("-o {} is given twice", path.display()))),
        None => Ok(()),
    }
}

pub(super) fn start(text: Option<&str>) -> Result<Start, Failure> {
    match text {
        None => Ok(Start::Afresh),
        Some("-") => Ok(Start::FromPart),
        Some("0") => Ok(Start::Afresh),
        Some(text) => match text.parse() {
            Ok(offset) => Ok(Start::At(offset)),
            Err(_) => {
                let text = escape(text.as_bytes());
                Err(Failure::usage(format!("-C takes - or a number of bytes, not \"{text}\"")))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hostile.md row 154: what `-O` makes of a URL.
    #[test]
    fn names() {
        let rows = [
            ("http://h/a/page.html", "page.html"),
            ("http://h/a/b%20c?q", "b c"),
            ("http://h/", "index"),
            ("http://h/a/", "index"),
            ("http://h/%2e%2e", "index"),
            ("http://h/%2e%2e%2fetc%2fpasswd", "passwd"),
            ("http://h/a%5cb", "b"),
            ("http://h/.bashrc", "_bashrc"),
        ];
        for (url, name) in rows {
            assert_eq!(name_of(&Address::parse(url).unwrap()), name, "{url}");
        }
    }
}
