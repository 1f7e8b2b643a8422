#!/usr/bin/env python3
"""Writes answers of BlazePose's two networks and what they mean, for codec/blazepose_test: bytes, value = (byte - 128) / 8,
of boxes and points also times 4. Decoded by plain NumPy, written from MediaPipe's graphs and calculators as
src/poise/codec/blazepose.h and detectors/families.h describe them, and nothing else.

Made with numpy 2.4.6; run it in this folder. Deterministic.
"""
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent / "one_stage"


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def detections(numbers, logits):
    anchors = []
    for side, count in ((28, 2), (14, 2), (7, 6)):
        for y in range(side):
            for x in range(side):
                anchors += [((x + 0.5) / side, (y + 0.5) / side)] * count
    centres = np.array(anchors) * 224
    assert len(centres) == 2254
    scores = sigmoid(np.clip(logits[:, 0], -100, 100))
    keep = scores > 0.5
    centres, scores, rows = centres[keep], scores[keep], numbers[keep]
    middle = rows[:, :2] + centres
    edges = np.concatenate([middle - rows[:, 2:4] / 2, middle + rows[:, 2:4] / 2], 1)
    points = rows[:, 4:8].reshape(-1, 2, 2) + centres[:, None]
    order = list(np.argsort(-scores, kind="stable"))
    found = []
    while order:
        best = order[0]
        area = lambda e: (e[2] - e[0]) * (e[3] - e[1])
        same = []
        for i in order:
            a, b = edges[i], edges[best]
            both = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
            if both / (area(a) + area(b) - both) > 0.3:
                same.append(i)
        weight = scores[same] / scores[same].sum()
        box = (weight[:, None] * edges[same]).sum(0)
        point = (weight[:, None, None] * points[same]).sum(0)
        found.append([box[0], box[1], box[2] - box[0], box[3] - box[1], scores[best], *point.reshape(-1)])
        order = [i for i in order if i not in same]
    return np.array(found, np.float32)


def landmarks(numbers, heat):
    side = heat.shape[0]
    rows = []
    for j in range(33):
        x, y, _, visible, _ = numbers[j]
        x, y = x / 256, y / 256
        column, row = int(x * side), int(y * side)
        if 0 <= column < side and 0 <= row < side:
            left, right = max(0, column - 3), min(side, column + 4)
            top, bottom = max(0, row - 3), min(side, row + 4)
            sure = sigmoid(heat[top:bottom, left:right, j])
            if sure.max() >= 0.5:
                x = (sure * np.arange(left, right)[None]).sum() / side / sure.sum()
                y = (sure * np.arange(top, bottom)[:, None]).sum() / side / sure.sum()
        rows.append([x * 256, y * 256, sigmoid(visible)])
    return np.array(rows, np.float32)


def main():
    rng = np.random.default_rng(8)
    whole = lambda values: np.clip(np.round(values * 8 + 128), 0, 255).astype(np.uint8)
    read = lambda stored: (stored.astype(np.float64) - 128) / 8
    numbers = rng.normal(size=(2254, 12)) * 2
    numbers[:, 2:4] = 6 + 2 * rng.random((2254, 2))
    numbers, logits = whole(numbers), whole(rng.normal(size=(2254, 1)) * 1.5 - 3.0)
    found = detections(read(numbers) * 4, read(logits))
    print(len(found), (sigmoid(read(logits)) > 0.5).sum())
    assert 3 < len(found) < (sigmoid(read(logits)) > 0.5).sum()
    np.save(HERE / "blazepose_numbers.npy", numbers)
    np.save(HERE / "blazepose_logits.npy", logits)
    np.save(HERE / "blazepose_found.npy", found)
    marks = rng.normal(size=(39, 5)) * 3
    marks[:, :2] = rng.random((39, 2)) * 9 + 3  # times 16: pixels, some outside
    heat = rng.normal(size=(16, 16, 39)) * 1.2 - 2.2
    marks, heat = whole(marks), whole(heat)
    values = read(marks)
    values[:, :2] *= 16 * 1.6
    rows = landmarks(values, read(heat))
    np.save(HERE / "blazepose_marks.npy", marks)
    np.save(HERE / "blazepose_heat.npy", heat)
    np.save(HERE / "blazepose_joints.npy", rows)
    print(rows.round(1)[:4].tolist())


if __name__ == "__main__":
    main()
