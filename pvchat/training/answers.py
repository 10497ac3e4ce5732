"""Answer wordings, by what is to be said.

Slots as in the question wordings, plus {wear} clothes with colours, {acts} a list of actions, {at} a place phrase,
{when} spans in words, {t} the topic asked about, {k} a number. The video is always "this video", and an absent person
is always "NAME is not in this video", so that programs can rely on it.
"""

from pvchat.training.wordings import Kind


def lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.strip().splitlines() if line)


ABSENT = lines("""
{n} is not in this video.
{n} is not in this video, as far as I can see.
{n} is not in this video, as far as I can tell.
{n} is not in this video, so I can't say {t}.
{n} is not in this video, so I can't tell you {t}.
{n} is not in this video, so I don't know {t}.
{n} is not in this video, so I can't answer that.
{n} is not in this video, so there is nothing to say about that.
I can't say {t}, because {n} is not in this video.
I can't tell you {t}: {n} is not in this video.
I looked, but {n} is not in this video.
I checked, and {n} is not in this video.
From what I can see, {n} is not in this video.
As far as I can tell, {n} is not in this video.
It looks like {n} is not in this video.
Sorry, {n} is not in this video.
""")

ABSENT_NO = lines("""
No, {n} is not in this video.
No, {n} is not in this video.
No, {n} is not in this video, as far as I can see.
No, {n} is not in this video, as far as I can tell.
No, I looked, but {n} is not in this video.
No, I checked, and {n} is not in this video.
No, from what I can see, {n} is not in this video.
No, it looks like {n} is not in this video.
No, as far as I can tell, {n} is not in this video.
No, I am sure {n} is not in this video.
No, sorry, {n} is not in this video.
No, I don't see that face: {n} is not in this video.
No, {n} is not in this video at all.
""")

UNSURE = lines("""
I am not sure whether {n} is in this video.
I am not sure whether {n} is in this video.
I am not sure if {n} is in this video.
I am not sure that {n} is in this video.
I am not sure. It might be {n}, but I can't tell for certain.
I am not sure. Someone may be {n}, but I can't tell.
I am not sure whether the person I see is {n}.
I am not sure if that person is {n}.
I am not sure about {n} in this video.
I am not sure whether it is {n}, so I would rather not say.
I am not sure that it is {n}, so I can't answer that.
I am not sure enough that {n} is in this video.
I am not sure whether {n} is in this video, so I can't say more.
""")

CANNOT_TELL = lines("""
I can't tell {t} from this video.
I can't tell {t} from this video.
I can't tell {t} in this video.
I can't say {t} from this video.
I can't see {t} in this video.
I can't make out {t} in this video.
I don't know {t}; this video does not show it clearly.
From this video, I can't tell {t}.
From what I can see, I can't tell {t}.
Sorry, I can't tell {t} from this video.
It is not clear from this video {t}.
This video does not let me tell {t}.
This video does not show clearly {t}.
""")

YES = lines("""
Yes, {n} is in this video.
Yes, {n} is in this video.
Yes, {n} appears in this video.
Yes, {n} can be seen in this video.
Yes, {n} is visible in this video.
Yes, {n} shows up in this video.
Yes, {n} is one of the people in this video.
Yes, {n} is here in this video.
Yes, I can see {n} in this video.
Yes, I see {n} in this video.
Yes, I found {n} in this video.
Yes, I recognise {n} in this video.
Yes, this video shows {n}.
""")

YES_WHEN = lines("""
Yes, {n} is in this video, {when}.
Yes, {n} is in this video, {when}.
Yes, {n} is in this video {when}.
Yes, {n} appears in this video {when}.
Yes, {n} can be seen in this video {when}.
Yes, {n} is visible {when}.
Yes, {n} is seen {when}.
Yes, {n} shows up {when}.
Yes, I can see {n} {when}.
Yes, I see {n} in this video, {when}.
Yes, I found {n} in this video, {when}.
Yes, this video shows {n} {when}.
""")

WEAR = lines("""
{n} is wearing {wear}.
{n} is wearing {wear}.
{n} is wearing {wear} in this video.
In this video, {n} is wearing {wear}.
{n} wears {wear}.
{n} has {wear} on.
{n} is dressed in {wear}.
{n} is in {wear}.
{n} is seen in {wear}.
{n} can be seen in {wear}.
{n} appears in {wear}.
I can see {n} in {wear}.
I see {n} wearing {wear}.
From what I can see, {n} is wearing {wear}.
It looks like {n} is wearing {wear}.
""")

UPPER = lines("""
{n}'s {up} is {c}.
{n}'s {up} is {c} in this video.
{n} is wearing {a_c} {up}.
{n} is wearing {a_c} {up} in this video.
{n} wears {a_c} {up}.
{n} has {a_c} {up} on.
{n} is in {a_c} {up}.
In this video, {n}'s {up} is {c}.
In this video, {n} is wearing {a_c} {up}.
The {up} {n} is wearing is {c}.
The colour of {n}'s {up} is {c}.
I see {n} in {a_c} {up}.
From what I can see, {n}'s {up} is {c}.
It looks like {n}'s {up} is {c}.
""")

LOWER = lines("""
{n}'s {lo} are {c}.
{n}'s {lo} are {c} in this video.
{n} is wearing {c} {lo}.
{n} is wearing {c} {lo} in this video.
{n} wears {c} {lo}.
{n} has {c} {lo} on.
{n} is in {c} {lo}.
In this video, {n}'s {lo} are {c}.
In this video, {n} is wearing {c} {lo}.
The {lo} {n} is wearing are {c}.
The colour of {n}'s {lo} is {c}.
I see {n} in {c} {lo}.
From what I can see, {n}'s {lo} are {c}.
It looks like {n}'s {lo} are {c}.
""")

ACTION = lines("""
{n} is {acts}.
{n} is {acts}.
{n} is {acts} in this video.
{n} is mostly {acts}.
{n} is seen {acts}.
{n} can be seen {acts}.
In this video, {n} is {acts}.
In this video, I see {n} {acts}.
I see {n} {acts}.
I can see {n} {acts}.
I can see that {n} is {acts}.
From what I can see, {n} is {acts}.
It looks like {n} is {acts}.
This video shows {n} {acts}.
""")

LOCATION = lines("""
{n} is {at}.
{n} is {at}.
{n} is {at} in this video.
{n} appears {at}.
{n} can be seen {at}.
{n} is seen {at}.
{n} is visible {at}.
{n} is mostly {at}.
In this video, {n} is {at}.
You can see {n} {at}.
I see {n} {at}.
I can see {n} {at}.
From what I can see, {n} is {at}.
It looks like {n} is {at}.
""")

NEAR = lines("""
{n} is near the camera.
{n} is near the camera in this video.
{n} is close to the camera.
{n} is close to the camera in this video.
{n} is quite near.
{n} is quite close.
{n} is near.
{n} appears near the camera.
{n} appears close to the camera.
In this video, {n} is near the camera.
I see {n} close to the camera.
From what I can see, {n} is near the camera.
It looks like {n} is close to the camera.
""")

FAR = lines("""
{n} is far from the camera.
{n} is far from the camera in this video.
{n} is far away.
{n} is far away in this video.
{n} is quite far away.
{n} is quite far from the camera.
{n} is far off.
{n} appears far from the camera.
{n} appears far away.
In this video, {n} is far from the camera.
I see {n} far away from the camera.
From what I can see, {n} is far away.
It looks like {n} is far from the camera.
""")

TIME = lines("""
{n} is in this video {when}.
{n} is in this video {when}.
{n} appears {when}.
{n} appears in this video {when}.
{n} is seen {when}.
{n} can be seen {when}.
{n} is visible {when}.
{n} shows up {when}.
You can see {n} {when}.
I see {n} {when}.
I can see {n} {when}.
This video shows {n} {when}.
""")

FIRST = lines("""
{n} first appears {when}.
{n} first appears {when} in this video.
{n} is first seen {when}.
{n} first shows up {when}.
{n} first comes into view {when}.
{n} is seen for the first time {when}.
{n} can first be seen {when}.
{n} comes in {when}.
In this video, {n} first appears {when}.
I first see {n} {when}.
I see {n} for the first time {when}.
The first time {n} appears is {when}.
""")

LAST = lines("""
{n} last appears {when}.
{n} last appears {when} in this video.
{n} is last seen {when}.
{n} last shows up {when}.
{n} goes out of view {when}.
{n} is seen for the last time {when}.
{n} can last be seen {when}.
{n} disappears {when}.
In this video, {n} last appears {when}.
I last see {n} {when}.
I see {n} for the last time {when}.
The last time {n} appears is {when}.
""")

DURATION = lines("""
{n} is in this video for {long}.
{n} is in this video for {long}.
{n} is visible for {long}.
{n} is seen for {long}.
{n} can be seen for {long}.
{n} appears for {long}.
{n} appears in this video for {long}.
{n} stays for {long}.
In this video, {n} is seen for {long}.
I see {n} for {long}.
I can see {n} for {long}.
You can see {n} for {long}.
This video shows {n} for {long}.
""")

WHEN_ROUGH: dict[str, tuple[str, ...]] = {
    "throughout": ("throughout", "throughout this video", "the whole time", "all the time"),
    "first half": ("in the first half", "in the first half of this video", "during the first half"),
    "second half": ("in the second half", "in the second half of this video", "during the second half"),
    "halfway": ("around halfway", "around halfway through", "around the halfway point"),
    "parts": ("on and off", "in parts of both halves", "now and then"),
    "start": ("at the very start", "at the start", "from the very start"),
    "end": ("at the very end", "at the end", "only at the very end"),
}
LONG_ROUGH: dict[str, tuple[str, ...]] = {
    "most": ("most of it", "most of this video", "nearly the whole time"),
    "some": ("some of it", "a good part of it", "a good part of this video"),
    "little": ("a short part of it", "a short part of this video", "only a short while"),
}

IN_VIDEO: tuple[tuple[str, str], ...] = (
    ("is in this video", "are in this video"),
    ("is in this video", "are in this video"),
    ("appears in this video", "appear in this video"),
    ("can be seen", "can be seen"),
)
BUT = (", but ", ", but ", "; ", ", while ")

TOPIC: dict[Kind, str] = {
    "appearance": "what {n} is wearing",
    "upper": "the colour of {n}'s {up}",
    "lower": "the colour of {n}'s {lo}",
    "action": "what {n} is doing",
    "location": "where {n} is",
    "distance": "how far away {n} is",
    "time": "when {n} is seen",
    "first": "when {n} is first seen",
    "last": "when {n} is last seen",
    "duration": "how long {n} is seen",
    "is_place": "where {n} is",
    "is_colour": "the colour of {n}'s {up}",
    "is_action": "whether {n} is {act}",
    "relation": "who is further {rel}, {a} or {b}",
    "order": "who is further {rel}, {a} or {b}",
    "earlier": "who is seen first, {a} or {b}",
}
"""What cannot be told, by kind of question."""
