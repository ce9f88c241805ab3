//! Who we are, to servers that ask for a certificate: a chain and a key from PEM files.
//! Must not hold: whom we trust (`trust.rs`).

use crate::Error;
use crate::trust::read_pem;
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::{ClientConfig, ConfigBuilder};
use std::path::{Path, PathBuf};

/// A client's certificate and its key, in PEM files.
///
/// It tells who the user is: only for origins that the user named. Whoever dials others takes
/// [`crate::TlsSettings::checking`], which goes without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The file with the certificate, and behind it those of the authorities below the root.
    pub certificate: PathBuf,
    /// The file with the key: PKCS#8, PKCS#1 or SEC1, not encrypted. The same file when absent.
    pub key: Option<PathBuf>,
}

impl Identity {
    pub(crate) fn applied(
        &self,
        builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    ) -> Result<ClientConfig, Error> {
        let key = self.key.as_ref().unwrap_or(&self.certificate);
        builder.with_client_auth_cert(chain(&self.certificate)?, private_key(key)?).map_err(
            |error| {
                let (certificate, key) = (self.certificate.display(), key.display());
                Error::Input(format!(
                    "the certificate in {certificate} and the key in {key} cannot be used \
                     together: {error}"
                ))
            },
        )
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let pem = read_pem(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let fail = |why: &str| Error::Input(format!("certificates in {}: {why}", path.display()));
    match chain {
        Ok(chain) if chain.is_empty() => Err(fail("there is no PEM certificate in it")),
        Ok(chain) => Ok(chain),
        Err(error) => Err(fail(&error.to_string())),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let pem = read_pem(path)?;
    let fail = |why: &str| Error::Input(format!("the key in {}: {why}", path.display()));
    if is_encrypted(&pem) {
        return Err(fail("it is encrypted; `openssl pkey -in FILE -out OTHER` takes that off"));
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match error {
        pem::Error::NoItemsFound => fail("there is no PEM private key in it"),
        other => fail(&other.to_string()),
    })
}

/// PKCS#8 has a label for it, the older forms a header (RFC 1421 section 4.6.1.1).
fn is_encrypted(pem: &[u8]) -> bool {
    let marks: [&[u8]; 2] = [b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED"];
    marks.iter().any(|mark| memchr::memmem::find(pem, mark).is_some())
}
