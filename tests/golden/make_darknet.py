#!/usr/bin/env python3
"""Writes darknet networks of generated weights and what OpenCV's importer makes of them, for weights/darknet_test.

Made with python3-opencv 4.6.0 and python3-numpy 1.24.2 of Debian 12; run it in this folder. Deterministic.
"""
import pathlib

import cv2
import numpy as np

HERE = pathlib.Path(__file__).parent / "darknet"

NET = "[net]\nbatch=1\nsubdivisions=1\nwidth=96\nheight=64\nchannels=3\nlearning_rate=0.001\n"
ANCHORS = "anchors = 8,10,  12,16,  20,12,  30,40,  50,30,  60,60\nclasses=4\nnum=6\njitter=.3\nignore_thresh = .7\n"


def conv(filters, size=3, stride=1, activation="leaky", norm=1, **more):
    text = f"\n[convolutional]\n" + ("batch_normalize=1\n" if norm else "")
    text += f"filters={filters}\nsize={size}\nstride={stride}\npad=1\nactivation={activation}\n"
    return text + "".join(f"{k}={v}\n" for k, v in more.items())


def pool(size, stride):
    return f"\n[maxpool]\nsize={size}\nstride={stride}\n"


def route(layers, **more):
    return f"\n[route]\nlayers = {layers}\n" + "".join(f"{k}={v}\n" for k, v in more.items())


def yolo(mask, scale=1):
    return f"\n[yolo]\nmask = {mask}\n{ANCHORS}scale_x_y = {scale}\n"


# YOLOv3-tiny's layers, a 128th as wide; then what YOLOv3, YOLOv4 and YOLOv4-tiny add.
NETWORKS = {
    "tiny": NET + "# as yolov3-tiny.cfg\n" + conv(4) + pool(2, 2) + conv(4) + pool(2, 2) + conv(6) + pool(2, 2)
    + conv(6) + pool(2, 2) + conv(8) + pool(2, 2) + conv(8) + pool(2, 1) + conv(8) + conv(6, 1) + conv(8)
    + conv(27, 1, activation="linear", norm=0) + yolo("3,4,5") + route("-4") + conv(6, 1)
    + "\n[upsample]\nstride=2\n" + route("-1, 8") + conv(8) + conv(27, 1, activation="linear", norm=0)
    + yolo("0,1,2"),
    "wide": NET + conv(8, 3, 2, "mish") + conv(8, 3, 2, "leaky") + conv(8, 1, 1, "mish") + conv(8, 3, 1, "mish")
    + "\n[shortcut]\nfrom=-3\nactivation=linear\n" + route("-1", groups=2, group_id=1) + conv(4, 3, 1, "logistic")
    + route("-1,-2") + pool(2, 2) + conv(8, 3, 1, "swish", groups=4) + pool(5, 1) + route("-2") + pool(9, 1)
    + route("-1,-3,-4") + conv(8, 3, 2, "relu") + "\n[shortcut]\nfrom=-1\nactivation=leaky\n"
    + conv(27, 1, activation="linear", norm=0) + yolo("3,4,5", 1.05) + route("-4") + conv(27, 1, activation="linear", norm=0)
    + yolo("0,1,2", 1.1),
}


def layers_of(cfg):
    for block in cfg.split("[")[1:]:
        name, rest = block.split("]")
        lines = [line.split("=") for line in rest.splitlines() if "=" in line and not line.startswith("#")]
        yield name, {k.strip(): v.strip() for k, v in lines}


def weights(cfg, rng):
    """darknet's order: offsets, scales, means, variances, weights. Channels are followed through the layers."""
    numbers, channels, ends = [], [], []
    for i, (name, o) in enumerate(layers_of(cfg)):
        if name == "net":
            last = 3
            continue
        if name == "convolutional":
            filters, size, groups = int(o["filters"]), int(o["size"]), int(o.get("groups", 1))
            per = last // groups * size * size
            numbers.append(rng.normal(size=filters) * 0.1)
            if "batch_normalize" in o:
                numbers += [rng.uniform(0.5, 1.5, filters), rng.normal(size=filters) * 0.1, rng.uniform(0.5, 1.5, filters)]
            numbers.append(rng.normal(size=filters * per) * np.sqrt(2 / per))
            last = filters
        if name == "route":
            last = sum(channels[i - 1 + int(n) if int(n) < 0 else int(n)] for n in o["layers"].split(","))
            last //= int(o.get("groups", 1))
        if name == "yolo":
            ends.append(i - 2)
        channels.append(last)
    return np.concatenate(numbers).astype("<f4"), ends


for seed, (name, cfg) in enumerate(NETWORKS.items()):
    rng = np.random.default_rng(seed)
    numbers, ends = weights(cfg, rng)
    (HERE / f"{name}.cfg").write_text(cfg)
    if name == "tiny":
        (HERE / "tiny.names").write_text("person\nbicycle\ncar\nmotorbike\n")
    header = np.array([0, 2, 0], "<i4").tobytes() + np.array([32013312], "<i8").tobytes()
    (HERE / f"{name}.weights").write_bytes(header + numbers.tobytes())
    (HERE / f"{name}.fuzz").write_bytes(cfg.encode() + b"\0" + header + numbers.tobytes())  # seeds of fuzz_darknet
    net = cv2.dnn.readNetFromDarknet(str(HERE / f"{name}.cfg"), str(HERE / f"{name}.weights"))
    net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
    pixels = rng.integers(0, 256, (1, 3, 64, 96), np.uint8)
    net.setInput(pixels.astype(np.float32) / 255)
    np.save(HERE / f"{name}_input.npy", pixels)
    for i, output in enumerate(net.forward([f"conv_{end}" for end in ends])):
        np.save(HERE / f"{name}_{i}.npy", output)
        print(name, i, output.shape, np.abs(output).max())
