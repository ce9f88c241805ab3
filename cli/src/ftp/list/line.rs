//! One entry of a folder as a line: for people, for programs. What a server chose to call it moves
//! no terminal and ends no line.
//! Must not hold: a dialogue, or the order of lines.

use serde_json::{Value, json};
use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;
use wireline_ftp::{Accuracy, Entry, Kind, Modified};
use wireline_wire::{escape, is_unsafe_on_a_terminal};

/// `-rw-r--r--              6 2024-01-31 12:00 hello.txt`
pub(crate) fn table(entry: &Entry) -> String {
    let mode = entry.mode.map_or_else(String::new, permissions);
    let size = entry.size.map_or_else(|| "-".to_owned(), |size| size.to_string());
    let time = entry.modified.map_or_else(|| "-".to_owned(), minute);
    let what = format!("{}{mode}", letter(entry.kind));
    format!("{what:10} {size:>14} {time:16} {}\n", name(entry))
}

/// `{"mode":"644","modified":"2024-01-31T12:00:00Z","name":"hello.txt","size":6,...}`. A name is
/// the text that it is; bytes that are no UTF-8 are `\xNN` in it.
pub(crate) fn json(entry: &Entry) -> String {
    let kind = match entry.kind {
        Kind::File => Some("file"),
        Kind::Folder => Some("dir"),
        Kind::Link => Some("link"),
        Kind::Other => Some("other"),
        Kind::Unknown => None,
    };
    let line = json!({
        "name": text(&entry.name),
        "type": kind,
        "size": entry.size,
        "modified": entry.modified.and_then(|modified| rfc3339(modified.at)),
        "mode": entry.mode.map(|mode| format!("{mode:03o}")),
        "target": entry.link.as_deref().map(text),
    });
    let mut line = spelled_out(&line);
    line.push('\n');
    line
}

/// JSON may hold what moves a terminal, but may as well spell it out.
pub(crate) fn spelled_out(json: &Value) -> String {
    let mut safe = String::new();
    for letter in json.to_string().chars() {
        match is_unsafe_on_a_terminal(letter) {
            true => {
                let mut units = [0; 2];
                let units = letter.encode_utf16(&mut units).iter();
                units.for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")));
            }
            false => safe.push(letter),
        }
    }
    safe
}

/// What a server calls something, however long, escaped.
pub(crate) fn shown(name: &[u8]) -> String {
    /// [`escape`] does not cut this.
    const SHORT_BYTES: usize = 200;
    if name.len() <= SHORT_BYTES {
        return escape(name);
    }
    let mut shown = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        let mut bytes = [0; 4];
        for letter in chunk.valid().chars() {
            shown.push_str(&escape(letter.encode_utf8(&mut bytes).as_bytes()));
        }
        shown.push_str(&escape(chunk.invalid()));
    }
    shown
}

/// A time for programs. None for a year of more than four digits.
pub(crate) fn rfc3339(at: UtcDateTime) -> Option<String> {
    at.format(&Rfc3339).ok()
}

const fn letter(kind: Kind) -> char {
    match kind {
        Kind::File => '-',
        Kind::Folder => 'd',
        Kind::Link => 'l',
        Kind::Other => 'o',
        Kind::Unknown => '?',
    }
}

/// `rwxr-xr-x`, and the other three bits as they are shown everywhere.
fn permissions(mode: u32) -> String {
    let mut text = String::with_capacity(9);
    for (shift, special, sign) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let has = |bit: u32| mode >> shift & bit != 0;
        text.push(if has(4) { 'r' } else { '-' });
        text.push(if has(2) { 'w' } else { '-' });
        text.push(match (has(1), mode & special != 0) {
            (true, true) => sign,
            (false, true) => sign.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// As far as it can be trusted, to the minute at most.
fn minute(modified: Modified) -> String {
    let Modified { at, accuracy } = modified;
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let date = format!("{year:04}-{month:02}-{day:02}");
    match accuracy {
        Accuracy::Day => date,
        Accuracy::Minute | Accuracy::Exact => format!("{date} {:02}:{:02}", at.hour(), at.minute()),
    }
}

/// A folder with a `/`, a link with what it points to.
fn name(entry: &Entry) -> String {
    let name = shown(&entry.name);
    match (entry.kind, &entry.link) {
        (Kind::Folder, _) => format!("{name}/"),
        (_, Some(target)) => format!("{name} -> {}", shown(target)),
        _ => name,
    }
}

/// Text as it is; bytes that are no UTF-8 are `\xNN`.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&escape(chunk.invalid()));
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn entry(name: &str, kind: Kind) -> Entry {
        let name = name.as_bytes().to_vec();
        Entry { name, kind, size: None, modified: None, mode: None, link: None, unique: None }
    }

    fn at(seconds: i64, accuracy: Accuracy) -> Option<Modified> {
        Some(Modified { at: UtcDateTime::from_unix_timestamp(seconds).unwrap(), accuracy })
    }

    fn rows() -> Vec<(Entry, &'static str, &'static str)> {
        let noon = at(1_706_702_400, Accuracy::Exact);
        let day = at(1_706_659_200, Accuracy::Day);
        vec![
            (
                Entry {
                    size: Some(6),
                    mode: Some(0o644),
                    modified: noon,
                    ..entry("hello.txt", Kind::File)
                },
                "-rw-r--r--              6 2024-01-31 12:00 hello.txt\n",
                r#"{"mode":"644","modified":"2024-01-31T12:00:00Z","name":"hello.txt","size":6,"target":null,"type":"file"}"#,
            ),
            (
                Entry { mode: Some(0o1777), modified: day, ..entry("tmp", Kind::Folder) },
                "drwxrwxrwt              - 2024-01-31       tmp/\n",
                r#"{"mode":"1777","modified":"2024-01-31T00:00:00Z","name":"tmp","size":null,"target":null,"type":"dir"}"#,
            ),
            (
                Entry { link: Some(b"../x".to_vec()), ..entry("latest", Kind::Link) },
                "l                       - -                latest -> ../x\n",
                r#"{"mode":null,"modified":null,"name":"latest","size":null,"target":"../x","type":"link"}"#,
            ),
            (
                entry("fifo", Kind::Other),
                "o                       - -                fifo\n",
                r#"{"mode":null,"modified":null,"name":"fifo","size":null,"target":null,"type":"other"}"#,
            ),
            (
                entry("what", Kind::Unknown),
                "?                       - -                what\n",
                r#"{"mode":null,"modified":null,"name":"what","size":null,"target":null,"type":null}"#,
            ),
            // hostile.md rows 170 to 172: a name moves no terminal and makes no line.
            (
                entry("a\x1b[2J\u{9b}\u{202e}\\", Kind::File),
                "-                       - -                a\\x1b[2J\\u{9b}\\u{202e}\\\\\n",
                r#"{"mode":null,"modified":null,"name":"a\u001b[2J\u009b\u202e\\","size":null,"target":null,"type":"file"}"#,
            ),
        ]
    }

    #[test]
    fn lines() {
        for (entry, wanted, json_wanted) in rows() {
            assert_eq!(table(&entry), wanted);
            assert_eq!(json(&entry).trim_end(), json_wanted);
            let read: Value = serde_json::from_str(&json(&entry)).unwrap();
            assert_eq!(read["name"].as_str().map(str::as_bytes), Some(entry.name.as_slice()));
        }
    }

    #[test]
    fn names_are_whole() {
        let long = "\u{e4}".repeat(300);
        assert_eq!(shown(long.as_bytes()), long);
        assert_eq!(shown(b"a\xff\r\nb"), "a\\xff\\r\\nb");
        assert_eq!(text(b"a\xffb\\"), "a\\xffb\\");
    }

    #[test]
    fn modes() {
        let rows = [
            (0, "---------"),
            (0o755, "rwxr-xr-x"),
            (0o4755, "rwsr-xr-x"),
            (0o2745, "rwxr-Sr-x"),
            (0o1776, "rwxrwxrwT"),
        ];
        for (mode, wanted) in rows {
            assert_eq!(permissions(mode), wanted, "{mode:o}");
        }
    }
}
