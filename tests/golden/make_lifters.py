#!/usr/bin/python3
"""Writes tests/golden/networks_tiny/{martinez,video_pose}_tiny.npy: what PyTorch's lifters say, for the definitions of ours.

    apt-get install python3-torch python3-numpy
    /usr/bin/python3 tests/golden/make_lifters.py [tests/golden/networks_tiny]

Parameters and inputs are filled from their names, as src/poise/models/lifters_test.cc does. Architectures: weigq/
3d_pose_baseline_pytorch, src/model.py, and facebookresearch/VideoPose3D, common/model.py, written anew.
"""
import pathlib
import sys

import numpy
import torch
from torch import nn

from make_networks import uniform


class Martinez(nn.Module):
    def __init__(self, inputs, outputs, width, blocks=2):
        super().__init__()
        self.w1, self.batch_norm1 = nn.Linear(inputs, width), nn.BatchNorm1d(width)
        self.linear_stages = nn.ModuleList()
        for _ in range(blocks):
            stage = nn.Module()
            for i in (1, 2):
                setattr(stage, f"w{i}", nn.Linear(width, width))
                setattr(stage, f"batch_norm{i}", nn.BatchNorm1d(width))
            self.linear_stages.append(stage)
        self.w2 = nn.Linear(width, outputs)

    def forward(self, x):
        x = torch.relu(self.batch_norm1(self.w1(x)))
        for stage in self.linear_stages:
            y = torch.relu(stage.batch_norm1(stage.w1(x)))
            x = x + torch.relu(stage.batch_norm2(stage.w2(y)))
        return self.w2(x)


class VideoPose(nn.Module):
    def __init__(self, inputs, outputs, width, levels):
        super().__init__()
        self.expand_conv, self.expand_bn = nn.Conv1d(inputs, width, 3, bias=False), nn.BatchNorm1d(width)
        self.layers_conv, self.layers_bn = nn.ModuleList(), nn.ModuleList()
        for level in range(1, levels):
            self.layers_conv.append(nn.Conv1d(width, width, 3, dilation=3 ** level, bias=False))
            self.layers_conv.append(nn.Conv1d(width, width, 1, bias=False))
            self.layers_bn.extend(nn.BatchNorm1d(width) for _ in range(2))
        self.shrink = nn.Conv1d(width, outputs, 1)

    def forward(self, x):
        x = torch.relu(self.expand_bn(self.expand_conv(x)))
        for i in range(len(self.layers_conv) // 2):
            pad = 3 ** (i + 1)
            y = torch.relu(self.layers_bn[2 * i](self.layers_conv[2 * i](x)))
            x = x[:, :, pad:-pad] + torch.relu(self.layers_bn[2 * i + 1](self.layers_conv[2 * i + 1](y)))
        return self.shrink(x)


def fill(network):
    """By name and shape alone; a convolution of time counts as one of three by one."""
    for name, tensor in network.state_dict().items():
        shape = tuple(tensor.shape)
        if not shape:
            continue
        low, high = -.3, .3
        if len(shape) >= 2:
            high = (6 / numpy.prod(shape[1:])) ** .5
            low = -high
        elif name.endswith(".running_var"):
            low, high = .5, 2.
        elif name.endswith(".weight"):
            low, high = .3, .9
        tensor.copy_(torch.from_numpy(uniform(name, tensor.numel(), low, high)).reshape(shape))
    return network.eval()


def main():
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/golden/networks_tiny")
    with torch.no_grad():
        x = torch.from_numpy(uniform("martinez_tiny input", 30, -2., 2.)).reshape(3, 10)
        numpy.save(out / "martinez_tiny.npy", fill(Martinez(10, 12, 24))(x).numpy())
        x = torch.from_numpy(uniform("video_pose_tiny input", 600, -2., 2.)).reshape(2, 10, 30)
        numpy.save(out / "video_pose_tiny.npy", fill(VideoPose(10, 12, 16, 3))(x).numpy())


main()
