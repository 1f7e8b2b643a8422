#!/usr/bin/env python3
"""Compares Poise with other engines on the same ONNX file and the same input, in rounds that take turns.

bench/peers.py --setup                       makes build/peers and installs the engines from PyPI into it
bench/peers.py MODEL.onnx [--json [FILE]]    checks that the outputs agree, then measures

Shared machines drift, so only ratios of one interleaved run mean something: each round runs every engine once, each in
a process of its own, and the figure is the median over all rounds. Network alone: no decoding, cropping or drawing.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENVIRONMENT = os.path.join(ROOT, "build", "peers")
PACKAGES = ["numpy", "onnxruntime", "openvino", "ncnn", "opencv-python-headless"]
CONVERTER = "pnnx"  # ONNX to ncnn; its program needs nothing of the PyTorch that the package asks for
TOLERANCE = 1e-4  # of the largest output


def setup() -> None:
    subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
    pip = [os.path.join(ENVIRONMENT, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for package in [[name] for name in PACKAGES] + [["--no-deps", CONVERTER]]:
        if subprocess.run(pip + package, check=False).returncode != 0:
            print(f"peers: {package[-1]} could not be installed, it will be left out", file=sys.stderr)


def enter_environment() -> None:
    """Runs this script again with build/peers' Python, unless that is the one running."""
    python = os.path.join(ENVIRONMENT, "bin", "python")
    if os.path.abspath(sys.prefix) == ENVIRONMENT:
        return
    if not os.path.exists(python):
        sys.exit("peers: build/peers is not there: run bench/peers.py --setup once")
    os.execv(python, [python] + sys.argv)


# Each engine: make(arguments, shape) -> (run(input) -> output, version). Imported in its own process.


def make_onnxruntime(arguments, shape):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(arguments.model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return (lambda x: session.run(None, {name: x})[0]), ort.__version__


def make_openvino(arguments, shape):
    import openvino as ov

    core = ov.Core()
    network = core.read_model(arguments.model)
    network.reshape(list(shape))
    # f32 is asked for by name: on CPUs with bfloat16 the default would be a less exact, faster computation.
    config = {"INFERENCE_NUM_THREADS": arguments.threads, "PERFORMANCE_HINT": "LATENCY"}
    config["INFERENCE_PRECISION_HINT"] = "f32"
    compiled = core.compile_model(network, "CPU", config)
    request = compiled.create_infer_request()
    return (lambda x: request.infer({0: x})[compiled.output(0)]), ov.__version__.split("-")[0]


def make_opencv(arguments, shape):
    import cv2

    cv2.setNumThreads(arguments.threads)
    network = cv2.dnn.readNetFromONNX(arguments.model)

    def run(x):
        network.setInput(x)
        return network.forward()

    return run, cv2.__version__


def make_ncnn(arguments, shape):
    import ncnn
    import numpy

    # Converted once, beside the input; pnnx writes its files beside the model.
    folder = os.path.join(os.path.dirname(os.path.abspath(arguments.input)), "ncnn")
    copy = os.path.join(folder, "model.onnx")
    if not os.path.exists(copy):
        os.mkdir(folder)
        os.symlink(os.path.abspath(arguments.model), copy)
        size = ",".join(str(extent) for extent in (1,) + shape[1:])
        # The program itself: the package around it would import PyTorch.
        converter = os.path.join(sysconfig.get_path("purelib"), "pnnx", "pnnx")
        command = [converter, copy, f"inputshape=[{size}]", "fp16=0"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(f"pnnx could not convert the model (it ended with {done.returncode})")
    network = ncnn.Net()
    network.opt.num_threads = arguments.threads
    network.opt.use_fp16_packed = network.opt.use_fp16_storage = network.opt.use_fp16_arithmetic = False
    network.opt.use_bf16_storage = False
    network.load_param(os.path.join(folder, "model.ncnn.param"))
    network.load_model(os.path.join(folder, "model.ncnn.bin"))

    def one(image):
        extractor = network.create_extractor()
        extractor.input(network.input_names()[0], ncnn.Mat(image))
        return numpy.array(extractor.extract(network.output_names()[0])[1])

    return (lambda x: numpy.stack([one(image) for image in x])), ncnn.__version__  # ncnn knows no batch


MAKERS = {"onnxruntime": make_onnxruntime, "openvino": make_openvino, "ncnn": make_ncnn, "opencv": make_opencv}


def worker(arguments) -> None:
    """One engine in this process: writes the output, or the times in ms a call, as JSON to standard output."""
    import numpy

    data = numpy.load(arguments.input)
    run, version = MAKERS[arguments.worker](arguments, data.shape)
    output = run(data)
    if arguments.output:
        numpy.save(arguments.output, numpy.asarray(output))
    for _ in range(2):
        run(data)
    times = []
    for _ in range(arguments.iterations):
        start = time.perf_counter()
        run(data)
        times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps({"version": version, "ms": times}))


def call(command) -> dict:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(lines[-1] if lines else f"ended with {done.returncode}")
    return json.loads(done.stdout)


def call_peer(engine, arguments, data, output=None, iterations=1) -> dict:
    command = [sys.executable, os.path.abspath(__file__), arguments.model, "--worker", engine, "--input", data]
    command += ["--threads", str(arguments.threads), "--iterations", str(iterations)]
    return call(command + (["--output", output] if output else []))


def call_poise(arguments, batch) -> dict:
    command = [arguments.poise, "bench", arguments.model, "--threads", str(arguments.threads), "--batch", str(batch)]
    answer = call(command + ["--runs", str(arguments.iterations), "--seconds", "0", "--json"])
    return {"version": answer["poise"], "ms": [answer["rows"][0]["ms_median"]]}


def input_shape(model) -> list:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    shape = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"]).get_inputs()[0].shape
    if len(shape) != 4 or not all(isinstance(extent, int) for extent in shape[1:]):
        sys.exit(f"peers: the input is {shape}; give a model whose height and width are fixed")
    return shape


def machine() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} CPUs, {platform.system()}"


def agree(arguments, folder, data) -> dict:
    """Largest difference from ONNX Runtime, relative to its largest output, for each engine; ends where Poise is off."""
    import numpy

    wanted_path = os.path.join(folder, "onnxruntime.npy")
    call_peer("onnxruntime", arguments, data, wanted_path)
    wanted = numpy.load(wanted_path)
    differences = {}
    for engine in ["poise"] + [name for name in MAKERS if name != "onnxruntime"]:
        path = os.path.join(folder, engine + ".npy")
        try:
            if engine == "poise":
                command = [arguments.poise, "run", arguments.model, "--input", data, "--output", path]
                command += ["--backend", "onednn", "--threads", str(arguments.threads)]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            else:
                call_peer(engine, arguments, data, path)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            if engine == "poise":
                sys.exit(f"peers: poise run failed: {error}")
            print(f"peers: {engine} is left out: {error}", file=sys.stderr)
            continue
        found = numpy.load(path)
        same_shape = found.shape == wanted.shape
        differences[engine] = float(abs(found - wanted).max() / abs(wanted).max()) if same_shape else float("inf")
    if not differences["poise"] <= TOLERANCE:
        sys.exit(f"peers: poise differs from onnxruntime by {differences['poise']:.2e} of the maximum: not measured")
    return differences


def measure(arguments, folder, shape, engines) -> list:
    import numpy

    rows = []
    for batch in arguments.batches:
        data = os.path.join(folder, f"batch{batch}.npy")
        numpy.save(data, numpy.random.default_rng(batch).standard_normal([batch] + shape[1:]).astype(numpy.float32))
        times = {engine: [] for engine in engines}
        versions = {}
        for turn in range(arguments.rounds):
            print(f"peers: batch {batch}, round {turn + 1} of {arguments.rounds}", file=sys.stderr)
            order = engines[turn % len(engines) :] + engines[: turn % len(engines)]
            for engine in order:
                if engine == "poise":
                    answer = call_poise(arguments, batch)
                else:
                    answer = call_peer(engine, arguments, data, iterations=arguments.iterations)
                versions[engine] = answer["version"]
                times[engine].append(statistics.median(answer["ms"]) / batch)
        base = statistics.median(times["onnxruntime"])
        for engine in engines:
            median = statistics.median(times[engine])
            rows.append({"engine": engine, "version": versions[engine], "batch": batch, "ms_per_person": median,
                         "ratio_to_onnxruntime": median / base, "rounds": times[engine]})
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?")
    parser.add_argument("--setup", action="store_true", help="make build/peers, then end")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", type=lambda text: [int(part) for part in text.split(",")], default=[1, 8])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=15, help="of each peer in each round")
    parser.add_argument("--poise", default=os.path.join(ROOT, "build", "release", "bin", "poise"))
    parser.add_argument("--json", nargs="?", const="-", help="write JSON to FILE, or in place of the table")
    for hidden in ("--worker", "--input", "--output"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.setup:
        setup()
        return 0
    if not arguments.model:
        parser.error("give a model")
    enter_environment()
    if arguments.worker:
        worker(arguments)
        return 0

    import numpy

    with tempfile.TemporaryDirectory() as folder:
        shape = input_shape(arguments.model)
        data = os.path.join(folder, "check.npy")
        batch = shape[0] if isinstance(shape[0], int) else 1
        numpy.save(data, numpy.random.default_rng(0).standard_normal([batch] + shape[1:]).astype(numpy.float32))
        differences = agree(arguments, folder, data)
        # An engine that computes something else is not a peer on this file.
        engines = ["poise", "onnxruntime"]
        for engine, difference in differences.items():
            if engine != "poise" and difference <= 10 * TOLERANCE:
                engines.append(engine)
            elif engine != "poise":
                print(f"peers: {engine} is left out: its output is {difference:.2e} of the maximum off", file=sys.stderr)
        if isinstance(shape[0], int):
            for batch in arguments.batches:
                if batch != shape[0]:
                    print(f"peers: the model insists on batch {shape[0]}: batch {batch} is left out", file=sys.stderr)
            arguments.batches = [shape[0]]
        rows = measure(arguments, folder, shape, engines)

    report = {"machine": machine(), "threads": arguments.threads, "model": os.path.basename(arguments.model),
              "input": shape, "rounds": arguments.rounds, "differences": differences, "results": rows}
    if arguments.json:
        text = json.dumps(report, indent=1)
        if arguments.json == "-":
            print(text)
            return 0
        with open(arguments.json, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    print(f"{report['machine']}; {arguments.threads} threads; {report['model']}; median of {arguments.rounds} rounds")
    print(f"{'engine':14}{'version':14}{'batch':>6}{'ms/person':>12}{'to ORT':>9}{'difference':>12}")
    for row in rows:
        difference = differences.get(row["engine"], 0.0)
        print(f"{row['engine']:14}{row['version'][:13]:14}{row['batch']:>6}{row['ms_per_person']:>12.2f}"
              f"{row['ratio_to_onnxruntime']:>9.3f}{difference:>12.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
