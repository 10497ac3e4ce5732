"""Demo media that an installed package already brings."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from pvchat.errors import WeightsError
from pvchat.weights.files import sha256_of

PHOTO_SHA256 = "47f682e945b659f93a9e490b9c9c4a2a864abe64dace9e1a2893845ddfd69489"
_PHOTO = "insightface/data/images/t1.jpg"


def demo_photo() -> Path:
    """The group photo of six people that insightface ships with its code (not with its models).

    It is found through the package's metadata, without importing the package. For the demo only.

    Raises:
        WeightsError: insightface is not installed, or its photo is not the known one.
    """
    try:
        photo = Path(str(distribution("insightface").locate_file(_PHOTO)))
    except PackageNotFoundError:
        raise WeightsError("the demo photo comes with insightface, which is not installed; run `make setup`") from None
    if not photo.is_file():
        raise WeightsError(f"the installed insightface has no {_PHOTO}; run `make setup`")
    if sha256_of(photo) != PHOTO_SHA256:
        raise WeightsError(f"{photo} is not the known demo photo; reinstall insightface")
    return photo
