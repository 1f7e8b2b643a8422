#!/usr/bin/env python3
"""What the scores of joints are worth: how many joints that are not labelled (cut off or out of sight) are drawn by default, how
many that are visible, and how well the score tells right joints from wrong ones.

    poise eval -m MODEL -a truth.json -i images --out poses.json
    python3 scripts/teacher/joint_scores.py truth.json poses.json [--min-score .2]

Persons with five labelled joints or more. Right: as near as gives a joint .5 in OKS. AUC: how often a right joint has a higher
score than a wrong one, over labelled joints, and over all 17, those not labelled being wrong.
"""
import argparse
import json
import math
import pathlib

SIGMAS = [.026, .025, .025, .035, .035, .079, .079, .072, .072, .062, .062, .107, .107, .087, .087, .089, .089]


def auc(pairs):
    """The share of (right, wrong) pairs in order; ties count half."""
    ranked, positive, area, below = sorted(pairs), sum(right for _, right in pairs), 0.0, 0
    i = 0
    while i < len(ranked):
        j = i
        while j < len(ranked) and ranked[j][0] == ranked[i][0]:
            j += 1
        up = sum(right for _, right in ranked[i:j])
        area += up * (below + (j - i - up) / 2)
        below += j - i - up
        i = j
    return area / max(1, positive * (len(pairs) - positive))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=pathlib.Path)
    parser.add_argument("poses", type=pathlib.Path)
    parser.add_argument("--min-score", type=float, nargs="+", default=[.1, .15, .2, .25, .3])
    args = parser.parse_args()
    people = [a for a in json.loads(args.truth.read_text())["annotations"]
              if sum(v > 0 for v in a.get("keypoints", [])[2::3]) >= 5 and not a.get("iscrowd")]
    found = {}
    for pose in json.loads(args.poses.read_text()):
        found.setdefault(pose["image_id"], []).append(pose["keypoints"])
    scores, labelled, everything = {0: [], 1: [], 2: []}, [], []
    for person in people:
        x, y, w, h = person["bbox"]

        def apart(k):  # the pose of this person's box: its joints' middle is nearest to the box's
            return math.hypot(sum(k[0::3]) / 17 - x - w / 2, sum(k[1::3]) / 17 - y - h / 2)

        def alike(k):  # or, surer, the pose that fits the labels best
            true = person["keypoints"]
            return sum(math.exp(-((k[3 * j] - true[3 * j]) ** 2 + (k[3 * j + 1] - true[3 * j + 1]) ** 2)
                                / (2 * person["area"] * (2 * SIGMAS[j]) ** 2)) for j in range(17) if true[3 * j + 2] > 0)

        poses = found.get(person["image_id"], [])
        if not poses:
            continue
        pose = max(poses, key=lambda k: (alike(k), -apart(k)))
        for j in range(17):
            tx, ty, v = person["keypoints"][3 * j:3 * j + 3]
            px, py, score = pose[3 * j:3 * j + 3]
            scores[v].append(score)
            reach = 2 * SIGMAS[j] * math.sqrt(person["area"] * 2 * math.log(2))
            right = v > 0 and math.hypot(px - tx, py - ty) <= reach
            everything.append((score, right))
            if v > 0:
                labelled.append((score, right))
    print(f"{len(people)} persons; right {sum(r for _, r in labelled)} of {len(labelled)} labelled joints; "
          f"AUC {auc(labelled):.3f} of labelled joints, {auc(everything):.3f} of all")
    for least in args.min_score:
        shares = [sum(s >= least for s in scores[v]) / max(1, len(scores[v])) for v in (0, 1, 2)]
        print(f"min-score {least:.2f}: drawn {shares[0]:.3f} of v=0, {shares[1]:.3f} of v=1, {shares[2]:.3f} of v=2")


if __name__ == "__main__":
    main()
