//! Where a download goes: a part file beside its target, renamed onto it when it is whole. And
//! where fetched mail goes: a [`Mailbox`], with a [`Journal`] of what is in it.
//!
//! In scope: resolving what the user typed as a file name, the part file with its lock and its
//! description, resuming it, atomic replacement, names that a server may choose, a [`Tree`] of
//! folders that nothing leads out of, Maildir, mbox and folders of mail, the journal of unique ids,
//! logins in a netrc, and the words for what goes wrong with a local file.
//!
//! Out of scope: sockets, URLs as types, HTTP, POP3, what a validator means, retries, printing. The
//! URL, the validator and the length in a [`Description`] are opaque here, and so are the account
//! and the unique ids of a [`Collection`].
//!
//! ```
//! use std::io::Write;
//! use wireline_store::{Description, Options, Target};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("wireline-store-doc-{}", std::process::id()));
//! let options = Options { overwrite: true, create_dirs: true, ..Options::default() };
//!
//! // Before the request is sent: a folder that cannot be written shows here.
//! let mut part = Target::file(&folder.join("sina.html"), options)?.open()?;
//! let url = "http://www.sina.com.cn/";
//! assert!(part.resumable(url).is_none()); // nothing to continue, so no Range in the request
//!
//! // The head is here: say which version the bytes are of, then write them.
//! let validator = "\"v1\"".to_owned();
//! part.begin(0, Some(Description { url: url.to_owned(), validator, length: Some(6) }))?;
//! part.file().write_all(b"<html>")?;
//!
//! // Whole: only now does sina.html appear, or change.
//! let stored = part.commit()?;
//! assert_eq!(std::fs::metadata(&stored)?.len(), 6);
//! # std::fs::remove_dir_all(folder)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! | what | limit | beyond it |
//! |---|---|---|
//! | a name that a server chose | 255 bytes, an extension of 32 survives | cut: [`safe_name`] |
//! | links followed from a path that was typed | 40, as Linux does | [`Error::Io`] |
//! | a description beside a part | 64 KiB | it counts as none, and nothing is continued |
//! | a unique id; a line of the journal | 16 KiB; 64 KiB | [`Error::Io`], [`Error::Journal`] |
//! | waiting for another program's lock of an mbox | 30 s | [`Error::MboxLocked`] |
//! | waiting for another run of ours | none: at once | [`Error::Locked`] |
//!
//! # Errors
//!
//! | whose doing | kind of [`Error`] |
//! |---|---|
//! | it is there and may stay, or is no file | `Exists`, `NotAFile` |
//! | somebody else is at it | `Locked`, `MboxLocked` |
//! | somebody else was at it | `Planted`, `Lost`, `Journal` |
//! | it cannot be continued | `Offset`, `OtherVersion`, `Unseekable` |
//! | the system's | `Denied` by permission or a read-only file system, `Io` |
//! | the caller's | `NotBegun` |

mod beside;
mod description;
mod error;
mod folder;
mod mail;
mod name;
mod netrc;
mod part;
mod replacement;
mod take;
mod target;
mod through;
mod tree;

#[cfg(test)]
#[path = "../tests/scratch/mod.rs"]
mod scratch;

pub use beside::names_beside;
pub use description::Description;
pub use error::Error;
pub use mail::{Collection, Delivery, Entry, Journal, Mailbox, Outcome, State};
pub use name::safe_name;
pub use netrc::Netrc;
pub use part::{Part, Resume};
pub use target::{Options, Target};
pub use tree::{Item, ItemKind, Tree};
