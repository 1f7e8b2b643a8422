"""Whatever people call a picture, as pixels."""

from __future__ import annotations

import os
from typing import Any, Union

import numpy as np

from . import _poise

#: A path, an encoded picture's bytes, an array (height, width, 3) of uint8, or a picture of PIL.
Picture = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, np.ndarray, Any]


def is_path(source: object) -> bool:
    return isinstance(source, (str, os.PathLike))


def is_encoded(source: object) -> bool:
    """Bytes of a JPEG, PNG, ... ; a memoryview of more than one axis is pixels."""
    if isinstance(source, (bytes, bytearray)):
        return True
    return isinstance(source, memoryview) and source.ndim == 1


def is_pil(source: object) -> bool:
    return type(source).__module__.startswith("PIL.")


def is_picture(source: object) -> bool:
    """Whether it is one picture, rather than several."""
    return (
        is_path(source) or is_encoded(source) or isinstance(source, memoryview) or is_pil(source)
        or hasattr(source, "__array_interface__") or hasattr(source, "__array__")
    )


def pixels_of(source: object) -> np.ndarray:
    """Unsigned bytes (height, width) or (height, width, 3 or 4); the array itself where that will do. Raises TypeError or
    ValueError for what is no picture."""
    if is_pil(source):
        mode = source.mode  # type: ignore[attr-defined]
        if mode not in ("RGB", "L", "RGBA"):
            source = source.convert("RGB")  # type: ignore[attr-defined]
        elif mode == "RGBA":
            source = source.convert("RGBA").convert("RGB")  # type: ignore[attr-defined]
        return np.asarray(source)
    array = source if isinstance(source, np.ndarray) else np.asarray(source)
    if array.dtype != np.uint8:
        hint = ": multiply by 255 and round first" if array.dtype.kind == "f" else ""
        raise TypeError(f"the picture's elements are {array.dtype}; unsigned bytes (numpy.uint8) are wanted{hint}")
    if array.size == 0:
        raise ValueError(f"the picture has the shape {array.shape}: it has no pixels")
    if array.ndim == 3 and array.shape[2] not in (1, 3, 4) and array.shape[0] in (1, 3, 4):
        raise ValueError(f"the picture has the shape {array.shape}: move the first axis to the end, (height, width, 3)")
    if array.ndim in (2, 3):
        channels = 1 if array.ndim == 2 else array.shape[2]
        apart = array.shape[1] > 1 and array.strides[1] != channels
        if apart or (channels > 1 and array.strides[-1] != 1):
            array = np.ascontiguousarray(array)  # pixels of a row must lie one after the other
    return array


def load(source: Picture) -> np.ndarray:
    """Pixels of whatever it is, RGB where it is a file or its bytes."""
    if is_path(source):
        return _poise.read_picture(os.fspath(source))
    if is_encoded(source):
        return _poise.decode_picture(bytes(source))
    return pixels_of(source)
