"""A picture in, everyone's joints out."""

from __future__ import annotations

import collections
import json
import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any, Iterable, Iterator, Mapping, Optional, Union, overload

import numpy as np

from . import _poise
from ._people import People, Provenance
from ._pictures import Picture, is_encoded, is_path, is_picture, pixels_of
from ._skeleton import Skeleton, shared

Path = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class Options:
    """Which networks, and how they run. Nothing stands for the default. Can be pickled, compared, hashed but for cards."""

    model: Optional[Path] = None  #: pose network: a file, or the name of one that comes with Poise
    detector: Optional[Path] = None  #: what finds the people, likewise
    models: Optional[Path] = None  #: folder in which models' names are looked up
    whole_picture: Optional[bool] = None  #: each picture is one person's box: no detector
    backend: Optional[str] = None  #: "onednn", "reference"
    precision: Optional[str] = None  #: "fp32", "bf16", "int8"; else the card's
    threads: Optional[int] = None  #: compute threads; 0: all
    deterministic: Optional[bool] = None  #: the same bits whatever the threads
    batch: Optional[int] = None  #: persons run together at most
    flip_test: Optional[bool] = None  #: the mirrored crop too
    preset: Optional[str] = None  #: for networks without a card: "simple-baselines", "mmpose", ...
    card: Optional[Mapping[str, Any]] = None  #: members over those of the model's card
    detector_preset: Optional[str] = None
    detector_card: Optional[Mapping[str, Any]] = None
    threshold: Optional[float] = None  #: of people's scores
    nms: Optional[float] = None  #: overlap from which two boxes are one person
    doubles: Optional[float] = None  #: likeness from which two poses are one person; 0: none is taken for a double

    def to_json(self) -> str:
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps({name: os.fspath(v) if isinstance(v, os.PathLike) else v for name, v in given.items()})


def _options(options: Optional[Options], changes: Mapping[str, Any]) -> Options:
    if options is not None and not isinstance(options, Options):
        raise TypeError(f"options must be poise.Options, not {type(options).__name__}; a model is named by model=")
    unknown = set(changes) - set(Options.__dataclass_fields__)
    if unknown:
        raise TypeError(f"no option is named {', '.join(sorted(unknown))}; there are "
                        f"{', '.join(Options.__dataclass_fields__)}")
    return replace(options or Options(), **changes)


def _boxes(boxes: Any, scores: Any) -> tuple[np.ndarray, np.ndarray]:
    array = np.ascontiguousarray(boxes, np.float32)
    if array.size == 0:
        array = array.reshape(0, 4)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"boxes have the shape {array.shape}: (n, 4) is wanted: left, top, width, height")
    if scores is None:
        scores = np.ones(len(array), np.float32)
    return array, np.ascontiguousarray(scores, np.float32)


class PoseFinder:
    """Finds everyone's joints.

    >>> import poise
    >>> finder = poise.PoseFinder()
    >>> people = finder("docs/images/figure.jpg")
    >>> people.keypoints.shape
    (1, 17, 2)

    May be called by any number of threads at once: they share the weights, and each runs beside the others. Can be
    pickled: the other process opens the same networks. Works in forked processes.
    """

    def __init__(self, options: Optional[Options] = None, **changes: Any):
        """`options`, or its members by name: PoseFinder(model="pose.onnx", threads=1)."""
        self.options = _options(options, changes)
        _poise.share_the_machine()
        self._finder = _poise.Finder(self.options.to_json())
        self.skeleton: Skeleton = shared(self._finder.skeleton)
        self.provenance = Provenance(self._finder.model, self._finder.model_hash, self._finder.settings)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.options,)

    def __repr__(self) -> str:
        return f"<PoseFinder {self.provenance.model}: {len(self.skeleton)} joints, {self._finder.precision}>"

    @property
    def threads(self) -> int:
        return self._finder.threads

    @property
    def card(self) -> dict:
        """How the pose network is fed and read."""
        return json.loads(self._finder.card)

    @overload
    def __call__(self, source: Picture, *, order: str = "rgb", boxes: Any = None, box_scores: Any = None) -> People: ...
    @overload
    def __call__(self, source: Iterable[Picture], *, order: str = "rgb") -> Iterator[People]: ...

    def __call__(self, source: Any, *, order: str = "rgb", boxes: Any = None, box_scores: Any = None) -> Any:
        """Everyone in a picture: a path, an encoded picture's bytes, an array (height, width, 3) of uint8, which is not
        copied, or a picture of PIL. A folder, a list or any iterator of such gives an iterator of results, in order, worked
        on by all threads.

        order: of an array's pixels: "rgb", "bgr" (OpenCV's), "rgba", "bgra", "grey".
        boxes: (n, 4) left, top, width, height: the people there alone, a pose each, in their order.
        """
        if is_path(source) and os.path.isdir(source):
            names, _ = _poise.find_pictures([os.fspath(source)])
            return self._each(names, order)
        if not is_picture(source):
            if isinstance(source, Mapping) or not isinstance(source, Iterable):
                raise TypeError(f"a picture is a path, bytes, an array or a picture of PIL, not {type(source).__name__}")
            return self._each(source, order)
        return self._find(source, order, boxes, box_scores)

    def _people(self, arrays: tuple, size: tuple[int, int], **more: Any) -> People:
        return People(*arrays, size=size, skeleton=self.skeleton, provenance=self.provenance, **more)

    def _find(self, source: Any, order: str = "rgb", boxes: Any = None, box_scores: Any = None) -> People:
        name = os.fspath(source) if is_path(source) else ""
        if boxes is not None:
            if name or is_encoded(source):
                pixels, order = (_poise.read_picture(name) if name else _poise.decode_picture(bytes(source))), "rgb"
            else:
                pixels = pixels_of(source)
            arrays = self._finder.find_in(pixels, order, *_boxes(boxes, box_scores))
            return self._people(arrays, pixels.shape[1::-1], source=name, picture=source, order=order)
        if name:
            arrays, width, height = self._finder.find_file(name)
            return self._people(arrays, (width, height), source=name, picture=source)
        if is_encoded(source):
            arrays, width, height = self._finder.find_bytes(bytes(source))
            return self._people(arrays, (width, height), picture=bytes(source))
        pixels = pixels_of(source)
        arrays = self._finder.find(pixels, order)
        return self._people(arrays, pixels.shape[1::-1], picture=pixels, order=order)

    def _each(self, sources: Iterable[Any], order: str) -> Iterator[People]:
        """In order, several at a time. What has been begun is finished where the caller stops early."""
        ahead: collections.deque[Future[People]] = collections.deque()
        with ThreadPoolExecutor(max_workers=max(1, self.threads), thread_name_prefix="poise") as pool:
            try:
                for source in sources:
                    ahead.append(pool.submit(self._find, source, order))
                    if len(ahead) > 2 * self.threads:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for waiting in ahead:
                    waiting.cancel()


class Detector:
    """Finds people's boxes alone: Detector()(picture) is (boxes (n, 4), scores (n)), best first; boxes are left, top, width,
    height. Options as PoseFinder's that speak of the detector. Any threads; can be pickled."""

    def __init__(self, options: Optional[Options] = None, **changes: Any):
        self.options = _options(options, changes)
        _poise.share_the_machine()
        self._detector = _poise.Detector(self.options.to_json())

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.options,)

    def __call__(self, picture: Picture, *, order: str = "rgb") -> tuple[np.ndarray, np.ndarray]:
        pixels, order = _pixels(picture, order)
        return self._detector.detect(pixels, order)


class Estimator:
    """Finds the joints of people whose boxes are known: Estimator()(picture, boxes) has a pose a box, in their order. Without
    boxes the picture is one person's. Any threads; can be pickled."""

    def __init__(self, options: Optional[Options] = None, **changes: Any):
        self.options = _options(options, changes)
        _poise.share_the_machine()
        self._estimator = _poise.Estimator(self.options.to_json())
        self.skeleton: Skeleton = shared(self._estimator.skeleton)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.options,)

    def __call__(self, picture: Picture, boxes: Any = None, *, box_scores: Any = None, order: str = "rgb") -> People:
        source = os.fspath(picture) if is_path(picture) else ""
        pixels, order = _pixels(picture, order)
        height, width = pixels.shape[:2]
        if boxes is None:
            boxes = [[0, 0, width, height]]
        arrays = self._estimator.estimate(pixels, order, *_boxes(boxes, box_scores))
        return People(*arrays, size=(width, height), skeleton=self.skeleton, source=source, picture=picture, order=order)


def _pixels(picture: Picture, order: str) -> tuple[np.ndarray, str]:
    if is_path(picture):
        return _poise.read_picture(os.fspath(picture)), "rgb"
    if is_encoded(picture):
        return _poise.decode_picture(bytes(picture)), "rgb"
    return pixels_of(picture), order
