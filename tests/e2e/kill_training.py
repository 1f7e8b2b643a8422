#!/usr/bin/env python3
"""Kills trainings with SIGKILL at random moments, saves included, and resumes them: all must end with the very files
of a training that nobody disturbed.

    tests/e2e/kill_training.py build/release [--kills 50] [--seed 1]

The folder build/release/kill-training is made anew, and removed where all went well."""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

CONFIG = """MODEL: {NAME: pose_resnet, NUM_JOINTS: 17, IMAGE_SIZE: [64, 64], EXTRA: {NUM_LAYERS: 18, WIDTH: 0.125,
  SIGMA: 1, HEATMAP_SIZE: [16, 16], NUM_DECONV_FILTERS: [16, 16, 16]}}
DATASET: {COLOUR: 0.2, SATURATION: 0.2, CUTOUT: 0.3, TRANSLATION: 0.05}
TRAIN: {OPTIMIZER: adamw, LR: 0.002, WD: 0.01, SCHEDULE: cosine, EMA: 0.9, BATCH_SIZE: 4, ACCUMULATE: 2, END_EPOCH: 8}
PRINT_FREQ: 2
"""
TIMEOUT = 300  # seconds, of one process


def start(arguments, folder, resume):
    words = [os.path.join(arguments.build, "bin", "poise"), "train", "tiny.yaml", "--data", "set", "--out", folder]
    words += ["--threads", "1", "--save-steps", "1"] + (["--resume"] if resume else [])
    with open(os.path.join(arguments.work, folder + ".log"), "ab") as log:
        return subprocess.Popen(words, cwd=arguments.work, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def finish(process, arguments, folder):
    if process.wait(TIMEOUT) != 0:
        with open(os.path.join(arguments.work, folder + ".log"), encoding="utf-8") as log:
            sys.exit("%s: the training failed:\n%s" % (folder, log.read()[-2000:]))


def half_written(folder, process=None):
    """The temporary files in a folder, of one process or of all."""
    start = ".poise-" if process is None else ".poise-%d-" % process.pid
    try:
        return [name for name in os.listdir(folder) if name.startswith(start)]
    except FileNotFoundError:
        return []


def version(path):
    """Changes with each save: the file is a new one each time."""
    try:
        return os.stat(path).st_ino, os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return None


def wait_for_a_save(process, folder, saves):
    """Returns while a file is being written, after so many checkpoints; or when the process has ended."""
    last = os.path.join(folder, "last.ckpt")
    before = version(last)
    while process.poll() is None:
        now = version(last)
        if now != before:
            before = now
            saves -= 1
        if saves <= 0 and half_written(folder, process):
            return
        time.sleep(0.0002)


def results(folder):
    """Hashes of the checkpoints, and the log without what tells of time."""
    found = {}
    for name in ("last.ckpt", "best.ckpt"):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = hashlib.sha256(file.read()).hexdigest()
    with open(os.path.join(folder, "log.jsonl"), encoding="utf-8") as file:
        found["log.jsonl"] = [json.loads(line) for line in file]
    for record in found["log.jsonl"]:
        for time_told in ("seconds", "images_per_second", "milliseconds"):
            record.pop(time_told, None)
    return found


def compare(name, found, expected, folder):
    for part, value in expected.items():
        if found[part] != value:
            sys.exit("%s: %s is not that of the undisturbed training: see %s" % (name, part, folder))
    left = half_written(folder)
    if left:
        sys.exit("%s: files of killed processes were left behind: %s" % (name, ", ".join(left)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.build = os.path.abspath(arguments.build)
    arguments.work = os.path.join(arguments.build, "kill-training")
    shutil.rmtree(arguments.work, ignore_errors=True)
    os.makedirs(arguments.work)
    subprocess.run([os.path.join(arguments.build, "tests", "make_figure_set"), os.path.join(arguments.work, "set"),
                    "24", "6", "96"], check=True)
    with open(os.path.join(arguments.work, "tiny.yaml"), "w", encoding="utf-8") as file:
        file.write(CONFIG)

    begin = time.monotonic()
    finish(start(arguments, "whole", False), arguments, "whole")
    seconds = time.monotonic() - begin
    expected = results(os.path.join(arguments.work, "whole"))

    dice = random.Random(arguments.seed)
    kills = in_saves = runs = 0
    while kills < arguments.kills:
        runs += 1
        name = "killed%d" % runs
        folder = os.path.join(arguments.work, name)
        while True:
            process = start(arguments, name, os.path.exists(os.path.join(folder, "last.ckpt")))
            if kills >= arguments.kills:
                break
            if dice.random() < 0.5:
                wait_for_a_save(process, folder, dice.randint(0, 4))
                time.sleep(dice.uniform(0, 0.001))
            else:
                try:
                    process.wait(dice.uniform(0, seconds * 0.8))
                except subprocess.TimeoutExpired:
                    pass
            if process.poll() is not None:
                break  # it was done sooner
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            in_saves += 1 if half_written(folder, process) else 0
        finish(process, arguments, name)
        compare(name, results(folder), expected, folder)
    print("%d kills, %d of them while a file was being written, in %d trainings of %.1f s; each ended with last.ckpt %s"
          % (kills, in_saves, runs, seconds, expected["last.ckpt"]))
    if in_saves < arguments.kills // 10:
        sys.exit("too few kills fell into saves: the disk is too fast for this test, give it a slower one")
    shutil.rmtree(arguments.work)


main()
