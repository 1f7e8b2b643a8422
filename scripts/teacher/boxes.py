#!/usr/bin/env python3
"""Person boxes from a teacher: FastestDet (BSD-3) seen through several views, beside the boxes of labelled people.

    python3 -m venv build/teacher/venv && build/teacher/venv/bin/pip install onnxruntime numpy pillow
    build/teacher/venv/bin/python scripts/teacher/boxes.py --shared ../shared --out models/labels

Writes lspet_boxes.json and ccp_boxes.json, described in models/labels/README.md. Raw detections
are kept under --cache, so that thresholds can be changed without running the network.
LSPET's val.json is not looked at.
"""
import argparse
import hashlib
import json
import pathlib
import sys

import numpy as np
import onnxruntime
from PIL import Image

SIDE = 352  # the network's input, pixels
FLOOR = 0.15  # raw detections below are not kept

SETTINGS = {
    # Parts of the image (left, top, right, bottom, in its sides), mirrored or not, and the share of the input they fill.
    "views": [[[0, 0, 1, 1], False, 1.0], [[0, 0, 1, 1], True, 1.0], [[0, 0, 1, 1], False, 0.6],
              [[0, 0, 0.6, 0.6], False, 1.0], [[0.4, 0, 1, 0.6], False, 1.0],
              [[0, 0.4, 0.6, 1], False, 1.0], [[0.4, 0.4, 1, 1], False, 1.0]],
    "edge": 0.02,        # of a part: boxes that end this near to its inner border were cut off and are not used
    "part": 0.65,        # longer boxes than this share of a part that is not the whole image are not used: limbs of someone
    "within": 0.5,       # share of a box that lies in a surer or labelled one: a limb of that person, not used
    "same": 0.5,         # IoU: detections that are one person
    "sure": 0.6,         # score: a person
    "maybe": 0.25,       # score: a doubtful one, to be neither learned nor held against anyone
    "agree": 0.45,       # IoU: the teacher's box is the labelled person's
    "contradict": 0.15,  # IoU: the teacher's sure box overlaps the labelled one and is another
    "smallest": 8,       # pixels: shorter boxes are doubtful
}


class Teacher:
    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.net = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input = self.net.get_inputs()[0].name

    def look(self, image, part, mirror, fill):
        """(n, 5): left, top, right, bottom in image pixels (0 is the first pixel's left edge), score; raw, overlapping.

        The part is resized to the input, aspect not kept, as the network was trained; `fill` below 1 leaves a grey
        frame around it, in which people appear smaller.
        """
        size = np.array(image.size)
        low, high = np.round(np.array(part[:2]) * size), np.round(np.array(part[2:]) * size)
        inner = round(SIDE * fill)
        view = image.resize((inner, inner), Image.Resampling.BILINEAR, box=(*low, *high))
        if mirror:
            view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        canvas = np.full((SIDE, SIDE, 3), 114, np.uint8)
        start = (SIDE - inner) // 2
        canvas[start:start + inner, start:start + inner] = np.asarray(view)
        planes = canvas[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255
        out = self.net.run(None, {self.input: planes})[0][0]
        score = np.where(out[5:].argmax(0) == 0, out[0] ** 0.6 * out[5] ** 0.4, 0)
        rows, columns = np.nonzero(score > FLOOR)
        found = out[:, rows, columns]
        cells = out.shape[1]
        centre = (np.array([columns, rows]) + np.tanh(found[1:3])) / cells * SIDE
        half = SIDE / (1 + np.exp(-found[3:5])) / 2
        left_top, right_bottom = ((c - start) / inner for c in (centre - half, centre + half))
        if mirror:
            left_top[0], right_bottom[0] = 1 - right_bottom[0], 1 - left_top[0]
        edge = SETTINGS["edge"]
        inside = np.ones(len(rows), bool)
        for axis in (0, 1):
            inside &= (part[axis] == 0) | (left_top[axis] > edge)
            inside &= (part[axis + 2] == 1) | (right_bottom[axis] < 1 - edge)
        if part != [0, 0, 1, 1]:
            inside &= (right_bottom - left_top).max(0) < SETTINGS["part"]
        span = (high - low)[:, None]
        boxes = np.vstack([left_top * span + low[:, None], right_bottom * span + low[:, None],
                           score[rows, columns][None]]).T
        boxes[:, :4] = np.clip(boxes[:, :4], 0, np.tile(size, 2))
        return boxes[inside]


def overlaps(box, boxes):
    return np.maximum(np.minimum(box[2:4], boxes[:, 2:4]) - np.maximum(box[:2], boxes[:, :2]), 0).prod(1)


def share_within(boxes, box):
    return overlaps(box, boxes) / np.maximum((boxes[:, 2:4] - boxes[:, :2]).prod(1), 1e-6)


def iou(box, boxes):
    overlap = overlaps(box, boxes)
    areas = (boxes[:, 2:4] - boxes[:, :2]).prod(1)
    return overlap / np.maximum((box[2:4] - box[:2]).prod() + areas - overlap, 1e-6)


def merge(boxes):
    """One box a person: its detections' mean, weighted by the square of their scores; the best one's score."""
    merged = []
    boxes = boxes[(boxes[:, 2:4] > boxes[:, :2]).all(1) & (boxes[:, 4] >= SETTINGS["maybe"])]
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    while len(boxes):
        same = iou(boxes[0], boxes) >= SETTINGS["same"]
        same[0] = True
        weights = boxes[same, 4:] ** 2
        merged.append(np.append((boxes[same, :4] * weights).sum(0) / weights.sum(), boxes[0, 4]))
        boxes = boxes[~same & (share_within(boxes, merged[-1]) < SETTINGS["within"])]
    return np.array(merged).reshape(-1, 5)


def decide(label, found):
    """The image's persons and doubtful boxes. `label`: left, top, right, bottom of its labelled person."""
    persons, doubtful = [], []
    own = iou(label, found) if len(found) else np.zeros(0)
    if len(own) and own.max() >= SETTINGS["agree"] and found[own.argmax(), 4] >= SETTINGS["maybe"]:
        best = own.argmax()
        # Joints know where limbs end, the teacher where hair and feet do.
        share = 0.75 * found[best, 4]
        persons.append(share * found[best, :4] + (1 - share) * label)
    elif len(own) and ((own >= SETTINGS["contradict"]) & (found[:, 4] >= SETTINGS["sure"])).any():
        doubtful.append(label)
    else:
        persons.append(label)
    limbs = share_within(found, label) >= SETTINGS["within"] if len(found) else []
    for box, same, limb in zip(found, own, limbs):
        if same >= SETTINGS["agree"] or limb:
            continue
        large = min(box[2:4] - box[:2]) >= SETTINGS["smallest"]
        if box[4] >= SETTINGS["sure"] and large:
            persons.append(box[:4])
        elif box[4] >= SETTINGS["maybe"]:
            doubtful.append(box[:4])
    return persons, doubtful


def labelled(path):
    """(image, box) of each person of a COCO-style file; the box as left, top, right, bottom within the image."""
    truth = json.loads(path.read_text())
    images = {i["id"]: i for i in truth["images"]}
    for annotation in truth["annotations"]:
        image = images[annotation["image_id"]]
        x, y, width, height = annotation["bbox"]
        high = np.minimum([x + width, y + height], [image["width"], image["height"]])
        yield image, np.array([max(x, 0), max(y, 0), *high], float)


def look_at_all(teacher, folder, items, cache):
    if cache.exists():
        with np.load(cache) as kept:
            rows = kept["rows"]
    else:
        rows = []
        for number, (image, _) in enumerate(items):
            photo = Image.open(folder / image["file_name"]).convert("RGB")
            for view in SETTINGS["views"]:
                rows += [[image["id"], *box] for box in teacher.look(photo, *view)]
            if number % 500 == 0:
                print(f"  {cache.stem} {number} of {len(items)}", file=sys.stderr, flush=True)
        rows = np.array(rows, np.float32).reshape(-1, 6)
        np.savez_compressed(cache, rows=rows)
    ids, starts = np.unique(rows[:, 0], return_index=True)
    by_id = dict(zip(ids.astype(int), np.split(rows[:, 1:].astype(float), starts[1:])))
    return {image["id"]: merge(by_id.get(image["id"], np.zeros((0, 5)))) for image, _ in items}


def write(path, info, items, found):
    images, annotations, counts = [], [], [0, 0, 0]
    for image, label in items:
        images.append({k: image[k] for k in ("id", "file_name", "width", "height")})
        persons, doubtful = decide(label, found[image["id"]])
        counts[0] += len(persons)
        counts[1] += len(doubtful)
        counts[2] += any(np.array_equal(label, d) for d in doubtful)
        for kind, boxes in enumerate((persons, doubtful)):
            for box in boxes:
                low, high = np.round(box[:2]).astype(int), np.round(box[2:]).astype(int)
                if min(high - low) < 1:
                    continue
                annotations.append({"id": len(annotations) + 1, "image_id": image["id"], "category_id": 1,
                                    "bbox": [int(v) for v in (*low, *(high - low))], "iscrowd": kind})
    lines = [json.dumps(row, separators=(",", ":")) for row in images], \
        [json.dumps(row, separators=(",", ":")) for row in annotations]
    head = json.dumps({"info": info, "categories": [{"id": 1, "name": "person"}]})[:-1]
    path.write_text(head + ',\n"images":[\n' + ",\n".join(lines[0]) + '\n],\n"annotations":[\n' + ",\n".join(lines[1])
                    + "\n]}\n")
    print(f"{path.name}: {len(images)} images, {counts[0]} persons, {counts[1]} doubtful boxes, "
          f"of which {counts[2]} are the labelled person's; {path.stat().st_size} bytes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, default=pathlib.Path("../shared"))
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("models/labels"))
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("build/teacher"))
    options = parser.parse_args()
    model = options.shared / "models/fastestdet.onnx"
    lspet = options.shared / "data/lspet"
    ccp = options.out / "ccp_teacher.json"
    for need in (model, lspet / "train.json", options.shared / "data/people/ccp", ccp):
        if not need.exists():
            sys.exit(f"{need}: not there; give the folder of models and data with --shared")
    options.cache.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    teacher = Teacher(model)
    info = {"teacher": "FastestDet, BSD-3-Clause",
            "teacher_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
            "script": "scripts/teacher/boxes.py", "settings": SETTINGS,
            "iscrowd": "1: a doubtful box, neither a person nor background"}
    sets = [("ccp_boxes", ccp, options.shared / "data/people/ccp"),
            ("lspet_boxes", lspet / "train.json", lspet / "images")]
    for name, labels, folder in sets:
        items = list(labelled(labels))
        found = look_at_all(teacher, folder, items, options.cache / f"{name}.npz")
        write(options.out / f"{name}.json", info, items, found)


if __name__ == "__main__":
    main()
