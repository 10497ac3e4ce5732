"""What an adapter leaves as it was: questions about people it was not trained for, and questions about nobody."""

import random
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from benchmarks.remoh.costs import person_of
from benchmarks.remoh.figures import share
from benchmarks.remoh.people import Cast, Studio, asked_clip
from benchmarks.remoh.personal import Budget, Say, train, true_scene
from pvchat.chat import prompt
from pvchat.chat.nano_answer import NanoAnswerer
from pvchat.evaluation.simulated import is_right
from pvchat.models.nano import Personal, collate
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.soft import splice
from pvchat.training.dialogue import make_qa
from pvchat.training.nano_personal import NanoPersonal
from pvchat.training.packing import PackedRow, pack, packed_loss
from pvchat.training.simulate import SceneSimulator
from pvchat.training.simulated_scene import SimulatedScene, SimulationConfig
from pvchat.training.wordings import Kind

OTHER_KINDS: tuple[Kind, ...] = ("existence", "appearance", "action")
SUBJECT = "asked"
NOBODY = "somebody without an adapter"


def not_about_subject(
    adapters: NanoAdapters, studio: Studio, cast: Cast, budget: Budget, say: Say, *, scenes: int, counts: int
) -> dict[str, Any]:
    """Before an adapter is there and while it is attached: others' questions, and how many people there are.

    Args:
        scenes: simulated, about other people. counts: questions of kind "count" about each real clip.
    """
    person = person_of(cast)
    simulator = SceneSimulator(
        budget.seed, adapters.nano.model.config.layout, SimulationConfig(max_subjects=1, nobody_asked=0.0), "heldout"
    )
    drawn = [simulator.scene() for _ in range(scenes)]
    before = answer_loss(adapters, drawn)
    texts_before, counted_before = _ask(adapters, studio, cast, counts, budget)
    say(f"training {person.key}")
    adapters.put(SUBJECT, train(adapters, studio, cast, person, budget).adapter)
    try:
        # Worn once, so that what follows shows whether it comes off again.
        adapters.use([SUBJECT])
        after = answer_loss(adapters, drawn)
        texts_after, counted_after = _ask(adapters, studio, cast, counts, budget)
    finally:
        adapters.drop(SUBJECT)
    return {
        "before": before,
        "after": after,
        "equal": before == after and texts_before == texts_after,
        "scenes": scenes,
        "other_person_answers": len(texts_before),
        "other_person_answers_changed": sum(a != b for a, b in zip(texts_before, texts_after, strict=True)),
        "count_right_before": share(*counted_before),
        "count_right_after": share(*counted_after),
        "count_asked": counted_before[1],
    }


@torch.no_grad()
def base_preserving(adapters: NanoAdapters, scenes: int) -> float:
    """Largest change of a logit of nano when an untrained adapter (LoRA and ReMoH) goes on."""
    nano = adapters.nano
    simulator = SceneSimulator(0, nano.model.config.layout, SimulationConfig(max_subjects=1, nobody_asked=0.0))
    drawn = [simulator.scene() for _ in range(scenes)]
    before = [_logits(adapters, scene) for scene in drawn]
    model = NanoPersonal(adapters, adapters.config())
    adapters.put(SUBJECT, model.adapter())
    model.close()
    try:
        worn = adapters.use([SUBJECT])
        after = [_logits(adapters, scene, worn) for scene in drawn]
    finally:
        adapters.drop(SUBJECT)
    return max(float((a - b).abs().max()) for a, b in zip(after, before, strict=True))


def _logits(adapters: NanoAdapters, scene: SimulatedScene, worn: Personal | None = None) -> Tensor:
    nano = adapters.nano
    language, shape = nano.language, nano.model.config
    names = [subject.name for subject in scene.facts.subjects]
    soft = {"scene_tokens": shape.num_scene_tokens, "personal_tokens": shape.num_personal_tokens}
    ids = prompt.prefix_ids(language.encode, names, None, **soft)
    ids += prompt.question_ids(language.encode, f"Is {names[0]} in this video?")
    outputs = nano.model(collate([scene.clip], [list(scene.subjects)], language.device), worn)
    places = prompt.name_places(language.encode, names, **soft)
    states = splice(torch.tensor([ids], device=language.device), language.embedding, outputs, places)
    logits: Tensor = language.model(inputs_embeds=states).logits.float()
    return logits


@torch.no_grad()
def answer_loss(adapters: NanoAdapters, scenes: Sequence[SimulatedScene]) -> float:
    """Mean loss over the answer tokens of questions about people without an adapter, through the attached ones."""
    nano = adapters.nano
    language, shape = nano.language, nano.model.config
    soft = {"scene_tokens": shape.num_scene_tokens, "personal_tokens": shape.num_personal_tokens}
    total, tokens = 0.0, 0
    for number, scene in enumerate(scenes):
        rng = random.Random(f"loss {number}")
        worn = adapters.use([NOBODY])
        outputs = nano.model(collate([scene.clip], [list(scene.subjects)], language.device), worn)
        asked = [make_qa(scene.facts, rng, split="heldout", precise_times=False) for _ in range(3)]
        prefix = prompt.prefix_ids(language.encode, [s.name for s in scene.facts.subjects], None, **soft)
        turns = [
            (
                prompt.question_ids(language.encode, qa.question),
                prompt.answer_ids(language.encode, qa.answer, language.end_id),
            )
            for qa in asked
        ]
        batch = pack([PackedRow(prefix, turns)]).to(language.device)
        loss, right = packed_loss(language.model, batch, splice(batch.ids, language.embedding, outputs))
        total += float(loss) * len(right)
        tokens += len(right)
    return total / tokens


def _ask(
    adapters: NanoAdapters, studio: Studio, cast: Cast, counts: int, budget: Budget
) -> tuple[list[str], tuple[int, int]]:
    """Answers about another person in every clip asked about, and (right, asked) of "count" with the subject asked."""
    person = person_of(cast)
    other = next(p for p in cast.people.values() if p.key != person.key)
    answerer = NanoAnswerer(adapters.nano, adapters, studio.look)
    mine, theirs = studio.enroll(person)[0], studio.enroll(other)[0]
    layout = adapters.nano.model.config.layout
    texts: list[str] = []
    right = asked = 0
    for shown in (person, *cast.absent_of(person, budget.absent)):
        seen = studio.see(shown.ask[0])
        rng = random.Random(f"others {shown.key}")
        clip = asked_clip(seen, theirs)
        scene = true_scene(clip, layout, present=shown.key == other.key)
        for kind in OTHER_KINDS:
            qa = make_qa(scene.facts, rng, split="heldout", precise_times=False, kind=kind)
            texts.append(answerer.answer(clip, qa.question, [theirs.name], use_evidence=False).text)
        clip = asked_clip(seen, mine, SUBJECT)
        scene = true_scene(clip, layout, present=shown.key == person.key)
        for _ in range(counts):
            qa = make_qa(scene.facts, rng, split="heldout", precise_times=False, kind="count")
            answer = answerer.answer(clip, qa.question, [mine.name], use_evidence=False).text
            right += is_right(answer, qa, scene)
            asked += 1
    return texts, (right, asked)
