#!/usr/bin/env python3
"""Writes small detectors of generated weights in the manner of YOLOX and YOLOv8, and what NumPy makes of their outputs,
for conformance/detectors_test. YOLOv3-tiny comes from make_darknet.py; its boxes are made here.

Made with PyTorch 1.13.0, python3-opencv 4.6.0 and python3-numpy 1.24.2 of Debian 12; run it in this folder after
make_darknet.py. Deterministic.
"""
import pathlib

import numpy as np
import torch
from torch import nn

from make_detections import INPUT, thin_out, yolov3, yolov8, yolox

HERE = pathlib.Path(__file__).parent / "detections"
CLASSES = 3


class Trunk(nn.Module):
    """Three maps, of strides 8, 16 and 32."""

    def __init__(self, width=6):
        super().__init__()
        block = lambda n, stride: nn.Sequential(nn.Conv2d(n, width, 3, stride, 1), nn.BatchNorm2d(width), nn.SiLU())
        self.stem = nn.Sequential(block(3, 2), block(width, 2), block(width, 2))
        self.down = nn.ModuleList([block(width, 2), block(width, 2)])

    def forward(self, x):
        maps = [self.stem(x)]
        for down in self.down:
            maps.append(down(maps[-1]))
        return maps


class YoloX(nn.Module):
    """As exported with decode_in_inference off: offsets and log sizes, object and classes squashed."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk()
        self.heads = nn.ModuleList(nn.Conv2d(6, 5 + CLASSES, 1) for _ in range(3))

    def forward(self, x):
        rows = []
        for head, m in zip(self.heads, self.trunk(x)):
            y = head(m)
            rows.append(torch.cat([y[:, :4], y[:, 4:].sigmoid()], 1).flatten(2))
        return torch.cat(rows, 2).permute(0, 2, 1)


class YoloV8(nn.Module):
    """Distances to the sides as the mean of a distribution over 8 bins, decoded in the graph."""

    BINS = 8

    def __init__(self):
        super().__init__()
        self.trunk = Trunk()
        self.boxes = nn.ModuleList(nn.Conv2d(6, 4 * self.BINS, 1) for _ in range(3))
        self.kinds = nn.ModuleList(nn.Conv2d(6, CLASSES, 1) for _ in range(3))
        self.bins = nn.Conv2d(self.BINS, 1, 1, bias=False)
        self.bins.weight.data[:] = torch.arange(self.BINS).view(1, -1, 1, 1)
        centres, strides = [], []
        for stride in (8, 16, 32):
            y, x = np.mgrid[0:INPUT[1] // stride, 0:INPUT[0] // stride] + 0.5
            centres.append(np.stack([x, y]).reshape(2, -1))
            strides.append(np.full(x.size, stride))
        self.register_buffer("centres", torch.tensor(np.concatenate(centres, 1)[None], dtype=torch.float32))
        self.register_buffer("strides", torch.tensor(np.concatenate(strides)[None, None], dtype=torch.float32))

    def forward(self, x):
        maps = self.trunk(x)
        sides = torch.cat([head(m).flatten(2) for head, m in zip(self.boxes, maps)], 2)
        kinds = torch.cat([head(m).flatten(2) for head, m in zip(self.kinds, maps)], 2)
        places = sides.shape[2]
        sides = self.bins(sides.view(1, 4, self.BINS, places).transpose(1, 2).softmax(1)).view(1, 4, places)
        low, high = self.centres - sides[:, :2], self.centres + sides[:, 2:]
        return torch.cat([(low + high) / 2 * self.strides, (high - low) * self.strides, kinds.sigmoid()], 1)


def generate(net, gain):
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "bins" in name:
                continue
            if p.dim() > 1:
                p.normal_(0, gain / np.sqrt(p[0].numel()))
            elif "bias" in name:
                p.normal_(0, 0.3)
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.running_mean.normal_(0, 0.1)
                m.running_var.uniform_(0.5, 1.5)
    return net.eval()


def write(name, net, decode, threshold, limit):
    pixels = torch.randint(0, 256, (1, 3, INPUT[1], INPUT[0]), dtype=torch.uint8)
    blob = pixels.float() / 255
    with torch.no_grad():
        output = net(blob).numpy()
    torch.onnx.export(net, blob, HERE / f"{name}_net.onnx", opset_version=11, input_names=["images"],
                      output_names=["output0"])
    boxes, scores, labels = decode([output], INPUT)
    keep = scores > threshold
    found = thin_out(boxes[keep], scores[keep], labels[keep], limit)
    np.save(HERE / f"{name}_net_input.npy", pixels.numpy())
    np.save(HERE / f"{name}_net_boxes.npy", found)
    print(name, output.shape, len(found), "of", keep.sum(), "labels", np.bincount(found[:, 5].astype(int)))


def write_darknet():
    folder = pathlib.Path(__file__).parent / "darknet"
    anchors = np.array([[8, 10], [12, 16], [20, 12], [30, 40], [50, 30], [60, 60]])
    outputs = [np.load(folder / f"tiny_{i}.npy") for i in range(2)]
    boxes, scores, labels = yolov3(outputs, INPUT, [anchors[3:], anchors[:3]], [1, 1])
    keep = scores > 0.3
    found = thin_out(boxes[keep], scores[keep], labels[keep], 0.45)
    np.save(folder / "tiny_boxes.npy", found)
    print("tiny", len(found), "of", keep.sum())


torch.manual_seed(3)
net = generate(YoloX(), 2)
for head in net.heads:
    head.bias.data[2:4] += 1.2  # so large that boxes overlap
write("yolox", net, yolox, 0.3, 0.45)
write("yolov8", generate(YoloV8(), 2), yolov8, 0.5, 0.45)
write_darknet()
