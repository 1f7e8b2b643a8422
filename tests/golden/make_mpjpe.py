#!/usr/bin/env python3
"""Writes tests/golden/mpjpe.json: poses in space, predictions of them, and the figures of plain NumPy.

make_mpjpe.py [tests/golden/mpjpe.json]

The formulas of facebookresearch/VideoPose3D, common/loss.py (mpjpe, p_mpjpe, n_mpjpe) and of MMPose, keypoint_3d_pck and
keypoint_3d_auc, written out. Poses that are only turned, mirrored, scaled, flat, or far off are among them. Needs NumPy.
"""
import json
import sys

import numpy as np


def p_mpjpe(predicted, target):
    mu_x, mu_y = target.mean(1, keepdims=True), predicted.mean(1, keepdims=True)
    x, y = target - mu_x, predicted - mu_y
    norm_x = np.sqrt((x ** 2).sum((1, 2), keepdims=True))
    norm_y = np.sqrt((y ** 2).sum((1, 2), keepdims=True))
    x, y = x / norm_x, y / norm_y
    u, s, vt = np.linalg.svd(np.matmul(x.transpose(0, 2, 1), y))
    v = vt.transpose(0, 2, 1)
    r = np.matmul(v, u.transpose(0, 2, 1))
    sign = np.sign(np.expand_dims(np.linalg.det(r), 1))
    v[:, :, -1] *= sign
    s[:, -1] *= sign.flatten()
    r = np.matmul(v, u.transpose(0, 2, 1))
    a = np.expand_dims(np.expand_dims(s.sum(1), 1), 2) * norm_x / norm_y
    t = mu_x - a * np.matmul(mu_y, r)
    return np.linalg.norm(a * np.matmul(predicted, r) + t - target, axis=-1).mean()


def n_mpjpe(predicted, target):
    own = (predicted ** 2).sum(-1, keepdims=True).mean(-2, keepdims=True)
    both = (target * predicted).sum(-1, keepdims=True).mean(-2, keepdims=True)
    return np.linalg.norm(both / own * predicted - target, axis=-1).mean()


def figures(predicted, target):
    error = np.linalg.norm(predicted - target, axis=-1)
    return {"mpjpe": error.mean(), "p_mpjpe": p_mpjpe(predicted, target), "n_mpjpe": n_mpjpe(predicted, target),
            "pck": (error < .15).mean(), "auc": np.mean([(error < t).mean() for t in np.linspace(0, .15, 31)]),
            "joints": error.mean(0).tolist()}


def main():
    r = np.random.default_rng(23)
    target = r.normal(size=(40, 17, 3)) * [.3, .6, .25]
    predicted = target + r.normal(size=target.shape) * r.uniform(.01, .15, size=(40, 1, 1))
    turn = np.linalg.qr(r.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    predicted[1] = 1.7 * target[1] @ turn.T + [1, 2, 3]
    predicted[2] = target[2] * [-1, 1, 1]
    target[3, :, 2] = 0
    predicted[4] = r.normal(size=(17, 3))
    target, predicted = np.round(target, 6), np.round(predicted, 6)
    root = 11
    out = {"truth": target.tolist(), "predicted": predicted.tolist(), "root": root,
           "as_given": figures(predicted, target),
           "from_root": figures(predicted - predicted[:, root:root + 1], target - target[:, root:root + 1])}
    path = sys.argv[1] if len(sys.argv) > 1 else "tests/golden/mpjpe.json"
    with open(path, "w") as file:
        json.dump(out, file)
        file.write("\n")


main()
