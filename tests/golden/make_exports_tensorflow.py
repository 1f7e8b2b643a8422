#!/usr/bin/env python3
"""ONNX files as tf2onnx writes them for Keras networks, with random weights: pictures come in as (N, H, W, 3), are
transposed on the way, "same" padding is uneven. Needs tensorflow-cpu and tf2onnx.

    python3 tests/golden/make_exports_tensorflow.py OUT          # MobileNetV2, MobileNetV3, EfficientNetV2, a U-net
    python3 tests/golden/make_exports_tensorflow.py OUT --tiny   # one of a few channels: tests/golden/exports
"""
import argparse
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf2onnx  # noqa: E402

keras = tf.keras
layers, applications = keras.layers, keras.applications


def unet(channels, sides):
    """Uneven padding, separable convolutions, both kinds of upsampling, a transposed convolution, a learnt leak."""
    picture = layers.Input((*sides, 3))

    def block(x, outputs, stride):
        x = layers.SeparableConv2D(outputs, 3, stride, "same", use_bias=False)(x)
        return layers.LeakyReLU(negative_slope=0.1)(layers.BatchNormalization()(x))

    x = layers.Conv2D(channels, 3, 2, "same")(layers.Rescaling(0.5, -0.25)(picture))
    top = layers.PReLU(shared_axes=[1, 2])(x)
    x = block(top, 2 * channels, 2)
    x = layers.AveragePooling2D(3, 2, "same")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear")(block(x, channels, 1))
    x = layers.UpSampling2D(2)(layers.MaxPooling2D(3, 1, "same")(x))
    x = layers.Concatenate()([x, top])
    x = layers.Conv2DTranspose(channels, 3, 2, "same", activation="tanh")(x)
    return keras.Model(picture, layers.Softmax(axis=-1)(layers.Conv2D(5, 1)(x)))


def classifier(build, **options):
    return lambda sides: build(input_shape=(*sides, 3), weights=None, classes=10, **options)


NETWORKS = {
    "mobilenet_v2": (classifier(applications.MobileNetV2, alpha=0.35), (64, 96)),
    "mobilenet_v3": (classifier(applications.MobileNetV3Small, alpha=1.0), (64, 96)),
    "efficientnet_v2": (classifier(applications.EfficientNetV2B0, include_preprocessing=False), (64, 96)),
    "unet": (lambda sides: unet(16, sides), (32, 48)),
}


def randomise(model, seed):
    """Statistics far from 0 and 1, so that no forgotten term goes unseen; kernels stay as they were drawn."""
    random = numpy.random.default_rng(seed)
    for layer in model.layers:
        for weight in layer.weights:
            low, high = {"gamma": (0.6, 1.4), "beta": (-0.3, 0.3), "moving_mean": (-0.3, 0.3), "alpha": (0.05, 0.4),
                         "moving_variance": (0.5, 2.0), "bias": (-0.3, 0.3)}.get(weight.name, (0, 0))
            if high > 0:
                weight.assign(random.uniform(low, high, weight.shape).astype(numpy.float32))


def export(out, name, build, sides, opset):
    keras.utils.set_random_seed(opset)
    keras.backend.clear_session()
    model = build(sides)
    randomise(model, opset)
    signature = [tf.TensorSpec((None if opset > 9 else 1, *sides, 3), tf.float32, name="input")]
    call = tf.function(lambda x: model(x, training=False), input_signature=signature)
    tf2onnx.convert.from_function(call, input_signature=signature, opset=opset, output_path=str(out / f"{name}.onnx"))
    value = numpy.random.default_rng(opset).uniform(0, 1, (2 if opset > 9 else 1, *sides, 3)).astype(numpy.float32)
    numpy.save(out / f"{name}_input.npy", value)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="folder to write to")
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.tiny:
        export(arguments.out, "tensorflow_unet_13", lambda sides: unet(4, sides), (8, 16), 13)
        return
    for name, (build, sides) in NETWORKS.items():
        for opset in (9, 11, 13, 17) if name != "unet" else (11, 13, 17):  # linear upsampling needs 11
            export(arguments.out, f"tensorflow_{name}_{opset}", build, sides, opset)


if __name__ == "__main__":
    main()
