#!/usr/bin/env python3
"""A server that says what it understood. Usage: server.py PORT

/echo    the request as JSON: method, target, fields, the body's length and SHA-256, pairs decoded
/form    the parts of multipart/form-data as JSON, read by werkzeug and by email, which have to agree
/old     an answer of HTTP/1.0 that ends with the connection
/deflate, /zstd, /twice   a page in that coding; twice is gzip in gzip
/flaky/N 503 to the first N requests of that target, then a page
/417     refuses every Expect
"""

import email.parser
import email.policy
import gzip
import hashlib
import io
import json
import subprocess
import sys
import zlib
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from werkzeug.formparser import parse_form_data

PAGE = b"0123456789abcdef" * 4096
CODED = {
    "/deflate": ("deflate", zlib.compress),
    "/zstd": ("zstd", lambda page: subprocess.run(["zstd", "-q"], input=page, stdout=-1).stdout),
    "/twice": ("gzip, gzip", lambda page: gzip.compress(gzip.compress(page))),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = Counter()

    def handle_expect_100(self):
        if self.path != "/417":
            return super().handle_expect_100()
        self.answer(b"no expectations", status=417)
        self.close_connection = True
        return False

    def handle_any(self):
        body = self.read_body()
        if self.path in CODED:
            name, encode = CODED[self.path]
            self.answer(encode(PAGE), {"Content-Encoding": name})
        elif self.path.startswith("/flaky/"):
            self.flaky(int(self.path.split("/")[2]))
        elif self.path == "/old":
            self.old()
        elif self.path == "/form":
            self.say(forms(self.headers["Content-Type"], body))
        else:
            fields = [(name.lower(), value) for name, value in self.headers.items()]
            form = body.decode("latin-1") if "urlencoded" in self.headers.get("Content-Type", "") else ""
            self.say({"method": self.command, "target": self.path, "fields": fields,
                      "length": len(body), "sha256": hashlib.sha256(body).hexdigest(),
                      "query": parse_qsl(urlsplit(self.path).query), "form": parse_qsl(form)})

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_PURGE = handle_any

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            assert self.rfile.readline() == b"\r\n"
        while self.rfile.readline() != b"\r\n":
            pass
        return body

    def flaky(self, refusals):
        self.seen[self.path] += 1
        if self.seen[self.path] <= refusals:
            self.answer(b"later", {"Retry-After": "0"}, 503)
        else:
            self.answer(b"at last")

    def old(self):
        self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + PAGE)
        self.close_connection = True

    def say(self, what):
        self.answer(json.dumps(what, sort_keys=True).encode() + b"\n")

    def answer(self, body, fields={}, status=200):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **fields}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def forms(content_type, body):
    parsers = {"werkzeug": by_werkzeug, "email": by_email}
    parts = {name: sorted(parse(content_type, body)) for name, parse in parsers.items()}
    if parts["werkzeug"] != parts["email"]:
        return {"the parsers differ": parts}
    return {"parts": parts["email"]}


def by_werkzeug(content_type, body):
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": content_type,
               "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    _, fields, files = parse_form_data(environ, silent=False)
    for name, value in fields.items(multi=True):
        yield name, "", "", value
    for name, file in files.items(multi=True):
        yield name, file.filename or "", file.content_type or "", file.read().decode("latin-1")


def by_email(content_type, body):
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    assert message.is_multipart() and not message.defects, message.defects
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        filename = part.get_filename()
        # A quote in a name, as browsers write it; email knows nothing of forms.
        filename = filename and filename.replace("%22", '"')
        data = part.get_payload(decode=True)
        if filename is None:
            yield name, "", "", data.decode()
        else:
            yield name, filename, part.get("Content-Type", ""), data.decode("latin-1")


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.serve_forever()
