//! `-F`: a form of parts, as curl spells them.
//! Must not hold: the format of the form (`wireline_http::Multipart`).

use super::upload;
use crate::exit::{Exit, Failure};
use std::path::Path;
use wireline_http::{Content, Multipart, Part};

/// A form while its parts are typed.
#[derive(Debug, Default)]
pub(super) struct Form {
    parts: Vec<(Part, Content)>,
}

/// `NAME=TEXT`, `NAME=@FILE` or `NAME=<FILE`, with `;type=` and `;filename=` behind it.
#[derive(Debug, PartialEq, Eq)]
struct Word {
    name: String,
    source: Source,
    media_type: Option<String>,
    file_name: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Source {
    Text(String),
    /// A file, as one.
    File(String),
    /// A file, as the text of a field.
    TextOf(String),
}

impl Form {
    pub(super) fn add(&mut self, word: &str, is_text: bool) -> Result<(), Failure> {
        let word = parse(word, is_text).ok_or_else(|| {
            Failure::usage("-F takes NAME=TEXT or NAME=@FILE, and ;type= or ;filename= behind it")
        })?;
        let part = |file_name: Option<String>, media_type: Option<String>| Part {
            name: word.name.clone(),
            file_name: word.file_name.clone().or(file_name),
            media_type: word.media_type.clone().or(media_type),
        };
        self.parts.push(match &word.source {
            Source::Text(text) => (part(None, None), text.clone().into_bytes().into()),
            Source::TextOf(name) => (part(None, None), upload(name)?),
            Source::File(name) => {
                let media_type = mime_guess::from_path(name).first_or_octet_stream().to_string();
                (part(Some(base_name(name)), Some(media_type)), upload(name)?)
            }
        });
        Ok(())
    }

    /// The form's content and type, if there is one.
    pub(super) fn finish(self) -> Result<Option<(Content, String)>, Failure> {
        if self.parts.is_empty() {
            return Ok(None);
        }
        let mut random = [0; 16];
        let filled = getrandom::fill(&mut random);
        filled.map_err(|error| Failure::new(Exit::Local, format!("no random bytes: {error}")))?;
        let mut form = Multipart::new(random);
        for (part, content) in self.parts {
            form = form.with(&part, content)?;
        }
        let media_type = form.media_type();
        Ok(Some((form.into_content(), media_type)))
    }
}

/// What a file is called to the server: never its folders.
fn base_name(name: &str) -> String {
    match name {
        "-" => "-".to_owned(),
        name => {
            Path::new(name).file_name().map_or("", |name| name.to_str().unwrap_or("")).to_owned()
        }
    }
}

fn parse(word: &str, is_text: bool) -> Option<Word> {
    let (name, value) = word.split_once('=')?;
    let bare = |source| Word { name: name.into(), source, media_type: None, file_name: None };
    if is_text {
        return Some(bare(Source::Text(value.to_owned())));
    }
    let (first, mut rest) = split(value.trim_start_matches(['@', '<']))?;
    let mut parsed = bare(match value.chars().next() {
        Some('@') => Source::File(first),
        Some('<') => Source::TextOf(first),
        _ => Source::Text(first),
    });
    while let Some(more) = rest.strip_prefix(';') {
        let (name, value) = more.split_once('=')?;
        let (value, behind) = split(value)?;
        match name.trim() {
            "type" => parsed.media_type = Some(value),
            "filename" => parsed.file_name = Some(value),
            _ => return None,
        }
        rest = behind;
    }
    rest.is_empty().then_some(parsed)
}

/// A value up to the next `;`, or between quotes, and what follows.
fn split(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return Some((value.to_owned(), rest));
    };
    let (mut value, mut letters) = (String::new(), quoted.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, quoted.split_at(at + 1).1)),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            letter => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let word = |source, media_type: Option<&str>, file_name: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let (media_type, file_name) = (owned(media_type), owned(file_name));
            Some(Word { name: "n".into(), source, media_type, file_name })
        };
        let text = |text: &str| Source::Text(text.into());
        let file = |name: &str| Source::File(name.into());
        let rows = [
            ("n=v", word(text("v"), None, None)),
            ("n=", word(text(""), None, None)),
            ("n=a=b", word(text("a=b"), None, None)),
            ("n=@f", word(file("f"), None, None)),
            ("n=<f", word(Source::TextOf("f".into()), None, None)),
            ("n=@f;type=a/b", word(file("f"), Some("a/b"), None)),
            ("n=@f;filename=g;type=a/b", word(file("f"), Some("a/b"), Some("g"))),
            ("n=@\"a;b\\\"\";filename=\"c d\"", word(file("a;b\""), None, Some("c d"))),
            (
                "n=v;type=\"text/plain;charset=x\"",
                word(text("v"), Some("text/plain;charset=x"), None),
            ),
            ("n=\"a;b\"", word(text("a;b"), None, None)),
            ("n", None),
            ("n=@f;size=1", None),
            ("n=\"open", None),
            ("n=\"a\"b", None),
        ];
        for (typed, wanted) in rows {
            assert_eq!(parse(typed, false), wanted, "{typed}");
        }
        assert_eq!(parse("n=@f;x", true), word(text("@f;x"), None, None));
    }

    #[test]
    fn names_without_folders() {
        for (name, wanted) in [("/etc/passwd", "passwd"), ("a", "a"), ("../x", "x"), ("-", "-")] {
            assert_eq!(base_name(name), wanted);
        }
    }
}
