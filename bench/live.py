#!/usr/bin/env python3
"""How far `poise track --live` falls behind a source that does not wait: raw frames at 30 a second through a pipe.

    bench/live.py [--size 1280x720] [--rate 30] [--seconds 20] [--more "--detector none"]

Prints the longest lag, from a frame's arrival to the end of the work on it, beside its bound, two frames and the longest
time that was spent on one frame, and how many frames were dropped. Ends with 1 over the bound.
"""
import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time

from peers import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--rate", type=float, default=30)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--more", default="", help="of poise track, in one word")
    parser.add_argument("--poise", default=os.path.join(ROOT, "build", "release", "bin", "poise"))
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    frames = [bytes([64 + 8 * i]) * (3 * width * height) for i in range(8)]
    with tempfile.TemporaryDirectory() as out:
        command = [options.poise, "track", "-", "--raw", f"{options.size}:rgb24@{options.rate:g}", "--live", "--out", out,
                   "--quiet", "--json", *shlex.split(options.more)]
        run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        begin, late = time.monotonic(), 0.0
        for i in range(round(options.seconds * options.rate)):
            wait = begin + i / options.rate - time.monotonic()
            time.sleep(max(wait, 0))
            late = max(late, -wait)
            run.stdin.write(frames[i % len(frames)])
        run.stdin.close()
        summary = json.loads(run.stdout.read())
        if run.wait() != 0:
            sys.exit("live: poise track failed")
    work, lag = summary["longest_delay_ms"], summary["longest_lag_ms"]
    bound = 2e3 / options.rate + work
    print(f"{shlex.join(sys.argv)}\n{summary['frames']} frames followed, {summary['dropped']} dropped; load "
          f"{os.getloadavg()[0]:.1f}, frames written {1e3 * late:.0f} ms late at most\n"
          f"lag at most {lag:.0f} ms; two frames and the longest work on one {bound:.0f} ms")
    return 0 if lag <= bound else 1


if __name__ == "__main__":
    sys.exit(main())
