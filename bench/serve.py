#!/usr/bin/env python3
"""How `poise serve` bears load, on loopback: answers equal to the serial ones, goodput beside the handler called in the
same process, and what becomes of too many requests.

    bench/serve.py build/release/bin/poise build/release/tests/serve_rate PICTURE... [--seconds 120] [--clients 64]

Prints JSON lines: `serial` (one client), `handler` (serve_rate: the service's function called by as many threads, no
sockets), `load` (clients with a connection each), `slow` (the load beside 500 sockets that send a byte a second, and
once more without them), `overload` (four times as many requests as are answered, offered at a steady rate, each on a
connection of its own), `bombs` (pictures of a hundred bytes that claim to be of 60,000 x 60,000 pixels).
"""
import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "kit"))
from served import Served  # noqa: E402


def ask(connection, body):
    connection.request("POST", "/v1/poses", body, {"Content-Type": "image/jpeg"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def percentile(values, share):
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1e3, 1) if values else None


def load(port, bodies, expected, clients, seconds):
    """Each client asks again as soon as it is answered."""
    lock, times = threading.Lock(), []
    counts = {"requests": 0, "fine": 0, "other": 0, "lost": 0, "unequal": 0}
    end = time.monotonic() + seconds

    def client(number):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        turn = number
        while time.monotonic() < end:
            which = turn % len(bodies)
            turn += 1
            begin = time.monotonic()
            with lock:
                counts["requests"] += 1
            try:
                status, text = ask(connection, bodies[which])
            except (OSError, http.client.HTTPException):
                connection.close()
                with lock:
                    counts["lost"] += 1
                continue
            took = time.monotonic() - begin
            with lock:
                counts["fine" if status == 200 else "other"] += 1
                counts["unequal"] += status == 200 and text != expected[which]
                times.append(took)

    begin = time.monotonic()
    threads = [threading.Thread(target=client, args=(i,)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.monotonic() - begin
    return {**counts, "per_second": round(counts["fine"] / wall, 2), "median_ms": percentile(times, .5),
            "p99_ms": percentile(times, .99)}


def overload(port, bodies, rate, seconds):
    """Requests at a steady rate, whatever becomes of them."""
    lock, fine, refused, lost = threading.Lock(), [], [], [0]

    def one(body):
        begin = time.monotonic()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            status, _ = ask(connection, body)
            connection.close()
        except (OSError, http.client.HTTPException):
            with lock:
                lost[0] += 1
            return
        with lock:
            (fine if status == 200 else refused).append(time.monotonic() - begin)

    threads = []
    begin = time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(0, begin + number / rate - time.monotonic()))
        threads.append(threading.Thread(target=one, args=(bodies[number % len(bodies)],)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    wall = time.monotonic() - begin
    return {"offered_per_second": round(rate, 1), "fine_per_second": round(len(fine) / wall, 2),
            "refused": len(refused), "lost": lost[0], "refused_median_ms": percentile(refused, .5),
            "refused_p99_ms": percentile(refused, .99), "fine_p99_ms": percentile(fine, .99)}


def slow_sockets(port, count, stop, closed):
    """A byte a second on each, and a new one for each that the server lets go."""
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    while not stop.wait(1):
        for i, one in enumerate(sockets):
            try:
                one.send(b"G")
            except OSError:
                one.close()
                sockets[i] = socket.create_connection(("127.0.0.1", port))
                closed[0] += 1
    for one in sockets:
        one.close()


def bombs(port):
    """Refused by their headers."""
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0\0\0\0\0"
    jpeg = b"\xff\xd8\xff\xc0\0\x11\x08\xea\x60\xea\x60\x03\x01\x11\0\x02\x11\0\x03\x11\0"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times, fine = [], 0
    for body in (png, jpeg) * 50:
        begin = time.monotonic()
        fine += ask(connection, body)[0] == 200
        times.append(time.monotonic() - begin)
    return {"refused": len(times) - fine, "fine": fine, "median_ms": percentile(times, .5), "p99_ms": percentile(times, .99)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("poise")
    parser.add_argument("serve_rate")
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    bodies = [open(picture, "rb").read() for picture in options.pictures]
    server = Served(options.poise, "--workers", str(options.workers), "--queue", str(options.clients))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    begin = time.monotonic()
    expected = [ask(connection, body)[1] for body in bodies]
    serial = time.monotonic() - begin
    print(json.dumps({"serial": {"pictures": len(bodies), "per_second": round(len(bodies) / serial, 2)}}), flush=True)
    handler = json.loads(subprocess.run([options.serve_rate, str(options.workers), str(options.seconds / 4),
                                         *options.pictures], check=True, capture_output=True, text=True).stdout)
    print(json.dumps({"handler": handler}), flush=True)
    before = server.rss()
    loaded = load(server.port, bodies, expected, options.clients, options.seconds)
    loaded["rss_mb"] = [round(before, 1), round(server.rss(), 1)]
    again = json.loads(subprocess.run([options.serve_rate, str(options.workers), str(options.seconds / 4),
                                       *options.pictures], check=True, capture_output=True, text=True).stdout)
    loaded["of_handler"] = round(2 * loaded["per_second"] / (handler["per_second"] + again["per_second"]), 3)
    print(json.dumps({"load": loaded}), flush=True)
    print(json.dumps({"handler": again}), flush=True)
    stop = threading.Event()
    closed = [0]
    slow = threading.Thread(target=slow_sockets, args=(server.port, 500, stop, closed))
    slow.start()
    time.sleep(1)
    beside = load(server.port, bodies, expected, options.clients, options.seconds / 4)
    stop.set()
    slow.join()
    between = load(server.port, bodies, expected, options.clients, options.seconds / 4)
    beside["of_without"] = round(beside["per_second"] / between["per_second"], 3)
    beside["slow_sockets_let_go"] = closed[0]
    print(json.dumps({"slow": beside}), flush=True)
    before = server.rss()
    beyond = overload(server.port, bodies, 4 * loaded["per_second"], options.seconds / 4)
    beyond["of_peak"] = round(beyond["fine_per_second"] / loaded["per_second"], 3)
    beyond["rss_mb"] = [round(before, 1), round(server.rss(), 1)]
    print(json.dumps({"overload": beyond}), flush=True)
    before = server.rss()
    print(json.dumps({"bombs": {**bombs(server.port), "rss_mb": [round(before, 1), round(server.rss(), 1)]}}), flush=True)
    print(json.dumps({"exit_code": server.end()}))


if __name__ == "__main__":
    main()
