//! `wireline ftp put FILE... URL`: files into a folder, or one to a name, over one session.
//! Must not hold: how one is stored (`transfer.rs`).

use super::Site;
use super::is_ftp;
use super::location::Location;
use super::pattern::Pattern;
use super::several::{self, Named, Tally};
use super::transfer::{Leaves, Upload, Way, is_folder, make_folders, store};
use super::tries::Tries;
use crate::args::PutFiles;
use crate::exit::{Exit, Failure};
use crate::plan;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use wireline_ftp::Pathname;

/// `wireline ftp put FILE... URL`
pub(crate) fn put(args: &PutFiles) -> Result<(), Failure> {
    let Some((url, words)) = args.words.split_last().filter(|(url, _)| is_ftp(url)) else {
        let failure = Failure::usage("the last word is no ftp:// or ftps:// URL");
        return Err(failure.hint("wireline ftp put FILE... ftp://host/folder/"));
    };
    let most = args.lasting.max_size.as_deref().map(|text| plan::bytes("--max-size", text));
    let most = most.transpose()?.unwrap_or(u64::MAX);
    let (site, named) = several::find(std::slice::from_ref(url), &args.reaching)?;
    let Some(target) = named.first() else { return Ok(()) };
    let mut files = Vec::new();
    for word in words {
        expand(Path::new(word), &mut files)?;
    }
    let tries = Tries::new(&site, args.lasting.retry);
    let mut putting = Putting { args, site: &site, target, tries, most };
    let put = putting.all(&files);
    putting.tries.quit();
    site.finish(put, "uploading to")
}

/// A name as it is; or, where nothing has it, the files that it names as a pattern, which the shell
/// has left alone.
fn expand(word: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let name = word.file_name().unwrap_or_default();
    let pattern = match fs::symlink_metadata(word) {
        Ok(_) => None,
        Err(_) => Pattern::in_name(name.as_bytes())?,
    };
    let Some(pattern) = pattern else {
        files.push(word.to_owned());
        return Ok(());
    };
    let failed = |error: io::Error| about(Failure::local(&error), word);
    let folder = word.parent().unwrap_or(Path::new(""));
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut found = Vec::new();
    for entry in fs::read_dir(here).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let path = folder.join(&name);
        if pattern.names(name.as_bytes()) && path.is_file() {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(about(Failure::new(Exit::Local, "there is no such file"), word));
    }
    found.sort();
    files.append(&mut found);
    Ok(())
}

struct Putting<'a> {
    args: &'a PutFiles,
    site: &'a Site,
    target: &'a Named,
    tries: Tries<'a>,
    most: u64,
}

impl Putting<'_> {
    fn all(&mut self, files: &[PathBuf]) -> Result<(), Failure> {
        let place = self.place(files.len())?;
        self.site.meter.begin();
        let sizes = files.iter().map(|path| fs::metadata(path).map(|about| about.len()).ok());
        self.site.meter.expect(0, sizes.sum());
        let mut tally = Tally::of(self.site, files.len());
        for (nth, path) in files.iter().enumerate() {
            self.site.meter.file(nth + 1, files.len());
            tally.count(self.one(path, &place));
        }
        tally.verdict("uploading")
    }

    /// What the URL is: several files need a folder.
    fn place(&mut self, files: usize) -> Result<Place, Failure> {
        let (location, makes) = (&self.target.location, self.args.uploading.create_dirs);
        self.tries.make(|session, _| {
            let is_folder = match &location.path {
                Some(path) if !location.is_folder => is_folder(session, path)?,
                _ => true,
            };
            let place = match is_folder || files > 1 && makes {
                true => Place::Folder(location.path.clone()),
                false => Place::File(self.target.path()?.clone()),
            };
            if let (Some(folder), true) = (place.folder(location), makes) {
                make_folders(session, &folder)?;
            }
            match (&place, files) {
                (Place::Folder(_), _) | (_, 1) => Ok(place),
                _ => {
                    let failure = Failure::new(Exit::Refused, "there is no such folder");
                    Err(failure.hint("--create-dirs makes it").into())
                }
            }
        })
    }

    fn one(&mut self, path: &Path, place: &Place) -> Result<(), Failure> {
        let name = path.file_name().unwrap_or_default();
        let (url, target) = match place {
            Place::File(target) => (self.target.url.clone(), Ok(target.clone())),
            Place::Folder(folder) => (self.inside(name), inside(folder.as_ref(), name)),
        };
        let stored = target.and_then(|target| self.store(path, &target));
        let stored = stored.map_err(|failure| about(failure, path));
        if self.args.reaching.shared.messages.json {
            self.site.tell(&url, stored.as_ref().map(|bytes| (*bytes, path)))?;
        }
        stored.map(drop)
    }

    /// The URL of a file in the folder.
    fn inside(&self, name: &OsStr) -> String {
        let mut url = self.target.url.clone();
        if !self.target.location.is_folder {
            url.push('/');
        }
        Named { url, location: self.target.location.clone() }.beside(name.as_bytes())
    }

    fn store(&mut self, path: &Path, target: &Pathname) -> Result<u64, Failure> {
        let (file, size) = open(path)?;
        if size.is_some_and(|size| size > self.most) {
            let failure = Failure::new(Exit::Broken, "the file is larger than --max-size allows");
            return Err(failure);
        }
        let way = if self.args.uploading.direct { Way::Direct } else { Way::Renamed };
        let transfer_type = self.target.location.transfer_type;
        let mut upload = Upload::new(&file, size.is_some(), target, way, self.site.output);
        self.tries.make(|session, left| {
            session.set_transfer_type(transfer_type);
            upload.leaves = if left > 0 { Leaves::ForAnotherTry } else { Leaves::Nothing };
            store(session, &mut upload)
        })
    }
}

/// Where the files go.
enum Place {
    /// Under their names; without one, where a login begins.
    Folder(Option<Pathname>),
    File(Pathname),
}

impl Place {
    fn folder(&self, location: &Location) -> Option<Pathname> {
        match self {
            Self::Folder(folder) => folder.clone(),
            Self::File(_) => location.folder(),
        }
    }
}

fn inside(folder: Option<&Pathname>, name: &OsStr) -> Result<Pathname, Failure> {
    let name = name.as_bytes();
    Ok(folder.map_or_else(|| Pathname::try_from(name), |folder| folder.join(name))?)
}

/// The file, and its size if it is a regular one.
fn open(path: &Path) -> Result<(File, Option<u64>), Failure> {
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (about, file) = opened.map_err(|error| Failure::local(&error))?;
    if about.is_dir() {
        let failure = Failure::new(Exit::Local, "it is a folder");
        return Err(failure.hint("wireline ftp mirror -R uploads folders"));
    }
    Ok((file, about.is_file().then_some(about.len())))
}

fn about(failure: Failure, path: &Path) -> Failure {
    failure.doing(format!("uploading {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shell_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.csv", ".c.csv", "d.txt", "[x].csv"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        fs::create_dir(folder.path().join("e.csv")).unwrap();
        let rows: [(&str, &[&str]); 4] = [
            ("*.csv", &["[x].csv", "a.csv", "b.csv"]),
            ("[x].csv", &["[x].csv"]),
            ("nosuch", &["nosuch"]),
            ("?.txt", &["d.txt"]),
        ];
        for (word, wanted) in rows {
            let mut files = Vec::new();
            expand(&folder.path().join(word), &mut files).unwrap();
            let wanted: Vec<_> = wanted.iter().map(|name| folder.path().join(name)).collect();
            assert_eq!(files, wanted, "{word}");
        }
        let none = expand(&folder.path().join("*.iso"), &mut Vec::new());
        assert_eq!(none.unwrap_err().exit.code(), 7);
    }
}
