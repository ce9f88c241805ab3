//! What a request carries, from the options that say so: `-d` and its kind, `--json-body`, `-F`, `-T`.
//! Must not hold: the request itself (`get.rs`).

mod form;
mod words;

pub(crate) use words::{Kind, Words};

use crate::exit::{Exit, Failure};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use wireline_http::Content;

/// What was typed, made sense of.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    pub(crate) content: Option<Content>,
    /// Of the content, unless a field says otherwise.
    pub(crate) media_type: Option<String>,
    /// JSON is wanted back.
    pub(crate) accept: Option<&'static str>,
    /// `-G` and `--query`: for the end of the URL.
    pub(crate) query: Option<String>,
    /// The method that goes with it.
    pub(crate) method: Option<&'static str>,
}

/// Content of more bytes, or of a length that nobody knows, waits for `100 Continue`.
const EXPECTED_BYTES: u64 = 1 << 20;
/// What `-d` may hold: it is in memory.
const DATA_BYTES: u64 = 64 << 20;
/// Everything but what is never percent-encoded (RFC 3986 section 2.3).
pub(crate) const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Typed {
    /// Puts the words together; files are opened, and standard input may be read.
    pub(crate) fn read(words: &Words, in_query: bool) -> Result<Self, Failure> {
        let (mut data, mut query, mut typed) = (Vec::new(), Vec::new(), Self::default());
        let mut form = form::Form::default();
        for (kind, word) in &words.0 {
            match kind {
                Kind::Query => query.push(encoded_pair(word)),
                Kind::Form | Kind::FormString => form.add(word, *kind == Kind::FormString)?,
                Kind::Upload => typed.set(upload(word)?, None, "PUT")?,
                Kind::Json => {
                    let (content, media_type) = (json(word)?.into(), "application/json".into());
                    typed.set(content, Some(media_type), "POST")?;
                    typed.accept = Some("application/json");
                }
                _ => data.push(piece(*kind, word)?),
            }
        }
        if let Some((content, media_type)) = form.finish()? {
            typed.set(content, Some(media_type), "POST")?;
        }
        match (data.is_empty(), in_query) {
            (true, _) => {}
            (false, true) => query.push(text_of(data.join(&b'&'))?),
            (false, false) => {
                let media_type = "application/x-www-form-urlencoded".into();
                typed.set(data.join(&b'&').into(), Some(media_type), "POST")?;
            }
        }
        if in_query && typed.content.is_some() {
            return Err(Failure::usage("-G is for -d: what it puts into the URL is no body"));
        }
        typed.query = (!query.is_empty()).then(|| query.join("&"));
        Ok(typed)
    }

    fn set(
        &mut self,
        content: Content,
        media_type: Option<String>,
        method: &'static str,
    ) -> Result<(), Failure> {
        if self.content.is_some() {
            let why = "a request has one body: -d, --json-body, -F or -T";
            return Err(Failure::usage(why));
        }
        (self.content, self.media_type) = (Some(content), media_type);
        self.method = Some(method);
        Ok(())
    }

    /// Whether the server is asked before the content goes out.
    pub(crate) fn expects(&self) -> bool {
        let is_large = |content: &Content| content.length().is_none_or(|all| all > EXPECTED_BYTES);
        self.content.as_ref().is_some_and(is_large)
    }
}

/// One `-d` as it is sent.
fn piece(kind: Kind, word: &str) -> Result<Vec<u8>, Failure> {
    match (kind, word.strip_prefix('@')) {
        (Kind::DataRaw, _) => Ok(word.as_bytes().to_vec()),
        (Kind::DataUrlencode, _) => urlencoded(word),
        (Kind::DataBinary, Some(name)) => read(name),
        // As in curl: line ends in a file are for people.
        (Kind::Data, Some(name)) => {
            let mut bytes = read(name)?;
            bytes.retain(|byte| !b"\r\n\0".contains(byte));
            Ok(bytes)
        }
        _ => Ok(word.as_bytes().to_vec()),
    }
}

/// `CONTENT`, `=CONTENT`, `NAME=CONTENT`, `@FILE`, `NAME@FILE`: what is content is percent-encoded.
fn urlencoded(word: &str) -> Result<Vec<u8>, Failure> {
    let (name, content) = match word.find(['=', '@']) {
        None => ("", word.as_bytes().to_vec()),
        Some(at) => {
            let (name, rest) = word.split_at(at);
            let content = match rest.strip_prefix('@') {
                Some(file) => read(file)?,
                None => rest.strip_prefix('=').unwrap_or(rest).as_bytes().to_vec(),
            };
            (name, content)
        }
    };
    let encoded = percent_encode(&content, RESERVED).to_string();
    let equals = if name.is_empty() { "" } else { "=" };
    Ok(format!("{name}{equals}{encoded}").into_bytes())
}

/// `NAME=VALUE`, both percent-encoded.
fn encoded_pair(word: &str) -> String {
    let encode = |text| utf8_percent_encode(text, RESERVED).to_string();
    match word.split_once('=') {
        Some((name, value)) => format!("{}={}", encode(name), encode(value)),
        None => encode(word),
    }
}

/// JSON as typed; it must be some.
fn json(word: &str) -> Result<Vec<u8>, Failure> {
    let bytes = match word.strip_prefix('@') {
        Some(name) => read(name)?,
        None => word.as_bytes().to_vec(),
    };
    match serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => {
            let failure = Failure::usage(format!("--json-body: {error}"));
            Err(failure.hint("-d sends anything; -H \"Content-Type: ...\" names it"))
        }
    }
}

/// `-T FILE`: a file with its size, or standard input in chunks.
pub(crate) fn upload(name: &str) -> Result<Content, Failure> {
    if name == "-" {
        return Ok(Content::stream(io::stdin()));
    }
    let doing = || format!("reading {name}");
    let file = File::open(name).map_err(|error| Failure::local(&error).doing(doing()))?;
    let about = file.metadata().map_err(|error| Failure::local(&error).doing(doing()))?;
    match about.is_dir() {
        true => Err(Failure::new(Exit::Local, "it is a folder").doing(doing())),
        false => Content::file(file).map_err(|error| Failure::from(error).doing(doing())),
    }
}

/// What a file is called here; standard input has no name.
pub(crate) fn own_name(file: &Path) -> Option<&[u8]> {
    file.file_name().map(OsStrExt::as_bytes).filter(|name| *name != b"-")
}

/// Where an upload goes: as in curl, a URL that names no file gets the file's name. `None` for one
/// that names a file, or has a query.
pub(crate) fn url_with_name(url: &str, name: &[u8]) -> Option<String> {
    let behind_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let is_folder = url.ends_with('/') || !behind_scheme.contains('/');
    let folder = url.strip_suffix('/').unwrap_or(url);
    (is_folder && !url.contains(['?', '#']))
        .then(|| format!("{folder}/{}", percent_encode(name, RESERVED)))
}

#[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
fn read(name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match name {
        "-" => io::stdin().take(DATA_BYTES + 1).read_to_end(&mut bytes),
        name => File::open(name).and_then(|file| file.take(DATA_BYTES + 1).read_to_end(&mut bytes)),
    };
    read.map_err(|error| Failure::local(&error).doing(format!("reading the body from {name}")))?;
    match bytes.len() as u64 > DATA_BYTES {
        true => Err(Failure::usage("a body for -d has 64 MiB at most").hint("-T sends any size")),
        false => Ok(bytes),
    }
}

fn text_of(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| Failure::usage("-G takes text: this is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Said<'a> = &'a [(Kind, &'a str)];

    fn typed(words: Said<'_>, in_query: bool) -> Result<Typed, Failure> {
        let words = words.iter().map(|(kind, word)| (*kind, (*word).to_owned())).collect();
        Typed::read(&Words(words), in_query)
    }

    #[test]
    fn bodies() {
        let rows: &[(Said<'_>, Option<u64>, &str)] = &[
            (&[], None, ""),
            (&[(Kind::Data, "a=1")], Some(3), "application/x-www-form-urlencoded"),
            (
                &[(Kind::Data, "a=1"), (Kind::DataUrlencode, "b=x y"), (Kind::DataRaw, "@c")],
                Some(14),
                "application/x-www-form-urlencoded",
            ),
            (&[(Kind::Json, "{\"a\": 1}")], Some(8), "application/json"),
        ];
        for (words, length, media_type) in rows {
            let typed = typed(words, false).unwrap();
            assert_eq!(typed.content.as_ref().and_then(Content::length), *length, "{words:?}");
            assert_eq!(typed.media_type.unwrap_or_default(), *media_type, "{words:?}");
        }
        for bad in [
            &[(Kind::Json, "{")][..],
            &[(Kind::Data, "a"), (Kind::Json, "1")],
            &[(Kind::Form, "a=b"), (Kind::Data, "c")],
            &[(Kind::Upload, "/no/such/file")],
            &[(Kind::Data, "@/no/such/file")],
        ] {
            assert!(typed(bad, false).is_err(), "{bad:?}");
        }
        for bad in [(Kind::Form, "a=b"), (Kind::Json, "{}"), (Kind::Upload, "/dev/null")] {
            assert!(typed(&[bad], true).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn uploads_have_names() {
        let rows = [
            ("http://h/in/", Some("http://h/in/a%20b")),
            ("http://h/", Some("http://h/a%20b")),
            ("http://h", Some("http://h/a%20b")),
            ("h:80", Some("h:80/a%20b")),
            ("http://h/in", None),
            ("http://h/?q=/", None),
            ("http://h?q", None),
            ("http://h/a#/", None),
        ];
        for (url, wanted) in rows {
            assert_eq!(url_with_name(url, b"a b").as_deref(), wanted, "{url}");
        }
    }

    #[test]
    fn queries() {
        let rows: &[(Said<'_>, bool, Option<&str>)] = &[
            (&[(Kind::Query, "q=a b&c")], false, Some("q=a%20b%26c")),
            (&[(Kind::Query, "ü"), (Kind::Query, "x=")], false, Some("%C3%BC&x=")),
            (&[(Kind::Data, "a=1"), (Kind::DataUrlencode, "=ß")], true, Some("a=1&%C3%9F")),
            (&[(Kind::DataUrlencode, "n==%")], true, Some("n=%3D%25")),
            (&[(Kind::Data, "a=1")], false, None),
        ];
        for (words, in_query, wanted) in rows {
            assert_eq!(typed(words, *in_query).unwrap().query.as_deref(), *wanted, "{words:?}");
        }
        assert!(typed(&[(Kind::Data, "a")], true).unwrap().content.is_none());
    }
}
