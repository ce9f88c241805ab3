//! The user's terminal: its modes while a session lasts, its size, and its way back to what it was.
//! Must not hold: what is typed or shown.

use super::keys::{Discipline, Escape};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr,
    tcgetwinsize, tcsetattr,
};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use wireline_telnet::{SpecialCharacter, Window};

/// A terminal in its own modes, or in a session's until it is dropped: on every way out, a panic among
/// them.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// Of its own, so that nobody closes it before the end.
    device: OwnedFd,
    before: Termios,
    escape: Escape,
    /// The mode, and the keys that LINEMODE has agreed on.
    now: Option<(Mode, Vec<SpecialCharacter>)>,
    changed: bool,
}

/// What the terminal does for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Session(Discipline),
    /// A line for the prompt.
    Prompt,
}

impl Terminal {
    /// Changes nothing yet.
    pub(crate) fn open(device: impl AsFd, escape: Escape) -> io::Result<Self> {
        let device = device.as_fd().try_clone_to_owned()?;
        let before = tcgetattr(&device)?;
        Ok(Self { device, before, escape, now: None, changed: false })
    }

    /// Its size now, 0 for what it does not know, as in NAWS.
    pub(crate) fn window(&self) -> Option<Window> {
        let size = tcgetwinsize(&self.device).ok()?;
        Some(Window { columns: size.ws_col, rows: size.ws_row })
    }

    /// What LINEMODE is told of its keys (RFC 1184 section 2.4): those that it acts on.
    pub(crate) fn characters(&self) -> Vec<SpecialCharacter> {
        const VALUE: u8 = 2;
        let known = |(function, code): &(u8, SpecialCodeIndex)| {
            let value = key(&self.before, *code)?;
            Some(SpecialCharacter { function: *function, modifiers: VALUE, value })
        };
        FUNCTIONS.iter().filter_map(known).collect()
    }

    /// The key that interrupts.
    pub(crate) fn interrupt(&self) -> Option<u8> {
        key(&self.before, SpecialCodeIndex::VINTR)
    }

    /// The key that ends the input.
    pub(crate) fn end_of_file(&self) -> Option<u8> {
        key(&self.before, SpecialCodeIndex::VEOF)
    }

    /// Does this from now on, with the keys that LINEMODE has agreed on. What was typed stays.
    pub(crate) fn set(&mut self, mode: Mode, agreed: &[SpecialCharacter]) -> io::Result<()> {
        let now = Some((mode, agreed.to_vec()));
        if self.now == now {
            return Ok(());
        }
        let modes = match mode {
            Mode::Session(Discipline::Lines { echo }) => self.lines(echo, agreed),
            Mode::Session(Discipline::Characters) => self.characters_alone(),
            Mode::Prompt => self.lines(true, &[]),
        };
        tcsetattr(&self.device, OptionalActions::Now, &modes)?;
        (self.now, self.changed) = (now, true);
        Ok(())
    }

    /// Somebody else may have changed its modes: they are set anew.
    pub(crate) fn forget(&mut self) {
        self.now = None;
    }

    /// Its own modes again.
    pub(crate) fn restore(&mut self) {
        self.now = None;
        if std::mem::take(&mut self.changed) {
            // A terminal that has gone needs none.
            tcsetattr(&self.device, OptionalActions::Now, &self.before).ok();
        }
    }

    /// The terminal edits; the escape character and the interrupt end a line at once. Its signals are
    /// off: they would end us, and are the device's.
    fn lines(&self, echo: bool, agreed: &[SpecialCharacter]) -> Termios {
        let mut modes = self.before.clone();
        modes.input_modes.remove(InputModes::INLCR | InputModes::IGNCR);
        modes.input_modes.insert(InputModes::ICRNL);
        modes.output_modes.insert(OutputModes::OPOST | OutputModes::ONLCR);
        modes.local_modes.remove(LocalModes::ISIG | LocalModes::ECHO | LocalModes::ECHONL);
        modes.local_modes.insert(LocalModes::ICANON);
        if echo {
            modes.local_modes.insert(LocalModes::ECHO);
        }
        for (function, code) in FUNCTIONS {
            let known = agreed.iter().find(|known| known.function == *function);
            if let Some(known) = known.filter(|known| known.modifiers & 3 != 0) {
                modes.special_codes[*code] = known.value;
            }
        }
        modes.special_codes[SpecialCodeIndex::VEOL] = self.escape.0.unwrap_or(NO_KEY);
        modes.special_codes[SpecialCodeIndex::VEOL2] = self.interrupt().unwrap_or(NO_KEY);
        modes
    }

    /// Every key as it is, every byte as it is.
    fn characters_alone(&self) -> Termios {
        let mut modes = self.before.clone();
        modes.make_raw();
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        modes
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.restore();
    }
}

fn key(modes: &Termios, code: SpecialCodeIndex) -> Option<u8> {
    let key = modes.special_codes[code];
    (key != NO_KEY).then_some(key)
}

/// `_POSIX_VDISABLE` of Linux; elsewhere a key that nobody types.
const NO_KEY: u8 = if cfg!(target_os = "linux") { 0 } else { 0xFF };

/// The functions of RFC 1184 that a terminal has while it edits lines.
const FUNCTIONS: &[(u8, SpecialCodeIndex)] = &[
    (8, SpecialCodeIndex::VEOF),
    (10, SpecialCodeIndex::VERASE),
    (11, SpecialCodeIndex::VKILL),
    (12, SpecialCodeIndex::VWERASE),
    (13, SpecialCodeIndex::VREPRINT),
    (14, SpecialCodeIndex::VLNEXT),
    (15, SpecialCodeIndex::VSTART),
    (16, SpecialCodeIndex::VSTOP),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(device: impl AsFd) -> String {
        format!("{:?}", tcgetattr(device).unwrap())
    }

    /// However it is left: dropped, by a panic, from any mode.
    #[test]
    fn it_comes_back() {
        let (_pty, pts) = pty_process::blocking::open().unwrap();
        let before = shown(&pts);
        let modes = [
            Mode::Session(Discipline::Characters),
            Mode::Session(Discipline::Lines { echo: false }),
            Mode::Prompt,
        ];
        for mode in modes {
            let used = std::panic::catch_unwind(|| {
                let mut terminal = Terminal::open(&pts, Escape(Some(0x1D))).unwrap();
                terminal.set(mode, &[]).unwrap();
                assert_ne!(shown(&pts), before, "{mode:?}");
                std::panic::resume_unwind(Box::new(()));
            });
            assert!(used.is_err());
            assert_eq!(shown(&pts), before, "{mode:?}");
        }
        drop(Terminal::open(&pts, Escape(None)).unwrap());
        assert_eq!(shown(&pts), before);
    }

    /// RFC 1184: what both sides have agreed on is what the terminal does.
    #[test]
    fn agreed_keys() {
        let (_pty, pts) = pty_process::blocking::open().unwrap();
        let mut terminal = Terminal::open(&pts, Escape(None)).unwrap();
        let erase = SpecialCharacter { function: 10, modifiers: 2, value: 8 };
        let kill = SpecialCharacter { function: 11, modifiers: 0, value: 99 };
        terminal.set(Mode::Session(Discipline::Lines { echo: true }), &[erase, kill]).unwrap();
        let modes = tcgetattr(&pts).unwrap();
        assert_eq!(modes.special_codes[SpecialCodeIndex::VERASE], 8);
        assert_eq!(modes.special_codes[SpecialCodeIndex::VKILL], 21);
        assert!(terminal.characters().iter().any(|one| (one.function, one.value) == (10, 127)));
    }
}
