//! Whom TLS trusts: built-in roots, the system's, files; or everybody, when told to.
//! Must not hold: sockets, or where the choice came from.

use crate::error::cause;
use crate::{Error, Identity};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::TLS12;
use rustls::{
    ALL_VERSIONS, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use zeroize::Zeroizing;

/// Which certificates are accepted. The default is Mozilla's roots, built in.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Files of PEM certificates instead of the built-in roots.
    pub files: Vec<PathBuf>,
    /// The system's roots instead of the built-in ones (united with `files`).
    pub system: bool,
    /// Files of PEM certificates besides the others.
    pub add: Vec<PathBuf>,
    /// Accept any certificate. Whoever sits in between can then read and change everything.
    pub insecure: bool,
}

/// Which versions of TLS are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersions {
    /// 1.2 and 1.3.
    #[default]
    Both,
    /// 1.2 alone. Its sessions can be resumed any number of times, those of 1.3 once for each ticket
    /// that the peer has given.
    Only12,
}

/// The [`Trust`], and perhaps an [`Identity`], made into a rustls configuration when TLS is first
/// needed.
#[derive(Clone, Debug, Default)]
pub struct TlsSettings {
    trust: Trust,
    versions: TlsVersions,
    identity: Option<Identity>,
    config: Arc<OnceLock<Arc<ClientConfig>>>,
}

const PEM_FILE_BYTES: u64 = 16 * 1024 * 1024;

impl From<Trust> for TlsSettings {
    fn from(trust: Trust) -> Self {
        Self { trust, ..Self::default() }
    }
}

impl TlsSettings {
    /// The same with a certificate of our own, for servers that ask for one.
    #[must_use]
    pub fn with_identity(self, identity: Identity) -> Self {
        Self { identity: Some(identity), config: Arc::default(), ..self }
    }

    /// The same without [`Trust::insecure`] and without an [`Identity`]: for peers that the user did
    /// not name, and for proxies.
    #[must_use]
    pub fn checking(&self) -> Self {
        match self.trust.insecure || self.identity.is_some() {
            true => {
                Self::from(Trust { insecure: false, ..self.trust.clone() }).apart(self.versions)
            }
            false => self.clone(),
        }
    }

    /// The same with a store of sessions of its own, and these versions. Clones share the store,
    /// so a connection of theirs can resume what another has begun.
    #[must_use]
    pub fn apart(&self, versions: TlsVersions) -> Self {
        Self { versions, config: Arc::default(), ..self.clone() }
    }

    /// The configuration with the ring provider.
    ///
    /// # Errors
    /// [`Error::Local`] when a file of certificates or a key cannot be read, [`Error::Input`] when
    /// there is none in it, the key is encrypted, or the two do not belong together.
    pub fn config(&self) -> Result<Arc<ClientConfig>, Error> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(self.build()?);
        Ok(Arc::clone(self.config.get_or_init(|| config)))
    }

    fn build(&self) -> Result<ClientConfig, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(self.versions.offered())
            .map_err(|error| Error::Input(error.to_string()))?;
        let builder = if self.trust.insecure {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyCertificate::new(&provider)))
        } else {
            let roots = Arc::new(self.trust.roots()?);
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider)
                .build()
                .map_err(|error| Error::Input(format!("no usable root certificate: {error}")))?;
            builder.with_webpki_verifier(verifier)
        };
        match &self.identity {
            Some(identity) => identity.applied(builder),
            None => Ok(builder.with_no_client_auth()),
        }
    }
}

impl TlsVersions {
    const fn offered(self) -> &'static [&'static SupportedProtocolVersion] {
        const ONLY_12: &[&SupportedProtocolVersion] = &[&TLS12];
        match self {
            Self::Both => ALL_VERSIONS,
            Self::Only12 => ONLY_12,
        }
    }
}

impl Trust {
    fn roots(&self) -> Result<RootCertStore, Error> {
        let mut roots = RootCertStore::empty();
        if self.files.is_empty() && !self.system {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        if self.system {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        for file in self.files.iter().chain(&self.add) {
            add_file(&mut roots, file)?;
        }
        Ok(roots)
    }
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), Error> {
    let fail = |why: &str| Error::Input(format!("certificates in {}: {why}", path.display()));
    let pem = read_pem(path)?;
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| fail(&error.to_string()))?;
        added += roots.add_parsable_certificates([certificate]).0;
    }
    if added == 0 {
        return Err(fail("there is no PEM certificate in it"));
    }
    Ok(())
}

/// The file's bytes, wiped when dropped: there may be a key among them.
pub(crate) fn read_pem(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut pem = Zeroizing::default();
    let unread = |error: std::io::Error| {
        let text = format!("{}: {}", path.display(), cause(&error));
        Error::Local(std::io::Error::new(error.kind(), text))
    };
    File::open(path).and_then(|file| read_bounded(file, &mut pem)).map_err(unread)?;
    Ok(pem)
}

#[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
fn read_bounded(file: File, into: &mut Vec<u8>) -> std::io::Result<()> {
    file.take(PEM_FILE_BYTES).read_to_end(into)?;
    Ok(())
}

/// `--insecure`: the signatures of the handshake are checked, the certificate is not.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl AnyCertificate {
    fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
