//! What the server offers: the lines of its EHLO or LHLO reply (RFC 5321 section 4.1.1.1).
//! Must not hold: what we make of it.

use crate::Reply;
use std::num::NonZeroU64;

/// The extensions of a server: keywords in any case, with their parameters. Nothing after HELO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    lines: Vec<(String, String)>,
}

impl Capabilities {
    /// `ehlo-line = ehlo-keyword *( SP ehlo-param )`: every line but the first, which greets.
    /// `AUTH=LOGIN PLAIN`, an old spelling, is `AUTH LOGIN PLAIN`. What is no text is passed over.
    #[must_use]
    pub fn of(reply: &Reply) -> Self {
        let lines = reply.lines().skip(1).filter_map(|line| str::from_utf8(line).ok());
        let lines = lines.filter_map(|line| {
            let (keyword, parameters) = line.split_once([' ', '=']).unwrap_or((line, ""));
            (!keyword.is_empty())
                .then(|| (keyword.to_ascii_uppercase(), parameters.trim().to_owned()))
        });
        Self { lines: lines.collect() }
    }

    /// Whether the keyword is there.
    #[must_use]
    pub fn has(&self, keyword: &str) -> bool {
        self.with(keyword).next().is_some()
    }

    /// The parameters behind a keyword, those of all its lines one after the other.
    pub fn parameters<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a str> {
        self.with(keyword).flat_map(str::split_ascii_whitespace)
    }

    fn with<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.lines.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(keyword));
        lines.map(|(_, parameters)| parameters.as_str())
    }

    /// Every line: the keyword in capitals, and its parameters as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().map(|(keyword, parameters)| (keyword.as_str(), parameters.as_str()))
    }

    /// The largest message the server takes, in bytes; 0 stands for no limit (RFC 1870 section 4).
    #[must_use]
    pub fn largest_message(&self) -> Option<NonZeroU64> {
        self.parameters("SIZE").next().and_then(|size| size.parse().ok())
    }

    /// The SASL mechanisms (RFC 4954 section 3), as the server spells them.
    pub fn mechanisms(&self) -> impl Iterator<Item = &str> {
        self.parameters("AUTH")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReplyReader;

    fn offered(lines: &[&str]) -> Capabilities {
        let mut reader = ReplyReader::default();
        let mut reply = None;
        for line in lines {
            reply = reader.feed(line.as_bytes(), 512).unwrap();
        }
        Capabilities::of(&reply.unwrap())
    }

    /// Keywords ignore case (RFC 5321 section 4.1.1.1); the greeting's line offers nothing.
    #[test]
    fn keywords() {
        let offered = offered(&[
            "250-SIZE 5 is my name\r\n",
            "250-size 100\r\n",
            "250-auth=LOGIN\r\n",
            "250-AUTH  PLAIN scram-sha-256 \r\n",
            "250-\r\n",
            "250 Pipelining\r\n",
        ]);
        assert_eq!(offered.largest_message().map(NonZeroU64::get), Some(100));
        assert!(offered.has("PIPELINING") && offered.has("pipelining"));
        assert!(!offered.has("PIPELININ") && !offered.has("5") && !offered.has(""));
        let mechanisms: Vec<_> = offered.mechanisms().collect();
        assert_eq!(mechanisms, ["LOGIN", "PLAIN", "scram-sha-256"]);
        assert_eq!(offered.iter().count(), 4);
    }

    /// RFC 1870 section 4: 0, nothing and nonsense are no limit.
    #[test]
    fn sizes() {
        for line in ["SIZE", "SIZE 0", "SIZE -1", "SIZE x", "SIZE 99999999999999999999", "X"] {
            let line = format!("250 {line}\r\n");
            assert_eq!(offered(&["250-hi\r\n", &line]).largest_message(), None, "{line}");
        }
    }
}
