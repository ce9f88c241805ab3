//! `--encoding`: a device's text in its own encoding, and UTF-8 here. Pure.
//! Must not hold: where text comes from or goes to.

use crate::exit::Failure;
use encoding_rs::{DecoderResult, EncoderResult, UTF_8};
use wireline_telnet::Transcode;
use wireline_wire::{Secret, escape};

/// An encoding of the WHATWG's list, by one of its labels. All of them hold ASCII.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// What was typed with `--encoding`.
    pub(crate) fn find(label: &str) -> Result<Self, Failure> {
        let known = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes());
        // UTF-16 is no text of Telnet: half of it is NUL.
        known.filter(|known| known.output_encoding() == *known).map(Self).ok_or_else(|| {
            let why = format!("--encoding {}: no such encoding", escape(label.as_bytes()));
            Failure::usage(why)
                .hint("some are utf-8, latin1, windows-1252, iso-8859-15, koi8-r, ibm866, shift_jis, euc-jp, gbk, big5, euc-kr")
        })
    }

    /// As it is named.
    pub(crate) fn name(self) -> &'static str {
        self.0.name()
    }

    /// From the device.
    pub(crate) fn decoder(self) -> Box<dyn Transcode> {
        Box::new(Decoder(self.0.new_decoder_without_bom_handling()))
    }

    /// To the device.
    pub(crate) fn encoder(self) -> Encoder {
        Encoder { to: self, letters: Decoder(UTF_8.new_decoder_without_bom_handling()) }
    }

    /// A whole text for the device; bad input when a letter of it is not in this encoding.
    pub(crate) fn encode(self, text: &str) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        match self.push(text, &mut bytes) {
            true => Ok(bytes),
            false => Err(Failure::usage(format!("{} lacks a letter of it", self.name()))),
        }
    }

    /// A password for the device; one that is no UTF-8 is meant as it is.
    pub(crate) fn encode_secret(self, secret: &Secret) -> Result<Secret, Failure> {
        match str::from_utf8(secret.reveal()) {
            Ok(text) => Ok(Secret::new(self.encode(text)?)),
            Err(_) => Ok(secret.clone()),
        }
    }

    /// Appends a text that stands for itself, `?` for what cannot be said. `false` when there was such.
    fn push(self, text: &str, bytes: &mut Vec<u8>) -> bool {
        let (mut encoder, mut rest, mut whole) = (self.0.new_encoder(), text, true);
        loop {
            let most = encoder.max_buffer_length_from_utf8_without_replacement(rest.len());
            bytes.reserve(most.unwrap_or_default().max(16));
            let (result, read) =
                encoder.encode_from_utf8_to_vec_without_replacement(rest, bytes, true);
            rest = rest.get(read..).unwrap_or_default();
            match result {
                EncoderResult::InputEmpty => return whole,
                EncoderResult::OutputFull => {}
                EncoderResult::Unmappable(_) => {
                    bytes.push(b'?');
                    whole = false;
                }
            }
        }
    }
}

/// What is typed or piped in, as the device takes it, however its letters are torn apart.
#[derive(Debug)]
pub(crate) struct Encoder {
    to: Encoding,
    letters: Decoder,
}

impl Encoder {
    /// Appends what the device is sent, `?` for what its encoding lacks. `false` when there was such.
    pub(crate) fn push(&mut self, typed: &[u8], last: bool, bytes: &mut Vec<u8>) -> bool {
        let mut text = Vec::new();
        self.letters.transcode(typed, last, &mut text);
        self.to.push(&String::from_utf8_lossy(&text), bytes)
    }
}

struct Decoder(encoding_rs::Decoder);

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Decoder").field(&self.0.encoding().name()).finish()
    }
}

impl Transcode for Decoder {
    fn transcode(&mut self, bytes: &[u8], last: bool, text: &mut Vec<u8>) {
        let (mut rest, mut made) = (bytes, String::new());
        loop {
            let most = self.0.max_utf8_buffer_length_without_replacement(rest.len());
            made.reserve(most.unwrap_or_default().max(16));
            let (result, read) = self.0.decode_to_string_without_replacement(rest, &mut made, last);
            rest = rest.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => made.push(char::REPLACEMENT_CHARACTER),
            }
        }
        text.extend_from_slice(made.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[(&str, &str, &[u8])] = &[
        ("latin1", "\u{e9}t\u{e9}\u{ff}", b"\xe9t\xe9\xff"),
        ("koi8-r", "да", b"\xc4\xc1"),
        ("Shift_JIS", "日本> ", b"\x93\xfa\x96\x7b> "),
        ("iso-2022-jp", "日", b"\x1b$BF|\x1b(B"),
        ("gb18030", "€", b"\xa2\xe3"),
        ("utf8", "a€😀", "a€😀".as_bytes()),
    ];

    #[test]
    fn both_ways_at_every_split() {
        for (label, text, bytes) in ROWS {
            let encoding = Encoding::find(label).unwrap();
            assert_eq!(encoding.encode(text).unwrap(), *bytes, "{label}");
            for split in 0..=bytes.len() {
                let (mut decoder, mut decoded) = (encoding.decoder(), Vec::new());
                decoder.transcode(&bytes[..split], false, &mut decoded);
                decoder.transcode(&bytes[split..], true, &mut decoded);
                assert_eq!(String::from_utf8(decoded).unwrap(), *text, "{label} at {split}");
            }
            for split in 0..=text.len() {
                let (mut encoder, mut encoded) = (encoding.encoder(), Vec::new());
                let (first, second) = text.as_bytes().split_at(split);
                assert!(encoder.push(first, false, &mut encoded));
                assert!(encoder.push(second, true, &mut encoded));
                let (mut decoder, mut decoded) = (encoding.decoder(), Vec::new());
                decoder.transcode(&encoded, true, &mut decoded);
                assert_eq!(String::from_utf8(decoded).unwrap(), *text, "{label} at {split}");
            }
        }
    }

    #[test]
    fn what_an_encoding_lacks() {
        let latin1 = Encoding::find("latin1").unwrap();
        assert!(latin1.encode("日").is_err());
        let mut bytes = Vec::new();
        assert!(!latin1.encoder().push("a日b".as_bytes(), false, &mut bytes));
        assert_eq!(bytes, b"a?b");
        let (mut decoder, mut text) = (Encoding::find("utf-8").unwrap().decoder(), Vec::new());
        decoder.transcode(b"a\xffb\xe2\x82", true, &mut text);
        assert_eq!(text, "a\u{fffd}b\u{fffd}".as_bytes());
        for label in ["klingon", "", "utf-16", "utf-16be", "replacement", "latin1\n\x07x"] {
            assert!(Encoding::find(label).is_err(), "{label}");
        }
    }
}
