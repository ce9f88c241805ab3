//! Logins kept in a file: netrc, as ftp(1) and curl read it.
//! Must not hold: which login is used (the caller asks for one host).

use crate::Error;
use rustix::fs::{Mode, OFlags};
use rustix::process::geteuid;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The logins of one file, in its order. Debug shows how many.
pub struct Netrc {
    entries: Vec<Entry>,
}

struct Entry {
    /// In lower case; `None` is `default`.
    machine: Option<String>,
    login: Option<String>,
    password: Option<Zeroizing<String>>,
}

/// A larger file is no netrc.
const NETRC_BYTES: usize = 128 * 1024;

impl Netrc {
    /// `$NETRC`, else `~/.netrc`.
    pub fn usual() -> Option<PathBuf> {
        let named = std::env::var_os("NETRC").filter(|path| !path.is_empty()).map(PathBuf::from);
        named.or_else(|| std::env::home_dir().map(|home| home.join(".netrc")))
    }

    /// Reads a file, of at most 128 KiB, that nobody else can read or has written: it is ours, no
    /// link, and its mode has nothing for group and others.
    ///
    /// # Errors
    /// - [`Error::Exposed`]: others can read it, or it is somebody else's, or a link.
    /// - [`Error::Netrc`]: it is larger, or has a word that belongs in none.
    /// - [`Error::Denied`], [`Error::Io`]: it cannot be read.
    #[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
    pub fn read(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::system("reading", path, error);
        let file = open(path)?;
        let none = |why: String| Error::Netrc { path: path.to_owned(), why };
        let mut text = Zeroizing::new(Vec::new());
        file.take(NETRC_BYTES as u64 + 1).read_to_end(&mut text).map_err(failed)?;
        if text.len() > NETRC_BYTES {
            return Err(none("it is larger than 128 KiB".into()));
        }
        let text = str::from_utf8(&text).map_err(|_| none("it is not UTF-8".into()))?;
        Self::parse(text).map_err(none)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut words = Words { rest: text };
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(word) = words.next()? {
            let entry = Entry { machine: None, login: None, password: None };
            match word.as_str() {
                "machine" => {
                    let name = words.value("machine")?.to_ascii_lowercase();
                    entries.push(Entry { machine: Some(name), ..entry });
                }
                "default" => entries.push(entry),
                "macdef" => words.skip_macro(),
                "login" | "user" => words.fill(&mut entries, "login", |entry, value| {
                    entry.login = Some(value.to_string());
                })?,
                "password" | "passwd" => words.fill(&mut entries, "password", |entry, value| {
                    entry.password = Some(value);
                })?,
                "account" => words.fill(&mut entries, "account", |_, _| ())?,
                _ => return Err("a word that it does not know".into()),
            }
        }
        Ok(Self { entries })
    }

    /// The login for a host: its first entry for this user, or for anybody when `user` is `None`;
    /// `default` where the host has no entry at all. Name and password are always of one entry, and
    /// an entry without both is none. Hosts are compared without regard to case, users with it.
    pub fn login(&self, host: &str, user: Option<&str>) -> Option<(&str, &str)> {
        let host = host.to_ascii_lowercase();
        let is_known = self.entries.iter().any(|entry| entry.machine.as_ref() == Some(&host));
        let machine = is_known.then_some(&host);
        let whole = self.entries.iter().filter(|entry| entry.machine.as_ref() == machine);
        let mut whole = whole
            .filter_map(|entry| Some((entry.login.as_deref()?, entry.password.as_ref()?.as_str())));
        whole.find(|(login, _)| user.is_none_or(|user| user == *login))
    }
}

/// Opens it without following a link, and looks at what was opened.
fn open(path: &Path) -> Result<File, Error> {
    let failed = |error: rustix::io::Errno| Error::system("opening", path, error);
    let exposed = |why| Err(Error::Exposed { path: path.to_owned(), why });
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(rustix::io::Errno::LOOP) => return exposed("it is a link"),
        opened => opened.map_err(failed)?,
    };
    let stat = rustix::fs::fstat(&file).map_err(failed)?;
    let mode = Mode::from_raw_mode(stat.st_mode);
    match () {
        () if stat.st_uid != geteuid().as_raw() => exposed("it belongs to somebody else"),
        () if mode.intersects(Mode::RWXG | Mode::RWXO) => exposed("others can read it"),
        () => Ok(file.into()),
    }
}

/// Words between blanks; `"a \"b\""` is one, `#` at its beginning makes the rest of a line a comment.
struct Words<'t> {
    rest: &'t str,
}

impl Words<'_> {
    fn next(&mut self) -> Result<Option<Zeroizing<String>>, String> {
        self.rest = self.rest.trim_start();
        while let Some(comment) = self.rest.strip_prefix('#') {
            self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
        }
        if let Some(quoted) = self.rest.strip_prefix('"') {
            return self.quoted(quoted).map(Some);
        }
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok((!word.is_empty()).then(|| Zeroizing::new(word.to_owned())))
    }

    fn quoted(&mut self, text: &str) -> Result<Zeroizing<String>, String> {
        let mut word = Zeroizing::new(String::new());
        let mut letters = text.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    let end = text.len() - at - 1;
                    self.rest = self.rest.split_at(self.rest.len() - end).1;
                    return Ok(word);
                }
                '\\' => word.extend(letters.next().map(|(_, letter)| match letter {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                })),
                other => word.push(other),
            }
        }
        Err("a quote that nothing closes".into())
    }

    fn value(&mut self, of: &str) -> Result<Zeroizing<String>, String> {
        self.next()?.ok_or_else(|| format!("nothing behind {of}"))
    }

    fn fill(
        &mut self,
        entries: &mut [Entry],
        what: &str,
        set: impl FnOnce(&mut Entry, Zeroizing<String>),
    ) -> Result<(), String> {
        let value = self.value(what)?;
        let entry = entries.last_mut().ok_or_else(|| format!("{what} before any machine"))?;
        set(entry, value);
        Ok(())
    }

    /// A macro ends at an empty line.
    fn skip_macro(&mut self) {
        self.rest = self.rest.split_once("\n\n").map_or("", |(_, rest)| rest);
    }
}

impl std::fmt::Debug for Netrc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Netrc({} entries)", self.entries.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// hostile.md rows 144 and 146: entries are never mixed.
    #[test]
    fn whose_login() {
        let text = "# mine\nmachine h login alice password one\n machine h login bob password two\n\
            machine quoted login \"a b\" password \"p\\\"q\\n\"\n\
            macdef init\n machine x login no password no\n\n\
            machine nopass login carol\nmachine NOUSER password x\n\
            machine acct login dave account a password three\n\
            default login anyone password all\n";
        let netrc = Netrc::parse(text).unwrap();
        let rows = [
            ("h", None, Some(("alice", "one"))),
            ("H", Some("bob"), Some(("bob", "two"))),
            ("h", Some("Bob"), None),
            ("h", Some("carol"), None),
            ("h", Some("anyone"), None),
            ("quoted", None, Some(("a b", "p\"q\n"))),
            ("nopass", None, None),
            ("nopass", Some("carol"), None),
            ("nouser", None, None),
            ("acct", None, Some(("dave", "three"))),
            ("x", None, Some(("anyone", "all"))),
            ("elsewhere", None, Some(("anyone", "all"))),
            ("elsewhere", Some("eve"), None),
        ];
        for (host, user, wanted) in rows {
            assert_eq!(netrc.login(host, user), wanted, "{user:?} at {host}");
        }
        let partial = Netrc::parse("machine h login alice\ndefault login bob\n").unwrap();
        assert_eq!(partial.login("h", None), None);
        assert_eq!(partial.login("other", None), None);
    }

    #[test]
    fn what_is_no_netrc() {
        for bad in ["login x", "machine", "machine h login", "machine h password \"x", "hello"] {
            assert!(Netrc::parse(bad).is_err(), "{bad}");
        }
        assert!(Netrc::parse("").unwrap().login("h", None).is_none());
    }

    /// hostile.md rows 90 and 145.
    #[test]
    fn only_our_own() {
        let folder = crate::scratch::Scratch::new();
        let path = folder.at("netrc");
        std::fs::write(&path, "machine h login a password b\n").unwrap();
        for (mode, good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let read = Netrc::read(&path);
            assert_eq!(read.is_ok(), good, "{mode:o}: {read:?}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        for (bytes, good) in [(128 * 1024, true), (128 * 1024 + 1, false)] {
            std::fs::write(&path, "\n".repeat(bytes)).unwrap();
            assert_eq!(Netrc::read(&path).is_ok(), good, "{bytes} bytes");
        }
        let link = folder.at("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(Netrc::read(&link), Err(Error::Exposed { .. })));
    }
}
