"""Human pose estimation: pictures and videos in, people's joints out.

>>> import poise
>>> people = poise.PoseFinder()("docs/images/figure.jpg")
>>> len(people), people.skeleton.joints[9]
(1, 'left_wrist')
"""

from __future__ import annotations

import os as _os

from . import _poise, metrics
from ._errors import InvalidArgument, IoError, Malformed, NotFound, PoiseError, TooLarge, Unsupported
from ._finder import Detector, Estimator, Options, PoseFinder
from ._people import People, Provenance
from ._pictures import load
from ._skeleton import Skeleton
from ._track import Tracker, track

__version__: str = _poise.version

__all__ = [
    "Detector", "Estimator", "InvalidArgument", "IoError", "Malformed", "NotFound", "Options", "People", "PoiseError",
    "PoseFinder", "Provenance", "Skeleton", "TooLarge", "Tracker", "Unsupported", "load", "metrics", "track",
]

# A forked child has one thread: the compute threads are let go before, and what others had in hand is not waited for.
_os.register_at_fork(before=_poise.before_fork, after_in_child=_poise.after_fork_in_child)
