"""Results measured against the truth, equal to the reference tools."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from typing import Any, Sequence, Union

from . import _poise

Source = Union[str, "os.PathLike[str]", Sequence[Any], dict]


@dataclass(frozen=True)
class CocoReport:
    """COCO's figures, 0 to 1; -1 where there is nothing to measure. Each is an attribute too: report.ap, report.ap50."""

    figures: dict[str, float]  #: by the names that cocoapi's summary has: "AP", "AP50", ...
    details: dict[str, Any]  #: counts, and the rules in force
    notes: tuple[str, ...]  #: what was left out, or is odd

    def __getattr__(self, name: str) -> float:
        for known, value in self.__dict__.get("figures", {}).items():
            if known.lower() == name.lower():
                return value
        raise AttributeError(f"{name}: the figures are {', '.join(self.__dict__.get('figures', {}))}")

    def __repr__(self) -> str:
        return "<CocoReport " + " ".join(f"{name} {value:.4f}" for name, value in self.figures.items()) + ">"


def coco(truth: Source, results: Source, *, boxes: bool = False, rules: str = "cocoapi", sigmas: str = "") -> CocoReport:
    """Average precision and recall.

    truth: COCO annotations: a file, or what it holds.
    results: COCO results, likewise: `People.to_coco()` of all pictures, one list after the other.
    boxes: measure boxes by their overlap, instead of keypoints by OKS.
    rules: whose: "cocoapi", "xtcocotools", "crowdpose".
    sigmas: a skeleton's name, or one number a joint with commas; nothing: those that fit the truth.
    """
    with tempfile.TemporaryDirectory(prefix="poise-") as folder:
        text = _poise.measure_coco(_file(truth, folder, "truth"), _file(results, folder, "results"), boxes, rules, sigmas)
    details = json.loads(text)
    return CocoReport(details.pop("figures"), details, tuple(details.pop("notes")))


def _file(source: Source, folder: str, name: str) -> str:
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    path = os.path.join(folder, f"{name}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(source, file)
    return path
