//! CONNECT: a tunnel through an HTTP proxy (RFC 9110 section 9.3.6, RFC 9112 section 3.2.3).
//! Must not hold: HTTP beyond that; requests in absolute-form are the http crate's.

use crate::{Endpoint, Error, Proxy, Saying, Wire};

/// Bytes of one response head. A proxy has little to say.
const HEAD_BYTES: usize = 64 * 1024;

/// Interim responses (RFC 9110 section 15.2) that are passed over.
const INTERIM_RESPONSES: usize = 8;

/// Asks for the tunnel. Whatever follows the head of the 2xx belongs to the tunnel, whatever the
/// head says of a length (RFC 9110 section 9.3.6), and stays in the wire's buffer.
pub(crate) fn open(mut wire: Wire, proxy: &Proxy, target: &Endpoint) -> Result<Wire, Error> {
    // Only a host in A-labels is a `host` of RFC 3986.
    if !target.host().is_ascii() {
        let host = target.host().escape_debug();
        return Err(Error::Input(format!("a proxy takes no host that is not ASCII: {host}")));
    }
    wire.say(&request(proxy, target));
    wire.flush()?;
    match final_status(&mut wire, proxy)? {
        200..=299 => Ok(wire),
        407 => Err(Error::ProxyLogin { proxy: proxy.to_string() }),
        status => {
            Err(Error::ProxyRefused { proxy: proxy.to_string(), reply: format!("status {status}") })
        }
    }
}

fn request(proxy: &Proxy, target: &Endpoint) -> Saying {
    let line = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    proxy.authorize(Saying::new().text(line)).text("\r\n")
}

fn final_status(wire: &mut Wire, proxy: &Proxy) -> Result<u16, Error> {
    for _ in 0..=INTERIM_RESPONSES {
        match head(wire, proxy)? {
            100..=199 => {}
            status => return Ok(status),
        }
    }
    Err(proxy.violation("too many interim responses"))
}

/// Reads a head and no byte more. Of a refusal only the first line: nobody needs the rest.
fn head(wire: &mut Wire, proxy: &Proxy) -> Result<u16, Error> {
    let mut room = HEAD_BYTES;
    let line = bounded_line(wire, &mut room)?;
    let status = status_of(line).ok_or_else(|| proxy.violation("its answer is not HTTP/1"))?;
    while status < 300 && !matches!(bounded_line(wire, &mut room)?, b"\r\n" | b"\n") {}
    Ok(status)
}

fn bounded_line<'a>(wire: &'a mut Wire, room: &mut usize) -> Result<&'a [u8], Error> {
    let line = wire.line(*room).map_err(|error| match error {
        Error::TooLong { .. } => {
            Error::TooLong { what: "the head of its answer", limit: HEAD_BYTES as u64 }
        }
        other => other,
    })?;
    *room -= line.len();
    Ok(line)
}

/// `status-line = HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 section 4). HTTP/1
/// only, and the last SP may be missing.
fn status_of(line: &[u8]) -> Option<u16> {
    let mut parts = line.trim_ascii_end().splitn(3, |&byte| byte == b' ');
    let version = parts.next()?.strip_prefix(b"HTTP/1.")?;
    let code = parts.next()?;
    let well_formed = matches!(version, [b'0'..=b'9']) && matches!(code, [b'1'..=b'5', _, _]);
    code.iter()
        .filter(|_| well_formed)
        .try_fold(0, |code: u16, digit| {
            digit.is_ascii_digit().then(|| code * 10 + u16::from(digit - b'0'))
        })
        .filter(|&code| code >= 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines() {
        let rows: &[(&[u8], Option<u16>)] = &[
            (b"HTTP/1.1 200 Connection established\r\n", Some(200)),
            (b"HTTP/1.0 200\r\n", Some(200)),
            (b"HTTP/1.1 299 \n", Some(299)),
            (b"HTTP/1.1 407 Proxy Authentication Required\r\n", Some(407)),
            (b"HTTP/1.1 2000 OK\r\n", None),
            (b"HTTP/1.1 20 OK\r\n", None),
            (b"HTTP/1.1 2x0 OK\r\n", None),
            (b"HTTP/1.1 099 OK\r\n", None),
            (b"HTTP/1.1 600 OK\r\n", None),
            (b"HTTP/1.1  200 OK\r\n", None),
            (b"HTTP/1.10 200 OK\r\n", None),
            (b"HTTP/2 200\r\n", None),
            (b"ICY 200 OK\r\n", None),
            (b"SSH-2.0-OpenSSH\r\n", None),
            (b"200\r\n", None),
            (b"\r\n", None),
        ];
        for (line, wanted) in rows {
            assert_eq!(status_of(line), *wanted, "{}", line.escape_ascii());
        }
    }
}
