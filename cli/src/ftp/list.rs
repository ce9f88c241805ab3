//! Folders of a server: read entry by entry or whole, and shown as a table or as lines of JSON.
//! Must not hold: what one entry looks like (`list/line.rs`).

pub(crate) mod line;

use super::pattern::Pattern;
use std::io::{self, Write};
use time::UtcDateTime;
use wireline_ftp::{Entry, Error, Pathname, Session};

/// A whole folder.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Sorted by name.
    pub(crate) entries: Vec<Entry>,
    /// Lines that were not understood: there may be more than the entries.
    pub(crate) unknown: u64,
    /// What the server tells the folder itself by from all others.
    pub(crate) unique: Option<Vec<u8>>,
}

/// A table is sorted up to so many entries. A longer one is printed as it comes, in the server's
/// order, so that no folder fills the memory.
const SORTED: usize = 100_000;

/// Entries that are held of a folder, or of a tree of them.
const ENTRIES: usize = 1_000_000;

/// Bytes of their names.
const NAME_BYTES: usize = 256 << 20;

/// What a folder, or a tree of them, may still hold.
#[derive(Debug)]
pub(crate) struct Allowance {
    entries: usize,
    /// Of names.
    bytes: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { entries: ENTRIES, bytes: NAME_BYTES }
    }
}

impl Allowance {
    fn spend(&mut self, entry: &Entry) -> Result<(), Error> {
        let more = [&entry.link, &entry.unique].map(|more| more.as_ref().map_or(0, Vec::len));
        let bytes = entry.name.len() + more.iter().sum::<usize>();
        match (self.entries.checked_sub(1), self.bytes.checked_sub(bytes)) {
            (Some(entries), Some(bytes)) => *self = Self { entries, bytes },
            _ => {
                let why = format!("more than {ENTRIES} entries, or {NAME_BYTES} bytes of names");
                return Err(Error::Violation { doing: "the listing", why });
            }
        }
        Ok(())
    }
}

/// Reads a folder whole, or the one where the login begins.
pub(crate) fn entries(session: &mut Session, folder: Option<&Pathname>) -> Result<Folder, Error> {
    entries_within(session, folder, &mut Allowance::default())
}

/// The same as a part of a tree.
pub(crate) fn entries_within(
    session: &mut Session,
    folder: Option<&Pathname>,
    allowance: &mut Allowance,
) -> Result<Folder, Error> {
    let mut entries = Vec::new();
    let mut listing = session.entries(folder, UtcDateTime::now())?;
    for entry in listing.by_ref() {
        let entry = entry?;
        allowance.spend(&entry)?;
        entries.push(entry);
    }
    let (unknown, unique) = (listing.unknown(), listing.unique().map(<[u8]>::to_vec));
    sort(&mut entries);
    Ok(Folder { entries, unknown, unique })
}

/// Hands out a folder's entries as they come. Lines that were not understood.
pub(crate) fn each(
    session: &mut Session,
    folder: Option<&Pathname>,
    mut take: impl FnMut(Entry) -> Result<(), Error>,
) -> Result<u64, Error> {
    let mut listing = session.entries(folder, UtcDateTime::now())?;
    for entry in listing.by_ref() {
        take(entry?)?;
    }
    Ok(listing.unknown())
}

/// What is said of lines that were not understood; nothing when there are none.
pub(crate) fn doubt(unknown: u64) -> Option<String> {
    let lines = match unknown {
        0 => return None,
        1 => "1 line of the listing was".to_owned(),
        _ => format!("{unknown} lines of the listing were"),
    };
    Some(format!("{lines} not understood; ls --raw or -v shows them"))
}

/// Prints a folder, or those of its entries that a pattern names. Lines that were not understood.
/// What came before an error is printed; that the printing failed is [`Error::Local`].
pub(crate) fn show(
    session: &mut Session,
    folder: Option<&Pathname>,
    pattern: Option<&Pattern>,
    sheet: &mut Sheet<impl Write>,
) -> Result<u64, Error> {
    let read = each(session, folder, |entry| {
        match pattern.is_none_or(|pattern| pattern.names(&entry.name)) {
            true => sheet.take(entry).map_err(Error::Local),
            false => Ok(()),
        }
    });
    sheet.finish().map_err(Error::Local)?;
    read
}

/// How entries are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A line for people, sorted by name.
    Table,
    /// A line of JSON, in the server's order.
    Json,
}

impl Form {
    /// By `--json`.
    pub(crate) const fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Table }
    }

    /// An entry's line, with its end.
    pub(crate) fn line(self, entry: &Entry) -> String {
        match self {
            Self::Table => line::table(entry),
            Self::Json => line::json(entry),
        }
    }
}

/// Where entries are printed, in as little memory as the form allows.
#[derive(Debug)]
pub(crate) struct Sheet<W> {
    out: W,
    form: Form,
    /// To be sorted; given up when they are too many.
    waiting: Option<Vec<Entry>>,
    /// Entries so far.
    pub(crate) taken: u64,
}

impl<W: Write> Sheet<W> {
    /// An empty one.
    pub(crate) fn new(out: W, form: Form) -> Self {
        Self { out, form, waiting: (form == Form::Table).then(Vec::new), taken: 0 }
    }

    /// One more entry.
    pub(crate) fn take(&mut self, entry: Entry) -> io::Result<()> {
        self.taken += 1;
        let Some(waiting) = &mut self.waiting else { return self.print(&entry) };
        waiting.push(entry);
        match waiting.len() > SORTED {
            true => self.print_waiting(),
            false => Ok(()),
        }
    }

    /// That was all.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if let Some(waiting) = &mut self.waiting {
            sort(waiting);
        }
        self.print_waiting()?;
        self.out.flush()
    }

    /// A line that is no entry of the folder.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        self.taken += 1;
        self.out.write_all(line.as_bytes())?;
        self.out.flush()
    }

    fn print_waiting(&mut self) -> io::Result<()> {
        let waiting = self.waiting.take().unwrap_or_default();
        waiting.iter().try_for_each(|entry| self.print(entry))
    }

    fn print(&mut self, entry: &Entry) -> io::Result<()> {
        self.out.write_all(self.form.line(entry).as_bytes())
    }
}

fn sort(entries: &mut [Entry]) {
    entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
}

#[cfg(test)]
mod tests {
    use super::line::tests::entry;
    use super::*;
    use wireline_ftp::Kind;

    fn printed(form: Form, names: impl Iterator<Item = String>) -> String {
        let mut out = Vec::new();
        let mut sheet = Sheet::new(&mut out, form);
        for name in names {
            sheet.take(entry(&name, Kind::File)).unwrap();
        }
        sheet.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    fn names(table: &str) -> Vec<&str> {
        table.lines().map(|line| line.rsplit(' ').next().unwrap()).collect()
    }

    #[test]
    fn tables_are_sorted_while_they_are_short() {
        let few = printed(Form::Table, ["b", "a", "B"].map(str::to_owned).into_iter());
        assert_eq!(names(&few), ["B", "a", "b"]);
        let many = printed(Form::Table, (0..=SORTED + 1).rev().map(|nth| nth.to_string()));
        let many = names(&many);
        assert_eq!(many.len(), SORTED + 2);
        assert_eq!(many.first(), Some(&(SORTED + 1).to_string().as_str()));
        assert_eq!(many.last(), Some(&"0"));
    }

    #[test]
    fn json_comes_as_it_is() {
        let lines = printed(Form::Json, ["b", "a"].map(str::to_owned).into_iter());
        let first: Vec<_> = lines.lines().map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(first.len(), 2);
        assert!(lines.find("\"b\"") < lines.find("\"a\""), "{lines}");
    }

    #[test]
    fn doubts() {
        assert_eq!(doubt(0), None);
        let one = "1 line of the listing was not understood; ls --raw or -v shows them";
        assert_eq!(doubt(1).as_deref(), Some(one));
        let more = "3 lines of the listing were not understood; ls --raw or -v shows them";
        assert_eq!(doubt(3).as_deref(), Some(more));
    }
}
