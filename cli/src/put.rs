//! `wireline put FILE URL`: one file, or standard input, to a server of FTP or HTTP.
//! Must not hold: how it is sent (`ftp/transfer/upload.rs`).

use crate::args::{Fetch, Put};
use crate::content::{self, RESERVED, Typed, own_name, url_with_name};
use crate::exit::{Exit, Failure};
use crate::ftp::location::Location;
use crate::ftp::transfer::{
    Leaves, Trouble, Upload, Way, make_folders, parent, refuse_beyond, store,
};
use crate::ftp::tries::Tries;
use crate::ftp::{Site, is_ftp};
use crate::{get, plan};
use percent_encoding::percent_encode;
use serde_json::json;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use wireline_ftp::{Pathname, Session};
use wireline_http::Method;

/// `wireline put FILE URL`
pub(crate) fn run(args: &Put) -> Result<(), Failure> {
    if !is_ftp(&args.url) {
        return over_http(args);
    }
    refuse(args)?;
    let name = own_name(&args.file);
    let (site, location) = Site::find(&args.url, &args.securing, &args.moving, &args.shared)?;
    let shown = match (location.is_folder, name) {
        (true, Some(name)) => {
            let folder = site.shown().trim_end_matches('/');
            format!("{folder}/{}", percent_encode(name, RESERVED))
        }
        _ => site.shown().to_owned(),
    };
    let result = Source::open(args).and_then(|source| {
        let target = target(&location, name)?;
        upload(args, &site, &source, &target)
    });
    let result =
        result.map_err(|failure| site.masked(failure.doing(format!("uploading to {shown}"))));
    let told = tell(args, &site, &shown, &result);
    site.finish(result.and(told), "uploading to")
}

/// `PUT` (RFC 9110 section 9.3.4); the answer's body goes to standard output.
fn over_http(args: &Put) -> Result<(), Failure> {
    let unfit = [
        (args.append || args.continue_at.is_some(), "-a and -C are for FTP: HTTP puts files whole"),
        (
            args.uploading.direct || args.uploading.create_dirs,
            "--direct and --create-dirs are for FTP",
        ),
        (args.securing.tls || args.securing.no_tls, "--tls and --no-tls are for FTP: use https://"),
        (args.moving.active, "--active is for FTP"),
    ];
    if let Some((_, why)) = unfit.into_iter().find(|(typed, _)| *typed) {
        return Err(Failure::usage(why));
    }
    let name = own_name(&args.file);
    let url = match url_with_name(&args.url, name.unwrap_or_default()) {
        None => args.url.clone(),
        Some(_) if name.is_none() => return Err(nameless()),
        Some(url) => url,
    };
    let file = args.file.to_str().ok_or_else(|| Failure::usage("the file's name is not UTF-8"))?;
    let content = Some(content::upload(file)?);
    let typed = Typed { content, ..Typed::default() };
    let (header, proving, lasting) =
        (args.header.clone(), args.proving.clone(), args.lasting.clone());
    let fetch = Fetch { header, proving, lasting, ..Fetch::default() };
    get::run(&[url], &fetch, &args.shared, Method::try_from("PUT")?, typed)
}

fn nameless() -> Failure {
    Failure::usage("standard input has no name").hint("write one behind the / of the URL")
}

/// What does not go together.
fn refuse(args: &Put) -> Result<(), Failure> {
    let (is_pipe, continues) = (args.file == Path::new("-"), args.continue_at.is_some());
    let unfit = [
        (!args.header.is_empty(), "-H is for HTTP"),
        (args.proving.is_typed(), "--digest, --basic, --anyauth and --bearer are for HTTP"),
        (args.continue_at.iter().any(|at| at != "-"), "-C takes - here: the server knows how far"),
        (continues && is_pipe, "-C - needs a file: standard input cannot begin in the middle"),
        (continues && args.append, "-C and -a exclude each other"),
        (is_pipe && args.lasting.max_size.is_some(), "--max-size needs a file"),
    ];
    match unfit.into_iter().find(|(typed, _)| *typed) {
        Some((_, why)) => Err(Failure::usage(why)),
        None => Ok(()),
    }
}

/// Where it goes: behind a `/` under its own name.
fn target(location: &Location, name: Option<&[u8]>) -> Result<Pathname, Failure> {
    if !location.is_folder {
        let none = || Failure::usage("the URL names no file");
        return location.path.clone().ok_or_else(none);
    }
    let name = name.ok_or_else(nameless)?;
    Ok(match &location.path {
        Some(folder) => folder.join(name)?,
        None => Pathname::try_from(name)?,
    })
}

/// What is uploaded.
struct Source {
    file: File,
    /// Of a regular file.
    size: Option<u64>,
}

impl Source {
    fn open(args: &Put) -> Result<Self, Failure> {
        if args.file == Path::new("-") {
            let file = io::stdin().as_fd().try_clone_to_owned().map(File::from);
            let file = file.map_err(|error| Failure::local(&error).doing("reading standard input"));
            return Ok(Self { file: file?, size: None });
        }
        let doing = || format!("reading {}", args.file.display());
        let failed = |error| Failure::local(&error).doing(doing());
        let file = File::open(&args.file).map_err(failed)?;
        let known = file.metadata().map_err(failed)?;
        if known.is_dir() {
            let failure = Failure::new(Exit::Local, "it is a folder").doing(doing());
            return Err(failure.hint("wireline ftp mirror -R uploads folders"));
        }
        let size = known.is_file().then_some(known.len());
        match size.is_none() && args.continue_at.is_some() {
            true => Err(Failure::usage("-C - needs a regular file").doing(doing())),
            false => Ok(Self { file, size }),
        }
    }
}

fn upload(args: &Put, site: &Site, source: &Source, path: &Pathname) -> Result<u64, Failure> {
    let most = args.lasting.max_size.as_deref();
    let most = most.map(|text| plan::bytes("--max-size", text)).transpose()?;
    refuse_beyond(most.unwrap_or(u64::MAX), source.size)?;
    let way = match (args.append, args.uploading.direct) {
        (true, _) => Way::Appended,
        (_, true) => Way::Direct,
        _ => Way::Renamed,
    };
    let mut upload = Upload::new(&source.file, source.size.is_some(), path, way, site.output);
    upload.resumes = args.continue_at.is_some();
    let mut tries = Tries::new(site, args.lasting.retry);
    let stored = tries.make(|session, left| {
        if args.uploading.create_dirs {
            make_parent(session, path)?;
        }
        upload.leaves = match (args.continue_at.is_some(), left) {
            (true, _) => Leaves::ForLater,
            (false, 0) => Leaves::Nothing,
            _ => Leaves::ForAnotherTry,
        };
        site.meter.expect(0, source.size);
        store(session, &mut upload)
    });
    tries.quit();
    stored
}

fn make_parent(session: &mut Session, path: &Pathname) -> Result<(), Trouble> {
    match parent(path) {
        Some(folder) => Ok(make_folders(session, &folder)?),
        None => Ok(()),
    }
}

/// A line of JSON.
fn tell(
    args: &Put,
    site: &Site,
    shown: &str,
    result: &Result<u64, Failure>,
) -> Result<(), Failure> {
    if !args.shared.messages.json {
        return Ok(());
    }
    let line = json!({
        "url": shown,
        "bytes": result.as_ref().ok(),
        "remote": site.meter.remote().map(|remote| remote.to_string()),
        "tls": site.meter.tls_version(),
        "timings": site.meter.timings(),
        "error": result.as_ref().err().map(ToString::to_string),
    });
    site.output.line(&line.to_string()).map_err(|error| Failure::stdout(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let rows = [
            ("/a", Some("x"), Some("a")),
            ("/a/b", None, Some("a/b")),
            ("/in/", Some("x y"), Some("in/x y")),
            ("/", Some("x"), Some("x")),
            ("/%2F/", Some("x"), Some("/x")),
            ("/in/", None, None),
            ("", None, None),
        ];
        for (path, name, wanted) in rows {
            let location = Location::parse(path).unwrap();
            let found = target(&location, name.map(str::as_bytes)).ok();
            assert_eq!(found.map(|path| path.to_string()).as_deref(), wanted, "{path}");
        }
    }
}
