#!/usr/bin/env python3
"""Pictures on which a detector's input size, threshold and overlap are chosen: frames of videos and sample pictures that
are neither trained on nor the ones the detector is measured on. The truth is a teacher's (FastestDet, BSD-3) seen through
the views of boxes.py: what it is sure of is a person, what it doubts counts neither way.

    build/teacher/venv/bin/python scripts/teacher/held_out.py --shared ../shared --out build/held_out
    poise eval --detector D.onnx --annotations build/held_out/persons.json --images build/held_out --json -

Needs what boxes.py needs, and OpenCV to read videos.
"""
import argparse
import json
import pathlib

import cv2
import numpy as np
from PIL import Image

import boxes as views

EVERY = {"street.avi": 10, "dance.mp4": 1}


def pictures(shared):
    for name, every in EVERY.items():
        video, number = cv2.VideoCapture(str(shared / "data/video" / name)), 0
        while (read := video.read())[0]:
            if number % every == 0:
                yield f"{name}-{number:03}.jpg", Image.fromarray(read[1][:, :, ::-1])
            number += 1
    for folder in ("mpii-sample", "posetrack-sample"):
        for path in sorted((shared / "data" / folder).glob("**/*.jpg")):
            yield "-".join(path.relative_to(shared / "data").parts), Image.open(path).convert("RGB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, default=pathlib.Path("../shared"))
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    teacher = views.Teacher(args.shared / "models/fastestdet.onnx")
    images, annotations = [], []
    for name, image in pictures(args.shared):
        image.save(args.out / name, quality=92)
        images.append({"id": len(images) + 1, "file_name": name, "width": image.width, "height": image.height})
        for box in views.merge(np.concatenate([teacher.look(image, *view) for view in views.SETTINGS["views"]])):
            low, size = box[:2], box[2:4] - box[:2]
            sure = box[4] >= views.SETTINGS["sure"] and min(size) >= views.SETTINGS["smallest"]
            annotations.append({"id": len(annotations) + 1, "image_id": len(images), "category_id": 1, "iscrowd": int(not sure),
                                "bbox": [round(float(v), 1) for v in (*low, *size)], "area": round(float(size.prod()), 1)})
    truth = {"categories": [{"id": 1, "name": "person"}], "images": images, "annotations": annotations}
    (args.out / "persons.json").write_text(json.dumps(truth))
    crowds = sum(a["iscrowd"] for a in annotations)
    print(f"{len(images)} pictures, {len(annotations) - crowds} persons, {crowds} doubtful boxes")


if __name__ == "__main__":
    main()
