#!/usr/bin/env python3
"""Compares `poise metrics coco` with pycocotools on keypoint data of val2017's size, in rounds that take turns.

bench/coco_eval.py [build/release/bin/poise] [--rounds 3] [--json [FILE]]

Makes 5,000 images, 11,000 truths and 100,000 detections once, in build/bench. Both programs read both files and print the
ten figures, each in a process of its own on the same processors; the ten must agree within 1e-12, or nothing is reported.
Needs pycocotools: python3 -m venv build/pycocotools; build/pycocotools/bin/pip install pycocotools numpy
"""
import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time

from peers import ROOT, put_json

ENVIRONMENT = os.path.join(ROOT, "build", "pycocotools")
FOLDER = os.path.join(ROOT, "build", "bench")
NAMES = ["AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl"]
IMAGES, TRUTHS, DETECTIONS = 5000, 11000, 100000
GOAL_RATIO, GOAL_MEGABYTES = 30, 400
REFERENCE = """
import contextlib, io, json, sys
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(sys.argv[1])
    evaluation = COCOeval(truth, truth.loadRes(sys.argv[2]), "keypoints")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
print(json.dumps(list(map(float, evaluation.stats))))
"""


def enter_environment() -> None:
    if os.path.abspath(sys.prefix) == ENVIRONMENT:
        return
    python = os.path.join(ENVIRONMENT, "bin", "python")
    if not os.path.exists(python):
        sys.exit("coco_eval: build/pycocotools is not there; the first lines of this file say how to make it")
    os.execv(python, [python] + sys.argv)


def generate(truth_file: str, results_file: str) -> None:
    import numpy as np

    random = np.random.default_rng(2017)
    truths = []
    for identity in range(TRUTHS):
        w, h = random.uniform(20, 200), random.uniform(40, 300)
        x, y = random.uniform(0, 640 - w), random.uniform(0, 480 - min(h, 470))
        points = np.round(random.uniform((x, y), (x + w, y + h), (17, 2)))
        visible = random.choice([0, 1, 2], 17, p=[0.35, 0.1, 0.55]) * (random.uniform() < 0.6)
        points[visible == 0] = 0
        truths.append({
            "id": identity + 1, "image_id": int(random.integers(IMAGES)), "category_id": 1,
            "iscrowd": int(random.uniform() < 0.02), "area": round(w * h * 0.6, 4),
            "bbox": [round(float(v), 2) for v in (x, y, w, h)], "num_keypoints": int((visible > 0).sum()),
            "keypoints": np.column_stack([points, visible]).astype(int).reshape(-1).tolist(),
        })
    images = [{"id": i, "file_name": f"{i:012}.jpg", "width": 640, "height": 480} for i in range(IMAGES)]
    with open(truth_file, "w", encoding="utf-8") as file:
        json.dump({"images": images, "annotations": truths, "categories": [{"id": 1, "name": "person"}]}, file)
    by_image = [[] for _ in range(IMAGES)]
    for truth in truths:
        by_image[truth["image_id"]].append(truth)
    results = []
    for number in range(DETECTIONS):
        image = number % IMAGES
        near = by_image[image]
        if near and random.uniform() < 0.4:
            source = near[random.integers(len(near))]
            points = np.array(source["keypoints"], float).reshape(-1, 3)[:, :2]
            points = points + random.normal(size=(17, 2)) * random.uniform(0.5, 15)
        else:
            points = random.uniform(0, 480, (17, 2))
        scores = random.uniform(0, 1, 17)
        results.append({
            "image_id": image, "category_id": 1, "score": float(scores.mean()),
            "keypoints": np.column_stack([points, scores]).reshape(-1).tolist(),
        })
    with open(results_file, "w", encoding="utf-8") as file:
        json.dump(results, file)


def measure(command):
    """(seconds, peak megabytes, what it printed)"""
    reader, writer = os.pipe()
    begin = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)])
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as output:
        text = output.read()
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - begin
    if status != 0:
        sys.exit(f"coco_eval: {' '.join(command)} failed")
    return seconds, usage.ru_maxrss / 1024, json.loads(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?", default=os.path.join(ROOT, "build", "release", "bin", "poise"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", nargs="?", const="-", help="write the measurements as JSON")
    arguments = parser.parse_args()
    enter_environment()
    os.makedirs(FOLDER, exist_ok=True)
    truth, results = (os.path.join(FOLDER, name) for name in ("coco_truth.json", "coco_results.json"))
    if not os.path.exists(results):
        print("making the data ...", file=sys.stderr)
        # In a process of its own: a child's peak memory counts from its parent's.
        maker = multiprocessing.Process(target=generate, args=(truth, results))
        maker.start()
        maker.join()
    ours, theirs = [], []
    for round_number in range(arguments.rounds):
        turn = [
            ("theirs", [sys.executable, "-c", REFERENCE, truth, results]),
            ("ours", [arguments.program, "metrics", "coco", truth, results, "--json"]),
        ]
        for name, command in turn if round_number % 2 == 0 else reversed(turn):
            (ours if name == "ours" else theirs).append(measure(command))
    for name, wanted in zip(NAMES, theirs[0][2]):
        if abs(ours[0][2][name] - wanted) > 1e-12:
            sys.exit(f"coco_eval: {name} is {ours[0][2][name]!r}, pycocotools has {wanted!r}")
    report = {
        "poise_seconds": statistics.median(m[0] for m in ours), "poise_megabytes": max(m[1] for m in ours),
        "pycocotools_seconds": statistics.median(m[0] for m in theirs), "pycocotools_megabytes": max(m[1] for m in theirs),
        "results_megabytes": os.path.getsize(results) / 2**20, "processors": len(os.sched_getaffinity(0)),
    }
    report["ratio"] = report["pycocotools_seconds"] / report["poise_seconds"]
    put_json(report, arguments.json)
    if arguments.json != "-":
        for name in ("poise", "pycocotools"):
            print(f"{name:12} {report[name + '_seconds']:7.3f} s  {report[name + '_megabytes']:6.0f} MB")
        print(f"{report['ratio']:.1f} times as fast; all ten figures equal; {report['results_megabytes']:.0f} MB of results")
    good = report["ratio"] >= GOAL_RATIO and report["poise_megabytes"] < GOAL_MEGABYTES
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
