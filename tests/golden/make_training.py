#!/usr/bin/python3
"""Losses, gradients and optimizers as PyTorch computes them: what src/poise/train is held against.

    apt-get install python3-torch python3-numpy
    /usr/bin/python3 tests/golden/make_training.py tests/golden/training.json

A tiny PoseResNet (depth 18, an eighth of the width, 8 deconvolution filters, 5 joints) whose parameters, batches, targets
and weights both sides make by the rule of make_networks.py. For each optimizer ten steps from the same start: their
losses; and the norm of every gradient of the first.
"""
import argparse
import json

import torch

from make_networks import fill, uniform
from make_pytorch import PoseResNet

PERSONS, JOINTS, SIDE = 4, 5, 64


def batch(step):
    def values(what, shape, low, high):
        count = torch.Size(shape).numel()
        return torch.from_numpy(uniform(f"{what} {step}", count, low, high).reshape(shape))
    side = SIDE // 4
    weights = (values("weights", (PERSONS, JOINTS), 0, 1) > 0.25).float()
    return (values("images", (PERSONS, 3, SIDE, SIDE), -2, 2), values("targets", (PERSONS, JOINTS, side, side), 0, 1),
            weights)


def joints_mse(predicted, targets, weights):
    """Simple Baselines, lib/core/loss.py, JointsMSELoss, joint by joint."""
    total = 0
    for joint in range(JOINTS):
        weight = weights[:, joint].view(-1, 1)
        a = predicted[:, joint].flatten(1) * weight
        b = targets[:, joint].flatten(1) * weight
        total = total + 0.5 * ((a - b) ** 2).mean()
    return total / JOINTS


def run(make_optimizer):
    net = PoseResNet(18, (8, 16, 32, 64), 8, JOINTS)
    with torch.no_grad():
        fill(net)
    net.train()
    optimizer = make_optimizer(net.parameters())
    losses, norms = [], {}
    for step in range(10):
        images, targets, weights = batch(step)
        optimizer.zero_grad()
        loss = joints_mse(net(images), targets, weights)
        loss.backward()
        if step == 0:
            norms = {name: parameter.grad.norm().item() for name, parameter in net.named_parameters()}
        optimizer.step()
        losses.append(loss.item())
    return losses, norms


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    arguments = parser.parse_args()
    optimizers = {
        "adam": lambda p: torch.optim.Adam(p, lr=1e-3),
        "adamw": lambda p: torch.optim.AdamW(p, lr=1e-3, weight_decay=0.05),
        "sgd": lambda p: torch.optim.SGD(p, lr=1e-2, momentum=0.9, weight_decay=1e-4),
        "nesterov": lambda p: torch.optim.SGD(p, lr=1e-2, momentum=0.9, weight_decay=1e-4, nesterov=True),
    }
    result = {"losses": {}}
    for name, make in optimizers.items():
        result["losses"][name], result["gradient_norms"] = run(make)
    with open(arguments.out, "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
