#!/usr/bin/python3
"""ONNX files as PyTorch's exporter writes them for the networks of the field, with random weights and small inputs.

    apt-get install python3-torch python3-torchvision python3-numpy
    /usr/bin/python3 tests/golden/make_exports.py OUT            # all networks, opsets 9, 11, 13 and 17
    /usr/bin/python3 tests/golden/make_exports.py OUT --tiny     # those of a few channels: tests/golden/exports

For each network and opset: NAME_OPSET.onnx and NAME_OPSET_input.npy; check_onnx.py then has ONNX Runtime run them. At
opsets 11 and 13 the batch is free, so the files work shapes out as they run. Definitions are ours where torchvision has
none, after the papers: YOLOv3 (Redmon and Farhadi 2018), YOLOv4 (Bochkovskiy et al. 2020), YOLOX (Ge et al. 2021), CPM
(Wei et al. 2016), ESPCN (Shi et al. 2016), AlexNet (Krizhevsky et al. 2012; its response norm is in the MXNet file), the
style network of Johnson et al. 2016, TransPose (Yang et al. 2021).
"""
import argparse
import functools
import math
import pathlib
import warnings

import numpy
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torchvision.models import mobilenetv3


def conv(inputs, outputs, kernel=3, stride=1, activation=nn.ReLU, norm=nn.BatchNorm2d, groups=1):
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=norm is None)]
    if norm is not None:
        layers.append(norm(outputs))
    if activation is not None:
        layers.append(activation())
    return nn.Sequential(*layers)


Leaky = functools.partial(nn.LeakyReLU, 0.1)


class YoloV3Tiny(nn.Module):
    def __init__(self, w):
        super().__init__()
        c = [max(2, round(n * w)) for n in (16, 32, 64, 128, 256, 512, 1024)]
        y = functools.partial(conv, activation=Leaky)
        self.stem = nn.Sequential(y(3, c[0]), nn.MaxPool2d(2), y(c[0], c[1]), nn.MaxPool2d(2), y(c[1], c[2]),
                                  nn.MaxPool2d(2), y(c[2], c[3]), nn.MaxPool2d(2), y(c[3], c[4]))
        # Darknet's "same" maximum of stride 1 pads on the right and below only.
        self.deep = nn.Sequential(nn.MaxPool2d(2), y(c[4], c[5]), nn.ZeroPad2d((0, 1, 0, 1)), nn.MaxPool2d(2, 1),
                                  y(c[5], c[6]), y(c[6], c[4], 1))
        self.coarse = nn.Sequential(y(c[4], c[5]), nn.Conv2d(c[5], 18, 1))
        self.up = y(c[4], c[3], 1)
        self.fine = nn.Sequential(y(c[3] + c[4], c[4]), nn.Conv2d(c[4], 18, 1))

    def forward(self, x):
        x = self.stem(x)
        deep = self.deep(x)
        up = F.interpolate(self.up(deep), scale_factor=2, mode="nearest")
        return self.fine(torch.cat([up, x], 1)), self.coarse(deep)


class Residual(nn.Module):
    def __init__(self, channels, activation):
        super().__init__()
        self.body = nn.Sequential(conv(channels, channels // 2, 1, activation=activation),
                                  conv(channels // 2, channels, 3, activation=activation))

    def forward(self, x):
        return x + self.body(x)


def five(inputs, width, activation):
    layers = []
    for i in range(5):
        layers.append(conv(inputs, width * (1 + i % 2), 1 + 2 * (i % 2), activation=activation))
        inputs = width * (1 + i % 2)
    return nn.Sequential(*layers)


class YoloV3(nn.Module):
    """Darknet-53 with fewer channels and blocks; boxes decoded as exporters of detectors do."""

    def __init__(self, w):
        super().__init__()
        c = [max(4, round(n * w)) for n in (32, 64, 128, 256, 512, 1024)]
        self.stem = conv(3, c[0], activation=Leaky)
        self.stages = nn.ModuleList(
            nn.Sequential(conv(c[i], c[i + 1], 3, 2, activation=Leaky),
                          *[Residual(c[i + 1], Leaky) for _ in range(n)]) for i, n in enumerate((1, 2, 2, 2, 1)))
        self.heads = nn.ModuleList()
        self.ups = nn.ModuleList()
        carried = 0
        for i in (5, 4, 3):
            self.heads.append(nn.ModuleList([five(c[i] + carried, c[i] // 2, Leaky),
                                             nn.Sequential(conv(c[i] // 2, c[i], activation=Leaky),
                                                           nn.Conv2d(c[i], 18, 1))]))
            carried = c[i] // 4
            self.ups.append(conv(c[i] // 2, carried, 1, activation=Leaky))

    def forward(self, x):
        x = self.stem(x)
        sides = []
        for stage in self.stages:
            x = stage(x)
            sides.append(x)
        outputs = []
        for (neck, head), up, side in zip(self.heads, self.ups, (None, sides[3], sides[2])):
            if side is not None:
                x = torch.cat([F.interpolate(x, scale_factor=2, mode="nearest"), side], 1)
            x = neck(x)
            y = head(x)
            n, _, h, w = y.shape
            y = y.view(n, 3, 6, h, w).permute(0, 1, 3, 4, 2)
            boxes = torch.cat([y[..., :2].sigmoid() * 2, y[..., 2:4].clamp(max=4).exp(), y[..., 4:].sigmoid()], -1)
            outputs.append(boxes.reshape(n, 3 * h * w, 6))
            x = up(x)
        return torch.cat(outputs, 1)


class Csp(nn.Module):
    def __init__(self, inputs, outputs, blocks, activation):
        super().__init__()
        half = outputs // 2
        self.down = conv(inputs, outputs, 3, 2, activation=activation)
        self.left, self.right = (conv(outputs, half, 1, activation=activation) for _ in range(2))
        self.blocks = nn.Sequential(*[Residual(half, activation) for _ in range(blocks)])
        self.out = conv(2 * half, outputs, 1, activation=activation)

    def forward(self, x):
        x = self.down(x)
        return self.out(torch.cat([self.blocks(self.left(x)), self.right(x)], 1))


class Spp(nn.Module):
    def __init__(self, sizes=(5, 9, 13)):
        super().__init__()
        self.pools = nn.ModuleList(nn.MaxPool2d(n, 1, n // 2) for n in sizes)

    def forward(self, x):
        return torch.cat([pool(x) for pool in self.pools] + [x], 1)


class YoloV4(nn.Module):
    """CSPDarknet with Mish, spatial pyramid, path aggregation up and down again."""

    def __init__(self, w):
        super().__init__()
        c = [max(4, round(n * w)) for n in (32, 64, 128, 256, 512)]
        self.body = nn.Sequential(conv(3, c[0], activation=nn.Mish), Csp(c[0], c[1], 1, nn.Mish),
                                  Csp(c[1], c[2], 2, nn.Mish))
        self.deep = Csp(c[2], c[3], 2, nn.Mish)
        self.deepest = Csp(c[3], c[4], 1, nn.Mish)
        self.pyramid = nn.Sequential(conv(c[4], c[3], 1, activation=Leaky), Spp(),
                                     conv(4 * c[3], c[3], 1, activation=Leaky))
        self.lateral = conv(c[3], c[2], 1, activation=Leaky)
        self.up = conv(c[3], c[2], 1, activation=Leaky)
        self.merge = five(2 * c[2], c[2], Leaky)
        self.fine = nn.Sequential(conv(c[2], c[3], activation=Leaky), nn.Conv2d(c[3], 18, 1))
        self.down = conv(c[2], c[3], 3, 2, activation=Leaky)
        self.coarse = nn.Sequential(five(2 * c[3], c[3], Leaky), nn.Conv2d(c[3], 18, 1))

    def forward(self, x):
        middle = self.deep(self.body(x))
        deep = self.pyramid(self.deepest(middle))
        up = F.interpolate(self.up(deep), size=middle.shape[2:], mode="nearest")
        merged = self.merge(torch.cat([self.lateral(middle), up], 1))
        return self.fine(merged), self.coarse(torch.cat([self.down(merged), deep], 1))


class Focus(nn.Module):
    def forward(self, x):
        return torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)


class YoloX(nn.Module):
    """Focus, SiLU, spatial pyramid, a head with a branch each for boxes, objects and classes; one scale."""

    def __init__(self, w, blocks=2):
        super().__init__()
        c = [max(4, round(n * w)) for n in (64, 128, 128)]
        silu = functools.partial(conv, activation=nn.SiLU)
        self.body = nn.Sequential(Focus(), silu(12, c[0]), *[Csp(c[i], c[i + 1], 1, nn.SiLU) for i in range(blocks)],
                                  silu(c[blocks], c[0], 1), Spp(), silu(4 * c[0], c[1], 1))
        self.stem = silu(c[1], c[1], 1)
        self.towers = nn.ModuleList(nn.Sequential(*[silu(c[1], c[1]) for _ in range(blocks)]) for _ in range(2))
        self.boxes, self.objects, self.classes = (nn.Conv2d(c[1], n, 1) for n in (4, 1, 3))

    def forward(self, x):
        x = self.stem(self.body(x))
        box, kind = (tower(x) for tower in self.towers)
        y = torch.cat([self.boxes(box), self.objects(box).sigmoid(), self.classes(kind).sigmoid()], 1)
        y = y.flatten(2).permute(0, 2, 1)
        return torch.cat([y[..., :2] * 8, torch.exp(y[..., 2:4]) * 8, y[..., 4:]], -1)


class Cpm(nn.Module):
    def __init__(self, w, stages=3):
        super().__init__()
        c = [max(2, round(n * w)) for n in (128, 32)]
        plain = functools.partial(conv, norm=None)
        pool = functools.partial(nn.MaxPool2d, 3, 2, 1)
        self.features = nn.Sequential(plain(3, c[0], 9), pool(), plain(c[0], c[0], 9), pool(), plain(c[0], c[1], 5))
        self.first = nn.Sequential(plain(c[1], c[0], 9), plain(c[0], c[0], 1), nn.Conv2d(c[0], 15, 1))
        self.stages = nn.ModuleList(nn.Sequential(plain(c[1] + 16, c[0], 11), plain(c[0], c[0], 1),
                                                  nn.Conv2d(c[0], 15, 1)) for _ in range(stages - 1))
        self.centre = nn.AvgPool2d(9, 4, 4)

    def forward(self, x):
        centre = self.centre(x[:, :1])
        x = self.features(x)
        maps = self.first(x)
        for stage in self.stages:
            maps = stage(torch.cat([x, maps, centre], 1))
        return maps


class AlexNet(nn.Module):
    def __init__(self, w):
        super().__init__()
        c = [2 * max(2, round(n * w / 2)) for n in (96, 256, 384)]
        self.features = nn.Sequential(nn.Conv2d(3, c[0], 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
                                      nn.Conv2d(c[0], c[1], 5, padding=2, groups=2), nn.ReLU(),
                                      nn.MaxPool2d(3, 2), nn.Conv2d(c[1], c[2], 3, padding=1), nn.ReLU())
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(c[2] * 9, 4 * c[0]), nn.ReLU(), nn.Linear(4 * c[0], 10))

    def forward(self, x):
        x = F.adaptive_avg_pool2d(self.features(x), (3, 3))
        return F.softmax(self.classifier(torch.flatten(x, 1)), -1)


class Espcn(nn.Module):
    def __init__(self, w, factor=3):
        super().__init__()
        c = max(2, round(64 * w))
        self.body = nn.Sequential(nn.Conv2d(3, c, 5, padding=2), nn.Tanh(), nn.Conv2d(c, c, 3, padding=1), nn.PReLU(c),
                                  nn.Conv2d(c, 3 * factor * factor, 3, padding=1), nn.PixelShuffle(factor))

    def forward(self, x):
        return torch.sigmoid(self.body(x))


class Style(nn.Module):
    """Reflected borders, instance norms, one transposed convolution and one nearest upsampling on the way back."""

    def __init__(self, w):
        super().__init__()
        c = [max(2, round(n * w)) for n in (32, 64)]
        norm = functools.partial(nn.InstanceNorm2d, affine=True)
        self.net = nn.Sequential(
            nn.ReflectionPad2d(4), nn.Conv2d(3, c[0], 9), norm(c[0]), nn.ReLU(), conv(c[0], c[1], 3, 2, norm=norm),
            Residual(c[1], nn.ReLU), nn.ConvTranspose2d(c[1], c[0], 3, 2, 1, output_padding=1), norm(c[0]), nn.ReLU(),
            nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(c[0], 3, 3), nn.Tanh())

    def forward(self, x):
        return self.net(x)


class Attention(nn.Module):
    """TransPose: a convolutional stem, an encoder layer over its pixels, heatmaps by a deconvolution."""

    def __init__(self, w):
        super().__init__()
        self.d = max(8, round(256 * w))
        self.stem = nn.Sequential(conv(3, self.d, 3, 2), conv(self.d, self.d, 3, 2))
        self.query, self.key, self.value, self.out = (nn.Linear(self.d, self.d) for _ in range(4))
        self.norms = nn.ModuleList(nn.LayerNorm(self.d) for _ in range(2))
        self.feed = nn.Sequential(nn.Linear(self.d, 2 * self.d), nn.ReLU(), nn.Linear(2 * self.d, self.d))
        self.head = nn.Sequential(nn.ConvTranspose2d(self.d, self.d, 2, 2), nn.BatchNorm2d(self.d), nn.ReLU(),
                                  nn.Conv2d(self.d, 5, 1))

    def forward(self, x):
        x = self.stem(x)
        n, c, h, w = x.shape
        x = x.flatten(2).transpose(1, 2)

        def heads(y):
            return y.view(n, h * w, 2, c // 2).transpose(1, 2)

        weights = (heads(self.query(x)) @ heads(self.key(x)).transpose(-2, -1) / math.sqrt(c // 2)).softmax(-1)
        mixed = (weights @ heads(self.value(x))).transpose(1, 2).reshape(n, h * w, c)
        x = self.norms[0](x + self.out(mixed))
        x = self.norms[1](x + self.feed(x))
        return self.head(x.transpose(1, 2).reshape(n, c, h, w))


class Unet(nn.Module):
    """Linear upsampling in both conventions, averages, a stretch to a given size, soft-argmax over the heatmaps."""

    def __init__(self, w):
        super().__init__()
        c = [max(2, round(n * w)) for n in (32, 64)]
        self.top, self.middle, self.deep = conv(3, c[0]), conv(c[0], c[1]), conv(c[1], c[1], activation=nn.ReLU6)
        self.left, self.last = conv(2 * c[1], c[0]), nn.Conv2d(2 * c[0], 5, 1)

    def forward(self, x):
        top = self.top(x)
        middle = self.middle(F.avg_pool2d(top, 3, 2, 1, count_include_pad=False))
        deep = F.interpolate(self.deep(F.avg_pool2d(middle, 2)), scale_factor=2, mode="bilinear", align_corners=False)
        left = F.interpolate(self.left(torch.cat([deep, middle], 1)), scale_factor=2, mode="bilinear",
                             align_corners=True)
        maps = self.last(torch.cat([left, top], 1))
        n, k, h, w = maps.shape
        share = F.softmax(maps.reshape(n, k, h * w), 2).reshape(n, k, h, w)
        across = (share.sum(2) * torch.linspace(0, 1, w)).sum(2, keepdim=True)
        down = (share.sum(3) * torch.linspace(0, 1, h)).sum(2, keepdim=True)
        highest = maps.flatten(2).argmax(2, keepdim=True).float() / (h * w)
        return torch.cat([maps.flatten(2), across, down, share.amax((2, 3)).unsqueeze(2), highest], 2)


def vgg16(w):
    cfg = [c if c == "M" else max(4, round(c * w)) for c in torchvision.models.vgg.cfgs["D"]]
    net = torchvision.models.vgg.VGG(torchvision.models.vgg.make_layers(cfg), num_classes=10, init_weights=False)
    net.avgpool = nn.AdaptiveAvgPool2d(1)
    net.classifier = nn.Sequential(nn.Linear(cfg[-2], 64), nn.ReLU(True), nn.Dropout(), nn.Linear(64, 10))
    return net


def mobilenet_v3_blocks(_):
    """Squeeze and excitation with its hard sigmoid, hard swish, an expansion and a residual."""
    norm = functools.partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
    blocks = [(8, 3, 16, 8, True, "HS", 1), (8, 5, 8, 12, False, "RE", 2)]
    return nn.Sequential(conv(3, 8, 3, 2, activation=nn.Hardswish), *[
        mobilenetv3.InvertedResidual(mobilenetv3.InvertedResidualConfig(a, k, e, o, se, kind, s, 1, 1.0), norm)
        for a, k, e, o, se, kind, s in blocks])


def yolov4_blocks(_):
    return nn.Sequential(conv(3, 4, activation=nn.Mish), Csp(4, 8, 1, nn.Mish), conv(8, 4, 1, activation=Leaky), Spp(),
                         conv(16, 8, 1, activation=Leaky))


def shuffle_blocks(_):
    block = torchvision.models.shufflenetv2.InvertedResidual
    return nn.Sequential(conv(3, 8, 3, 2), block(8, 12, 2), block(12, 12, 1))


MODELS = torchvision.models
NETWORKS = {  # name: (build(width), width, sides)
    "mobilenet_v2": (lambda w: MODELS.mobilenet_v2(width_mult=w, num_classes=10), 0.35, (64, 96)),
    "mobilenet_v3": (lambda w: MODELS.mobilenet_v3_small(width_mult=w, num_classes=10), 0.5, (64, 96)),
    "shufflenet_v2": (lambda w: MODELS.shufflenet_v2_x0_5(num_classes=10), 0.5, (64, 96)),
    "efficientnet": (lambda w: MODELS.efficientnet_b0(num_classes=10), 1, (64, 96)),
    "squeezenet": (lambda w: MODELS.squeezenet1_1(num_classes=10), 1, (64, 96)),
    "resnext": (lambda w: MODELS.ResNet(MODELS.resnet.Bottleneck, [1, 1, 1, 1], 10, groups=8, width_per_group=4), 1,
                (64, 96)),
    "vgg16": (vgg16, 0.25, (64, 96)),
    "alexnet": (AlexNet, 0.25, (112, 112)),
    "yolov3_tiny": (YoloV3Tiny, 0.25, (64, 96)),
    "yolov3": (YoloV3, 0.125, (64, 96)),
    "yolov4": (YoloV4, 0.25, (64, 96)),
    "yolox": (YoloX, 0.25, (64, 96)),
    "cpm": (Cpm, 0.25, (64, 96)),
    "espcn": (Espcn, 1, (24, 32)),
    "style": (Style, 0.5, (32, 48)),
    "attention": (Attention, 0.125, (32, 48)),
    "unet": (Unet, 0.5, (32, 48)),
}
FROM_11 = ("yolox", "unet")  # slices with steps, and corners that stay, cannot be exported at opset 9
TINY = {  # name: (build(width), width, sides, opset)
    "yolov3_tiny": (YoloV3Tiny, 1 / 128, (32, 32), 9),
    "yolov4": (yolov4_blocks, 1, (8, 16), 11),
    "yolox": (functools.partial(YoloX, blocks=0), 1 / 32, (8, 16), 11),
    "mobilenet_v3": (mobilenet_v3_blocks, 1, (16, 16), 17),
    "shufflenet_v2": (shuffle_blocks, 1, (8, 16), 11),
    "espcn": (Espcn, 1 / 16, (4, 6), 13),
    "style": (Style, 1 / 16, (8, 12), 11),
    "attention": (Attention, 1 / 32, (8, 12), 13),
    "unet": (Unet, 1 / 16, (8, 12), 11),
}


def randomise(net, random):
    """Weights that keep the signal's size, and statistics far from 0 and 1, so that no forgotten term goes unseen."""
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                module.weight.normal_(0, (2.0 / module.weight[0].numel()) ** 0.5, generator=random)
                if module.bias is not None:
                    module.bias.normal_(0, 0.3, generator=random)
            elif isinstance(module, (nn.BatchNorm2d, nn.InstanceNorm2d, nn.LayerNorm)):
                module.weight.uniform_(0.6, 1.4, generator=random)
                module.bias.normal_(0, 0.2, generator=random)
                if isinstance(module, nn.BatchNorm2d):
                    module.running_mean.normal_(0, 0.3, generator=random)
                    module.running_var.uniform_(0.5, 2.0, generator=random)
            elif isinstance(module, nn.PReLU):
                module.weight.uniform_(0.05, 0.4, generator=random)


def export(out, name, net, sides, opset):
    random = torch.Generator().manual_seed(len(name) + opset)
    randomise(net, random)
    net.eval()
    free = opset in (11, 13)
    example = torch.randn(2 if free else 1, 3, *sides, generator=random)
    with warnings.catch_warnings():  # sizes are constant but for the batch, as intended
        warnings.simplefilter("ignore")
        torch.onnx.export(net, example, str(out / f"{name}.onnx"), opset_version=opset, input_names=["input"],
                          dynamic_axes={"input": {0: "batch"}} if free else None)
    numpy.save(out / f"{name}_input.npy", example.numpy())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="folder to write to")
    parser.add_argument("--tiny", action="store_true", help="the small ones only, one opset each")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(3)  # what torchvision draws before randomise() replaces it
    if arguments.tiny:
        for name, (build, width, sides, opset) in TINY.items():
            export(arguments.out, f"pytorch_{name}_{opset}", build(width), sides, opset)
        return
    for name, (build, width, sides) in NETWORKS.items():
        net = build(width)
        for opset in (9, 11, 13, 17) if name not in FROM_11 else (11, 13, 17):
            export(arguments.out, f"pytorch_{name}_{opset}", net, sides, opset)


if __name__ == "__main__":
    main()
