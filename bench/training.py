#!/usr/bin/python3
"""Training speed of `poise train` beside PyTorch in Python: the same network, batches of the same size, in turns.

    scripts/setup --torch --peers && scripts/build
    /usr/bin/python3 bench/training.py CONFIG.yaml --data FOLDER [--labels FILE] [--threads 2] [--rounds 3]

PyTorch runs the network of tests/golden/make_pytorch.py on batches that lie ready in memory, so it has nothing to load;
its transposed convolutions run as they are and as a convolution to four phases with a pixel shuffle, in both memory
orders, each in its own process, and the best of them counts, for each precision. `poise train` runs one epoch of the
real data; its log says how long a batch took: waiting for pictures, forward with loss, backward, update with EMA.
Both take AdamW. Medians over the rounds, milliseconds a batch.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
VARIANTS = [(form, order) for form in ("deconvolution", "phases") for order in ("nchw", "channels_last")]
PARTS = ("forward", "backward", "update")


def network(config):
    """The configuration's PoseResNet and its input, as PyTorch has them."""
    sys.path.insert(0, str(ROOT / "tests/golden"))
    from make_pytorch import PoseResNet
    extra = config["MODEL"]["EXTRA"]
    planes = tuple(round(p * extra.get("WIDTH", 1)) for p in (64, 128, 256, 512))
    net = PoseResNet(extra["NUM_LAYERS"], planes, extra["NUM_DECONV_FILTERS"][0], config["MODEL"]["NUM_JOINTS"])
    return net, config["MODEL"]["IMAGE_SIZE"]


def use_phases(net):
    """Each ConvTranspose2d of kernel 4 and stride 2 as one 3x3 convolution to four phases."""
    from torch import nn
    for i, layer in enumerate(net.deconv_layers):
        if isinstance(layer, nn.ConvTranspose2d):
            conv = nn.Conv2d(layer.in_channels, 4 * layer.out_channels, 3, 1, 1, bias=False)
            net.deconv_layers[i] = nn.Sequential(conv, nn.PixelShuffle(2))


def measure_pytorch(arguments):
    """One variant, in this process: prints the medians over the steps."""
    import time
    import torch
    form, order, precision = arguments.variant
    config = json.loads(pathlib.Path(arguments.config).read_text())
    torch.set_num_threads(arguments.threads)
    net, (width, height) = network(config)
    if form == "phases":
        use_phases(net)
    layout = torch.channels_last if order == "channels_last" else torch.contiguous_format
    net = net.to(memory_format=layout)
    batch = config["TRAIN"]["BATCH_SIZE"]
    images = torch.randn(batch, 3, height, width).contiguous(memory_format=layout)
    targets = torch.rand(batch, config["MODEL"]["NUM_JOINTS"], height // 4, width // 4)
    optimizer = torch.optim.AdamW(net.parameters(), 1e-4)
    seconds = {part: [] for part in PARTS}
    for step in range(arguments.steps + 3):
        marks = [time.perf_counter()]
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            heatmaps = net(images)
        loss = 0.5 * (heatmaps.float() - targets).square().mean()
        marks.append(time.perf_counter())
        optimizer.zero_grad()
        loss.backward()
        marks.append(time.perf_counter())
        optimizer.step()
        marks.append(time.perf_counter())
        if step >= 3:
            for part, begin, end in zip(PARTS, marks, marks[1:]):
                seconds[part].append(end - begin)
    print(json.dumps({part: 1000 * statistics.median(each) for part, each in seconds.items()}))


def run_pytorch(arguments, config, variant):
    words = [sys.executable, __file__, config, "--threads", str(arguments.threads), "--steps", str(arguments.steps),
             "--variant", *variant]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def run_poise(arguments, config, folder):
    words = [str(ROOT / "build/release/bin/poise"), "train", config, "--data", *arguments.data, "--out", folder,
             "--epochs", "1", "--threads", str(arguments.threads), "--workers", str(arguments.workers), "--quiet"]
    if arguments.labels:
        words += ["--labels", *arguments.labels]
    subprocess.run(words, check=True)
    lines = [json.loads(line) for line in open(os.path.join(folder, "log.jsonl"))]
    return [line["milliseconds"] for line in lines if "val_loss" in line][-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("--data", nargs="+")
    parser.add_argument("--labels", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--variant", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.variant:
        return measure_pytorch(arguments)
    if not arguments.data:
        parser.error("--data is missing: the folder that poise train learns from")
    import yaml
    given = yaml.safe_load(open(arguments.config))
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for precision in ("float32", "bfloat16"):
            config = os.path.join(folder, precision + ".json")
            given["TRAIN"]["PRECISION"] = precision
            pathlib.Path(config).write_text(json.dumps(given))  # JSON is YAML too
        for turn in range(arguments.rounds):
            for precision in ("float32", "bfloat16"):
                config = os.path.join(folder, precision + ".json")
                for variant in VARIANTS:
                    found.setdefault((precision, *variant), []).append(
                        run_pytorch(arguments, config, (*variant, precision)))
                found.setdefault((precision, "poise", ""), []).append(
                    run_poise(arguments, config, os.path.join(folder, f"{precision}{turn}")))
            print(f"round {turn + 1} of {arguments.rounds}", file=sys.stderr)
    batch = given["TRAIN"]["BATCH_SIZE"]
    print("| precision | what | loading | forward | backward | update | sum | images/s |")
    print("|---|---|---|---|---|---|---|---|")
    for (precision, form, order), rounds in found.items():
        part = {name: statistics.median(r.get(name, 0) for r in rounds) for name in ("loading", *PARTS)}
        total = sum(part.values())
        name = "Poise" if form == "poise" else f"PyTorch, {form}, {order}"
        cells = " | ".join(f"{part[p]:.1f}" for p in ("loading", *PARTS))
        print(f"| {precision} | {name} | {cells} | {total:.1f} | {1000 * batch / total:.0f} |")


if __name__ == "__main__":
    main()
