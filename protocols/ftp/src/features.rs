//! What the server offers: the lines of its reply to FEAT (RFC 2389 section 3.2).
//! Must not hold: what we make of it.

use crate::{Algorithm, Reply};

/// The features of a server: keywords in any case, with their parameters. None where FEAT is not
/// known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    lines: Vec<(String, String)>,
}

impl Features {
    /// `feature-response = "211-" .. 1*( SP feature CRLF ) "211 End"`. What is no text is passed
    /// over.
    #[must_use]
    pub fn of(reply: &Reply) -> Self {
        let lines = reply.middle_lines().filter_map(|line| str::from_utf8(line).ok());
        let lines = lines.map(str::trim).filter(|line| !line.is_empty()).map(|line| {
            let (keyword, parameters) = line.split_once(' ').unwrap_or((line, ""));
            (keyword.to_ascii_uppercase(), parameters.trim().to_owned())
        });
        Self { lines: lines.collect() }
    }

    /// Whether the keyword is there.
    #[must_use]
    pub fn has(&self, keyword: &str) -> bool {
        self.parameters(keyword).is_some()
    }

    /// What stands behind the keyword.
    #[must_use]
    pub fn parameters(&self, keyword: &str) -> Option<&str> {
        let mut lines = self.lines.iter();
        let found = lines.find(|(own, _)| own.eq_ignore_ascii_case(keyword))?;
        Some(&found.1)
    }

    /// Every line: the keyword in capitals, and its parameters as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().map(|(keyword, parameters)| (keyword.as_str(), parameters.as_str()))
    }

    /// Whether `REST STREAM` is offered: transfers can begin anywhere (RFC 3659 section 5.3).
    #[must_use]
    pub fn restarts(&self) -> bool {
        self.parameters("REST").is_some_and(|mode| mode.eq_ignore_ascii_case("STREAM"))
    }

    /// Whether listings for programs are offered (RFC 3659 section 7).
    #[must_use]
    pub fn lists_facts(&self) -> bool {
        self.has("MLST") || self.has("MLSD")
    }

    /// The checksums that the server can make, by any command, strongest first.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL
            .into_iter()
            .filter(|&algorithm| self.hashes(algorithm) || self.has(algorithm.verb()))
    }

    /// Whether `HASH` knows the algorithm: `HASH SHA-256;SHA-1*;MD5`.
    pub(crate) fn hashes(&self, algorithm: Algorithm) -> bool {
        let names = self.parameters("HASH").unwrap_or_default().split(';');
        names
            .map(|name| name.trim_end_matches('*'))
            .any(|name| name.eq_ignore_ascii_case(algorithm.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReplyReader;

    fn offered(lines: &[&str]) -> Features {
        let mut reader = ReplyReader::default();
        let mut reply = None;
        for line in lines {
            reply = reader.feed(line.as_bytes(), 512).unwrap();
        }
        Features::of(&reply.unwrap())
    }

    #[test]
    fn features() {
        let offered = offered(&[
            "211-SIZE is in the heading\r\n",
            " mdtm\r\n",
            " REST stream\r\n",
            "211-MLST size*;create;\r\n",
            " HASH SHA-256;SHA-1*;MD5\r\n",
            " XCRC\r\n",
            "\r\n",
            " \u{ff}\r\n",
            "211 SIZE End\r\n",
        ]);
        assert!(offered.has("MDTM") && !offered.has("SIZE") && !offered.has(""));
        assert!(offered.restarts() && offered.lists_facts());
        assert_eq!(offered.parameters("mlst"), Some("size*;create;"));
        let algorithms: Vec<_> = offered.algorithms().collect();
        use Algorithm::{Crc32, Md5, Sha1, Sha256};
        assert_eq!(algorithms, [Sha256, Sha1, Md5, Crc32]);
    }

    #[test]
    fn none() {
        assert_eq!(offered(&["211 none\r\n"]), Features::default());
        assert_eq!(offered(&["211-none\r\n", "211 end\r\n"]), Features::default());
    }
}
