#!/usr/bin/env python3
"""Compares `poise metrics mot` with motrics (Rust) on tracks of MOT17-train's size, in rounds that take turns.

bench/mot_eval.py [build/release/bin/poise] [--rounds 7] [--json [FILE]]

Makes seven sequences with MOT17-train's frames and about its boxes once, in build/bench: people who walk, are hidden and come
back, distractors, tracks that miss, drift, break off and swap. Both read the files, leave out what MOT17's rules leave out,
and give CLEAR MOT, IDF1 and HOTA of each sequence, in a process of its own. They must agree within 1e-3, or nothing is reported;
how far they are apart is printed. (In crowds motrics 0.3.0 pairs otherwise than TrackEval here and there; Poise's figures are
TrackEval's, and tests/golden/random_tracks.py compares them.) motrics' time is given twice: of the whole process, and without
starting Python and importing. Poise runs on one thread, as motrics does. Ends with 1 where Poise, all of its process, takes
longer than motrics without its start.
Needs: python3 -m venv build/motrics; build/motrics/bin/pip install motrics numpy
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

from peers import ROOT, put_json

PYTHON = os.path.join(ROOT, "build", "motrics", "bin", "python")
FOLDER = os.path.join(ROOT, "build", "bench", "mot")
# MOT17-train: frames, and people in a frame on average (MOTChallenge's page of the sequences).
SEQUENCES = {"MOT17-02": (600, 31), "MOT17-04": (1050, 45), "MOT17-05": (837, 8), "MOT17-09": (525, 10),
             "MOT17-10": (654, 20), "MOT17-11": (900, 10), "MOT17-13": (750, 16)}
TOLERANCE = 1e-3
PAIRS = {"MOTA": ("clear", "mota"), "IDF1": ("identity", "idf1"), "HOTA": ("hota", "hota"), "DetA": ("hota", "deta"),
         "AssA": ("hota", "assa")}
REFERENCE = """
import json, os, sys, time
import motrics
begin = time.perf_counter()
figures = {}
for name in sorted(os.listdir(sys.argv[1])):
    truth = motrics.load_motchallenge_gt(os.path.join(sys.argv[1], name))
    tracks = motrics.load_motchallenge(os.path.join(sys.argv[2], name))
    truth_ids, truth_boxes, ids, boxes = motrics.preprocess_motchallenge(truth, tracks)
    result = motrics.evaluate(motrics.Frames(ids=truth_ids, boxes=truth_boxes), motrics.Frames(ids=ids, boxes=boxes))
    for key, (metric, member) in json.loads(sys.argv[3]).items():
        figures[name[:-4] + "." + key] = getattr(getattr(result, metric), member)
print(json.dumps({"figures": figures, "seconds": time.perf_counter() - begin}))
"""
MAKER = "import sys; sys.path.insert(0, sys.argv[1]); import mot_eval; mot_eval.generate(sys.argv[2])"


def sequence(random, frames, people):
    """Lines of a truth and of tracks."""
    truth, tracks = [], []
    track = 0
    persons = int(people * 1.6) + 1  # who are there at some time; more than in one frame
    for person in range(1, 2 * persons + 1):
        kind = 1 if person <= persons else int(random.choice([2, 3, 7, 8, 12]))
        length = int(frames * random.uniform(0.3, 1)) if kind == 1 else int(frames * random.uniform(0.05, 0.5))
        first = int(random.integers(0, frames - length + 1))
        h = random.uniform(60, 400)
        size = (h * random.uniform(0.3, 0.5), h)
        steps = random.normal(size=(length, 2)).cumsum(0) * [1.5, 0.3] + random.uniform(-3, 3) * np_arange(length)
        places = random.uniform((0, 200), (1920, 800)) + steps
        seen = random.uniform(size=length) < 0.95
        hidden = int(random.integers(0, length))
        seen[hidden:hidden + int(random.integers(0, 40))] = False
        track += 1
        drift = random.normal(size=2) * 0.02 * h
        for k in range(length):
            frame = first + k + 1
            x, y = places[k]
            w, h = size
            truth.append((frame, person, x, y, w, h, int(kind == 1), kind, round(random.uniform(0, 1), 3)))
            if not seen[k]:
                continue
            if random.uniform() < 0.01:  # the track breaks off: another goes on
                track += 1
            a, b, c, d = random.normal(size=4) * 0.03 * h
            tracks.append((frame, track, x + drift[0] + a, y + drift[1] + b, w + c, h + d))
    for _ in range(frames * people // 12):  # what is nobody
        x, y = random.uniform((0, 0), (1900, 1000))
        tracks.append((int(random.integers(1, frames + 1)), track + int(random.integers(1, 400)), x, y, 40.0, 90.0))
    once = {(t[0], t[1]): t for t in tracks}
    return sorted(truth, key=lambda t: t[1]), sorted(once.values())


def np_arange(length):
    import numpy as np
    return np.arange(length)[:, None] * [1.0, 0.2]


def generate(folder: str) -> None:
    import numpy as np
    random = np.random.default_rng(17)
    for name, (frames, people) in SEQUENCES.items():
        truth, tracks = sequence(random, frames, people)
        for kind, rows in (("gt", truth), ("tracks", tracks)):
            os.makedirs(os.path.join(folder, kind), exist_ok=True)
            with open(os.path.join(folder, kind, name + ".txt"), "w", encoding="utf-8") as file:
                for row in rows:
                    numbers = [f"{v:.2f}" if isinstance(v, float) and i < 6 else str(v) for i, v in enumerate(row)]
                    file.write(",".join(numbers) + (",0.9,-1,-1,-1\n" if kind == "tracks" else "\n"))


def measure(command):
    begin = time.perf_counter()
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return time.perf_counter() - begin, json.loads(output)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?", default=os.path.join(ROOT, "build", "release", "bin", "poise"))
    parser.add_argument("--python", default=PYTHON, help="that has motrics")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", nargs="?", const="-", help="write the measurements as JSON")
    arguments = parser.parse_args()
    if not os.path.exists(arguments.python):
        sys.exit(f"mot_eval: {arguments.python} is not there; the first lines of this file say how to make it")
    truth, tracks = (os.path.join(FOLDER, name) for name in ("gt", "tracks"))
    if not os.path.exists(os.path.join(tracks, "MOT17-13.txt")):
        print("making the data ...", file=sys.stderr)
        subprocess.run([arguments.python, "-c", MAKER, os.path.join(ROOT, "bench"), FOLDER], check=True)
    ours_command = [arguments.program, "metrics", "mot", truth, tracks, "--json", "--threads", "1"]
    theirs_command = [arguments.python, "-c", REFERENCE, truth, tracks, json.dumps(PAIRS)]
    ours, theirs = [], []
    for round_number in range(arguments.rounds):
        for mine in (True, False) if round_number % 2 else (False, True):
            (ours if mine else theirs).append(measure(ours_command if mine else theirs_command))
    apart = 0.0
    for name, wanted in theirs[0][1]["figures"].items():
        difference = abs(ours[0][1][name] - wanted)
        apart = max(apart, difference)
        if difference > TOLERANCE:
            sys.exit(f"mot_eval: {name} is {ours[0][1][name]!r}, motrics has {wanted!r}")
    boxes = {kind: sum(sum(1 for _ in open(os.path.join(FOLDER, kind, name), encoding="utf-8"))
                       for name in os.listdir(os.path.join(FOLDER, kind))) for kind in ("gt", "tracks")}
    report = {"true_boxes": boxes["gt"], "tracked_boxes": boxes["tracks"], "most_apart": apart, "rounds": arguments.rounds,
              "poise_seconds": statistics.median(m[0] for m in ours),
              "motrics_process_seconds": statistics.median(m[0] for m in theirs),
              "motrics_seconds": statistics.median(m[1]["seconds"] for m in theirs)}
    # Of each round the ratio, and of these the median: a shared machine drifts.
    report["ratio"] = statistics.median(t[1]["seconds"] / o[0] for o, t in zip(ours, theirs))
    put_json(report, arguments.json)
    if arguments.json != "-":
        print(f"{report['true_boxes']} true and {report['tracked_boxes']} tracked boxes")
        print(f"poise, all of the process     {report['poise_seconds']:7.3f} s")
        print(f"motrics, all of the process   {report['motrics_process_seconds']:7.3f} s")
        print(f"motrics, without its start    {report['motrics_seconds']:7.3f} s")
        print(f"{report['ratio']:.1f} times as fast; figures at most {apart:.1g} apart")
    return 0 if report["ratio"] >= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
