#!/usr/bin/env python3
"""Parts everyday people and LSPET into what is trained on and a development set, on which runs, epochs, input sizes and
thresholds are chosen and which is never trained on.

    python3 scripts/teacher/development.py --shared ../shared --out build/split

Writes OUT/train/{flickr8k,person_tracker,nobody,lspet} and OUT/dev/{coco,flickr8k,person_tracker,nobody,lspet}, each with
train.json (COCO style) and images/, a link to the pictures. The same pictures go the same way on every machine: a picture's
place follows from the SHA-256 of its name, a clip's from that of its first picture's name.

Development: all of everyday/coco; 500 pictures of flickr8k; 150 of nobody; whole clips of person_tracker, about 250
pictures, where pictures whose difference hashes lie near each other are one clip, since frames repeat; 500 of LSPET train.
"""
import argparse
import hashlib
import json
import pathlib

import numpy as np
from PIL import Image

NEAR = 10  # bits of 64 in which pictures of one clip differ at most


def order(name):
    return hashlib.sha256(name.encode()).hexdigest()


def difference_hash(path):
    grey = np.asarray(Image.open(path).convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    return (grey[:, 1:] > grey[:, :-1]).reshape(64)


def clips(folder, names):
    """Names in groups: pictures that are linked by a chain of near hashes belong together."""
    bits = np.array([difference_hash(folder / name) for name in names], np.uint8)
    parent = list(range(len(names)))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i in range(len(names)):
        for j in np.flatnonzero((bits[i + 1:] != bits[i]).sum(1) <= NEAR):
            parent[root(int(i + 1 + j))] = root(i)
    groups = {}
    for i, name in enumerate(names):
        groups.setdefault(root(i), []).append(name)
    return sorted((sorted(group) for group in groups.values()), key=lambda group: order(group[0]))


def write(out, data, pictures, folder):
    """`pictures`: names; the annotations follow them."""
    out.mkdir(parents=True, exist_ok=True)
    images = [i for i in data["images"] if i["file_name"] in pictures]
    ids = {i["id"] for i in images}
    part = data | {"images": images, "annotations": [a for a in data["annotations"] if a["image_id"] in ids]}
    (out / "train.json").write_text(json.dumps(part, separators=(",", ":")))
    link = out / "images"
    if link.is_symlink():
        link.unlink()
    link.symlink_to(folder.resolve(), target_is_directory=True)
    print(f"{out}: {len(images)} pictures, {len(part['annotations'])} people")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, default=pathlib.Path("../shared"))
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/split"))
    options = parser.parse_args()
    everyday = options.shared / "data/everyday"
    sets = {name: (everyday / name, 10**9 if name == "coco" else count)
            for name, count in (("coco", 0), ("flickr8k", 500), ("nobody", 150), ("person_tracker", 250))}
    sets["lspet"] = (options.shared / "data/lspet", 500)
    for name, (folder, count) in sets.items():
        data = json.loads((folder / "train.json").read_text())
        names = [i["file_name"] for i in data["images"]]
        if name == "person_tracker":
            held = set()
            for group in clips(folder / "images", sorted(names)):
                if len(held) < count and len(group) <= 60:
                    held.update(group)
        else:
            held = set(sorted(names, key=order)[:count])
        write(options.out / "dev" / name, data, held, folder / "images")
        if len(held) < len(names):
            write(options.out / "train" / name, data, set(names) - held, folder / "images")


if __name__ == "__main__":
    main()
