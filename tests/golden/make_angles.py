#!/usr/bin/env python3
"""Writes tests/golden/angles.json: people, two results for them, and poseaudit's figures of the angles at their joints.

make_angles.py [tests/golden/angles.json]

People of one to three a picture, some joints not labelled, two on one pixel, a crowd; results with noise that grows now and
then, people missed, doubles, joints without a score, with boxes and without. Needs: pip install poseaudit (0.7.2)
"""
import json
import math
import os
import random
import sys
import tempfile
import warnings

import poseaudit

ANGLES = {"left_elbow": (5, 7, 9), "right_elbow": (6, 8, 10), "left_shoulder": (7, 5, 11), "left_knee": (11, 13, 15)}
BIG, BANDS = 15, [30, 60]
NAMES = ["nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
         "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
         "right_ankle"]
# A person who stands, in units of a tenth of their height.
STANDING = [(0, 0), (.2, -.2), (-.2, -.2), (.4, 0), (-.4, 0), (1, 1.5), (-1, 1.5), (1.3, 3), (-1.3, 3), (1.4, 4.4),
            (-1.4, 4.4), (.7, 4.8), (-.7, 4.8), (.8, 7), (-.8, 7), (.8, 9), (-.8, 9)]
# Of poseaudit's result, by our names; [0] and [1] are the ends of a pair.
FIGURES = {"bias": "bias", "median_error": "median_error", "mean_abs_error": "mean_abs_error",
           "median_abs_error": "median_abs_error", "p95_abs_error": "p95_abs_error", "rmse": "rmse",
           "big_error_rate": "big_error_rate", "slope": "gain", "intercept": "offset", "icc": "icc", "ccc": "ccc",
           "pearson": "pearson"}
INTERVALS = {"bias": "bias_ci", "mean_abs_error": "mean_abs_error_ci", "rmse": "rmse_ci",
             "big_error_rate": "big_error_rate_ci", "slope": "gain_ci", "icc": "icc_ci", "ccc": "ccc_ci",
             "lower_limit": "lower_limit_ci", "upper_limit": "upper_limit_ci"}


def people(r):
    images, annotations, truths = [], [], []
    for image in range(1, 61):
        images.append({"id": image, "file_name": f"{image:06}.jpg", "width": 800, "height": 600})
        for place in range(r.choice([1, 1, 1, 2, 3])):
            unit = r.uniform(6, 40)
            x, y = 100 + 220 * place + r.uniform(0, 60), r.uniform(20, 150)
            points = []
            for dx, dy in STANDING:
                shift = r.uniform(-.8, .8) * unit
                points.append([round(x + dx * unit + shift, 1), round(y + dy * unit + r.uniform(-.6, .6) * unit, 1)])
            if r.random() < .05:
                points[7] = list(points[5])
            seen = [int(r.random() < .9) * 2 for _ in points]
            flat = [v for (px, py), s in zip(points, seen) for v in ((px, py, s) if s else (0, 0, 0))]
            xs, ys = [p[0] for p in points], [p[1] for p in points]
            box = [round(v, 1) for v in (min(xs) - unit, min(ys) - unit, max(xs) - min(xs) + 2 * unit,
                                         max(ys) - min(ys) + 2 * unit)]
            annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": 1, "bbox": box,
                                "area": round(box[2] * box[3], 1), "iscrowd": int(r.random() < .03),
                                "num_keypoints": sum(s > 0 for s in seen), "keypoints": flat})
            truths.append((image, unit, points, box))
    truth = {"images": images, "annotations": annotations,
             "categories": [{"id": 1, "name": "person", "keypoints": NAMES, "skeleton": []}]}
    return truth, truths


def found(r, truths, boxes):
    results = []
    for image, unit, points, box in truths:
        if r.random() < .12:
            continue
        for _ in range(2 if r.random() < .1 else 1):
            noise = unit * (.15 if r.random() < .8 else 1)
            flat = []
            for px, py in points:
                score = round(r.random(), 3) if r.random() < .95 else 0
                flat += [round(px + r.gauss(0, noise), 2), round(py + r.gauss(0, noise), 2), score]
            entry = {"image_id": image, "category_id": 1, "score": round(r.random(), 3), "keypoints": flat}
            if boxes:
                entry["bbox"] = [round(v + r.gauss(0, unit / 2), 1) for v in box[:2]] + box[2:]
            results.append(entry)
    r.shuffle(results)
    return results


def number(value):
    return None if value is None or math.isnan(value) else float(value)


def figures(truth_file, results_file, joints):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pairing = poseaudit.pair(poseaudit.load_coco(truth_file), poseaudit.load_coco_results(results_file, truth_file))
        result = poseaudit.audit(pairing, poseaudit.angle(*joints), big_error=BIG, size_bands=BANDS)
    values = {ours: number(getattr(result, theirs)) for ours, theirs in FIGURES.items()}
    values.update(zip(("lower_limit", "upper_limit"), map(number, result.limits)))
    values.update(zip(("lower_percentile", "upper_percentile"), map(number, result.percentile_limits)))
    counts = result.not_read
    return {"figures": values, "intervals": {ours: list(map(number, getattr(result, theirs)))
                                             for ours, theirs in INTERVALS.items()},
            "counts": {"read": result.n, "missed": counts.missed, "not_found": counts.no_predicted_point,
                       "unmeasurable": counts.unmeasurable, "unlabelled": counts.unlabelled,
                       "unmatched": counts.unmatched_predictions, "images": result.clusters},
            "bands": [[b.low, b.n, number(b.mean_abs_error), number(b.big_error_rate)] for b in result.size_bands]}


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "angles.json")
    r = random.Random(19)
    truth, truths = people(r)
    golden = {"truth": truth, "sets": []}
    with tempfile.TemporaryDirectory() as folder:
        truth_file, results_file = (os.path.join(folder, name) for name in ("truth.json", "results.json"))
        with open(truth_file, "w", encoding="utf-8") as file:
            json.dump(truth, file)
        for boxes in (True, False):
            results = found(r, truths, boxes)
            with open(results_file, "w", encoding="utf-8") as file:
                json.dump(results, file)
            golden["sets"].append({"results": results, "angles": {name: figures(truth_file, results_file, joints)
                                                                  for name, joints in ANGLES.items()}})
    with open(path, "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
