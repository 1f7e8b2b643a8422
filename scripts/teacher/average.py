#!/usr/bin/env python3
"""The weights of two checkpoints of one network, averaged.

    average.py A.ckpt B.ckpt SHARE OUT.ckpt     SHARE: of B, 0 to 1

Checkpoints are those of poise train (safetensors); what is needed to go on training is left out. Two stages of one run lie close
enough for their mean to be a network, and often a better one than either (Wortsman et al., "Model soups", ICML 2022).
"""
import json
import struct
import sys

import numpy as np


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if name.startswith("train."):
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = (entry["dtype"], entry["shape"], data[begin:end])
    return metadata, tensors


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    _, first = read(sys.argv[1])
    metadata, second = read(sys.argv[2])
    share = float(sys.argv[3])
    header, body = {}, b""
    for name, (kind, shape, data) in second.items():
        if name not in first or first[name][:2] != (kind, shape):
            sys.exit(f"{sys.argv[1]} has no {name} of that shape: both must be of one network")
        if kind == "F32":
            mean = (1 - share) * np.frombuffer(first[name][2], "<f4") + share * np.frombuffer(data, "<f4")
            data = mean.astype("<f4").tobytes()
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    if metadata:
        header["__metadata__"] = metadata
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(sys.argv[4], "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


if __name__ == "__main__":
    main()
