"""Packing changes the speed, never the loss."""

import pytest
import torch

from pvchat.chat import prompt
from pvchat.models.soft import splice
from pvchat.training.checkpointing import IGNORED
from pvchat.training.packing import PackedRow, pack, packed_loss
from tests.models.test_nano import inputs
from tests.models.tiny import tiny_language, tiny_nano


def rows() -> list[PackedRow]:
    language = tiny_language()

    def row(names: list[str], turns: list[tuple[str, str]]) -> PackedRow:
        prefix = prompt.prefix_ids(language.encode, names, "Ana: absent.", scene_tokens=3, personal_tokens=2)
        asked = [
            (prompt.question_ids(language.encode, q), prompt.answer_ids(language.encode, a, language.end_id))
            for q, a in turns
        ]
        return PackedRow(prefix, asked)

    return [
        row(["Ana"], [("Is Ana here?", "No."), ("Where is Ana?", "Ana is not in this video.")]),
        row(["Ana", "Tom"], [("Who is here?", "Tom."), ("What?", "I am not sure."), ("Is Tom here?", "Yes, Tom is.")]),
    ]


@torch.inference_mode()
def loss_of(packed: list[PackedRow], clips: list[int], multiple: int = 1) -> tuple[float, int]:
    language, model = tiny_language(), tiny_nano()
    whole = inputs()
    batch = pack(packed, multiple=multiple)
    picked = type(whole)(**{name: value[clips] for name, value in vars(whole).items() if value is not None})
    states = splice(batch.ids, language.embedding, model(picked))
    loss, right = packed_loss(language.model, batch, states, multiple=multiple)
    return float(loss), len(right)


def test_packed_questions_have_the_loss_of_questions_asked_one_by_one() -> None:
    packed, count = loss_of(rows(), [0, 1])
    alone = [loss_of([PackedRow(row.prefix, [turn])], [clip]) for clip, row in enumerate(rows()) for turn in row.turns]
    assert count == sum(n for _, n in alone)
    assert packed == pytest.approx(sum(loss * n for loss, n in alone) / count, abs=2e-5)


def test_padding_changes_nothing() -> None:
    first, second = rows()
    together, count = loss_of([first, second], [0, 1])
    (a, n), (b, m) = loss_of([first], [0]), loss_of([second], [1])
    assert count == n + m
    assert together == pytest.approx((a * n + b * m) / count, abs=2e-5)


def test_rounding_up_changes_nothing() -> None:
    plain, rounded = loss_of(rows(), [0, 1]), loss_of(rows(), [0, 1], multiple=16)
    assert pack(rows(), multiple=16).ids.shape[1] % 16 == 0
    assert rounded[1] == plain[1]
    assert rounded[0] == pytest.approx(plain[0], abs=2e-5)


def test_labels_stand_where_the_answers_are_predicted() -> None:
    language = tiny_language()
    row = rows()[0]
    batch = pack([row])
    expected = [token for _, answer in row.turns for token in answer]
    assert batch.labels[batch.labels != IGNORED].tolist() == expected
    assert expected.count(language.end_id) == 2


def test_soft_tokens_stand_in_for_their_placeholders() -> None:
    language, model = tiny_language(), tiny_nano()
    outputs = model(inputs())
    batch = pack([rows()[1]])
    states = splice(batch.ids, language.embedding, outputs)
    torch.testing.assert_close(states[0, :3], outputs.scene_tokens[0])
    tom = (batch.ids[0] == prompt.personal(1)).nonzero()[:, 0]
    torch.testing.assert_close(states[0, tom], outputs.personal_tokens[0, 1])
    assert prompt.subject_of(prompt.personal(4)) == 4


def test_a_row_needs_a_question() -> None:
    with pytest.raises(ValueError, match="at least one"):
        pack([PackedRow([1, 2], [])])
