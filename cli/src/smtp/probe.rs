//! `wireline smtp probe`: everything there is to know about a server without a message.
//! Must not hold: how a session is come by (`smtp.rs`).

use super::{Lens, Opening, json_of};
use crate::args::Probe;
use crate::exit::Failure;
use crate::meter::Meter;
use serde_json::{Value, json};
use wireline_smtp::{Capabilities, Reply, Session};
use wireline_wire::{Dialer, escape};
use x509_parser::prelude::{ASN1Time, FromDer, GeneralName, X509Certificate};

/// What there is to know about a server without a message.
#[derive(Debug)]
struct Found {
    greeting: Reply,
    /// In clear; nothing when TLS came first.
    before: Option<Capabilities>,
    /// Under TLS.
    after: Option<Capabilities>,
    /// Why TLS did not begin, though it was offered.
    tls_error: Option<String>,
    /// Somebody was to log in, and did.
    logged_in: bool,
}

pub(crate) fn run(args: &Probe) -> Result<(), Failure> {
    let lens = Lens::on(&args.url, &args.asking)?;
    let found = lens.ask(look)?;
    match args.asking.shared.messages.json {
        true => lens.print(&found.json(&lens.meter).to_string()),
        false => lens.print(found.table(&lens.meter).trim_end()),
    }
}

fn look(opening: &Opening<'_>, dialer: &Dialer) -> Result<Found, Failure> {
    let session = opening.introduce(opening.greet(opening.dial(dialer)?)?)?;
    let greeting = session.greeting().clone();
    let offered = Some(session.capabilities().clone());
    let (before, after) = if session.is_tls() { (None, offered) } else { (offered, None) };
    let mut found = Found { greeting, before, after, tls_error: None, logged_in: false };
    let Some(session) = found.look_behind_tls(opening, session)? else { return Ok(found) };
    found.logged_in = opening.logs_in();
    opening.log_in(session)?.quit().ok();
    Ok(found)
}

impl Found {
    /// What the server offers once TLS stands, if it can; no session is left when that failed.
    fn look_behind_tls(
        &mut self,
        opening: &Opening<'_>,
        session: Session,
    ) -> Result<Option<Session>, Failure> {
        let offers = session.capabilities().has("STARTTLS");
        if session.is_tls() || opening.stays_in_clear() || !offers && !opening.demands_tls() {
            return Ok(Some(session));
        }
        match opening.start_tls(session) {
            Ok(session) => {
                self.after = Some(session.capabilities().clone());
                Ok(Some(session))
            }
            Err(failure) if opening.demands_tls() => Err(failure),
            Err(failure) => {
                self.tls_error = Some(failure.to_string());
                Ok(None)
            }
        }
    }

    fn json(&self, meter: &Meter) -> Value {
        let offered = |offered: &Capabilities| -> Value {
            let lines = offered.iter().map(|(keyword, parameters)| {
                (escape(keyword.as_bytes()), Value::from(escape(parameters.as_bytes())))
            });
            Value::Object(lines.collect())
        };
        let mechanisms: Vec<_> = self.mechanisms().collect();
        json!({
            "remote": meter.remote().map(|remote| remote.to_string()),
            "greeting": json_of(&self.greeting),
            "before_tls": self.before.as_ref().map(offered),
            "after_tls": self.after.as_ref().map(offered),
            "tls": meter.tls_version(),
            "tls_error": self.tls_error,
            "certificate": Certificate::of(&meter.certificate()).map(|found| found.json()),
            "mechanisms": mechanisms,
            "logged_in": self.logged_in,
            "timings": meter.timings(),
        })
    }

    fn mechanisms(&self) -> impl Iterator<Item = &str> {
        let offered = self.after.as_ref().or(self.before.as_ref());
        offered.into_iter().flat_map(Capabilities::mechanisms)
    }

    fn table(&self, meter: &Meter) -> String {
        let mut rows = Vec::new();
        let mut row = |name: &str, value: String| rows.push(format!("{name:<12}{value}"));
        row("address", meter.remote().map(|remote| remote.to_string()).unwrap_or_default());
        row("greeting", self.greeting.to_string());
        for (name, offered) in [("in clear", &self.before), ("under TLS", &self.after)] {
            for (nth, (keyword, parameters)) in
                offered.iter().flat_map(Capabilities::iter).enumerate()
            {
                let text = escape(format!("{keyword} {parameters}").trim_end().as_bytes());
                row(if nth == 0 { name } else { "" }, text);
            }
        }
        match (&self.tls_error, meter.tls_version()) {
            (Some(error), _) => row("TLS", format!("failed: {error}")),
            (None, Some(version)) => row("TLS", format!("{version}, the certificate is good")),
            (None, None) => row("TLS", "none".to_owned()),
        }
        if let Some(found) = Certificate::of(&meter.certificate()) {
            row("certificate", format!("for {}", found.names.join(" ")));
            row("", format!("by {}", found.issuer));
            row("", format!("from {} until {}", found.from, found.until));
        }
        let mechanisms: Vec<_> = self.mechanisms().map(|name| escape(name.as_bytes())).collect();
        row("login by", if mechanisms.is_empty() { "none".into() } else { mechanisms.join(" ") });
        if self.logged_in {
            row("login", "accepted".to_owned());
        }
        let timings = meter.timings();
        let steps =
            ["dns", "connect", "tls", "first_byte", "total"].into_iter().filter_map(|step| {
                let seconds = timings.get(step)?.as_f64()?;
                Some(format!("{} {:.1} ms", step.replace('_', " "), seconds * 1000.0))
            });
        row("time", steps.collect::<Vec<_>>().join(", "));
        rows.join("\n")
    }
}

/// What a certificate says (RFC 5280), for people. Whether it is good was judged before.
#[derive(Debug)]
struct Certificate {
    /// The subject alternative names; the subject when there are none.
    names: Vec<String>,
    issuer: String,
    from: String,
    until: String,
}

impl Certificate {
    fn of(der: &[u8]) -> Option<Self> {
        let (_, found) = X509Certificate::from_der(der).ok()?;
        let shown = |text: String| escape(text.as_bytes());
        let date = |time: ASN1Time| shown(time.to_rfc2822().unwrap_or_default());
        let alternatives = found.subject_alternative_name().ok().flatten();
        let alternatives = alternatives.into_iter().flat_map(|names| &names.value.general_names);
        let mut names: Vec<_> = alternatives.filter_map(name_of).map(shown).collect();
        if names.is_empty() {
            names.push(shown(found.subject().to_string()));
        }
        let validity = found.validity();
        Some(Self {
            names,
            issuer: shown(found.issuer().to_string()),
            from: date(validity.not_before),
            until: date(validity.not_after),
        })
    }

    fn json(&self) -> Value {
        let Self { names, issuer, from, until } = self;
        json!({ "names": names, "issuer": issuer, "not_before": from, "not_after": until })
    }
}

/// `dNSName` and `iPAddress` (RFC 5280 section 4.2.1.6).
fn name_of(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(v4) => Some(std::net::Ipv4Addr::from(v4).to_string()),
            Err(_) => {
                <[u8; 16]>::try_from(*bytes).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string())
            }
        },
        _ => None,
    }
}
