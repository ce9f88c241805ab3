//! Names that a server or a URL chooses: from bytes to one harmless path element.
//! Must not hold: percent-decoding, header parsing, any look at the file system.

/// Longest file name that is given out, in bytes.
const NAME_BYTES: usize = 255;

/// Longest extension that survives a cut, in bytes with its dot.
const EXTENSION_BYTES: usize = 32;

/// Turns one name given by a server or a URL into a file name that is harmless on every system, or
/// `None` when nothing is left of it; the caller then falls back to `index`.
///
/// `raw` is already percent-decoded (and unquoted, for a header): that is the caller's job, so that
/// `%2e%2e%2f` meets these rules as `../`.
///
/// - The last element counts, by `/` and by `\`. Empty, `.`, `..`, only dots or only blanks is
///   `None`.
/// - `_` stands for a leading dot, trailing dots and blanks, `:`, what is not UTF-8, and for
///   control (NUL, CR, LF, C1), bidirectional, zero-width and tag characters.
/// - A DOS device name (`CON`, `nul.txt`, `COM1`) gets a `_` in front.
/// - At most 255 bytes, cut between characters; an extension of up to 32 bytes survives.
///
/// The result is one path element, not hidden, and passes unchanged when it is given in again.
pub fn safe_name(raw: &[u8]) -> Option<String> {
    let element = raw.rsplit(|byte| matches!(byte, b'/' | b'\\')).next()?;
    let text = String::from_utf8_lossy(element);
    if text.chars().all(is_padding) {
        return None;
    }
    let mut name: String = text.chars().map(plain).collect();
    if name.starts_with('.') {
        name.replace_range(..1, "_");
    }
    // A cut can uncover a device: what kept `con .. x.txt` from being one may be gone.
    name = cut(name);
    if is_device(&name) {
        name.insert(0, '_');
        name = cut(name);
    }
    Some(without_padding_at_end(name))
}

/// Characters that show nothing, or change how their neighbours show.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn plain(c: char) -> char {
    match c {
        ':' | '\u{fffd}' => '_',
        c if is_unseen(c) => '_',
        c => c,
    }
}

fn is_padding(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

/// Windows knows these with any extension, in any case, with blanks before the dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$") {
        return true;
    }
    let Some(port) = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT")) else {
        return false;
    };
    let mut digits = port.chars();
    let is_port = matches!(digits.next(), Some('0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}'));
    is_port && digits.next().is_none()
}

fn cut(mut name: String) -> String {
    if name.len() <= NAME_BYTES {
        return name;
    }
    let dot =
        name.rfind('.').filter(|dot| name.len() - dot <= EXTENSION_BYTES).unwrap_or(name.len());
    let extension = name.split_off(dot);
    name.truncate(name.floor_char_boundary(NAME_BYTES - extension.len()));
    name.push_str(&extension);
    name
}

fn without_padding_at_end(mut name: String) -> String {
    let kept = name.trim_end_matches(is_padding).len();
    let padding = name.split_off(kept);
    name.extend(padding.chars().map(|_| '_'));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[(&str, &[u8], Option<&str>)] = &[
        ("plain", b"sina.html", Some("sina.html")),
        ("plain, spaces inside", b"a b (1).tar.gz", Some("a b (1).tar.gz")),
        ("plain, other scripts", "\u{65b0}\u{6d6a}.html".as_bytes(), Some("\u{65b0}\u{6d6a}.html")),
        ("plain, leading dash and tilde", b"-~x", Some("-~x")),
        ("154 empty", b"", None),
        ("154 one dot", b".", None),
        ("154 two dots", b"..", None),
        ("154 %2e%2e, decoded", b"dir/..", None),
        ("154 only dots", b".....", None),
        ("154 only spaces", b"   ", None),
        ("154 dots and spaces", b". . .", None),
        ("154 other blanks", "\u{3000}\u{a0}".as_bytes(), None),
        ("154 a%2fb", b"a/b", Some("b")),
        ("154 a%5cb", b"a\\b", Some("b")),
        ("154 %00", b"a\0.html", Some("a_.html")),
        ("154 folder", b"dir/", None),
        ("154 climbing", b"../../etc/passwd", Some("passwd")),
        ("154 climbing, mixed", b"..\\../..\\boot.ini", Some("boot.ini")),
        ("155 absolute", b"/etc/shadow", Some("shadow")),
        ("155 drive and path", b"C:\\Windows\\x.dll", Some("x.dll")),
        ("155 leading dot", b".bashrc", Some("_bashrc")),
        ("155 leading dots", b"..rc", Some("_.rc")),
        ("155 leading dot in a folder", b"x/.ssh", Some("_ssh")),
        ("155 control", b"a\r\nb\x1b[2J\x7f.txt", Some("a__b_[2J_.txt")),
        ("155 tab only", b"\t", None),
        ("155 escape only", b"\x1b", Some("_")),
        ("155 C1", "a\u{9b}1m\u{85}b".as_bytes(), Some("a_1m_b")),
        ("155 bidi", "a\u{202e}txt.exe\u{2066}\u{200f}z".as_bytes(), Some("a_txt.exe__z")),
        ("155 zero width", "a\u{200b}\u{200d}\u{feff}\u{2060}b".as_bytes(), Some("a____b")),
        ("155 hidden behind zero width", "\u{200b}.rc".as_bytes(), Some("_.rc")),
        ("155 line separators", "a\u{2028}\u{2029}b".as_bytes(), Some("a__b")),
        ("155 tags", "a\u{e0041}b".as_bytes(), Some("a_b")),
        ("155 bad UTF-8", b"caf\xe9.txt", Some("caf_.txt")),
        ("155 only bad UTF-8", b"\xff", Some("_")),
        ("155 cut UTF-8", b"a\xe6\x96", Some("a_")),
        ("155 overlong slash", b"..\xc0\xafetc", Some("_.__etc")),
        ("157 CON", b"CON", Some("_CON")),
        ("157 nul.txt", b"nul.txt", Some("_nul.txt")),
        ("157 Aux, two extensions", b"Aux.tar.gz", Some("_Aux.tar.gz")),
        ("157 COM1", b"com1.log", Some("_com1.log")),
        ("157 LPT superscript", "LPT\u{b2}".as_bytes(), Some("_LPT\u{b2}")),
        ("157 blank before dot", b"con .txt", Some("_con .txt")),
        ("157 CONOUT$", b"CONOUT$", Some("_CONOUT$")),
        ("157 not devices", b"console", Some("console")),
        ("157 not a port", b"COM10", Some("COM10")),
        ("157 not a port either", b"COM", Some("COM")),
        ("157 x:", b"x:", Some("x_")),
        ("157 CON:", b"CON:", Some("CON_")),
        ("157 trailing dot", b"a.html.", Some("a.html_")),
        ("157 trailing space", b"a.html ", Some("a.html_")),
        ("157 trailing run", b"a. . ", Some("a____")),
        ("157 device with trailing dots", b"NUL..", Some("_NUL__")),
        ("157 stream", b"a.txt::$DATA", Some("a.txt__$DATA")),
    ];

    #[test]
    fn names() {
        for (row, raw, expected) in ROWS {
            assert_eq!(safe_name(raw).as_deref(), *expected, "{row}");
        }
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let table: &[(&str, String, String)] = &[
            ("154 at the limit", "a".repeat(255), "a".repeat(255)),
            ("154 over", "a".repeat(256), "a".repeat(255)),
            ("154 far over", "a".repeat(1 << 20), "a".repeat(255)),
            (
                "154 extension",
                format!("{}.tar", "a".repeat(300)),
                format!("{}.tar", "a".repeat(251)),
            ),
            (
                "154 no extension, only a long tail",
                format!("a.{}", "b".repeat(300)),
                format!("a.{}", "b".repeat(253)),
            ),
            (
                "154 wide",
                format!("{}.html", "\u{65b0}".repeat(100)),
                format!("{}.html", "\u{65b0}".repeat(83)),
            ),
            (
                "154 cut at a dot",
                format!("{}.{}", "a".repeat(254), "b".repeat(99)),
                format!("{}_", "a".repeat(254)),
            ),
            ("154 trailing dot", format!("{}.", "a".repeat(300)), format!("{}_", "a".repeat(254))),
            (
                "157 device behind a cut",
                format!("con{}x.txt", " ".repeat(300)),
                format!("_con{}.txt", " ".repeat(247)),
            ),
            (
                "157 long device",
                format!("con.{}", "b".repeat(300)),
                format!("_con.{}", "b".repeat(250)),
            ),
        ];
        for (row, raw, expected) in table {
            assert_eq!(safe_name(raw.as_bytes()).as_ref(), Some(expected), "{row}");
        }
    }

    #[test]
    fn whatever_comes_in_one_harmless_element_comes_out() {
        let alphabet: &[&[u8]] = &[
            b"/",
            b"\\",
            b".",
            b" ",
            b":",
            b"\0",
            b"\n",
            b"\xff",
            b"a",
            b"CON",
            b"com1",
            "\u{202e}".as_bytes(),
            "\u{3000}".as_bytes(),
            "\u{65b0}".as_bytes(),
        ];
        for seed in 0..alphabet.len().pow(4) {
            let picks = (0..4).scan(seed, |rest, _| {
                let pick = *rest % alphabet.len();
                *rest /= alphabet.len();
                Some(alphabet[pick])
            });
            let raw: Vec<u8> = picks.flatten().copied().collect();
            let Some(name) = safe_name(&raw) else { continue };
            assert!(!name.is_empty() && name.len() <= NAME_BYTES, "{raw:?}");
            assert!(!name.starts_with('.') && !name.ends_with(['.', ' ']), "{raw:?}");
            assert!(
                !name.contains(['/', '\\', ':', '\0']) && !name.chars().any(is_unseen),
                "{raw:?}"
            );
            assert!(!is_device(&name), "{raw:?}");
            assert_eq!(safe_name(name.as_bytes()).as_ref(), Some(&name), "{raw:?}");
        }
    }
}
