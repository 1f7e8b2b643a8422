#!/usr/bin/env python3
"""Draws heatmaps and part affinity fields of people who stand in front of and across each other, and says who is there, for
codec/part_affinity_test. Writes scene_maps.npy (57 maps, 19 of joints and 38 fields, as bytes: value = byte / 127.5 - 1),
scene_lightweight.npy and scene_openpose.npy (a row a person: x, y, score of 18 joints, and the person's score).

Made with numpy 2.4.6 and opencv-python-headless of PyPI; run it in this folder. Deterministic. Targets: Lightweight OpenPose,
datasets/transformations and coco.py. The groupings are plain NumPy, written from the descriptions in
src/poise/codec/one_stage/families.h and the papers, and nothing else.
"""
import pathlib

import cv2
import numpy as np

HERE = pathlib.Path(__file__).parent / "one_stage"
CELLS = (36, 26)  # width, height
STRIDE, FINER = 8, 4
LIMBS = [(1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0),
         (0, 14), (14, 16), (0, 15), (15, 17), (2, 16), (5, 17)]
FIELDS = [12, 20, 14, 16, 22, 24, 0, 2, 4, 6, 8, 10, 28, 30, 34, 32, 36, 18, 26]
# nose, neck, right arm, left arm, right leg, left leg, eyes, ears: of somebody 150 pixels high
STANDING = np.array([(0, 18), (0, 34), (-18, 34), (-24, 58), (-26, 80), (18, 34), (24, 58), (26, 80), (-10, 82), (-11, 112),
                     (-12, 142), (10, 82), (11, 112), (12, 142), (-4, 14), (4, 14), (-9, 16), (9, 16)], float)


def scene():
    left = STANDING * 1.15 + (70, 16)
    right = STANDING * 1.1 + (150, 20)
    # An arm of each across the other's; a third person half behind, and upside down.
    left[6], left[7] = (112, 78), (140, 64)
    right[3], right[4] = (120, 64), (96, 92)
    third = STANDING * (0.9, -0.9) + (225, 190)
    present = np.ones((3, 18), bool)
    present[2, [3, 4, 16]] = False
    return np.stack([left, right, third]), present


def draw(people, present):
    width, height = CELLS
    y, x = np.mgrid[0:height, 0:width]
    maps, fields = np.zeros((19, height, width)), np.zeros((38, height, width))
    for joints, here in zip(people, present):
        for j in np.flatnonzero(here):
            square = (x * STRIDE + 3.5 - joints[j, 0]) ** 2 + (y * STRIDE + 3.5 - joints[j, 1]) ** 2
            bell = np.exp(-square / 2 / 7**2)
            maps[j] = np.minimum(1, maps[j] + np.where(square / 2 / 7**2 < 4.6052, bell, 0))
        for (a, b), plane in zip(LIMBS, FIELDS):
            if not (here[a] and here[b]):
                continue
            start, end = joints[a] / STRIDE, joints[b] / STRIDE
            along = end - start
            length = np.hypot(*along)
            along = along / length
            dx, dy = x + 0.5 - start[0], y + 0.5 - start[1]
            on = dx * along[0] + dy * along[1]
            off = np.abs(dx * along[1] - dy * along[0])
            limb = (on >= -0.5) & (on <= length + 0.5) & (off <= 1)
            fields[plane][limb], fields[plane + 1][limb] = along
    maps[18] = 1 - maps[:18].max(0)
    noise = np.random.default_rng(2).normal(size=(57, height, width)) * 0.02
    return np.concatenate([maps, fields]) + noise


def peaks_of(fine, apart):
    clear = np.where(fine < 0.1, 0, fine)
    padded = np.pad(clear, 1)
    is_peak = ((clear > padded[1:-1, :-2]) & (clear > padded[1:-1, 2:]) & (clear > padded[:-2, 1:-1])
               & (clear > padded[2:, 1:-1]))
    ys, xs = np.nonzero(is_peak)
    order = np.lexsort((ys, xs))
    kept = []
    for x, y in zip(xs[order], ys[order]):
        if apart and any(np.hypot(x - u, y - v) < 6 for u, v, _ in kept):
            continue
        kept.append((x, y, fine[y, x]))
    return kept


def connections(first, second, field, openpose):
    pairs = []
    height = field.shape[1]
    for b, (bx, by, _) in enumerate(second):
        for a, (ax, ay, _) in enumerate(first):
            vector = np.array([bx - ax, by - ay], np.float32)
            length = np.hypot(*vector) + np.float32(1e-6)
            steps = np.linspace(0, 1, 10, dtype=np.float32)[:, None]
            points = np.clip(np.round(np.array([ax, ay]) + steps * vector).astype(int), 0,
                             np.array(field.shape[:0:-1]) - 1)
            agree = field[:, points[:, 1], points[:, 0]].T @ (vector / length)
            good = agree > 0.05
            if openpose:
                score = agree.mean() + min(0.5 * height / length - 1, 0)
            else:
                score = agree[good].mean() if good.any() else 0
            if score > 0 and good.sum() > 8:
                pairs.append((score, a, b))
    chosen, used_a, used_b = [], set(), set()
    for score, a, b in sorted(pairs, key=lambda p: -p[0]):
        if a not in used_a and b not in used_b:
            chosen.append((score, a, b))
            used_a.add(a)
            used_b.add(b)
    return chosen


def group(maps, openpose):
    fine = [cv2.resize(m, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_CUBIC) for m in maps.astype(np.float32)]
    peaks = [peaks_of(fine[j], not openpose) for j in range(18)]
    people = []  # dicts: joint -> peak number; "score"
    for i, ((a, b), plane) in enumerate(zip(LIMBS, FIELDS)):
        field = np.stack([fine[19 + plane], fine[20 + plane]])
        for score, p, q in connections(peaks[a], peaks[b], field, openpose):
            if i >= 17:
                for person in people:
                    if person.get(a) == p and b not in person:
                        person[b] = q
                    elif person.get(b) == q and a not in person:
                        person[a] = p
                continue
            owners = [person for person in people if person.get(a) == p or (openpose and person.get(b) == q)]
            if not owners:
                people.append({a: p, b: q, "score": peaks[a][p][2] + peaks[b][q][2] + score, "parts": 2})
            elif openpose and len(owners) == 2 and not (set(owners[0]) & set(owners[1]) - {"score", "parts"}):
                one, two = owners
                total, parts = one["score"] + two["score"] + score, one["parts"] + two["parts"]
                one.update(two)
                one["score"], one["parts"] = total, parts
                people = [person for person in people if person is not two]
            else:
                for person in owners[:1] if openpose else owners:
                    if openpose and person.get(b) == q:
                        continue
                    person[b] = q
                    person["parts"] += 1
                    person["score"] += peaks[b][q][2] + score
    rows = []
    fewest, least = (4, 0.4) if openpose else (3, 0.2)
    for person in people:
        if person["parts"] < fewest or person["score"] / person["parts"] < least:
            continue
        row = []
        for j in range(18):
            x, y, score = peaks[j][person[j]] if j in person else (0, 0, 0)
            row += [x * STRIDE / FINER, y * STRIDE / FINER, score]
        rows.append(row + [min(person["score"] / 35, 1)])
    return np.array(rows, np.float32)


def main():
    people, present = scene()
    stored = np.clip(np.round((draw(people, present) + 1) * 127.5), 0, 255).astype(np.uint8)
    np.save(HERE / "scene_maps.npy", stored)
    maps = stored.astype(np.float32) / np.float32(127.5) - 1
    for name, openpose in (("lightweight", False), ("openpose", True)):
        rows = group(maps, openpose)
        print(name, len(rows), rows[:, -1], [int((r[2:54:3] > 0).sum()) for r in rows])
        assert len(rows) == 3
        for joints, here in zip(people, present):  # everyone whole, and where they were drawn
            best = min(np.abs(row[:54].reshape(18, 3)[here, :2] - joints[here]).max() for row in rows)
            print("  off by", best)
        np.save(HERE / f"scene_{name}.npy", rows)


if __name__ == "__main__":
    main()
