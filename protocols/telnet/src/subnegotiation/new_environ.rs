//! NEW-ENVIRON (RFC 1572): variables, and of those only what the caller has named.

use super::IS;
use crate::Error;

/// A variable that the peer may learn. The environment of the process is never read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    name: String,
    value: String,
    on_demand: bool,
}

impl Variable {
    /// A variable for whoever asks: by its name, or for all that there are.
    ///
    /// # Errors
    /// [`Error::Input`] when the name is empty, or either holds CR, LF or NUL or has more than
    /// 1024 bytes.
    pub fn new(name: &str, value: &str) -> Result<Self, Error> {
        let fits = |text: &str| text.len() <= 1024 && !text.contains(['\r', '\n', '\0']);
        if name.is_empty() || !fits(name) || !fits(value) {
            return Err(Error::Input(
                "a variable and its value have 1024 bytes at most, no CR, LF or NUL".into(),
            ));
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned(), on_demand: false })
    }

    /// Told only to who asks for it by its name.
    #[must_use]
    pub fn on_demand(self) -> Self {
        Self { on_demand: true, ..self }
    }

    /// Whether it is one of those of RFC 1572 section 5.
    fn kind(&self) -> u8 {
        match WELL_KNOWN.contains(&self.name.as_str()) {
            true => VAR,
            false => USERVAR,
        }
    }
}

/// The answer to `SEND *( ( VAR / USERVAR ) [ name ] )` (RFC 1572 section 2): what was asked for,
/// in the order of the asking, a variable that is not ours without a value. It ends after 16 KiB,
/// or a question of 64 KiB would get an answer of gigabytes.
pub(crate) fn answer(asked: &[u8], variables: &[Variable]) -> Vec<u8> {
    const MOST_BYTES: usize = 16 * 1024;
    let mut parameters = vec![IS];
    if asked.is_empty() {
        all(VAR, variables, &mut parameters);
        all(USERVAR, variables, &mut parameters);
    }
    let mut rest = asked;
    while let Some((kind, name, after)) = next(rest) {
        let from = parameters.len();
        match name.is_empty() {
            true => all(kind, variables, &mut parameters),
            false => one(kind, &name, variables, &mut parameters),
        }
        if parameters.len() > MOST_BYTES {
            parameters.truncate(from);
            break;
        }
        rest = after;
    }
    parameters
}

/// `type [ name ]`, with what follows. An ESC takes its meaning from the next byte.
fn next(asked: &[u8]) -> Option<(u8, Vec<u8>, &[u8])> {
    let (&kind, mut rest) = asked.split_first()?;
    if kind != VAR && kind != USERVAR {
        return None;
    }
    let mut name = Vec::new();
    loop {
        rest = match rest {
            [ESC, byte, after @ ..] => {
                name.push(*byte);
                after
            }
            [VAR | USERVAR, ..] | [] => return Some((kind, name, rest)),
            [byte, after @ ..] => {
                name.push(*byte);
                after
            }
        };
    }
}

fn all(kind: u8, variables: &[Variable], parameters: &mut Vec<u8>) {
    for variable in variables.iter().filter(|variable| !variable.on_demand) {
        if variable.kind() == kind {
            pair(kind, variable, parameters);
        }
    }
}

fn one(kind: u8, name: &[u8], variables: &[Variable], parameters: &mut Vec<u8>) {
    match variables.iter().find(|variable| variable.name.as_bytes() == name) {
        Some(variable) => pair(kind, variable, parameters),
        None => {
            parameters.push(kind);
            escape(name, parameters);
        }
    }
}

fn pair(kind: u8, variable: &Variable, parameters: &mut Vec<u8>) {
    parameters.push(kind);
    escape(variable.name.as_bytes(), parameters);
    parameters.push(VALUE);
    escape(variable.value.as_bytes(), parameters);
}

fn escape(text: &[u8], parameters: &mut Vec<u8>) {
    for byte in text {
        if matches!(*byte, VAR | VALUE | ESC | USERVAR) {
            parameters.push(ESC);
        }
        parameters.push(*byte);
    }
}

const VAR: u8 = 0;
const VALUE: u8 = 1;
const ESC: u8 = 2;
const USERVAR: u8 = 3;
const WELL_KNOWN: [&str; 6] = ["USER", "JOB", "ACCT", "PRINTER", "SYSTEMTYPE", "DISPLAY"];

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Vec<Variable> {
        let named = |name, value| Variable::new(name, value).unwrap();
        vec![
            named("USER", "joe"),
            named("ACCT", "kernel").on_demand(),
            named("DISPLAY", "foo:0.0"),
            named("SHELL", "/bin/csh"),
            named("ODD", "\u{1}\u{2}\u{3}"),
        ]
    }

    /// hostile.md row 188: CVE-2005-0488. Nothing is told that was not named.
    #[test]
    fn only_what_was_named() {
        let default: &[u8] = b"\0\0USER\x01joe\0DISPLAY\x01foo:0.0\x03SHELL\x01/bin/csh\
            \x03ODD\x01\x02\x01\x02\x02\x02\x03";
        let rows: &[(&[u8], &[u8])] = &[
            (b"", default),
            (b"\0\x03", default),
            (b"\0", b"\0\0USER\x01joe\0DISPLAY\x01foo:0.0"),
            (b"\0USER\0ACCT", b"\0\0USER\x01joe\0ACCT\x01kernel"),
            (b"\x03HOME\0PATH", b"\0\x03HOME\0PATH"),
            (b"\x03a\x02\x03b", b"\0\x03a\x02\x03b"),
            (b"\x03a\x02", b"\0\x03a\x02\x02"),
            (b"nonsense", b"\0"),
            (b"\x01USER", b"\0"),
        ];
        for (asked, wanted) in rows {
            assert_eq!(answer(asked, &variables()), *wanted, "{asked:?}");
            let none = answer(asked, &[]);
            assert!(none.len() <= asked.len() + 2 && !none.contains(&VALUE), "{asked:?}");
        }
    }

    /// hostile.md row 188, and CVE-2005-0468: a question cannot be answered by gigabytes.
    #[test]
    fn answers_are_bounded() {
        let long = Variable::new("LONG", &"x".repeat(1024)).unwrap();
        let answer = answer(&[USERVAR; 60_000], &[long]);
        assert!(answer.len() <= 16 * 1024 && answer.len() > 14 * 1024);
    }

    #[test]
    fn variables_of_ours() {
        let long = "x".repeat(1025);
        for (name, value) in [("", "x"), ("a\r", ""), ("a", "\n"), ("a", "\0"), ("a", &*long)] {
            assert!(Variable::new(name, value).is_err(), "{name:?} {value:?}");
        }
    }
}
