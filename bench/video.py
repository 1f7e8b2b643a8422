#!/usr/bin/env python3
"""Whether `poise track` keeps its processors busy: its speed on a video beside what its stages cost alone.

    bench/video.py street.avi [--rounds 5] [--threads 2] [--detect-every 1] [--json result.json]

In each round, the video once with one thread, where nothing overlaps, and once with --threads. A stage (reading and
decoding, detector, flow, poses, who is who, drawing and encoding) costs the seconds of processor that it computed in the
run with one thread. Goal: with N threads at least 0.9 of N / (the stages' sum a frame) frames a second.

Times of one round are compared with each other, the figure is the median over rounds: machines drift. Nothing else
should be running: a thread that waits for a processor cannot be told from a pipeline that leaves it idle. The load
before each round is printed for that.
"""
import argparse
import os
import pathlib
import shlex
import statistics
import sys
import tempfile

from peers import ROOT, call, machine, put_json

STAGES = ("read", "detect", "flow", "estimate", "link", "draw_and_write")
GOAL = 0.9


def track(options, threads, out) -> dict:
    command = [options.poise, "track", options.video, "--threads", str(threads), "--detect-every",
               str(options.detect_every), "--out", str(out), "--quiet", "--json"]
    if options.duration:
        command += ["--duration", str(options.duration)]
    return call(command + shlex.split(options.more))


def one_round(options, out) -> dict:
    load = os.getloadavg()[0]
    alone, together = track(options, 1, out), track(options, options.threads, out)
    if alone["frames"] != together["frames"] or alone["frames"] == 0:
        sys.exit(f"video: {alone['frames']} frames with one thread, {together['frames']} with {options.threads}")
    frames = alone["frames"]
    seconds = {name: 1e-3 * alone["stages"][name]["ms_each"] * alone["stages"][name]["runs"] / frames
               for name in STAGES}
    frame = sum(seconds.values())
    return {"load": load, "frames": frames, "persons": alone["persons"], "frame_ms": 1e3 * frame,
            "stages_ms": {name: 1e3 * seconds[name] for name in STAGES},
            "frames_a_second": together["frames_per_second"], "one_thread_a_second": alone["frames_per_second"],
            "at_best_a_second": options.threads / frame,
            "share": together["frames_per_second"] * frame / options.threads}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", help="of 1280x720, for the goal")
    parser.add_argument("--threads", type=int, default=2, help="as many as there are processors")
    parser.add_argument("--detect-every", type=int, default=1)
    parser.add_argument("--duration", type=float, help="seconds of the video; all of it otherwise")
    parser.add_argument("--more", default="", help='of poise track, in one word: "--flow lk --no-video"')
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--poise", default=os.path.join(ROOT, "build", "release", "bin", "poise"))
    parser.add_argument("--json", nargs="?", const="-", help="write JSON to FILE, or in place of the table")
    options = parser.parse_args()
    if options.rounds < 1 or options.threads < 1:
        parser.error("at least one round and one thread")
    rounds = []
    with tempfile.TemporaryDirectory() as name:
        for turn in range(options.rounds):
            print(f"video: round {turn + 1} of {options.rounds}", file=sys.stderr)
            rounds.append(one_round(options, pathlib.Path(name) / "out"))
    medians = {key: statistics.median(r[key] for r in rounds) for key in rounds[0] if key != "stages_ms"}
    stages = {name: statistics.median(r["stages_ms"][name] for r in rounds) for name in STAGES}
    report = {"command": shlex.join(sys.argv), "machine": machine(), "threads": options.threads,
              "detect_every": options.detect_every, "medians": medians, "stages_ms": stages, "rounds": rounds}
    put_json(report, options.json)
    if options.json != "-":
        print(report["command"])
        print(f"{report['machine']}; load before the rounds " + ", ".join(f"{r['load']:.1f}" for r in rounds))
        print(f"{medians['frames']:.0f} frames, {medians['persons'] / medians['frames']:.1f} people a frame; "
              f"the detector looks at one frame of {options.detect_every}")
        for name in STAGES:
            print(f"  {name:15} {stages[name]:8.2f} ms a frame  {100 * stages[name] / sum(stages.values()):5.1f} %")
        low, high = (f(r["share"] for r in rounds) for f in (min, max))
        print(f"{medians['frames_a_second']:.2f} frames a second with {options.threads} threads, "
              f"{medians['one_thread_a_second']:.2f} with one; at best {medians['at_best_a_second']:.2f}\n"
              f"share {medians['share']:.3f} ({low:.3f} to {high:.3f})")
    return 0 if medians["share"] >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
