#!/usr/bin/env python3
"""Writes fuzz/seeds/<target>/*: small files of each kind that a target reads, by hand, where tests/golden has none."""
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
GOLDEN = HERE.parent / "tests" / "golden"


def put(target, name, content):
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def text(value):
    return json.dumps(value)


def boxes():
    put("boxes", "detections.json", text([
        {"image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40], "score": 0.5},
        {"file_name": "b/a.jpg", "category_id": 1, "bbox": [1.5, 2, 30, 40.25], "score": 1}]))
    put("boxes", "ours.json", text({"exif_applied": True, "detections": [
        {"image_id": 1, "file_name": "a.jpg", "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.9}]}))
    put("boxes", "annotations.json", text({
        "images": [{"id": 7, "file_name": "a.jpg", "width": 64, "height": 48}],
        "categories": [{"id": 1, "name": "person", "keypoints": ["a", "b"]}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "iscrowd": 0, "bbox": [1, 2, 3, 4],
                         "num_keypoints": 1, "keypoints": [1, 2, 2, 0, 0, 0]}]}))


def poses():
    put("poses", "poses.csv", "source,person,score,joint,x,y,joint_score\n"
        "a.jpg,0,0.75,head,1.5,2.25,0.5\na.jpg,0,0.75,\"left,foot\",0.1,-4.5,\n")
    put("poses", "mpii.json", text([{"image": "a.jpg", "center": [594.0, 257.0], "scale": 3.02,
                                     "joints": [[i, 2 * i] for i in range(16)], "joints_vis": [1] * 15 + [0]}]))
    for count in (25, 18):
        put("poses", f"openpose_{count}.json", text({"version": 1.3, "people": [
            {"person_id": [-1], "pose_keypoints_2d": [1.5, 2, 0.5] * count}]}))
    put("poses", "ours.json", text({
        "poise_poses": 1, "source": "a.jpg", "box_source": "whole image",
        "image": {"width": 64, "height": 48, "exif_orientation": 1, "exif_applied": False},
        "skeleton": {"name": "stick", "joints": ["head", "foot"]},
        "persons": [{"box": [1, 2, 3, 4], "box_score": 1, "score": 0.5,
                     "keypoints": [[1, 2, 0.5], [3, 4, 0.25]]}]}))


def gestures():
    for name in ("zoom", "slides", "application"):
        put("gesture", f"{name}.yaml", (HERE.parent / "configs" / "gestures" / f"{name}.yaml").read_text())
    names = ("nose", "left_shoulder", "right_shoulder", "left_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip")
    places = ((50, 20), (60, 40), (40, 40), (65, 55), (70, 10), (40, 80), (55, 80), (45, 80))
    lines = [{"poise_poses": 1, "skeleton": {"name": "stick", "joints": names, "limbs": [[0, 1]]}}]
    for i in range(6):
        keypoints = [[x + i, y, 0.9] for x, y in places]
        lines.append({"frame": i, "seconds": i / 10, "width": 100, "height": 100, "persons": [
            {"score": 0.9, "box": [0, 0, 99, 99], "box_score": 1, "track_id": 1, "keypoints": keypoints}]})
    put("gesture", "poses.jsonl", "".join(text(line) + "\n" for line in lines))


def requests():
    part = "--XyZ\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"a.jpg\"\r\n\r\n{}\r\n"
    put("request", "form", "/v1/poses?format=coco&min_score=.5&draw=1\n" + part.format("image", "x")
        + part.format("boxes", "[[1,2,3,4]]") + "--XyZ--\r\n")
    put("request", "object", "/v1/poses?boxes=%5B%5D\n" + text({"image": "data:image/png;base64,AAEC/w==",
                                                             "boxes": [[1, 2, 3, 4]]}))
    put("request", "infer", "/v2/models/poise/infer\n" + text({"id": "1", "inputs": [
        {"name": "a", "shape": [1, 2], "datatype": "FP32", "data": [[1, 2.5]]},
        {"name": "b", "shape": [2], "datatype": "BYTES", "data": ["x", "yz"]}],
        "outputs": [{"name": "a", "parameters": {"binary_data": True}}]}))
    put("request", "binary", "/v2/models/poise/infer\n" + text({"inputs": [
        {"name": "a", "shape": [2], "datatype": "UINT8", "parameters": {"binary_data_size": 2}}]}) + "\x01\x02")


def connections():
    head = "Host: localhost\r\n"
    put("server", "pipelined", f"HEAD / HTTP/1.1\r\n{head}\r\nGET /metrics HTTP/1.1\r\n{head}X-Request-Id: a\r\n\r\n"
        f"GET /v2/models/poise HTTP/1.0\r\n\r\n")
    put("server", "chunked", f"POST /v1/poses?draw=1 HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n"
        "3;a=b\r\nabc\r\n0\r\nTrailer: c\r\n\r\n")
    put("server", "expect", f"POST /v1/poses HTTP/1.1\r\n{head}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
    part = "--b\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\nabc\r\n--b--\r\n"
    put("server", "form", f"POST /v1/poses HTTP/1.1\r\n{head}Content-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {len(part)}\r\n\r\n{part}")
    # A hello in text, a frame in two parts with a ping between them, a close; masks of zeros.
    frames = b"\x81\x85" + bytes(4) + b"hello" + b"\x02\x83" + bytes(4) + b"abc" + b"\x89\x80" + bytes(4) \
        + b"\x80\x83" + bytes(4) + b"def" + b"\x88\x82" + bytes(4) + b"\x03\xe8"
    put("server", "stream", f"GET /v1/stream HTTP/1.1\r\n{head}Connection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode() + frames)


def npy():
    for name, dtype, shape, size in (("f4", "<f4", "(2, 3)", 24), ("u1", "|u1", "(5,)", 5), ("i8", "<i8", "()", 8)):
        head = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
        head += b" " * (-(len(head) + 11) % 64) + b"\n"
        put("npy", f"{name}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + bytes(range(size)))


def cards():
    put("card", "model.json", text({
        "name": "m", "skeleton": "coco17", "colour": "bgr", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
        "padding": 1.25, "codec": "gaussian_heatmap", "sigma": 2, "refine": "quarter"}))
    put("card", "detector.json", text({
        "family": "yolox", "colour": "bgr", "scale": 1, "mean": [0, 0, 0], "std": [1, 1, 1], "fit": "letterbox",
        "pad_side": "end", "input": [64, 64], "classes": ["person", "dog"], "threshold": 0.3, "nms": 0.45}))
    put("card", "anchors.json", text({
        "family": "yolov3", "colour": "rgb", "mean": [0, 0, 0], "std": [1, 1, 1], "fit": "letterbox",
        "pad_colour": [127.5, 127.5, 127.5], "input": [64, 64], "anchors": [[[16, 9], [5, 8]], [[3, 6], [4, 5]]]}))
    put("card", "skeleton.json", text({
        "name": "stick", "joints": [{"name": "left_a", "sigma": 0.1}, {"name": "right_a", "sigma": 0.1}],
        "limbs": [["left_a", "right_a"]], "flip_pairs": [["left_a", "right_a"]]}))
    put("card", "config.yaml", "MODEL:\n  NAME: pose_resnet\n  IMAGE_SIZE: [192, 256]\n  NUM_JOINTS: 17\n"
        "  EXTRA:\n    NUM_LAYERS: 50\n    NUM_DECONV_LAYERS: 3\n    NUM_DECONV_FILTERS: [256, 256, 256]\n")


def plan():
    put("plan", "plan.json", text({"plan": "a processor, 2 threads", "layers": {"Conv \"a\"": "direct",
                                                                                 "Conv \"b\"": "winograd"}}))


def checkpoint():
    head = {"__metadata__": {
        "poise.config": text({"MODEL": {"NAME": "pose_resnet"}}), "poise.card": text({"skeleton": "coco17"}),
        "poise.progress": text({"epoch": 1, "batch": 2, "step": 3, "loss_sum": 0.5, "best_pck": 0.1, "best_epoch": 1,
                                "persons": 9})},
        "conv.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "train.m.conv.weight": {"dtype": "BF16", "shape": [2], "data_offsets": [16, 20]}}
    head = text(head).encode()
    put("checkpoint", "last.ckpt", struct.pack("<Q", len(head)) + head + bytes(20))


def external_data():
    weights = (GOLDEN / "onnx" / "external.bin").read_bytes()
    model = (GOLDEN / "onnx" / "external.onnx").read_bytes()
    put("external_data", "external", struct.pack("<H", len(weights)) + weights + model)


def mat_answers():
    head = text({"variables": [{"name": "joints", "kind": "double", "dims": [1, 2], "numbers": 2}]}).encode()
    put("mat_hdf5", "answer", head + b"\n" + struct.pack("<2d", 1, 2))
    put("mat_hdf5", "error", text({"code": 2, "error": "x is damaged"}) + "\n")


def tfjs():
    for name in ("fused", "open"):
        model = json.loads((GOLDEN / "tensorflow" / f"{name}.json").read_text())
        paths = [path for group in model["weightsManifest"] for path in group["paths"]]
        weights = b"".join((GOLDEN / "tensorflow" / path).read_bytes() for path in paths)
        put("tfjs", name, struct.pack("<H", len(weights)) + weights + text(model).encode())


if __name__ == "__main__":
    boxes(), poses(), npy(), cards(), plan(), checkpoint(), external_data(), mat_answers(), gestures(), requests(), connections(), tfjs()
