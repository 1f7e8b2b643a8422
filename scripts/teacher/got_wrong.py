#!/usr/bin/env python3
"""The pictures that a detector gets wrong, as labels of their own: a prominent person (5 % of the picture or more) not found, or
something else found.

    poise detect PICTURES --detector D --detect-threshold .2 --out boxes.json
    python3 scripts/teacher/got_wrong.py train.json boxes.json hard.json
"""
import json
import pathlib
import sys

from prominent import overlap

SURE, SUSPECTED = .34, .25  # scores from which a person counts as found, and something else as taken for a person
SAME, ELSEWHERE = .5, .3    # overlap with a person from which a box is that person's; below which it is nobody's
PROMINENT = .05


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    labels = json.loads(pathlib.Path(sys.argv[1]).read_text())
    boxes, people = {}, {}
    for box in json.loads(pathlib.Path(sys.argv[2]).read_text()):
        boxes.setdefault(pathlib.Path(box["file_name"]).name, []).append((box["score"], box["bbox"]))
    for person in labels["annotations"]:
        people.setdefault(person["image_id"], []).append(person)
    kept = []
    for image in labels["images"]:
        found, truths = boxes.get(pathlib.Path(image["file_name"]).name, []), people.get(image["id"], [])
        prominent = [t["bbox"] for t in truths if not t.get("iscrowd") and not t.get("ignore")
                     and t["bbox"][2] * t["bbox"][3] >= PROMINENT * image["width"] * image["height"]]
        missed = any(all(s < SURE or overlap(b, p) < SAME for s, b in found) for p in prominent)
        taken = any(s >= SUSPECTED and all(overlap(b, t["bbox"]) < ELSEWHERE for t in truths) for s, b in found)
        if missed or taken:
            kept.append(image)
    ids = {image["id"] for image in kept}
    annotations = [a for a in labels["annotations"] if a["image_id"] in ids]
    pathlib.Path(sys.argv[3]).write_text(json.dumps({**labels, "images": kept, "annotations": annotations}))
    print(f"{len(kept)} of {len(labels['images'])} pictures")


if __name__ == "__main__":
    main()
