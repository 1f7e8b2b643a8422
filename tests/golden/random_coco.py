#!/usr/bin/env python3
"""Compares `poise metrics coco` with pycocotools on random data sets, which hold what evaluators disagree about.

random_coco.py build/release/bin/poise [--sets 1000] [--seed 1]

Scores and similarities that tie, crowds, persons without joints, images without anybody, areas at the ranges' edges, id 0,
images listed twice, no detections, more than twenty; every fourth set measures boxes of several categories. All figures
must agree within 1e-12. Ends with 1 on the first set that does not, and leaves its files.
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
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

NAMES = {
    "keypoints": ["AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl"],
    "bbox": ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"],
}
EDGES = [0, 1023.9999, 1024, 1024.0001, 9215.9999, 9216, 9216.0001, 1e10]
TOLERANCE = 1e-12


def number(random, value):
    """Whole, short, or with all its digits."""
    return [float(round(value)), round(float(value), 2), float(value)][random.integers(3)]


def person(random, identity, image, category, joints):
    x, y = random.uniform(0, 400, 2)
    w, h = random.uniform(1, 250, 2)
    labelled = random.choice([0, 1, 2, 5, joints], p=[0.15, 0.1, 0.15, 0.2, 0.4])
    keypoints = np.zeros((joints, 3))
    for j in random.permutation(joints)[:labelled]:
        keypoints[j] = [number(random, x + random.uniform() * w), number(random, y + random.uniform() * h), random.integers(1, 3)]
    area = EDGES[random.integers(len(EDGES))] if random.uniform() < 0.3 else number(random, w * h * random.uniform(0.3, 0.8))
    return {
        "id": identity, "image_id": image, "category_id": category, "iscrowd": int(random.uniform() < 0.1),
        "area": area, "bbox": [number(random, v) for v in (x, y, w, h)], "keypoints": keypoints.reshape(-1).tolist(),
        "num_keypoints": int(labelled) if random.uniform() < 0.95 else int(random.integers(0, 3)),
        "ignore": int(random.integers(2)),
    }


def detection(random, truths, image, categories, joints, with_box, ties):
    near = [t for t in truths if t["image_id"] == image]
    category = int(random.choice(categories + [999])) if random.uniform() < 0.05 else int(random.choice(categories))
    if near and random.uniform() < 0.8:
        source = near[random.integers(len(near))]
        category = source["category_id"] if random.uniform() < 0.9 else category
        keypoints = np.array(source["keypoints"]).reshape(-1, 3)
        noise = random.choice([0, 0.02, 0.05, 0.15]) * np.sqrt(min(source["area"], 1e5) + 1)
        keypoints[:, :2] += random.normal(size=(joints, 2)) * noise
        box = np.array(source["bbox"]) * (1 + random.choice([0, 0.02, 0.1, 0.3]) * random.normal(size=4))
    else:
        keypoints = random.uniform(0, 500, (joints, 3))
        box = random.uniform(0, 300, 4)
    keypoints[:, 2] = random.choice([0, 0.5, 1], joints)
    if random.uniform() < 0.3:
        keypoints = np.round(keypoints)
    score = float(random.integers(0, 4)) / 4 if ties else float(random.uniform(-0.1, 1))
    result = {"image_id": image, "category_id": category, "keypoints": keypoints.reshape(-1).tolist(), "score": score}
    if with_box:
        result["bbox"] = np.abs(box).tolist()
        if random.uniform() < 0.2:
            result["bbox"] = [0.0, 0.0, 1.0, float(random.choice(EDGES[1:-1]))]
    return result


def data_set(seed, number_of_set):
    random = np.random.default_rng([seed, number_of_set])
    iou = "bbox" if number_of_set % 4 == 3 else "keypoints"
    joints = 17
    categories = [1] if random.uniform() < 0.7 else [3, 1, 7]
    ids = random.permutation(1000)[: random.integers(1, 8)].tolist()
    images = [{"id": int(i), "file_name": f"{i}.jpg"} for i in ids]
    if random.uniform() < 0.3:
        images.append(dict(images[0]))
    truths = []
    first = 0 if random.uniform() < 0.4 else 1
    for image in ids:
        for _ in range(random.choice([0, 1, 3, 8])):
            truths.append(person(random, first + len(truths), int(image), int(random.choice(categories)), joints))
            if random.uniform() < 0.15:  # a twin, alike in everything but its id
                truths.append(dict(truths[-1], id=first + len(truths)))
    random.shuffle(truths)
    ties = random.uniform() < 0.5
    with_box = iou == "bbox" or random.uniform() < 0.5
    results = []
    for image in ids:
        for _ in range(random.choice([0, 1, 4, 12, 30, 120] if iou == "bbox" else [0, 1, 4, 12, 30])):
            results.append(detection(random, truths, int(image), categories, joints, with_box, ties))
            if random.uniform() < 0.1:
                results.append(dict(results[-1]))
    random.shuffle(results)
    if results and with_box and iou == "keypoints" and random.uniform() < 0.3:  # the first entry decides for all
        results[0]["bbox"] = []
    truth = {"images": images, "categories": [{"id": c, "name": f"c{c}"} for c in categories], "annotations": truths}
    return iou, truth, results


def reference(iou, truth, results):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = json.loads(json.dumps(truth))
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(json.loads(json.dumps(results))), iou)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats


def compare(program, folder, seed, number_of_set):
    """Nothing where all agree, else what does not."""
    iou, truth, results = data_set(seed, number_of_set)
    names = [os.path.join(folder, f"{number_of_set}_{what}.json") for what in ("gt", "dt")]
    for name, value in zip(names, (truth, results)):
        with open(name, "w", encoding="utf-8") as file:
            json.dump(value, file)
    command = [program, "metrics", "coco", *names, "--iou", iou, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"{' '.join(command)}: {done.stderr}"
    found = json.loads(done.stdout)
    if results:
        wanted = reference(iou, truth, results)
    else:  # loadRes cannot read an empty list: nothing is found, where there is anything
        wanted = None
    for i, name in enumerate(NAMES[iou]):
        value = found[name]
        good = value in (0, -1) if wanted is None else abs(value - wanted[i]) <= TOLERANCE
        if not good:
            return f"{' '.join(command)}: {name} is {value!r}, pycocotools has {None if wanted is None else float(wanted[i])!r}"
    for name in names:
        os.remove(name)
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="random_coco_")
    for number_of_set in range(arguments.sets):
        wrong = compare(arguments.program, folder, arguments.seed, number_of_set)
        if wrong:
            print(f"set {number_of_set}: {wrong}", file=sys.stderr)
            return 1
    os.rmdir(folder)
    print(f"{arguments.sets} random data sets: all figures equal pycocotools' within {TOLERANCE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
