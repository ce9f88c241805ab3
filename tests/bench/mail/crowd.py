#!/usr/bin/env python3
"""A POP3 server whose one mailbox holds many messages, all alike, with unique ids of 32 bytes.

crowd.py COUNT BYTES prints the port it listens on, and runs until it is stopped. It knows what a client needs
to list a mailbox and to fetch some of it, and takes every password.
"""

import socketserver
import sys

COUNT = int(sys.argv[1])
LINE = b"The quick brown fox jumps over the lazy dog, and then it does it again\r\n"
MESSAGE = b"Subject: one of many\r\n\r\n" + LINE * (int(sys.argv[2]) // len(LINE))


def listing(word):
    return b"".join(b"%d %s\r\n" % (number, word(number)) for number in range(1, COUNT + 1)) + b".\r\n"


SIZES = listing(lambda _: b"%d" % len(MESSAGE))
UNIQUE_IDS = listing(lambda number: b"%032x" % (number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128))


class Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        self.wfile.write(b"+OK many\r\n")
        for line in self.rfile:
            word, _, argument = line.strip().partition(b" ")
            self.wfile.write(self.answer(word.upper(), argument))
            if word.upper() == b"QUIT":
                return

    def answer(self, word, argument):
        if word == b"CAPA":
            return b"+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\n.\r\n"
        if word == b"STAT":
            return b"+OK %d %d\r\n" % (COUNT, COUNT * len(MESSAGE))
        if word in (b"LIST", b"UIDL") and not argument:
            return b"+OK\r\n" + (SIZES if word == b"LIST" else UNIQUE_IDS)
        if word == b"RETR":
            return b"+OK\r\n" + MESSAGE + b".\r\n"
        return b"+OK\r\n" if word in (b"USER", b"PASS", b"NOOP", b"QUIT") else b"-ERR\r\n"


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Session)
print(server.server_address[1], flush=True)
server.serve_forever()
