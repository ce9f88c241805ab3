//! How every command comes to a session with a POP3 server.
//! Must not hold: what is done with the messages (`mail.rs`, `get/pop3.rs`).

use crate::args::Upgrading;
use crate::exit::{Exit, Failure};
use crate::place::{Place, Safety, Scheme, mechanism, nonce};
use wireline_pop3::{Error, Limits, Password, Session, UserName};
use wireline_sasl::{Credentials, Exchange, Mechanism, strongest};
use wireline_wire::Dialer;

/// What `mail` and `get` speak beside HTTP.
pub(crate) const SCHEMES: &[(&str, Scheme)] = &[("pop3", Scheme::Pop3), ("pop3s", Scheme::Pop3s)];

/// Connects, puts TLS on top where it must be, and logs in.
pub(crate) fn open(
    place: &Place,
    upgrading: &Upgrading,
    allows_clear_login: bool,
    dialer: &Dialer,
) -> Result<Session, Failure> {
    if place.login.is_none() {
        let failure = Failure::usage("a mailbox has an owner, and no login was given");
        return Err(failure.hint("-u USER says whose it is, or USER@ in front of the host"));
    }
    judge(place, upgrading)?;
    let wire = place.dial(dialer, upgrading, allows_clear_login)?;
    let session = Session::start(wire, Limits::default())?;
    let mut session = session.with_clear_login(allows_clear_login);
    session.capa()?;
    if place.safety(session.peer(), upgrading) == Safety::Upgrade {
        if session.capabilities().is_some_and(|offered| !offered.has("STLS")) {
            drop(session.quit());
            return Err(place.no_upgrade());
        }
        session = session.start_tls(place.host())?;
        session.capa()?;
    }
    match log_in(&mut session, place, upgrading) {
        // What a server offers may be another thing for each user (RFC 2449 section 5).
        Ok(()) => session.capa().map(drop).map_err(Failure::from).map(|()| session),
        Err(failure) => {
            drop(session.quit());
            Err(failure.doing("logging in"))
        }
    }
}

/// What was typed for the login, before anybody is asked.
fn judge(place: &Place, upgrading: &Upgrading) -> Result<(), Failure> {
    let (user, secret) = place.login.clone().unwrap_or_else(|| (String::new(), "".into()));
    match upgrading.auth.as_deref().map(str::to_ascii_uppercase).as_deref() {
        Some("APOP" | "USER") => {
            UserName::try_from(user.as_str())?;
            Password::try_from(secret)?;
        }
        _ => {
            mechanism(upgrading)?;
            place.credentials(upgrading)?;
        }
    }
    Ok(())
}

fn log_in(session: &mut Session, place: &Place, upgrading: &Upgrading) -> Result<(), Failure> {
    let Some((user, secret)) = &place.login else { return Ok(()) };
    let typed = upgrading.auth.as_deref().map(str::to_ascii_uppercase);
    let answered = match typed.as_deref() {
        Some("APOP") => {
            let password = Password::try_from(secret.clone())?;
            session.apop(&UserName::try_from(user.as_str())?, &password)
        }
        Some("USER") => user_pass(session, place)?,
        Some(_) => match (mechanism(upgrading)?, place.credentials(upgrading)?) {
            (Some(mechanism), Some(credentials)) => authenticate(session, mechanism, &credentials)?,
            _ => return Ok(()),
        },
        None => by_the_best(session, place, upgrading)?,
    };
    answered.map(drop).map_err(with_hint)
}

/// The strongest mechanism that the server offers and the login can do, else USER and PASS.
fn by_the_best(
    session: &mut Session,
    place: &Place,
    upgrading: &Upgrading,
) -> Result<Result<wireline_pop3::Reply, Error>, Failure> {
    let Some(credentials) = place.credentials(upgrading)? else { return user_pass(session, place) };
    let offered: Vec<String> = session
        .capabilities()
        .map(|offered| offered.sasl().map(str::to_owned).collect())
        .unwrap_or_default();
    match strongest(offered.iter().map(String::as_str), &credentials) {
        Some(mechanism) => authenticate(session, mechanism, &credentials),
        None if upgrading.oauth => {
            Err(Failure::new(Exit::Refused, "the server takes no OAuth token"))
        }
        None => user_pass(session, place),
    }
}

fn authenticate(
    session: &mut Session,
    mechanism: Mechanism,
    credentials: &Credentials,
) -> Result<Result<wireline_pop3::Reply, Error>, Failure> {
    let exchange = Exchange::new(mechanism, credentials, &nonce()?).map_err(Error::from)?;
    Ok(session.auth(exchange))
}

fn user_pass(
    session: &mut Session,
    place: &Place,
) -> Result<Result<wireline_pop3::Reply, Error>, Failure> {
    let (user, secret) = place.login.clone().unwrap_or_else(|| (String::new(), "".into()));
    let (user, password) = (UserName::try_from(user.as_str())?, Password::try_from(secret)?);
    Ok(session.user_pass(&user, &password))
}

fn with_hint(error: Error) -> Failure {
    let is_unsafe = matches!(error, Error::Unsafe { .. });
    let failure = Failure::from(error);
    match is_unsafe {
        true => failure.hint("--allow-plaintext-auth sends the password in clear"),
        false => failure,
    }
}
