//! Logins: USER, PASS and ACCT (RFC 959 section 5.4), and the protection of the data connections
//! (RFC 4217). Must not hold: where a password came from.

use crate::command::{alone, with};
use crate::{Error, Password, Reply, Session, UserName};

/// Who logs in.
#[derive(Clone, Debug)]
pub struct Login {
    /// The name.
    pub user: UserName,
    /// Said when the server asks for it (331).
    pub password: Option<Password>,
    /// Said when the server asks for it (332).
    pub account: Option<Password>,
}

impl Login {
    /// A name and a password.
    #[must_use]
    pub const fn new(user: UserName, password: Password) -> Self {
        Self { user, password: Some(password), account: None }
    }

    /// Nobody in particular (RFC 1635).
    #[must_use]
    pub fn anonymous() -> Self {
        Self::new(UserName::anonymous(), Password::anonymous())
    }
}

impl Session {
    /// Logs in: `USER`, then `PASS` and `ACCT` as far as the server asks for them. Under TLS the
    /// data connections are protected then, as [`Session::protect`] does it.
    ///
    /// # Errors
    /// [`Error::Unsafe`] before anything is sent, when a password would go in clear to another
    /// machine; and when the server does not protect the data connections. [`Error::Refused`] (530
    /// mostly), [`Error::Input`] when the server asks for what `login` does not hold.
    pub fn login(&mut self, login: &Login) -> Result<Reply, Error> {
        self.may_log_in(login)?;
        let telnet = self.options.telnet;
        let mut reply = self.dialogue.ask("USER", &telnet.user(&login.user))?;
        let mut doing = "USER";
        if reply.code().number() == 331 {
            let password = given("password", login.password.as_ref())?;
            doing = "PASS";
            reply = self.dialogue.ask(doing, &telnet.pass(password, !login.user.is_anonymous()))?;
        }
        if reply.code().number() == 332 {
            let account = given("account", login.account.as_ref())?;
            doing = "ACCT";
            reply = self.dialogue.ask(doing, &telnet.acct(account))?;
        }
        let reply = self.dialogue.expect(doing, reply, Reply::is_success)?;
        if self.is_tls() && !self.protected {
            self.protect()?;
        }
        Ok(reply)
    }

    fn may_log_in(&self, login: &Login) -> Result<(), Error> {
        let has_secret = login.password.is_some() && !login.user.is_anonymous();
        let reveals = has_secret || login.account.is_some();
        let is_private = self.is_tls() || self.peer().is_loopback() || self.options.clear_login;
        match reveals && !is_private {
            true => {
                let why = "it would reveal the password in clear".to_owned();
                Err(Error::Unsafe { doing: "USER", why })
            }
            false => Ok(()),
        }
    }

    /// `ACCT`, for servers that want one for some things only (532).
    ///
    /// # Errors
    /// As [`Session::login`].
    pub fn acct(&mut self, account: &Password) -> Result<Reply, Error> {
        let is_private = self.is_tls() || self.peer().is_loopback() || self.options.clear_login;
        if !is_private {
            let why = "it would reveal the account in clear".to_owned();
            return Err(Error::Unsafe { doing: "ACCT", why });
        }
        let saying = self.options.telnet.acct(account);
        self.dialogue.complete("ACCT", &saying)
    }

    /// `AUTH TLS`: puts TLS on top of the control connection, and forgets what was offered before
    /// (RFC 4217 section 4). The certificate has to be good for the host that was dialled.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when the server refuses, before anything else is sent;
    /// [`Error::Connection`] when TLS fails, or bytes came in clear where it had to begin.
    pub fn auth_tls(mut self) -> Result<Self, Error> {
        const DOING: &str = "AUTH TLS";
        match self.dialogue.complete(DOING, &alone(DOING)) {
            Err(Error::Refused { reply, .. }) => {
                return Err(Error::Unsafe { doing: DOING, why: format!("refused: {reply}") });
            }
            answered => drop(answered?),
        }
        self.dialogue.wire = self.dialogue.wire.start_tls(&self.host)?;
        self.features = None;
        Ok(self)
    }

    /// `PBSZ 0` and `PROT P`: data connections are under TLS from now on (RFC 4217 section 9).
    ///
    /// # Errors
    /// [`Error::Unsafe`] when the server refuses, and all files would go in clear;
    /// [`Error::Input`] without TLS on the control connection.
    pub fn protect(&mut self) -> Result<Reply, Error> {
        const DOING: &str = "PROT";
        if !self.is_tls() {
            return Err(Error::Input("PROT: there is no TLS to protect with".into()));
        }
        // Should it be refused, PROT decides.
        self.dialogue.ask("PBSZ", &with("PBSZ", 0))?;
        match self.dialogue.complete(DOING, &with(DOING, 'P')) {
            Err(Error::Refused { reply, .. }) => {
                Err(Error::Unsafe { doing: DOING, why: format!("refused: {reply}") })
            }
            answered => {
                let reply = answered?;
                self.protected = true;
                Ok(reply)
            }
        }
    }
}

fn given<'a>(what: &str, value: Option<&'a Password>) -> Result<&'a Password, Error> {
    value.ok_or_else(|| Error::Input(format!("the server asks for a {what}")))
}
