#!/usr/bin/env python3
"""Writes outputs of detectors and what they mean, for codec/detection_test, crop/letterbox_test and infer/detector_test.

Made with python3-opencv 4.6.0 and python3-numpy 1.24.2 of Debian 12; run it in this folder. Deterministic. The decoders
are plain NumPy, written from the families' descriptions (src/poise/codec/detectors/families.h) and nothing else.

  make_detections.py                 the small files: generated outputs of each family, letterboxes
  make_detections.py POISE MODEL DIR  decodes what POISE run MODEL (fastestdet.onnx) makes of pictures in DIR
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np

HERE = pathlib.Path(__file__).parent / "detections"
INPUT = (96, 64)  # width, height


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def thin_out(boxes, scores, labels, limit):
    """Greedy suppression, each class for itself; rows x, y, w, h, score, label, best first."""
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        x, y, w, h = boxes[i]
        for j in kept:
            u, v, p, q = boxes[j]
            both = max(0, min(x + w, u + p) - max(x, u)) * max(0, min(y + h, v + q) - max(y, v))
            if labels[i] == labels[j] and both / (w * h + p * q - both) > limit:
                break
        else:
            kept.append(i)
    return np.concatenate([boxes[kept], scores[kept, None], labels[kept, None]], 1).astype(np.float32)


def corners(cx, cy, w, h):
    return np.stack([cx - w / 2, cy - h / 2, w, h], -1).reshape(-1, 4)


def best(kinds):
    return kinds.max(-1).reshape(-1), kinds.argmax(-1).reshape(-1)


def grid(h, w):
    y, x = np.mgrid[0:h, 0:w]
    return x, y


def fastestdet(outputs, size):
    m = outputs[0][0].astype(np.float64).transpose(1, 2, 0)
    h, w = m.shape[:2]
    x, y = grid(h, w)
    boxes = corners((x + np.tanh(m[..., 1])) / w * size[0], (y + np.tanh(m[..., 2])) / h * size[1],
                    sigmoid(m[..., 3]) * size[0], sigmoid(m[..., 4]) * size[1])
    kind, labels = best(m[..., 5:])
    return boxes, m[..., 0].reshape(-1) ** 0.6 * kind**0.4, labels


def yolov3(outputs, size, anchors, scale_xy):
    parts = []
    for out, pairs, s in zip(outputs, anchors, scale_xy):
        h, w = out.shape[2:]
        x, y = grid(h, w)
        for (aw, ah), m in zip(pairs, np.split(out[0].astype(np.float64), len(pairs))):
            cx = (x + s * sigmoid(m[0]) - (s - 1) / 2) / w * size[0]
            cy = (y + s * sigmoid(m[1]) - (s - 1) / 2) / h * size[1]
            boxes = corners(cx, cy, np.exp(m[2]) * aw, np.exp(m[3]) * ah)
            for c in range(len(m) - 5):
                scores = (sigmoid(m[4]) * sigmoid(m[5 + c])).reshape(-1)
                parts.append((boxes, scores, np.full(len(scores), c)))
    return [np.concatenate(p) for p in zip(*parts)]


def yolov5(outputs, _):
    m = outputs[0][0].astype(np.float64)
    kind, labels = best(m[:, 5:])
    return corners(*m[:, :4].T), m[:, 4] * kind, labels


def yolov8(outputs, _):
    m = outputs[0][0].astype(np.float64).T
    kind, labels = best(m[:, 4:])
    return corners(*m[:, :4].T), kind, labels


def yolox(outputs, size):
    m = outputs[0][0].astype(np.float64)
    cells = []
    for stride in (8, 16, 32):
        x, y = grid(size[1] // stride, size[0] // stride)
        cells.append(np.stack([x, y, np.full_like(x, stride)], -1).reshape(-1, 3))
    x, y, stride = np.concatenate(cells).T
    kind, labels = best(m[:, 5:])
    boxes = corners((m[:, 0] + x) * stride, (m[:, 1] + y) * stride, np.exp(m[:, 2]) * stride, np.exp(m[:, 3]) * stride)
    return boxes, m[:, 4] * kind, labels


def centre(outputs, size):
    heat, extent, offset = (o[0].astype(np.float64) for o in outputs)
    _, h, w = heat.shape
    padded = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    around = np.max([padded[:, j:j + h, i:i + w] for j in range(3) for i in range(3)], 0)
    label, y, x = np.nonzero(heat == around)
    sx, sy = size[0] / w, size[1] / h
    boxes = corners((x + offset[0, y, x]) * sx, (y + offset[1, y, x]) * sy, extent[0, y, x] * sx, extent[1, y, x] * sy)
    return boxes, heat[label, y, x], label


def end2end(outputs, _):
    m = outputs[0][0].astype(np.float64)
    labels = m[:, 5] if m.shape[1] == 6 else outputs[1][0]
    return np.stack([m[:, 0], m[:, 1], m[:, 2] - m[:, 0], m[:, 3] - m[:, 1]], 1), m[:, 4], labels


def nanodet(outputs, size):
    m = outputs[0][0].astype(np.float64)
    cells = []
    for stride in (8, 16, 32, 64):
        x, y = grid(-(-size[1] // stride), -(-size[0] // stride))
        cells.append(np.stack([x * stride, y * stride, np.full_like(x, stride)], -1).reshape(-1, 3))
    x, y, stride = np.concatenate(cells).T
    kind, labels = best(m[:, :3])
    bins = np.exp(m[:, 3:].reshape(-1, 4, 8))
    away = (bins * np.arange(8)).sum(2) / bins.sum(2) * stride[:, None]
    boxes = np.stack([x - away[:, 0], y - away[:, 1], away[:, 0] + away[:, 2], away[:, 1] + away[:, 3]], 1)
    return boxes, kind, labels


def generated():
    rng = np.random.default_rng(11)
    normal = lambda *shape: rng.normal(size=shape)
    chance = lambda *shape: rng.uniform(size=shape)
    rows = sum((INPUT[0] // s) * (INPUT[1] // s) for s in (8, 16, 32))
    # What spreads widely enough for boxes to overlap, within and between classes.
    m = np.concatenate([chance(1, 1, 8, 12), normal(1, 2, 8, 12), normal(1, 2, 8, 12) - 1, chance(1, 3, 8, 12)], 1)
    yield "fastestdet", [m], 0.5, 0.45, {}
    anchors = [[[30, 40], [50, 30], [60, 60]], [[8, 10], [12, 16], [20, 12]]]
    yield "yolov3", [normal(1, 27, 2, 3), normal(1, 27, 4, 6)], 0.3, 0.45, {"anchors": anchors, "scale_xy": [1.05, 1]}
    place = [chance(3 * rows, 2) * INPUT, np.exp(normal(3 * rows, 2) * 0.4 + 3), chance(3 * rows, 5)]
    yield "yolov5", [np.concatenate(place, 1)[None]], 0.25, 0.45, {}
    place = [chance(rows, 2) * INPUT, np.exp(normal(rows, 2) * 0.4 + 3), chance(rows, 3) ** 3]
    yield "yolov8", [np.concatenate(place, 1)[None].transpose(0, 2, 1)], 0.25, 0.4, {}
    yield "yolox", [np.concatenate([normal(rows, 2), normal(rows, 2) * 0.5 + 1.5, chance(rows, 5)], 1)[None]], 0.3, 0.45, {}
    yield "centre", [chance(1, 2, 16, 24), 1 + 4 * chance(1, 2, 16, 24), chance(1, 2, 16, 24)], 0.6, 1.0, {}
    left = chance(40, 2) * INPUT
    place = [left, left + 5 + 30 * chance(40, 2), chance(40, 1), rng.integers(0, 3, (40, 1))]
    yield "end2end", [np.concatenate(place, 1)[None]], 0.5, 1.0, {}
    rows = sum(-(-INPUT[0] // s) * -(-INPUT[1] // s) for s in (8, 16, 32, 64))
    yield "nanodet", [np.concatenate([chance(rows, 3) ** 3, 2 * normal(rows, 32)], 1)[None]], 0.35, 0.6, {}


def write_generated():
    for family, outputs, threshold, limit, extra in generated():
        outputs = [np.ascontiguousarray(o, np.float32) for o in outputs]
        for i, output in enumerate(outputs):
            np.save(HERE / f"{family}_{i}.npy", output)
        decode = globals()[family]
        boxes, scores, labels = decode(outputs, INPUT, **extra)
        keep = scores > threshold
        found = thin_out(boxes[keep], scores[keep], labels[keep], limit)
        assert 5 < len(found) < keep.sum() or limit == 1, family
        np.save(HERE / f"{family}_boxes.npy", found)


def write_letterboxes():
    """Odd pictures in odd inputs, as cv2.resize and cv2.copyMakeBorder make them."""
    rng = np.random.default_rng(5)
    cases = []
    for i, (w, h, to_w, to_h, stretch, end, half) in enumerate([
            (53, 41, 48, 33, 0, 0, 1), (41, 53, 48, 33, 0, 1, 1), (53, 41, 31, 47, 1, 0, 1), (10, 7, 48, 33, 0, 0, 1),
            (3, 40, 48, 33, 0, 0, 1), (53, 41, 47, 29, 1, 0, 0)]):
        y, x = np.mgrid[0:h, 0:w]
        image = np.clip(np.stack([4 * x, 5 * y, 127 + 100 * np.sin(x * 0.5) * np.cos(y * 0.4)], 2)
                        + rng.integers(-20, 21, (h, w, 3)), 0, 255).astype(np.uint8)
        size = (to_w, to_h)
        scale = min(to_w / w, to_h / h)
        if not stretch:
            size = (max(1, round(w * scale)), max(1, round(h * scale)))
        if half:
            small = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        else:
            fx, fy = w / size[0], h / size[1]
            u, v = np.meshgrid(np.arange(size[0]) * fx, np.arange(size[1]) * fy)
            small = cv2.remap(image.astype(np.float32), u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR,
                              borderMode=cv2.BORDER_REPLICATE)
            small = np.floor(small + 0.5).astype(np.uint8)
        left, top = (0, 0) if end else ((to_w - size[0]) // 2, (to_h - size[1]) // 2)
        full = cv2.copyMakeBorder(small, top, to_h - size[1] - top, left, to_w - size[0] - left, cv2.BORDER_CONSTANT,
                                  value=(10, 20, 30))
        cv2.imwrite(str(HERE / f"letterbox_{i}_in.png"), image)
        cv2.imwrite(str(HERE / f"letterbox_{i}_out.png"), full)
        cases.append(f"{to_w} {to_h} {stretch} {end} {half}\n")
    (HERE / "letterbox_cases.txt").write_text("".join(cases))


def write_real(program, model, folder):
    """FastestDet on real pictures, cut so that nothing is resized: run by Poise's engine, decoded by NumPy; persons."""
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*.jpg"))[::4]:
        image = cv2.imread(str(path))[:352, :352]
        if image.shape[:2] != (352, 352):
            continue
        blob = image.astype(np.float32)[None] / 255
        with tempfile.TemporaryDirectory() as scratch:
            np.save(f"{scratch}/in.npy", np.ascontiguousarray(blob.transpose(0, 3, 1, 2)))
            subprocess.run([program, "run", model, "--input", f"{scratch}/in.npy", "--output",
                            f"{scratch}/out.npy"], check=True)
            output = np.load(f"{scratch}/out.npy")
        boxes, scores, labels = fastestdet([output], (352, 352))
        keep = (scores > 0.15) & (labels == 0)
        rows = thin_out(boxes[keep], scores[keep], labels[keep], 0.45)[:, :5]
        found[path.name] = [[round(float(v), 3) for v in row] for row in rows]
    text = ",\n".join(f' "{name}": {json.dumps(rows)}' for name, rows in found.items())
    (HERE / "fastestdet_real.json").write_text("{\n" + text + "\n}\n")


if __name__ == "__main__" and len(sys.argv) > 1:
    write_real(*sys.argv[1:])
elif __name__ == "__main__":
    write_generated()
    write_letterboxes()
