#!/usr/bin/env python3
"""Writes tests/golden/onnx/*: tiny models as the onnx package writes them. Needs onnx and numpy (made with onnx 1.23).

    python3 tests/golden/make_onnx.py

Values are what onnx_reader_test.cc expects: weight i is (i - 4) / 4, which every floating type holds exactly.
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parent / "onnx"


def weights(*shape, dtype=np.float32):
    return ((np.arange(np.prod(shape)) - 4) / 4).astype(dtype).reshape(shape)


def save(name, nodes, inputs, outputs, initializers, opset=13, metadata=None, **options):
    graph = helper.make_graph(nodes, name, inputs, outputs, initializers)
    model = helper.make_model(graph, producer_name="golden", producer_version="1",
                              opset_imports=[helper.make_opsetid("", opset)], ir_version=4)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, FOLDER / f"{name}.onnx", **options)


def info(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def tiny():
    """The operators of a PoseResNet; nodes named, a card inside, a free batch, weights listed as inputs too."""
    constants = {"w": weights(2, 3, 1, 1), "scale": weights(2), "bias": weights(2), "mean": weights(2),
                 "var": np.ones(2, np.float32), "up": weights(2, 1, 4, 4)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv1", kernel_shape=[1, 1], strides=[2, 2]),
        helper.make_node("BatchNormalization", ["c", "scale", "bias", "mean", "var"], ["n"], "bn1", epsilon=1e-5),
        helper.make_node("Relu", ["n"], ["r"]),
        helper.make_node("ConvTranspose", ["r", "up"], ["y"], "deconv", kernel_shape=[4, 4], strides=[2, 2],
                         pads=[1, 1, 1, 1]),
    ]
    inputs = [info("x", ["batch", 3, 8, 6])] + [info(name, list(value.shape)) for name, value in constants.items()]
    save("tiny", nodes, inputs, [info("y", ["batch", 1, 8, 6])],
         [numpy_helper.from_array(value, name) for name, value in constants.items()],
         metadata={"poise.card": '{"colour": "rgb", "padding": 1.5}', "author": "golden"})


def clips():
    x, y = [info("x", [1, 4])], [info("y", [1, 4])]
    save("clip_attribute", [helper.make_node("Clip", ["x"], ["y"], "clip", min=0.0, max=6.0)], x, y, [], opset=8)
    save("clip_input", [helper.make_node("Clip", ["x", "", "high"], ["y"], "clip")], x, y,
         [numpy_helper.from_array(np.float32(6), "high")], opset=11)


def types():
    """Every element type, as raw bytes and as typed fields; all are kept alive by name only."""
    kinds = [("float32", TensorProto.FLOAT), ("float64", TensorProto.DOUBLE), ("float16", TensorProto.FLOAT16),
             ("bfloat16", TensorProto.BFLOAT16), ("int64", TensorProto.INT64), ("int32", TensorProto.INT32),
             ("int8", TensorProto.INT8), ("uint8", TensorProto.UINT8), ("bool", TensorProto.BOOL)]
    initializers = []
    for name, kind in kinds:
        if "float" in name:
            values = weights(9)
        elif name == "bool":
            values = np.arange(9) % 2
        elif name == "uint8":
            values = np.arange(9)
        else:
            values = np.arange(9) - 4
        typed = helper.make_tensor(f"{name}_typed", kind, [9], values.tolist())
        raw = helper.make_tensor(f"{name}_raw", kind, [9], values.tolist())
        array = numpy_helper.to_array(raw)
        for field in ("float_data", "double_data", "int32_data", "int64_data"):
            raw.ClearField(field)
        raw.raw_data = array.tobytes()
        initializers += [typed, raw]
    half_limits = np.array([0x0001, 0x83FF, 0x7BFF, 0xFC00, 0x8000], np.uint16).view(np.float16)
    initializers.append(numpy_helper.from_array(half_limits, "half_limits"))
    save("types", [helper.make_node("Identity", ["x"], ["y"], "same")], [info("x", [0, 2])], [info("y", [0, 2])],
         initializers)


def external():
    save("external", [helper.make_node("Conv", ["x", "w", "b"], ["y"], "conv1")], [info("x", [1, 3, 2, 2])],
         [info("y", [1, 2, 2, 2])],
         [numpy_helper.from_array(weights(2, 3, 1, 1), "w"), numpy_helper.from_array(weights(2), "b")],
         save_as_external_data=True, location="external.bin", size_threshold=0)


def unsupported():
    nodes = [helper.make_node("Unique", ["x"], ["a"]), helper.make_node("Relu", ["a"], ["b"]),
             helper.make_node("FusedConv", ["b"], ["c"], domain="com.example"),
             helper.make_node("FusedConv", ["c"], ["y"], domain="com.example")]
    save("unsupported", nodes, [info("x", [1])], [info("y", [1])], [])


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "external.bin").unlink(missing_ok=True)
    for make in (tiny, clips, types, external, unsupported):
        make()
