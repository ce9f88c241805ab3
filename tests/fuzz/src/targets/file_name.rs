//! Bytes to a file name.
//! Must not hold: folders, or any look at the file system.

use wireline_store::safe_name;
use wireline_wire::is_unsafe_on_a_terminal;

/// The input is what a server or a URL calls the file. The name is one element that is not hidden,
/// holds nothing that a file system or a terminal takes amiss, fits, and stays when given in again.
pub fn file_name(data: &[u8]) {
    let Some(name) = safe_name(data) else { return };
    assert!(!matches!(name.as_str(), "" | "." | ".."), "{name:?}");
    assert!(!name.contains(['/', '\\', ':', '\0']), "{name:?}");
    assert!(!name.starts_with('.') && !name.ends_with(['.', ' ']), "{name:?}");
    assert!(!name.chars().any(is_unsafe_on_a_terminal), "{name:?}");
    assert!(name.len() <= 255, "{} bytes", name.len());
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    assert!(!matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "com1" | "lpt9"), "{name:?}");
    assert_eq!(safe_name(name.as_bytes()).as_deref(), Some(name.as_str()));
}
