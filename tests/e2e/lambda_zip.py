#!/usr/bin/env python3
"""The zip that scripts/lambda-zip made: its size, what is in it, that the program needs nothing else, and how soon after
its start it asks for the first event.

    tests/e2e/lambda_zip.py poise-lambda.zip [FOLDER in which bootstrap is left]
"""
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

MOST_BYTES = 15_000_000
MOST_MILLISECONDS = 60
STARTS = 11


def check(holds, what):
    if not holds:
        raise SystemExit("lambda_zip: " + what)


def first_ask(program):
    """Milliseconds from the program's start until its first request has come."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        environment = {**os.environ, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % listener.getsockname()[1],
                       "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}
        begin = time.monotonic()
        child = subprocess.Popen([program], env=environment, stderr=subprocess.DEVNULL)
        listener.settimeout(60)
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(60)
            asked = connection.recv(4096)
            took = (time.monotonic() - begin) * 1000
        child.kill()
        child.wait()
    check(asked.startswith(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"), f"it asks {asked[:60]!r} first")
    return took


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    size = os.path.getsize(sys.argv[1])
    check(size < MOST_BYTES, f"it has {size} bytes, of {MOST_BYTES} at most")
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(sys.argv[1]) as archive:
        folder = sys.argv[2] if len(sys.argv) == 3 else temporary
        check(archive.namelist() == ["bootstrap"], f"it holds {archive.namelist()}, not bootstrap alone")
        mode = archive.getinfo("bootstrap").external_attr >> 16
        check(mode & 0o555 == 0o555, f"bootstrap's mode is {mode:o}: not everybody may run it")
        program = archive.extract("bootstrap", folder)
        os.chmod(program, 0o755)
        said = subprocess.run(["readelf", "-d", "-l", program], check=True, capture_output=True, text=True).stdout
        for word in ("NEEDED", "INTERP"):
            check(word not in said, f"bootstrap is not static: readelf says {word}")
        first_ask(program)  # from the disk
        times = sorted(first_ask(program) for _ in range(STARTS))
    middle = statistics.median(times)
    print(f"lambda_zip: {size / 1e6:.1f} MB; the first event is asked for {middle:.0f} ms after the start "
          f"({times[0]:.0f} to {times[-1]:.0f}, {STARTS} starts)")
    check(middle < MOST_MILLISECONDS, f"that is not under {MOST_MILLISECONDS} ms")


if __name__ == "__main__":
    main()
