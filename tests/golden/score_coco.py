#!/usr/bin/env python3
"""Scores a COCO results file with pycocotools and holds its AP against an expected figure.

score_coco.py RESULTS.json ANNOTATIONS.json [--expect .5256 --tolerance .003]

Images that hold no annotated person are scored too, as COCO does. Prints the ten numbers; ends with 1 where the AP is
further from --expect than --tolerance.
"""
import argparse
import json
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

NAMES = ["AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results")
    parser.add_argument("annotations")
    parser.add_argument("--expect", type=float, help="AP wanted")
    parser.add_argument("--tolerance", type=float, default=0.003)
    arguments = parser.parse_args()

    with open(arguments.results, encoding="utf-8") as file:
        results = json.load(file)
    if not results:
        print(f"{arguments.results}: holds no result", file=sys.stderr)
        return 1
    truth = COCO(arguments.annotations)
    evaluation = COCOeval(truth, truth.loadRes(results), "keypoints")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    print(f"{len(results)} results")
    for name, value in zip(NAMES, evaluation.stats):
        print(f"{name:5} {value:.4f}")

    ap = float(evaluation.stats[0])
    if arguments.expect is not None and not abs(ap - arguments.expect) <= arguments.tolerance:
        print(f"AP {ap:.4f} is not within {arguments.tolerance} of {arguments.expect}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
