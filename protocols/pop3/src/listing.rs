//! The messages of a mailbox: what STAT, LIST and UIDL say, kept small.
//! Must not hold: I/O, or what was fetched before (the caller keeps that).

use crate::reply::{nonsense, number, trim_end};
use crate::{Error, Limits, MessageNumber, Reply};
use std::borrow::Cow;
use std::fmt;
use wireline_wire::escape;

/// The reply to STAT (RFC 1939 section 5). It is a claim; nothing is made as large as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Messages that are not marked as deleted.
    pub messages: u64,
    /// Their size together.
    pub octets: u64,
}

/// Messages by number, with their sizes and unique-ids as far as they are known. 100,000 of them
/// with ids of 32 bytes take 4.5 MB.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Listing {
    rows: Vec<Row>,
    /// The unique-ids one after the other, each ended by LF, which no line of a reply can hold.
    ids: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Row {
    number: MessageNumber,
    /// Where its unique-id starts, if it has one.
    id: u32,
    /// As LIST says, up to 4 GiB: what is more is told as that.
    size: u32,
}

const NO_ID: u32 = u32::MAX;
const NO_SIZE: u32 = u32::MAX;

/// One message of a [`Listing`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its number in this session.
    pub number: MessageNumber,
    /// Its size in octets as LIST says, 4 GiB at most, which is often wrong: good for progress, no
    /// more.
    pub size: Option<u64>,
    /// What names it in every session.
    pub unique_id: Option<UniqueId<'a>>,
}

/// `unique-id`: 1 to 70 octets from 0x21 to 0x7e (RFC 1939 section 7). Servers send others: those
/// are kept as they are, whatever follows the first blank included, so that two that differ
/// anywhere remain two.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UniqueId<'a>(Cow<'a, [u8]>);

impl UniqueId<'_> {
    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is one as the RFC wants it.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        (1..=70).contains(&self.0.len()) && self.0.iter().all(u8::is_ascii_graphic)
    }

    /// The same, on its own.
    #[must_use]
    pub fn into_owned(self) -> UniqueId<'static> {
        UniqueId(Cow::Owned(self.0.into_owned()))
    }
}

/// Escaped, and cut to 200 bytes.
impl fmt::Display for UniqueId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.0))
    }
}

impl fmt::Debug for UniqueId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UniqueId({self})")
    }
}

impl Listing {
    /// The messages in the order of their numbers.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'_>> {
        self.rows.iter().map(|row| self.entry(row))
    }

    /// The unique-ids, with the numbers of their messages.
    pub fn unique_ids(&self) -> impl Iterator<Item = (MessageNumber, &[u8])> {
        self.rows.iter().filter_map(|row| self.id(row).map(|id| (row.number, id)))
    }

    /// The unique-ids that more than one message has; they tell none from the other.
    #[must_use]
    pub fn shared_unique_ids(&self) -> Vec<&[u8]> {
        let has_id = |row: &&Row| row.id != NO_ID;
        let mut rows: Vec<u32> = self.rows.iter().filter(has_id).map(|row| row.id).collect();
        rows.sort_unstable_by(|a, b| self.id_at(*a).cmp(&self.id_at(*b)));
        let same = |pair: &&[u32]| {
            pair.first().map(|id| self.id_at(*id)) == pair.last().map(|id| self.id_at(*id))
        };
        let mut shared: Vec<_> =
            rows.windows(2).filter(same).filter_map(|pair| self.id_at(*pair.first()?)).collect();
        shared.dedup();
        shared
    }

    /// One message.
    #[must_use]
    pub fn get(&self, number: MessageNumber) -> Option<Entry<'_>> {
        self.rows.get(self.find(number)?).map(|row| self.entry(row))
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether the server gave unique-ids: of an empty mailbox, that it has none to give.
    #[must_use]
    pub fn has_unique_ids(&self) -> bool {
        self.rows.iter().all(|row| row.id != NO_ID)
    }

    /// Takes one line of LIST.
    pub(crate) fn push_size(&mut self, line: &[u8]) -> Result<(), Error> {
        let (number, size) = scan_listing(line)?;
        let size = u32::try_from(size).unwrap_or(NO_SIZE - 1);
        self.rows.push(Row { number, id: NO_ID, size });
        Ok(())
    }

    /// Takes one line of UIDL, of a message that need not be known.
    pub(crate) fn push_id(&mut self, line: &[u8], limits: &Limits) -> Result<(), Error> {
        let (number, id) = unique_id_listing(line)?;
        let id = self.keep(id, limits)?;
        self.rows.push(Row { number, id, size: NO_SIZE });
        Ok(())
    }

    /// Takes one line of UIDL; of a message that LIST did not name nothing is kept.
    pub(crate) fn set_id(&mut self, line: &[u8], limits: &Limits) -> Result<(), Error> {
        let (number, id) = unique_id_listing(line)?;
        let Some(at) = self.find(number) else { return Ok(()) };
        let known = self.rows.get(at).is_some_and(|row| row.id != NO_ID);
        if known {
            return Ok(());
        }
        let id = self.keep(id, limits)?;
        if let Some(row) = self.rows.get_mut(at) {
            row.id = id;
        }
        Ok(())
    }

    /// Puts the rows in order; of a number that was said twice the first holds.
    pub(crate) fn sort(&mut self) {
        if !self.rows.is_sorted_by(|a, b| a.number < b.number) {
            self.rows.sort_by_key(|row| row.number);
            self.rows.dedup_by_key(|row| row.number);
        }
    }

    fn keep(&mut self, id: &[u8], limits: &Limits) -> Result<u32, Error> {
        if id.len() > limits.unique_id_bytes {
            let why = format!("a unique-id has more than {} bytes", limits.unique_id_bytes);
            return Err(Error::violation("UIDL", why));
        }
        let start = u32::try_from(self.ids.len()).unwrap_or(NO_ID);
        if self.ids.len() + id.len() >= limits.unique_ids_bytes || start == NO_ID {
            return Err(Error::violation(
                "UIDL",
                "the unique-ids together are longer than the limit",
            ));
        }
        self.ids.extend_from_slice(id);
        self.ids.push(b'\n');
        Ok(start)
    }

    fn find(&self, number: MessageNumber) -> Option<usize> {
        let guess = usize::try_from(number.get() - 1).ok()?;
        match self.rows.get(guess) {
            Some(row) if row.number == number => Some(guess),
            _ => self.rows.binary_search_by_key(&number, |row| row.number).ok(),
        }
    }

    fn entry(&self, row: &Row) -> Entry<'_> {
        Entry {
            number: row.number,
            size: Some(row.size).filter(|&size| size != NO_SIZE).map(u64::from),
            unique_id: self.id(row).map(|id| UniqueId(Cow::Borrowed(id))),
        }
    }

    fn id(&self, row: &Row) -> Option<&[u8]> {
        self.id_at(row.id)
    }

    /// The unique-id that starts there.
    fn id_at(&self, start: u32) -> Option<&[u8]> {
        let from = usize::try_from(start).ok().and_then(|start| self.ids.get(start..));
        from.and_then(|from| from.split(|&byte| byte == b'\n').next())
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

impl Stat {
    /// `drop-listing = "+OK" SP nn SP mm`, and perhaps more (RFC 1939 section 5).
    pub(crate) fn parse(reply: &Reply) -> Result<Self, Error> {
        let stat = number(reply.text()).and_then(|(rest, messages)| {
            let (_, octets) = number(rest)?;
            Ok(Self { messages, octets })
        });
        stat.map_err(|_| nonsense("STAT", reply.to_string().as_bytes()))
    }
}

/// `scan-listing = msg SP size`, and perhaps more (RFC 1939 section 5).
pub(crate) fn scan_listing(line: &[u8]) -> Result<(MessageNumber, u64), Error> {
    let parsed = message_number(line).and_then(|(number_, rest)| {
        let size = number(rest).ok().map(|(_, size)| size);
        Some((number_, size.filter(|&size| size != u64::MAX)?))
    });
    parsed.ok_or_else(|| nonsense("LIST", line))
}

/// `unique-id-listing = msg SP unique-id` (RFC 1939 section 7).
pub(crate) fn unique_id_listing(line: &[u8]) -> Result<(MessageNumber, &[u8]), Error> {
    let parsed = message_number(trim_end(line)).map(|(number, id)| (number, id.trim_ascii_end()));
    parsed.filter(|(_, id)| !id.is_empty()).ok_or_else(|| nonsense("UIDL", line))
}

/// The unique-id of a reply to `UIDL msg`.
pub(crate) fn unique_id(reply: &Reply) -> Result<UniqueId<'static>, Error> {
    let (_, id) = unique_id_listing(reply.text())?;
    Ok(UniqueId(Cow::Owned(id.to_vec())))
}

fn message_number(line: &[u8]) -> Option<(MessageNumber, &[u8])> {
    let (rest, first) = number(line).ok()?;
    Some((MessageNumber::new(u32::try_from(first).ok()?)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line, and what it says if it says anything.
    type Row<T> = (&'static [u8], Option<T>);

    #[test]
    fn scan_listings() {
        let rows: &[Row<(u32, u64)>] = &[
            (b"1 120", Some((1, 120))),
            (b"1\t120 ", Some((1, 120))),
            (b"7 0 and more words", Some((7, 0))),
            (b"4294967295 18446744073709551614", Some((u32::MAX, u64::MAX - 1))),
            // hostile.md row 81.
            (b"1 -120", None),
            (b"1 18446744073709551615", None),
            (b"1 99999999999999999999999", None),
            (b"4294967296 1", None),
            (b"99999999999999999999999 1", None),
            (b"0 120", None),
            (b"-1 120", None),
            (b"1 120x", None),
            (b"1", None),
            (b"1 ", None),
            (b" 1 120", None),
            (b"one 120", None),
            (b"", None),
        ];
        for (line, wanted) in rows {
            let found = scan_listing(line).ok().map(|(number, size)| (number.get(), size));
            assert_eq!(found, *wanted, "{}", line.escape_ascii());
        }
    }

    const LONG: Option<(&[u8], bool)> =
        Some((b"0123456789012345678901234567890123456789012345678901234567890123456789x", false));

    /// hostile.md row 79: odd ones are kept, and shown escaped.
    #[test]
    fn unique_ids() {
        let rows: &[Row<(&[u8], bool)>] = &[
            (b"1 whqtswO00WBw418f9t5JxYwZ", Some((b"whqtswO00WBw418f9t5JxYwZ", true))),
            (b"1 a b", Some((b"a b", false))),
            (b"1 a \r\n", Some((b"a", true))),
            (b"1 \x1b[2J\xff\x00", Some((b"\x1b[2J\xff\x00", false))),
            (b"1 0123456789012345678901234567890123456789012345678901234567890123456789x", LONG),
            (b"1 ", None),
            (b"1", None),
            (b"x a", None),
            (b"0 a", None),
            (b"", None),
        ];
        for (line, wanted) in rows {
            let found = unique_id_listing(line).ok().map(|(_, id)| UniqueId(Cow::Borrowed(id)));
            let found = found.as_ref().map(|id| (id.as_bytes(), id.is_well_formed()));
            assert_eq!(found, *wanted, "{}", line.escape_ascii());
        }
        let odd = UniqueId(Cow::Borrowed(b"\x1b[2J\xff"));
        assert_eq!((odd.to_string().as_str(), &odd), ("\\x1b[2J\\xff", &odd.clone().into_owned()));
    }

    #[test]
    fn stats() {
        let rows: &[(&str, Option<(u64, u64)>)] = &[
            ("2 320", Some((2, 320))),
            ("2 320 and more", Some((2, 320))),
            ("4294967296 18446744073709551615", Some((1 << 32, u64::MAX))),
            ("99999999999999999999999 1", None),
            ("2", None),
            ("2 -1", None),
            ("", None),
        ];
        for (text, wanted) in rows {
            let reply = Reply::parse("STAT", format!("+OK {text}").as_bytes()).unwrap();
            let found = Stat::parse(&reply).ok().map(|stat| (stat.messages, stat.octets));
            assert_eq!(found, *wanted, "{text}");
        }
    }

    fn text(listing: &Listing) -> String {
        let entry = |entry: Entry<'_>| {
            let size = entry.size.map_or("?".into(), |size| size.to_string());
            let id = entry.unique_id.map_or("?".into(), |id| id.to_string());
            format!("{} {size} {id}", entry.number)
        };
        listing.entries().map(entry).collect::<Vec<_>>().join(", ")
    }

    /// Gaps, disorder, repetition, ids of messages nobody listed, ids that are the same.
    #[test]
    fn listings_of_broken_servers() {
        let limits = Limits::default();
        let mut listing = Listing::default();
        for line in ["1 10", "4 40", "3 30", "4 41", "9 90"] {
            listing.push_size(line.as_bytes()).unwrap();
        }
        listing.sort();
        for line in ["3 same", "1 same", "2 nobody", "4 four", "4 five"] {
            listing.set_id(line.as_bytes(), &limits).unwrap();
        }
        assert_eq!(text(&listing), "1 10 same, 3 30 same, 4 40 four, 9 90 ?");
        assert!(!listing.has_unique_ids());
        let four = listing.get(MessageNumber::new(4).unwrap()).unwrap();
        assert_eq!(four.unique_id.unwrap().as_bytes(), b"four");
        assert!(listing.get(MessageNumber::new(2).unwrap()).is_none());

        let mut ids = Listing::default();
        for line in ["2 b", "1 a", "2 c"] {
            ids.push_id(line.as_bytes(), &limits).unwrap();
        }
        ids.sort();
        assert_eq!(text(&ids), "1 ? a, 2 ? b");
        assert!(ids.has_unique_ids() && Listing::default().has_unique_ids());
    }

    #[test]
    fn ids_have_limits() {
        let limits = Limits { unique_id_bytes: 10, unique_ids_bytes: 25, ..Limits::default() };
        let mut listing = Listing::default();
        assert!(listing.push_id(b"1 01234567890", &limits).is_err());
        assert!(listing.push_id(b"1 0123456789", &limits).is_ok());
        assert!(listing.push_id(b"2 0123456789", &limits).is_ok());
        assert!(listing.push_id(b"3 0123456789", &limits).is_err());
    }

    /// 100,000 messages with ids of 32 bytes fit where 10 MiB are all there is.
    #[test]
    fn a_listing_is_small() {
        let mut listing = Listing::default();
        for number in 1..=100_000 {
            listing.push_size(format!("{number} 4096").as_bytes()).unwrap();
        }
        for number in 1..=100_000 {
            let line = format!("{number} {number:032x}");
            listing.set_id(line.as_bytes(), &Limits::default()).unwrap();
        }
        let used = listing.rows.len() * size_of::<super::Row>() + listing.ids.len();
        assert!(used < 5_000_000, "{used}");
        let last = listing.entries().last().unwrap();
        assert_eq!(last.unique_id.unwrap().to_string(), format!("{:032x}", 100_000));
    }
}
