//! Who watches a connection: traces, recordings, progress and timings are all made from these events.
//! Must not hold: how they are shown.

use crate::{Peer, Saying};

/// Something that happened on a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The host's name has become addresses; with a proxy on the way, the proxy's name.
    Resolved,
    /// The connection stands, a proxy's tunnel included.
    Connected {
        /// Who answered.
        peer: Peer,
    },
    /// This happened between us and a proxy on the way, before `Connected`: `Connected` (to the
    /// proxy), `Tls` (with it), `Said`, `Heard` and, for what has no lines, `Body`. Secrets are
    /// hidden there as anywhere.
    Proxy(&'a Self),
    /// TLS stands.
    Tls {
        /// For example `TLSv1.3`.
        version: &'a str,
        /// For example `TLS13_AES_256_GCM_SHA384`.
        cipher: &'a str,
        /// The peer's own certificate, in DER (RFC 5280).
        certificate: &'a [u8],
    },
    /// We said this.
    Said(&'a Saying),
    /// We sent so many more bytes of a body.
    Sent {
        /// Bytes in this step.
        bytes: u64,
        /// The bytes themselves, unless the kernel moved them past us.
        data: Option<&'a [u8]>,
    },
    /// The peer said this: one line with its end.
    Heard(&'a [u8]),
    /// So many more bytes of a body arrived.
    Body {
        /// Bytes in this step.
        bytes: u64,
        /// The bytes themselves, unless the kernel moved them past us; see
        /// [`Observer::wants_bodies`].
        data: Option<&'a [u8]>,
    },
    /// The connection is gone.
    Closed,
}

/// Sees what happens on the connections of one [`crate::Dialer`], each with its number from 1.
///
/// Called on the thread that uses the connection; it must not block for long.
pub trait Observer: Send + Sync {
    /// Whether bodies must pass through our hands, so that [`Event::Body`] has their bytes. They
    /// need not by default, which lets the kernel move them.
    fn wants_bodies(&self) -> bool {
        false
    }

    /// One event of one connection.
    fn observe(&self, connection: u64, event: &Event<'_>);
}
