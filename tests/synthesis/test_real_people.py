"""A real person is still known in samples made of them. Skipped without the shared data."""

from pathlib import Path

from pvchat.identity.decision import decide
from pvchat.identity.gallery import build_entry
from pvchat.perception.models import load_models
from pvchat.perception.patches import frames_of
from pvchat.perception.perceive_video import perceive
from pvchat.synthesis.shots import shots_of
from pvchat.synthesis.synthesizer import synthesizer
from pvchat.synthesis.writing import write_sample
from pvchat.training.footage import Footage, parts


def test_a_real_person_is_recognised_in_most_samples(shared_data: Path, tmp_path: Path) -> None:
    models = load_models()
    video = shared_data / "real_clips" / "driving_d0.mp4"
    record, vectors = perceive(video, models=models, untrusted=False)
    (track,) = record.tracks
    me = Footage("d0", record, vectors, (track.id,), frames_of(video, untrusted=False))
    shots = shots_of(me, parts(me)[0], segment=models.people.mask)
    entry = build_entry("D0", vectors.faces[track.id], None, vectors.face_model)
    states = []
    for sample in synthesizer("augment").generate(shots, [], 4, seed=5):
        path = tmp_path / f"{sample.index}.mp4"
        write_sample(path, sample)
        seen, faces = perceive(path, models=models, untrusted=False)
        states.append(decide(faces, seen, [entry])[0].state)
    assert states.count("present") >= 3, states
