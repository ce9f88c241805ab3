//! What the tests of a wire need.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::raw::{Act, Server};
use wireline_wire::{Dialer, Endpoint, Trust, Wire};

pub(crate) fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint::new(&address.ip().to_string(), address.port()).unwrap()
}

pub(crate) fn dial(server: &Server) -> Wire {
    Dialer::default().dial(&endpoint(server.addr())).unwrap()
}

/// A server that plays one script on every connection.
pub(crate) fn server(script: &[Act]) -> Server {
    Server::start(vec![script.to_vec()]).unwrap()
}

/// The same over TLS, and a dialer that trusts it. The folder holds the authority's certificate.
pub(crate) fn tls_server(script: &[Act]) -> (Server, Dialer, tempdir::Folder) {
    let authority = Authority::new("wire tests").unwrap();
    let config = authority.server_config(Certificate::Good).unwrap();
    let folder = tempdir::Folder::new();
    let pem = folder.path().join("ca.pem");
    std::fs::write(&pem, authority.pem()).unwrap();
    let mut dialer = Dialer::default();
    dialer.tls = Trust { files: vec![pem], ..Trust::default() }.into();
    (Server::start_tls(Arc::clone(&config), vec![script.to_vec()]).unwrap(), dialer, folder)
}

pub(crate) fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub(crate) mod tempdir {
    //! A folder that is removed when dropped.

    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicU32, Ordering};

    pub(crate) struct Folder(PathBuf);

    impl Folder {
        pub(crate) fn new() -> Self {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("wireline-wire-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir(&path).unwrap();
            Self(path)
        }

        pub(crate) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }
}
