"""Answer wordings about several people: how many, who stands where, whether they are seen together.

Slots as in `answers`.
"""

from pvchat.chat.evidence import people_count
from pvchat.training.answers import lines

COUNT_PRESENT = lines("""
There {are} {people} in this video, and {n} is one of them.
There {are} {people} in this video; {n} is one of them.
There {are} {people} in this video, {n} among them.
There {are} {people} in this video, including {n}.
There {are} {people}, and {n} is one of them.
I count {people} in this video, and {n} is one of them.
I count {people} in this video, including {n}.
I count {people}, {n} among them.
I see {people} in this video, and {n} is one of them.
I see {people} in this video, including {n}.
I can see {people}, and {n} is one of them.
This video shows {people}, and {n} is one of them.
This video shows {people}, including {n}.
""")

COUNT_OTHER = lines("""
There {are} {people} in this video, but {rest}.
There {are} {people} in this video; {rest}.
There {are} {people} in this video, and {rest}.
There {are} {people}, but {rest}.
I count {people} in this video, but {rest}.
I count {people} in this video; {rest}.
I count {people}, but {rest}.
I see {people} in this video, but {rest}.
I see {people} in this video; {rest}.
I can see {people}, but {rest}.
This video shows {people}, but {rest}.
In this video there {are} {people}, but {rest}.
""")

COUNT_BARE = lines("""
There {are} {people} in this video.
There {are} {people}.
There {are} {people} to be seen in this video.
I count {people} in this video.
I count {people}.
I see {people} in this video.
I see {people}.
I can see {people} in this video.
I found {people} in this video.
This video shows {people}.
In this video, I see {people}.
In this video there {are} {people}.
""")

RELATION = lines("""
{a} is to the {rel} of {b}.
{a} is to the {rel} of {b}.
{a} is to the {rel} of {b} in this video.
{a} is on the {rel} of {b}.
{a} is {rel} of {b}.
{a} is further {rel} than {b}.
{a} is further to the {rel} than {b}.
{a} is more to the {rel} than {b}.
{a} appears to the {rel} of {b}.
{a} appears further {rel} than {b}.
{a} can be seen to the {rel} of {b}.
{a} is on the {rel}, and {b} is on the {other}.
""")

TOGETHER_YES = lines("""
Yes, {a} and {b} are in this video together{when}.
Yes, {a} and {b} are in this video at the same time{when}.
Yes, {a} and {b} are seen together{when}.
Yes, {a} and {b} are seen at the same time{when}.
Yes, {a} and {b} appear together{when}.
Yes, {a} and {b} appear at the same time{when}.
Yes, {a} and {b} can be seen together{when}.
Yes, {a} and {b} share the picture{when}.
Yes, {a} is seen together with {b}{when}.
Yes, {a} appears together with {b}{when}.
Yes, I see {a} and {b} together{when}.
Yes, I can see {a} and {b} at the same time{when}.
""")

TOGETHER_NO = lines("""
No, {a} and {b} are in this video, but not at the same time.
No, {a} and {b} are both in this video, but never at the same time.
No, {a} and {b} are in this video, but not together.
No, {a} and {b} are in this video, but never together.
No, {a} and {b} both appear, but not at the same time.
No, {a} and {b} both appear in this video, but not together.
No, {a} and {b} can be seen, but never together.
No, {a} and {b} can be seen, but at different times.
No, {a} and {b} are seen at different times.
No, {a} and {b} appear at different times in this video.
No, I see {a} and {b}, but not at the same time.
No, I see {a} and {b} in this video, but never together.
""")

EARLIER = lines("""
{a} appears before {b}.
{a} appears before {b} in this video.
{a} appears earlier than {b}.
{a} appears first, then {b}.
{a} is seen before {b}.
{a} is seen earlier than {b}.
{a} is seen first, then {b}.
{a} is first, before {b}.
{a} is here before {b}.
{a} shows up before {b}.
{a} shows up earlier than {b}.
{a} comes in before {b}.
{a} can be seen before {b}.
In this video, {a} appears before {b}.
I see {a} before {b}.
I see {a} first, then {b}.
From what I can see, {a} appears before {b}.
""")

SAME_START = lines("""
{a} and {b} appear at the same time.
{a} and {b} appear at the same time in this video.
{a} and {b} first appear at the same time.
{a} and {b} first appear together.
{a} and {b} are first seen at the same time.
{a} and {b} are first seen together.
{a} and {b} can first be seen at the same time.
{a} and {b} show up at the same time.
{a} and {b} show up together.
{a} and {b} are first visible at the same time.
In this video, {a} and {b} appear at the same time.
I see {a} and {b} from the same time on.
""")


def count_words(people: int) -> dict[str, str]:
    """Slots {are} and {people} for a number of people."""
    if people == 0:
        return {"are": "is", "people": "nobody"}
    return {"are": "is" if people == 1 else "are", "people": people_count(people)}
