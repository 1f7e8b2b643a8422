#!/usr/bin/env python3
"""Small inputs after public bug reports (../shared/cases), made anew and tried on the program: each must give what its
expect.txt says. Figures are read from there.

    tests/e2e/cases.py build/release/bin/poise [NAME...] [--cases ../shared/cases] [--keep FOLDER]

The makers need Python's packages numpy, onnx, pillow, pycocotools and scipy: those of build/cases, which scripts/test
--long makes, else whatever this Python has. A case whose package is missing is skipped aloud."""

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TIMEOUT = 300  # seconds, of one command


class Case:
    """One case in a folder of its own, and what was found wrong with it."""

    def __init__(self, program, folder):
        self.program, self.folder, self.faults = program, folder, []
        with open(os.path.join(folder, "expect.txt"), encoding="utf-8") as file:
            self.expected = file.read()

    def run(self, *words):
        environment = dict(os.environ, POISE_MODELS=os.path.join(self.folder, ".models"),
                           POISE_PLANS=os.path.join(self.folder, ".plans"))
        done = subprocess.run([self.program, *words], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
        self.last = words
        self.code = done.returncode
        self.out, self.err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        self.check(done.returncode in (0, 1, 2), "ended with %d" % done.returncode)
        return done.returncode

    def check(self, right, what):
        if not right:
            words = " ".join(repr(w) if not isinstance(w, str) or " " in w else w for w in self.last)
            self.faults.append("%s\n      poise %s\n      %d: %s" % (what, words, self.code, self.err.strip()[-400:]))
        return right

    def refused(self, *words, says=()):
        """The command fails with one line of error that holds one of `says`."""
        self.run(*words)
        errors = [line for line in self.err.splitlines() if line.startswith("poise: ")]
        self.check(self.code == 1 and len(errors) == 1, "one error in one line was wanted")
        if says:
            self.check(any(part in self.err for part in says), "the error should speak of " + " or ".join(says))

    def said(self, *parts):
        self.check(any(part in self.err + self.out for part in parts), "it should say " + " or ".join(parts))

    def json(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return json.load(file, parse_constant=lambda word: sys.exit("%s: %s is no JSON" % (name, word)))

    def figures(self, after="", count=10):
        """The numbers that stand in a row in expect.txt, behind the words `after`."""
        text = self.expected[self.expected.index(after) + len(after):]
        row = re.search(r"(?:-?\d+\.\d{6}\s+){%d}-?\d+\.\d{6}" % (count - 1), text)
        return [float(number) for number in row[0].split()]

    def predict(self, pictures, *words, out="out"):
        """{name: its poses}, of a run that may have failed for some."""
        shutil.rmtree(os.path.join(self.folder, out), ignore_errors=True)
        self.run("predict", *pictures, "--no-image", "--out", out, *words)
        found = {}
        for root, _, files in os.walk(os.path.join(self.folder, out)):
            for name in files:
                if name.endswith(".poses.json"):
                    path = os.path.relpath(os.path.join(root, name), self.folder)
                    poses = self.json(path)
                    found[poses["source"]] = poses
        return found

    def joint(self, poses, name, x, y, near=1.5, score=None, score_near=25):
        """Whether the first person's joint lies there, with about that score."""
        if not self.check(poses is not None and len(poses["persons"]) > 0, "nobody where %s should be" % name):
            return
        at = poses["persons"][0]["keypoints"][poses["skeleton"]["joints"].index(name)]
        self.check(at is not None and abs(at[0] - x) <= near and abs(at[1] - y) <= near,
                   "%s is at %s, not (%g, %g)" % (name, at, x, y))
        if score is not None and at is not None:
            self.check(abs(at[2] - score) <= score_near, "%s scores %g, not %g" % (name, at[2], score))

    def measures(self, wanted, *words):
        """`poise metrics coco` gives these figures, in its order."""
        self.run("metrics", "coco", *words, "--json")
        if not self.check(self.code == 0, "figures were wanted"):
            return
        got = json.loads(self.out)
        names = ["AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl"]
        if "bbox" in words:
            names = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
        values = [got[name] for name in names]
        self.check(all(abs(a - b) < 2e-6 for a, b in zip(values, wanted)), "figures are %s" % values)


PROBE = ("--model", "probe.onnx")
WHOLE = PROBE + ("--detector", "none")


def exif_turns(c):
    names = sorted(n for n in os.listdir(c.folder) if n.endswith((".jpg", ".png", ".webp")))
    found = c.predict(names, *WHOLE)
    for name in names:
        c.joint(found.get(name), "red", 39.5, 7.5, score=250)
        if name in found:
            c.check((found[name]["image"]["width"], found[name]["image"]["height"]) == (48, 32), name + " is not 48x32")
    c.joint(c.predict(["o6.jpg"], *PROBE, "--boxes", "stored.json").get("o6.jpg"), "red", 7.5, 8.5)
    c.joint(c.predict(["o6.jpg"], *PROBE, "--boxes", "upright.json").get("o6.jpg"), "red", 39.5, 7.5)


def colours(c, near, pattern):
    wanted = {name: [int(v) for v in rgb] for name, *rgb in re.findall(pattern, c.expected)}
    found = c.predict(sorted(wanted), *WHOLE)
    c.check(wanted, "no colours in expect.txt")
    for name, rgb in wanted.items():
        if not c.check(name in found, name + " was not read"):
            continue
        got = [joint[2] for joint in found[name]["persons"][0]["keypoints"]]
        c.check(all(abs(a - b) <= near for a, b in zip(got, rgb)), "%s is %s, not %s" % (name, got, rgb))


def cmyk(c):
    colours(c, 3, r"(\S+\.jpg): rgb \((\d+), (\d+), (\d+)\)")


def png_depths(c):
    colours(c, 1, r"(\S+\.png) \((\d+), (\d+), (\d+)\)")


def jpeg_junk(c):
    names = sorted(n for n in os.listdir(c.folder) if n.endswith(".jpg"))
    found = c.predict(names, *WHOLE)
    c.check(c.code == 0, "every picture is whole")
    clean = [joint[2] for joint in found["clean.jpg"]["persons"][0]["keypoints"]]
    for name in names:
        c.joint(found.get(name), "red", 39.5, 7.5)
        if name in found:
            got = [joint[2] for joint in found[name]["persons"][0]["keypoints"]]
            c.check(got == clean, "%s is not clean.jpg" % name)
    for name in ("no_eoi.jpg", "zeros_for_eoi.jpg", "byte_before_dqt.jpg"):
        c.said(name)


def jpeg_cut(c):
    good = ["base_good.jpg", "prog_good.jpg"]
    cut = sorted(n for n in os.listdir(c.folder) if n.endswith((".jpg", ".png", ".webp")) and n not in good)
    found = c.predict(good[:1] + cut + good[1:], *WHOLE)
    c.check(c.code == 1, "exit code 1 was wanted")
    for name in good:
        c.joint(found.get(name), "red", 250.5, 60.5, near=4)
    for name in cut:
        c.check(name not in found, name + " passed for a picture")
        c.check(sum(1 for line in c.err.splitlines() if line.startswith("poise: " + name)) == 1, name + " in one line")
    c.refused("predict", "base_half.jpg", "--no-image", *PROBE, "--boxes", "named.json", says=["base_half.jpg"])


def mpo(c):
    c.joint(c.predict(["phone.jpg"], *WHOLE).get("phone.jpg"), "red", 39.5, 7.5)


def wrong_names(c):
    names = ["png_inside.jpg", "webp_inside.png", "jpeg_inside.webp"]
    found = c.predict(names, *WHOLE)
    for name in names:
        c.joint(found.get(name), "red", 39.5, 7.5)
    bad = {"IMG_0001.jpg": "HEIC", "photo.jpg": "AVIF", "anim.png": "GIF", "scan.jpg": "BMP", "page.jpg": "not a",
           "lfs.jpg": "not a"}
    c.predict(["bad/" + name for name in bad], *WHOLE)
    for name, kind in bad.items():
        c.check(any("bad/" + name in line and kind in line for line in c.err.splitlines()), "%s is %s" % (name, kind))
    found = c.predict(["folder"], *WHOLE)
    c.check(len(found) == 5, "five pictures were wanted, not " + ", ".join(found))


def animated(c):
    for name in ("anim.webp", "anim.png"):
        found = c.predict([name], *WHOLE)
        if c.code == 0:
            c.joint(found.get(name), "red", 39.5, 7.5)
        else:
            c.said("moving", "animat")


def json_spellings(c):
    base = c.figures("ARl = ")
    for gt, res in [("gt", "res"), ("gt_bom_crlf", "res"), ("gt", "res_bom"), ("gt_float_ids", "res"),
                    ("gt", "res_float_ids"), ("gt", "res_exp"), ("gt_unicode", "res"), ("gt_unicode_escaped", "res")]:
        c.measures(base, gt + ".json", res + ".json")
    c.refused("metrics", "coco", "gt_utf16.json", "res.json", says=["UTF-16"])
    c.run("metrics", "coco", "gt_control.json", "res.json", "--json")
    c.check(c.code == 0 or re.search(r"(line|byte) \d+", c.err), "those figures, or the place of the tab")
    for name in ("res_trailing_comma", "res_kpt_comma"):
        c.refused("metrics", "coco", "gt.json", name + ".json", says=["line ", "byte ", "results["])
        c.check(name in c.err, "the error should name the file")
    for name in ("gt_cut", "gt_empty", "gt_nul", "gt_two"):
        c.refused("metrics", "coco", name + ".json", "res.json", says=[name])
        c.check(re.search(r"(line|byte) \d+|empty", c.err), "and the place")
    for name, box in (("det_bom", [0, 0, 64, 48]), ("det_float", [0, 0, 64, 48]), ("gt_float_ids", None),
                      ("gt_bom_crlf", None)):
        found = c.predict(["im/pic1.png"], *PROBE, "--boxes", name + ".json")
        if c.check(c.code == 0 and len(found) == 1 and found["im/pic1.png"]["persons"], name + ": a person was wanted"):
            persons = found["im/pic1.png"]["persons"]
            c.check(box is None or persons[0]["box"] == box, "%s: box %s" % (name, persons[0]["box"]))
            c.check(box is not None or len(persons) == 2, "%s: %d persons" % (name, len(persons)))
    for name in ("det_str", "det_utf16"):
        c.refused("predict", "im/pic1.png", *PROBE, "--boxes", name + ".json", says=["UTF-16", "image_id"])


def annotation_ids(c):
    c.measures(c.figures("own figures are "), "from_zero.json", "res.json")
    c.said("id 0")
    c.measures(c.figures("xtcocotools: "), "from_zero.json", "res.json", "--variant", "xtcocotools")
    for name in ("all_zero", "all_one"):
        c.refused("metrics", "coco", name + ".json", "res.json", says=["earlier annotation"])
    c.refused("metrics", "coco", "no_ids.json", "res.json", says=["annotations[0].id"])


def sparse_annotations(c):
    c.measures(c.figures("of the box) "), "no_area.json", "res.json", "--variant", "xtcocotools")
    c.run("metrics", "coco", "no_area.json", "res.json")
    c.said("annotations[0].area", "area")
    plain = c.figures("no_size: ")
    for name in ("no_seg_no_crowd", "null_seg", "no_size"):
        c.measures(plain, name + ".json", "res.json")
    c.run("metrics", "coco", "no_num.json", "res.json", "--json")
    if c.code == 0:
        c.measures(plain, "no_num.json", "res.json")
    else:
        c.said("num_keypoints")
    c.measures(c.figures("by\ncocoapi: "), "num_zero.json", "res.json")
    for name in ("null_all", "text_box"):
        c.run("metrics", "coco", name + ".json", "res.json", "--json")
        c.check(c.code == 0 or "annotations[" in c.err, "an error should name the entry")


def foreign_paths(c):
    pictures = ["images/cb06-a.png", "images/sub/b.png"]
    for name in ("win", "drive", "escaped", "dots"):
        found = c.predict(pictures, *PROBE, "--boxes", name + ".json")
        for picture, box in zip(pictures, ([4, 6, 30, 36], [5, 6, 30, 36])):
            if c.check(picture in found and found[picture]["persons"], "%s: nobody in %s" % (name, picture)):
                got = found[picture]["persons"][0]["box"]  # cleaned as Simple Baselines does, by a pixel
                c.check(all(abs(a - b) <= 1 for a, b in zip(got, box)), "%s: %s is at %s" % (name, picture, got))
    for name in ("url", "case"):
        found = c.predict(pictures, *PROBE, "--boxes", name + ".json")
        c.check(found.get(pictures[1], {"persons": 0})["persons"], name + ": nobody in " + pictures[1])
        c.said("cb06-a.png")
    for name in ("win", "drive", "escaped", "dots"):
        c.run("data", "check", name + ".json", "--images", "images")
        c.check("missing image" not in c.out, name + ": a picture is missing")
        c.run("eval", *PROBE, "-a", name + ".json", "-i", "images", "--skeleton", "coco17", "--json", "-")
        c.check("are not in images" not in c.err and "is not in images" not in c.err, name + ": a picture is missing")
    for name in ("url", "case"):
        c.run("data", "check", name + ".json", "--images", "images")
        c.check(c.code == 1 and "missing image" in c.out, name + ": a picture is missing")
        c.said("https://host/x/cb06-a.png?d=1", "CB06-A.PNG")


def nested_keypoints(c):
    for name in ("nested", "nested_cat1", "pairs"):
        c.refused("metrics", "coco", "gt.json", name + ".json", says=["[0]"])
        c.said("keypoints")
    c.run("metrics", "coco", "gt.json", "alphapose.json")
    c.said("image_id")
    c.refused("metrics", "coco", "gt.json", "alphapose_dict.json", says=["array"])
    c.run("metrics", "coco", "gt.json", "cat0.json")
    c.said("categor")


def rle_crowd(c):
    for res in sorted(n for n in os.listdir(c.folder) if n.startswith("res")):
        for gt in sorted(n for n in os.listdir(c.folder) if n.startswith("gt")):
            c.measures(c.figures("ARl = ", 12), gt, res, "--iou", "bbox")


def rows(c, folder, *words):
    c.run("convert-results", folder, "--from", "openpose", "--to", "csv", "--out", "x.csv", *words)
    if c.code != 0:
        return None
    with open(os.path.join(c.folder, "x.csv"), newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def openpose_files(c):
    truth = c.json("truth.json")
    found = rows(c, "good")
    if c.check(found is not None and len(found) == 25, "25 joints were wanted"):
        for j, row in enumerate(found):
            got = [float(row[k]) for k in ("x", "y", "joint_score")]
            c.check(all(abs(a - b) < 1e-3 for a, b in zip(got, truth[3 * j:3 * j + 3])), "joint %d is %s" % (j, got))
    found = rows(c, "ints")
    c.check(found is not None and len(found) == 24 + any(not row["x"] for row in found), "the third joint is missing")
    found = rows(c, "coco18")
    c.check(found is not None and len(found) == 18, "18 joints were wanted")
    for name in ("halpe26", "coco17", "pairs"):
        c.refused("convert-results", name, "--from", "openpose", "--to", "csv", "--out", "x.csv", says=["keypoints"])
    c.run("convert-results", "old", "--from", "openpose", "--to", "csv", "--out", "x.csv")
    c.check(c.code == 0 or "pose_keypoints_2d" in c.err, "read, or what is missing")
    if c.code == 0:
        c.check(len(rows(c, "old")) == 18, "18 joints were wanted")
    c.refused("convert-results", "nopeople", "--from", "openpose", "--to", "csv", "--out", "x.csv", says=["people"])
    c.check(rows(c, "wrong_person_id") is not None, "the number of a person matters to nobody")
    c.run("convert-results", "null", "--from", "openpose", "--to", "csv", "--out", "x.csv")
    c.check(c.code == 0 or "people[0]" in c.err, "read, or the entry")


CONVERT = ("--arch", "pose_resnet", "--depth", "18", "--width", "0.125", "--deconv-filters", "4", "--joints", "3",
           "--size", "64x64", "--preset", "simple-baselines", "--skeleton", "three.json", "--out", "o.onnx")


def converted(c, name, rounded=None):
    """The file's arrays are those of truth.npz, rounded as named."""
    import numpy as np
    import onnx
    from onnx import numpy_helper

    c.run("convert", name, *CONVERT)
    if not c.check(c.code == 0, name + " should be read"):
        return
    graph = onnx.load(os.path.join(c.folder, "o.onnx")).graph
    got = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    with np.load(os.path.join(c.folder, "truth.npz")) as truth:
        for key in truth.files:
            if truth[key].dtype == np.int64:
                continue  # batches counted while training: nothing computes with them
            want = truth[key]
            if rounded == "half":
                want = want.astype(np.float16).astype(np.float32)
            if rounded == "bf16":
                bits = want.astype(np.float32).view(np.uint32)
                want = ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).view(np.float32)
            c.check(key in got and np.array_equal(got[key], want.astype(np.float32)), "%s of %s" % (key, name))


def pth_wrappings(c):
    for name in ("plain_zip.pth", "plain_legacy.pth", "old_no_tracked.pth.tar", "dataparallel.pth",
                 "dataparallel_legacy.pth", "renamed_folder.pth", "double.pth"):
        converted(c, name)
    converted(c, "half.pth", "half")
    converted(c, "bf16.pth", "bf16")
    for name in ("module_module.pth", "lightning.ckpt", "mmpose.pth"):
        c.run("convert", name, *CONVERT)
        if c.code == 0:
            converted(c, name)
        else:
            c.said("module.", "model.", "backbone.", "save the state_dict alone")
    c.run("convert", "ema.pth", *CONVERT)
    c.said("ema_state_dict")
    for name in ("whole_model.pth", "whole_model_legacy.pth"):
        c.refused("convert", name, *CONVERT, says=["HourglassNet"])


def safetensors(c):
    for name in ("good", "unaligned", "no_meta_pad", "meta", "reversed", "header_reversed", "module", "f64"):
        converted(c, name + ".safetensors")
    converted(c, "f16.safetensors", "half")
    converted(c, "bf16.safetensors", "bf16")
    for name in ("tail", "cut"):
        c.refused("convert", name + ".safetensors", *CONVERT)
    for kind, says in (("lfs", ["Git LFS", "git lfs"]), ("page", ["web page", "HTML"])):
        for end in ("safetensors", "pth", "onnx"):
            c.refused("convert", "%s.%s" % (kind, end), *CONVERT, says=says)


def darknet_spellings(c):
    for name in ("plain", "crlf", "old_header", "comments", "inline_hash", "inline_semicolon", "spaces",
                 "no_last_newline", "network", "names_blank", "no_names", "bom", "three_names"):
        c.run("detect", "a.png", "--detector", name + ".weights", "--out", "b.json")
        if c.code != 0 and name in ("bom", "three_names"):
            c.said("byte order mark", "BOM", "names")
            continue
        if c.check(c.code == 0, name + " should be read"):
            boxes = c.json("b.json")
            c.check(len(boxes) == 1 and all(abs(a - b) < .01 for a, b in zip(boxes[0]["bbox"], (4, 12, 16, 16))) and
                    abs(boxes[0]["score"] - .9999) < 1e-4, "%s: %s" % (name, boxes))
    for name in ("short", "long"):
        c.refused("detect", "a.png", "--detector", name + ".weights", "--out", "b.json")
        c.check(re.search(r"\d", c.err), "how many numbers")


def mpii_lsp(c):
    c.run("metrics", "pckh", "gt_valid.mat", "pred.mat", "--json")
    c.check(c.code == 0, "figures were wanted")
    got = json.loads(c.out) if c.code == 0 else {}
    text = " ".join("%s=%s" % pair for pair in got.items())
    for name, value in (("Mean", r"Mean = ([\d.]+)"), ("Head", r"Head ([\d.]+)"), ("ankles", r"ankles ([\d.]+)")):
        wanted = float(re.search(value, c.expected)[1])
        c.check(any(isinstance(v, float) and min(abs(v - wanted), abs(100 * v - wanted)) < 1e-4 for v in got.values()),
                "%s is not %g: %s" % (name, wanted, text))
    truth = c.json("truth.json")["x"]
    for folder, occluded in (("lsp", (1,)), ("lspet", (0, 1))):
        c.run("convert-results", folder + "/joints.mat", "--from", folder, "--to", "coco", "--out", "o.json")
        if not c.check(c.code == 0, folder + " should be read"):
            continue
        person = c.json("o.json")["annotations"][0]["keypoints"]
        visibility = person[2::3]
        c.check(visibility[4] in occluded and all(v == 2 for j, v in enumerate(visibility) if j != 4),
                "%s: v is %s" % (folder, visibility))
        for j in range(14):
            if visibility[j] > 0:
                wanted = (truth[0][j][0] - 1, truth[1][j][0] - 1)
                c.check(abs(person[3 * j] - wanted[0]) < .01 and abs(person[3 * j + 1] - wanted[1]) < .01,
                        "%s: joint %d" % (folder, j))


def csv_excel(c):
    for name in ("plain", "excel", "no_newline", "quoted", "blank_lines", "reordered", "bom_only", "crlf_only"):
        c.run("convert-results", name + ".csv", "--from", "csv", "--to", "coco", "--out", "o.json")
        if not c.check(c.code == 0, name + " should be read"):
            continue
        persons = c.json("o.json")
        flat = [[v for v in person["keypoints"]] for person in persons]
        c.check(len(persons) == 3, "%s: %d persons" % (name, len(persons)))
        c.check(any(all(any(abs(a - b) < 1e-4 for a in keypoints) for b in (10.5, 20.25, .9, 12, 18, .7))
                    for keypoints in flat), "%s: %s" % (name, flat))
    for name in ("semicolon", "tabs", "old_mac", "cut_quote"):
        c.refused("convert-results", name + ".csv", "--from", "csv", "--to", "coco", "--out", "o.json", says=["line"])
    for name in ("nan", "empty_xy"):
        c.run("convert-results", name + ".csv", "--from", "csv", "--to", "coco", "--out", "o.json")
        c.check(c.code == 0 or "line" in c.err, "not found, or the line")


def odd_names(c):
    found = c.predict(["in"], *WHOLE)
    wanted = sum(len([f for f in files if f != ".hidden.jpg"]) for _, _, files in os.walk(os.path.join(c.folder, "in")))
    latin = any("latin" in line for line in c.err.splitlines() if line.startswith("poise: "))
    c.check(len(found) >= wanted - latin, "%d results of %d pictures" % (len(found), wanted))
    for name in ("in/IMG[1].jpg", "in/a*b.jpg", "in/q?.jpg", "in/[set]/in.jpg", "in/[set]"):
        found = c.predict([name], *WHOLE)
        c.check(len(found) == 1, "%s: %d results" % (name, len(found)))
    c.run("predict", "in", *WHOLE, "--no-image", "--format", "csv", "--out", "table")
    sources = set()
    for root, _, files in os.walk(os.path.join(c.folder, "table")):
        for name in (n for n in files if n.endswith(".csv")):
            with open(os.path.join(root, name), newline="", encoding="utf-8") as file:
                sources |= {row["source"] for row in csv.DictReader(file)}
    c.check(any('quote"' in name for name in sources) and any("\n" in name for name in sources), "names in the CSV")
    c.run("predict", "in", *WHOLE, "--no-image", "--format", "coco", "--out", "coco")
    c.json("coco/results.json")
    found = c.predict(["apple"], *WHOLE)
    c.check(c.code == 0 and list(found) == ["apple/x.jpg"], "x.jpg alone")


def boxes_at_the_edge(c):
    for name in ("half_out", "negative_xy"):
        c.joint(c.predict(["a.png"], *PROBE, "--boxes", name + ".json").get("a.png"), "red", 60, 44)
    for name in ("outside", "zero", "huge", "e300", "tiny", "point", "score2"):
        c.predict(["a.png"], *PROBE, "--boxes", name + ".json")
        c.check(c.code == 0 or "box" in c.err or "detections[0]" in c.err, name + ": finite, or said why not")
    for name in ("negative_w", "score_text", "no_score", "five", "xyxy"):
        c.run("predict", "a.png", *PROBE, "--boxes", name + ".json", "--no-image")
        c.check((c.code == 1 and "detections[0]" in c.err) or name == "xyxy", name + ": the entry")
    c.predict(["a.png"], *PROBE, "--boxes", "empty.json")
    c.said("nobody")
    c.predict(["a.png"], *PROBE, "--boxes", "cat0.json")
    c.said("1 detection left out: of another category")
    c.predict(["a.png"], *PROBE, "--boxes", "cat_none.json")
    c.check(c.code == 0 or "category_id" in c.err, "taken, or an error")
    for name in ("outside", "zero", "cat3"):
        found = c.predict(["a.png"], *PROBE, "--boxes", "good_and_%s.json" % name)
        c.joint(found.get("a.png"), "red", 60, 44)
        c.said("box 1", "left out")
    found = c.predict(["one.png", "thin.png"], *WHOLE)
    c.check(c.code == 0 and len(found) == 2, "a picture of one pixel is one")


def thirteen_joints(c):
    c.measures(c.figures("by their names): "), "gt.json", "res.json")
    sigmas = ",".join([".05"] * 13)
    for name in ("unnamed", "nonames"):
        c.refused("metrics", "coco", name + ".json", "res.json", says=["--sigmas"])
        c.measures(c.figures(".05: "), name + ".json", "res.json", "--sigmas", sigmas)


def network_gives_nan(c):
    for model in ("nan", "inf", "all_nan", "negative", "zero"):
        for form in ("poise", "coco", "openpose", "csv"):
            out = "%s-%s" % (model, form)
            c.run("predict", "a.png", "--detector", "none", "--model", model + ".onnx", "--format", form, "--no-image",
                  "--out", out)
            c.check(c.code == 0, "a pose was wanted, of joints that may not be found")
            for root, _, files in os.walk(os.path.join(c.folder, out)):
                for name in files:
                    path = os.path.relpath(os.path.join(root, name), c.folder)
                    if name.endswith(".json"):
                        c.json(path)
                        c.check("null" not in open(os.path.join(c.folder, path), encoding="utf-8").read(),
                                path + " holds null")
                    elif name.endswith(".csv"):
                        text = open(os.path.join(c.folder, path), encoding="utf-8").read().lower()
                        c.check("nan" not in text.split("\n", 1)[1] and ",inf" not in text, path + " holds no numbers")
    poses = c.predict(["a.png"], "--detector", "none", "--model", "nan.onnx").get("a.png")
    for name in ("green", "blue"):
        c.joint(poses, name, 39.5, 7.5, score=241)
    for model in ("nan", "inf", "all_nan"):
        poses = c.predict(["a.png"], "--detector", "none", "--model", model + ".onnx").get("a.png")
        red = poses["persons"][0]["keypoints"][0] if poses["persons"] else None
        c.check(red is None or red[2] == 0, "%s: red is %s" % (model, red))
    for model in ("negative", "zero"):
        poses = c.predict(["a.png"], "--detector", "none", "--model", model + ".onnx").get("a.png")
        scores = [k[2] for person in poses["persons"] for k in person["keypoints"]]
        c.check(all(score <= 0 for score in scores), "%s: %s" % (model, scores))


def image_numbers(c):
    for folder, count in (("ids", 6), ("mixed", 3)):
        c.run("predict", folder, "--format", "coco", *WHOLE, "--no-image", "--out", folder + "-out")
        numbers = {entry["image_id"] for entry in c.json(folder + "-out/results.json")}
        c.check(len(numbers) == count, "%s: image ids %s" % (folder, sorted(numbers)))
        if folder == "ids":
            c.check(numbers == {1, 2, 3, 4, 5, 6}, "as detect gives them, 1 to 6: %s" % sorted(numbers))


CASES = {
    "01-exif-turns": exif_turns, "03-cmyk-jpeg": cmyk, "04-png-depths": png_depths, "06-jpeg-junk": jpeg_junk,
    "07-jpeg-cut": jpeg_cut, "08-mpo": mpo, "09-wrong-names": wrong_names, "10-animated": animated,
    "11-json-spellings": json_spellings, "13-annotation-ids": annotation_ids,
    "14-sparse-annotations": sparse_annotations, "16-foreign-paths": foreign_paths,
    "17-nested-keypoints": nested_keypoints, "18-rle-crowd": rle_crowd, "21-openpose-files": openpose_files,
    "22-pth-wrappings": pth_wrappings, "24-safetensors": safetensors, "25-darknet-spellings": darknet_spellings,
    "35-mpii-lsp": mpii_lsp, "38-csv-excel": csv_excel, "40-odd-names": odd_names,
    "42-boxes-at-the-edge": boxes_at_the_edge, "45-thirteen-joints": thirteen_joints,
    "47-network-gives-nan": network_gives_nan, "48-image-numbers": image_numbers,
}


def make(cases, name, work):
    """The case's files in a folder of their own; None where a package is missing."""
    for shared in ("lib.py",):
        shutil.copy(os.path.join(cases, shared), work)
    folder = os.path.join(work, name)
    shutil.copytree(os.path.join(cases, name), folder)
    done = subprocess.run([sys.executable, "make.py"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=TIMEOUT, check=False)
    if done.returncode == 0:
        return folder
    why = done.stdout.decode("utf-8", "replace").strip().splitlines()[-1:]
    if why and ("ModuleNotFoundError" in why[0] or "ImportError" in why[0]):
        print("SKIPPED %s: %s" % (name, why[0]))
        return None
    sys.exit("%s cannot be made: %s" % (name, why))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("program")
    parser.add_argument("names", nargs="*", help="cases, by the beginning of their names; all")
    parser.add_argument("--cases", default=os.path.join(root, "..", "shared", "cases"))
    parser.add_argument("--keep", help="make the cases in this folder, and leave them there")
    arguments = parser.parse_args()
    own = os.path.join(root, "build", "cases", "bin", "python")
    if os.path.exists(own) and os.path.realpath(sys.prefix) != os.path.realpath(os.path.join(root, "build", "cases")):
        os.execv(own, [own, *sys.argv])
    if not os.path.isdir(arguments.cases):
        print("ALL TESTS SKIPPED: %s is not there" % arguments.cases)
        return 0
    program = os.path.abspath(arguments.program)
    wanted = [n for n in CASES if not arguments.names or any(n.startswith(start) for start in arguments.names)]
    tried, faults = 0, 0
    with tempfile.TemporaryDirectory(prefix="poise-cases-") as temporary:
        work = arguments.keep or temporary
        os.makedirs(work, exist_ok=True)
        for name in wanted:
            folder = os.path.join(work, name)
            if not (arguments.keep and os.path.isdir(folder)):
                folder = make(arguments.cases, name, work)
            if folder is None:
                continue
            tried += 1
            case = Case(program, folder)
            try:
                CASES[name](case)
            except Exception as error:  # of this test: what the program wrote is other than it can read
                case.faults.append("%s: %s" % (type(error).__name__, error))
            faults += len(case.faults)
            print("%s %s" % ("FAILED" if case.faults else "ok", name), flush=True)
            for fault in case.faults:
                print("    " + fault, flush=True)
    print("%d cases tried, %d faults" % (tried, faults) if tried else "ALL TESTS SKIPPED: no case could be made")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
