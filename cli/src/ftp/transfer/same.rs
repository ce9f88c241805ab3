//! Whether what a server has of a file is how ours begins.
//! Must not hold: what is done if it is not.

use super::Trouble;
use crate::exit::Failure;
use ring::digest::{self, Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use wireline_ftp::{Algorithm, Error, Pathname, Retrieval, Session};
use wireline_wire::Sink;

/// So many bytes at the end of what is there are compared where the server makes no checksums.
const TAIL_BYTES: u64 = 64 * 1024;

/// Read of our file at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Whether the `there` bytes of a file on the server are the first of ours: by a checksum that the
/// server makes, else by the last 64 KiB of them. `None` where it lets us have neither.
pub(super) fn begins_with(
    session: &mut Session,
    path: &Pathname,
    there: u64,
    file: &File,
) -> Result<Option<bool>, Trouble> {
    match by_checksum(session, path, there, file)? {
        None => by_tail(session, path, there, file),
        same => Ok(same),
    }
}

fn by_checksum(
    session: &mut Session,
    path: &Pathname,
    there: u64,
    file: &File,
) -> Result<Option<bool>, Trouble> {
    let ours = |algorithm| digest_of(algorithm).map(|digest| (algorithm, digest));
    let Some((algorithm, digest)) = session.feat()?.algorithms().find_map(ours) else {
        return Ok(None);
    };
    let theirs = session.checksum(algorithm, path);
    let Some(theirs) = unless_refused(session, theirs)? else { return Ok(None) };
    let mut context = Context::new(digest);
    each_piece(file, 0, there, |piece| context.update(piece))?;
    Ok(Some(hex(context.finish().as_ref()) == theirs.hex))
}

/// The checksums that two files do not share by accident, nor by design with effort that anybody
/// makes for this.
fn digest_of(algorithm: Algorithm) -> Option<&'static digest::Algorithm> {
    match algorithm {
        Algorithm::Sha512 => Some(&SHA512),
        Algorithm::Sha256 => Some(&SHA256),
        Algorithm::Sha1 => Some(&SHA1_FOR_LEGACY_USE_ONLY),
        Algorithm::Md5 | Algorithm::Crc32 => None,
    }
}

fn by_tail(
    session: &mut Session,
    path: &Pathname,
    there: u64,
    file: &File,
) -> Result<Option<bool>, Trouble> {
    let offset = there.saturating_sub(TAIL_BYTES);
    let fetched = tail(session, path, Retrieval { offset, size: Some(there) });
    let Some(theirs) = unless_refused(session, fetched)? else { return Ok(None) };
    let mut ours = Vec::with_capacity(theirs.len());
    each_piece(file, offset, there, |piece| ours.extend_from_slice(piece))?;
    Ok(Some(ours == theirs))
}

fn tail(session: &mut Session, path: &Pathname, from: Retrieval) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut download = session.retr(path, from)?;
    download.copy_to(&mut Sink::writer(&mut bytes), TAIL_BYTES)?;
    download.finish()?;
    Ok(bytes)
}

/// A server need not let us look at what it has; a session that is over is a failure.
fn unless_refused<T>(session: &Session, told: Result<T, Error>) -> Result<Option<T>, Error> {
    match told {
        Err(error) if session.is_over() => Err(error),
        told => Ok(told.ok()),
    }
}

/// The bytes of our file from one offset to another.
fn each_piece(
    file: &File,
    mut from: u64,
    to: u64,
    mut take: impl FnMut(&[u8]),
) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::local(&error).doing("reading the file");
    let mut buffer = vec![0; PIECE_BYTES];
    while from < to {
        let most = usize::try_from(to - from).unwrap_or(usize::MAX).min(buffer.len());
        let piece = buffer.get_mut(..most).unwrap_or_default();
        file.read_exact_at(piece, from).map_err(failed)?;
        take(piece);
        from += most as u64;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn pieces_of_a_file() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..PIECE_BYTES * 2 + 7).map(|at| at.to_le_bytes()[0]).collect();
        file.write_all(&bytes).unwrap();
        for (from, to) in [(0, 0), (0, 3), (5, PIECE_BYTES + 5), (0, bytes.len())] {
            let mut read = Vec::new();
            each_piece(&file, from as u64, to as u64, |piece| read.extend_from_slice(piece))
                .unwrap();
            assert!(read == bytes[from..to], "{from}..{to}");
        }
        let beyond = each_piece(&file, 0, bytes.len() as u64 + 1, |_| {});
        assert_eq!(beyond.unwrap_err().exit.code(), 7);
    }

    /// RFC 6234's example, as a server says it.
    #[test]
    fn digits() {
        let digest = digest::digest(digest_of(Algorithm::Sha1).unwrap(), b"abc");
        assert_eq!(hex(digest.as_ref()), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}
