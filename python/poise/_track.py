"""People followed through a video."""

from __future__ import annotations

import json
import os
from typing import Any, Iterable, Iterator, Optional, Union

import numpy as np

from . import _poise
from ._finder import PoseFinder
from ._people import People
from ._pictures import is_path, load

Path = Union[str, "os.PathLike[str]"]


class Tracker:
    """One video's people: call it with one frame after the other.

    Options: similarity ("box", "pose", "flow", "multi-flow"), matching ("greedy", "hungarian"), flow, smooth (True or
    False), detect_every (frames), memory (seconds for which who is hidden is remembered).
    """

    def __init__(self, finder: Optional[PoseFinder] = None, **options: Any):
        self.finder = PoseFinder() if finder is None else finder
        self._tracker = _poise.Tracker(self.finder._finder, json.dumps(options))
        self._frames = 0

    @property
    def ids(self) -> int:
        """How many have been given."""
        return self._tracker.ids

    def __call__(self, frame: Any, seconds: Optional[float] = None, *, order: str = "rgb") -> People:
        """Everyone in the next frame, with their ids. `seconds`: its time, not before the last one's; nothing: a
        thirtieth of a second a frame."""
        name = os.fspath(frame) if is_path(frame) else ""
        pixels = load(frame)
        if seconds is None:
            seconds = self._frames / 30
        arrays = self._tracker.next(self.finder._finder, pixels, order, float(seconds))
        people = self.finder._people(arrays, pixels.shape[1::-1], source=name, index=self._frames,
                                     seconds=float(seconds), picture=frame, order=order)
        self._frames += 1
        return people


def track(source: Union[Path, Iterable[Any]], *, finder: Optional[PoseFinder] = None, fps: Optional[float] = None,
          order: str = "rgb", **options: Any) -> Iterator[People]:
    """Everyone in each frame of a video, with ids that stay with them.

    source: a video file, for which PyAV or OpenCV must be installed; a folder of pictures; or any iterator of frames, arrays
        or (array, seconds).
    fps: frames a second where the frames do not say their times; 30.
    order: of an iterator's pixels, "bgr" for OpenCV's.
    options: Tracker's.
    """
    tracker = Tracker(finder, **options)
    if is_path(source):
        path = os.fspath(source)  # type: ignore[arg-type]
        if os.path.isdir(path):
            frames: Iterable[Any] = _poise.find_pictures([path])[0]
        else:
            frames, order = _video(path), "rgb"
    else:
        frames = source  # type: ignore[assignment]
    return _follow(tracker, frames, fps or 30.0, order)


def _follow(tracker: Tracker, frames: Iterable[Any], fps: float, order: str) -> Iterator[People]:
    for index, frame in enumerate(frames):
        seconds = index / fps
        if isinstance(frame, tuple):
            if len(frame) != 2:
                raise TypeError(f"a frame is an array or (array, seconds), not a tuple of {len(frame)}")
            frame, seconds = frame
        yield tracker(frame, seconds, order=order)


def _video(path: str) -> Iterator[tuple[np.ndarray, float]]:
    """Frames, RGB, with their times."""
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path}: no such file")
    try:
        import av
    except ImportError:
        try:
            import cv2
        except ImportError:
            raise ImportError(f"{path}: reading videos needs PyAV or OpenCV: pip install av; or give an iterator of "
                              "frames") from None
        return _by_opencv(cv2, path)
    return _by_pyav(av, path)


def _by_pyav(av: Any, path: str) -> Iterator[tuple[np.ndarray, float]]:
    with av.open(path) as container:
        start: Optional[float] = None
        last = 0.0
        rate = float(container.streams.video[0].average_rate or 30)
        for frame in container.decode(video=0):
            time = frame.time
            if start is None and time is not None:
                start = time
            seconds = last + 1 / rate if time is None else time - (start or 0.0)
            last = max(last, seconds)
            yield frame.to_ndarray(format="rgb24"), last


def _by_opencv(cv2: Any, path: str) -> Iterator[tuple[np.ndarray, float]]:
    video = cv2.VideoCapture(path)
    try:
        if not video.isOpened():
            raise ValueError(f"{path}: OpenCV cannot read it as a video")
        rate = video.get(cv2.CAP_PROP_FPS) or 30.0
        index = 0
        while True:
            good, frame = video.read()
            if not good:
                return
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), index / rate
            index += 1
    finally:
        video.release()
