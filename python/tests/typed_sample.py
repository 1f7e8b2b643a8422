"""What mypy --strict must accept of a user's program."""

import numpy as np

import poise


def wrists(path: str) -> list[float]:
    people: poise.People = poise.PoseFinder(threads=1)(path)
    return [float(x) for x in people.joint("left_wrist")[:, 0]]


def follow(frames: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]) -> list[int]:
    return [int(i) for people in poise.track(frames, fps=25.0) for i in people.ids]


def score(truth: str, results: str) -> float:
    return poise.metrics.coco(truth, results).ap


def everything(folder: list[str]) -> int:
    return sum(len(people) for people in poise.PoseFinder(poise.Options(model=None))(folder))
