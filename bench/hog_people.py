#!/usr/bin/env python3
"""People as OpenCV's default HOG detector finds them (cv2.HOGDescriptor_getDefaultPeopleDetector), with OpenCV's own
defaults: as COCO detections, or in how many pictures of a folder it finds somebody.

The measure that any detector must beat. Needs python3-opencv.

  bench/hog_people.py persons.json images/ hog.json
  poise metrics coco persons.json hog.json --iou bbox
  bench/hog_people.py no-person/
"""
import json
import pathlib
import sys

import cv2

HOG = cv2.HOGDescriptor()
HOG.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())


def look(path):
    return HOG.detectMultiScale(cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION))


def detections(annotations, images, out):
    found = []
    for image in json.loads(pathlib.Path(annotations).read_text())["images"]:
        for box, score in zip(*look(pathlib.Path(images) / image["file_name"])):
            found.append({"image_id": image["id"], "category_id": 1, "bbox": [int(v) for v in box],
                          "score": float(score)})
    pathlib.Path(out).write_text(json.dumps(found))
    print(f"{len(found)} boxes -> {out}")


def somebody(folder):
    pictures = sorted(p for p in pathlib.Path(folder).iterdir() if p.suffix in (".jpg", ".jpeg", ".png"))
    print(f"somebody in {sum(len(look(p)[0]) > 0 for p in pictures)} of {len(pictures)} pictures")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        detections(*sys.argv[1:])
    elif len(sys.argv) == 2 and pathlib.Path(sys.argv[1]).is_dir():
        somebody(sys.argv[1])
    else:
        sys.exit(__doc__)
