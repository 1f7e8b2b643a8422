#!/usr/bin/env python3
"""The weights of an exported network, int8 ones too, as safetensors, which `poise train --init` reads.

    python3 -m venv build/teacher/venv && build/teacher/venv/bin/pip install onnx safetensors
    build/teacher/venv/bin/python scripts/teacher/onnx_weights.py models/poise-small.onnx build/poise-small.safetensors
"""
import sys

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file


def weights(model):
    stored = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    out, used = {}, set()
    for node in model.graph.node:
        if node.op_type != "DequantizeLinear" or node.input[0] not in stored:
            continue
        values, scale = stored[node.input[0]].astype(np.float32), stored[node.input[1]]
        zero = stored[node.input[2]].astype(np.float32) if len(node.input) > 2 and node.input[2] else np.float32(0)
        if scale.ndim:  # one a channel
            axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
            shape = [-1 if i == axis else 1 for i in range(values.ndim)]
            scale, zero = scale.reshape(shape), zero.reshape(shape) if zero.ndim else zero
        out[node.output[0]] = ((values - zero) * scale).astype(np.float32)
        used.update(node.input)
    out.update({name: value for name, value in stored.items() if name not in used and value.dtype == np.float32})
    return {name: np.ascontiguousarray(value) for name, value in out.items()}


if __name__ == "__main__":
    save_file(weights(onnx.load(sys.argv[1])), sys.argv[2])
