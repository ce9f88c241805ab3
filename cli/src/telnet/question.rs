//! Whether what is typed next is a secret: whoever records a session by hand must not record it. Pure.
//! Must not hold: what is typed.

/// What a device has asked, as far as it tells whether the answer is a secret.
#[derive(Debug, Default)]
pub(crate) struct Question {
    /// The last line of its text so far.
    line: Vec<u8>,
    /// The answer is being typed, key by key; a device may show stars meanwhile.
    answering: bool,
}

/// A question is not longer.
const LINE_BYTES: usize = 256;

/// How devices ask for secrets, in lower case.
const WORDS: &[&str] = &[
    "password",
    "passwd",
    "passcode",
    "passphrase",
    "passwort",
    "kennwort",
    "mot de passe",
    "contrase",
    "senha",
    "parola",
    "пароль",
    "密码",
    "密碼",
    "パスワード",
    "암호",
    "secret",
    "pin",
];

impl Question {
    /// The device said this.
    pub(crate) fn hear(&mut self, text: &[u8]) {
        let (from, begins) = match text.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (0, false),
        };
        if begins {
            self.line.clear();
        }
        self.line.extend_from_slice(text.get(from..).unwrap_or_default());
        let over = self.line.len().saturating_sub(LINE_BYTES);
        self.line.drain(..over);
    }

    /// A key was typed; whether it is part of a secret.
    pub(crate) fn hides(&mut self) -> bool {
        self.answering = self.answering || self.asks_secret();
        self.answering
    }

    /// The answer is whole.
    pub(crate) fn answered(&mut self) {
        self.answering = false;
        self.line.clear();
    }

    /// A word for a secret, and behind it a sign that something is to be typed.
    fn asks_secret(&self) -> bool {
        let line = String::from_utf8_lossy(&self.line).to_lowercase();
        let behind = WORDS.iter().filter_map(|word| line.rsplit_once(word));
        behind.into_iter().any(|(before, rest)| {
            let begins = !before.ends_with(|letter: char| letter.is_ascii_alphanumeric());
            begins && rest.contains([':', '?', '>', '：'])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_a_secret() {
        let rows: &[(&[&str], bool)] = &[
            (&["login: "], false),
            (&["Password: "], true),
            (&["Pass", "word", ":"], true),
            (&["\r\nalice's password for vm:\x1b[0m "], true),
            (&["Enter PIN> "], true),
            (&["Passwort: "], true),
            (&["パスワード："], true),
            (&["Password: ", "\r\n$ "], false),
            (&["shipping: "], false),
            (&["password"], false),
            (&["your password expires today\r\n$ "], false),
        ];
        for (said, wanted) in rows {
            let mut question = Question::default();
            said.iter().for_each(|text| question.hear(text.as_bytes()));
            assert_eq!(question.hides(), *wanted, "{said:?}");
        }
    }

    /// Stars in answer to the keys do not end the question; the end of the line does.
    #[test]
    fn until_it_is_answered() {
        let mut question = Question::default();
        question.hear(b"Password: ");
        for _ in 0..300 {
            assert!(question.hides());
            question.hear(b"*");
        }
        question.answered();
        assert!(!question.hides());
    }
}
