//! The mechanisms: their names, what they give away, and which is preferred.
//! Must not hold: what is said in them.

use crate::Credentials;

/// A mechanism. The order is that of preference, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mechanism {
    /// RFC 7677.
    ScramSha256,
    /// RFC 5802.
    ScramSha1,
    /// RFC 4422 appendix A: the TLS client certificate says who we are.
    External,
    /// RFC 7628.
    OAuthBearer,
    /// Google's forerunner of OAUTHBEARER.
    XOAuth2,
    /// RFC 2195.
    CramMd5,
    /// RFC 4616.
    Plain,
    /// draft-murchison-sasl-login.
    Login,
}

impl Mechanism {
    /// All of them, the strongest first.
    pub const ALL: [Self; 8] = [
        Self::ScramSha256,
        Self::ScramSha1,
        Self::External,
        Self::OAuthBearer,
        Self::XOAuth2,
        Self::CramMd5,
        Self::Plain,
        Self::Login,
    ];

    /// As registered: `SCRAM-SHA-256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha1 => "SCRAM-SHA-1",
            Self::External => "EXTERNAL",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
            Self::CramMd5 => "CRAM-MD5",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }

    /// The mechanism of this name, in any case of letters.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// Whether whoever listens learns what lets him log in: the password, or the token.
    #[must_use]
    pub const fn reveals_secret(self) -> bool {
        matches!(self, Self::Plain | Self::Login | Self::OAuthBearer | Self::XOAuth2)
    }

    /// Whether the client speaks first, so that an initial response exists.
    #[must_use]
    pub const fn is_client_first(self) -> bool {
        !matches!(self, Self::CramMd5 | Self::Login)
    }
}

/// The strongest of those offered that [fits](Credentials::fits) the credentials; unknown names
/// are passed over.
pub fn strongest<'a>(
    offered: impl IntoIterator<Item = &'a str>,
    credentials: &Credentials,
) -> Option<Mechanism> {
    let known = offered.into_iter().filter_map(Mechanism::parse);
    known.filter(|&mechanism| credentials.fits(mechanism)).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Proof;

    #[test]
    fn names_in_any_case() {
        for mechanism in Mechanism::ALL {
            assert_eq!(Mechanism::parse(&mechanism.name().to_lowercase()), Some(mechanism));
        }
        for name in ["", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512", "PLAIN ", "DIGEST-MD5"] {
            assert_eq!(Mechanism::parse(name), None, "{name}");
        }
        assert!(Mechanism::ALL.is_sorted());
    }

    /// hostile.md row 151.
    #[test]
    fn the_strongest_that_fits() {
        let with = |proof| Credentials::new("me", proof).unwrap();
        let password = with(Proof::password("secret"));
        let acting = password.clone().acting_as("you").unwrap();
        let rows: &[(&[&str], &Credentials, Option<Mechanism>)] = &[
            (&["PLAIN", "LOGIN", "SCRAM-SHA-1", "cram-md5"], &password, Some(Mechanism::ScramSha1)),
            (&["SCRAM-SHA-1", "Scram-Sha-256"], &password, Some(Mechanism::ScramSha256)),
            (&["LOGIN", "PLAIN"], &password, Some(Mechanism::Plain)),
            (&["LOGIN", "CRAM-MD5"], &acting, None),
            (&["LOGIN", "PLAIN", "CRAM-MD5"], &acting, Some(Mechanism::Plain)),
            (&["XOAUTH2", "EXTERNAL", "GSSAPI"], &password, None),
            (
                &["PLAIN", "XOAUTH2", "OAUTHBEARER"],
                &with(Proof::token("t")),
                Some(Mechanism::OAuthBearer),
            ),
            (&["PLAIN", "XOAUTH2"], &with(Proof::token("t")), Some(Mechanism::XOAuth2)),
            (&["PLAIN", "EXTERNAL"], &with(Proof::Certificate), Some(Mechanism::External)),
            (&[], &password, None),
        ];
        for (offered, credentials, wanted) in rows {
            assert_eq!(strongest(offered.iter().copied(), credentials), *wanted, "{offered:?}");
        }
    }
}
