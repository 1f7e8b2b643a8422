#!/usr/bin/env python3
"""Writes tests/golden/room/cam0N.jsonl: what `poise track` found in Pose2Sim's demonstration videos, every tenth frame.

make_room.py FOLDER_OF_people_cam01.jsonl... [tests/golden/room]

The videos are ../shared/data/video/people_cam01.mp4 to 04 (Pose2Sim, BSD-3); numbers are rounded to a hundredth of a pixel.
"""
import json
import os
import sys

source, out = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "tests/golden/room"
os.makedirs(out, exist_ok=True)
for n in range(1, 5):
    with open(f"{source}/people_cam0{n}.jsonl") as file:
        lines = [json.loads(line) for line in file]
    lines[0]["settings"] = {}
    with open(f"{out}/cam0{n}.jsonl", "w") as file:
        file.write(json.dumps(lines[0], separators=(",", ":")) + "\n")
        for frame in lines[1::10]:
            for person in frame["persons"]:
                person["keypoints"] = [[round(x, 2), round(y, 2), round(s, 2)] for x, y, s in person["keypoints"]]
                person["box"] = [round(v, 1) for v in person["box"]]
                person["score"], person["box_score"] = round(person["score"], 3), round(person["box_score"], 3)
                person.pop("filled", None)
            file.write(json.dumps(frame, separators=(",", ":")) + "\n")
