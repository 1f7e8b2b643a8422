#!/usr/bin/env python3
"""The server as other people's clients see it: Triton's client infers over the Open Inference Protocol, in JSON and in
binary, with the whole pipeline and with the pose network; /openapi.json holds to OpenAPI's schema, and answers to it.

    tests/e2e/serve_protocols.py build/release/bin/poise

Needs PyPI's tritonclient[http], openapi-spec-validator, pillow and numpy (scripts/test --long).
"""
import http.client
import io
import json
import os
import subprocess
import sys
import tempfile

import numpy
import tritonclient.http as triton
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate
from PIL import Image
from tritonclient.utils import InferenceServerException

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kit"))
from served import Served  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MODEL = "poise-small"
checked = 0


def check(holds, what):
    global checked
    checked += 1
    if not holds:
        raise SystemExit("serve_protocols: " + what)


def ask(port, method, target, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.getheader("Content-Type"), answer.read()


def refused(call, part):
    """The client's exception, with the server's words."""
    try:
        call()
    except InferenceServerException as error:
        check(part in str(error), f"{error} does not speak of {part!r}")
        return
    check(False, f"what should be refused for {part!r} was answered")


def tensor(name, values, datatype="FP32", binary=True):
    given = triton.InferInput(name, list(values.shape), datatype)
    given.set_data_from_numpy(values, binary_data=binary)
    return given


def check_metadata(client):
    check(client.is_server_live() and client.is_server_ready(), "it is not live, or not ready")
    check("binary_tensor_data" in client.get_server_metadata()["extensions"], "binary tensors are not said")
    for name in ("poise", MODEL):
        check(client.is_model_ready(name) and client.is_model_ready(name, "1"), f"{name} is not ready")
        check(client.get_model_metadata(name)["name"] == name, f"{name} does not say its name")
    check(not client.is_model_ready("other"), "a model that there is not is ready")


def check_pipeline(client, port):
    """Pixels and a file give what /v1/poses gives."""
    picture = Image.open(os.path.join(ROOT, "docs", "images", "figure.jpg")).convert("RGB")
    file = io.BytesIO()
    picture.save(file, "PNG")
    _, _, text = ask(port, "POST", "/v1/poses", file.getvalue(), Content_Type="image/png")
    persons = json.loads(text)["persons"]
    check(len(persons) == 1, "the figure's person is not found")
    pixels = numpy.asarray(picture)
    outputs = [triton.InferRequestedOutput(name, binary_data=binary)
               for name, binary in (("keypoints", True), ("boxes", False), ("scores", True))]
    requests = {"pixels": [tensor("image", pixels, "UINT8")],
                "pixels in JSON": [tensor("image", pixels, "UINT8", binary=False)],
                "a batch of one": [tensor("image", pixels[None], "UINT8")],
                "a file": [tensor("image", numpy.array([file.getvalue()], dtype=numpy.object_), "BYTES")]}
    truth = numpy.array([person["keypoints"] for person in persons])
    for name, inputs in requests.items():
        result = client.infer("poise", inputs, outputs=outputs, request_id="7")
        check(result.get_response()["id"] == "7", "the request's id is lost")
        keypoints = result.as_numpy("keypoints")
        check(keypoints.shape == truth.shape, f"{name}: {keypoints.shape} keypoints, {truth.shape} in /v1/poses")
        check(numpy.abs(keypoints[..., :2] - truth[..., :2]).max() <= .01, f"{name}: joints lie elsewhere")
        check(result.as_numpy("boxes").shape == (1, 4) and result.as_numpy("scores").shape == (1,), f"{name}: shapes")
    refused(lambda: client.infer("poise", [tensor("image", pixels[..., :2].copy(), "UINT8")]), "(height, width, 3)")
    refused(lambda: client.infer("poise", requests["pixels"] * 2), "one input")


def check_network(client, poise):
    """Crops give what `poise run` gives; the same at the same time, too."""
    crops = numpy.random.default_rng(7).standard_normal((2, 3, 256, 192)).astype(numpy.float32)
    expected = []
    with tempfile.TemporaryDirectory() as folder:
        given, taken = os.path.join(folder, "in.npy"), os.path.join(folder, "out.npy")
        for crop in crops:
            numpy.save(given, crop[None])
            subprocess.run([poise, "run", os.path.join(ROOT, "models", MODEL + ".onnx"), "--input", given, "--output",
                            taken, "--threads", "1"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            expected.append(numpy.load(taken))
    metadata = client.get_model_metadata(MODEL)
    source, heatmaps = metadata["inputs"][0]["name"], metadata["outputs"][0]["name"]
    near = 1e-4 * max(numpy.abs(one).max() for one in expected)
    for binary in (True, False):
        for crop, truth in zip(crops, expected):
            result = client.infer(MODEL, [tensor(source, crop[None], binary=binary)],
                                  outputs=[triton.InferRequestedOutput(heatmaps, binary_data=binary)])
            check(numpy.abs(result.as_numpy(heatmaps) - truth).max() <= near, "the network's outputs differ")
    pending = [client.async_infer(MODEL, [tensor(source, crops[i % 2][None])]) for i in range(8)]
    for i, one in enumerate(pending):
        check(numpy.abs(one.get_result().as_numpy(heatmaps) - expected[i % 2]).max() <= near,
              "side by side the network's outputs differ")
    wanted = triton.InferRequestedOutput(heatmaps)
    refused(lambda: client.infer(MODEL, [tensor(source, crops[:1])], outputs=[wanted] * 1000), "names 1000 outputs")
    refused(lambda: client.infer(MODEL, [tensor(source, crops[:1, :1].copy())]), "")
    refused(lambda: client.infer(MODEL, [tensor(source, crops[:1])],
                                 outputs=[triton.InferRequestedOutput("other")]), "other")
    refused(lambda: client.infer("other", [tensor(source, crops[:1])]), "no model of that name")


def check_openapi(port):
    """The document is one of OpenAPI, and what it says of answers is true."""
    status, kind, text = ask(port, "GET", "/openapi.json")
    check(status == 200 and kind == "application/json", "/openapi.json is not there")
    document = json.loads(text)
    validate(document)
    checker = {name: OAS30Validator(schema) for name, schema in document["components"]["schemas"].items()}
    with open(os.path.join(ROOT, "docs", "images", "figure.jpg"), "rb") as file:
        figure = file.read()
    _, _, poses = ask(port, "POST", "/v1/poses", figure)
    checker["Poses"].validate(json.loads(poses))
    post = document["paths"]["/v1/poses"]["post"]
    kinds = set(post["responses"]["200"]["content"])
    formats = next(one for one in post["parameters"] if one["name"] == "format")["schema"]["enum"]
    for target in [f"/v1/poses?format={name}" for name in formats] + ["/v1/poses?draw=1"]:
        status, kind, _ = ask(port, "POST", target, figure)
        check(status == 200 and kind in kinds, f"{target}: {status} {kind} is not in /openapi.json")
    for target in ("/v1/poses", "/v1/poses?format=word", "/v1/poses?boxes=[1"):
        status, _, error = ask(port, "POST", target, b"no picture")
        check(status == 400 and "400" in post["responses"], f"{target}: {status} is not in /openapi.json")
        checker["Error"].validate(json.loads(error))
    for path, methods in document["paths"].items():
        if "get" in methods and "{" not in path:
            status, kind, _ = ask(port, "GET", path)
            said = methods["get"]["responses"]
            check(str(status) in said and kind.split(";")[0] in said[str(status)]["content"],
                  f"{path}: {status} {kind} is not in /openapi.json")


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    served = Served(sys.argv[1], "--workers", "2")
    try:
        client = triton.InferenceServerClient(f"127.0.0.1:{served.port}", concurrency=4, connection_timeout=120,
                                              network_timeout=120)
        check_metadata(client)
        check_pipeline(client, served.port)
        check_network(client, sys.argv[1])
        check_openapi(served.port)
        client.close()
    finally:
        code = served.end()
    check(code == 0, f"it ended with {code}")
    print(f"serve_protocols: {checked} checks hold")


if __name__ == "__main__":
    main()
