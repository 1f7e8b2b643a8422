#!/usr/bin/env python3
"""Makes tests/golden/persons: small truths and predictions of MPII and LSP, and the figures that reference rules give.

    /usr/bin/python3 tests/golden/make_persons.py      (needs NumPy and SciPy, which writes the .mat files)

PCKh is a transcription of the rules of Simple Baselines (lib/dataset/mpii.py, evaluate); PCK and PCP of those of the
Leeds sets. All in float64, straight from the arrays.
"""
import json
import pathlib

import numpy as np
import scipy.io

OUT = pathlib.Path(__file__).resolve().parent / "persons"
JOINTS = ["rank", "rkne", "rhip", "lhip", "lkne", "lank", "pelv", "thor", "neck", "head", "rwri", "relb", "rsho", "lsho",
          "lelb", "lwri"]


def pckh(rng):
    people = 60
    truth = rng.uniform(1, 600, (16, 2, people))
    corner = rng.uniform(1, 500, (2, people))
    heads = np.stack([corner, corner + rng.uniform(20, 90, (2, people))])
    missing = (rng.random((16, people)) < 0.2).astype(np.float64)
    size = np.linalg.norm(heads[1] - heads[0], axis=0) * 0.6
    angle = rng.uniform(0, 2 * np.pi, (16, people))
    # Distances of up to one head, some of them whole hundredths so that ties are met.
    share = rng.uniform(0, 1, (16, people))
    found = truth + np.stack([np.cos(angle), np.sin(angle)], axis=1) * (share * size)[:, None, :]
    # One person of round numbers: head size 60, errors exactly at the thresholds.
    heads[:, :, 0] = [[1, 1], [61, 81]]
    truth[:, :, 0] = 100
    found[:, :, 0] = 100
    found[:, 0, 0] += [30, 31, 6, 6.5, 6.6, 7, 0, 0, 30, 0, 6, 5, 30, 29, 60, 3]
    missing[:, 0] = 0
    predictions = found.transpose(2, 0, 1) - 1  # ours count from 0; the file holds them plus one

    written = predictions + 1
    scipy.io.savemat(OUT / "gt_valid.mat", {"dataset_joints": np.array(JOINTS, dtype=object).reshape(1, -1),
                                            "jnt_missing": missing, "pos_gt_src": truth, "headboxes_src": heads},
                     do_compression=True)
    scipy.io.savemat(OUT / "pred.mat", {"preds": written})

    visible = 1 - missing
    error = np.linalg.norm(written.transpose(1, 2, 0) - truth, axis=1)
    headsizes = np.linalg.norm(heads[1] - heads[0], axis=0) * 0.6
    scaled = error / headsizes
    scaled = scaled * visible
    count = visible.sum(axis=1)
    right = ((scaled <= 0.5) * visible).sum(axis=1)
    joint = 100.0 * right / count
    steps = np.arange(0, 0.5 + 0.01, 0.01)
    every = np.stack([100.0 * ((scaled <= step) * visible).sum(axis=1) / count for step in steps])
    masked = np.ma.array(joint, mask=False)
    masked.mask[6:8] = True
    weights = np.ma.array(count, mask=False)
    weights.mask[6:8] = True
    ratio = weights / np.sum(weights).astype(np.float64)
    return {
        "PCKh_head": masked[9], "PCKh_shoulder": 0.5 * (masked[12] + masked[13]),
        "PCKh_elbow": 0.5 * (masked[11] + masked[14]), "PCKh_wrist": 0.5 * (masked[10] + masked[15]),
        "PCKh_hip": 0.5 * (masked[2] + masked[3]), "PCKh_knee": 0.5 * (masked[1] + masked[4]),
        "PCKh_ankle": 0.5 * (masked[0] + masked[5]), "PCKh_mean": np.sum(masked * ratio),
        "PCKh_mean@0.1": np.sum(every[10] * ratio), "PCKh_mean@0.11": np.sum(every[11] * ratio),
    }


def leeds(rng):
    people = 50
    truth = rng.uniform(1, 200, (2, 14, people))
    truth[:, 0, 3] = truth[:, 1, 3]  # a stick of no length
    joints = np.concatenate([truth, (rng.random((1, 14, people)) < 0.1).astype(np.float64)])
    found = truth + rng.normal(0, 25, truth.shape)
    scipy.io.savemat(OUT / "joints.mat", {"joints": joints}, do_compression=True)
    scipy.io.savemat(OUT / "found.mat", {"pred": found})

    figures = {}
    torso = np.linalg.norm(truth[:, 9] - truth[:, 2], axis=0)
    rates = 100.0 * (np.linalg.norm(found - truth, axis=0) / torso <= 0.2).mean(axis=1)
    figures["PCK_mean"] = rates.mean()
    figures["PCK_left_knee"] = rates[4]
    figures["PCK_head"] = rates[12:].mean()

    def middle(array, a, b):
        return (array[:, a] + array[:, b]) / 2

    def sticks(array):
        ends = [(array[:, a], array[:, b]) for a, b in
                [(0, 1), (1, 2), (3, 4), (4, 5), (6, 7), (7, 8), (9, 10), (10, 11), (12, 13)]]
        return ends + [(middle(array, 8, 9), middle(array, 2, 3))]

    strict, loose = [], []
    with np.errstate(divide="ignore", invalid="ignore"):
        for (a, b), (x, y) in zip(sticks(truth), sticks(found)):
            length = np.linalg.norm(a - b, axis=0)
            first = np.linalg.norm(a - x, axis=0) / length
            second = np.linalg.norm(b - y, axis=0) / length
            strict.append(100.0 * ((first <= 0.5) & (second <= 0.5)).mean())
            loose.append(100.0 * ((first + second) / 2 <= 0.5).mean())
    figures.update({"PCP_mean": np.mean(strict), "PCP_right_lower_leg": strict[0], "PCP_torso": strict[9],
                    "PCP_loose_mean": np.mean(loose), "PCP_loose_head": loose[8]})
    curve = np.stack([(np.linalg.norm(found - truth, axis=0) / torso <= i * 0.01).mean() for i in range(51)])
    figures["PDJ_auc"] = float(((curve[1:] + curve[:-1]) / 2).mean())
    return figures


def main():
    OUT.mkdir(exist_ok=True)
    rng = np.random.default_rng(7)
    figures = {"pckh": pckh(rng), "leeds": leeds(rng)}
    plain = {kind: {name: float(value) for name, value in values.items()} for kind, values in figures.items()}
    (OUT / "figures.json").write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
