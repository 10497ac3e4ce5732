"""The networks perception runs, loaded once and passed around."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pvchat.perception.appearance import AppearanceNet
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.face_mesh import FaceMesh
from pvchat.perception.iris import EyeReader
from pvchat.perception.pose import PoseDetector, PoseEstimator
from pvchat.perception.segmentation import PersonSegmenter
from pvchat.perception.worn_net import WornReader

if TYPE_CHECKING:
    from pvchat.identity.engines import FaceEngine


@dataclass(frozen=True)
class PerceptionModels:
    """Loaded networks.

    Attributes:
        faces: finds faces.
        mesh: fits 468 landmarks to a face.
        eyes: reads lids and gaze.
        bodies: finds bodies.
        pose: fits 33 landmarks and a mask to a body.
        people: masks people where no body was found.
        appearance: describes clothing crops.
        worn: tells glasses and hats.
        engine: describes faces.
    """

    faces: FaceDetector
    mesh: FaceMesh
    eyes: EyeReader
    bodies: PoseDetector
    pose: PoseEstimator
    people: PersonSegmenter
    appearance: AppearanceNet
    worn: WornReader
    engine: "FaceEngine"

    def ids(self) -> dict[str, str]:
        """What each part of a record was made with."""
        return {
            "face_detection": "mediapipe-face-detection-full-range-sparse",
            "face_mesh": "mediapipe-face-landmark",
            "eyes": "mediapipe-iris-landmark",
            "pose": "mediapipe-pose-landmark-full",
            "segmentation": "mediapipe-selfie-segmentation",
            "appearance": self.appearance.model_id,
            "worn": self.worn.model_id,
            "face": self.engine.model_id,
        }


def load_models(engine: str = "dlib", threads: int = 1) -> PerceptionModels:
    """Load all networks.

    Args:
        engine: name of the face recognition engine, "dlib" or "insightface".
        threads: CPU threads of one call; more than one pays off only where cores are idle while a video is decoded.

    Raises:
        WeightsError: a weight file is missing and cannot be fetched.
    """
    from pvchat import weights
    from pvchat.identity.engines import load_engine

    return PerceptionModels(
        faces=FaceDetector(weights.path("mp-face-detection-full"), num_threads=threads),
        mesh=FaceMesh(weights.path("mp-face-mesh"), num_threads=1),
        eyes=EyeReader(weights.path("mp-iris"), num_threads=1),
        bodies=PoseDetector(weights.path("mp-pose-detection"), num_threads=threads),
        pose=PoseEstimator(weights.path("mp-pose-landmarks"), num_threads=threads),
        people=PersonSegmenter(weights.path("mp-segmentation"), num_threads=threads),
        appearance=AppearanceNet(weights.path("efficientnet-lite0")),
        worn=WornReader(),
        engine=load_engine(engine),
    )
