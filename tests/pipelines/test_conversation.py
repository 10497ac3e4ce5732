"""A session's conversations: what the model is asked, what is read off the record, several videos, errors."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines.results import Answer
from pipelines.session import Session
from pvchat.errors import QuestionError, SubjectError

Video = Callable[..., Path]
CONSENT = {"consent_by": "Ann", "purpose": "door"}


@pytest.fixture
def three(session: Session, video: Video) -> Session:
    """A session with Maria (1), Tom (2) and Anna (3) enrolled."""
    for number, name in enumerate(["Maria", "Tom", "Anna"], start=1):
        session.enroll(name, video(f"{number}.mp4", {"face": number}), **CONSENT)
    return session


def talk(session: Session, videos: Sequence[Path], *turns: str, **more: Any) -> Answer:
    """The answer to the last turn."""
    return session.chat(videos, turns[-1], earlier=turns[:-1], **more)


def seen(answer: Answer) -> list[tuple[int | None, str, str]]:
    return [(item.video, item.subject, item.state) for item in answer.evidence]


def test_a_follow_up_reaches_the_model_as_a_question_of_its_own(three: Session, video: Video, tools: Any) -> None:
    clip = video("c.mp4", {"face": 1}, {"face": 2, "x": 0.8})
    answer = talk(three, [clip], "Is Maria here?", "Where is she?")
    assert tools.asked[-1][:2] == ("Where is Maria?", ("Maria",))
    assert answer.answer == "Yes, Maria."
    talk(three, [clip], "Is Maria here?", "Where is she?", "And Tom?")
    assert tools.asked[-1][:2] == ("Where is Tom?", ("Tom",))


def test_a_question_that_stands_by_itself_reaches_the_model_as_it_was_written(
    three: Session, video: Video, tools: Any
) -> None:
    talk(three, [video("c.mp4", {"face": 1})], "Hey, is Maria HERE?")
    assert tools.asked[-1][0] == "Hey, is Maria HERE?"


def test_who_could_be_several_is_asked_back_and_the_choice_answers(three: Session, video: Video, tools: Any) -> None:
    clip = video("c.mp4", {"face": 1}, {"face": 3, "x": 0.8})
    turns = ["Are Maria and Anna here?", "Where is she?"]
    back = talk(three, [clip], *turns)
    assert (back.answer, back.evidence, back.model["answer"]) == ("Do you mean Maria or Anna?", (), "rule")
    talk(three, [clip], *turns, "Anna")
    assert tools.asked[-1][:2] == ("Where is Anna?", ("Anna",))


def test_several_videos_are_named_and_carry_their_own_evidence(three: Session, video: Video) -> None:
    videos = [video("a.mp4", {"face": 1}), video("b.mp4", {"face": 2}), video("c.mp4", {"face": 1}, {"face": 2})]
    answer = talk(three, videos, "In which of these is Maria?")
    assert answer.answer == "Maria is in a.mp4 and c.mp4, but not in b.mp4."
    assert seen(answer) == [(0, "Maria", "present"), (1, "Maria", "absent"), (2, "Maria", "present")]
    assert talk(three, videos, "In which of these is Maria?", "How many show her?").answer.startswith(
        "Maria is in 2 of"
    )
    assert seen(talk(three, videos, "Is Tom here?", "Where is he in the third one?")) == [(2, "Tom", "present")]


def test_two_files_of_one_name_are_told_apart(three: Session, video: Video, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first, second = video("a.mp4", {"face": 1}), video("other/a.mp4", {"face": 2})
    answer = talk(three, [first, second], "Which videos show Tom?")
    assert answer.answer == "Tom is in a (2).mp4, but not in a.mp4."


def test_a_summary_is_read_off_the_record(three: Session, video: Video, tools: Any) -> None:
    clip = video("c.mp4", {"face": 1, "spans": [[0, 4]]}, {"face": 2, "spans": [[5, 9]]}, {"face": 9, "x": 0.9})
    tools.asked.clear()
    answer = talk(three, [clip], "What happened?")
    assert answer.answer == (
        "Maria is seen from 0:00 to 0:04. Tom is seen from 0:05 to 0:09. Maria and Tom are never seen together. "
        "There is 1 unknown person."
    )
    assert answer.agrees_with_evidence
    assert tools.asked == []


@pytest.mark.usefixtures("mistaken")
def test_an_answer_the_model_got_wrong_is_read_off_the_record(three: Session, video: Video) -> None:
    clip = video("c.mp4", {"face": 1, "spans": [[0, 4]]})
    answer = talk(three, [clip], "When is Maria seen?")
    assert (answer.answer, answer.agrees_with_evidence) == ("Maria is seen from 0:00 to 0:04.", True)


def test_a_turn_that_was_an_error_is_passed_by(three: Session, video: Video, tools: Any) -> None:
    clip = video("c.mp4", {"face": 1})
    with pytest.raises(SubjectError, match="Carol"):
        talk(three, [clip], "Is Carol here?")
    talk(three, [clip], "Is Maria here?", "Is Carol here?", "Where is she?")
    assert tools.asked[-1][0] == "Where is Maria?"


def test_people_chosen_beside_the_text_are_meant(three: Session, video: Video) -> None:
    clip = video("c.mp4", {"face": 1}, {"face": 2, "x": 0.8})
    assert seen(talk(three, [clip], "Where is he?", subjects=["Tom"])) == [(None, "Tom", "present")]
    assert seen(talk(three, [clip], "Is Maria here?", "Where is he?", subjects=["Tom"])) == [(None, "Tom", "present")]


def test_the_time_of_day_is_told_where_the_file_has_it(three: Session, tmp_path: Path) -> None:
    people = [{"face": 1, "spans": [[2, 9]]}]
    dated, plain = tmp_path / "dated.mp4", tmp_path / "plain.mp4"
    dated.write_text(json.dumps({"duration": 10, "people": people, "recorded_at": "2026-05-01T14:03:00+02:00"}))
    plain.write_text(json.dumps({"duration": 10, "people": people}))
    told = talk(three, [dated], "At what time was Maria here?").answer
    assert "14:03:02 to 14:03:09" in told
    assert "2026-05-01" in told
    assert "does not say when it was recorded" in talk(three, [plain], "At what o'clock was Maria here?").answer


@pytest.mark.parametrize("turn", ["Is Carol here?", "And Carol?", "What about Carol?", "No, I meant Carol.", "Carol?"])
def test_who_is_not_enrolled_is_an_error_also_in_half_a_question(three: Session, video: Video, turn: str) -> None:
    with pytest.raises(SubjectError, match="Carol"):
        talk(three, [video("c.mp4", {"face": 1})], "Is Maria here?", turn)


@pytest.mark.parametrize("turn", ["When?", "And where?", "What else?", "And then?", "Summarise"])
def test_a_word_that_begins_a_turn_is_nobody(three: Session, video: Video, turn: str) -> None:
    assert talk(three, [video("c.mp4", {"face": 1})], "Is Maria here?", turn).answer


@pytest.mark.parametrize("count", [0, 9])
def test_too_few_or_too_many_videos_are_refused(three: Session, video: Video, count: int) -> None:
    clip = video("c.mp4", {"face": 1})
    with pytest.raises(QuestionError, match="1 to 8 videos"):
        three.chat([clip] * count, "Is Maria here?")
