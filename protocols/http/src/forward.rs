//! Requests by way of a proxy that takes them itself (RFC 9112 section 3.2.2), and whom a kept
//! connection may serve. Must not hold: which proxy is for whom, tunnels (the wire has both).

use crate::{Error, Origin, Persistence, Request, Response};
use wireline_wire as wire;
use wireline_wire::{Dialer, Proxy, Route, Saying, Traffic};

/// What a kept connection leads to. One to a proxy that forwards serves every origin behind it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To the origin, straight or through a tunnel.
    ToOrigin(Origin),
    /// To a proxy that forwards.
    ToProxy(Proxy),
}

impl Leads {
    pub(crate) fn of(route: Route<'_>, origin: &Origin) -> Self {
        match route {
            Route::Forward(proxy) => Self::ToProxy(proxy.clone()),
            Route::Direct | Route::Tunnel(_) => Self::ToOrigin(origin.clone()),
        }
    }
}

/// The way to an origin.
pub(crate) fn route<'a>(dialer: &'a Dialer, origin: &Origin) -> Result<Route<'a>, Error> {
    let traffic = if origin.is_secure() { Traffic::Https } else { Traffic::Http };
    Ok(dialer.route(&origin.endpoint()?, traffic))
}

/// The bytes of the head as this route wants them.
pub(crate) fn head(request: &Request, persistence: Persistence, route: Route<'_>) -> Saying {
    match route {
        Route::Forward(proxy) => forwarded(request, persistence, proxy),
        Route::Direct | Route::Tunnel(_) => request.head(persistence),
    }
}

/// `absolute-form = absolute-URI` (RFC 9112 section 3.2.2), `Host` as ever, and the proxy's login
/// (RFC 9110 section 11.7.2) unless the user has typed one.
fn forwarded(request: &Request, persistence: Persistence, proxy: &Proxy) -> Saying {
    let uri = request.uri();
    let target = format!("http://{}{}", uri.origin().host_field(), uri.origin_form());
    let saying = Saying::new().text(format!("{} {target} HTTP/1.1\r\n", request.method()));
    let saying = request.fields_behind(saying, persistence);
    let saying = match request.has_field("Proxy-Authorization") {
        true => saying,
        false => proxy.authorize(saying),
    };
    saying.text("\r\n")
}

/// 407 from a proxy that forwards (RFC 9110 section 15.5.8): nobody behind it was asked.
pub(crate) fn admitted(route: Route<'_>, response: Response) -> Result<Response, Error> {
    match route {
        Route::Forward(proxy) if response.head().status.code() == 407 => {
            Err(wire::Error::ProxyLogin { proxy: proxy.to_string() }.into())
        }
        _ => Ok(response),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, Method, TargetUri};
    use url::Url;

    fn get(url: &str) -> Request {
        let uri = TargetUri::try_from(Url::parse(url).unwrap()).unwrap();
        Request::new(Method::get(), uri)
    }

    fn said(request: &Request, route: Route<'_>) -> String {
        let saying = head(request, Persistence::Keep, route);
        String::from_utf8(saying.bytes().to_vec()).unwrap()
    }

    /// hostile.md row 147: the proxy's login goes to the proxy, in no other request.
    #[test]
    fn heads() {
        let login: Proxy = "http://u:p@proxy:1".parse().unwrap();
        let open: Proxy = "proxy:1".parse().unwrap();
        let own = "Proxy-Authorization: Basic dTpw\r\n";
        let typed = || Field::new("proxy-authorization", "typed").unwrap();
        let rows = [
            (get("http://h/p?q#f"), "http://h/p?q", "Host: h\r\n"),
            (get("http://h:81/"), "http://h:81/", "Host: h:81\r\n"),
            (get("http://[::1]/"), "http://[::1]/", "Host: [::1]\r\n"),
            (
                get("http://h/").with_field(Field::new("Host", "x").unwrap()).unwrap(),
                "http://h/",
                "Host: x\r\n",
            ),
        ];
        for (request, target, fields) in rows {
            let wanted = |own: &str| format!("GET {target} HTTP/1.1\r\n{fields}{own}\r\n");
            assert_eq!(said(&request, Route::Forward(&login)), wanted(own));
            assert_eq!(said(&request, Route::Forward(&open)), wanted(""));
            let direct = said(&request, Route::Direct);
            assert!(direct.starts_with("GET /") && !direct.contains("Proxy"), "{direct}");
            assert_eq!(said(&request, Route::Tunnel(&login)), direct);
        }
        let request = get("http://h/").with_field(typed()).unwrap();
        let wanted = "GET http://h/ HTTP/1.1\r\nHost: h\r\nproxy-authorization: typed\r\n\r\n";
        assert_eq!(said(&request, Route::Forward(&login)), wanted);
    }

    #[test]
    fn one_connection_to_a_proxy_serves_all_behind_it() {
        let (one, two): (Proxy, Proxy) =
            ("http://proxy:1".parse().unwrap(), "http://u:p@proxy:1".parse().unwrap());
        let (a, b) = (get("http://a/").uri().origin(), get("http://b/").uri().origin());
        assert_eq!(Leads::of(Route::Forward(&one), &a), Leads::of(Route::Forward(&one), &b));
        assert_ne!(Leads::of(Route::Forward(&one), &a), Leads::of(Route::Forward(&two), &a));
        assert_ne!(Leads::of(Route::Forward(&one), &a), Leads::of(Route::Direct, &a));
        assert_ne!(Leads::of(Route::Tunnel(&one), &a), Leads::of(Route::Tunnel(&one), &b));
    }
}
