//! Forms with files: `multipart/form-data` (RFC 7578).
//! Must not hold: reading files, guessing types.

use crate::{Content, Error, FieldValue};
use wireline_wire::escape;

/// A form made of parts, in their order.
#[derive(Clone, Debug)]
pub struct Multipart {
    boundary: String,
    content: Content,
}

/// What a part is, beside its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// `name`, of the field.
    pub name: String,
    /// `filename`, for files.
    pub file_name: Option<String>,
    /// `Content-Type`.
    pub media_type: Option<String>,
}

impl Multipart {
    /// An empty form. The boundary is made of 128 random bits of the caller's: content that holds
    /// it cannot be found by chance, nor prepared by somebody who does not know it.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { boundary: format!("wireline-{digits}"), content: Content::default() }
    }

    /// Adds a part.
    ///
    /// # Errors
    /// [`Error::Input`] when a name or type holds control bytes.
    pub fn with(mut self, part: &Part, content: Content) -> Result<Self, Error> {
        let head = format!("--{}\r\n{}\r\n", self.boundary, part.head()?);
        self.content = self.content.then(head.into_bytes().into()).then(content);
        self.content = self.content.then(b"\r\n".to_vec().into());
        Ok(self)
    }

    /// `Content-Type`.
    #[must_use]
    pub fn media_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The whole form (RFC 2046 section 5.1.1).
    #[must_use]
    pub fn into_content(self) -> Content {
        let end = format!("--{}--\r\n", self.boundary);
        self.content.then(end.into_bytes().into())
    }
}

impl Part {
    fn head(&self) -> Result<String, Error> {
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(&self.name)?);
        if let Some(file_name) = &self.file_name {
            head += &format!("; filename=\"{}\"", quoted(file_name)?);
        }
        head += "\r\n";
        if let Some(media_type) = &self.media_type {
            FieldValue::try_from(media_type.as_str())?;
            head += &format!("Content-Type: {media_type}\r\n");
        }
        Ok(head)
    }
}

/// A name between quotes, as browsers write it (RFC 7578 section 4.2 and the living standard of
/// forms): `"` as `%22`, everything else in UTF-8.
fn quoted(text: &str) -> Result<String, Error> {
    match text.chars().any(char::is_control) {
        true => {
            let shown = escape(text.as_bytes());
            Err(Error::Input(format!("the name \"{shown}\" of a form's part holds control bytes")))
        }
        false => Ok(text.replace('"', "%22")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, file_name: Option<&str>, media_type: Option<&str>) -> Part {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Part { name: name.into(), file_name: owned(file_name), media_type: owned(media_type) }
    }

    #[test]
    fn a_form() {
        let form = Multipart::new([0xab; 16])
            .with(&part("a", None, None), b"1".to_vec().into())
            .and_then(|form| {
                let file = part("f\"", Some("ä \"b\".txt"), Some("text/plain"));
                form.with(&file, b"two\r\n".to_vec().into())
            })
            .unwrap();
        let boundary = format!("wireline-{}", "ab".repeat(16));
        assert_eq!(form.media_type(), format!("multipart/form-data; boundary={boundary}"));
        let wanted = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"f%22\"; \
             filename=\"ä %22b%22.txt\"\r\nContent-Type: text/plain\r\n\r\ntwo\r\n\r\n\
             --{boundary}--\r\n"
        );
        let content = form.into_content();
        assert_eq!(content.length(), Some(wanted.len() as u64));
        assert_eq!(content.small().unwrap(), wanted.as_bytes());
    }

    /// hostile.md row 10.
    #[test]
    fn names_that_are_refused() {
        for bad in ["a\r\nX: y", "a\0", "a\n"] {
            let form = || Multipart::new([0; 16]);
            assert!(form().with(&part(bad, None, None), Content::default()).is_err());
            assert!(form().with(&part("a", Some(bad), None), Content::default()).is_err());
            assert!(form().with(&part("a", None, Some(bad)), Content::default()).is_err());
        }
    }
}
