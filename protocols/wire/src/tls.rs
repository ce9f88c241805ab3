//! TLS over the socket, or over TLS with a proxy: a transport whose plaintext is read in place, and the
//! words for its failures.
//! Must not hold: which certificates are trusted (`trust.rs`), or when TLS is required.

#![expect(
    clippy::indexing_slicing,
    reason = "slices by what rustls and the carrier have just taken; get() would lose bytes in silence"
)]

use crate::socket::Socket;
use crate::transport::Transport;
use rustix::event::PollFlags;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, ClientConnection};
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// TLS from the client's side.
pub(crate) struct Tls {
    session: ClientConnection,
    /// Its buffer makes the steps large: rustls alone asks for 4 KiB at a time.
    carrier: Box<dyn Transport>,
}

impl Tls {
    /// Shakes hands under the socket's clock.
    pub(crate) fn connect(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        carrier: Box<dyn Transport>,
    ) -> io::Result<Self> {
        let session = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut tls = Self { session, carrier };
        while tls.session.is_handshaking() {
            tls.send_pending()?;
            if tls.session.is_handshaking() {
                tls.receive()?;
            }
        }
        tls.send_pending()?;
        Ok(tls)
    }

    /// The protocol version and cipher suite, in the RFC's spelling.
    pub(crate) fn facts(&self) -> (String, String) {
        let version = self.session.protocol_version();
        let version = version.and_then(|version| version.as_str()).unwrap_or("TLS");
        let suite = self.session.negotiated_cipher_suite();
        let suite = suite.and_then(|suite| suite.suite().as_str()).unwrap_or_default();
        (version.replace("TLSv1_", "TLSv1."), suite.to_owned())
    }

    /// The peer's own certificate, in DER.
    pub(crate) fn certificate(&self) -> &[u8] {
        let chain = self.session.peer_certificates().unwrap_or_default();
        chain.first().map(|certificate| certificate.as_ref()).unwrap_or_default()
    }

    fn send_pending(&mut self) -> io::Result<()> {
        let mut carried = Carried(self.carrier.as_mut());
        while self.session.wants_write() {
            self.session.write_tls(&mut carried)?;
        }
        carried.flush()
    }

    /// Sends without a wait; `false` while ciphertext is left.
    fn send_now(&mut self) -> io::Result<bool> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut Now(self.carrier.as_mut())) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                sent => drop(sent?),
            }
        }
        Ok(self.carrier.write_now(&[])?.is_some())
    }

    /// Reads once from the peer, waiting if need be. `false` at the end of TCP.
    fn receive(&mut self) -> io::Result<bool> {
        let count = self.session.read_tls(&mut Carried(self.carrier.as_mut()))?;
        if count == 0 && self.session.is_handshaking() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.process()?;
        Ok(count > 0)
    }

    fn process(&mut self) -> io::Result<()> {
        match self.session.process_new_packets() {
            Ok(_) => Ok(()),
            Err(error) => {
                // The alert tells the peer why; whether it arrives changes nothing for us.
                drop(self.send_pending());
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// Plaintext, or the end, is at hand.
    fn at_hand(&mut self) -> bool {
        match self.session.reader().into_first_chunk() {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

/// Ciphertext that comes and goes by the carrier, waiting if need be.
struct Carried<'a>(&'a mut dyn Transport);

impl Read for Carried<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.buffered().is_empty() {
            match self.0.fill() {
                // A carrier without a goodbye of its own: whether ours is missing, rustls knows.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                filled => drop(filled?),
            }
        }
        let arrived = self.0.buffered();
        let count = buffer.len().min(arrived.len());
        buffer[..count].copy_from_slice(&arrived[..count]);
        self.0.consume(count);
        Ok(count)
    }
}

impl Write for Carried<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.0.write_now(bytes)? {
                Some(count) => return Ok(count),
                None => self.0.socket().wait(PollFlags::OUT)?,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.0.write_now(&[])?.is_none() {
            self.0.socket().wait(PollFlags::OUT)?;
        }
        Ok(())
    }
}

impl Transport for Tls {
    fn buffered(&mut self) -> &[u8] {
        self.session.reader().into_first_chunk().unwrap_or_default()
    }

    fn consume(&mut self, count: usize) {
        io::BufRead::consume(&mut self.session.reader(), count);
    }

    fn fill(&mut self) -> io::Result<bool> {
        loop {
            match self.session.reader().into_first_chunk() {
                Ok(chunk) => return Ok(!chunk.is_empty()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            self.send_pending()?;
            self.receive()?;
        }
    }

    fn answer_waiting(&mut self) -> io::Result<bool> {
        while !self.at_hand() {
            if !self.carrier.answer_waiting()? {
                return Ok(false);
            }
            self.receive()?;
        }
        Ok(true)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = self.session.writer().write(rest)?;
            rest = &rest[count..];
            self.send_pending()?;
        }
        Ok(())
    }

    fn write_now(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        if !self.send_now()? {
            return Ok(None);
        }
        let taken = self.session.writer().write(bytes)?;
        self.send_now()?;
        Ok(Some(taken))
    }

    fn half_close(&mut self) -> io::Result<()> {
        self.session.send_close_notify();
        self.send_pending()?;
        self.carrier.half_close()
    }

    fn write_watching(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = if self.answer_waiting()? { 0 } else { self.session.writer().write(bytes)? };
        while !self.answer_waiting()? && !self.send_now()? {
            self.carrier.socket().wait(PollFlags::IN | PollFlags::OUT)?;
        }
        Ok(taken)
    }

    fn socket(&self) -> &Socket {
        self.carrier.socket()
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.carrier.socket_mut()
    }

    fn clear(&mut self) -> Option<&mut Socket> {
        None
    }
}

impl Drop for Tls {
    /// Says goodbye. One that does not fit into the socket's buffer is not worth a wait. Records
    /// that an abandoned write has left must not leave after all: they may hold the end of a
    /// message that was reported as not sent.
    fn drop(&mut self) {
        if self.session.wants_write() {
            return;
        }
        self.session.send_close_notify();
        self.socket_mut().limit_rate(None);
        drop(self.session.write_tls(&mut Now(self.carrier.as_mut())));
    }
}

/// Writes that never wait.
struct Now<'a>(&'a mut dyn Transport);

impl Write for Now<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_now(bytes)?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("carrier", &self.carrier).finish_non_exhaustive()
    }
}

/// What is wrong, in words a user can act on.
pub(crate) fn explain(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => explain_certificate(why),
        rustls::Error::InvalidMessage(_) => {
            "the peer does not speak TLS here (a port in clear, or a broken peer)".into()
        }
        rustls::Error::AlertReceived(alert) => {
            format!("the peer refused the handshake ({})", words(&format!("{alert:?}")))
        }
        rustls::Error::PeerIncompatible(why) => {
            format!("no TLS version or cipher in common ({})", words(&format!("{why:?}")))
        }
        other => format!("TLS failed: {other}"),
    }
}

fn explain_certificate(why: &CertificateError) -> String {
    let reason = match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another host"
        }
        CertificateError::UnknownIssuer => "it is not signed by a trusted authority",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not meant for servers"
        }
        CertificateError::BadSignature => {
            "its signature is wrong, or made with a key that is too weak (RSA under 2048 bits)"
        }
        CertificateError::Revoked => "it has been revoked",
        CertificateError::UnhandledCriticalExtension => "it has an unknown critical extension",
        CertificateError::BadEncoding => "it is malformed",
        other => return format!("the certificate is not accepted: {}", other_reason(other)),
    };
    format!("the certificate is not accepted: {reason}")
}

fn other_reason(why: &CertificateError) -> String {
    let text = format!("{why:?}");
    match text.as_str() {
        text if text.contains("EndEntityUsedAsCa") || text.contains("PathLenConstraint") => {
            "it is signed by a certificate that is no authority's".into()
        }
        text if text.contains("NameConstraint") => {
            "its authority may not vouch for this name".into()
        }
        text if text.contains("CriticalExtension") => "it has an unknown critical extension".into(),
        text if text.contains("CaUsedAsEndEntity") => "it is an authority's, not a server's".into(),
        text if text.contains("UnsupportedCertVersion") => "it is an old X.509 version 1".into(),
        text if text.contains("UnsupportedSignatureAlgorithm") => {
            "it is signed with an algorithm that is no longer safe".into()
        }
        text => text.to_owned(),
    }
}

/// `HandshakeFailure` as `handshake failure`.
fn words(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() && !text.ends_with(char::is_uppercase) {
            text.push(' ');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
