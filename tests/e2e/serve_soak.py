#!/usr/bin/env python3
"""Requests of all kinds, those that are refused and those that break off too: every one is answered as it should be, and
the server's memory grows by less than 8 MiB after the first tenth of them. One in twenty goes to a server with the
networks that come with Poise; the rest to one with a network that takes no time, which is not what is looked at here.

    tests/e2e/serve_soak.py build/release/bin/poise [--requests 100000] [--clients 8]
"""
import argparse
import base64
import http.client
import json
import os
import socket
import struct
import sys
import threading
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "kit"))
from served import Served  # noqa: E402

MOST_GROWTH = 8  # MiB
QUICK = ("--model", os.path.join(ROOT, "tests", "golden", "pytorch_tiny", "pose_resnet_tiny.onnx"), "--detector", "none",
         "--preset", "simple-baselines")
JSON = {"Content-Type": "application/json"}


def kinds():
    """[(what, method, target, body, headers, status)], in the order in which they are sent."""
    with open(os.path.join(ROOT, "docs", "images", "figure.jpg"), "rb") as file:
        figure = file.read()
    form = (b"--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\n" + figure +
            b"\r\n--b--\r\n")
    text = json.dumps({"image": base64.b64encode(figure).decode(), "boxes": [[100, 100, 200, 300]]})
    boxes = "boxes=[[100,100,200,300]]"
    infer = json.dumps({"inputs": [{"name": "image", "datatype": "UINT8", "shape": [64, 64, 3],
                                    "parameters": {"binary_data_size": 64 * 64 * 3}}]}).encode()
    tensor = {"Inference-Header-Content-Length": str(len(infer))}
    return [
        ("a picture", "POST", "/v1/poses", figure, {}, 200),
        ("a picture with a box", "POST", "/v1/poses?" + boxes, figure, {}, 200),
        ("a form", "POST", "/v1/poses?" + boxes, form, {"Content-Type": "multipart/form-data; boundary=b"}, 200),
        ("JSON", "POST", "/v1/poses", text, JSON, 200),
        ("a drawn picture", "POST", "/v1/poses?draw=1&" + boxes, figure, {}, 200),
        ("tensors", "POST", "/v2/models/poise/infer", infer + bytes(64 * 64 * 3), tensor, 200),
        ("no picture", "POST", "/v1/poses", b"no picture", {}, 400),
        ("half a picture", "POST", "/v1/poses", figure[:200], {}, 400),
        ("broken JSON", "POST", "/v1/poses", b"{\"image\":", JSON, 400),
        ("a broken form", "POST", "/v1/poses", form[:90], {"Content-Type": "multipart/form-data; boundary=b"}, 400),
        ("an address of no name", "GET", "/nothing/here", None, {}, 404),
        ("the page", "GET", "/", None, {}, 200),
        ("health", "GET", "/healthz", None, {}, 200),
        ("figures", "GET", "/metrics", None, {}, 200),
    ], figure


def break_off(port, figure):
    """A request whose client goes in its middle."""
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(b"POST /v1/poses HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(figure) + figure[:500])


def stream(port, figure):
    """A WebSocket of one frame; whether its answer is a frame of text."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as one:
        one.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        one.recv(4096)
        # FIN and binary; masked, with a mask of zeros
        one.sendall(b"\x82\xfe" + struct.pack(">H", len(figure)) + bytes(4) + figure)
        return one.recv(1)[:1] == b"\x81"


class Soak:
    def __init__(self, port, requests):
        self.port, self.requests, self.next = port, requests, 0
        self.lock, self.wrong = threading.Lock(), []
        self.kinds, self.figure = kinds()

    def turn(self):
        with self.lock:
            self.next += 1
            return self.next - 1 if self.next <= self.requests else None

    def client(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        while (turn := self.turn()) is not None:
            try:
                said = self.one(connection, turn % (len(self.kinds) + 2))
            except (OSError, http.client.HTTPException) as error:
                said = f"{type(error).__name__} {error}"
                connection.close()
            if said:
                with self.lock:
                    self.wrong.append(said)

    def one(self, connection, kind):
        """What is wrong with the answer, or nothing."""
        if kind == len(self.kinds):
            return break_off(self.port, self.figure)
        if kind == len(self.kinds) + 1:
            return None if stream(self.port, self.figure) else "a stream's frame is not answered"
        what, method, target, body, headers, status = self.kinds[kind]
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        answer.read()
        return None if answer.status == status else f"{what}: {answer.status}, not {status}"

    def run(self, clients):
        threads = [threading.Thread(target=self.client) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def soak_one(poise, network, requests, clients):
    served = Served(poise, "--workers", "2", "--queue", "64", *network)
    wrong, memory = [], []
    try:
        for count in (requests // 10, requests - requests // 10):
            soak = Soak(served.port, count)
            begin = time.monotonic()
            soak.run(clients)
            wrong += soak.wrong
            memory.append(served.rss())
            print(f"{count} requests in {time.monotonic() - begin:.0f} s: {len(soak.wrong)} wrong, {memory[-1]:.1f} MiB",
                  flush=True)
    finally:
        code = served.end()
    for said in sorted(set(wrong))[:20]:
        print(said)
    if wrong or code != 0 or memory[1] - memory[0] >= MOST_GROWTH:
        raise SystemExit(f"serve_soak: {len(wrong)} wrong, {memory[1] - memory[0]:.1f} MiB more, ended with {code}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("poise")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    shipped = options.requests // 20
    for what, network, requests in (("what comes with Poise", (), shipped),
                                    ("a quick network", QUICK, options.requests - shipped)):
        print(what, flush=True)
        soak_one(options.poise, network, requests, options.clients)


if __name__ == "__main__":
    main()
