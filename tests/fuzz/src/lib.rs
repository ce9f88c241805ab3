//! What the fuzz targets do. `targets` is plain code that the end-to-end tests run over the corpora
//! as well; `differential` needs parsers that only this crate depends on.

pub mod differential;
pub mod targets;
