#!/usr/bin/env python3
"""Everyday labels in which joints that the teacher hardly sees, cut off or hidden, are labelled far outside the picture, where
DATASET.CUT_WEIGHT teaches the network to score them low. Others without a label stay without weight.

    python3 scripts/teacher/unseen.py build/split/train/flickr8k/train.json build/unseen/flickr8k.json

Not for PROB_HALF_BODY, which would look for the joints' extent.
"""
import json
import sys

UNSEEN = .12  # the teacher's score in 0 to 1, below
FAR = -2e6

data, count = json.load(open(sys.argv[1])), 0
for person in data["annotations"]:
    keypoints, scores = person.get("keypoints"), person.get("keypoint_scores")
    if not keypoints or not scores or sum(v > 0 for v in keypoints[2::3]) < 5:
        continue
    for j, score in enumerate(scores):
        if keypoints[3 * j + 2] == 0 and score < UNSEEN:
            keypoints[3 * j:3 * j + 3] = FAR, FAR, 1
            count += 1
json.dump(data, open(sys.argv[2], "w"), separators=(",", ":"))
print(f"{sys.argv[2]}: {count} unseen joints")
