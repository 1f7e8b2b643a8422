#!/usr/bin/env python3
"""Writes small YOLO-pose networks of generated weights as ultralytics exports them, and what they say of a picture, for
tests/conformance/one_stage_test: yolov8, yolo11, and yolo26, which thins out its people itself.

Made with ultralytics 8.4.190, torch 2.9.1, onnx 1.23.2 and onnxruntime 1.32.0 of PyPI; run it in an empty folder with
ultralytics importable. The decoder is plain NumPy, written from ultralytics' description of its outputs and nothing else.
"""
import pathlib
import shutil

import numpy as np
import onnx
import onnxruntime
import torch
import ultralytics
import yaml

HERE = pathlib.Path(__file__).resolve().parent / "one_stage"
SIDE = 64
JOINTS = 17
CONF, IOU = 0.25, 0.7


def model_of(kind):
    """The family's own layers, an eighth as wide as its smallest."""
    major = kind.split("-")[0].replace("yolov", "v").replace("yolo", "")
    folder = pathlib.Path(ultralytics.__file__).parent / "cfg/models" / major
    layers = yaml.safe_load((folder / f"{kind}.yaml").read_text())
    layers["scales"] = {"n": [0.33, 0.03125, 256]}
    layers["nc"] = 1
    file = pathlib.Path(f"{kind}n.yaml".replace("-posen", "n-pose"))
    file.write_text(yaml.safe_dump(layers))
    torch.manual_seed(len(kind))
    model = ultralytics.YOLO(str(file), task="pose")
    model.model.names = {0: "person"}
    for module in model.model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the mean of all batches
    model.model.train()
    for seed in range(8):  # so that normalisation hands on what a picture says
        torch.manual_seed(seed)
        model.model(torch.rand(8, 3, SIDE, SIDE))
    model.model.eval()
    head = model.model.model[-1]
    for parts in [head.cv3] + ([head.one2one_cv3] if hasattr(head, "one2one_cv3") else []):
        for part in parts:  # about as many above the threshold as below
            last = part[-1]
            torch.nn.init.normal_(last.weight, std=0.6)
            last.bias.data.fill_(-0.8)
    return model


def numpy_rows(output, end_to_end):
    """Best first: left, top, right, bottom, score, then x, y, score of each joint."""
    if end_to_end:
        rows = np.concatenate([output[0, :, :5], output[0, :, 6:]], 1).astype(np.float64)
        rows = rows[rows[:, 4] > CONF]
        return rows[np.argsort(-rows[:, 4], kind="stable")]
    columns = output[0].T.astype(np.float64)
    columns = columns[columns[:, 4] > CONF]
    half = columns[:, 2:4] / 2
    rows = np.concatenate([columns[:, :2] - half, columns[:, :2] + half, columns[:, 4:]], 1)
    rows = rows[np.argsort(-rows[:, 4], kind="stable")]
    kept = []
    for row in rows:
        for other in kept:
            wide = min(row[2], other[2]) - max(row[0], other[0])
            high = min(row[3], other[3]) - max(row[1], other[1])
            both = max(0, wide) * max(0, high)
            area = lambda r: (r[2] - r[0]) * (r[3] - r[1])
            if both / (area(row) + area(other) - both) > IOU:
                break
        else:
            kept.append(row)
    return np.array(kept).reshape(-1, 5 + 3 * JOINTS)


def write(stem, file, end_to_end):
    HERE.mkdir(exist_ok=True)
    network = onnx.load(file)
    for tensor in network.graph.initializer:  # halves are half as large, and read as floats
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size > 64:
            tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), tensor.name + "_half"))
            network.graph.node.insert(0, onnx.helper.make_node("Cast", [tensor.name], [tensor.name[:-5]], to=1))
    for node in network.graph.node:
        node.doc_string = ""
    for entry in list(network.metadata_props):
        if entry.key == "date":
            network.metadata_props.remove(entry)
    onnx.save(network, HERE / f"{stem}.onnx")
    picture = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    np.save(HERE / "picture.npy", picture)
    session = onnxruntime.InferenceSession(str(HERE / f"{stem}.onnx"), providers=["CPUExecutionProvider"])
    planes = picture.transpose(2, 0, 1)[None].astype(np.float32) / 255
    output = session.run(None, {session.get_inputs()[0].name: planes})[0]
    rows = numpy_rows(output, end_to_end).astype(np.float32)
    print(stem, output.shape, len(rows), rows[:3, :5].round(2).tolist())
    np.save(HERE / f"{stem}_people.npy", rows)


def main():
    for kind, options, stem in [("yolov8-pose", {}, "yolov8_pose"), ("yolo11-pose", {}, "yolo11_pose"),
                                ("yolo26-pose", {"nms": False}, "yolo26_pose")]:
        exported = model_of(kind).export(format="onnx", imgsz=SIDE, simplify=False, opset=17, **options)
        shutil.move(exported, f"{stem}.onnx")
        write(stem, f"{stem}.onnx", stem == "yolo26_pose")


if __name__ == "__main__":
    main()
