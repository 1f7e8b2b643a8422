#!/usr/bin/env python3
"""ONNX files of the pose networks that people run, as PyTorch's two exporters write them; random weights, few channels.

    /usr/bin/python3 tests/golden/make_exports_modern.py OUT            # PyTorch 1.13 (Debian): opsets 11, 13 and 16
    VENV/bin/python tests/golden/make_exports_modern.py OUT             # PyTorch 2.9.1 with onnx 1.23, onnxscript 0.7.2
    VENV/bin/python tests/golden/check_onnx.py OUT                      # answers by onnxruntime 1.32
    VENV/bin/python tests/golden/make_exports_modern.py OUT --full      # of the real widths, for timing: nothing committed

With 2.x the files end in the exporter's name: _script (opset 17) and _dynamo (opset 18, 20 or 23: as each supports).
Definitions are ours, after the papers and the projects' descriptions of their layers: YOLOv8, YOLO11 and YOLO26 for poses
(Ultralytics), RTMPose (Jiang et al. 2023: CSPNeXt, gated attention unit, SimCC), RTMO (Lu et al. 2023), ViTPose (Xu et
al. 2022), HRNet (Sun et al. 2019), Lightweight OpenPose (Osokin 2018), MoveNet (a MobileNetV2 with a pyramid).
"""
import argparse
import math
import pathlib
import warnings

import numpy
import torch
from torch import nn
from torch.nn import functional as F

try:
    import torchvision  # of Debian's PyTorch; WithNms alone needs it
except ImportError:
    torchvision = None

MODERN = int(torch.__version__.split(".")[0]) >= 2


class Conv(nn.Sequential):
    def __init__(self, i, o, k=1, s=1, g=1, act=nn.SiLU, bias=False):
        super().__init__(nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=bias), nn.BatchNorm2d(o), *([act()] if act else []))


# ---------- YOLO
class Bottleneck(nn.Module):
    def __init__(self, i, o, shortcut=True, e=0.5):
        super().__init__()
        self.one, self.two = Conv(i, int(o * e), 3), Conv(int(o * e), o, 3)
        self.add = shortcut and i == o

    def forward(self, x):
        return x + self.two(self.one(x)) if self.add else self.two(self.one(x))


class C2f(nn.Module):
    def __init__(self, i, o, n=1, shortcut=True, inner=None):
        super().__init__()
        self.c = o // 2
        self.first, self.last = Conv(i, 2 * self.c), Conv((2 + n) * self.c, o)
        make = inner or (lambda c: Bottleneck(c, c, shortcut, 1.0))
        self.m = nn.ModuleList(make(self.c) for _ in range(n))

    def forward(self, x):
        y = list(self.first(x).chunk(2, 1))
        for m in self.m:
            y.append(m(y[-1]))
        return self.last(torch.cat(y, 1))


class C3k(nn.Module):
    def __init__(self, c):
        super().__init__()
        h = c // 2
        self.a, self.b, self.out = Conv(c, h), Conv(c, h), Conv(2 * h, c)
        self.m = nn.Sequential(Bottleneck(h, h, True, 1.0), Bottleneck(h, h, True, 1.0))

    def forward(self, x):
        return self.out(torch.cat((self.m(self.a(x)), self.b(x)), 1))


def c3k2(i, o, n=1, c3k=False):
    return C2f(i, o, n, True, C3k if c3k else (lambda c: Bottleneck(c, c, True, 0.5)))


class Attention(nn.Module):
    def __init__(self, c, heads):
        super().__init__()
        self.heads, self.dim, self.key = heads, c // heads, c // heads // 2
        self.qkv, self.proj = Conv(c, c + 2 * self.key * heads, act=None), Conv(c, c, act=None)
        self.pe = Conv(c, c, 3, g=c, act=None)

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = self.qkv(x).view(b, self.heads, self.key * 2 + self.dim, h * w).split([self.key, self.key, self.dim], 2)
        a = ((q.transpose(-2, -1) @ k) * self.key ** -0.5).softmax(-1)
        return self.proj((v @ a.transpose(-2, -1)).view(b, c, h, w) + self.pe(v.reshape(b, c, h, w)))


class C2Psa(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c // 2
        self.first, self.last = Conv(c, c), Conv(c, c)
        self.attention = Attention(self.c, max(1, self.c // 64) if self.c >= 64 else 2)
        self.ffn = nn.Sequential(Conv(self.c, 2 * self.c), Conv(2 * self.c, self.c, act=None))

    def forward(self, x):
        a, b = self.first(x).split((self.c, self.c), 1)
        b = b + self.attention(b)
        return self.last(torch.cat((a, b + self.ffn(b)), 1))


class Sppf(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.first, self.last, self.pool = Conv(c, c // 2), Conv(2 * c, c), nn.MaxPool2d(5, 1, 2)

    def forward(self, x):
        y = [self.first(x)]
        for _ in range(3):
            y.append(self.pool(y[-1]))
        return self.last(torch.cat(y, 1))


class Yolo(nn.Module):
    """version 8, 11 or 26; keypoints 0 for boxes of `classes`."""
    def __init__(self, version, w=(16, 32, 64, 128, 256), keypoints=17, classes=1, top=300, reg=16):
        super().__init__()
        self.version, self.keypoints, self.classes, self.top = version, keypoints, classes, top
        old = version == 8
        block = (lambda i, o, n, last=False: C2f(i, o, n)) if old else (lambda i, o, n, last=False: c3k2(i, o, 1, last))
        neck = (lambda i, o: C2f(i, o, 1, False)) if old else (lambda i, o: c3k2(i, o, 1))
        self.s2 = nn.Sequential(Conv(3, w[0], 3, 2), Conv(w[0], w[1], 3, 2), block(w[1], w[1] if old else w[2], 1))
        self.s3 = nn.Sequential(Conv(w[1] if old else w[2], w[2], 3, 2), block(w[2], w[2] if old else w[3], 2))
        c3 = w[2] if old else w[3]
        self.s4 = nn.Sequential(Conv(c3, w[3], 3, 2), block(w[3], w[3], 2, True))
        self.s5 = nn.Sequential(Conv(w[3], w[4], 3, 2), block(w[4], w[4], 1, True), Sppf(w[4]), *([] if old else [C2Psa(w[4])]))
        self.up4, self.up3 = neck(w[4] + w[3], w[3]), neck(w[3] + c3, w[2])
        self.d4, self.d5 = Conv(w[2], w[2], 3, 2), Conv(w[3], w[3], 3, 2)
        self.n4, self.n5 = neck(w[2] + w[3], w[3]), (neck(w[3] + w[4], w[4]) if old else c3k2(w[3] + w[4], w[4], 1, True))
        ch = (w[2], w[3], w[4])
        self.reg = 1 if version == 26 else reg
        b, c, k = max(ch[0] // 4, 4 * self.reg), max(ch[0], min(classes, 100)), max(ch[0] // 4, 3 * keypoints)
        self.box = nn.ModuleList(nn.Sequential(Conv(x, b, 3), Conv(b, b, 3), nn.Conv2d(b, 4 * self.reg, 1)) for x in ch)
        if old:
            self.cls = nn.ModuleList(nn.Sequential(Conv(x, c, 3), Conv(c, c, 3), nn.Conv2d(c, classes, 1)) for x in ch)
        else:
            self.cls = nn.ModuleList(nn.Sequential(Conv(x, x, 3, g=x), Conv(x, c), Conv(c, c, 3, g=c), Conv(c, c),
                                                   nn.Conv2d(c, classes, 1)) for x in ch)
        if keypoints:
            self.kpt = nn.ModuleList(nn.Sequential(Conv(x, k, 3), Conv(k, k, 3), nn.Conv2d(k, 3 * keypoints, 1)) for x in ch)

    def forward(self, x):
        p3 = self.s3(self.s2(x))
        p4 = self.s4(p3)
        p5 = self.s5(p4)
        up = lambda v: F.interpolate(v, scale_factor=2.0, mode="nearest")
        t4 = self.up4(torch.cat((up(p5), p4), 1))
        n3 = self.up3(torch.cat((up(t4), p3), 1))
        n4 = self.n4(torch.cat((self.d4(n3), t4), 1))
        n5 = self.n5(torch.cat((self.d5(n4), p5), 1))
        return self.head([n3, n4, n5])

    def head(self, maps):
        b = maps[0].shape[0]
        centres, steps = [], []
        for m, s in zip(maps, (8, 16, 32)):
            h, w = m.shape[2:]
            y, x = torch.meshgrid(torch.arange(h, dtype=torch.float32) + 0.5, torch.arange(w, dtype=torch.float32) + 0.5, indexing="ij")
            centres.append(torch.stack((x, y), -1).view(-1, 2))
            steps.append(torch.full((h * w, 1), float(s)))
        centre, step = torch.cat(centres).transpose(0, 1), torch.cat(steps).transpose(0, 1)
        y = torch.cat([torch.cat((self.box[i](m), self.cls[i](m)), 1).view(b, 4 * self.reg + self.classes, -1)
                       for i, m in enumerate(maps)], 2)
        box, cls = y.split((4 * self.reg, self.classes), 1)
        if self.reg > 1:
            box = box.view(b, 4, self.reg, -1).transpose(2, 1).softmax(1)
            box = (box * torch.arange(self.reg, dtype=torch.float32).view(1, self.reg, 1, 1)).sum(1)
        lt, rb = box.chunk(2, 1)
        x1, x2 = centre.unsqueeze(0) - lt, centre.unsqueeze(0) + rb
        box = torch.cat((x1, x2), 1) if self.version == 26 else torch.cat(((x1 + x2) / 2, x2 - x1), 1)
        y = torch.cat((box * step, cls.sigmoid()), 1)
        if self.keypoints:
            k = torch.cat([self.kpt[i](m).view(b, 3 * self.keypoints, -1) for i, m in enumerate(maps)], -1)
            k = k.view(b, self.keypoints, 3, -1)
            xy = (k[:, :, :2] * 2.0 + (centre - 0.5)) * step
            y = torch.cat((y, torch.cat((xy, k[:, :, 2:3].sigmoid()), 2).view(b, 3 * self.keypoints, -1)), 1)
        return self.best(y.permute(0, 2, 1)) if self.version == 26 else y

    def best(self, y):
        """The `top` best boxes, without suppression: x1 y1 x2 y2 score class, keypoints."""
        b, a, _ = y.shape
        box, score, rest = y.split([4, self.classes, y.shape[2] - 4 - self.classes], -1)
        k = min(self.top, a)
        index = score.amax(-1).topk(k)[1].unsqueeze(-1)
        score = score.gather(1, index.repeat(1, 1, self.classes))
        score, flat = score.flatten(1).topk(k)
        row = index[torch.arange(b)[..., None], flat // self.classes]
        parts = [box.gather(1, row.repeat(1, 1, 4)), score[..., None], (flat % self.classes)[..., None].float()]
        if self.keypoints:
            parts.append(rest.gather(1, row.repeat(1, 1, rest.shape[2])))
        return torch.cat(parts, -1)


class WithNms(nn.Module):
    """What Ultralytics' exporter appends with nms=True (engine/exporter.py, NMSModel): rows of box, score, class and
    keypoints, thinned out class by class, zeros where there are no more. Needs torchvision."""
    def __init__(self, model, classes, score, iou, most):
        super().__init__()
        self.model, self.classes, self.score, self.iou, self.most = model, classes, score, iou, most

    def forward(self, x):
        pred = self.model(x).transpose(-1, -2)
        boxes, scores, extras = pred.split([4, self.classes, pred.shape[-1] - 4 - self.classes], dim=2)
        scores, classes = scores.max(dim=-1)
        out = torch.zeros(pred.shape[0], self.most, 6 + extras.shape[-1])
        for i in range(pred.shape[0]):
            box, cls, score, extra = boxes[i], classes[i], scores[i], extras[i]
            mask = score > self.score
            box, score, cls, extra = box[mask], score[mask], cls[mask], extra[mask]
            xy, half = box[:, :2], box[:, 2:] / 2
            box = torch.cat((xy - half, xy + half), -1)
            apart = 1 / self.classes
            by_class = apart * (box / torch.tensor(x.shape[2:]).max()) + cls.view(-1, 1).expand(cls.shape[0], 4) * apart
            keep = torchvision.ops.nms(by_class, score, self.iou)[:self.most]
            rows = torch.cat([box[keep], score[keep].view(-1, 1), cls[keep].view(-1, 1).to(out.dtype), extra[keep]], -1)
            out[i] = F.pad(rows, (0, 0, 0, self.most - rows.shape[0]))
        return out


class ChannelAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.fc(F.adaptive_avg_pool2d(x, 1)))


class CspNextBlock(nn.Module):
    def __init__(self, c, add):
        super().__init__()
        self.one, self.two, self.add = Conv(c, c, 3), nn.Sequential(Conv(c, c, 5, g=c), Conv(c, c)), add

    def forward(self, x):
        return x + self.two(self.one(x)) if self.add else self.two(self.one(x))


class CspLayer(nn.Module):
    def __init__(self, i, o, n, add):
        super().__init__()
        m = o // 2
        self.main, self.short, self.last = Conv(i, m), Conv(i, m), Conv(2 * m, o)
        self.blocks, self.attention = nn.Sequential(*(CspNextBlock(m, add) for _ in range(n))), ChannelAttention(2 * m)

    def forward(self, x):
        return self.last(self.attention(torch.cat((self.blocks(self.main(x)), self.short(x)), 1)))


class ScaleNorm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.scale, self.g = d ** -0.5, nn.Parameter(torch.ones(1))

    def forward(self, x):
        norm = torch.norm(x, dim=2, keepdim=True) * self.scale
        return x / norm.clamp(min=1e-5) * self.g


class Gau(nn.Module):
    """Hua et al. 2022, "Transformer quality in linear time", as RTMPose has it."""
    def __init__(self, d, s=128, e=2):
        super().__init__()
        self.e, self.s, self.ln = d * e, s, ScaleNorm(d)
        self.uv, self.o = nn.Linear(d, 2 * self.e + s, bias=False), nn.Linear(self.e, d, bias=False)
        self.gamma, self.beta, self.res = nn.Parameter(torch.rand(2, s)), nn.Parameter(torch.rand(2, s)), nn.Parameter(torch.ones(d))

    def forward(self, x):
        uv = F.silu(self.uv(self.ln(x)))
        u, v, base = torch.split(uv, [self.e, self.e, self.s], dim=2)
        base = base.unsqueeze(2) * self.gamma[None, None, :] + self.beta
        q, k = torch.unbind(base, dim=2)
        kernel = torch.square(F.relu(torch.bmm(q, k.permute(0, 2, 1)) / math.sqrt(self.s)))
        return x * self.res + self.o(u * torch.bmm(kernel, v))


class RtmPose(nn.Module):
    def __init__(self, w=(32, 64, 128, 256, 512), n=(1, 2, 2, 1), size=(8, 6), hidden=256, s=128, joints=17):
        super().__init__()
        layers = [Conv(3, w[0] // 2, 3, 2), Conv(w[0] // 2, w[0] // 2, 3), Conv(w[0] // 2, w[0], 3)]
        for i in range(4):
            layers.append(Conv(w[i], w[i + 1], 3, 2))
            if i == 3:
                layers.append(SppBottleneck(w[4]))
            layers.append(CspLayer(w[i + 1], w[i + 1], n[i], i < 3))
        self.trunk, self.final = nn.Sequential(*layers), nn.Conv2d(w[4], joints, 7, 1, 3)
        d = size[0] * size[1]
        self.mlp, self.gau = nn.Sequential(ScaleNorm(d), nn.Linear(d, hidden, bias=False)), Gau(hidden, s)
        self.x, self.y = nn.Linear(hidden, size[1] * 64, bias=False), nn.Linear(hidden, size[0] * 64, bias=False)

    def forward(self, x):
        x = self.gau(self.mlp(torch.flatten(self.final(self.trunk(x)), 2)))
        return self.x(x), self.y(x)


class SppBottleneck(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.first, self.last = Conv(c, c // 2), Conv(2 * c, c)
        self.pools = nn.ModuleList(nn.MaxPool2d(k, 1, k // 2) for k in (5, 9, 13))

    def forward(self, x):
        x = self.first(x)
        return self.last(torch.cat([x] + [p(x) for p in self.pools], 1))


# ---------- RTMO-like: a transformer layer on the deepest map, points by bins along both axes
class Rtmo(nn.Module):
    def __init__(self, c=16, joints=17, bins=(24, 32)):
        super().__init__()
        self.trunk = nn.Sequential(Conv(3, c, 3, 2), Conv(c, c, 3, 2), Conv(c, 2 * c, 3, 2), CspLayer(2 * c, 2 * c, 1, True))
        self.down = Conv(2 * c, 2 * c, 3, 2)
        self.encoder = nn.TransformerEncoderLayer(2 * c, 4, 4 * c, activation="gelu", batch_first=True)
        self.score, self.box, self.pose = nn.Conv2d(2 * c, 1, 1), nn.Conv2d(2 * c, 4, 1), Conv(2 * c, 2 * c, 3)
        self.joints, self.bins = joints, bins
        self.to_joints = nn.Linear(2 * c, joints * 16)
        self.gau = Gau(16, 16)
        self.x, self.y = nn.Linear(16, 16), nn.Linear(16, 16)
        self.norm = nn.GroupNorm(4, 2 * c)

    @staticmethod
    def encoding(p, d=16):
        f = p[..., None] / (10000 ** (torch.arange(d // 2, dtype=torch.float32) / (d // 2)))
        return torch.cat((f.sin(), f.cos()), -1)

    def forward(self, x):
        x = self.down(self.trunk(x))
        b, c, h, w = x.shape
        t = self.encoder(x.flatten(2).permute(0, 2, 1))
        x = self.norm(t.permute(0, 2, 1).reshape(b, c, h, w))
        score = self.score(x).sigmoid().flatten(1)
        k = 5
        score, index = score.topk(k)
        pick = lambda m: torch.gather(m.flatten(2).permute(0, 2, 1), 1, index[..., None].expand(-1, -1, m.shape[1]))
        box = pick(self.box(x)).exp() * 16
        feature = pick(self.pose(x))
        f = self.gau(self.to_joints(feature).reshape(b * k, self.joints, 16)).reshape(b, k, self.joints, 16)
        px = self.encoding(torch.linspace(0, 1, self.bins[0])) @ self.x.weight.t() + self.x.bias
        py = self.encoding(torch.linspace(0, 1, self.bins[1])) @ self.y.weight.t() + self.y.bias
        hx = torch.einsum("bkjc,nc->bkjn", f, px).softmax(-1)
        hy = torch.einsum("bkjc,nc->bkjn", f, py).softmax(-1)
        kx = (hx * torch.linspace(0, 1, self.bins[0])).sum(-1)
        ky = (hy * torch.linspace(0, 1, self.bins[1])).sum(-1)
        return torch.cat((box, score[..., None]), -1), torch.stack((kx, ky, hx.amax(-1) * hy.amax(-1)), -1)


# ---------- ViTPose
class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads, self.n1, self.n2 = heads, nn.LayerNorm(d, 1e-6), nn.LayerNorm(d, 1e-6)
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(self.n1(x)).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        a = ((q * (d // self.heads) ** -0.5) @ k.transpose(-2, -1)).softmax(-1)
        x = x + self.proj((a @ v).transpose(1, 2).reshape(b, n, d))
        return x + self.mlp(self.n2(x))


class VitPose(nn.Module):
    def __init__(self, d=384, depth=12, heads=12, size=(256, 192), head=256, joints=17):
        super().__init__()
        self.patch = nn.Conv2d(3, d, 16, 16, 2)
        self.size = (size[0] // 16, size[1] // 16)
        self.position = nn.Parameter(torch.randn(1, self.size[0] * self.size[1] + 1, d) * 0.02)
        self.blocks, self.norm = nn.Sequential(*(Block(d, heads) for _ in range(depth))), nn.LayerNorm(d, 1e-6)
        up = lambda i: [nn.ConvTranspose2d(i, head, 4, 2, 1, bias=False), nn.BatchNorm2d(head), nn.ReLU()]
        self.head = nn.Sequential(*up(d), *up(head), nn.Conv2d(head, joints, 1))

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = self.norm(self.blocks(x + self.position[:, 1:] + self.position[:, :1]))
        return self.head(x.permute(0, 2, 1).reshape(-1, x.shape[2], *self.size).contiguous())


# ---------- HRNet
class Basic(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.one, self.two = Conv(c, c, 3, act=nn.ReLU), Conv(c, c, 3, act=None)

    def forward(self, x):
        return F.relu(x + self.two(self.one(x)))


class Exchange(nn.Module):
    def __init__(self, widths, out, blocks=4):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(Basic(c) for _ in range(blocks))) for c in widths)
        self.mix = nn.ModuleList()
        for i in range(out):
            row = nn.ModuleList()
            for j, c in enumerate(widths):
                if j == i:
                    row.append(nn.Identity())
                elif j > i:
                    row.append(nn.Sequential(Conv(c, widths[i], act=None), nn.Upsample(scale_factor=2.0 ** (j - i), mode="nearest")))
                else:
                    steps = [Conv(c, widths[i] if k == i - j - 1 else c, 3, 2, act=None if k == i - j - 1 else nn.ReLU) for k in range(i - j)]
                    row.append(nn.Sequential(*steps))
            self.mix.append(row)

    def forward(self, xs):
        xs = [b(x) for b, x in zip(self.branches, xs)]
        return [F.relu(sum(f(x) for f, x in zip(row, xs))) for row in self.mix]


class HrNet(nn.Module):
    def __init__(self, w=32, modules=(1, 4, 3), blocks=4, joints=17, stem=64):
        super().__init__()
        self.stem = nn.Sequential(Conv(3, stem, 3, 2, act=nn.ReLU), Conv(stem, stem, 3, 2, act=nn.ReLU),
                                  *(Basic(stem) for _ in range(blocks)))
        ws = [w, 2 * w, 4 * w, 8 * w]
        self.t1 = nn.ModuleList([Conv(stem, ws[0], 3, act=nn.ReLU), Conv(stem, ws[1], 3, 2, act=nn.ReLU)])
        self.t2, self.t3 = Conv(ws[1], ws[2], 3, 2, act=nn.ReLU), Conv(ws[2], ws[3], 3, 2, act=nn.ReLU)
        self.s2 = nn.ModuleList(Exchange(ws[:2], 2, blocks) for _ in range(modules[0]))
        self.s3 = nn.ModuleList(Exchange(ws[:3], 3, blocks) for _ in range(modules[1]))
        self.s4 = nn.ModuleList(Exchange(ws, 1 if i == modules[2] - 1 else 4, blocks) for i in range(modules[2]))
        self.final = nn.Conv2d(w, joints, 1)

    def forward(self, x):
        x = self.stem(x)
        xs = [t(x) for t in self.t1]
        for m in self.s2:
            xs = m(xs)
        xs = xs + [self.t2(xs[-1])]
        for m in self.s3:
            xs = m(xs)
        xs = xs + [self.t3(xs[-1])]
        for m in self.s4:
            xs = m(xs)
        return self.final(xs[0])


# ---------- Lightweight OpenPose
def separable(i, o, s=1, d=1, act=nn.ReLU, norm=True):
    n = (lambda c: [nn.BatchNorm2d(c)]) if norm else (lambda c: [])
    return nn.Sequential(nn.Conv2d(i, i, 3, s, d, d, i, bias=not norm), *n(i), act(), nn.Conv2d(i, o, 1, bias=not norm), *n(o), act())


class OpenPose(nn.Module):
    def __init__(self, k=1.0, c=128):
        super().__init__()
        r = lambda n: max(4, int(n * k))
        self.trunk = nn.Sequential(Conv(3, r(32), 3, 2, act=nn.ReLU), separable(r(32), r(64)), separable(r(64), r(128), 2),
                                   separable(r(128), r(128)), separable(r(128), r(256), 2), separable(r(256), r(256)),
                                   separable(r(256), r(512)), separable(r(512), r(512), 1, 2),
                                   *(separable(r(512), r(512)) for _ in range(4)))
        self.align = nn.Sequential(nn.Conv2d(r(512), c, 1), nn.ReLU())
        self.cpm = nn.Sequential(*(separable(c, c, act=nn.ELU, norm=False) for _ in range(3)))
        self.conv = nn.Sequential(nn.Conv2d(c, c, 3, 1, 1), nn.ReLU())
        self.initial = nn.Sequential(*(nn.Sequential(nn.Conv2d(c, c, 3, 1, 1), nn.ReLU()) for _ in range(3)))
        head = lambda i, m, o: nn.Sequential(nn.Conv2d(i, m, 1), nn.ReLU(), nn.Conv2d(m, o, 1))
        self.heat, self.paf = head(c, r(512), 19), head(c, r(512), 38)
        self.squeeze = nn.ModuleList(nn.Sequential(nn.Conv2d(c + 57 if i == 0 else c, c, 1), nn.ReLU()) for i in range(5))
        self.refine = nn.ModuleList(nn.Sequential(Conv(c, c, 3, act=nn.ReLU, bias=True), nn.Conv2d(c, c, 3, 1, 2, 2), nn.BatchNorm2d(c), nn.ReLU()) for _ in range(5))
        self.heat2, self.paf2 = head(c, c, 19), head(c, c, 38)

    def forward(self, x):
        x = self.align(self.trunk(x))
        x = self.conv(x + self.cpm(x))
        t = self.initial(x)
        t = torch.cat((x, self.heat(t), self.paf(t)), 1)
        for s, r in zip(self.squeeze, self.refine):
            t = s(t)
            t = t + r(t)
        return self.heat2(t), self.paf2(t)


# ---------- MoveNet: MobileNetV2 and a pyramid; NHWC outside, four heads
class Inverted(nn.Module):
    def __init__(self, i, o, s, e):
        super().__init__()
        h = i * e
        self.add = s == 1 and i == o
        self.body = nn.Sequential(*([Conv(i, h, act=nn.ReLU6)] if e > 1 else []), Conv(h, h, 3, s, h, act=nn.ReLU6), Conv(h, o, act=None))

    def forward(self, x):
        return x + self.body(x) if self.add else self.body(x)


class MoveNet(nn.Module):
    def __init__(self, w=(32, 16, 24, 32, 64, 96, 160, 320), n=(1, 2, 3, 4, 3, 3, 1), up=(24, 32, 64), head=96, joints=17):
        super().__init__()
        strides, e, i = (1, 2, 2, 2, 1, 2, 1), (1,) + (6,) * 6, w[0]
        stages = []
        for s, k, o, r in zip(strides, e, w[1:], n):
            stages.append(nn.Sequential(*(Inverted(i if j == 0 else o, o, s if j == 0 else 1, k) for j in range(r))))
            i = o
        self.stem, self.stages = Conv(3, w[0], 3, 2, act=nn.ReLU6), nn.ModuleList(stages)
        self.deep = Conv(w[7], up[2], act=nn.ReLU6)
        self.lateral = nn.ModuleList([nn.Conv2d(w[5], up[2], 1), nn.Conv2d(w[3], up[1], 1), nn.Conv2d(w[2], up[0], 1)])
        self.smooth = nn.ModuleList([separable(up[2], up[1]), separable(up[1], up[0]), separable(up[0], up[0])])
        self.heads = nn.ModuleList(nn.Sequential(separable(up[0], head), nn.Conv2d(head, o, 1)) for o in (1, joints, 2 * joints, 2 * joints))

    def forward(self, image):
        x = self.stem(image.permute(0, 3, 1, 2) / 127.5 - 1.0)
        kept = []
        for stage in self.stages:
            x = stage(x)
            kept.append(x)
        x = self.deep(x)
        for lateral, smooth, k in zip(self.lateral, self.smooth, (4, 2, 1)):
            x = smooth(F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False) + lateral(kept[k]))
        maps = [head(x) for head in self.heads]
        return maps[0].sigmoid().permute(0, 2, 3, 1), maps[1].sigmoid().permute(0, 2, 3, 1), maps[2], maps[3]


def networks(full):
    """name: network, input shape, opsets of Debian's PyTorch and of the two exporters of 2.x (0: not made by it)."""
    if full:
        n8, n11 = (16, 32, 64, 128, 256), (16, 32, 64, 128, 256)
        return {
            "yolo8n_pose": (Yolo(8, n8), (1, 3, 640, 640), 17, 17, 0), "yolo11n_pose": (Yolo(11, n11), (1, 3, 640, 640), 17, 17, 0),
            "yolo11n": (Yolo(11, n11, 0, 80), (1, 3, 640, 640), 17, 17, 0), "yolo26n_pose": (Yolo(26, n11), (1, 3, 640, 640), 0, 17, 0),
            "rtmpose_s": (RtmPose(), (1, 3, 256, 192), 17, 17, 0), "vitpose_s": (VitPose(), (1, 3, 256, 192), 17, 17, 18),
            "hrnet_w32": (HrNet(), (1, 3, 256, 192), 13, 17, 0), "openpose_lite": (OpenPose(), (1, 3, 368, 368), 13, 17, 0),
            "movenet_thunder": (MoveNet(tuple(int(c * 1.75) // 8 * 8 for c in (32, 16, 24, 32, 64, 96, 160, 320)), up=(48, 64, 128), head=160), (1, 256, 256, 3), 13, 17, 0),
        }
    tiny = (4, 4, 4, 8, 8)
    return {
        "yolo8_pose": (Yolo(8, tiny, 3, reg=2), (1, 3, 64, 64), 11, 0, 0), "yolo11_pose": (Yolo(11, tiny, 3, reg=2), (1, 3, 64, 64), 0, 0, 18),
        "yolo26_pose": (Yolo(26, tiny, 3, 2, 20), (1, 3, 64, 64), 0, 17, 0),
        "rtmpose": (RtmPose((4, 8, 8, 8, 16), (1, 1, 1, 1), (2, 2), 16, 8, 5), (1, 3, 64, 64), 0, 0, 23),
        "rtmo": (Rtmo(4, 3, (5, 6)), (1, 3, 64, 64), 0, 0, 18), "vitpose": (VitPose(16, 2, 4, (64, 48), 8, 5), (1, 3, 64, 48), 0, 0, 20),
        "openpose": (OpenPose(0.03, 8), (1, 3, 64, 64), 13, 0, 0), "movenet": (MoveNet((4, 4, 4, 4, 4, 4, 4, 8), (1, 1, 2, 1, 1, 1, 1), (4, 4, 4), 4, 3), (1, 64, 64, 3), 13, 0, 0),
        "yolo8_nms": (WithNms(Yolo(8, tiny, 3, 2, reg=2), 2, 0.4, 0.5, 40), (1, 3, 64, 64), 13, 0, 0),
    }


def pattern(shape):
    """The input that exports_test.cc makes for itself."""
    i = numpy.arange(int(numpy.prod(shape)), dtype=numpy.int64)
    return (((i * 37 + 11) % 101) / numpy.float32(50) - 1).astype(numpy.float32).reshape(shape)


def strip(path):
    """Without what dynamo notes of the source: half of the file."""
    import onnx
    model = onnx.load(path)
    for node in list(model.graph.node) + [n for f in model.functions for n in f.node]:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.graph.value_info[:], model.metadata_props[:]
    for f in model.functions:
        del f.value_info[:], f.metadata_props[:]
    for value in list(model.graph.input) + list(model.graph.output):
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
    onnx.save(model, path)


def export(net, x, path, opset, dynamo):
    options = {"opset_version": opset, "input_names": ["images"]}
    if MODERN:
        options["dynamo"] = dynamo
        if dynamo:
            options["external_data"] = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, (x,), str(path), **options)
    if dynamo:
        strip(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only")
    options = parser.parse_args()
    torch.manual_seed(3)
    if MODERN:
        torch.backends.mha.set_fastpath_enabled(False)  # its operator has no ONNX form
    for name, (net, shape, old, script, dynamo) in networks(options.full).items():
        if options.only and options.only not in name:
            continue
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.running_mean.uniform_(-0.2, 0.2)
                m.running_var.uniform_(0.5, 1.5)
        net.eval()
        x = torch.from_numpy(pattern(shape))
        jobs = [(script, "script"), (dynamo, "dynamo")] if MODERN else [(old, "old")]
        for opset, kind in jobs:
            if opset == 0:
                continue
            path = options.out / ("modern_%s_%s_%d.onnx" % (name, kind, opset))
            export(net, x, path, opset, kind == "dynamo")
            print(path, path.stat().st_size)


if __name__ == "__main__":
    with torch.no_grad():
        main()
