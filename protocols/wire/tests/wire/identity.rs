//! Certificates of our own: who asks for one gets it, in every form of key; who was not named does
//! not.

use crate::support::{endpoint, tempdir::Folder};
use rcgen::{CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wireline_servers::raw::{Act, Server};
use wireline_wire::{Dialer, Error, Identity, Saying, TlsSettings, Trust};

/// An RSA key in the form of PKCS#1, for this test alone: the generator makes none.
const RSA: &str = include_str!("rsa.pem");

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, usage: ExtendedKeyUsagePurpose, key: &KeyPair) -> rcgen::Certificate {
        let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
        params.extended_key_usages = vec![usage];
        params.signed_by(key, &self.0).unwrap()
    }

    /// A server that wants a certificate of this authority, and says hello.
    fn demanding(&self) -> Server {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
        let key = KeyPair::generate().unwrap();
        let certificate = self.issue(ExtendedKeyUsagePurpose::ServerAuth, &key);
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![certificate.der().clone()], der)
            .unwrap();
        let script = vec![Act::Read(3), Act::Send(b"hello\r\n".to_vec()), Act::Close];
        Server::start_tls(Arc::new(config), vec![script]).unwrap()
    }

    fn trust(&self, folder: &Folder) -> TlsSettings {
        let path = write(folder, "ca.pem", &self.0.pem());
        Trust { files: vec![path], ..Trust::default() }.into()
    }
}

fn write(folder: &Folder, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// In TLS 1.3 a client learns only by the first answer that it was refused.
fn greeted(server: &Server, tls: TlsSettings) -> Result<(), Error> {
    let mut dialer = Dialer::default();
    dialer.tls = tls;
    let mut wire = dialer.dial(&endpoint(server.addr()))?.start_tls("localhost")?;
    wire.say(&Saying::new().text("hi\n"));
    wire.flush()?;
    assert_eq!(wire.line(100)?, b"hello\r\n");
    Ok(())
}

/// The key of a PKCS#8 file, which is the last thing in it, under another label.
fn relabelled(key: &KeyPair, begin: &[u8], label: &str) -> String {
    let der = key.serialize_der();
    let at = der.windows(begin.len()).position(|window| window == begin).unwrap();
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(&der[at..]);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

#[test]
fn who_asks_gets_our_certificate() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let server = authority.demanding();
    let trust = authority.trust(&folder);
    let key = KeyPair::generate().unwrap();
    let certificate = authority.issue(ExtendedKeyUsagePurpose::ClientAuth, &key).pem();
    let both = [key.serialize_pem(), certificate.clone()].concat();
    let certificate = write(&folder, "client.pem", &certificate);

    // RFC 5915: ECPrivateKey, 107 bytes, version 1.
    let sec1 = relabelled(&key, &[0x30, 0x6b, 2, 1, 1], "EC PRIVATE KEY");
    for (name, text) in [("pkcs8", key.serialize_pem()), ("sec1", sec1)] {
        let key = Some(write(&folder, name, &text));
        let identity = Identity { certificate: certificate.clone(), key };
        greeted(&server, trust.clone().with_identity(identity)).unwrap();
    }
    let identity = Identity { certificate: write(&folder, "both.pem", &both), key: None };
    let named = trust.clone().with_identity(identity);
    greeted(&server, named.clone()).unwrap();
    greeted(&server, named.apart(wireline_wire::TlsVersions::Only12)).unwrap();

    // Who was not named by the user, a redirect's host for instance, does not get it.
    for without in [trust, named.checking()] {
        let error = greeted(&server, without).unwrap_err();
        assert!(matches!(&error, Error::Tls { .. } | Error::Closed | Error::Io(_)), "{error:?}");
        if let Error::Tls { reason, .. } = error {
            assert!(reason.contains("certificate required"), "{reason}");
        }
    }
}

#[test]
fn rsa_keys_in_their_old_form() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let key = KeyPair::try_from(pkcs8_of_rsa().as_slice()).unwrap();
    let certificate = authority.issue(ExtendedKeyUsagePurpose::ClientAuth, &key).pem();
    let identity = Identity {
        certificate: write(&folder, "client.pem", &certificate),
        key: Some(write(&folder, "rsa.pem", RSA)),
    };
    greeted(&authority.demanding(), authority.trust(&folder).with_identity(identity)).unwrap();
}

/// RFC 5208: version, algorithm rsaEncryption, and the key as it is in PKCS#1.
fn pkcs8_of_rsa() -> Vec<u8> {
    use rustls::pki_types::{PrivatePkcs1KeyDer, pem::PemObject};
    let inner = PrivatePkcs1KeyDer::from_pem_slice(RSA.as_bytes()).unwrap();
    let inner = inner.secret_pkcs1_der();
    let long = |tag: u8, body: Vec<u8>| {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, &body].concat()
    };
    let algorithm = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    long(0x30, [&[2, 1, 0][..], &algorithm, &long(4, inner.to_vec())].concat())
}

/// The file is named, and what to do about it.
#[test]
fn files_that_will_not_do() {
    let folder = Folder::new();
    let authority = Authority::new();
    let key = KeyPair::generate().unwrap();
    let good = write(
        &folder,
        "good.pem",
        &authority.issue(ExtendedKeyUsagePurpose::ClientAuth, &key).pem(),
    );
    let good_key = write(&folder, "key.pem", &key.serialize_pem());
    let other_key = write(&folder, "other.pem", &KeyPair::generate().unwrap().serialize_pem());
    let empty = write(&folder, "empty.pem", "nothing\n");
    let missing = folder.path().join("missing.pem");
    let encrypted = write(
        &folder,
        "encrypted.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let old = write(
        &folder,
        "old.pem",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n\
         AAAA\n-----END RSA PRIVATE KEY-----\n",
    );
    let garbage = write(
        &folder,
        "garbage.pem",
        "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n",
    );
    let rows: [(&Path, &Path, &[&str]); 8] = [
        (&good, &other_key, &["good.pem", "other.pem", "together"]),
        (&good, &empty, &["the key in", "empty.pem", "no PEM private key"]),
        (&good, &missing, &["missing.pem", "no such file"]),
        (&good, &encrypted, &["encrypted.pem", "it is encrypted"]),
        (&good, &old, &["old.pem", "it is encrypted"]),
        (&good, &garbage, &["garbage.pem"]),
        (&empty, &good_key, &["certificates in", "empty.pem", "no PEM certificate"]),
        (&missing, &good_key, &["missing.pem", "no such file"]),
    ];
    for (certificate, key, words) in rows {
        let identity = Identity { certificate: certificate.to_owned(), key: Some(key.to_owned()) };
        let error = TlsSettings::default().with_identity(identity).config().unwrap_err();
        assert!(matches!(error, Error::Input(_) | Error::Local(_)), "{error:?}");
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}: {words:?}");
    }
}
