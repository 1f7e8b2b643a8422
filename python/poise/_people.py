"""What was found in one picture."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Iterator, Optional, Union

import numpy as np

from . import _poise
from ._pictures import Picture, load
from ._skeleton import Skeleton

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Provenance:
    """How a result came about; it stands in all that is written."""

    model: str = ""
    model_hash: str = ""
    settings: str = "{}"


@dataclass(frozen=True, eq=False)
class People:
    """Everyone in one picture, best first: N people of K joints. Arrays are NumPy's, float32, coordinates are pixels of the
    picture, whose first pixel's centre is (0, 0)."""

    keypoints: np.ndarray  #: (N, K, 2): x and y
    scores: np.ndarray  #: (N, K): of each joint, about 0 to 1
    boxes: np.ndarray  #: (N, 4): left, top, width, height
    person_scores: np.ndarray  #: (N,)
    box_scores: np.ndarray  #: (N,): the detector's
    ids: np.ndarray  #: (N,) int64: who is who in a video, from 1; 0 where nobody was tracked
    size: tuple[int, int]  #: width and height of the picture
    skeleton: Skeleton
    source: str = ""  #: the file's name, where it is known
    index: int = 0  #: of a video's frame, from 0
    seconds: float = 0.0  #: of a video's frame
    provenance: Provenance = Provenance()
    picture: Optional[Picture] = field(default=None, repr=False)  #: what was looked at, for draw()
    order: str = "rgb"  #: of its pixels

    def __len__(self) -> int:
        return len(self.keypoints)

    def __getitem__(self, which: Any) -> People:
        """Some of them: people[0], people[:3], people[people.person_scores > .5]."""
        if isinstance(which, (int, np.integer)):
            if not -len(self) <= which < len(self):
                raise IndexError(f"there are {len(self)} people")
            which = [which]
        return replace(
            self,
            **{name: np.ascontiguousarray(getattr(self, name)[which]) for name in
               ("keypoints", "scores", "boxes", "person_scores", "box_scores", "ids")},
        )

    def __iter__(self) -> Iterator[People]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        people = "1 person" if len(self) == 1 else f"{len(self)} people"
        where = f" in {self.source}" if self.source else ""
        return f"<{people}{where}: {len(self.skeleton)} joints of {self.skeleton.name}, {self.size[0]}x{self.size[1]}>"

    @property
    def boxes_xyxy(self) -> np.ndarray:
        """(N, 4): left, top, right, bottom."""
        return np.concatenate([self.boxes[:, :2], self.boxes[:, :2] + self.boxes[:, 2:]], axis=1)

    def joint(self, name: str) -> np.ndarray:
        """(N, 3): x, y, score of one joint of each person, "left_wrist" for one."""
        if name not in self.skeleton.joints:
            raise KeyError(f"{name}: the joints are {', '.join(self.skeleton.joints)}")
        k = self.skeleton.joints.index(name)
        return np.concatenate([self.keypoints[:, k], self.scores[:, k, None]], axis=1)

    def _arrays(self) -> tuple[np.ndarray, ...]:
        floats = (self.keypoints, self.scores, self.boxes, self.person_scores, self.box_scores)
        return (*(np.ascontiguousarray(a, np.float32) for a in floats), np.ascontiguousarray(self.ids, np.int64))

    def to_text(self, format: str = "poise") -> str:
        """As the program writes it: "poise" (JSON), "coco", "openpose", "csv"."""
        p = self.provenance
        return _poise.text_of(format, *self._arrays(), self.skeleton.data, self.source, *self.size, p.model,
                              p.model_hash, p.settings)

    def to_json(self) -> dict:
        """The program's own form (docs/poses.schema.json)."""
        return json.loads(self.to_text("poise"))

    def to_coco(self, image_id: Optional[int] = None) -> list[dict]:
        """Entries of a COCO results file. `image_id`: nothing takes the number that ends the file's name, or 1."""
        entries = json.loads(self.to_text("coco"))
        if image_id is not None:
            for entry in entries:
                entry["image_id"] = image_id
        return entries

    def _columns(self) -> dict[str, Any]:
        n, k = self.scores.shape
        person = np.repeat(np.arange(n), k)
        return {
            "source": [self.source] * (n * k),
            "frame": np.full(n * k, self.index),
            "person": person,
            "id": self.ids[person],
            "person_score": self.person_scores[person],
            "joint": list(self.skeleton.joints) * n,
            "x": self.keypoints[..., 0].reshape(-1),
            "y": self.keypoints[..., 1].reshape(-1),
            "score": self.scores.reshape(-1),
        }

    def to_df(self) -> pandas.DataFrame:
        """One row a joint, as a table of pandas, or of polars where that alone is installed."""
        try:
            import pandas
        except ImportError:
            try:
                import polars
            except ImportError:
                raise ImportError("to_df() needs pandas or polars: pip install pandas") from None
            return polars.DataFrame(self._columns())
        return pandas.DataFrame(self._columns())

    def to_supervision(self) -> Any:
        """supervision.KeyPoints, with the ids as data["tracker_id"]."""
        try:
            import supervision
        except ImportError:
            raise ImportError("to_supervision() needs supervision: pip install supervision") from None
        confidence = "keypoint_confidence" if "keypoint_confidence" in getattr(
            supervision.KeyPoints, "__dataclass_fields__", {}) else "confidence"
        return supervision.KeyPoints(
            xy=self.keypoints, class_id=np.zeros(len(self), int), data={"tracker_id": self.ids},
            **{confidence: self.scores},
        )

    def draw(self, on: Optional[Picture] = None, **options: Any) -> np.ndarray:
        """The picture with its people, a new array; of the pixels' own order. `on`: another picture than that which was
        looked at. Options: min_score, line_width, alpha, by_person, joints, limbs, boxes, labels, scores, ids."""
        picture = self.picture if on is None else on
        if picture is None:
            raise ValueError("the picture is not known any more: draw(on=picture)")
        pixels = np.array(load(picture), order="C")
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[:, :, None], 3, axis=2)
        if pixels.shape[1::-1] != self.size:
            raise ValueError(f"the picture is {pixels.shape[1]}x{pixels.shape[0]}, people were looked for in one of "
                             f"{self.size[0]}x{self.size[1]}")
        _poise.draw(pixels, self.order, *self._arrays(), self.skeleton.data, json.dumps(options))
        return pixels

    def save(self, path: Union[str, "os.PathLike[str]"], quality: int = 92, **options: Any) -> None:
        """draw() into a .jpg, .png or .webp."""
        endings = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}
        name = os.fspath(path)
        ending = os.path.splitext(name)[1].lower()
        if ending not in endings:
            raise ValueError(f"{name}: the name must end in {', '.join(endings)}")
        data = _poise.encode_picture(self.draw(**options), self.order, endings[ending], quality)
        temporary = f"{name}.{os.getpid()}.tmp"
        with open(temporary, "wb") as file:
            file.write(data)
        os.replace(temporary, name)

    def _repr_png_(self) -> Optional[bytes]:
        """The picture, in a notebook."""
        if self.picture is None:
            return None
        return _poise.encode_picture(self.draw(), self.order, "png", 92)
