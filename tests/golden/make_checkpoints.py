#!/usr/bin/python3
"""Writes tests/golden/checkpoints/*: tiny checkpoints in PyTorch's two layouts and a safetensors file, and what they
hold (expected.json). Needs torch (made with Debian's python3-torch 1.13).

    /usr/bin/python3 tests/golden/make_checkpoints.py

expected.json: for each file its layout, metadata and tensors; a tensor is [type, shape, values], floats as the bits
of their float32 values, so that tests compare bit for bit.
"""
import collections
import json
import pathlib
import struct

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).parent / "checkpoints"
expected = {}


def bits(tensor):
    if tensor.dtype.is_floating_point:
        values = tensor.detach().to(torch.float32).contiguous().numpy().reshape(-1).view(np.uint32)
        return ["float32", list(tensor.shape), values.tolist()]
    kind = "int32" if tensor.dtype == torch.int16 else str(tensor.dtype)[len("torch."):]
    return [kind, list(tensor.shape), tensor.reshape(-1).to(torch.int64).tolist()]


def save(name, content, tensors, metadata=None):
    for layout, zipped in (("torch zip", True), ("torch legacy", False)):
        file = f"{name}_{'zip' if zipped else 'legacy'}.pth"
        torch.save(content, FOLDER / file, _use_new_zipfile_serialization=zipped)
        expected[file] = {"layout": layout, "metadata": metadata or {},
                          "tensors": {key: bits(value) for key, value in tensors.items()}}


def network():
    """A convolution, batch normalization and a linear layer, as pose networks have them."""
    torch.manual_seed(1)
    model = torch.nn.Sequential(collections.OrderedDict(
        conv1=torch.nn.Conv2d(3, 4, 3, bias=False), bn1=torch.nn.BatchNorm2d(4), final_layer=torch.nn.Linear(4, 2)))
    with torch.no_grad():
        model.bn1.running_mean.copy_(torch.randn(4))
        model.bn1.running_var.copy_(torch.rand(4) + .5)
        model.bn1.num_batches_tracked.fill_(12345678901)
    return model


def wrapped():
    """What microsoft/human-pose-estimation.pytorch's training writes: DataParallel's names, Adam's state, a metric
    that is a NumPy number, a scheduler's Counter."""
    model = network()
    parallel = torch.nn.DataParallel(model)
    adam = torch.optim.Adam(model.parameters())
    model.final_layer(torch.ones(1, 4)).sum().backward()
    adam.step()
    schedule = torch.optim.lr_scheduler.MultiStepLR(adam, [90, 120])
    content = {"epoch": 3, "model": "pose_resnet", "state_dict": parallel.state_dict(), "perf": np.float64(.724),
               "best": .5, "half": False, "optimizer": adam.state_dict(), "schedule": schedule.state_dict()}
    save("wrapped", content, model.state_dict(),
         {"epoch": "3", "model": "pose_resnet", "best": "0.5", "half": "false"})


def types():
    specials = [0., -0., 1., -2.5, 6e-8, 65504., float("inf"), float("-inf"), float("nan"), .1]
    tensors = collections.OrderedDict(
        f32=torch.tensor(specials), f64=torch.tensor(specials, dtype=torch.float64),
        f16=torch.tensor(specials).half(), bf16=torch.tensor(specials).bfloat16(),
        i64=torch.tensor([-2**63, 2**63 - 1, 0]), i32=torch.tensor([-2**31, 2**31 - 1], dtype=torch.int32),
        i16=torch.tensor([-2**15, 2**15 - 1], dtype=torch.int16), u8=torch.tensor([0, 255], dtype=torch.uint8),
        i8=torch.tensor([-128, 127], dtype=torch.int8), flags=torch.tensor([True, False, True]),
        scalar=torch.tensor(1.5), half_scalar=torch.tensor(.1).half(), none=torch.zeros(0, 3))
    save("types", tensors, tensors)


def views():
    """Strides, offsets and shared storages; a parameter, which is pickled in another way."""
    base = torch.arange(60, dtype=torch.float32) / 7
    grid = base.view(3, 4, 5)
    half = grid.half()
    tensors = {"base": base, "offset": base[7:19], "transposed": grid.permute(2, 0, 1), "column": grid[:, 2, ::2],
               "half_transposed": half.transpose(0, 2), "row": grid[1], "one": grid[2, 3, 4], "wide": base[:1].expand(2, 3),
               "channels_last": torch.arange(24.).view(1, 2, 3, 4).to(memory_format=torch.channels_last),
               "parameter": torch.nn.Parameter(base[10:12])}
    save("views", {"net": tensors, "comment": "views"}, tensors, {"comment": "views"})


def protocol4():
    model = network()
    for layout, zipped in (("torch zip", True), ("torch legacy", False)):
        file = f"protocol4_{'zip' if zipped else 'legacy'}.pth"
        torch.save(model.state_dict(), FOLDER / file, pickle_protocol=4, _use_new_zipfile_serialization=zipped)
        expected[file] = {"layout": layout, "metadata": {},
                          "tensors": {key: bits(value) for key, value in model.state_dict().items()}}


def safetensors():
    """By the format's README: no library of ours or theirs takes part."""
    codes = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16",
             torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.uint8: "U8", torch.int8: "I8",
             torch.bool: "BOOL"}
    tensors = {"module." + key: value for key, value in network().state_dict().items()}
    for code in codes:
        tensors["module.t" + codes[code]] = torch.tensor([0, 1, 1], dtype=code)
    tensors["module.empty"] = torch.zeros(4, 0)
    header, data = {"__metadata__": {"format": "pt", "who": "caf\u00e9"}}, b""
    for key, value in tensors.items():
        raw = bytes(value.contiguous().view(torch.int16).numpy().data if value.dtype == torch.bfloat16
                    else value.contiguous().numpy().tobytes())
        header[key] = {"dtype": codes[value.dtype], "shape": list(value.shape),
                       "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    (FOLDER / "plain.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    expected["plain.safetensors"] = {"layout": "safetensors", "metadata": header["__metadata__"],
                                     "tensors": {key[len("module."):]: bits(value) for key, value in tensors.items()}}


FOLDER.mkdir(exist_ok=True)
wrapped()
types()
views()
protocol4()
model = network()
save("bare", model.state_dict(), model.state_dict())
save("bare_module", torch.nn.DataParallel(model).state_dict(), model.state_dict())
safetensors()
torch.save(model, FOLDER / "whole_model.pth")
torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), FOLDER / "torchscript.pt")
(FOLDER / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
