#!/usr/bin/env python3
"""What the way from pictures to poses costs beside its networks: `poise` against itself, in rounds that take turns.

bench/pipeline.py --detector D.onnx --model M.onnx --folder PICTURES/ [--picture P] [--rounds 7] [--json [FILE]]

crowd   Ten people in a picture of 1920x1080, on one thread: milliseconds of detector and estimator in `poise predict`,
        over those of the detector's network and ten of the pose network in `poise bench`, ten by ten or one by one,
        whichever is less. Goal: under 1.1.
folder  200 pictures on all of --streams threads: pictures a second of `poise predict`, over the sum of as many
        `poise predict --threads 1` that run side by side, each on its share of the pictures. Goal: 0.9 or better.
        Beside it, stricter: over what the networks alone reach in as many sessions (`poise bench --streams`).

Why that is fair. What is seen in a picture changes no network's work, so the crowd is made: a picture of smooth noise,
in which the detector sees "people" of many sizes if it is asked for scores low enough; the threshold lies between the
tenth and the next. --picture takes a photograph instead. Predict has so many copies of it, less a run of one: planning,
done once a run, is in neither side. Crops, letterbox, decoding and suppression are counted. Reading is not: it goes on
in other threads, which need a processor beside the one that computes; the folder has it counted, with writing.
The folder's pictures are taken in turn until there are enough. Both sides compute in the same precision. Shared
machines drift: ratios are of one round, the figure is the median over rounds. Nothing else should be running.
"""
import argparse
import json
import os
import pathlib
import random
import shlex
import statistics
import struct
import subprocess
import sys
import tempfile
import zlib

from peers import ROOT, call, machine, put_json

SIZE = (1920, 1080)
PEOPLE = 10
COPIES = 13
GOALS = {"crowd": 1.1, "folder": 0.9}


def write_noise(path) -> None:
    """A PNG of smooth noise: random colours every 40 pixels, and straight lines between them."""
    draw, step = random.Random(1), 40
    width, height = SIZE
    columns, rows = width // step + 2, height // step + 2
    grid = [[[draw.randrange(256) for _ in range(3)] for _ in range(columns)] for _ in range(rows)]
    lines = []
    for y in range(height):
        below, share = divmod(y, step)
        line = [[u + (v - u) * share / step for u, v in zip(*pair)] for pair in zip(grid[below], grid[below + 1])]
        values = (int(u + (v - u) * x / step) for left, right in zip(line, line[1:]) for x in range(step)
                  for u, v in zip(left, right))
        lines.append(b"\0" + bytes(values)[:3 * width])

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(lines), 6)) +
                     chunk(b"IEND", b""))


class Poise:
    def __init__(self, options, out):
        self.options, self.out = options, out

    def predict(self, source, threads, *more, name="out") -> list:
        o = self.options
        return [o.poise, "predict", str(source), "--detector", o.detector, "--model", o.model, "--quiet",
                "--precision", o.precision, "--threads", str(threads), "--batch", str(PEOPLE),
                "--out", str(self.out / name), *more, "--json"]

    def bench(self, model, batch, streams=1) -> dict:
        o = self.options
        return call([o.poise, "bench", model, "--threads", "1", "--streams", str(streams), "--batch", str(batch),
                     "--precision", o.precision, "--runs", "3", "--seconds", str(o.seconds), "--json"])["rows"][0]

    def threshold(self, picture) -> float:
        """Between the scores of the tenth and the eleventh that the detector finds."""
        boxes = self.out / "boxes.json"
        o = self.options
        subprocess.run([o.poise, "detect", str(picture), "--detector", o.detector, "--precision", o.precision,
                        "--detect-threshold", "0", "--out", str(boxes), "--quiet"], check=True)
        scores = sorted((found["score"] for found in json.loads(boxes.read_text())), reverse=True)
        if len(scores) <= PEOPLE or scores[PEOPLE - 1] == scores[PEOPLE]:
            sys.exit(f"pipeline: the detector tells no {PEOPLE} boxes apart in {picture}: name another with --picture")
        return (scores[PEOPLE - 1] + scores[PEOPLE]) / 2


def persons(summary) -> int:
    """That the estimator looked at; `persons` are those that were not the same as another."""
    return round(1e3 * summary["estimate_seconds"] / summary.get("estimate_ms_per_person", 1))


def crowd_jobs(poise, picture, folder) -> dict:
    many, one = folder / "many", folder / "one"
    for place, copies in ((many, COPIES), (one, 1)):
        place.mkdir()
        for i in range(copies):
            os.symlink(picture, place / f"{i:02}{picture.suffix}")
    threshold = ("--detect-threshold", repr(poise.threshold(picture)), "--no-image")
    o = poise.options
    return {
        "many": lambda: call(poise.predict(many, 1, *threshold)),
        "one": lambda: call(poise.predict(one, 1, *threshold)),
        "detector": lambda: poise.bench(o.detector, 1),
        "by_one": lambda: poise.bench(o.model, 1),
        "by_ten": lambda: poise.bench(o.model, PEOPLE),
    }


def crowd(got) -> dict:
    many, one = got["many"], got["one"]
    if persons(many) != COPIES * PEOPLE or persons(one) != PEOPLE:
        sys.exit(f"pipeline: {persons(one)} people were estimated, not {PEOPLE}")
    found, estimated = (1e3 * (many[k] - one[k]) / (COPIES - 1) for k in ("detect_seconds", "estimate_seconds"))
    detector = got["detector"]["ms_median"]
    networks = min(PEOPLE * got["by_one"]["ms_median"], got["by_ten"]["ms_median"])
    return {"detect_ms": found, "detector_network_ms": detector, "estimate_ms": estimated, "ten_networks_ms": networks,
            "crowd": (found + estimated) / (detector + networks)}


def folder_jobs(poise, folder) -> dict:
    o = poise.options
    pictures = sorted(p.resolve() for p in pathlib.Path(o.folder).iterdir()
                      if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not pictures:
        sys.exit(f"pipeline: there is no .jpg and no .png in {o.folder}")
    whole, shares = folder / "whole", [folder / f"share{i}" for i in range(o.streams)]
    for place in [whole, *shares]:
        place.mkdir()
    for i in range(o.pictures):
        picture = pictures[i % len(pictures)]
        for place in (whole, shares[i % o.streams]):
            os.symlink(picture, place / f"{i:04}{picture.suffix}")

    def side_by_side():
        commands = [poise.predict(share, 1, "--no-image", name=share.name) for share in shares]
        runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
        answers = [run.communicate()[0] for run in runs]
        if any(run.returncode != 0 for run in runs):
            sys.exit("pipeline: poise predict failed")
        return [json.loads(answer) for answer in answers]

    return {
        "whole": lambda: call(poise.predict(whole, o.streams, "--no-image")),
        "shares": side_by_side,
        "detectors": lambda: poise.bench(o.detector, 1, o.streams),
        "poses": lambda: poise.bench(o.model, PEOPLE, o.streams),
    }


def folder(got) -> dict:
    whole = got["whole"]
    rate = whole["pictures"] / whole["seconds"]
    others = sum(share["pictures"] / share["seconds"] for share in got["shares"])
    networks = (whole["pictures"] / got["detectors"]["persons_per_second"] +
                persons(whole) / got["poses"]["persons_per_second"])
    return {"pictures": whole["pictures"], "persons": persons(whole), "streams": whole["streams"],
            "pictures_a_second": rate, "side_by_side_a_second": others,
            "networks_a_second": whole["pictures"] / networks, "folder": rate / others,
            "folder_to_networks": networks / whole["seconds"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detector", required=True, help="a file or a name that `poise detect --detector` takes")
    parser.add_argument("--model", required=True, help="a pose network")
    parser.add_argument("--folder", required=True, help="pictures with people")
    parser.add_argument("--picture", help="of the crowd, in place of the one that is made")
    parser.add_argument("--pictures", type=int, default=200, help="of the folder, taken again where it has fewer")
    parser.add_argument("--streams", type=int, default=2, help="as many as there are processors to compute on")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each `poise bench` in each round")
    parser.add_argument("--poise", default=os.path.join(ROOT, "build", "release", "bin", "poise"))
    parser.add_argument("--json", nargs="?", const="-", help="write JSON to FILE, or in place of the table")
    options = parser.parse_args()
    if options.streams < 1 or options.rounds < 1 or options.pictures < 2 * options.streams:
        parser.error("at least one round, one stream and two pictures a stream")
    rounds = []
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        poise = Poise(options, place)
        if options.picture:
            picture = pathlib.Path(options.picture).resolve()
        else:
            write_noise(place / "noise.png")
            # Photographs are JPEGs: what poise draws where nobody scores above 1 is the picture itself.
            call(poise.predict(place / "noise.png", 1, "--detect-threshold", "1"))
            picture = place / "out" / "noise.poses.jpg"
        jobs = {**crowd_jobs(poise, picture, place), **folder_jobs(poise, place)}
        order = list(jobs)
        for turn in range(options.rounds):
            print(f"pipeline: round {turn + 1} of {options.rounds}", file=sys.stderr)
            first = turn % len(order)
            got = {job: jobs[job]() for job in order[first:] + order[:first]}
            rounds.append({**crowd(got), **folder(got)})
    medians = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
    report = {"command": shlex.join(sys.argv), "machine": machine(), "picture": options.picture or "made, 1920x1080",
              "precision": options.precision, "medians": medians, "rounds": rounds}
    put_json(report, options.json)
    if options.json != "-":
        print(report["command"])
        print(f"{report['machine']}; {options.precision}; picture {report['picture']}")
        print(f"median of {options.rounds} rounds (least to most):")
        spread = {key + "_spread": f"({min(r[key] for r in rounds):.3f} to {max(r[key] for r in rounds):.3f})"
                  for key in medians}
        print("crowd   {crowd:.3f} {crowd_spread} times detector and ten networks\n"
              "        finding {detect_ms:.2f} ms, its network {detector_network_ms:.2f}; "
              "ten poses {estimate_ms:.2f} ms, their networks {ten_networks_ms:.2f}\n"
              "folder  {folder:.3f} {folder_spread} of {streams:.0f} one-thread runs side by side\n"
              "        {folder_to_networks:.3f} {folder_to_networks_spread} of the networks alone, in as many streams\n"
              "        {pictures_a_second:.1f} pictures a second; side by side {side_by_side_a_second:.1f}, "
              "networks alone {networks_a_second:.1f}; {pictures:.0f} pictures, {persons:.0f} people"
              .format(**medians, **spread))
    return 0 if medians["crowd"] < GOALS["crowd"] and medians["folder"] >= GOALS["folder"] else 1


if __name__ == "__main__":
    sys.exit(main())
