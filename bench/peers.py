#!/usr/bin/env python3
"""Compares Poise with other engines on the same ONNX file and the same input, in rounds that take turns.

bench/peers.py --setup                       makes build/peers and installs the engines from PyPI into it
bench/peers.py MODEL.onnx [--precisions fp32,bf16] [--int8 MODEL-int8.onnx] [--json [FILE]]
                                             checks that the outputs agree, then measures

Shared machines drift, so only ratios of one interleaved run mean something: each round runs every engine once, each in
a process of its own, and the figure is the median over all rounds. Network alone: no decoding, cropping or drawing.
Each engine at its best settings in each precision that it has; int8 is measured on the file that `poise quantize` made,
by those that compute such a file in integers. ncnn and OpenCV have other formats for integers, and are left out there.
PyTorch is Debian's, run eagerly by /usr/bin/python3 where it is installed, and only on the operators of PoseResNet.
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
PACKAGES = ["numpy", "onnx", "onnxruntime", "openvino", "ncnn", "opencv-python-headless"]
CONVERTER = "pnnx"  # ONNX to ncnn; its program needs nothing of the PyTorch that the package asks for
SYSTEM_PYTHON = "/usr/bin/python3"  # whose torch is Debian's
# Of the largest output, from ONNX Runtime in fp32; beyond ten times as much an engine computes something else.
POISE_WITHIN = {"fp32": 1e-4, "bf16": 0.1, "int8": 0.2}  # of the largest output; or nothing is measured
PEERS_WITHIN = {"fp32": 1e-3, "bf16": 0.2, "int8": 0.2}


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
    # Asked for by name: on CPUs with bfloat16 the default would be a less exact, faster computation.
    config = {"INFERENCE_NUM_THREADS": arguments.threads, "PERFORMANCE_HINT": "LATENCY"}
    config["INFERENCE_PRECISION_HINT"] = "bf16" if arguments.precision == "bf16" else "f32"
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
    network.opt.use_bf16_storage = arguments.precision == "bf16"
    network.load_param(os.path.join(folder, "model.ncnn.param"))
    network.load_model(os.path.join(folder, "model.ncnn.bin"))

    def one(image):
        extractor = network.create_extractor()
        extractor.input(network.input_names()[0], ncnn.Mat(image))
        return numpy.array(extractor.extract(network.output_names()[0])[1])

    return (lambda x: numpy.stack([one(image) for image in x])), ncnn.__version__  # ncnn knows no batch


def make_pytorch(arguments, shape):
    """The file's nodes by PyTorch's functions; what describe_for_pytorch() wrote is read, as Debian has no onnx."""
    import numpy
    import torch
    import torch.nn.functional as f

    torch.set_num_threads(arguments.threads)
    torch.set_grad_enabled(False)
    with open(arguments.model + ".json", encoding="utf-8") as file:
        description = json.load(file)
    kind = torch.bfloat16 if arguments.precision == "bf16" else torch.float32
    weights = {name: torch.from_numpy(value).to(kind) for name, value in numpy.load(arguments.model + ".npz").items()}
    weights = {name: value.contiguous(memory_format=torch.channels_last) if value.dim() == 4 else value
               for name, value in weights.items()}

    def node(op, inputs, a):
        pads, strides = a.get("pads", [0, 0, 0, 0])[:2], a.get("strides", [1, 1])
        if op == "Conv":
            return f.conv2d(*inputs, stride=strides, padding=pads, groups=a.get("group", 1))
        if op == "ConvTranspose":
            bias = inputs[2] if len(inputs) > 2 else None
            return f.conv_transpose2d(inputs[0], inputs[1], bias, stride=strides, padding=pads)
        if op == "BatchNormalization":
            return f.batch_norm(inputs[0], inputs[3], inputs[4], inputs[1], inputs[2], eps=a.get("epsilon", 1e-5))
        if op == "MaxPool":
            return f.max_pool2d(inputs[0], a["kernel_shape"], strides, pads)
        return {"Relu": torch.relu, "Add": torch.add}[op](*inputs)

    def run(x):
        values = dict(weights)
        values[description["input"]] = torch.from_numpy(x).to(kind).contiguous(memory_format=torch.channels_last)
        for op, inputs, output, attributes in description["nodes"]:
            values[output] = node(op, [values[name] for name in inputs], attributes)
        return values[description["output"]].float().numpy()

    return run, torch.__version__.split("+")[0]


def describe_for_pytorch(model, stem) -> None:
    """Writes STEM.json and STEM.npz; raises ValueError where an operator has no place in make_pytorch()."""
    import numpy
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(model).graph
    nodes = []
    for node in graph.node:
        if node.op_type not in ("Conv", "ConvTranspose", "BatchNormalization", "MaxPool", "Relu", "Add"):
            raise ValueError(f"it is run on PoseResNet's operators alone, this file has {node.op_type}")
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        attributes = {name: list(v) if hasattr(v, "__len__") and not isinstance(v, bytes) else v
                      for name, v in attributes.items() if not isinstance(v, bytes)}
        nodes.append([node.op_type, list(node.input), node.output[0], attributes])
    numpy.savez(stem + ".npz", **{t.name: numpy_helper.to_array(t) for t in graph.initializer})
    with open(stem + ".json", "w", encoding="utf-8") as file:
        json.dump({"nodes": nodes, "input": graph.input[0].name, "output": graph.output[0].name}, file)


MAKERS = {"onnxruntime": make_onnxruntime, "openvino": make_openvino, "ncnn": make_ncnn, "opencv": make_opencv,
          "pytorch": make_pytorch}
PRECISIONS = {"poise": ("fp32", "bf16", "int8"), "onnxruntime": ("fp32", "int8"), "openvino": ("fp32", "bf16", "int8"),
              "ncnn": ("fp32", "bf16"), "opencv": ("fp32",), "pytorch": ("fp32", "bf16")}


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


def file_for(arguments, precision):
    return arguments.int8 if precision == "int8" else arguments.model


def call_peer(engine, precision, arguments, data, output=None, iterations=1) -> dict:
    python, model = sys.executable, file_for(arguments, precision)
    if engine == "pytorch":
        if not os.path.exists(SYSTEM_PYTHON):
            raise RuntimeError(f"there is no {SYSTEM_PYTHON}")
        python, model = SYSTEM_PYTHON, os.path.join(os.path.dirname(os.path.abspath(data)), "pytorch")
        if not os.path.exists(model + ".npz"):
            try:
                describe_for_pytorch(arguments.model, model)
            except ValueError as error:
                raise RuntimeError(str(error)) from error
    command = [python, os.path.abspath(__file__), model, "--worker", engine, "--input", data, "--precision", precision]
    command += ["--threads", str(arguments.threads), "--iterations", str(iterations)]
    return call(command + (["--output", output] if output else []))


def call_poise(precision, arguments, batch) -> dict:
    command = [arguments.poise, "bench", file_for(arguments, precision), "--threads", str(arguments.threads)]
    command += ["--batch", str(batch), "--precision", precision]
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


def put_json(report: dict, where: str | None) -> None:
    """Into the file, to standard output for "-", nowhere for None."""
    if where == "-":
        print(json.dumps(report, indent=1))
    elif where:
        with open(where, "w", encoding="utf-8") as file:
            file.write(json.dumps(report, indent=1) + "\n")


def machine() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} CPUs, {platform.system()}"


def agree(arguments, folder, data) -> dict:
    """Largest difference from ONNX Runtime's fp32, relative to its largest output, for each engine and precision that
    can be had; ends where Poise is off."""
    import numpy

    wanted_path = os.path.join(folder, "wanted.npy")
    call_peer("onnxruntime", "fp32", arguments, data, wanted_path)
    wanted = numpy.load(wanted_path)
    differences = {}
    chosen = {"poise", "onnxruntime", *arguments.engines}
    entries = [(e, p) for e in PRECISIONS if e in chosen for p in PRECISIONS[e] if p in arguments.precisions]
    for engine, precision in entries:
        path = os.path.join(folder, f"{engine}-{precision}.npy")
        try:
            if engine == "poise":
                command = [arguments.poise, "run", file_for(arguments, precision), "--input", data, "--output", path]
                command += ["--backend", "onednn", "--threads", str(arguments.threads), "--precision", precision]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            else:
                call_peer(engine, precision, arguments, data, path)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            if engine == "poise":
                sys.exit(f"peers: poise run failed in {precision}: {error}")
            print(f"peers: {engine} {precision} is left out: {error}", file=sys.stderr)
            continue
        found = numpy.load(path)
        same_shape = found.shape == wanted.shape
        off = float(abs(found - wanted).max() / abs(wanted).max()) if same_shape else float("inf")
        if engine == "poise" and not off <= POISE_WITHIN[precision]:
            sys.exit(f"peers: poise in {precision} differs from onnxruntime by {off:.2e} of the maximum: not measured")
        # An engine that computes something else is not a peer on this file.
        if off <= PEERS_WITHIN[precision]:
            differences[engine, precision] = off
        else:
            print(f"peers: {engine} {precision} is left out: its output is {off:.2e} of the maximum off", file=sys.stderr)
    return differences


def measure(arguments, folder, shape, entries) -> list:
    import numpy

    rows = []
    for batch in arguments.batches:
        data = os.path.join(folder, f"batch{batch}.npy")
        numpy.save(data, numpy.random.default_rng(batch).standard_normal([batch] + shape[1:]).astype(numpy.float32))
        times = {entry: [] for entry in entries}
        versions = {}
        for turn in range(arguments.rounds):
            print(f"peers: batch {batch}, round {turn + 1} of {arguments.rounds}", file=sys.stderr)
            start = turn % len(entries)
            for engine, precision in entries[start:] + entries[:start]:
                if engine == "poise":
                    answer = call_poise(precision, arguments, batch)
                else:
                    answer = call_peer(engine, precision, arguments, data, iterations=arguments.iterations)
                versions[engine] = answer["version"]
                times[engine, precision].append(statistics.median(answer["ms"]) / batch)
        for engine, precision in entries:
            median = statistics.median(times[engine, precision])
            peers = [statistics.median(times[e]) for e in entries if e[0] != "poise" and e[1] == precision]
            rows.append({"engine": engine, "precision": precision, "version": versions[engine], "batch": batch,
                         "ms_per_person": median, "rounds": times[engine, precision],
                         "ratio_to_fastest_peer": min(peers) / median if peers else None})
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?")
    parser.add_argument("--setup", action="store_true", help="make build/peers, then end")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", type=lambda text: [int(part) for part in text.split(",")], default=[1, 8])
    parser.add_argument("--precisions", type=lambda text: text.split(","), default=["fp32"], help="fp32, bf16")
    parser.add_argument("--int8", metavar="FILE", help="the same network in QDQ form: int8 is measured too, on it")
    parser.add_argument("--engines", type=lambda text: text.split(","), default=list(PRECISIONS),
                        help="of " + ", ".join(PRECISIONS) + "; the first two always run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=15, help="of each peer in each round")
    parser.add_argument("--poise", default=os.path.join(ROOT, "build", "release", "bin", "poise"))
    parser.add_argument("--json", nargs="?", const="-", help="write JSON to FILE, or in place of the table")
    for hidden in ("--worker", "--input", "--output", "--precision"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.setup:
        setup()
        return 0
    if not arguments.model:
        parser.error("give a model")
    if arguments.worker:  # already in the Python that is to run it
        worker(arguments)
        return 0
    enter_environment()
    if not set(arguments.precisions) <= {"fp32", "bf16"}:
        parser.error("--precisions takes fp32 and bf16; int8 comes with --int8 FILE")
    if arguments.int8:
        arguments.precisions = arguments.precisions + ["int8"]

    import numpy

    with tempfile.TemporaryDirectory() as folder:
        shape = input_shape(arguments.model)
        data = os.path.join(folder, "check.npy")
        batch = shape[0] if isinstance(shape[0], int) else 1
        numpy.save(data, numpy.random.default_rng(0).standard_normal([batch] + shape[1:]).astype(numpy.float32))
        differences = agree(arguments, folder, data)
        if isinstance(shape[0], int):
            for batch in arguments.batches:
                if batch != shape[0]:
                    print(f"peers: the model insists on batch {shape[0]}: batch {batch} is left out", file=sys.stderr)
            arguments.batches = [shape[0]]
        rows = measure(arguments, folder, shape, list(differences))

    report = {"machine": machine(), "threads": arguments.threads, "model": os.path.basename(arguments.model),
              "input": shape, "rounds": arguments.rounds, "differences": {f"{e} {p}": d for (e, p), d in differences.items()}, "results": rows}
    put_json(report, arguments.json)
    if arguments.json == "-":
        return 0
    print(f"{report['machine']}; {arguments.threads} threads; {report['model']}; median of {arguments.rounds} rounds")
    print(f"{'engine':14}{'version':14}{'precision':>10}{'batch':>6}{'ms/person':>12}{'speed to best peer':>20}{'difference':>12}")
    for row in rows:
        ratio = f"{row['ratio_to_fastest_peer']:.3f}" if row["ratio_to_fastest_peer"] else ""
        print(f"{row['engine']:14}{row['version'][:13]:14}{row['precision']:>10}{row['batch']:>6}{row['ms_per_person']:>12.2f}"
              f"{ratio:>20}{differences[row['engine'], row['precision']]:>12.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
