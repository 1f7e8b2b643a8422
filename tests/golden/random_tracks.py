#!/usr/bin/env python3
"""Compares `poise metrics mot` with TrackEval on random small sequences, which hold what evaluators disagree about.

random_tracks.py build/release/bin/poise [--sets 200] [--seed 1]
random_tracks.py --write tests/golden/tracks.json [--sets 24]     # the file that the unit test reads

Boxes that are equal, overlaps at exactly one half, persons who swap tracks, frames without anybody, sequences without
truths or without tracks, truths that do not count; every second set has MOT17's classes. All figures, of each sequence and
of all, must agree within 1e-9. Ends with 1 on the first that does not. Needs: pip install trackeval numpy scipy
"""
import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import trackeval

HOTA = ["HOTA", "DetA", "AssA", "DetRe", "DetPr", "AssRe", "AssPr", "LocA", "OWTA"]
FIRST = ["HOTA(0)", "LocA(0)"]
CLEAR = ["MOTA", "MOTP", "MODA", "MOTAL", "sMOTA", "CLR_Re", "CLR_Pr", "CLR_F1", "CLR_TP", "CLR_FN", "CLR_FP", "IDSW",
         "Frag", "MT", "PT", "ML"]
IDENTITY = ["IDF1", "IDR", "IDP", "IDTP", "IDFN", "IDFP"]
TOLERANCE = 1e-9
DISTRACTORS = [2, 7, 8, 12]


def number(random, value, whole):
    return f"{round(value)}" if whole else [f"{value:.2f}", f"{float(value)!r}"][random.integers(2)]


def sequence(random, classes):
    """Lines of a truth and of tracks."""
    frames, persons = int(random.integers(1, 15)), int(random.integers(1, 8))
    whole = random.uniform() < 0.5
    space = random.choice([60, 200, 600])
    truth, tracks = [], []
    places = random.uniform(0, space, (persons, 2))
    sizes = np.round(random.uniform(10, 60, (persons, 2)))
    kind = [1 if random.uniform() < 0.7 else int(random.choice(DISTRACTORS + [3, 6])) for _ in range(persons)]
    marked = random.uniform(size=persons) < 0.9
    followed = random.permutation(20)[:persons]
    noise = random.choice([0, 1, 4, 12])
    for frame in range(1, frames + 1):
        if random.uniform() < 0.08:
            continue
        places += random.normal(size=places.shape) * random.choice([0, 2, 10])
        if random.uniform() < 0.15:
            a, b = random.integers(persons, size=2)
            followed[[a, b]] = followed[[b, a]]
        for person in random.permutation(persons):
            x, y, w, h = *places[person], *sizes[person]
            if random.uniform() < 0.85:
                line = f"{frame},{person + 1}," + ",".join(number(random, v, whole) for v in (x, y, w, h))
                line += f",{int(marked[person])},{kind[person] if classes else -1},{1 if classes else -1}"
                truth.append(line if classes else line + ",-1")
            if random.uniform() < 0.8:
                if random.uniform() < 0.1:
                    x += round(w / 3)  # two boxes of one size overlap by exactly one half
                else:
                    x, y = np.array([x, y]) + random.normal(size=2) * noise
                    w, h = np.maximum([w, h] + random.normal(size=2) * noise / 2, 0)
                line = f"{frame},{followed[person]}," + ",".join(number(random, v, whole) for v in (x, y, w, h))
                tracks.append(line + ",0.9,-1,-1,-1")
        for other in range(random.integers(3)):
            box = [*random.uniform(0, space, 2), *random.uniform(5, 60, 2)]
            line = f"{frame},{100 + other}," + ",".join(number(random, v, whole) for v in box)
            tracks.append(line + ",0.5,-1,-1,-1")
    if random.uniform() < 0.04:
        truth = []
    if random.uniform() < 0.04:
        tracks = []
    return truth, tracks


def write_lines(path, lines):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))


def reference(folder, sequences, classes):
    """TrackEval's figures of the files in `folder`: by sequence, and of all ("all")."""
    with contextlib.redirect_stdout(io.StringIO()):
        data = trackeval.datasets.MotChallenge2DBox({
            "GT_FOLDER": os.path.join(folder, "gt"), "TRACKERS_FOLDER": folder, "TRACKERS_TO_EVAL": ["tracks"],
            "TRACKER_SUB_FOLDER": "", "SKIP_SPLIT_FOL": True, "SEQ_INFO": {name: 20 for name in sequences},
            "GT_LOC_FORMAT": "{gt_folder}/{seq}.txt", "BENCHMARK": "MOT17" if classes else "MOT15",
            "PRINT_CONFIG": False,
        })
        metrics = [trackeval.metrics.HOTA(), trackeval.metrics.CLEAR({"PRINT_CONFIG": False}),
                   trackeval.metrics.Identity({"PRINT_CONFIG": False})]
        results = [{}, {}, {}]
        for name in sequences:
            raw = data.get_raw_seq_data("tracks", name)
            ready = data.get_preprocessed_seq_data(raw, "pedestrian")
            for metric, result in zip(metrics, results):
                result[name] = metric.eval_sequence(ready)
        for metric, result in zip(metrics, results):
            result["all"] = metric.combine_sequences({name: result[name] for name in sequences})
    figures = {}
    for name in [*sequences, "all"]:
        hota, clear, identity = (result[name] for result in results)
        figures[name] = {key: float(np.mean(hota[key])) for key in HOTA}
        figures[name].update({"HOTA(0)": float(hota["HOTA"][0]), "LocA(0)": float(hota["LocA"][0])})
        figures[name].update({key: float(clear[key]) for key in CLEAR})
        figures[name].update({key: float(identity[key]) for key in IDENTITY})
    return figures


def make(folder, random, count, classes):
    sequences = {}
    for index in range(count):
        name = f"sequence-{index}"
        truth, tracks = sequence(random, classes)
        write_lines(os.path.join(folder, "gt", name + ".txt"), truth)
        write_lines(os.path.join(folder, "tracks", name + ".txt"), tracks)
        sequences[name] = {"truth": truth, "tracks": tracks}
    return sequences


def compare(program, folder, sequences, classes):
    wanted = reference(folder, sequences, classes)
    rules = "mot17" if classes else "plain"
    found = json.loads(subprocess.run(
        [program, "metrics", "mot", os.path.join(folder, "gt"), os.path.join(folder, "tracks"), "--rules", rules,
         "--json"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
    for name, figures in wanted.items():
        for key, value in figures.items():
            ours = found[key if name == "all" else f"{name}.{key}"]
            if not abs(ours - value) <= TOLERANCE:
                print(f"{name}: {key} is {ours!r}, TrackEval has {value!r}")
                return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?")
    parser.add_argument("--write", metavar="FILE", help="write sequences with TrackEval's figures instead")
    parser.add_argument("--sets", type=int, default=200, help="sequences in all")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    together = 4  # sequences a run: figures of all are compared too
    golden = []
    for index in range((arguments.sets + together - 1) // together):
        random = np.random.default_rng([arguments.seed, index])
        classes = index % 2 == 1
        folder = tempfile.mkdtemp(prefix="tracks-")
        sequences = make(folder, random, together, classes)
        if arguments.write:
            golden.append({"rules": "mot17" if classes else "plain", "sequences": sequences,
                           "figures": reference(folder, sequences, classes)})
        elif not compare(arguments.program, folder, sequences, classes):
            print(f"set {index} of seed {arguments.seed}: the files lie in {folder}")
            return 1
        subprocess.run(["rm", "-r", folder], check=True)
    if arguments.write:
        with open(arguments.write, "w", encoding="utf-8") as file:
            json.dump({"from": f"TrackEval {trackeval.__dict__.get('__version__', '1.3.0')}", "sets": golden}, file,
                      separators=(",", ":"))
            file.write("\n")
    else:
        print(f"{arguments.sets} sequences: all figures agree within {TOLERANCE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
