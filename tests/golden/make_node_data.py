#!/usr/bin/env python3
"""The ONNX project's operator cases, up to its newest opset, as onnx_node_data_test.cc reads them. Needs onnx 1.23.2.

    python3 tests/golden/make_node_data.py OUT
    POISE_NODE_DATA=OUT build/release/tests/conformance_onnx_node_data_test

Cases whose inputs or outputs are no tensors are left out. Models of a newer opset than 24 are written as of 24: what
came to their operators since are types that are not ours.
"""
import pathlib
import sys

from onnx import TensorProto, defs, numpy_helper
from onnx.backend.test.case.node import collect_testcases

HIGHEST = 24


def tensor(value, name):
    return value if isinstance(value, TensorProto) else numpy_helper.from_array(value, name)


def is_newer(model):
    """Whether an operator of the model does not exist in our highest opset."""
    for node in model.graph.node:
        if node.domain == "" and not defs.has(node.op_type, HIGHEST, ""):
            return True
    return False


def main():
    out = pathlib.Path(sys.argv[1])
    written = 0
    for case in collect_testcases(None):
        graph = case.model.graph
        if not all(value.type.HasField("tensor_type") for value in list(graph.input) + list(graph.output)):
            continue
        if is_newer(case.model):
            continue
        for opset in case.model.opset_import:
            if opset.domain == "":
                opset.version = min(opset.version, HIGHEST)
        folder = out / case.name / "test_data_set_0"
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / "model.onnx").write_bytes(case.model.SerializeToString())
        inputs, outputs = case.data_sets[0]
        for kind, values, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
            for i, (value, info) in enumerate(zip(values, infos)):
                (folder / f"{kind}_{i}.pb").write_bytes(tensor(value, info.name).SerializeToString())
        written += 1
    print(f"{written} cases")


if __name__ == "__main__":
    main()
