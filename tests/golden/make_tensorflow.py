#!/usr/bin/env python3
"""Writes tensorflow/*: small TensorFlow Lite and TensorFlow.js networks with random weights, an input of each
(NAME.input.npy) and what LiteRT's interpreter or TensorFlow gives for it (NAME.0.npy, NAME.1.npy, ...).

    python3 -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0 ai-edge-litert==2.3.0
    venv/bin/python make_tensorflow.py
"""
import base64
import json
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from google.protobuf import json_format
from tensorflow.core.framework import graph_pb2

FOLDER = pathlib.Path(__file__).parent / "tensorflow"
FOLDER.mkdir(exist_ok=True)
rng = np.random.default_rng(20)


def weight(*shape, size=None):
    fan = size or np.prod(shape[:-1])
    return tf.constant(rng.normal(0, 1.4 / np.sqrt(fan), shape), tf.float32)


def put(name, given, outputs):
    np.save(FOLDER / f"{name}.input.npy", given.astype(np.float32))
    for i, output in enumerate(outputs):
        output = np.asarray(output)
        np.save(FOLDER / f"{name}.{i}.npy", output.astype(np.float32 if output.dtype == np.float32 else np.int64))


def lite(name, function, shape, prepare=lambda converter: None, dtype=tf.float32, given=None):
    concrete = tf.function(function).get_concrete_function(tf.TensorSpec(shape, dtype, "picture"))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    prepare(converter)
    model = converter.convert()
    (FOLDER / f"{name}.tflite").write_bytes(model)
    # The plain kernels: what XNNPACK makes of the sums differs in the last digits.
    lite_rt = Interpreter(model_content=model,
                          experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    lite_rt.allocate_tensors()
    given = rng.uniform(-1, 1, shape).astype(np.float32) if given is None else given
    taken = lite_rt.get_input_details()[0]
    scale, zero = taken["quantization"]
    stored = np.clip(np.round(given / scale) + zero, -128, 127) if scale else given
    lite_rt.set_tensor(taken["index"], stored.astype(taken["dtype"]))
    lite_rt.invoke()
    outputs = []
    for o in lite_rt.get_output_details():
        scale, zero = o["quantization"]
        output = lite_rt.get_tensor(o["index"])
        outputs.append(((output.astype(np.float64) - zero) * scale).astype(np.float32) if scale else output)
    put(name, given, outputs)


# -- convolutions, poolings, resizing: (N, H, W, C) throughout
W = {"stem": weight(3, 3, 3, 8), "depth": weight(5, 5, 8, 1, size=25), "multi": weight(3, 3, 8, 2, size=9),
     "point": weight(1, 1, 16, 6), "wide": weight(3, 3, 6, 6), "up": weight(2, 2, 4, 6, size=24),
     "dense": weight(4, 5), "bias": tf.constant(rng.normal(0, 0.1, 8), tf.float32),
     "slope": tf.constant(rng.uniform(0, 0.5, (1, 1, 6)), tf.float32), "group": weight(3, 3, 4, 8)}


def layers(x):
    a = tf.nn.relu6(tf.nn.bias_add(tf.nn.conv2d(x, W["stem"], 2, "SAME"), W["bias"]))
    b = tf.nn.depthwise_conv2d(tf.pad(a, [[0, 0], [2, 2], [1, 3], [0, 0]]), W["depth"], [1, 1, 1, 1], "VALID")
    b = tf.nn.relu(tf.nn.conv2d(tf.pad(b, [[0, 0], [1, 1], [1, 1], [0, 0]]), W["group"], 1, "VALID") + a)
    c = tf.nn.depthwise_conv2d(b, W["multi"], [1, 1, 1, 1], "SAME", dilations=[2, 2])
    d = tf.nn.conv2d(c, W["point"], 1, "SAME")
    d = tf.maximum(d, 0) + W["slope"] * tf.minimum(d, 0)
    e = tf.nn.max_pool2d(d, 3, 2, "SAME")
    f = tf.nn.avg_pool2d(d, 2, 2, "SAME")
    g = tf.compat.v1.image.resize_bilinear(e + f, [5, 4], half_pixel_centers=True)
    h = tf.compat.v1.image.resize_bilinear(e, [5, 4], align_corners=True)
    i = tf.compat.v1.image.resize_nearest_neighbor(e, [5, 4], half_pixel_centers=True)
    j = tf.compat.v1.image.resize_bilinear(f, [5, 4])
    k = tf.concat([g * h, tf.nn.leaky_relu(i, 0.1), tf.nn.tanh(j)], 3)[:, :, :, 3:15]
    m = tf.nn.conv2d_transpose(g, W["up"], [1, 10, 8, 4], 2, "SAME")
    n = tf.nn.depth_to_space(k, 2) * tf.reduce_mean(k, [1, 2], keepdims=True)[:, :, :, :3]
    p = tf.linalg.matmul(tf.reduce_max(m, [1, 2]), W["dense"])
    return m, n, tf.nn.softmax(p), tf.nn.softmax(m[:, :, :, 1:] / 3)


# -- what takes numbers elsewhere: a picture as a table, corners, places
def movement(x):
    y = tf.nn.relu(tf.nn.conv2d(x, W["stem"], 2, "SAME"))  # (1, 5, 4, 8)
    flat = tf.reshape(y, [1, 20, 8])
    best = tf.argmax(flat, 1, output_type=tf.int32)  # (1, 8)
    row, column = best // 4, best - best // 4 * 4
    places = tf.stack([tf.zeros([8], tf.int32), tf.reshape(row, [8]), tf.reshape(column, [8])], 1)
    taken = tf.gather_nd(y, places)
    top, index = tf.math.top_k(tf.reshape(y, [1, 160]), 5)
    parts = tf.unstack(tf.reshape(taken, [8, 4, 2]), axis=2)
    cut = y[:, ::-2, 1:-1, tf.newaxis, 2]
    turned = tf.transpose(tf.split(y, 2, 3)[1], [0, 3, 1, 2])
    chosen = tf.where(y > 0.5, y, tf.square(y - 1.0))
    return (taken, top, index, parts[0] - tf.math.rsqrt(1 + tf.square(parts[1])), cut, turned, chosen,
            tf.reduce_sum(y, 3), tf.cast(row, tf.float32), tf.tile(tf.expand_dims(tf.gather(flat, [3, 1], axis=1), 0),
                                                                   [1, 2, 1, 1]))


def half(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def int8(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([rng.uniform(-1, 1, (1, 9, 8, 3)).astype(np.float32)] for _ in range(50))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]


def integers(converter):
    """Bytes at both ends too."""
    int8(converter)
    converter.inference_input_type = converter.inference_output_type = tf.int8


def small(x):
    y = tf.nn.relu6(tf.nn.bias_add(tf.nn.conv2d(x, W["stem"], 2, "SAME"), W["bias"]))
    z = tf.nn.depthwise_conv2d(y, W["depth"], [1, 1, 1, 1], "SAME") + y
    z = tf.compat.v1.image.resize_bilinear(z, [10, 8], half_pixel_centers=True)
    return tf.nn.sigmoid(tf.nn.conv2d(tf.concat([z, z * 0.5], 3), W["point"], 1, "SAME"))


def counted(x):
    return tf.nn.conv2d(tf.cast(x, tf.float32) / 255.0, W["stem"], 2, "SAME")


sparse_weight = np.asarray(weight(3, 3, 16, 16)).copy()
sparse_weight[rng.random(sparse_weight.shape) < 0.8] = 0


def sparse(x):
    return tf.nn.conv2d(tf.nn.conv2d(x, tf.constant(rng.normal(0, 1, (1, 1, 3, 16)), tf.float32), 1, "SAME"),
                        tf.constant(sparse_weight), 1, "SAME")


def sparsely(converter):
    half(converter)
    converter.optimizations = [tf.lite.Optimize.DEFAULT, tf.lite.Optimize.EXPERIMENTAL_SPARSITY]


lite("layers", layers, [1, 9, 8, 3])
lite("movement", movement, [1, 9, 8, 3])
lite("half", small, [1, 9, 8, 3], half)
lite("int8", small, [1, 9, 8, 3], int8)
lite("int8_whole", small, [1, 9, 8, 3], integers)
lite("sparse", sparse, [1, 5, 4, 3], sparsely)
lite("bytes", counted, [1, 9, 8, 3], dtype=tf.uint8, given=rng.integers(0, 256, (1, 9, 8, 3)).astype(np.float32))


# -- TensorFlow.js: a GraphDef as its converter writes one, with fused convolutions and quantised weights
class Page:
    def __init__(self):
        self.nodes, self.weights, self.bytes, self.values = [], [], b"", {}

    def const(self, name, value, quantised=None):
        value = np.asarray(value)
        entry = {"name": name, "shape": list(value.shape), "dtype": "float32" if value.dtype.kind == "f" else "int32"}
        if quantised == "float16":
            stored = value.astype(np.float16)
            value = stored.astype(np.float32)
            entry["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
        elif quantised:
            low, steps = float(value.min()), np.iinfo(quantised).max
            scale = (float(value.max()) - low) / steps
            stored = np.round((value - low) / scale).astype(quantised)
            value = (stored.astype(np.float64) * scale + low).astype(np.float32)
            entry["quantization"] = {"dtype": quantised, "scale": scale, "min": low, "original_dtype": "float32"}
        else:
            stored = value.astype(np.float32 if value.dtype.kind == "f" else np.int32)
        self.bytes += stored.tobytes()
        self.weights.append(entry)
        self.values[name] = value.astype(np.float32 if value.dtype.kind == "f" else np.int32)
        kind = "DT_FLOAT" if value.dtype.kind == "f" else "DT_INT32"
        self.nodes.append({"name": name, "op": "Const", "attr": {"dtype": {"type": kind}, "value": {"tensor": {
            "dtype": kind, "tensorShape": {"dim": [{"size": str(n)} for n in value.shape]}}}}})
        return name

    def node(self, name, op, inputs, **attr):
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attr})
        return name

    def graph(self):
        """What TensorFlow runs: it has no fused depthwise convolution, and fused ones want the number of their inputs."""
        graph = graph_pb2.GraphDef()
        for stored in self.nodes:
            entry = graph.node.add()
            if stored["op"] == "Const":
                value = self.values[stored["name"]]
                entry.name, entry.op = stored["name"], "Const"
                entry.attr["dtype"].type = tf.as_dtype(value.dtype).as_datatype_enum
                entry.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
                continue
            plain = json.loads(json.dumps(stored))
            if plain["op"] == "FusedDepthwiseConv2dNative":
                attr = {k: v for k, v in plain["attr"].items() if k != "fused_ops"}
                base = plain["name"] + "/d"
                json_format.ParseDict(dict(name=base, op="DepthwiseConv2dNative", input=plain["input"][:2], attr=attr), entry)
                entry = graph.node.add()
                one = {"T": {"type": "DT_FLOAT"}}
                json_format.ParseDict(dict(name=plain["name"] + "/b", op="BiasAdd", input=[base, plain["input"][2]],
                                           attr=one), entry)
                entry = graph.node.add()
                json_format.ParseDict(dict(name=plain["name"], op="Relu6", input=[plain["name"] + "/b"], attr=one), entry)
                continue
            json_format.ParseDict(plain, entry)
            if plain["op"] == "_FusedConv2D":
                entry.attr["TArgs"].list.type.extend([1] * (len(plain["input"]) - 2))
                entry.attr["num_args"].i = len(plain["input"]) - 2
        return graph


def text(value):
    return {"s": base64.b64encode(value.encode()).decode()}


def texts(*values):
    return {"list": {"s": [base64.b64encode(v.encode()).decode() for v in values]}}


def ints(*values):
    return {"list": {"i": [str(v) for v in values]}}


T, I = {"type": "DT_FLOAT"}, {"type": "DT_INT32"}


def window(stride, padding="SAME"):
    return dict(T=T, strides=ints(1, stride, stride, 1), padding=text(padding), data_format=text("NHWC"),
                dilations=ints(1, 1, 1, 1))


def script(name, page, size, outputs, shards=1, given=None):
    function = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(page.graph(), name=""), [])
    dims = {"dim": [{"size": str(n)} for n in size]}
    paths = [f"{name}.bin"] if shards == 1 else [f"{name}-shard{i + 1}of{shards}.bin" for i in range(shards)]
    cut = -(-len(page.bytes) // shards)
    for i, path in enumerate(paths):
        (FOLDER / path).write_bytes(page.bytes[i * cut:(i + 1) * cut])
    model = {"format": "graph-model", "generatedBy": "make_tensorflow.py", "convertedBy": None,
             "modelTopology": {"node": page.nodes, "library": {}, "versions": {"producer": 808}},
             "signature": {"inputs": {"picture": {"name": "picture:0", "dtype": "DT_FLOAT", "tensorShape": dims}},
                           "outputs": {o: {"name": o + (":0" if ":" not in o else ""), "dtype": "DT_FLOAT"} for o in outputs}},
             "weightsManifest": [{"paths": paths, "weights": page.weights}]}
    (FOLDER / f"{name}.json").write_text(json.dumps(model))
    shape = [4 + i if n < 0 else n for i, n in enumerate(size)]
    given = rng.uniform(-1, 1, shape).astype(np.float32) if given is None else given
    run = function.prune(["picture:0"], [o if ":" in o else o + ":0" for o in outputs])
    put(name, given, [o.numpy() for o in run(tf.constant(given))])


def placeholder(page, size):
    page.nodes.append({"name": "picture", "op": "Placeholder", "attr": {"dtype": T, "shape": {"shape": {
        "dim": [{"size": str(n)} for n in size]}}}})


page = Page()
placeholder(page, [1, 9, 8, 3])
page.const("w1", W["stem"], "uint8"), page.const("b1", W["bias"]), page.const("w2", W["depth"], "float16")
page.const("b2", W["bias"] * 2, "uint16"), page.const("w3", weight(1, 1, 8, 4), "uint16"), page.const("b3", rng.normal(0, 1, 4))
page.const("size", np.array([10, 8])), page.const("axes", np.array([1, 2])), page.const("axis", np.array(-1))
page.const("k", np.array(3)), page.const("flat", np.array([1, -1]))
# Nodes may stand in any order.
page.node("out", "Identity", ["joined"], T=T)
page.node("c1", "_FusedConv2D", ["picture", "w1", "b1"], fused_ops=texts("BiasAdd", "Relu"), **window(2))
page.node("d1", "FusedDepthwiseConv2dNative", ["c1", "w2", "b2"], fused_ops=texts("BiasAdd", "Relu6"), **window(1))
page.node("c2", "_FusedConv2D", ["d1", "w3", "b3"], fused_ops=texts("BiasAdd"), **window(1, "VALID"))
page.node("up", "ResizeBilinear", ["c2", "size"], T=T, align_corners={"b": False}, half_pixel_centers={"b": True})
page.node("mean", "Mean", ["up", "axes"], T=T, Tidx=I, keep_dims={"b": True})
page.node("scaled", "Mul", ["up", "mean"], T=T)
page.node("pool", "MaxPool", ["scaled"], T=T, strides=ints(1, 1, 1, 1), ksize=ints(1, 3, 3, 1), padding=text("SAME"))
page.node("peak", "Equal", ["scaled", "pool"], T=T)
page.node("peaks", "Cast", ["peak"], SrcT={"type": "DT_BOOL"}, DstT=T)
page.node("joined", "ConcatV2", ["scaled", "peaks", "axis"], T=T, N={"i": "2"}, Tidx=I)
page.node("row", "Reshape", ["pool", "flat"], T=T, Tshape=I)
page.node("best", "TopKV2", ["row", "k", "^out"], T=T, sorted={"b": True})
page.node("places", "Identity", ["best:1"], T=I)
script("fused", page, [1, 9, 8, 3], ["out", "best", "places"], shards=3)

page = Page()  # a picture of any size
placeholder(page, [1, -1, -1, 3])
page.const("w1", W["stem"]), page.const("begin", np.array([1])), page.const("end", np.array([3]))
page.const("step", np.array([1])), page.const("two", np.array([2, 2])), page.const("axes", np.array([1, 2]))
page.const("eight", np.array(8)), page.const("minus", np.array(-1))
page.node("c1", "Conv2D", ["picture", "w1"], **window(2))
page.node("shape", "Shape", ["c1"], T=T, out_type=I)
page.node("sides", "StridedSlice", ["shape", "begin", "end", "step"], T=I, Index=I)
page.node("twice", "Mul", ["sides", "two"], T=I)
page.node("up", "ResizeBilinear", ["c1", "twice"], T=T, half_pixel_centers={"b": True})
page.node("rows", "Pack", ["minus", "eight"], T=I, N={"i": "2"}, axis={"i": "0"})
page.node("table", "Reshape", ["up", "rows"], T=T, Tshape=I)
page.node("mean", "Mean", ["up", "axes"], T=T, Tidx=I)
script("open", page, [1, -1, -1, 3], ["table", "mean"])


# -- what LiteRT gives for ../shared/models, which stay there: outputs that are small, of a picture that is a formula
SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared" / "models"


def waves(side, low, high):
    y, x, c = np.mgrid[0:side, 0:side, 0:3].astype(np.float64)
    unit = 0.5 + 0.5 * np.sin(0.05 * y * (c + 1) + 0.03 * x)
    return (low + (high - low) * unit).astype(np.float32)[None]


def shared(name, given, outputs):
    if not (SHARED / f"{name}.tflite").exists():
        print(f"{name}.tflite is not in ../shared: left as it is")
        return
    lite_rt = Interpreter(model_path=str(SHARED / f"{name}.tflite"),
                          experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    lite_rt.allocate_tensors()
    lite_rt.set_tensor(lite_rt.get_input_details()[0]["index"], given)
    lite_rt.invoke()
    for o in lite_rt.get_output_details():
        if o["name"] in outputs:
            np.save(FOLDER / f"{name}.{o['name']}.npy", lite_rt.get_tensor(o["index"]))


shared("pose_landmark_lite", waves(256, 0, 1), ["Identity", "Identity_1", "Identity_4"])
shared("blazepose_detection", waves(224, -1, 1), ["Identity_1"])
