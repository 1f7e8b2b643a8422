#!/usr/bin/env python3
"""A checkpoint whose joints' scores mean the same: the heatmaps of some joints are multiplied, places stay where they are.

    python3 scripts/teacher/calibrate.py run/last.ckpt left_eye=.5 right_eye=.5 out.ckpt

Factors are chosen on the development set (scripts/teacher/joint_scores.py): a face's joints have sharp peaks even where nobody
sees them. Needs NumPy.
"""
import json
import struct
import sys

import numpy as np

source, *pairs, target = sys.argv[1:]
data = open(source, "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header, body = json.loads(data[8:8 + size]), bytearray(data[8 + size:])
joints = ["nose"] + [f"{side}_{part}" for part in ("eye ear shoulder elbow wrist hip knee ankle").split()
                     for side in ("left", "right")]  # COCO's
for pair in pairs:
    name, factor = pair.split("=")
    for tensor in ("final_layer.weight", "final_layer.bias"):
        begin, end = header[tensor]["data_offsets"]
        values = np.frombuffer(bytes(body[begin:end]), "<f4").reshape(header[tensor]["shape"]).copy()
        values[joints.index(name)] *= float(factor)
        body[begin:end] = values.astype("<f4").tobytes()
with open(target, "wb") as out:
    out.write(data[:8 + size] + bytes(body))
