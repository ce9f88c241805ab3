//! Standard output and standard error: heads, notes, failures, and the guard of the terminal.
//! Must not hold: what is fetched, or when.

use crate::exit::{Exit, Failure};
use crate::mask::without_userinfo;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use wireline_wire::is_unsafe_on_a_terminal;

/// What the user wants to see, and where it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) quiet: bool,
}

impl Output {
    /// Bytes for standard output; made safe when that is a terminal.
    pub(crate) fn head(self, raw: &[u8]) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match out.is_terminal() {
            true => out.write_all(for_terminal(raw).as_bytes())?,
            false => out.write_all(raw)?,
        }
        out.flush()
    }

    /// A line on standard output.
    pub(crate) fn line(self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// Something worth knowing, unless the user wants silence.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            message(&format!("wireline: {}\n", one_line(text)));
        }
    }

    /// Results, of several lines, beside a client's own output.
    pub(crate) fn report(self, text: &str) {
        message(&text.chars().map(safe).collect::<String>());
    }

    /// Something that must be known.
    pub(crate) fn warn(self, text: &str) {
        message(&format!("wireline: warning: {}\n", one_line(text)));
    }

    /// Why it failed, and one thing to try.
    pub(crate) fn fail(self, failure: &Failure) {
        let shown = |text: &str| one_line(&without_userinfo(text));
        let mut text = format!("wireline: {}\n", shown(&failure.to_string()));
        if let Some(hint) = &failure.hint {
            text.push_str(&format!("  hint: {}\n", shown(hint)));
        }
        message(&text);
    }
}

/// One write, so that messages of several processes do not mix. Standard error may be closed; there
/// is nobody to tell then.
fn message(text: &str) {
    io::stderr().write_all(text.as_bytes()).ok();
}

/// A duplicate of standard output for a body: the file itself, so that the kernel can splice into it.
pub(crate) fn stdout_file() -> io::Result<File> {
    io::stdout().flush()?;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// Refuses bytes that a terminal would obey.
#[derive(Debug)]
pub(crate) struct TerminalGuard<W>(pub(crate) W);

impl<W: Write> Write for TerminalGuard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let obeyed = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n');
        match bytes.iter().any(obeyed) {
            true => Err(io::Error::new(io::ErrorKind::InvalidData, BinaryOnTerminal)),
            false => self.0.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Why a body could not be written to standard output.
pub(crate) fn stdout_failure(error: &io::Error) -> Failure {
    match error.get_ref().is_some_and(|inner| inner.is::<BinaryOnTerminal>()) {
        true => Failure::new(Exit::Unsafe, error.to_string())
            .hint("-o FILE stores it, -o - writes it anyway"),
        false => Failure::stdout(error),
    }
}

/// The body holds control bytes and would have gone to a terminal.
#[derive(Debug)]
struct BinaryOnTerminal;

impl std::fmt::Display for BinaryOnTerminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body is binary, and standard output is a terminal")
    }
}

impl std::error::Error for BinaryOnTerminal {}

/// Text whose control characters are shown, not obeyed; line ends stay.
fn for_terminal(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    text.chars().filter(|&letter| letter != '\r').map(safe).collect()
}

/// A message is one line, whatever is in it.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter == '\n' { ' ' } else { safe(letter) }).collect()
}

fn safe(letter: char) -> char {
    match letter {
        '\n' | '\t' => letter,
        _ if is_unsafe_on_a_terminal(letter) => '\u{fffd}',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hostile.md rows 170 to 172.
    #[test]
    fn a_terminal_obeys_nobody() {
        assert_eq!(
            for_terminal(b"HTTP/1.1 200 \x1b[2J\r\nA: \xc2\x9b\r\n"),
            "HTTP/1.1 200 \u{fffd}[2J\nA: \u{fffd}\n"
        );
        assert_eq!(one_line("a\nwireline: forged"), "a wireline: forged");
        let mut screen = Vec::new();
        let mut guard = TerminalGuard(&mut screen);
        assert!(guard.write_all("text\tä\r\n".as_bytes()).is_ok());
        for bytes in [&b"\x1b]52;c;x\x07"[..], b"\0", b"\x7f"] {
            assert!(guard.write_all(bytes).is_err());
        }
        assert_eq!(screen, "text\tä\r\n".as_bytes());
    }
}
