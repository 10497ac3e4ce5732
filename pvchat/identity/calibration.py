"""From a cosine to calibrated log-odds, with the doubt that poor pictures deserve.

What is measured (`benchmarks/identity_reliability.py`): whatever is done to a face (fewer pixels, blur, a mask), its
similarity to clean faces of strangers stays distributed as before, while its similarity to its own person sinks. So the
bound below which a track is not the person sinks with the reliability of the track. The bound above which it is rises
a little, as a precaution: two faces that are both damaged can look alike because of the damage.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pvchat.identity.whitening import data_stem

LOGIT_LIMIT: Final = 6.0
SURE_LOGIT: Final = 0.6
"""Log-odds from which a decision is sure: present from +0.6, absent from -0.6, unsure between."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Calibration:
    """Bounds of one engine, in units of the combined cosine.

    Attributes:
        present: from here on a reliable track is the subject.
        absent: up to here it is not.
        absent_drop: how far `absent` sinks when reliability falls from 1 to 0.
        absent_least: but never below this.
        unreliable: below this reliability a track cannot rule anybody out.
        clear: reliability of a face in a good picture.
        present_rise: how far `present` rises per unit of reliability below `clear`; set by hand.
        slope: log-odds per unit of cosine outside the two bounds.
        same_clip: cosine from which two tracks of one clip show one person.
    """

    present: float
    absent: float
    absent_drop: float
    absent_least: float
    unreliable: float
    clear: float
    present_rise: float
    slope: float
    same_clip: float

    @property
    def tells_apart(self) -> float:
        """Reliability below which a face says next to nothing of whom it is not: `absent` has sunk to its least."""
        return float(np.clip(1.0 - (self.absent - self.absent_least) / self.absent_drop, self.unreliable, 1.0))

    def logits(
        self, cosine: NDArray[np.floating], reliability: NDArray[np.floating] | float = 1.0, limit: float = LOGIT_LIMIT
    ) -> Array:
        """Log-odds of combined cosines.

        Args:
            cosine: (...) combined cosines.
            reliability: 0..1, broadcast against `cosine`.
            limit: the result is clipped to plus and minus this.
        """
        known = np.clip(np.asarray(reliability, np.float32), 0.0, 1.0)
        doubt = 1.0 - known
        high = self.present + self.present_rise * np.maximum(self.clear - known, 0.0)
        low = np.maximum(self.absent - self.absent_drop * doubt, min(self.absent, self.absent_least))
        low = np.where(doubt > 1.0 - self.unreliable, -1.0, low)
        value = np.asarray(cosine, np.float32)
        above = SURE_LOGIT + self.slope * (value - high)
        below = -SURE_LOGIT - self.slope * (low - value)
        between = SURE_LOGIT * (2.0 * (value - low) / (high - low) - 1.0)
        out = np.where(value >= high, above, np.where(value <= low, below, between))
        return np.clip(out, -limit, limit).astype(np.float32)


@cache
def calibration(model_id: str) -> Calibration:
    """The shipped calibration of an engine; engines without one get the usual operating point of ArcFace."""
    stem = data_stem(model_id)
    if stem is None:
        # ArcFace embeddings of one person across sources lie around 0.6, of different people around 0.05.
        return Calibration(0.38, 0.28, 0.4, 0.1, 0.2, 1.0, 0.05, 24.0, 0.5)
    text = (resources.files("pvchat.identity") / "data" / f"{stem}.json").read_text(encoding="utf-8")
    data = json.loads(text)["calibration"]
    return Calibration(
        present=float(data["present"]),
        absent=float(data["absent"]),
        absent_drop=float(data["absent_drop"]),
        absent_least=float(data["absent_least"]),
        unreliable=float(data["unreliable"]),
        clear=float(data["clear"]),
        present_rise=float(data["present_rise"]),
        slope=float(data["slope"]),
        same_clip=float(data["same_clip"]),
    )
