#!/usr/bin/env python3
"""What `run` asks of Python: an inetd, a TLS relay, somebody at a terminal, plain sockets, telnetlib3.

peers.py NAME ARGUMENTS...
"""

import asyncio
import fcntl
import os
import pty
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

PATIENCE_SECONDS = 15
IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
ECHO, SGA, TTYPE, NAWS = 1, 3, 24, 31


# Servers.

def inetd(port, *command):
    """A process of COMMAND for each connection, which is its standard input and output."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.create_server(("127.0.0.1", int(port)))
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number in (0, 1, 2):
                os.dup2(connection.fileno(), number)
            os.execv(command[0], command)
        connection.close()


def tls_relay(port, behind, certificate, key):
    """TLS in front of a port of loopback."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def serve(reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", int(behind))
        await asyncio.gather(copy(reader, back), copy(there, writer))

    async def copy(reader, writer):
        try:
            while piece := await reader.read(1 << 16):
                writer.write(piece)
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            pass
        writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", int(port), ssl=context)
        await server.serve_forever()

    asyncio.run(main())


def telnetlib3_server(port):
    """A shell of three commands by telnetlib3: it asks for the type and the window by itself."""
    import telnetlib3

    async def shell(reader, writer):
        writer.write("name? ")
        name = (await line(reader, writer)).strip()
        writer.write(f"\r\nhello, {name}\r\n> ")
        while (said := (await line(reader, writer)).strip()) != "exit":
            if said == "show":
                writer.write("\r\n{TERM} {cols}x{rows}".format(
                    TERM=writer.get_extra_info("TERM"), cols=writer.get_extra_info("cols"),
                    rows=writer.get_extra_info("rows")))
            writer.write("\r\n> ")
        writer.write("\r\nbye\r\n")
        writer.close()

    async def line(reader, writer):
        text = ""
        while not text.endswith(("\r", "\n")):
            piece = await reader.read(1)
            if not piece:
                return text
            writer.echo(piece)
            text += piece
        return text

    async def main():
        server = await telnetlib3.create_server("127.0.0.1", int(port), shell=shell,
                                                encoding="utf8", connect_maxwait=1.0)
        await server.wait_closed()

    asyncio.run(main())


# Clients.

def hand(columns, rows, script, *command):
    """COMMAND at a terminal. SCRIPT has a line a step: `see TEXT`, `type TEXT` (\\r and \\xHH),
    `size COLUMNS ROWS`, `lacks TEXT` (nowhere on the screen), `end CODE` or `end any`, and the
    terminal is as it was.
    """
    # The other end is kept open, so that the modes can be seen when the program has ended.
    terminal, kept = pty.openpty()
    resize(terminal, columns, rows)
    before = termios.tcgetattr(kept)
    child = os.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.login_tty(kept)
        os.execvp(command[0], command)
    screen, looked = b"", 0
    for step in Path(script).read_text().splitlines():
        verb, _, text = step.partition(" ")
        if verb == "see":
            wanted, end = unescaped(text), time.monotonic() + PATIENCE_SECONDS
            while (at := screen.find(wanted, looked)) < 0:
                if time.monotonic() > end:
                    sys.exit(f"{step}: not in {screen[looked:][-600:]!r}")
                if select.select([terminal], [], [], 0.1)[0]:
                    screen += os.read(terminal, 1 << 16)
            looked = at + len(wanted)
        elif verb == "type":
            os.write(terminal, unescaped(text))
        elif verb == "size":
            resize(terminal, *text.split())
        elif verb == "lacks":
            if unescaped(text) in screen:
                sys.exit(f"{step}: {screen!r}")
        elif verb == "end":
            status = waited(child, terminal)
            if text not in ("any", str(status)):
                sys.exit(f"{step}: ended with {status}: {screen[-600:]!r}")
            if termios.tcgetattr(kept) != before:
                sys.exit("the terminal is not as it was")
        else:
            sys.exit(f"{step}: no such step")


def waited(child, terminal):
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.05)[0]:
            os.read(terminal, 1 << 16)
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    sys.exit("does not end")


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


def unescaped(text):
    return text.encode().decode("unicode_escape").encode("latin-1")


class Plain:
    """A client of plain sockets, which undoes IAC by itself and answers as it is told to."""

    def __init__(self, port, agrees):
        self.socket = socket.create_connection(("127.0.0.1", int(port)), PATIENCE_SECONDS)
        self.agrees, self.raw, self.text, self.asked = agrees, b"", b"", []

    def more(self):
        piece = self.socket.recv(1 << 16)
        if not piece:
            return False
        self.raw += piece
        while self.raw:
            at = self.raw.find(IAC)
            if at != 0:
                end = len(self.raw) if at < 0 else at
                self.text, self.raw = self.text + self.raw[:end], self.raw[end:]
                continue
            if len(self.raw) < 2:
                break
            verb = self.raw[1]
            if verb == IAC:
                self.text, self.raw = self.text + b"\xff", self.raw[2:]
            elif verb == SB:
                end = self.raw.find(bytes([IAC, SE]))
                if end < 0:
                    break
                self.subnegotiation(self.raw[2:end])
                self.raw = self.raw[end + 2:]
            elif verb >= WILL:
                if len(self.raw) < 3:
                    break
                self.request(verb, self.raw[2])
                self.raw = self.raw[3:]
            else:
                self.raw = self.raw[2:]
        return True

    def request(self, verb, option):
        self.asked.append((verb, option))
        yes, no = {DO: (WILL, WONT), WILL: (DO, DONT)}.get(verb, (None, None))
        if yes:
            self.socket.sendall(bytes([IAC, yes if option in self.agrees else no, option]))
        if verb == DO and option == NAWS and NAWS in self.agrees:
            self.socket.sendall(bytes([IAC, SB, NAWS, 0, 100, 0, 50, IAC, SE]))

    def subnegotiation(self, parameters):
        if parameters == bytes([TTYPE, 1]):
            self.socket.sendall(bytes([IAC, SB, TTYPE, 0]) + b"vt220" + bytes([IAC, SE]))

    def until(self, wanted):
        while wanted not in self.text:
            if not self.more():
                sys.exit(f"no {wanted!r} in {self.text[-600:]!r}")
        before, _, self.text = self.text.partition(wanted)
        return before

    def say(self, line):
        self.socket.sendall(line.replace(b"\xff", b"\xff\xff") + b"\r\n")


def plain_session(port):
    """A login, with the options agreed and with all refused; 255 both ways; a pager; a large output."""
    for agrees, shown in (((ECHO, SGA, TTYPE, NAWS), b"vt220 100x50"), ((), b"unknown")):
        client = Plain(port, agrees)
        client.until(b"login: ")
        client.say(b"alice")
        client.until(b"Password: ")
        client.say(b"wonderland")
        client.until(b"$ ")
        client.say(b"show")
        assert shown in client.until(b"$ "), client.text
        client.say(b"echo \xff\xf4.\xff")
        assert b"\xff\xf4.\xff\r\n" in client.until(b"$ ")
        client.say(b"long 60")
        client.until(b"--More--")
        client.socket.sendall(b"q")
        client.until(b"$ ")
        client.say(b"big 300000")
        assert len(client.until(b"$ ")) >= 300_000
        client.say(b"exit")
        client.until(b"logout")
        assert not client.more(), "it is not closed"
        assert len(client.asked) == len(set(client.asked)), "asked twice"


def plain_flood(port):
    """The server's own flood is not answered: it does not ask twice, and the session goes on. A flood
    of ours is answered at most once each.
    """
    client = Plain(port, ())
    client.until(b"login: ")
    client.socket.sendall(bytes([IAC, WILL, 200, IAC, DO, 201]) * 20_000)
    for line in (b"alice", b"wonderland", b"echo here"):
        client.say(line)
    client.until(b"here\r\n")
    assert sum(option == 200 for _, option in client.asked) <= 20_000


def plain_hello(port):
    """The greeting server: a name, many in one piece, one in many pieces, exit."""
    with socket.create_connection(("127.0.0.1", int(port)), PATIENCE_SECONDS) as client:
        file = client.makefile("rb")
        assert file.readline() == b"Welcome!\r\n"
        client.sendall(b"one\r\ntwo\r\n")
        assert file.readline() == b"Hello, one!\r\n" and file.readline() == b"Hello, two!\r\n"
        for byte in "Zoë\r\n".encode():
            client.sendall(bytes([byte]))
        assert file.readline() == "Hello, Zoë!\r\n".encode()
        client.sendall(b"exit\r\n")
        assert file.readline() == b"", "it is not closed"


def telnetlib3_client(port):
    """A login by telnetlib3."""
    import telnetlib3

    async def main():
        reader, writer = await telnetlib3.open_connection(
            "127.0.0.1", int(port), encoding="utf8", term="vt102", cols=90, rows=30)
        for wanted, said in (("login: ", "alice"), ("Password: ", "wonderland"), ("$ ", "show"),
                             ("vt102 90x30", None), ("$ ", "exit"), ("logout", None)):
            seen = ""
            while wanted not in seen:
                piece = await asyncio.wait_for(reader.read(1), PATIENCE_SECONDS)
                assert piece, f"no {wanted!r} in {seen!r}"
                seen += piece
            if said:
                writer.write(said + "\r\n")

    asyncio.run(main())


def hostile(port, kind):
    """A host that sends 1 GB of KIND to one caller, 64 MB of what is answered, then `in sync`."""
    begin, again, end = {
        "subnegotiation": (b"\xff\xfa\x18", b"x", b"\xff\xf0"),
        "nested": (b"", b"\xff\xfa\x18", b"\xff\xf0"),
        "doubled": (b"\xff\xfa\x18", b"\xff\xff", b"\xff\xf0"),
        "requests": (b"", b"\xff\xfb\x01\xff\xfc\x01", b""),
    }[kind]
    listener = socket.create_server(("127.0.0.1", int(port)))
    connection, _ = listener.accept()

    def drain():
        try:
            while connection.recv(1 << 20):
                pass
        except ConnectionError:
            pass

    drained = threading.Thread(target=drain, daemon=True)
    drained.start()
    piece = again * ((1 << 20) // len(again))
    connection.sendall(begin)
    for _ in range(1 << 10 if kind != "requests" else 64):
        connection.sendall(piece)
    connection.sendall(end + b"in sync\r\n")
    connection.shutdown(socket.SHUT_WR)
    # Who leaves with answers unread resets, and takes back what is still on its way.
    drained.join(PATIENCE_SECONDS)


def peak(limit_mib, *command):
    """Runs COMMAND with an input that has no end; its memory stays below the limit."""
    # Not of the child's resource usage, which begins with what Python had.
    child, found = subprocess.Popen(command, stdin=subprocess.PIPE), 0
    while child.poll() is None:
        status = Path(f"/proc/{child.pid}/status").read_text()
        found = max(found, *(int(line.split()[1]) for line in status.splitlines()
                             if line.startswith("VmHWM:")), 0)
        time.sleep(0.02)
    print(f"{found / 1024:.1f} MiB, exit {child.returncode}", file=sys.stderr)
    sys.exit(child.returncode or not 0 < found / 1024 < float(limit_mib))


# Files.

def between(said, source):
    """What stands between the lines BEGIN and END of one file is another file, byte for byte."""
    said, source = Path(said).read_bytes(), Path(source).read_bytes()
    text = said.partition(b"\nBEGIN\n")[2].partition(b"\nEND\n")[0] + b"\n"
    if text != source:
        at = next((at for at, (one, other) in enumerate(zip(text, source)) if one != other), -1)
        sys.exit(f"{len(text)} bytes, not {len(source)}; at {at}: "
                 f"{text[at - 20:at + 20]!r}, {source[at - 20:at + 20]!r}")


def large(to):
    """1 MB of lines: text, all bytes that a terminal of the host's passes as they are, long ones."""
    odd = bytes(range(0x20, 0x7f)) + bytes(range(0x80, 0x100))
    with open(to, "wb") as file:
        number = 0
        while file.tell() < 1_000_000:
            number += 1
            file.write(b"%d the quick brown fox " % number + (odd if number % 5 == 0 else b"jumps"))
            file.write(b"\n" if number % 97 else b"-" * 5000 + b"\n")


if __name__ == "__main__":
    {one.__name__.replace("_", "-"): one for one in (
        inetd, tls_relay, telnetlib3_server, hand, plain_session, plain_flood, plain_hello,
        telnetlib3_client, hostile, peak, between, large)}[sys.argv[1]](*sys.argv[2:])
