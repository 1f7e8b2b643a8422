#!/usr/bin/python3
"""Checkpoints made by PyTorch, with inputs and the heatmaps they give: what `poise convert` is held against.

    apt-get install python3-torch python3-numpy
    /usr/bin/python3 tests/golden/make_networks.py OUT          # PoseResNet-50, HRNet-W32, Hourglass of 1 and 8 stacks
    /usr/bin/python3 tests/golden/make_networks.py OUT --tiny   # what tests/golden/networks_tiny holds

For NAME: NAME_input.npy, NAME_heatmaps.npy and checkpoints: NAME.pth, the bare state_dict in the zip layout; of
PoseResNet all four of {zip, legacy} x {bare, module.}: NAME_legacy.pth, NAME_module.pth, NAME_legacy_module.pth.tar.
Weights are random, the normalisations' statistics those of random pictures.
The tiny HRNet and Hourglass have no checkpoints, which would be large: both sides fill the parameters by a rule, see
fill(); their heatmaps are all that is kept. The tiny PoseResNet (depth 18, 8 planes throughout, 8 deconvolution filters,
5 joints) has two of its checkpoints there.

Architectures: Sun, Xiao, Liu and Wang, CVPR 2019, names of lib/models/pose_hrnet.py of the authors' repository; Newell,
Yang and Deng, ECCV 2016, names of pose/models/hourglass.py of bearpaw/pytorch-pose.
"""
import argparse
import collections
import pathlib

import numpy
import torch
from torch import nn

from make_pytorch import Block, PoseResNet, randomise


def unit(inputs, outputs, kernel, stride=1, relu=True, upsample=1):
    """Convolution and normalisation, then what follows them in the same Sequential."""
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]
    if relu:
        layers.append(nn.ReLU())
    if upsample > 1:
        layers.append(nn.Upsample(scale_factor=upsample, mode="nearest"))
    return nn.Sequential(*layers)


class Fusion(nn.Module):
    """One HRNet module: four basic blocks a branch, then every branch is told of every other."""

    def __init__(self, widths, outputs):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(Block("basic", w, w, 1) for _ in range(4))) for w in widths)
        self.fuse_layers = nn.ModuleList()
        for to in range(outputs):
            row = nn.ModuleList()
            for source in range(len(widths)):
                if source > to:
                    row.append(unit(widths[source], widths[to], 1, relu=False, upsample=2 ** (source - to)))
                elif source == to:
                    row.append(nn.Identity())
                else:
                    steps = to - source
                    row.append(nn.Sequential(*(
                        unit(widths[source], widths[to if k == steps - 1 else source], 3, 2, relu=k < steps - 1)
                        for k in range(steps))))
            self.fuse_layers.append(row)

    def forward(self, branches):
        branches = [branch(x) for branch, x in zip(self.branches, branches)]
        return [torch.relu(sum(layer(x) for layer, x in zip(row, branches))) for row in self.fuse_layers]


class HRNet(nn.Module):
    def __init__(self, width, joints=17):
        super().__init__()
        for i, inputs in enumerate((3, 64), 1):
            setattr(self, f"conv{i}", nn.Conv2d(inputs, 64, 3, 2, 1, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(64))
        self.layer1 = nn.Sequential(*(Block("bottleneck", 64 if i == 0 else 256, 64, 1) for i in range(4)))
        had = [256]
        for stage, modules in ((2, 1), (3, 4), (4, 3)):
            widths = [width * 2 ** i for i in range(stage)]
            transition = nn.ModuleList(
                nn.Identity() if i < len(had) and had[i] == widths[i]
                else unit(had[i], widths[i], 3) if i < len(had)
                else nn.Sequential(unit(had[-1], widths[i], 3, 2))
                for i in range(stage))
            setattr(self, f"transition{stage - 1}", transition)
            finest = [1 if stage == 4 and i == modules - 1 else stage for i in range(modules)]
            setattr(self, f"stage{stage}", nn.Sequential(*(Fusion(widths, outputs) for outputs in finest)))
            had = widths
        self.final_layer = nn.Conv2d(width, joints, 1)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        branches = [self.layer1(x)]
        for stage in (2, 3, 4):
            given = branches + [branches[-1]]
            transition = getattr(self, f"transition{stage - 1}")
            branches = getattr(self, f"stage{stage}")([layer(y) for layer, y in zip(transition, given)])
        return self.final_layer(branches[0])


class Residual(nn.Module):
    """Normalisation and ReLU before each of the convolutions 1-3-1."""

    def __init__(self, inputs, outputs):
        super().__init__()
        half = outputs // 2
        for i, (a, b, kernel) in enumerate(((inputs, half, 1), (half, half, 3), (half, outputs, 1)), 1):
            setattr(self, f"bn{i}", nn.BatchNorm2d(a))
            setattr(self, f"conv{i}", nn.Conv2d(a, b, kernel, padding=kernel // 2))
        self.downsample = None if inputs == outputs else nn.Sequential(nn.Conv2d(inputs, outputs, 1))

    def forward(self, x):
        y = x
        for i in (1, 2, 3):
            y = getattr(self, f"conv{i}")(torch.relu(getattr(self, f"bn{i}")(y)))
        return y + (x if self.downsample is None else self.downsample(x))


class Stack(nn.Module):
    def __init__(self, features, depth):
        super().__init__()
        self.hg = nn.ModuleList(
            nn.ModuleList(nn.Sequential(Residual(features, features)) for _ in range(4 if level == 0 else 3))
            for level in range(depth))

    def forward(self, x, level=None):
        level = len(self.hg) - 1 if level is None else level
        parts = self.hg[level]
        low = parts[1](torch.max_pool2d(x, 2, 2))
        low = parts[3](low) if level == 0 else self.forward(low, level - 1)
        return parts[0](x) + nn.functional.interpolate(parts[2](low), scale_factor=2, mode="nearest")


class Hourglass(nn.Module):
    def __init__(self, stacks, features=256, depth=4, joints=16):
        super().__init__()
        self.conv1 = nn.Conv2d(3, features // 4, 7, 2, 3)
        self.bn1 = nn.BatchNorm2d(features // 4)
        self.layer1 = nn.Sequential(Residual(features // 4, features // 2))
        self.layer2 = nn.Sequential(Residual(features // 2, features))
        self.layer3 = nn.Sequential(Residual(features, features))

        def each(make, count=stacks):
            return nn.ModuleList(make() for _ in range(count))
        self.hg = each(lambda: Stack(features, depth))
        self.res = each(lambda: nn.Sequential(Residual(features, features)))
        self.fc = each(lambda: nn.Sequential(nn.Conv2d(features, features, 1), nn.BatchNorm2d(features), nn.ReLU()))
        self.score = each(lambda: nn.Conv2d(features, joints, 1))
        self.fc_ = each(lambda: nn.Conv2d(features, features, 1), stacks - 1)
        self.score_ = each(lambda: nn.Conv2d(joints, features, 1), stacks - 1)

    def forward(self, x):
        x = self.layer1(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer3(self.layer2(torch.max_pool2d(x, 2, 2)))
        for i in range(len(self.hg)):
            y = self.fc[i](self.res[i](self.hg[i](x)))
            score = self.score[i](y)
            if i < len(self.fc_):
                x = x + self.fc_[i](y) + self.score_[i](score)
        return score


def mix(z):
    """SplitMix64's, as src/poise/base/random.h has it."""
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94d049bb133111eb)
    return z ^ (z >> numpy.uint64(31))


def uniform(name, count, low, high):
    """Random(0, FNV-1a of the name).uniform(low, high), `count` times, as float32."""
    stream = 0xcbf29ce484222325
    for byte in name.encode():
        stream = (stream ^ byte) * 0x100000001b3 % 2 ** 64
    with numpy.errstate(over="ignore"):
        key = mix(mix(mix(numpy.zeros(1, numpy.uint64)) ^ numpy.uint64(stream)))
        bits = mix(key + numpy.uint64(0x9e3779b97f4a7c15) * numpy.arange(1, count + 1, dtype=numpy.uint64))
    return (low + (high - low) * ((bits >> numpy.uint64(11)).astype(numpy.float64) * 2.0 ** -53)).astype(numpy.float32)


def fill(net):
    """Every parameter from its name and shape alone; tests/golden/networks_test.cc does the same."""
    for name, tensor in net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        if tensor.dim() == 4:
            high = (6.0 / tensor[0].numel()) ** 0.5
            low = -high
        elif name.endswith(".running_var"):
            low, high = 0.5, 2.0
        elif name.endswith(".weight"):
            low, high = 0.3, 0.9
        else:
            low, high = -0.3, 0.3
        tensor.copy_(torch.from_numpy(uniform(name, tensor.numel(), low, high).reshape(tensor.shape)))


def with_statistics(net, height, width, random):
    """Random weights, and running means and variances as random pictures give them."""
    randomise(net, random)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    net.train()
    with torch.no_grad():
        net(torch.randn(4, 3, height, width, generator=random))
    return net.eval()


def prefixed(state):
    return collections.OrderedDict((f"module.{name}", tensor) for name, tensor in state.items())


def save_layouts(out, name, state):
    """What people have: today's zip layout and the one of 2018, from one GPU and from several (DataParallel)."""
    torch.save(state, out / f"{name}.pth")
    torch.save(state, out / f"{name}_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 140, "state_dict": prefixed(state)}, out / f"{name}_module.pth")
    torch.save(prefixed(state), out / f"{name}_legacy_module.pth.tar", _use_new_zipfile_serialization=False)


def save_heatmaps(out, name, net, example):
    with torch.no_grad():
        heatmaps = net(example)
    numpy.save(out / f"{name}_input.npy", example.numpy())
    numpy.save(out / f"{name}_heatmaps.npy", heatmaps.numpy())
    print(f"{name}: {sum(p.numel() for p in net.parameters())} parameters, heatmaps {tuple(heatmaps.shape)} "
          f"mean {heatmaps.mean():.4f} deviation {heatmaps.std():.4f}")


def make_tiny(out):
    for name, net in (("hrnet_tiny", HRNet(4)), ("hourglass_tiny", Hourglass(2, 16, 4, 5))):
        with torch.no_grad():
            fill(net)
        example = torch.from_numpy(uniform(f"{name} input", 3 * 64 * 64, -2.0, 2.0).reshape(1, 3, 64, 64))
        save_heatmaps(out, name, net.eval(), example)
        (out / f"{name}_input.npy").unlink()  # the test makes it by the same rule
    random = torch.Generator().manual_seed(18)
    net = with_statistics(PoseResNet(18, (8, 8, 8, 8), 8, 5), 64, 32, random)
    save_heatmaps(out, "pose_resnet_tiny", net, torch.randn(1, 3, 64, 32, generator=random))
    save_layouts(out, "pose_resnet_tiny", net.state_dict())
    for unneeded in ("pose_resnet_tiny.pth", "pose_resnet_tiny_legacy_module.pth.tar"):
        (out / unneeded).unlink()


def make_large(out):
    networks = (("pose_resnet50", PoseResNet(50), 256, 192), ("hrnet_w32", HRNet(32), 256, 192),
                ("hourglass1", Hourglass(1), 256, 256), ("hourglass8", Hourglass(8), 256, 256))
    for name, net, height, width in networks:
        random = torch.Generator().manual_seed(32)
        with_statistics(net, height, width, random)
        save_heatmaps(out, name, net, torch.randn(2, 3, height, width, generator=random))
        if name == "pose_resnet50":
            save_layouts(out, name, net.state_dict())
        else:
            torch.save(net.state_dict(), out / f"{name}.pth")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="folder to write to")
    parser.add_argument("--tiny", action="store_true", help="the small networks only")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    (make_tiny if arguments.tiny else make_large)(arguments.out)


if __name__ == "__main__":
    main()
