#!/usr/bin/env python3
"""A checkpoint whose joints' scores mean the same: the heatmaps of some joints are multiplied, places stay where they are.

    python3 scripts/teacher/calibrate.py run/last.ckpt left_eye=.5 right_eye=.5 out.ckpt

Of networks with COCO's 17 joints. Factors are chosen on the development set (scripts/teacher/joint_scores.py): a face's joints
have sharp peaks even where nobody sees them. Needs NumPy.
"""
import sys

import numpy as np

import checkpoints

JOINTS = ["nose"] + [f"{side}_{part}" for part in "eye ear shoulder elbow wrist hip knee ankle".split()
                     for side in ("left", "right")]


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    source, *pairs, target = sys.argv[1:]
    metadata, tensors = checkpoints.read(source)
    for pair in pairs:
        name, factor = pair.split("=")
        if name not in JOINTS:
            sys.exit(f"no joint is called {name}: there are {', '.join(JOINTS)}")
        for tensor in ("final_layer.weight", "final_layer.bias"):
            kind, shape, data = tensors[tensor]
            values = np.frombuffer(data, "<f4").reshape(shape).copy()
            values[JOINTS.index(name)] *= float(factor)
            tensors[tensor] = (kind, shape, values.tobytes())
    checkpoints.write(target, metadata, tensors)


if __name__ == "__main__":
    main()
