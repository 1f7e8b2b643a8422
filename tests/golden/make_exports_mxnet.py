#!/usr/bin/env python3
"""ONNX files (opset 13) as MXNet's exporter writes them for Gluon networks, with random weights: BatchNormalization with
fixed scales, Clip and LRN its way, parameters as initialisers. Needs mxnet 1.9.1, numpy < 1.24, onnx < 1.15, protobuf < 4.

    python3 tests/golden/make_exports_mxnet.py OUT          # MobileNetV2, ResNet-18, ShuffleNet-like blocks and others
    python3 tests/golden/make_exports_mxnet.py OUT --tiny   # one of a few channels: tests/golden/exports
"""
import argparse
import pathlib
import tempfile

import mxnet as mx
import numpy
import onnx
from mxnet.gluon import nn
from mxnet.gluon.model_zoo import vision


class ResponseNorm(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        return F.LRN(x, alpha=0.01, beta=0.75, knorm=2, nsize=5)


class Upsample(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        return F.UpSampling(x, scale=2, sample_type="nearest")


class Clip(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        return F.clip(x, 0, 6)


def blocks(channels):
    """An AlexNet's beginning, then the layers that pose networks of GluonCV end in."""
    net = nn.HybridSequential()
    net.add(nn.Conv2D(channels, 5, 2, 2), nn.Activation("relu"), ResponseNorm(), nn.MaxPool2D(3, 2, 1),
            nn.Conv2D(2 * channels, 3, 1, 1, use_bias=False), nn.BatchNorm(scale=False), Clip(),
            nn.Conv2D(2 * channels, 3, 1, 1, groups=2 * channels, use_bias=False), nn.BatchNorm(), nn.PReLU(),
            nn.AvgPool2D(2, 1, 1, count_include_pad=False), nn.LeakyReLU(0.1), Upsample(),
            nn.Conv2DTranspose(channels, 4, 2, 1, use_bias=False), nn.BatchNorm(), nn.Activation("softrelu"),
            nn.InstanceNorm(), nn.Activation("tanh"), nn.Conv2D(5, 1))
    return net


def zoo(name):
    return lambda: getattr(vision, name)(pretrained=False, classes=10)


NETWORKS = {
    "mobilenet_v2": (zoo("mobilenet_v2_0_25"), (64, 96)),
    "mobilenet_v1": (zoo("mobilenet0_25"), (64, 96)),
    "resnet18": (zoo("resnet18_v1"), (64, 96)),
    "resnet18_v2": (zoo("resnet18_v2"), (64, 96)),
    "squeezenet": (zoo("squeezenet1_1"), (224, 224)),
    "densenet121": (zoo("densenet121"), (224, 224)),
    "blocks": (lambda: blocks(16), (32, 48)),
}


def randomise(net, random):
    for name, parameter in net.collect_params().items():
        low, high = next((limits for end, limits in {
            "gamma": (0.6, 1.4), "beta": (-0.3, 0.3), "bias": (-0.3, 0.3), "running_mean": (-0.3, 0.3),
            "running_var": (0.5, 2.0), "alpha": (0.05, 0.4)}.items() if name.endswith(end)), (0, 0))
        if high > 0:
            parameter.set_data(mx.nd.array(random.uniform(low, high, parameter.shape)))


def export(out, name, build, sides):
    mx.random.seed(3)
    net = build()
    net.initialize(mx.init.Xavier(magnitude=2))
    net.hybridize()
    random = numpy.random.default_rng(3)
    value = random.standard_normal((2, 3, *sides)).astype(numpy.float32)
    net(mx.nd.array(value))
    randomise(net, random)
    net(mx.nd.array(value))
    with tempfile.TemporaryDirectory() as folder:
        net.export(folder + "/net")
        mx.onnx.export_model(folder + "/net-symbol.json", folder + "/net-0000.params", [value.shape], numpy.float32,
                             str(out / f"{name}.onnx"))
    numpy.save(out / f"{name}_input.npy", value)


def main():
    onnx.defs.onnx_opset_version = lambda: 13  # what MXNet writes; it states the number of the package's newest one
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="folder to write to")
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.tiny:
        export(arguments.out, "mxnet_blocks_13", lambda: blocks(4), (8, 12))
        return
    for name, (build, sides) in NETWORKS.items():
        export(arguments.out, f"mxnet_{name}_13", build, sides)


if __name__ == "__main__":
    main()
