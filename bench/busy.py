#!/usr/bin/env python3
"""What `poise predict` costs beside other work: with its defaults against the better of one and two threads that sleep.

bench/busy.py [--busy 2] [--rounds 7] [--pictures A B] [--model M.onnx] [--train CONFIG DATA --seconds 40] [--json [FILE]]

So many processes compute without pause, one a processor by default. In each round the same pictures are done three times,
in an order that turns: with the program's defaults, and with `--threads 1` and `--threads 2`, both under
OMP_WAIT_POLICY=passive. The figure is the median over rounds of the defaults' time over the better of the two others'.
Goal: 1.3 or less. Shared machines drift, so no time is compared with one of another round.

With --train, `poise train` runs instead for --seconds each, alone and beside the busy processes: with its defaults, a short
spin, with threads that spin, and with threads that sleep at once. Images a second are printed, and there is no goal: how
much of the machine is left decides.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from peers import ROOT, machine

GOAL = 1.3
LOOP = "while True: sum(range(100000))"
PASSIVE = {"OMP_WAIT_POLICY": "passive"}


class Busy:
    """Processes that compute as long as this lasts."""

    def __init__(self, count):
        self.count, self.running = count, []

    def __enter__(self):
        self.running = [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(self.count)]
        time.sleep(0.5)

    def __exit__(self, *_):
        for process in self.running:
            process.kill()
            process.wait()


def environment(more):
    clean = {k: v for k, v in os.environ.items() if k not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS")}
    return {**clean, **more}


def seconds(words, more):
    begin = time.monotonic()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment(more))
    return time.monotonic() - begin


def predict(options, out):
    words = [options.poise, "predict", *options.pictures, "--no-image", "--quiet", "--out", out]
    if options.model:
        words += ["--model", options.model]
    runs = {"defaults": (words, {}), "one thread": (words + ["--threads", "1"], PASSIVE),
            "two threads": (words + ["--threads", "2"], PASSIVE)}
    times = {name: [] for name in runs}
    order = list(runs)
    seconds(*runs["defaults"])  # files are in memory from here on
    with Busy(options.busy):
        for _ in range(options.rounds):
            for name in order:
                times[name].append(seconds(*runs[name]))
            order.append(order.pop(0))
    ratios = [d / min(a, b) for d, a, b in zip(times["defaults"], times["one thread"], times["two threads"])]
    result = {"machine": machine(), "busy": options.busy, "ratio": statistics.median(ratios),
              "seconds": {name: statistics.median(values) for name, values in times.items()}}
    for name, value in result["seconds"].items():
        print(f"{name:12s} {value:6.2f} s")
    print(f"defaults over the better of the others: {result['ratio']:.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
          f"goal {GOAL} or less")
    return result, result["ratio"] <= GOAL


def images_a_second(options, out, more):
    """Of `poise train` for some time, as its log's last line has it."""
    config, data = options.train
    words = [options.poise, "train", config, "PRINT_FREQ=5", "--data", data, "--out", out, "--quiet"]
    running = subprocess.Popen(words, env=environment(more))
    time.sleep(options.seconds)
    running.send_signal(signal.SIGINT)
    running.wait()
    lines = pathlib.Path(out, "log.jsonl").read_text().splitlines()
    return json.loads(lines[-1])["images_per_second"]


def train(options, out):
    speeds = {}
    for busy in (0, options.busy):
        for name, more in (("defaults", {}), ("spinning", {"OMP_WAIT_POLICY": "active"}), ("sleeping", PASSIVE)):
            with Busy(busy):
                speeds[f"{name}, {busy} busy"] = images_a_second(options, f"{out}/{name}{busy}", more)
            print(f"{name:9s} beside {busy} busy processes: {speeds[f'{name}, {busy} busy']:6.1f} images/s", flush=True)
    return {"machine": machine(), "images_a_second": speeds}, True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--poise", default=os.path.join(ROOT, "build/release/bin/poise"))
    parser.add_argument("--pictures", nargs=2, default=[os.path.join(ROOT, "docs/images", name)
                                                        for name in ("figure.jpg", "skeletons.jpg")])
    parser.add_argument("--model")
    parser.add_argument("--busy", type=int, default=os.cpu_count())
    parser.add_argument("--train", nargs=2, metavar=("CONFIG", "DATA"))
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", nargs="?", const="-")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as out:
        result, good = (train if options.train else predict)(options, out)
    if options.json == "-":
        print(json.dumps(result))
    elif options.json:
        pathlib.Path(options.json).write_text(json.dumps(result))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
