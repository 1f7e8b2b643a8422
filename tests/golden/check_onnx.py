#!/usr/bin/env python3
"""What ONNX Runtime and the ONNX checker say of the ONNX files in a folder. Needs onnx, onnxruntime and numpy.

    python3 tests/golden/check_onnx.py FOLDER          # writes NAME_output.npy, NAME_output1.npy ... for every NAME.onnx
    python3 tests/golden/check_onnx.py FOLDER --poise build/release/bin/poise [--tolerance 1e-3] [--backend onednn]
                                                        # `poise run` gives every output within that part of its largest

For each NAME.onnx there is NAME_input.npy; for modern_*.onnx it follows a pattern, else it is random. All files must pass onnx.checker.
"""
import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime


def random_input(session):
    shape = [extent if isinstance(extent, int) else 2 for extent in session.get_inputs()[0].shape]
    return numpy.random.default_rng(5).standard_normal(shape).astype(numpy.float32)


def pattern(session):
    """What exports_test.cc makes where there is no file."""
    shape = [extent if isinstance(extent, int) else 1 for extent in session.get_inputs()[0].shape]
    i = numpy.arange(int(numpy.prod(shape)), dtype=numpy.int64)
    return (((i * 37 + 11) % 101) / numpy.float32(50) - 1).astype(numpy.float32).reshape(shape)


def apart(wanted, had):
    if wanted.shape != had.shape or wanted.dtype != had.dtype:
        return float("inf")
    wanted, had = wanted.astype(numpy.float64), had.astype(numpy.float64)
    most = numpy.abs(wanted - had).max(initial=0)
    return 0.0 if most == 0 else float(most / numpy.abs(wanted).max())


def run_poise(poise, model, value, name, backend):
    """The output, or the line that says why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "x.npy"), pathlib.Path(folder, "y.npy")
        numpy.save(source, value)
        done = subprocess.run([poise, "run", model, "--input", source, "--output", target, "--name", name,
                               "--backend", backend], capture_output=True, text=True, check=False)
        return numpy.load(target) if done.returncode == 0 else done.stderr.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--poise", type=pathlib.Path, help="the program")
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--backend", action="append", help="may be given twice; default: reference and onednn")
    arguments = parser.parse_args()
    models = sorted(arguments.folder.glob("*.onnx"))
    reasons = collections.Counter()
    worst = 0.0
    for model in models:
        onnx.checker.check_model(str(model), full_check=True)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # As the operators are specified: 1.31's optimisations merge a Pad by zeros into a MaxPool, which pads otherwise.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        given = model.with_name(model.stem + "_input.npy")
        made = pattern if model.name.startswith("modern_") else random_input
        value = numpy.load(given) if given.exists() else made(session)
        wanted = session.run(None, {session.get_inputs()[0].name: value})
        if arguments.poise is None:
            for i, values in enumerate(wanted[:1] if given.exists() else wanted):
                numpy.save(model.with_name(f"{model.stem}_output{i or ''}.npy"), values)
            continue
        said = []
        for backend in arguments.backend or ("reference", "onednn"):
            most = 0.0
            for output, values in zip(session.get_outputs(), wanted):
                had = run_poise(arguments.poise, model, value, output.name, backend)
                if isinstance(had, str):
                    reasons[had.split(model.name + ": ")[-1]] += 1
                    said.append(f"{backend} FAILED: {had}")
                else:
                    most = max(most, apart(values, had))
            worst = max(worst, most)
            good = most <= arguments.tolerance
            reasons["apart"] += not good
            said.append(f"{backend} {most:.1e}{'' if good else ' FAILED'}")
        print(f"{model.stem}: {'; '.join(said)}", flush=True)
    failed = sum(reasons.values())
    print(f"{len(models)} files, {failed} failures, apart by at most {worst:.1e} of the maximum")
    for reason, count in reasons.most_common():
        if count:
            print(f"  {count}x {reason}")
    sys.exit(1 if failed or not models else 0)


if __name__ == "__main__":
    main()
