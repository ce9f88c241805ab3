//! The prompt behind the escape character: its commands, from a line to what is wanted. Pure.
//! Must not hold: what they do (`hand.rs`).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use wireline_telnet::Command;
use wireline_wire::escape;

/// What is shown where a command is awaited.
pub(crate) const PROMPT: &str = "wireline> ";

/// What somebody wants who has typed the escape character and a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Back to the device.
    Back,
    Close,
    Status,
    Send(Command),
    /// The escape character, to the device.
    SendEscape,
    Record(PathBuf),
    Suspend,
    Help,
}

/// Command, argument, help.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("close", "", "end the session"),
    ("status", "", "who is there, and which options are on"),
    ("send", "NAME", "ayt brk ip ao ec el ga nop eof susp abort synch, or escape"),
    ("record", "FILE", "write the dialogue from here on to FILE, as a transcript"),
    ("z", "", "stop wireline; the shell's fg goes on"),
    ("help", "", "this; an empty line goes back to the device"),
];

impl Wish {
    /// Reads a line of the prompt.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, String> {
        let line = line.trim_ascii();
        let split = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        let (word, argument) = line.split_at_checked(split).unwrap_or((line, b""));
        let argument = argument.trim_ascii();
        let name = String::from_utf8_lossy(word).to_ascii_lowercase();
        let wish = match name.as_str() {
            "" => Self::Back,
            "close" | "quit" | "exit" => Self::Close,
            "status" => Self::Status,
            "send" => return send(argument),
            "record" if argument.is_empty() => return Err("record takes a FILE".into()),
            "record" => return Ok(Self::Record(OsStr::from_bytes(argument).into())),
            "z" | "suspend" => Self::Suspend,
            "help" | "?" => Self::Help,
            _ => return Err(format!("there is no command \"{}\"; try help", escape(word))),
        };
        match argument.is_empty() {
            true => Ok(wish),
            false => Err(format!("{name} takes no argument")),
        }
    }
}

fn send(argument: &[u8]) -> Result<Wish, String> {
    let name = String::from_utf8_lossy(argument).to_ascii_lowercase();
    match name.as_str() {
        "escape" => Ok(Wish::SendEscape),
        "synch" => Ok(Wish::Send(Command::DataMark)),
        "break" => Ok(Wish::Send(Command::Break)),
        name => match Command::from_name(name) {
            Some(command) => Ok(Wish::Send(command)),
            None => Err(format!("cannot send \"{}\"; help lists what can be", escape(argument))),
        },
    }
}

/// The commands, a line each.
pub(crate) fn help() -> String {
    let line = |(name, argument, help): &(&str, &str, &str)| {
        format!("{:<14}{help}\n", format!("{name} {argument}"))
    };
    COMMANDS.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes() {
        let rows: &[(&str, Option<Wish>)] = &[
            ("", Some(Wish::Back)),
            ("  ", Some(Wish::Back)),
            ("close", Some(Wish::Close)),
            (" QUIT ", Some(Wish::Close)),
            ("close now", None),
            ("status", Some(Wish::Status)),
            ("send AYT", Some(Wish::Send(Command::AreYouThere))),
            ("send  brk", Some(Wish::Send(Command::Break))),
            ("send synch", Some(Wish::Send(Command::DataMark))),
            ("send escape", Some(Wish::SendEscape)),
            ("send", None),
            ("send ayt ip", None),
            ("send nonsense", None),
            ("record", None),
            ("record a b.wire", Some(Wish::Record("a b.wire".into()))),
            ("z", Some(Wish::Suspend)),
            ("?", Some(Wish::Help)),
            ("\u{e9}\u{1f600}", None),
            ("help me", None),
        ];
        for (line, wanted) in rows {
            assert_eq!(Wish::parse(line.as_bytes()).ok(), *wanted, "{line:?}");
        }
    }

    /// What the help lists is there, and nobody's control bytes reach the terminal.
    #[test]
    fn help_and_errors() {
        for (name, argument, _) in COMMANDS {
            let argument = argument.replace("NAME", "ayt");
            assert!(Wish::parse(format!("{name} {argument}").as_bytes()).is_ok(), "{name}");
            assert!(help().contains(&format!("{name} ")));
        }
        let names = COMMANDS.iter().find(|(name, ..)| *name == "send").unwrap().2;
        for name in names.split([' ', ',']).filter(|name| !["", "or"].contains(name)) {
            assert!(Wish::parse(format!("send {name}").as_bytes()).is_ok(), "{name}");
        }
        assert!(!Wish::parse(b"\x1b[2J").unwrap_err().contains('\x1b'));
    }
}
