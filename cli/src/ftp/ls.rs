//! `wireline ftp ls URL`.
//! Must not hold: what a line looks like (`list/`).

use super::list::{self, Allowance, Form, Sheet, line};
use super::location::Location;
use super::pattern::Pattern;
use super::several;
use super::transfer::is_folder;
use super::tries::Tries;
use crate::args::List;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use std::io::{self, BufWriter, IsTerminal, Write};
use wireline_ftp::{Entry, Error, Kind, Pathname, Session};

/// Folders in folders. A server may show the same one again in each.
const DEPTH: usize = 64;

/// `wireline ftp ls URL`
pub(crate) fn run(args: &List) -> Result<(), Failure> {
    let (site, location) = several::site(&args.url, &args.reaching)?;
    let pattern = match location.is_folder {
        true => None,
        false => Pattern::in_name(location.name())?,
    };
    let form = Form::of(args.reaching.shared.messages.json);
    let asked = Asked { location: &location, pattern, form, output: site.output };
    let mut tries = Tries::new(&site, 0);
    let listed = tries.session().map_err(|trouble| trouble.failure).and_then(|session| {
        let out = BufWriter::new(io::stdout().lock());
        match () {
            () if args.raw => raw(session, location.path.as_ref(), out),
            () if args.recursive => asked.tree(session, out),
            () => asked.folder(session, out),
        }
    });
    tries.quit();
    site.finish(listed, "listing")
}

/// The server's own lines. A terminal is not to obey them.
fn raw(session: &mut Session, path: Option<&Pathname>, mut out: impl Write) -> Result<(), Failure> {
    let is_terminal = io::stdout().is_terminal();
    for line in session.list_lines(path).map_err(failure)? {
        let line = line.map_err(failure)?;
        let written = match is_terminal {
            true => out.write_all(line::shown(&line).as_bytes()),
            false => out.write_all(&line),
        };
        written.and_then(|()| out.write_all(b"\n")).map_err(|error| Failure::stdout(&error))?;
    }
    out.flush().map_err(|error| Failure::stdout(&error))
}

/// What is listed, and how.
struct Asked<'a> {
    location: &'a Location,
    pattern: Option<Pattern>,
    form: Form,
    output: Output,
}

impl Asked<'_> {
    /// The folder that a pattern's names are in, or the one that was named.
    fn base(&self) -> Option<Pathname> {
        match self.pattern {
            Some(_) => self.location.folder(),
            None => self.location.path.clone(),
        }
    }

    /// One folder, or one file.
    fn folder(&self, session: &mut Session, out: impl Write) -> Result<(), Failure> {
        let base = self.base();
        let mut sheet = Sheet::new(out, self.form);
        let shown = list::show(session, base.as_ref(), self.pattern.as_ref(), &mut sheet);
        let unknown = match (shown, &self.location.path) {
            (Err(refusal), Some(path)) if is_permanent(&refusal) && !session.is_over() => {
                let entry = self.file(session, path)?.ok_or(refusal).map_err(failure)?;
                let line = self.form.line(&entry);
                sheet.line(&line).map(|()| 0).map_err(|error| Failure::stdout(&error))?
            }
            (shown, _) => shown.map_err(failure)?,
        };
        self.doubt(unknown);
        match sheet.taken {
            0 if unknown == 0 => self.nothing(session),
            _ => Ok(()),
        }
    }

    /// What is known of the file that this may be.
    fn file(&self, session: &mut Session, path: &Pathname) -> Result<Option<Entry>, Failure> {
        if self.location.is_folder || self.pattern.is_some() {
            return Ok(None);
        }
        let entry = match session.examine(path) {
            Err(error) if is_permanent(&error) => return Ok(None),
            examined => examined.map_err(failure)?,
        };
        let is_known = entry.size.is_some() || entry.modified.is_some();
        let is_file = is_known && entry.kind != Kind::Folder;
        let kind = if entry.kind == Kind::Unknown { Kind::File } else { entry.kind };
        Ok(is_file.then(|| Entry { name: self.location.name().to_vec(), kind, ..entry }))
    }

    /// Nothing was listed. Servers without MLSD may say as much of a folder that is not there.
    fn nothing(&self, session: &mut Session) -> Result<(), Failure> {
        if self.pattern.is_some() {
            return Err(Failure::new(Exit::Refused, "there is no such name"));
        }
        let Some(path) = &self.location.path else { return Ok(()) };
        let told = session.feat().map_err(failure)?.lists_facts();
        match told || is_folder(session, path).map_err(failure)? {
            true => Ok(()),
            false => Err(Failure::new(Exit::Refused, "there is no such folder")),
        }
    }

    fn doubt(&self, unknown: u64) {
        if let Some(doubt) = list::doubt(unknown) {
            self.output.warn(&doubt);
        }
    }

    /// A folder and all below.
    fn tree(&self, session: &mut Session, out: impl Write) -> Result<(), Failure> {
        let allowance = Allowance::default();
        let above = Vec::new();
        let mut tree = Tree { asked: self, session, out, allowance, above, unknown: 0, refused: 0 };
        let walked = tree.walk(self.base().as_ref(), b"", 0);
        let flushed = tree.out.flush().map_err(|error| Failure::stdout(&error));
        let (unknown, refused) = (tree.unknown, tree.refused);
        self.doubt(unknown);
        walked.and(flushed)?;
        let why = match refused {
            0 => return Ok(()),
            1 => "a folder was not listed".to_owned(),
            _ => format!("{refused} folders were not listed"),
        };
        Err(Failure::new(Exit::Partly, why))
    }
}

/// A walk through folders.
struct Tree<'a, W> {
    asked: &'a Asked<'a>,
    session: &'a mut Session,
    out: W,
    allowance: Allowance,
    /// What the server tells the folders by that we are in; none where it does not.
    above: Vec<Option<Vec<u8>>>,
    unknown: u64,
    /// Folders that were not listed; each was named.
    refused: u64,
}

impl<W: Write> Tree<'_, W> {
    /// Prints a folder's entries, each folder with its own behind it.
    fn walk(
        &mut self,
        folder: Option<&Pathname>,
        prefix: &[u8],
        depth: usize,
    ) -> Result<(), Failure> {
        if depth > DEPTH {
            let why = format!("the folders are more than {DEPTH} deep");
            return Err(Failure::new(Exit::Broken, why));
        }
        let read = list::entries_within(self.session, folder, &mut self.allowance);
        let read = match read {
            Err(error) if depth > 0 && is_permanent(&error) && !self.session.is_over() => {
                self.refuse(prefix, &Failure::from(error));
                return Ok(());
            }
            read => read.map_err(failure)?,
        };
        self.unknown += read.unknown;
        self.above.push(read.unique);
        for entry in read.entries {
            let is_folder = entry.kind == Kind::Folder && !self.is_above(&entry, prefix);
            let component = entry.safe_component().map(<[u8]>::to_vec);
            let path = [prefix, &entry.name].concat();
            self.print(Entry { name: path.clone(), ..entry })?;
            match component {
                Some(name) if is_folder => {
                    let child = child(folder, &name)?;
                    self.walk(Some(&child), &[&path, &b"/"[..]].concat(), depth + 1)?;
                }
                None if is_folder => {
                    self.refuse(&path, &Failure::new(Exit::Broken, "no name for a folder"));
                }
                _ => {}
            }
        }
        self.above.pop();
        Ok(())
    }

    /// Whether this is one of the folders that it is in: by a link, mostly.
    fn is_above(&self, entry: &Entry, prefix: &[u8]) -> bool {
        let is_above = entry.unique.is_some() && self.above.contains(&entry.unique);
        if is_above {
            let path = line::shown(&[prefix, &entry.name].concat());
            self.asked.output.note(&format!("{path} is a folder that it is in, and skipped"));
        }
        is_above
    }

    fn print(&mut self, entry: Entry) -> Result<(), Failure> {
        let name = entry.name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        if self.asked.pattern.as_ref().is_some_and(|pattern| !pattern.names(name)) {
            return Ok(());
        }
        let written = self.out.write_all(self.asked.form.line(&entry).as_bytes());
        written.map_err(|error| Failure::stdout(&error))
    }

    fn refuse(&mut self, path: &[u8], failure: &Failure) {
        self.refused += 1;
        let doing = format!("listing {}", line::shown(path));
        self.asked.output.fail(&failure.again().doing(doing));
    }
}

/// That it is too long is the server's doing: it chose the names.
fn child(folder: Option<&Pathname>, name: &[u8]) -> Result<Pathname, Failure> {
    let child = folder.map_or_else(|| Pathname::try_from(name), |folder| folder.join(name));
    child.map_err(|error| Failure::new(Exit::Broken, error.to_string()))
}

fn is_permanent(error: &Error) -> bool {
    matches!(error, Error::Refused { reply, .. } if reply.is_permanent())
}

/// What failed on our side is the printing.
fn failure(error: Error) -> Failure {
    match error {
        Error::Local(error) => Failure::stdout(&error),
        error => Failure::from(error).in_session(),
    }
}
