#!/usr/bin/env python3
"""What `run` asks of Python: trees of files, comparisons, and ftplib as a client.

clients.py NAME ARGUMENTS...
"""

import ftplib
import io
import json
import os
import random
import socket
import ssl
import sys
import urllib.parse
from datetime import datetime, timezone
from pathlib import Path

# What tends to go wrong in a command line, a URL, a listing or a pattern.
NAMES = ["plain.txt", "two words.txt", "three   blanks.txt", "Grüße 世界.txt", "a[1].txt", 'quote"d.txt',
         "it's.txt", "-dash.txt", "--option", "hash#1.txt", "question?.txt", "star*.txt",
         "percent%41.txt", "semi;type=a.txt", "arrow -> there.txt", "plus+and&.txt", "~tilde", ".hidden",
         "12:00 Jan 1 2020", "l" * 200]
# A name from a server that no file here gets by itself.
UNSAFE = ["back\\slash.txt", "tab\there.txt"]
TEXT = b"The quick brown fox.\nIt jumps.\n"


def tree(folder):
    """Every name, a file of 0 bytes and one of 3 MB, folders in folders, and an empty one."""
    folder = Path(folder)
    below = folder / "sub dir" / "deeper [x]" / "Tiefe ü"
    below.mkdir(parents=True)
    (folder / "empty folder").mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(TEXT * (number + 1))
    for number in range(20):
        (below / f"{number} of twenty").write_bytes(bytes([number]) * number)
    (folder / "sub dir" / "0").write_bytes(b"")
    (folder / "zero.bin").write_bytes(b"")
    noise(folder / "three.bin", 3_000_000)
    # Older than this minute, and to the second, as a listing has them.
    for number, found in enumerate(sorted(folder.rglob("*"))):
        if found.is_file():
            os.utime(found, (1_700_000_000 + number * 61, 1_700_000_000 + number * 61))


def noise(path, size):
    """Bytes that no two places of have in common; the same in each run."""
    Path(path).write_bytes(random.Random(int(size)).randbytes(int(size)))


def thousand(folder):
    Path(folder).mkdir()
    for number in range(1000):
        path = Path(folder, f"{number:04}.dat")
        path.write_bytes(random.Random(number).randbytes(2000))
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))


def encoded(name):
    """As one part of a URL's path."""
    print(urllib.parse.quote(name, safe=""))


def names():
    print("\0".join(NAMES + ["zero.bin", "three.bin"]), end="\0")


def unsafe(folder):
    """Names that a server may have, and that are not taken as they are."""
    for name in UNSAFE:
        Path(folder, name).write_bytes(TEXT)


def same(one, other):
    """The same names, kinds and bytes below both."""
    wanted, got = contents(one), contents(other)
    missing, more = wanted.keys() - got.keys(), got.keys() - wanted.keys()
    differing = [name for name in wanted.keys() & got.keys() if wanted[name] != got[name]]
    assert not (missing or more or differing), {"missing": missing, "more": more, "differing": differing}


def contents(folder):
    folder = Path(folder)
    assert folder.is_dir(), folder
    return {str(found.relative_to(folder)): found.read_bytes() if found.is_file() else None
            for found in folder.rglob("*")}


def listed(path, folder):
    """Lines of JSON: every name below a folder, its type, and of a file its size."""
    lines = [json.loads(line) for line in Path(path).read_text().splitlines()]
    got = {line["name"]: (line["type"], line["size"] if line["type"] == "file" else None) for line in lines}
    wanted = {found.name: ("dir", None) if found.is_dir() else ("file", found.stat().st_size)
              for found in Path(folder).iterdir()}
    assert got == wanted, set(got.items()) ^ set(wanted.items())


def times(path, folder):
    """Lines of JSON: the time of each file, to the minute at least."""
    for line in Path(path).read_text().splitlines():
        entry = json.loads(line)
        if entry["type"] == "file":
            wanted = Path(folder, entry["name"]).stat().st_mtime
            got = datetime.fromisoformat(entry["modified"].replace("Z", "+00:00")).timestamp()
            assert 0 <= wanted - got < 86400, (entry, wanted - got)


def between(path, least, most):
    size = os.path.getsize(path)
    assert int(least) < size < int(most), size


def connect(port, kind=ftplib.FTP, **settings):
    client = kind(timeout=10, encoding="utf-8", **settings)
    client.connect("localhost", int(port))
    return client


def login(port):
    client = connect(port)
    client.login("alice", "wonderland")
    return client


def refusal(kind, code, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        assert str(error).startswith(code), error
        return
    raise AssertionError(f"not refused: {call.__name__} {arguments}")


def fetched(client, name, **settings):
    into = io.BytesIO()
    assert client.retrbinary(f"RETR {name}", into.write, **settings).startswith("226")
    return into.getvalue()


def ftplib_login(port, *_):
    client = connect(port)
    assert client.getwelcome().startswith("220")
    refusal(ftplib.error_perm, "530", client.login, "alice", "rabbit")
    client.close()
    for user in ((), ("ftp", "a@b"), ("alice", "wonderland")):
        client = connect(port)
        assert client.login(*user).startswith("230")
        assert client.quit().startswith("221")


def ftplib_files(port, _, root):
    """Every name up, listed three ways, down again."""
    client = login(port)
    for number, name in enumerate(NAMES):
        data = TEXT * (number + 1)
        client.storbinary(f"STOR {name}", io.BytesIO(data))
        assert Path(root, name).read_bytes() == data, name
        assert fetched(client, name) == data, name
        assert client.size(name) == len(data)
    assert sorted(client.nlst()) == sorted(os.listdir(root)), client.nlst()
    facts = dict(client.mlsd())
    assert sorted(name for name, fact in facts.items() if fact["type"] == "file") == sorted(NAMES)
    lines = []
    client.dir(lines.append)
    assert len(lines) == len(NAMES), lines
    for line, name in zip(sorted(lines, key=lambda line: line.split(None, 8)[8]), sorted(NAMES)):
        assert line.endswith(" " + name), (line, name)
    for name in NAMES:
        client.delete(name)
    assert os.listdir(root) == []
    client.quit()


def ftplib_sizes(port, _, root):
    client = login(port)
    for size in (0, 1, 1460, 65536, 5_000_000):
        data = random.Random(size).randbytes(size)
        client.storbinary("STOR some", io.BytesIO(data))
        assert Path(root, "some").read_bytes() == data
        assert fetched(client, "some") == data
    client.quit()


def ftplib_text(port, _, root):
    """TYPE A: CRLF on the wire, LF in the file."""
    client = login(port)
    client.storlines("STOR text", io.BytesIO(TEXT.replace(b"\n", b"\r\n")))
    assert Path(root, "text").read_bytes() == TEXT
    lines = []
    client.retrlines("RETR text", lines.append)
    assert lines == TEXT.decode().splitlines()
    client.quit()


def ftplib_restart(port, _, root):
    client = login(port)
    data = random.Random(1).randbytes(300_000)
    client.storbinary("STOR part", io.BytesIO(data))
    assert fetched(client, "part", rest=100_000) == data[100_000:]
    client.storbinary("STOR part", io.BytesIO(data[200_000:]), rest=200_000)
    assert Path(root, "part").read_bytes() == data
    client.storbinary("APPE part", io.BytesIO(b"end"))
    assert Path(root, "part").read_bytes() == data + b"end"
    client.quit()


def ftplib_folders(port, _, root):
    client = login(port)
    assert client.pwd() == "/"
    for name in ('di"r', "two words", "ü"):
        assert client.mkd(name) == f"/{name}", client.lastresp
        client.cwd(name)
        assert client.pwd() == f"/{name}"
        client.cwd("..")
        refusal(ftplib.error_perm, "550", client.mkd, name)
    client.storbinary("STOR one", io.BytesIO(b"1"))
    client.rename("one", "ü/two")
    assert Path(root, "ü/two").read_bytes() == b"1"
    refusal(ftplib.error_perm, "550", client.rmd, "ü")
    client.sendcmd("SITE CHMOD 600 ü/two")
    assert Path(root, "ü/two").stat().st_mode & 0o777 == 0o600
    client.delete("ü/two")
    for name in ('di"r', "two words", "ü"):
        client.rmd(name)
    refusal(ftplib.error_perm, "550", client.cwd, "none")
    refusal(ftplib.error_perm, "550", client.delete, "none")
    refusal(ftplib.error_perm, "550", fetched, client, "none")
    refusal(ftplib.error_perm, "550", fetched, client, "../../../etc/passwd")
    client.quit()


def ftplib_times(port, _, root):
    client = login(port)
    client.storbinary("STOR timed", io.BytesIO(b"x"))
    assert client.sendcmd("MFMT 20200131235959 timed").startswith("213")
    wanted = datetime(2020, 1, 31, 23, 59, 59, tzinfo=timezone.utc).timestamp()
    assert Path(root, "timed").stat().st_mtime == wanted
    assert client.sendcmd("MDTM timed") == "213 20200131235959"
    assert dict(client.mlsd())["timed"]["modify"] == "20200131235959"
    client.quit()


def ftplib_active(port, *_):
    client = login(port)
    client.set_pasv(False)
    client.storbinary("STOR active", io.BytesIO(TEXT))
    assert fetched(client, "active") == TEXT
    client.af = socket.AF_INET6  # EPRT, of this address
    client.makeport = lambda: eprt(client)
    assert fetched(client, "active") == TEXT
    client.quit()


def eprt(client):
    listener = socket.create_server(("127.0.0.1", 0))
    client.sendcmd(f"EPRT |1|127.0.0.1|{listener.getsockname()[1]}|")
    return listener


def ftplib_abort(port, *_):
    client = login(port)
    client.storbinary("STOR long", io.BytesIO(bytes(20_000_000)))
    data = client.transfercmd("RETR long")
    data.recv(1000)
    client.sock.sendall(b"ABOR\r\n")
    data.close()
    while not (reply := client.getmultiline()).startswith(("225", "226")):
        assert reply.startswith("426"), reply
    assert client.voidcmd("NOOP").startswith("200")
    client.quit()


def ftplib_tls(port, ca, root):
    """AUTH TLS, in clear and with PROT P; the sessions of data connections are new ones."""
    client = connect(port, ftplib.FTP_TLS, context=ssl.create_default_context(cafile=ca))
    client.login("alice", "wonderland")
    client.prot_p()
    six(client, root)
    client.prot_c()
    assert fetched(client, "six-0") == TEXT
    client.quit()
    other = connect(port, ftplib.FTP_TLS, context=ssl.create_default_context())
    try:
        other.auth()
    except ssl.SSLCertVerificationError:
        return
    raise AssertionError("a certificate of nobody is trusted")


def six(client, root):
    for number in range(6):
        client.storbinary(f"STOR six-{number}", io.BytesIO(TEXT))
        assert Path(root, f"six-{number}").read_bytes() == TEXT
        assert fetched(client, f"six-{number}") == TEXT


class Implicit(ftplib.FTP_TLS):
    """TLS from the first byte on."""

    @property
    def sock(self):
        return self._sock

    @sock.setter
    def sock(self, value):
        plain = value is not None and not isinstance(value, ssl.SSLSocket)
        self._sock = self.context.wrap_socket(value, server_hostname=self.host) if plain else value


def ftplib_ftps(port, ca, root):
    client = connect(port, Implicit, context=ssl.create_default_context(cafile=ca))
    client.login("alice", "wonderland", secure=False)
    client.prot_p()
    six(client, root)
    client.quit()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
