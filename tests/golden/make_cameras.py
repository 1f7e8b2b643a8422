#!/usr/bin/env python3
"""Writes tests/golden/cameras.json: points seen by Human3.6M's cameras as three programs compute it.

make_cameras.py [tests/golden/cameras.json]

brown: OpenCV, documentation of projectPoints, written out. martinez: una-dinosauria/3d-pose-baseline, src/cameras.py, project_point_radial, written out.
videopose3d: facebookresearch/VideoPose3D, common/camera.py, project_to_2d, written out. Intrinsics: common/h36m_dataset.py.
Needs NumPy.
"""
import json
import sys

import numpy as np

CAMERAS = {
    "54138969": [1145.0494384765625, 1143.7811279296875, 512.54150390625, 515.4514770507812,
                 -.20709891617298126, .24777518212795258, -.0030751503072679043,
                 -.0009756988729350269, -.00142447161488235],
    "55011271": [1149.6756591796875, 1147.5916748046875, 508.8486328125, 508.0649108886719,
                 -.1942136287689209, .2404085397720337, .006819975562393665,
                 -.0016190266469493508, -.0027408944442868233],
    "58860488": [1149.1407470703125, 1148.7989501953125, 519.8158569335938, 501.40264892578125,
                 -.2083381861448288, .25548800826072693, -.0024604974314570427,
                 .0014843869721516967, -.0007599993259645998],
    "60457274": [1145.5113525390625, 1144.77392578125, 514.9682006835938, 501.88201904296875,
                 -.198384091258049, .21832367777824402, -.008947807364165783,
                 -.0005872055771760643, -.0018133620033040643]}


def brown(x, f, c, k, p):
    a, b = x[:, 0] / x[:, 2], x[:, 1] / x[:, 2]
    r2 = a * a + b * b
    radial = 1 + k[0] * r2 + k[1] * r2 ** 2 + k[2] * r2 ** 3
    bent = np.stack([a * radial + 2 * p[0] * a * b + p[1] * (r2 + 2 * a * a),
                     b * radial + p[0] * (r2 + 2 * b * b) + 2 * p[1] * a * b], 1)
    return f * bent + c


def martinez(x, f, c, k, p):
    xx = (x[:, :2] / x[:, 2:]).T
    r2 = xx[0] ** 2 + xx[1] ** 2
    radial = 1 + np.einsum("ij,ij->j", np.tile(k.reshape(3, 1), (1, len(x))), np.array([r2, r2 ** 2, r2 ** 3]))
    tangential = p[0] * xx[1] + p[1] * xx[0]
    bent = xx * np.tile(radial + tangential, (2, 1)) + np.outer(np.array([p[1], p[0]]).reshape(-1), r2)
    return (f.reshape(2, 1) * bent + c.reshape(2, 1)).T


def videopose3d(x, f, c, k, p):
    xx = np.clip(x[:, :2] / x[:, 2:], -1, 1)
    r2 = (xx ** 2).sum(-1, keepdims=True)
    radial = 1 + (k * np.concatenate((r2, r2 ** 2, r2 ** 3), -1)).sum(-1, keepdims=True)
    tangential = (p * xx).sum(-1, keepdims=True)
    return f * (xx * (radial + tangential) + p * r2) + c


def main():
    r = np.random.default_rng(5)
    cases = []
    for name, numbers in CAMERAS.items():
        v = np.array(numbers)
        f, c, k, p = v[:2], v[2:4], v[4:7], v[7:]
        points = np.round(r.uniform([-1.6, -1.6, 3.5], [1.6, 1.6, 6], size=(8, 3)), 6)
        cases.append({"name": name, "numbers": numbers, "points": points.ravel().tolist(),
                      "brown": brown(points, f, c, k, p).ravel().tolist(), "martinez": martinez(points, f, c, k, p).ravel().tolist(),
                      "videopose3d": videopose3d(points, f, c, k, p).ravel().tolist()})
    path = sys.argv[1] if len(sys.argv) > 1 else "tests/golden/cameras.json"
    with open(path, "w") as file:
        json.dump(cases, file, indent=0)
        file.write("\n")


main()
