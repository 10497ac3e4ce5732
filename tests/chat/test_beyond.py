"""What no video shows is told from what it may show."""

import pytest

from pvchat.chat.questions import kind_of
from pvchat.training.wordings import QUESTIONS

# From two lists that were written before they were tried, and looked at since.
BEYOND = """
Could you find out if Maria has a library card?
Do you know whether Maria smokes?
Please say if Maria is a doctor.
I would like to know if Maria can swim.
How much does Maria weigh?
What does Maria think about all this?
What will Maria do next?
Who filmed Maria?
Is Maria left-handed?
Where did Maria buy that top?
What is Maria's surname?
Is Maria lying to me?
Whom does Maria vote for?
What perfume is Maria wearing?
How many brothers does Maria have?
Does Maria smoke?
Has Maria ever been to Paris?
Who taught Maria that?
Is Maria in love?
How long has Maria lived here?
Was Maria born before 1990?
I'd love to know whether Maria speaks French.
Give me the phone number of Maria.
What was Maria doing an hour before this?
Can Maria play the piano?
Are Maria and the person next to them siblings?
How does Maria feel about getting filmed?
Was it Maria who paid for the hall?
Please describe the childhood of Maria.
Has Maria got a dog at home?
Would you say Maria is smarter than the rest?
Is Maria a doctor?
In which city is Maria?
""".strip().splitlines()

SHOWN = """
Can you check whether Maria has a red jacket?
Let me know if Maria ever appears.
I wonder if Maria has been here.
Tell me if Maria and Tom are together.
Does Maria ever leave the frame?
Is Maria in the fifth video?
Is Maria in the broken clip?
Is Maria bang in the middle or off to one side?
What then is Maria doing?
Can Maria and Tom be seen at the same time?
Would Maria be in this video?
Does Maria have red trousers on?
Has Maria been on the left all the time?
Has Maria got a blue shirt?
Is Maria near the camera?
Was Maria filmed or not?
Does anybody else share the screen with Maria?
Is Maria there by herself?
If I wanted to pick out Maria in the crowd, what colours should I look for?
Walk me through everything Maria does.
At what second do we lose sight of Maria?
Give me all the times that Maria is on screen.
Is Maria still talking at the end?
Is she in blue?
I'd like to know if Maria is in this video.
Do you know where Maria is?
Is Maria spending much time in this clip?
""".strip().splitlines()


@pytest.mark.parametrize("question", BEYOND)
def test_what_no_video_shows_cannot_be_told(question: str) -> None:
    assert kind_of(question, ["Maria"]) == "unanswerable"


@pytest.mark.parametrize("question", SHOWN)
def test_unusual_words_for_what_is_shown_are_no_reason_to_decline(question: str) -> None:
    names = [name for name in ("Maria", "Tom") if name in question] or ["Maria"]
    assert kind_of(question, names) != "unanswerable"


def test_no_wording_of_a_question_that_can_be_answered_is_declined() -> None:
    slots = {"v": "this video", "n": "Maria", "a": "Maria", "b": "Tom", "names": "Maria and Tom", "c": "red"}
    slots |= {"names_or": "Maria or Tom", "up": "shirt", "lo": "jeans", "a_c": "a red", "act": "talking"}
    slots |= {"place": "on the left", "rel": "left", "do": "talk", "h": "long", "g": "a suit", "p": "striped"}
    declined = [
        wording
        for kind, wordings in QUESTIONS.items()
        for wording in wordings
        if kind != "unanswerable" and kind_of(wording.format(**slots), ["Maria", "Tom"]) == "unanswerable"
    ]
    assert declined == []
