#!/usr/bin/python3
"""Golden networks made by PyTorch: our own definition of PoseResNet, ONNX files, inputs and the heatmaps they give.

    apt-get install python3-torch python3-numpy
    /usr/bin/python3 tests/golden/make_pytorch.py OUT            # pose_resnet18 and pose_resnet50, 256x192
    /usr/bin/python3 tests/golden/make_pytorch.py OUT --tiny     # the small one that tests/golden/pytorch_tiny holds

For NAME: NAME.onnx, NAME_input.npy, NAME_heatmaps.npy. The large files are exported as people export them (PyTorch
folds the batch normalisations behind convolutions); the tiny one keeps every parameter under its checkpoint name, and
is pose_resnet() with depth 18, width 1/16, 16 deconvolution filters and an input 32 wide and 64 high, so that the two
definitions can be compared.
Architecture: Xiao, Wu and Wei, ECCV 2018; parameter names of lib/models/pose_resnet.py of the authors' repository.
"""
import argparse
import pathlib

import numpy
import torch
from torch import nn

BLOCKS = {18: ("basic", [2, 2, 2, 2]), 50: ("bottleneck", [3, 4, 6, 3])}


class Block(nn.Module):
    """Convolutions 3-3 (basic) or 1-3-1 (bottleneck, stride in the 3x3), each with its norm, beside a shortcut."""

    def __init__(self, kind, inputs, planes, stride):
        super().__init__()
        if kind == "basic":
            steps = [(planes, 3, stride), (planes, 3, 1)]
        else:
            steps = [(planes, 1, 1), (planes, 3, stride), (4 * planes, 1, 1)]
        self.count, channels = len(steps), inputs
        for i, (outputs, kernel, step) in enumerate(steps, 1):
            setattr(self, f"conv{i}", nn.Conv2d(channels, outputs, kernel, step, kernel // 2, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(outputs))
            channels = outputs
        self.downsample = None
        if stride != 1 or inputs != channels:
            shortcut = nn.Conv2d(inputs, channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(channels))

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.count:
                y = torch.relu(y)
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class PoseResNet(nn.Module):
    def __init__(self, depth, planes=(64, 128, 256, 512), filters=256, joints=17):
        super().__init__()
        kind, blocks = BLOCKS[depth]
        channels = planes[0]
        self.conv1 = nn.Conv2d(3, channels, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        for stage, (width, count) in enumerate(zip(planes, blocks), 1):
            layer = []
            for i in range(count):
                layer.append(Block(kind, channels, width, 2 if stage > 1 and i == 0 else 1))
                channels = width * (4 if kind == "bottleneck" else 1)
            setattr(self, f"layer{stage}", nn.Sequential(*layer))
        head = []
        for _ in range(3):
            head += [nn.ConvTranspose2d(channels, filters, 4, 2, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]
            channels = filters
        self.deconv_layers = nn.Sequential(*head)
        self.final_layer = nn.Conv2d(channels, joints, 1)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.final_layer(self.deconv_layers(x))


def randomise(net, random):
    """Weights that keep the signal's size, and statistics far from 0 and 1, so that no forgotten term goes unseen."""
    with torch.no_grad():
        for name, module in net.named_modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                weight = module.weight
                terms = weight[0].numel() if isinstance(module, nn.Conv2d) else weight.shape[0] * 4
                weight.normal_(0, (2.0 / terms) ** 0.5, generator=random)
                if module.bias is not None:
                    module.bias.normal_(0, 0.3, generator=random)
            elif isinstance(module, nn.BatchNorm2d):
                last = name.endswith(("bn3", "layer4.0.bn2", "layer4.1.bn2"))
                module.weight.uniform_(*((0.2, 0.6) if last else (0.6, 1.4)), generator=random)
                module.bias.normal_(0, 0.2, generator=random)
                module.running_mean.normal_(0, 0.3, generator=random)
                module.running_var.uniform_(0.5, 2.0, generator=random)


def make(out, name, net, height, width, keep_names):
    random = torch.Generator().manual_seed(18)
    randomise(net, random)
    net.eval()
    example = torch.randn(2, 3, height, width, generator=random)
    with torch.no_grad():
        heatmaps = net(example)
    out.mkdir(parents=True, exist_ok=True)
    mode = torch.onnx.TrainingMode
    torch.onnx.export(net, example, str(out / f"{name}.onnx"), opset_version=11, do_constant_folding=not keep_names,
                      training=mode.PRESERVE if keep_names else mode.EVAL, input_names=["input"],
                      output_names=["heatmaps"], dynamic_axes={"input": {0: "batch"}, "heatmaps": {0: "batch"}})
    numpy.save(out / f"{name}_input.npy", example.numpy())
    numpy.save(out / f"{name}_heatmaps.npy", heatmaps.numpy())
    size = (out / f"{name}.onnx").stat().st_size
    print(f"{name}: {sum(p.numel() for p in net.parameters())} parameters, {size} bytes, "
          f"heatmaps {tuple(heatmaps.shape)} mean {heatmaps.mean():.4f} deviation {heatmaps.std():.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="folder to write to")
    parser.add_argument("--tiny", action="store_true", help="the small network only")
    arguments = parser.parse_args()
    if arguments.tiny:
        make(arguments.out, "pose_resnet_tiny", PoseResNet(18, (8, 8, 16, 32), 16), 64, 32, True)
        return
    for depth in BLOCKS:
        make(arguments.out, f"pose_resnet{depth}", PoseResNet(depth), 256, 192, False)


if __name__ == "__main__":
    main()
