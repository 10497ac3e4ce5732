"""Further answer wordings of the four types of question: forty and more with those of `answers`, which go first.

Slots as in `answers`. nano's checkpoint was pretrained with the wordings there; half of all answers keep to them (see
`pvchat.training.composer.FURTHER_SHARE`), so that fine-tuning with few questions does not unlearn them.
"""

from pvchat.training.answers import lines
from pvchat.training.wordings import Kind

YES = lines("""
Yes, {n} is here.
Yes, {n} is there.
Yes, {n} is visible.
Yes, {n} is in the picture.
Yes, {n} is clearly visible in this video.
Yes, {n} is among the people in this video.
Yes, {n} is present in this video.
Yes, {n} is shown in this video.
Yes, {n} is seen in this video.
Yes, {n} is to be seen in this video.
Yes, {n} does appear in this video.
Yes, {n} does show up in this video.
Yes, {n} appears here.
Yes, {n} can be seen here.
Yes, {n} can clearly be seen in this video.
Yes, you can see {n} in this video.
Yes, we see {n} in this video.
Yes, we can see {n} in this video.
Yes, I can see {n} here.
Yes, I can see {n} clearly.
Yes, I clearly see {n} in this video.
Yes, I recognise {n} here.
Yes, I recognised {n} in this video.
Yes, I have found {n} in this video.
Yes, I looked, and {n} is in this video.
Yes, I checked, and {n} is in this video.
Yes, I am sure {n} is in this video.
Yes, as far as I can see, {n} is in this video.
Yes, as far as I can tell, {n} is in this video.
Yes, from what I can see, {n} is in this video.
Yes, it looks like {n} is in this video.
Yes, one of the people in this video is {n}.
Yes, this video has {n} in it.
""")

YES_WHEN = lines("""
Yes, {n} is here {when}.
Yes, {n} is there {when}.
Yes, {n} appears {when}.
Yes, {n} can be seen {when}.
Yes, {n} is in the picture {when}.
Yes, {n} shows up in this video {when}.
Yes, {n} is one of the people in this video, {when}.
Yes, you can see {n} {when}.
Yes, we see {n} {when}.
Yes, I can see {n} in this video {when}.
Yes, I recognise {n} in this video, {when}.
Yes, I checked, and {n} is in this video {when}.
""")

ABSENT_NO = lines("""
No, {n} is not in this video; I looked.
No, {n} is not in this video; I checked.
No, {n} is not in this video; I don't see that face.
No, {n} is not in this video; I can't see that face in it.
No, {n} is not in this video, not even for a second.
No, {n} is not in this video, not even once.
No, {n} is not in this video, sorry.
No, {n} is not in this video, unfortunately.
No, {n} is not in this video, from what I can see.
No, {n} is not in this video, it seems.
No, {n} is not in this video, I am sure.
No, I looked at everybody, and {n} is not in this video.
No, I looked at each face, and {n} is not in this video.
No, I looked twice, and {n} is not in this video.
No, I have looked, and {n} is not in this video.
No, I have checked, and {n} is not in this video.
No, I am sure that {n} is not in this video.
No, I am quite sure {n} is not in this video.
No, I am certain that {n} is not in this video.
No, I can say that {n} is not in this video.
No, I can tell you that {n} is not in this video.
No, I can see that {n} is not in this video.
No, I am sorry, {n} is not in this video.
No, sorry, but {n} is not in this video.
No, unfortunately {n} is not in this video.
No, it seems that {n} is not in this video.
No, it looks as if {n} is not in this video.
No, it is clear that {n} is not in this video.
No, I don't recognise {n} here: {n} is not in this video.
No, I don't see {n}: {n} is not in this video.
No, I can't see {n}: {n} is not in this video.
No, I don't see {n} here, so {n} is not in this video.
No, not as far as I can see: {n} is not in this video.
No, not that I can see: {n} is not in this video.
""")

ABSENT = lines("""
{n} is not in this video, so I cannot tell {t}.
{n} is not in this video, so I cannot tell you {t}.
{n} is not in this video, so I cannot say {t}.
{n} is not in this video, so I can't know {t}.
{n} is not in this video, so there is nothing I can say about that.
{n} is not in this video, so I cannot answer that.
{n} is not in this video, from what I can see.
{n} is not in this video, it seems.
{n} is not in this video. I can't say {t}.
As {n} is not in this video, I can't say {t}.
I cannot tell {t}, because {n} is not in this video.
I cannot say {t}: {n} is not in this video.
I don't know {t}, because {n} is not in this video.
I don't know {t}: {n} is not in this video.
I can't tell {t}, since {n} is not in this video.
I can't answer that, because {n} is not in this video.
I cannot answer that: {n} is not in this video.
I have looked, but {n} is not in this video.
I have checked, and {n} is not in this video.
I don't see {n}: {n} is not in this video.
I can't see {n}: {n} is not in this video.
It seems that {n} is not in this video.
Sorry, but {n} is not in this video.
Sorry, I can't say {t}: {n} is not in this video.
Sorry, I can't tell you {t}, because {n} is not in this video.
Unfortunately, {n} is not in this video.
Unfortunately, {n} is not in this video, so I can't tell {t}.
""")

_ABSENT_CLOTHES = lines("""
{n} is not in this video, so there are no clothes to see.
{n} is not in this video, so I can't say how {n} is dressed.
{n} is not in this video, so I don't know what {n} has on.
{n} is not in this video, so I can't tell you about the clothes.
I can't say how {n} looks: {n} is not in this video.
""")

ABSENT_ABOUT: dict[Kind, tuple[str, ...]] = {
    "appearance": _ABSENT_CLOTHES,
    "upper": _ABSENT_CLOTHES,
    "lower": _ABSENT_CLOTHES,
    "action": lines("""
{n} is not in this video, so I can't tell what {n} does.
{n} is not in this video, so I don't know what {n} is up to.
{n} is not in this video and does nothing in it.
I can't tell you what {n} does, because {n} is not in this video.
I can't say what {n} does: {n} is not in this video.
"""),
    "location": lines("""
{n} is not in this video, so I can't say on which side {n} is.
{n} is not in this video, so I don't know in which part of the picture {n} is.
{n} is not in this video, so I can't tell you where to look.
I can't say where to look for {n}: {n} is not in this video.
I don't know where to look, because {n} is not in this video.
"""),
}
"""Refusals that fit one kind of question."""

WEAR = lines("""
{n} is wearing {wear} here.
{n} wears {wear} in this video.
{n} wears {wear} here.
{n} is seen wearing {wear}.
{n} can be seen wearing {wear}.
{n} is shown in {wear}.
{n} is shown wearing {wear}.
In this video, {n} wears {wear}.
In this video, {n} has {wear} on.
In this video, {n} is dressed in {wear}.
In this video, {n} is seen in {wear}.
In this video, {n} can be seen in {wear}.
In this video, {n} appears in {wear}.
I see {n} in {wear}.
I see {n} dressed in {wear}.
I see that {n} is wearing {wear}.
I can see {n} wearing {wear}.
I can see that {n} has {wear} on.
You can see {n} in {wear}.
You can see {n} wearing {wear}.
We see {n} in {wear}.
We see {n} wearing {wear}.
From what I can see, {n} wears {wear}.
From what I can see, {n} is dressed in {wear}.
From what I can see, {n} has {wear} on.
As far as I can see, {n} is wearing {wear}.
As far as I can tell, {n} is wearing {wear}.
It looks like {n} has {wear} on.
It looks like {n} is dressed in {wear}.
What {n} is wearing is {wear}.
What I see is {n} in {wear}.
This video shows {n} in {wear}.
This video shows {n} wearing {wear}.
""")

UPPER = lines("""
{n} wears {a_c} {up} in this video.
{n} is dressed in {a_c} {up}.
{n} is seen in {a_c} {up}.
{n} can be seen in {a_c} {up}.
In this video, {n} wears {a_c} {up}.
In this video, {n} has {a_c} {up} on.
I can see {n} in {a_c} {up}.
I see that {n}'s {up} is {c}.
I can see that {n} is wearing {a_c} {up}.
As far as I can see, {n}'s {up} is {c}.
This video shows {n} in {a_c} {up}.
""")

LOWER = lines("""
{n} wears {c} {lo} in this video.
{n} is dressed in {c} {lo}.
{n} is seen in {c} {lo}.
{n} can be seen in {c} {lo}.
In this video, {n} wears {c} {lo}.
In this video, {n} has {c} {lo} on.
I can see {n} in {c} {lo}.
I see that {n}'s {lo} are {c}.
I can see that {n} is wearing {c} {lo}.
As far as I can see, {n}'s {lo} are {c}.
This video shows {n} in {c} {lo}.
""")

ACTION = lines("""
{n} is {acts} here.
{n} is mostly {acts} in this video.
{n} is seen {acts} in this video.
{n} can be seen {acts} in this video.
{n} is to be seen {acts}.
{n} is shown {acts}.
{n} is shown {acts} in this video.
{n} is in this video, {acts}.
{n} seems to be {acts}.
In this video, {n} is mostly {acts}.
In this video, {n} is seen {acts}.
In this video, {n} can be seen {acts}.
In this video, I can see {n} {acts}.
In this video, you can see {n} {acts}.
I see {n} {acts} in this video.
I see that {n} is {acts}.
I can see {n} {acts} in this video.
You see {n} {acts}.
You can see {n} {acts}.
You can see that {n} is {acts}.
We see {n} {acts}.
We can see {n} {acts}.
From what I can see, {n} is mostly {acts}.
As far as I can see, {n} is {acts}.
As far as I can tell, {n} is {acts}.
It looks like {n} is mostly {acts}.
It looks as if {n} is {acts}.
What {n} is doing is {acts}.
What I see is {n} {acts}.
Here {n} is {acts}.
This video shows that {n} is {acts}.
""")

LOCATION = lines("""
{n} is seen {at} in this video.
{n} can be seen {at} in this video.
{n} is visible {at} in this video.
{n} is in this video, {at}.
{n} is shown {at}.
{n} shows up {at}.
{n} is to be seen {at}.
{n} can be found {at}.
{n} is {at} most of the time.
In this video, {n} appears {at}.
In this video, {n} is mostly {at}.
In this video, {n} is seen {at}.
In this video, {n} can be seen {at}.
In this video, I see {n} {at}.
In this video, you can see {n} {at}.
You see {n} {at}.
We see {n} {at}.
We can see {n} {at}.
I see {n} {at} in this video.
I see that {n} is {at}.
I can see that {n} is {at}.
I found {n} {at}.
From what I can see, {n} is mostly {at}.
As far as I can see, {n} is {at}.
As far as I can tell, {n} is {at}.
It looks like {n} is mostly {at}.
It looks as if {n} is {at}.
What I see is {n} {at}.
Here {n} is {at}.
This video shows {n} {at}.
""")
