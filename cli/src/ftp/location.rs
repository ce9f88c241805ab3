//! What the path of an FTP URL names (RFC 1738 section 3.2.2).
//! Must not hold: a dialogue.

use super::transfer::parent;
use crate::exit::Failure;
use percent_encoding::percent_decode_str;
use wireline_ftp::{Pathname, Type};

/// A file or folder on the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// From the folder that a login begins in, or from the root behind `%2F`; that folder itself
    /// has no name.
    pub(crate) path: Option<Pathname>,
    /// The URL ends in a `/`, or says `;type=d`.
    pub(crate) is_folder: bool,
    /// `;type=a` or `;type=i`.
    pub(crate) transfer_type: Type,
}

impl Location {
    /// `[ fpath [ ";type=" ftptype ]]`, where `fpath = fsegment *[ "/" fsegment ]` (RFC 1738
    /// section 5); without the `/` that ends the host.
    pub(crate) fn parse(path: &str) -> Result<Self, Failure> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let (path, typed) = match path.rsplit_once(";type=") {
            Some((path, typed)) => (path, Some(typed)),
            None => (path, None),
        };
        let (transfer_type, lists) = match typed {
            None | Some("i" | "I") => (Type::Image, false),
            Some("a" | "A") => (Type::Ascii, false),
            Some("d" | "D") => (Type::Image, true),
            Some(_) => return Err(Failure::usage("its type is none of ;type=a, i and d")),
        };
        let is_folder = lists || path.is_empty() || path.ends_with('/');
        let is_byte = |text: &str| {
            text.get(..2)
                .is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        };
        if !path.split('%').skip(1).all(is_byte) {
            return Err(Failure::usage("a % in it begins no byte").hint("%25 is a % itself"));
        }
        let bytes: Vec<u8> = percent_decode_str(path).collect();
        let name = match bytes.as_slice() {
            [] => None,
            [rest @ .., b'/'] if !rest.is_empty() => Some(Pathname::try_from(rest)?),
            all => Some(Pathname::try_from(all)?),
        };
        Ok(Self { path: name, is_folder, transfer_type })
    }

    /// The last part of the path: what a file here would be called.
    pub(crate) fn name(&self) -> &[u8] {
        let path = self.path.as_ref().map_or(&b""[..], Pathname::as_bytes);
        path.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
    }

    /// The folder that it is in; `None` is where a login begins.
    pub(crate) fn folder(&self) -> Option<Pathname> {
        parent(self.path.as_ref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1738 section 3.2.2.
    #[test]
    fn paths() {
        let rows = [
            ("", None, true, Type::Image),
            ("/", None, true, Type::Image),
            ("/a", Some("a"), false, Type::Image),
            ("/a/b/c", Some("a/b/c"), false, Type::Image),
            ("/a/b/", Some("a/b"), true, Type::Image),
            ("/%2Fetc/motd", Some("/etc/motd"), false, Type::Image),
            ("/%2F", Some("/"), false, Type::Image),
            ("/%2F/", Some("/"), true, Type::Image),
            ("//etc/motd", Some("/etc/motd"), false, Type::Image),
            ("/a%20b%3Bx", Some("a b;x"), false, Type::Image),
            ("/a;type=a", Some("a"), false, Type::Ascii),
            ("/a;type=I", Some("a"), false, Type::Image),
            ("/a;type=d", Some("a"), true, Type::Image),
            ("/;type=d", None, true, Type::Image),
        ];
        for (path, wanted, is_folder, transfer_type) in rows {
            let path_of = |text: &str| Pathname::try_from(text).unwrap();
            let wanted = Location { path: wanted.map(path_of), is_folder, transfer_type };
            assert_eq!(Location::parse(path).unwrap(), wanted, "{path}");
        }
    }

    /// hostile.md rows 19 and 20: no URL reaches into another command.
    #[test]
    fn what_is_no_path() {
        for path in ["/a%0D%0ADELE b", "/a%0A", "/a%00", "/a;type=x", "/a;type=", "/a%zz", "/a%1"] {
            assert!(Location::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn names_and_folders() {
        let rows = [
            ("/a", &b"a"[..], None),
            ("/a/b", b"b", Some("a")),
            ("/%2Fa", b"a", Some("/")),
            ("/%2Fa/b", b"b", Some("/a")),
            ("/", b"", None),
        ];
        for (path, name, folder) in rows {
            let location = Location::parse(path).unwrap();
            assert_eq!(location.name(), name, "{path}");
            let wanted = folder.map(|text| Pathname::try_from(text).unwrap());
            assert_eq!(location.folder(), wanted, "{path}");
        }
    }
}
