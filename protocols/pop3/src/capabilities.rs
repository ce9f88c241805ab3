//! What a server says it can do: the reply to CAPA (RFC 2449 section 5).
//! Must not hold: I/O, or what follows from it (`session.rs`).

use std::time::Duration;

/// The capabilities of a server, at the time it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    lines: Vec<Vec<String>>,
}

/// How long messages stay on the server (RFC 2449 section 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expire {
    /// At least so many days. 0: what was retrieved may go when the session ends.
    Days(u32),
    /// The server deletes nothing by itself.
    Never,
}

impl Capabilities {
    /// Whether this one was said, in any case of letters.
    #[must_use]
    pub fn has(&self, tag: &str) -> bool {
        self.line(tag).is_some()
    }

    /// The words that follow it.
    pub fn parameters(&self, tag: &str) -> impl Iterator<Item = &str> {
        self.line(tag).into_iter().flatten().skip(1).map(String::as_str)
    }

    /// All of them as they were said, one line each.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.lines.iter().map(|words| words.join(" "))
    }

    /// Whether nothing was said, or the server does not know CAPA.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The SASL mechanisms (RFC 5034 section 3).
    pub fn sasl(&self) -> impl Iterator<Item = &str> {
        self.parameters("SASL")
    }

    /// Whether commands may be sent ahead of replies (RFC 2449 section 6.6).
    #[must_use]
    pub fn has_pipelining(&self) -> bool {
        self.has("PIPELINING")
    }

    /// The least time between two logins (RFC 2449 section 6.5).
    #[must_use]
    pub fn login_delay(&self) -> Option<Duration> {
        let seconds: u32 = self.parameters("LOGIN-DELAY").next()?.parse().ok()?;
        Some(Duration::from_secs(seconds.into()))
    }

    /// How long messages stay (RFC 2449 section 6.7).
    #[must_use]
    pub fn expire(&self) -> Option<Expire> {
        match self.parameters("EXPIRE").next()? {
            never if never.eq_ignore_ascii_case("NEVER") => Some(Expire::Never),
            days => days.parse().ok().map(Expire::Days),
        }
    }

    /// What the server is (RFC 2449 section 6.9). Show it escaped.
    #[must_use]
    pub fn implementation(&self) -> Option<String> {
        self.line("IMPLEMENTATION").and_then(|words| words.get(1..)).map(|words| words.join(" "))
    }

    /// `capability = capa-tag *(SP param) CRLF` (RFC 2449 section 3). What is not UTF-8 is
    /// replaced, an empty line is passed over.
    pub(crate) fn push(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let words: Vec<String> = line.split_ascii_whitespace().map(str::to_owned).collect();
        if !words.is_empty() {
            self.lines.push(words);
        }
    }

    fn line(&self, tag: &str) -> Option<&Vec<String>> {
        let is_it = |words: &&Vec<String>| {
            words.first().is_some_and(|first| first.eq_ignore_ascii_case(tag))
        };
        self.lines.iter().find(is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities(lines: &[&[u8]]) -> Capabilities {
        let mut capabilities = Capabilities::default();
        lines.iter().for_each(|line| capabilities.push(line));
        capabilities
    }

    #[test]
    fn the_rfcs_example_in_any_case() {
        let known = capabilities(&[
            b"top",
            b"Sasl  CRAM-MD5 KERBEROS_V4 ",
            b"LOGIN-DELAY 900 USER",
            b"PIPELINING",
            b"Expire 60",
            b"",
            b"IMPLEMENTATION Shlemazle Plotz-v302",
            b"X-\xff",
        ]);
        assert!(known.has("TOP") && known.has("pipelining") && !known.has("STLS"));
        assert!(known.has_pipelining());
        assert_eq!(known.sasl().collect::<Vec<_>>(), ["CRAM-MD5", "KERBEROS_V4"]);
        assert_eq!(known.login_delay(), Some(Duration::from_secs(900)));
        assert_eq!(known.expire(), Some(Expire::Days(60)));
        assert_eq!(known.implementation().as_deref(), Some("Shlemazle Plotz-v302"));
        assert_eq!(known.lines().count(), 7);
    }

    #[test]
    fn numbers_that_are_none() {
        let rows = [("60", true), ("-1", false), ("", false), ("99999999999", false), ("x", false)];
        for (text, is_number) in rows {
            let lines = [format!("EXPIRE {text}"), format!("LOGIN-DELAY {text}")];
            let known = capabilities(&[lines[0].as_bytes(), lines[1].as_bytes()]);
            assert_eq!(known.expire().is_some(), is_number, "{text}");
            assert_eq!(known.login_delay().is_some(), is_number, "{text}");
        }
        assert_eq!(capabilities(&[b"EXPIRE never"]).expire(), Some(Expire::Never));
        assert!(capabilities(&[]).is_empty());
    }
}
