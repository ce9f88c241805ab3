//! One URL of an FTP server: what is known of it, its bytes or its listing, and what is told of them.
//! Must not hold: other URLs, sessions, pauses between tries.

use super::Asked;
use crate::args::Get;
use crate::exit::{Exit, Failure};
use crate::fetch::with_part_hint;
use crate::ftp::Site;
use crate::ftp::list::line::rfc3339;
use crate::ftp::list::{self, Form, Sheet};
use crate::ftp::transfer::{Source, Trouble, fetch, fetch_behind, is_folder, refuse_beyond};
use crate::ftp::tries::Tries;
use crate::get::places::place_of;
use crate::job::{Place, Start};
use crate::output::{TerminalGuard, stdout_failure, stdout_file};
use serde_json::json;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use wireline_ftp::{Accuracy, Entry, Error, Kind, Modified, Pathname, Retrieval, Session, Type};
use wireline_store::{Part, safe_name};
use wireline_wire::Sink;

/// One look at what a URL names.
pub(super) struct Visit<'a> {
    pub(super) args: &'a Get,
    pub(super) site: &'a Site,
    pub(super) asked: &'a Asked<'a>,
    /// Among the URLs: whose `-o` it is.
    pub(super) nth: usize,
    pub(super) start: Start,
    /// Bytes that a file may have.
    pub(super) most: u64,
}

/// What is known of it.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// None when the server refuses to say.
    kind: Option<Kind>,
    size: Option<u64>,
    modified: Option<Modified>,
    /// Bytes of the file, once they are here.
    bytes: u64,
}

impl Visit<'_> {
    pub(super) fn make(&self, tries: &mut Tries<'_>) -> Result<(), Failure> {
        self.site.meter.begin();
        let (mut found, mut path) = (Found::default(), None);
        let result = self.place().and_then(|mut place| {
            let mut is_first = true;
            let done = tries.make(|session, _| {
                session.set_transfer_type(self.asked.location.transfer_type);
                let is_first = std::mem::replace(&mut is_first, false);
                self.attempt(session, &mut place, is_first, &mut found)
            });
            path = self.settle(place, done, found)?;
            Ok(())
        });
        self.site.meter.end();
        let result = result.map_err(|failure| {
            self.site.masked(failure.doing(format!("fetching {}", self.asked.shown)))
        });
        self.report(&found, path.as_deref(), result.as_ref().err())?;
        result
    }

    /// Where it goes.
    fn place(&self) -> Result<Place, Failure> {
        let fetch = &self.args.fetch;
        if fetch.head {
            return Ok(Place::Nowhere);
        }
        let name = || {
            let none = || Failure::usage("the URL has no last part to name a file after");
            safe_name(self.asked.location.name()).ok_or_else(|| none().hint("-o FILE names it"))
        };
        let place = place_of(fetch, self.nth, name)?;
        if let (Place::File(part), Start::At(offset)) = (&place, self.start) {
            part.continuable(offset)?;
        }
        Ok(place)
    }

    fn attempt(
        &self,
        session: &mut Session,
        place: &mut Place,
        is_first: bool,
        found: &mut Found,
    ) -> Result<(), Trouble> {
        let location = &self.asked.location;
        if matches!(place, Place::Nowhere) {
            *found = examined(session, location.path.as_ref())?;
            return Ok(());
        }
        let Some(path) = location.path.as_ref().filter(|_| !location.is_folder) else {
            return self.list(session, place);
        };
        *found = known(session, path)?;
        if found.kind == Some(Kind::Folder) {
            return self.list(session, place);
        }
        match self.fetch(session, path, place, is_first, found) {
            Err(trouble)
                if trouble.failure.exit == Exit::Refused
                    && !trouble.again
                    && found.kind == Some(Kind::Unknown)
                    && is_folder(session, path)? =>
            {
                self.list(session, place)
            }
            fetched => fetched,
        }
    }

    fn fetch(
        &self,
        session: &mut Session,
        path: &Pathname,
        place: &mut Place,
        is_first: bool,
        found: &mut Found,
    ) -> Result<(), Trouble> {
        let Found { size, modified, .. } = *found;
        let source = Source { path, url: &self.asked.shown, size, modified };
        let meter = &self.site.meter;
        let fetched = match (place, self.start) {
            (Place::File(part), Start::At(offset)) if is_first => {
                meter.expect(offset, size.map(|size| size.saturating_sub(offset)));
                fetch_behind(session, &source, part, offset, self.most)
            }
            (Place::File(part), start) => {
                let resumes = start == Start::FromPart || !is_first;
                let held = if resumes { source.held_by(part) } else { 0 };
                meter.expect(held, size.map(|size| size - held));
                let fetched = fetch(session, &source, part, resumes, self.most);
                fetched.map_err(|trouble| self.unless_spent(trouble, part.is_written_through()))
            }
            (Place::Stdout { binary }, start) => {
                let offset = if let Start::At(offset) = start { offset } else { 0 };
                meter.expect(0, size.map(|size| size.saturating_sub(offset)));
                self.print(session, &source, offset, *binary)
                    .map_err(|trouble| self.unless_spent(trouble, true))
            }
            (Place::Nowhere | Place::Named(_), _) => Ok(0),
        };
        found.bytes = fetched?;
        Ok(())
    }

    /// Bytes that are out cannot be taken back.
    fn unless_spent(&self, trouble: Trouble, is_for_good: bool) -> Trouble {
        let again = trouble.again && !(is_for_good && self.site.meter.bytes() > 0);
        Trouble { again, ..trouble }
    }

    /// Onto standard output, where a terminal obeys nobody.
    fn print(
        &self,
        session: &mut Session,
        source: &Source<'_>,
        offset: u64,
        binary: bool,
    ) -> Result<u64, Trouble> {
        refuse_beyond(self.most, source.size)?;
        let mut out = stdout_file().map_err(|error| Failure::stdout(&error))?;
        let retrieval = Retrieval { offset, size: source.size };
        let mut download = session.retr(source.path, retrieval)?;
        let most = self.most.saturating_sub(offset);
        let copied = match !binary && io::stdout().is_terminal() {
            true => download.copy_to(&mut Sink::writer(&mut TerminalGuard(&mut out)), most),
            false => download.copy_to(&mut Sink::file(&out), most),
        };
        let bytes = match copied {
            Err(Error::Local(error)) => return Err(stdout_failure(&error).into()),
            copied => copied?,
        };
        download.finish()?;
        let is_text = self.asked.location.transfer_type == Type::Ascii;
        if !is_text {
            source.refuse_more(offset + bytes)?;
        }
        Ok(bytes)
    }

    /// The entries of a folder, a line each.
    fn list(&self, session: &mut Session, place: &mut Place) -> Result<(), Trouble> {
        // LIST takes a file as well, and lists it.
        if let Some(path) = &self.asked.location.path
            && !session.feat()?.lists_facts()
            && !is_folder(session, path)?
        {
            return Err(Failure::new(Exit::Refused, "the server has no such folder").into());
        }
        let unknown = match place {
            Place::File(part) => {
                part.begin(0, None)?;
                self.list_to(session, part.file(), Failure::local)
            }
            _ => self.list_to(session, io::stdout().lock(), Failure::stdout),
        };
        if let Some(doubt) = list::doubt(unknown?) {
            self.site.output.warn(&doubt);
        }
        Ok(())
    }

    /// What was printed is not printed again.
    fn list_to(
        &self,
        session: &mut Session,
        out: impl Write,
        failed: impl Fn(&io::Error) -> Failure,
    ) -> Result<u64, Trouble> {
        let form = Form::of(self.args.shared.messages.json);
        let mut sheet = Sheet::new(BufWriter::new(out), form);
        let shown = list::show(session, self.asked.location.path.as_ref(), None, &mut sheet);
        shown.map_err(|error| match error {
            Error::Local(error) => failed(&error).into(),
            error => {
                let trouble = Trouble::from(error);
                Trouble { again: trouble.again && sheet.taken == 0, ..trouble }
            }
        })
    }

    /// What is whole gets its name; what is not may be continued later.
    fn settle(
        &self,
        place: Place,
        done: Result<(), Failure>,
        found: Found,
    ) -> Result<Option<PathBuf>, Failure> {
        match (place, done) {
            (Place::File(part), Ok(())) => {
                if self.args.fetch.remote_time && !part.is_written_through() {
                    self.set_time(&part, found)?;
                }
                Ok(Some(part.commit()?))
            }
            (Place::File(part), Err(failure)) => Err(with_part_hint(failure, part)),
            (_, done) => done.map(|()| None),
        }
    }

    /// The time that the server told; a listing for people is in a zone that nobody knows.
    fn set_time(&self, part: &Part, found: Found) -> Result<(), Failure> {
        match found.modified {
            Some(Modified { at, accuracy: Accuracy::Exact }) => {
                let set = part.file().set_modified(at.into());
                set.map_err(|error| Failure::local(&error).doing("setting the file's time"))
            }
            _ => {
                self.site.output.note("the server does not tell the file's time");
                Ok(())
            }
        }
    }

    /// What `-I` shows, or a line of JSON.
    fn report(
        &self,
        found: &Found,
        path: Option<&Path>,
        failure: Option<&Failure>,
    ) -> Result<(), Failure> {
        let messages = &self.args.shared.messages;
        let lists = self.asked.location.is_folder && path.is_none();
        let written = match (messages.json, self.args.fetch.head) {
            (true, head) if head || !lists => {
                self.site.output.line(&self.json_line(found, path, failure))
            }
            (false, true) if failure.is_none() => self.site.output.head(head_of(found).as_bytes()),
            _ => Ok(()),
        };
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::stdout(&error)),
            _ => Ok(()),
        }
    }

    fn json_line(&self, found: &Found, path: Option<&Path>, failure: Option<&Failure>) -> String {
        let meter = &self.site.meter;
        json!({
            "url": self.asked.shown,
            "type": found.kind.and_then(word),
            "size": found.size,
            "modified": found.modified.and_then(|modified| rfc3339(modified.at)),
            "bytes": found.bytes,
            "file": path.map(|path| path.to_string_lossy()),
            "remote": meter.remote().map(|remote| remote.to_string()),
            "tls": meter.tls_version(),
            "timings": meter.timings(),
            "error": failure.map(ToString::to_string),
        })
        .to_string()
    }
}

impl From<Entry> for Found {
    fn from(entry: Entry) -> Self {
        let Entry { kind, size, modified, .. } = entry;
        Self { kind: Some(kind), size, modified, bytes: 0 }
    }
}

/// What the server tells before the transfer. That it refuses to means nothing yet.
fn known(session: &mut Session, path: &Pathname) -> Result<Found, Trouble> {
    match session.examine(path) {
        Ok(entry) => Ok(entry.into()),
        Err(Error::Refused { reply, .. }) if reply.is_permanent() => Ok(Found::default()),
        Err(error) => Err(error.into()),
    }
}

/// The same where it is all that is wanted. SIZE is for files, mostly.
fn examined(session: &mut Session, path: Option<&Pathname>) -> Result<Found, Trouble> {
    let Some(path) = path else {
        return Ok(Found { kind: Some(Kind::Folder), ..Found::default() });
    };
    let found = Found::from(session.examine(path)?);
    let kind = match (found.kind, found.size, found.modified) {
        (Some(Kind::Unknown), Some(_), _) => Kind::File,
        (Some(Kind::Unknown), None, modified) => match is_folder(session, path)? {
            true => Kind::Folder,
            false if modified.is_some() => Kind::Unknown,
            false => {
                let why = "the server says nothing of it, neither as a file nor as a folder";
                return Err(Failure::new(Exit::Refused, why).into());
            }
        },
        (kind, ..) => kind.unwrap_or(Kind::Unknown),
    };
    Ok(Found { kind: Some(kind), ..found })
}

/// The words of a listing in JSON.
const fn word(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::File => Some("file"),
        Kind::Folder => Some("dir"),
        Kind::Link => Some("link"),
        Kind::Other => Some("other"),
        Kind::Unknown => None,
    }
}

/// A line for each thing that is known.
fn head_of(found: &Found) -> String {
    let size = found.size.map(|size| format!("Size: {size}\n"));
    let modified = found.modified.and_then(|modified| rfc3339(modified.at));
    let modified = modified.map(|modified| format!("Modified: {modified}\n"));
    let kind = found.kind.and_then(word).map(|kind| format!("Type: {kind}\n"));
    [size, modified, kind].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wireline_ftp::time_val;

    #[test]
    fn heads() {
        let whole = Found {
            kind: Some(Kind::File),
            size: Some(6),
            modified: time_val(b"20240131120000"),
            bytes: 0,
        };
        let text = "Size: 6\nModified: 2024-01-31T12:00:00Z\nType: file\n";
        assert_eq!(head_of(&whole), text);
        let folder = Found { kind: Some(Kind::Folder), ..Found::default() };
        assert_eq!(head_of(&folder), "Type: dir\n");
        let nothing = Found { kind: Some(Kind::Unknown), ..Found::default() };
        assert_eq!(head_of(&nothing), "");
    }
}
