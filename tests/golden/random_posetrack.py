#!/usr/bin/env python3
"""Compares `poise metrics posetrack` with a slow and plain version of poseval's measures on random small cases.

random_posetrack.py build/release/bin/poise [--sets 60] [--seed 1] [--poseval FOLDER]
random_posetrack.py --write tests/golden/posetrack.json [--sets 8]     # the file that the unit test reads

The plain version below is written after poseval's text (github.com/leonid-pishchulin/poseval) with nothing but loops, and
tries all assignments. Cases hold what is odd there: frames of nobody, people without points, one side empty, ignored
regions, missing scores, ids that swap, joints that nobody has; each set is measured with all quirks, with none, and without
each alone. With --poseval, a clone of poseval, its own figures are compared too (needs numpy, shapely, motmetrics, tqdm,
click). All figures must agree within 1e-9. Ends with 1 on the first that does not.
"""
import argparse
import contextlib
import io
import itertools
import json
import math
import os
import random
import subprocess
import sys
import tempfile

JOINTS = ["right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist", "right_elbow",
          "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "head_bottom", "nose", "head_top"]
COUNT = len(JOINTS)
QUIRKS = ["last-frame", "unlabelled-frames", "empty-side", "absent-joint", "summed-distances"]
ROWS = ["AP", "AP_precision", "AP_recall", "MOTA", "MOTP", "precision", "recall"]
REACH, HEAD, MISSING = 0.5, 0.6, -9999
TOLERANCE = 1e-9
NAN = float("nan")


# --- the plain version ---

def inside(polygon, x, y):
    """Strictly inside: crossings of a ray to the right; a point on the border is not."""
    odd = False
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1]):
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        within = min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)
        if cross == 0 and within:
            return False
        if (ay > y) != (by > y) and (cross > 0) == (by > ay):
            odd = not odd
    return odd


def people_of(frame, regions):
    """[(id, head, {joint: (x, y, score)})] of those who count."""
    people = []
    for rect in frame["annorect"]:
        if not rect.get("annopoints") or "point" not in rect["annopoints"][0]:
            continue
        points = {}
        for point in rect["annopoints"][0]["point"]:
            x, y = point["x"][0], point["y"][0]
            if not any(inside(region, x, y) for region in regions):
                points[point["id"][0]] = (x, y, point.get("score", [MISSING])[0])
        if points or not regions:
            head = [rect[side][0] for side in ("x1", "y1", "x2", "y2")] if "x1" in rect else None
            people.append((rect["track_id"][0], head, points))
    return people


def distance(truth, pose, joint):
    if joint not in truth[2] or joint not in pose[2]:
        return math.inf
    x1, y1, x2, y2 = truth[1]
    (ax, ay, _), (bx, by, _) = truth[2][joint], pose[2][joint]
    return math.sqrt((ax - bx) ** 2 + (ay - by) ** 2) / (HEAD * math.sqrt((x2 - x1) ** 2 + (y2 - y1) ** 2))


def given_to(truths, poses):
    """The place of the person that each pose is given to, or None."""
    kept = []
    for pose in poses:
        shares = [sum(distance(t, pose, j) <= REACH for j in range(COUNT)) / max(1, len(t[2])) for t in truths]
        best = shares.index(max(shares)) if shares else None
        kept.append((best, shares[best]) if shares and shares[best] > 0 else (None, 0))
    result = []
    for place, (best, share) in enumerate(kept):
        rivals = [(-s, p) for p, (b, s) in enumerate(kept) if b == best and b is not None]
        result.append(best if rivals and min(rivals)[1] == place else None)
    return result


class Tracks:
    """py-motmetrics' accumulator, one joint of one sequence."""

    def __init__(self):
        self.partner, self.owner, self.known = {}, {}, set()
        self.objects = self.misses = self.switches = self.fp = self.found = 0
        self.total = self.matches = 0.0

    def event(self, value):
        self.total += value

    def add(self, objects, hypotheses, dist):
        for value in dist.values():
            self.event(value)
        left_o, left_h = list(objects), list(hypotheses)
        for o in objects:
            h = self.partner.get(o)
            if o in self.partner and h in left_h and (o, h) in dist:
                left_o.remove(o)
                left_h.remove(h)
                self.match(o, h, dist[o, h])
        best, choice = None, []
        open_pairs = [dist[o, h] for o in left_o for h in left_h if (o, h) in dist]
        if open_pairs:
            forbidden = 2 * max(open_pairs) + 1
            short, long = (objects, hypotheses) if len(objects) <= len(hypotheses) else (hypotheses, objects)
            for order in itertools.permutations(long, len(short)):
                pairs = list(zip(short, order)) if short is objects else list(zip(order, short))
                free = [(o, h) for o, h in pairs if o in left_o and h in left_h and (o, h) in dist]
                cost = sum(dist[pair] for pair in free) + forbidden * (len(pairs) - len(free))
                if best is None or cost < best:
                    best, choice = cost, free
        for o, h in choice:
            value = dist[o, h]
            if o in self.partner and self.partner[o] != h:
                self.switches += 1
                if h not in self.known:
                    self.event(value)
            if h in self.owner and self.owner[h] != o:
                self.event(value)
                if o not in self.partner:
                    self.event(value)
            self.owner[h] = o
            left_o.remove(o)
            left_h.remove(h)
            self.match(o, h, value)
        self.objects += len(objects)
        self.misses += len(left_o)
        self.fp += len(left_h)

    def match(self, o, h, value):
        self.event(value)
        self.matches += value
        self.found += 1
        self.partner[o] = h
        self.known.add(h)


def average_precision(items, labelled, quirks):
    """(AP, last precision, last recall) of [(score, right)]."""
    if not items:
        return (NAN,) * 3 if labelled == 0 and "absent-joint" not in quirks else (0.0,) * 3
    order = sorted(range(len(items)), key=lambda i: items[i][0])[::-1]
    right, precision, recall = 0, [], []
    for number, i in enumerate(order, 1):
        right += items[i][1]
        precision.append(right / number)
        recall.append(right / labelled if labelled else NAN)
    if labelled == 0:
        return NAN, 100 * precision[-1], NAN
    ap, before = 0.0, 0.0
    for k, r in enumerate(recall):
        if r != before:
            ap += (r - before) * max(precision[k:])
            before = r
    return 100 * ap, 100 * precision[-1], 100 * recall[-1]


def mean(row):
    numbers = [v for v in row if not math.isnan(v)]
    return sum(numbers) / len(numbers) if numbers else NAN


def plain(sequences, quirks):
    """{row: fifteen joints and the mean} of [(truth, predictions)], each {"annolist": [...]}."""
    items, labelled = [[] for _ in JOINTS], [0] * COUNT
    sums = [[0, 0, 0, 0, 0, 0.0] for _ in JOINTS]  # objects, misses, switches, false positives, found, distances
    for truth, predictions in sequences:
        frames = [(t, p) for t, p in zip(truth["annolist"], predictions["annolist"])
                  if t["annorect"] or ("unlabelled-frames" not in quirks and t.get("is_labeled", [0])[0])]
        tracks = [Tracks() for _ in JOINTS]
        for number, (t, p) in enumerate(frames):
            regions = [[(q["x"][0], q["y"][0]) for q in r["point"]] for r in t.get("ignore_regions", [])]
            truths, poses = people_of(t, regions), people_of(p, regions)
            given = given_to(truths, poses)
            for j in range(COUNT):
                labelled[j] += sum(j in one[2] for one in truths)
                for pose, person in zip(poses, given):
                    if j in pose[2]:
                        good = person is not None and distance(truths[person], pose, j) <= REACH
                        items[j].append((pose[2][j][2], good))
                if number == len(frames) - 1 and "last-frame" in quirks:
                    continue
                if (not truths or not poses) and "empty-side" in quirks:
                    tracks[j].add([0], [0], {})
                    continue
                dist = {(a[0], b[0]): distance(a, b, j) for a in truths for b in poses if distance(a, b, j) <= REACH}
                tracks[j].add([a[0] for a in truths if j in a[2]], [b[0] for b in poses if j in b[2]], dist)
        for j, one in enumerate(tracks):
            total = one.total if "summed-distances" in quirks else one.matches
            for k, value in enumerate((one.objects, one.misses, one.switches, one.fp, one.found, total)):
                sums[j][k] += value
    rows = {row: [] for row in ROWS}
    for j in range(COUNT):
        for row, value in zip(ROWS, average_precision(items[j], labelled[j], quirks)):
            rows[row].append(value)
        objects, misses, switches, fp, found, total = sums[j]
        rows["MOTA"].append(100 * (1 - (misses + switches + fp) / objects) if objects else NAN)
        rows["MOTP"].append(100 * (1 - total / found) if found else 0.0)
        rows["precision"].append(100 * found / (found + fp) if found + fp else NAN)
        rows["recall"].append(100 * found / objects if objects else NAN)
    return {row: values + [mean(values)] for row, values in rows.items()}


# --- cases ---

def person(r, x, y, size, track, score):
    """A rectangle of PoseTrack17 around a place."""
    points = []
    for joint in range(COUNT):
        if r.random() < 0.8:
            point = {"id": [joint], "x": [round(x + r.uniform(-2, 2) * size, 3)],
                     "y": [round(y + r.uniform(-4, 4) * size, 3)]}
            if score:
                point["score"] = [round(r.random(), 6)]
            points.append(point)
    rect = {"track_id": [track], "annopoints": [{"point": points}]}
    if not score:
        rect.update({"x1": [x - size], "y1": [y - 5 * size], "x2": [x + size], "y2": [y - 3 * size]})
    return rect


def moved(r, rect, track, noise):
    """What somebody might find of a true person."""
    points = []
    for point in rect["annopoints"][0]["point"] if rect["annopoints"] else []:
        if r.random() < 0.85:
            points.append({"id": point["id"], "x": [round(point["x"][0] + r.gauss(0, noise), 3)],
                           "y": [round(point["y"][0] + r.gauss(0, noise), 3)], "score": [round(r.random(), 6)]})
    if r.random() < 0.2:
        missing = [j for j in range(COUNT) if j not in [p["id"][0] for p in points]]
        if missing:
            points.append({"id": [missing[0]], "x": [3.0], "y": [4.0], "score": [round(r.random(), 6)]})
    return {"track_id": [track], "annopoints": [{"point": points}]}


def sequence(r, absent):
    truth, predictions = [], []
    people = r.randrange(1, 5)
    ids = r.sample(range(20), people)
    places = [(round(r.uniform(0, 200), 2), round(r.uniform(0, 100), 2)) for _ in ids]
    noise = r.choice([1, 4, 9])
    for number in range(r.randrange(1, 6)):
        name = [{"name": f"images/case/{number:08}.jpg"}]
        rects, found = [], []
        nobody = r.random() < 0.15
        for k in range(people):
            x, y = places[k]
            rect = person(r, x, y, 10, k + 1, False)
            if absent:
                rect["annopoints"][0]["point"] = [p for p in rect["annopoints"][0]["point"] if p["id"][0] != 5]
            if r.random() < 0.05:
                rect["annopoints"] = []
            if not nobody and r.random() < 0.85:
                rects.append(rect)
            if r.random() < 0.8:
                found.append(moved(r, rect, ids[k], noise))
        if r.random() < 0.25 and people > 1:
            a, b = r.sample(range(people), 2)
            ids[a], ids[b] = ids[b], ids[a]
        if r.random() < 0.2:
            found.append(person(r, r.randrange(200), r.randrange(100), 10, 30 + number, True))
        if r.random() < 0.15:
            found = []
        if absent:
            for rect in found:
                rect["annopoints"][0]["point"] = [p for p in rect["annopoints"][0]["point"] if p["id"][0] != 5]
        frame = {"image": name, "annorect": rects, "is_labeled": [int(bool(rects) or r.random() < 0.5)]}
        if r.random() < 0.3:
            x, y = r.randrange(150), r.randrange(60)
            corners = [(x, y), (x + 60, y), (x + 30, y + 30), (x + 60, y + 60), (x, y + 60)]
            frame["ignore_regions"] = [{"point": [{"x": [a], "y": [b]} for a, b in corners]}]
        truth.append(frame)
        predictions.append({"image": name, "annorect": found})
    return {"annolist": truth}, {"annolist": predictions}


def case(r):
    absent = r.random() < 0.3
    sequences = [sequence(r, absent) for _ in range(r.randrange(1, 4))]
    scored = [p for _, pred in sequences for f in pred["annolist"] for rect in f["annorect"]
              for p in rect["annopoints"][0]["point"]]
    for joint in range(COUNT):  # one a joint: equal scores have no order that all agree on
        own = [p for p in scored if p["id"][0] == joint]
        if own and r.random() < 0.2:
            del r.choice(own)["score"]
    return sequences


def choices():
    """Which quirks are kept, as --quirks has it."""
    return {"all": QUIRKS, "none": [], **{",".join(q for q in QUIRKS if q != one): [q for q in QUIRKS if q != one]
                                          for one in QUIRKS}}


# --- comparing ---

def figures_of(found):
    row = lambda name: [found.get(f"{name}_{joint}") for joint in JOINTS] + [found.get(name)]
    return {name: [NAN if v is None else v for v in row(name)] for name in ROWS}


def differs(found, wanted, where):
    for row in ROWS:
        for name, ours, theirs in zip(JOINTS + ["total"], found[row], wanted[row]):
            if math.isnan(ours) != math.isnan(theirs) or abs(ours - theirs) > TOLERANCE:
                print(f"{where}: {row} of {name} is {ours!r}, wanted {theirs!r}")
                return True
    return False


def poseval_figures(folder):
    import numpy as np
    from poseval import eval_helpers
    from poseval.evaluateAP import evaluateAP
    from poseval.evaluateTracking import evaluateTracking
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        truth, found = eval_helpers.load_data_dir(["", os.path.join(folder, "gt"), os.path.join(folder, "pred") + "/"])
        ap, precision, recall = evaluateAP(truth, found, folder, False, False)
        tracking = evaluateTracking(truth, found, folder, False, False)
    rows = {"AP": ap, "AP_precision": precision, "AP_recall": recall, "MOTA": tracking["mota"],
            "MOTP": tracking["motp"], "precision": tracking["pre"], "recall": tracking["rec"]}
    return {row: [float(v) for v in np.asarray(values).reshape(-1)] for row, values in rows.items()}


def can_poseval(sequences):
    """It fails where a sequence has no frame left but the last."""
    frames = [[f for f in truth["annolist"] if f["annorect"]] for truth, _ in sequences]
    return all(len(one) > 1 for one in frames)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?")
    parser.add_argument("--write", metavar="FILE", help="write cases with the plain version's figures instead")
    parser.add_argument("--sets", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--poseval", metavar="FOLDER", help="a clone of poseval, compared too")
    arguments = parser.parse_args()
    if arguments.poseval:
        sys.path.insert(0, arguments.poseval)
    golden, theirs = [], 0
    for index in range(arguments.sets):
        sequences = case(random.Random(f"{arguments.seed}/{index}"))
        wanted = {name: plain(sequences, quirks) for name, quirks in choices().items()}
        if arguments.write:
            clean = {name: {row: [None if math.isnan(v) else v for v in values] for row, values in rows.items()}
                     for name, rows in wanted.items()}
            golden.append({"sequences": [{"truth": t, "predictions": p} for t, p in sequences], "figures": clean})
            continue
        with tempfile.TemporaryDirectory() as folder:
            for kind, side in (("gt", 0), ("pred", 1)):
                os.mkdir(os.path.join(folder, kind))
                for number, pair in enumerate(sequences):
                    with open(os.path.join(folder, kind, f"case-{number}.json"), "w", encoding="utf-8") as file:
                        json.dump(pair[side], file)
            for name, figures in wanted.items():
                if not arguments.program:
                    break
                output = subprocess.run(
                    [arguments.program, "metrics", "posetrack", os.path.join(folder, "gt"), os.path.join(folder, "pred"),
                     "--quirks", name, "--json"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
                if differs(figures_of(json.loads(output)), figures, f"set {index} of seed {arguments.seed}, quirks {name}"):
                    return 1
            if arguments.poseval and can_poseval(sequences):
                theirs += 1
                if differs(wanted["all"], poseval_figures(folder), f"poseval, set {index} of seed {arguments.seed}"):
                    return 1
    if arguments.write:
        with open(arguments.write, "w", encoding="utf-8") as file:
            json.dump(golden, file, separators=(",", ":"))
            file.write("\n")
    else:
        print(f"{arguments.sets} sets: all figures agree within {TOLERANCE}; {theirs} of them were poseval's too")
    return 0


if __name__ == "__main__":
    sys.exit(main())
