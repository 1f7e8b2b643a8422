#!/usr/bin/env python3
"""People as OpenCV's default HOG detector finds them (cv2.HOGDescriptor_getDefaultPeopleDetector), as COCO detections.

The measure that any detector must beat. Needs python3-opencv.

  bench/hog_people.py persons.json images/ hog.json
  poise metrics coco persons.json hog.json --iou bbox
"""
import json
import pathlib
import sys

import cv2


def main(annotations, images, out):
    hog = cv2.HOGDescriptor()
    hog.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())
    found = []
    for image in json.loads(pathlib.Path(annotations).read_text())["images"]:
        picture = cv2.imread(str(pathlib.Path(images) / image["file_name"]), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        boxes, scores = hog.detectMultiScale(picture)  # OpenCV's own defaults
        for box, score in zip(boxes, scores):
            found.append({"image_id": image["id"], "category_id": 1, "bbox": [int(v) for v in box],
                          "score": float(score)})
    pathlib.Path(out).write_text(json.dumps(found))
    print(f"{len(found)} boxes -> {out}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
