#!/usr/bin/env python3
"""The weights of two checkpoints of one network, averaged.

    average.py A.ckpt B.ckpt SHARE OUT.ckpt     SHARE: of B, 0 to 1

Checkpoints are those of poise train (safetensors); what is needed to go on training is left out. Two stages of one run lie close
enough for their mean to be a network, and often a better one than either (Wortsman et al., "Model soups", ICML 2022).
"""
import sys

import numpy as np

import checkpoints


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    _, first = checkpoints.read(sys.argv[1])
    metadata, second = checkpoints.read(sys.argv[2])
    share = float(sys.argv[3])
    averaged = {}
    for name, (kind, shape, data) in second.items():
        if name not in first or first[name][:2] != (kind, shape):
            sys.exit(f"{sys.argv[1]} has no {name} of that shape: both must be of one network")
        if kind == "F32":
            mean = (1 - share) * np.frombuffer(first[name][2], "<f4") + share * np.frombuffer(data, "<f4")
            data = mean.astype("<f4").tobytes()
        averaged[name] = (kind, shape, data)
    checkpoints.write(sys.argv[4], metadata, averaged)


if __name__ == "__main__":
    main()
