#!/usr/bin/env python3
"""A network as a processor with bf16 computes it, for processors without: batch normalisation folded, weights and the result of
each layer rounded to eight bits of mantissa. Slow, for measuring only.

    build/teacher/venv/bin/python scripts/teacher/as_bf16.py models/poise-small.onnx build/poise-small-as-bf16.onnx
    poise eval --model build/poise-small-as-bf16.onnx ...
"""
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx_weights import weights


def rounded(values):
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & np.uint32(0xFFFF0000)).view(np.float32)


def main():
    model = onnx.load(sys.argv[1])
    stored = weights(model)
    stored.update({i.name: numpy_helper.to_array(i) for i in model.graph.initializer if i.name not in stored})
    nodes = [n for n in model.graph.node if n.op_type != "DequantizeLinear"]
    normal = {n.input[0]: n for n in nodes if n.op_type == "BatchNormalization"}
    out, keep = [], {"split": np.float32(65537)}
    names = {}  # of tensors as they were, to those rounded
    for node in nodes:
        if node.op_type == "BatchNormalization":
            continue
        inputs = [names.get(name, name) for name in node.input]
        result = node.output[0]
        if node.op_type in ("Conv", "ConvTranspose"):
            weight = stored[node.input[1]]
            bias = stored[node.input[2]] if len(node.input) > 2 else np.zeros(1, np.float32)
            if result in normal:
                bn = normal[result]
                scale, shift, mean, variance = (stored[name] for name in bn.input[1:])
                epsilon = next((a.f for a in bn.attribute if a.name == "epsilon"), 1e-5)
                factor = scale / np.sqrt(variance + epsilon)
                shape = (1, -1, 1, 1) if node.op_type == "ConvTranspose" else (-1, 1, 1, 1)
                weight, bias, result = weight * factor.reshape(shape), shift + (bias - mean) * factor, bn.output[0]
            keep[node.input[1]] = rounded(weight)
            keep[result + ".bias"] = np.asarray(bias, np.float32)
            inputs = [inputs[0], node.input[1], result + ".bias"]
        else:
            keep.update({name: stored[name] for name in node.input if name in stored})
        plain = result + ".plain"
        copy = helper.make_node(node.op_type, inputs, [plain], name=node.name)
        copy.attribute.extend(node.attribute)
        # Veltkamp's splitting: c = x * (2^16 + 1); c - (c - x) has eight bits of x's mantissa.
        out += [copy, helper.make_node("Mul", [plain, "split"], [result + ".c"]),
                helper.make_node("Sub", [result + ".c", plain], [result + ".d"]),
                helper.make_node("Sub", [result + ".c", result + ".d"], [result])]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(out)
    model.graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in keep.items())
    onnx.save(model, sys.argv[2])


if __name__ == "__main__":
    main()
