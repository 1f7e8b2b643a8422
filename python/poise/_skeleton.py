"""What the joints of a pose are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache

from . import _poise


@dataclass(frozen=True)
class Skeleton:
    """Joints in the order of `People.keypoints`. Compared by value; can be pickled."""

    data: str  #: the whole of it, as JSON

    @staticmethod
    def named(name: str) -> Skeleton:
        """A known one: "coco17", "openpose25", ...; see `Skeleton.names()`."""
        return Skeleton(_poise.skeleton(name))

    @staticmethod
    def names() -> list[str]:
        return list(_poise.skeleton_names())

    @cached_property
    def _json(self) -> dict:
        return json.loads(self.data)

    @property
    def name(self) -> str:
        return self._json["name"]

    @cached_property
    def joints(self) -> tuple[str, ...]:
        """Names: ("nose", "left_eye", ...)."""
        return tuple(joint["name"] for joint in self._json["joints"])

    @cached_property
    def limbs(self) -> tuple[tuple[int, int], ...]:
        """Pairs of joints that are drawn joined, as places in `joints`."""
        place = {name: i for i, name in enumerate(self.joints)}
        return tuple((place[a], place[b]) for a, b in self._json.get("limbs", []))

    def __len__(self) -> int:
        return len(self.joints)

    def __getstate__(self) -> str:
        return self.data

    def __setstate__(self, state: str) -> None:
        object.__setattr__(self, "data", state)

    def __repr__(self) -> str:
        return f"<Skeleton {self.name}: {len(self)} joints>"


@lru_cache(maxsize=None)
def shared(data: str) -> Skeleton:
    """One object for all people of a finder."""
    return Skeleton(data)
