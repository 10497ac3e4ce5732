"""How people put the turns of a conversation, written down before the rules that read them.

Of every turn the first half of the wordings was looked at while the rules were written; the second half was set aside
and is what is reported. Slots: {p}, {q} names; {s} "she" or "he", {o} "her" or "him", {h} "her" or "his", with {S} and
{O} and {H} for the second person; {f} the name of a video's file; {t} a time such as 0:04; {nth} "second".
"""

from collections.abc import Mapping
from typing import Literal

Half = Literal["developed", "held"]


def _halves(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    lines = [line for line in text.strip().splitlines() if line]
    middle = len(lines) // 2
    return tuple(lines[:middle]), tuple(lines[middle:])


_TURNS: Mapping[str, str] = {
    # Questions that begin a conversation.
    "exists": """
Is {p} in this video?
Can you see {p} here?
Does {p} show up?
Do you recognise {p} in the clip?
Is {p} there?
Can {p} be seen in this clip?
""",
    "both_exist": """
Are {p} and {q} in this video?
Can you see {p} and {q}?
Are both {p} and {q} here?
Do you see {p} and {q} in the clip?
Are {p} and {q} both there?
Do {p} and {q} appear?
""",
    "when": """
When is {p} seen?
When does {p} appear?
At what point can we see {p}?
When can I see {p}?
When is {p} visible?
When do we see {p}?
""",
    "where": """
Where is {p}?
On which side is {p}?
Where can I find {p} in the picture?
Where do you see {p}?
Where in the frame is {p}?
Which side is {p} on?
""",
    "happened": """
What happened?
Summarise the video.
What is going on in this clip?
Give me a short summary.
What happens in the video?
Tell me what is in this video.
Can you sum it up for me?
What's this video about?
""",
    "in_which": """
In which of these is {p}?
Which videos show {p}?
Which of them is {p} in?
In what clips does {p} appear?
Which ones have {p} in them?
In which videos can {p} be seen?
Where does {p} turn up, in which videos?
Which of these clips have {p}?
""",
    # References.
    "she_where": """
Where is {s}?
And where is {s} standing?
On which side is {s}?
Where exactly is {s}?
Where can I see {o}?
Whereabouts is {s}?
In which part of the picture is {s}?
And where do you see {o}?
""",
    "she_when": """
When is {s} seen?
And when?
When does {s} appear?
At which times can I see {o}?
When exactly?
When do you see {o}?
When is {s} on screen?
And at what times is {s} visible?
""",
    "about_other": """
What about {q}?
And {q}?
How about {q}?
and what about {q}
And what of {q}?
Same question for {q}.
{q}?
Ok, and {q}?
""",
    "about_pronoun": """
And {O}?
What about {O}?
And {S}?
How about {O}?
and what about {O}?
Ok, and {O}?
""",
    "the_other": """
And the other one?
What about the other person?
And where is the other one?
How about the other one?
And the other person?
And the other?
""",
    "together": """
Are they together?
Do they appear at the same time?
Are those two seen together?
Are the two of them ever together?
Are they in the picture at the same time?
Do you see them together?
Do they meet?
Are both of them there at once?
""",
    "ambiguous": """
Where is {s}?
What is {s} wearing?
When is {s} seen?
What is {s} doing?
When does {s} appear?
Where can I see {o}?
""",
    "choose": """
{p}
{p}, please.
I mean {p}.
I'm asking about {p}.
{p} of course
the first one, {p}
""",
    "correct_person": """
No, I meant {q}.
Sorry, I meant {q}.
no, {q}
I was asking about {q}.
Not {p}, {q}.
Actually I mean {q}.
Oh sorry, {q} I mean.
No no, {q}!
""",
    "correct_video": """
I meant the {nth} video.
No, in the {nth} one.
Sorry, I mean {f}.
No, the {nth} video.
I was talking about the {nth} one.
Not this one, the {nth}.
""",
    "nth_video": """
Where is {s} in the {nth} video?
And in the {nth} one, where is {s}?
Where was {s} in the {nth} one?
In the {nth} clip, where can {s} be seen?
In video number two, where is {s}?
Where is {s} in {f}?
And where was {s} in the {nth} of them?
Where do I find {o} in the {nth} video?
""",
    "other_video": """
And in the other one?
And in the other video?
What about the other video?
How about the other clip?
And what about in the other one?
Same for the other video?
""",
    "in_all": """
Is {s} in all of them?
Does {s} appear in every video?
Is {q} in all of the videos?
Is {s} in every one of them?
Can {s} be seen in each of the videos?
Does {q} show up in all the clips?
Is {q} in each of them?
Do all of them show {o}?
""",
    "how_many_videos": """
How many of the videos show {o}?
How many of them is {s} in?
In how many of these does {q} appear?
How many videos is {q} in?
In how many videos is {s}?
How many of these clips have {q} in them?
In how many of them can I see {o}?
How many show {q}?
""",
    "last_seen": """
When was {s} seen last?
Where was {s} last seen?
In which video was {s} seen last?
When did you see {o} last?
When was the last time {s} was seen?
When was {s} last there?
""",
    "after_that": """
What about after that?
And after that?
What happened after that?
And then?
Who comes after that?
What happens next?
And later?
What comes then?
""",
    "before_that": """
And before?
What about before that?
What happened before that?
And before that?
Who was there before that?
And earlier?
""",
    "after_time": """
What happened after {t}?
Who is there after {t}?
And after {t}?
What do you see after {t}?
Who can be seen later than {t}?
What happens from {t} on?
What about the time after {t}?
Who shows up once {t} is over?
""",
    "in_time": """
Who is seen in the first {n} seconds?
What happens in the first {n} seconds?
And in the first {n} seconds?
Who is there during the first {n} seconds?
What is in the first {n} seconds?
Who is visible in the first {n} seconds of it?
""",
    "else_who": """
Who else is there?
Is anybody else there?
Who else can you see?
Anyone else?
Who else is in it?
Is there anyone else?
""",
    "else_what": """
What else?
Anything else?
What else can you tell me?
What more do you know?
Tell me more.
Can you say more about {o}?
""",
    "then_where": """
Where is {s} then?
And where is {s} at that time?
Where was {s} then?
Where is {s} at that moment?
And where would {s} be then?
Where is {s} while that happens?
""",
    "who_that": """
Who is that?
Who's that?
And who is that?
Who is it?
Who was that?
Who is this person?
""",
    "there_when": """
When is {s} there?
And when was {s} there?
From when to when is {s} there?
Until when was {s} there?
When can {s} be seen there?
How long was {s} there?
""",
}

NTH = ("first", "second", "third")


def wordings(turn: str, half: Half) -> tuple[str, ...]:
    """The wordings of one kind of turn, of one half."""
    return _halves(_TURNS[turn])[half == "held"]


TURNS = tuple(_TURNS)
