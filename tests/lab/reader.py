# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A program that is not pricelag: reads what a venue sends, and logs when each of its reads began and ended.

usage: reader.py ws|wss|udp ADDRESS PORT LOG [COUNT] [ca=FILE] [sleep=SECONDS] [fork=READS]
COUNT: datagrams to read. sleep: how long it does something else before each read. fork: after so many reads another
process goes on with the socket.
"""
import json
import os
import socket
import ssl
import sys
import time

kind, address, port, log_name = sys.argv[1:5]
options = dict(word.split("=", 1) for word in sys.argv[5:] if "=" in word)
count = next((int(word) for word in sys.argv[5:] if "=" not in word), 0)
log = open(log_name, "a", buffering=1)
reads = 0


def read(sock):
    """One read, with the times around it: whoever sees it happen must see it between them."""
    global reads
    if float(options.get("sleep", 0)):
        time.sleep(float(options["sleep"]))
    before = time.monotonic_ns()
    data = sock.recv(65536)
    after = time.monotonic_ns()
    comm = open("/proc/self/comm").read().strip()
    log.write(json.dumps({"before": str(before), "after": str(after), "bytes": len(data), "pid": os.getpid(), "comm": comm}) + "\n")
    reads += 1
    if reads == int(options.get("fork", -1)) and os.fork():
        os.wait()
        os._exit(0)
    return data


class Sealed:
    """TLS over a socket that is read here and not in the library, so that each read is logged."""

    def __init__(self, sock):
        self.sock, self.inward, self.outward = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=options["ca"])
        self.tls = context.wrap_bio(self.inward, self.outward, server_hostname=address)
        self.until(self.tls.do_handshake)

    def until(self, what):
        while True:
            try:
                result = what()
            except ssl.SSLWantReadError:
                result = None
            except ssl.SSLZeroReturnError:
                return b""
            if self.outward.pending:
                self.sock.sendall(self.outward.read())
            if result is not None or (what == self.tls.do_handshake and self.tls.version() and self.tls.cipher()):
                return result
            data = read(self.sock)
            if not data:
                return b""
            self.inward.write(data)

    def sendall(self, data):
        self.tls.write(data)
        self.sock.sendall(self.outward.read())

    def recv(self):
        return self.until(lambda: self.tls.read(65536))


def stream():
    sock = socket.create_connection((address, int(port)))
    peer = Sealed(sock) if kind == "wss" else sock
    peer.sendall(
        f"GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    total = 0
    while data := peer.recv() if kind == "wss" else read(sock):
        total += len(data)
        if data.endswith((b"\x88\x00", b"\x88\x02\x03\xe8")):  # the venue says goodbye, and waits for the answer
            peer.sendall(b"\x88\x80\0\0\0\0")
    while kind == "wss" and read(sock):
        pass
    return total


def datagrams():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", int(port)))
    sock.sendto(b"go", (address, int(port)))
    return sum(len(read(sock)) for _ in range(count))


print(datagrams() if kind == "udp" else stream())
