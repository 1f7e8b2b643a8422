#!/usr/bin/env python3
"""How many people a detector finds at a threshold, and how many of the prominent ones, whose box covers 5 % of the picture or more.

    poise detect PICTURES --detector D --detect-threshold .05 --out boxes.json
    python3 scripts/teacher/prominent.py truth.json boxes.json --thresholds .2 .3 .4 [--nobody nobody.json]

A person is found when a detection overlaps with IoU .5 or more, best scores first, one detection a person; crowds and boxes
to `ignore` count neither way. --nobody: detections of pictures without people; those with somebody in them are counted.
"""
import argparse
import json
import pathlib


def overlap(a, b):
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return 0.0 if w <= 0 or h <= 0 else w * h / (a[2] * a[3] + b[2] * b[3] - w * h)


def covered(a, b):
    """The share of a that lies in b."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return 0.0 if w <= 0 or h <= 0 else w * h / (a[2] * a[3])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=pathlib.Path)
    parser.add_argument("boxes", type=pathlib.Path)
    parser.add_argument("--thresholds", type=float, nargs="+", default=[.2, .25, .3, .35, .4, .45, .5])
    parser.add_argument("--share", type=float, default=.05)
    parser.add_argument("--nobody", type=pathlib.Path)
    args = parser.parse_args()
    truth = json.loads(args.truth.read_text())
    size = {pathlib.Path(i["file_name"]).name: i["width"] * i["height"] for i in truth["images"]}
    name = {i["id"]: pathlib.Path(i["file_name"]).name for i in truth["images"]}
    people, ignored, found = {}, {}, {}
    for a in truth["annotations"]:
        (ignored if a.get("iscrowd") or a.get("ignore") else people).setdefault(name[a["image_id"]], []).append(a["bbox"])
    for d in json.loads(args.boxes.read_text()):
        found.setdefault(pathlib.Path(d["file_name"]).name, []).append((d["score"], d["bbox"]))
    nobody = {}
    for d in json.loads(args.nobody.read_text()) if args.nobody else []:
        nobody[d["file_name"]] = max(nobody.get(d["file_name"], 0), d["score"])
    for threshold in args.thresholds:
        hits = big_hits = big = right = wrong = total = 0
        for picture, boxes in people.items():
            big += sum(b[2] * b[3] >= args.share * size[picture] for b in boxes)
            total += len(boxes)
        for picture in size:
            boxes, taken = people.get(picture, []), set()
            for score, box in sorted(found.get(picture, []), reverse=True):
                if score < threshold:
                    break
                best = max((j for j in range(len(boxes)) if j not in taken), key=lambda j: overlap(boxes[j], box), default=None)
                if best is not None and overlap(boxes[best], box) >= .5:
                    taken.add(best)
                    right += 1
                elif all(covered(box, b) < .5 for b in ignored.get(picture, [])):
                    wrong += 1
            hits += len(taken)
            big_hits += sum(boxes[j][2] * boxes[j][3] >= args.share * size[picture] for j in taken)
        precision, recall = right / max(1, right + wrong), hits / max(1, total)
        line = (f"{threshold:.2f}: recall {recall:.3f} of {total}, precision {precision:.3f}, "
                f"F1 {2 * precision * recall / max(1e-9, precision + recall):.3f}, prominent {big_hits / max(1, big):.3f} of {big}")
        print(line + (f", somebody in {sum(s >= threshold for s in nobody.values())} of nobody's" if args.nobody else ""))


if __name__ == "__main__":
    main()
