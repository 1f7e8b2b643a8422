#!/usr/bin/env python3
"""Labels of everyday people without doubles: where a teacher found one person twice, or drew a neighbour's joints into a box.

    venv/bin/python scripts/teacher/told_apart.py build/split/train/flickr8k/train.json build/apart/flickr8k/train.json
    venv/bin/python scripts/teacher/told_apart.py build/split/train/person_tracker/train.json \
        build/apart/person_tracker/train.json --true-boxes

Joints outside the picture are dropped; the rest follows more.py, whose packages it needs. Prints what changed.
"""
import argparse
import json
import pathlib

import more


def inside(person, width, height):
    """The person without joints outside the picture."""
    if "keypoints" not in person:
        return person
    joints = list(person["keypoints"])
    for j in range(0, len(joints), 3):
        if not (-0.5 <= joints[j] <= width - 0.5 and -0.5 <= joints[j + 1] <= height - 0.5):
            joints[j:j + 3] = [0, 0, 0]
    return person | {"keypoints": joints, "num_keypoints": sum(v > 0 for v in joints[2::3])}


def counts(annotations):
    people = [a for a in annotations if not a.get("ignore")]
    return (f"{len(people)} people, {sum(a.get('num_keypoints', 0) > 0 for a in people)} with joints, "
            f"{len(annotations) - len(people)} doubtful boxes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--true-boxes", action="store_true", help="joints alone are a teacher's: every box stays")
    options = parser.parse_args()
    data = json.loads(options.labels.read_text())
    by_image = {}
    for annotation in data["annotations"]:
        by_image.setdefault(annotation["image_id"], []).append(annotation)
    kept = []
    for image in data["images"]:
        people = [inside(p, image["width"], image["height"]) for p in by_image.get(image["id"], [])]
        kept += more.told_apart(people, options.true_boxes)
    print(f"{options.labels}: {counts(data['annotations'])}\n{options.out}: {counts(kept)}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(data | {"annotations": kept}, separators=(",", ":")))


if __name__ == "__main__":
    main()
