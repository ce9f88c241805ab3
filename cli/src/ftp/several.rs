//! Several things on one server: the URLs that name them, and what became of each.
//! Must not hold: what is done with them.

use super::location::Location;
use super::{SCHEMES, Site};
use crate::args::Reaching;
use crate::exit::{Exit, Failure};
use crate::place::{self, Scheme};
use crate::plan::Address;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use serde_json::json;
use std::path::Path;
use wireline_ftp::Pathname;
use wireline_wire::Secret;

/// What one URL names.
#[derive(Debug)]
pub(crate) struct Named {
    /// Without a login.
    pub(crate) url: String,
    pub(crate) location: Location,
}

impl Named {
    /// The path; a URL without one names the server itself.
    pub(crate) fn path(&self) -> Result<&Pathname, Failure> {
        let doing = || format!("reading the URL {}", self.url);
        let none = || Failure::usage("it names no file or folder").doing(doing());
        self.location.path.as_ref().ok_or_else(none)
    }

    /// The path of a file.
    pub(crate) fn file(&self) -> Result<&Pathname, Failure> {
        match self.location.is_folder {
            true => Err(Failure::usage("it ends as a folder's name")
                .doing(format!("reading the URL {}", self.url))),
            false => self.path(),
        }
    }

    /// The URL of something beside it, or in it if it is a folder.
    pub(crate) fn beside(&self, name: &[u8]) -> String {
        /// What would end a path, or is no letter of a URL; and the sign that stands for such.
        const ODD: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'/');
        const SET: &AsciiSet = &ODD.add(b';').add(b'<').add(b'>').add(b'?').add(b'\\').add(b'`');
        let (path, _) = self.url.rsplit_once(";type=").unwrap_or((&self.url, ""));
        let folder = match (&self.location.path, path.rsplit_once('/')) {
            // Only `ftp` has a path in any case.
            (None, _) => path.trim_end_matches('/'),
            (_, slash) => slash.map_or(path, |(folder, _)| folder),
        };
        format!("{folder}/{}", percent_encode(name, SET))
    }
}

/// Makes sense of all the URLs; nobody is asked yet. They are of one server and one login: there is
/// one session for them.
pub(crate) fn find(urls: &[String], reaching: &Reaching) -> Result<(Site, Vec<Named>), Failure> {
    let Some((first, others)) = urls.split_first() else {
        return Err(Failure::usage("no URL"));
    };
    let home = Origin::of(first)?;
    let mut named = Vec::new();
    for url in others {
        let address = address(url)?;
        if Origin::new(&address) != home {
            let why = "it is of another server or login than the first";
            let failure = Failure::usage(why).doing(format!("reading the URL {}", address.shown()));
            return Err(failure.hint("one server at a time"));
        }
        named.push(other(&address)?);
    }
    let (site, location) = site(first, reaching)?;
    named.insert(0, Named { url: site.shown().to_owned(), location });
    Ok((site, named))
}

/// The site of one URL.
pub(crate) fn site(url: &str, reaching: &Reaching) -> Result<(Site, Location), Failure> {
    Site::find(url, &reaching.securing, &reaching.moving, &reaching.shared)
}

fn address(url: &str) -> Result<Address, Failure> {
    let assumed = SCHEMES.first().map_or("", |(name, _)| name);
    Address::parse_as(url, assumed)
}

fn other(address: &Address) -> Result<Named, Failure> {
    let url = address.shown().to_owned();
    let location = Location::parse(&place::path(address, Scheme::Ftp));
    match location {
        Ok(location) => Ok(Named { url, location }),
        Err(failure) => Err(failure.doing(format!("reading the URL {url}"))),
    }
}

/// What URLs of one session have in common.
#[derive(PartialEq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
    login: Option<(String, Option<Secret>)>,
}

impl Origin {
    fn of(url: &str) -> Result<Self, Failure> {
        Ok(Self::new(&address(url)?))
    }

    fn new(Address { url, login, .. }: &Address) -> Self {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        Self { scheme: url.scheme().to_owned(), host, port: url.port(), login: login.clone() }
    }
}

impl Site {
    /// What became of one file, as a line of JSON.
    pub(crate) fn tell(
        &self,
        url: &str,
        done: Result<(u64, &Path), &Failure>,
    ) -> Result<(), Failure> {
        let (bytes, path) = done.map_or((None, None), |(bytes, path)| (Some(bytes), Some(path)));
        let line = json!({
            "url": url,
            "bytes": bytes,
            "file": path.map(Path::to_string_lossy),
            "remote": self.meter.remote().map(|remote| remote.to_string()),
            "tls": self.meter.tls_version(),
            "error": done.err().map(|failure| self.mask.text(&failure.to_string())),
        });
        self.output.line(&line.to_string()).map_err(|error| Failure::stdout(&error))
    }
}

/// What became of several things. Each that failed is named when it does.
pub(crate) struct Tally<'a> {
    site: &'a Site,
    all: usize,
    done: usize,
    failed: Vec<Failure>,
}

impl<'a> Tally<'a> {
    /// Nothing is done yet.
    pub(crate) const fn of(site: &'a Site, all: usize) -> Self {
        Self { site, all, done: 0, failed: Vec::new() }
    }

    /// One more.
    pub(crate) fn count(&mut self, result: Result<(), Failure>) {
        let Err(failure) = result else {
            self.done += 1;
            return;
        };
        let failure = failure.masked(&self.site.mask);
        if self.all > 1 {
            self.site.meter.end();
            self.site.output.fail(&failure);
        }
        self.failed.push(failure);
    }

    /// The only one's failure, or what they all come to.
    pub(crate) fn verdict(mut self, doing: &str) -> Result<(), Failure> {
        let count = self.failed.len();
        let exits = self.failed.iter().map(|failure| failure.exit);
        let exit = common(exits, self.done);
        match (exit, self.failed.pop()) {
            (_, Some(only)) if self.all == 1 => Err(only),
            (Some(exit), _) => {
                let why = format!("{count} of {} failed", self.all);
                Err(Failure::new(exit, why).doing(doing))
            }
            (None, _) => Ok(()),
        }
    }
}

/// All failed alike: their common code. Some failed, or differently: partly done.
fn common(mut exits: impl Iterator<Item = Exit>, done: usize) -> Option<Exit> {
    let first = exits.next()?;
    let alike = done == 0 && exits.all(|exit| exit == first);
    Some(if alike { first } else { Exit::Partly })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beside_others() {
        let rows: &[(&str, &[u8], &str)] = &[
            ("ftp://h/pub/*.txt", b"a b.txt", "ftp://h/pub/a%20b.txt"),
            ("ftp://h/pub/", b"a", "ftp://h/pub/a"),
            ("ftp://h", b"a", "ftp://h/a"),
            ("ftps://h", b"a", "ftps://h/a"),
            ("ftp://h/*;type=a", b"a;b", "ftp://h/a%3Bb"),
            ("ftp://h/%2Fetc/*", b"\xff%?#", "ftp://h/%2Fetc/%FF%25%3F%23"),
        ];
        for (url, name, wanted) in rows {
            let named = other(&address(url).unwrap()).unwrap();
            let beside = named.beside(name);
            assert_eq!(beside, *wanted);
            let again = other(&address(&beside).unwrap()).unwrap();
            assert_eq!(again.location.name(), *name, "{beside}");
        }
    }

    #[test]
    fn one_server() {
        let rows = [
            ("ftp://h/a", "ftp://H:21/b", true),
            ("ftp://h/a", "h/b", true),
            ("ftp://u:p@h/a", "ftp://u:p@h/b", true),
            ("ftp://u@h/a", "ftp://h/b", false),
            ("ftp://h/a", "ftps://h/b", false),
            ("ftp://h/a", "ftp://h:2121/b", false),
            ("ftp://h/a", "ftp://i/b", false),
        ];
        for (one, two, wanted) in rows {
            assert_eq!(Origin::of(one).unwrap() == Origin::of(two).unwrap(), wanted, "{one} {two}");
        }
    }

    #[test]
    fn codes() {
        let rows: [(&[Exit], usize, Option<Exit>); 4] = [
            (&[], 2, None),
            (&[Exit::Refused, Exit::Refused], 0, Some(Exit::Refused)),
            (&[Exit::Refused], 1, Some(Exit::Partly)),
            (&[Exit::Refused, Exit::Broken], 0, Some(Exit::Partly)),
        ];
        for (exits, done, wanted) in rows {
            assert_eq!(common(exits.iter().copied(), done), wanted, "{exits:?} {done}");
        }
    }

    #[test]
    fn files_and_folders() {
        let rows =
            [("ftp://h/", false, false), ("ftp://h/a/", true, false), ("ftp://h/a", true, true)];
        for (url, has_path, is_file) in rows {
            let named = other(&address(url).unwrap()).unwrap();
            assert_eq!((named.path().is_ok(), named.file().is_ok()), (has_path, is_file), "{url}");
        }
    }
}
