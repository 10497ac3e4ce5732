"""One turn after the other: the state of a conversation after an answer, and of a conversation from its turns."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pvchat.chat.facts import SceneFacts
from pvchat.dialogue.compose import compose, moment_of
from pvchat.dialogue.read import Scene, read_turn
from pvchat.dialogue.state import DialogueState, Reading, Topic
from pvchat.errors import PVChatError

_NEVER_ASKED_AGAIN: frozenset[Topic] = frozenset({"who_is"})


def after(
    state: DialogueState, reading: Reading, facts: Sequence[tuple[int, SceneFacts]], told: Topic | None = None
) -> DialogueState:
    """The state after an answer.

    Args:
        facts: what the answer rests on, by number of the video. told: the topic that was told in the end.
    """
    for pronoun, name in reading.pronouns:
        state = state.bind(pronoun, name)
    if reading.ask_back:
        return replace(state, pending=reading.pending)
    named = reading.people
    shown = tuple(
        dict.fromkeys(
            p.name for _, scene in facts for p in scene.subjects if p.state == "present" and p.name not in named
        )
    )
    videos = reading.videos
    if reading.topic == "in_which":
        # What is asked next is asked of the videos that were found.
        found = tuple(n for n, scene in facts if any(p.state == "present" for p in scene.subjects))
        videos = found or videos
    elif reading.topic == "last" and len(videos) > 1 and len(facts) == 1:
        videos = (facts[0][0],)
    people = named or shown
    if reading.topic in ("who", "who_else", "who_is", "summary") and shown and not named:
        people = shown
    if reading.topic == "who_else":
        people = shown or named
    keep = reading.topic in _NEVER_ASKED_AGAIN and state.topic is not None
    same = people == state.people and videos == state.videos
    topic = told if told is not None and reading.topic == "what_else" else reading.topic
    return replace(
        state.spoke_of((*shown, *named)),
        topic=state.topic if keep else reading.topic,
        question=state.question if keep else reading.template,
        people=people,
        asked=reading.videos,
        videos=videos,
        moment=moment_of(reading, facts, reading.topic),
        window=reading.window,
        told=(*state.told, topic) if same else (topic,),
        pending=None,
    )


def replay(turns: Iterable[str], scene: Scene) -> DialogueState:
    """The state after the user's earlier turns, oldest first. A turn that is an error is passed by.

    People who were chosen beside the text are whom the next turn means where it names nobody.
    """
    state = DialogueState()
    for text in turns:
        try:
            reading = read_turn(text, state, scene)
        except PVChatError:
            continue
        if reading.ask_back:
            state = after(state, reading, ())
        else:
            composed = compose(reading, state, scene.views)
            state = after(state, reading, composed.facts, composed.topic)
    return replace(state.spoke_of(scene.subjects), people=scene.subjects) if scene.subjects else state
