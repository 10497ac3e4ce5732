"""Answer wordings about hair, kinds of clothes, posture, hands, who talks to whom, and what the picture shows.

Slots as in `answers`, plus {hair} "long brown hair", {worn} "a striped black suit", {p} a pattern, {up} the garment
asked about, {look} "has long hair", {seen} "on a street", {things} "a car and a dog".
"""

from pvchat.training.answers import lines
from pvchat.training.wordings import Kind

HAIR = lines("""
{n} has {hair}.
{n} has {hair}.
{n} has {hair} in this video.
In this video, {n} has {hair}.
I see {n} with {hair}.
I can see {n} with {hair}.
I can see that {n} has {hair}.
{n} can be seen with {hair}.
{n} is seen with {hair}.
{n} appears with {hair}.
From what I can see, {n} has {hair}.
It looks like {n} has {hair}.
As far as I can tell, {n} has {hair}.
""")

HAIR_COLOUR = lines("""
{n}'s hair is {c}.
{n}'s hair is {c}.
{n}'s hair is {c} in this video.
In this video, {n}'s hair is {c}.
The colour of {n}'s hair is {c}.
I can see that {n}'s hair is {c}.
{n} has {c} hair.
{n} has {c} hair in this video.
I see {n} with {c} hair.
From what I can see, {n}'s hair is {c}.
It looks like {n}'s hair is {c}.
As far as I can tell, {n}'s hair is {c}.
""")

GARMENT = lines("""
{n} is wearing {worn}.
{n} is wearing {worn}.
{n} is wearing {worn} in this video.
{n} wears {worn}.
{n} has {worn} on.
{n} is in {worn}.
{n} is seen in {worn}.
{n} can be seen in {worn}.
I see {n} in {worn}.
I can see {n} in {worn}.
In this video, {n} is wearing {worn}.
From what I can see, {n} is wearing {worn}.
It looks like {n} is wearing {worn}.
""")

PATTERN = lines("""
{n}'s {up} is {p}.
{n}'s {up} is {p}.
{n}'s {up} is {p} in this video.
{n} is wearing a {p} {up}.
{n} is wearing a {p} {up} in this video.
{n} wears a {p} {up}.
{n} has a {p} {up} on.
I see {n} in a {p} {up}.
I can see that {n}'s {up} is {p}.
In this video, {n}'s {up} is {p}.
The {up} {n} is wearing is {p}.
From what I can see, {n}'s {up} is {p}.
It looks like {n}'s {up} is {p}.
""")

DOES = lines("""
{n} is {acts}.
{n} is {acts}.
{n} is {acts} in this video.
In this video, {n} is {acts}.
I see {n} {acts}.
I can see {n} {acts}.
I can see that {n} is {acts}.
{n} is seen {acts}.
{n} can be seen {acts}.
From what I can see, {n} is {acts}.
It looks like {n} is {acts}.
As far as I can tell, {n} is {acts}.
""")

TALKS = lines("""
Yes, {a} is talking to {b}.
Yes, {a} is talking to {b}.
Yes, {a} is talking to {b} in this video.
Yes, {a} talks to {b}.
Yes, {a} talks to {b} in this video.
Yes, {a} is speaking to {b}.
Yes, {a} can be seen talking to {b}.
Yes, {a} is seen talking to {b}.
Yes, I see {a} talking to {b}.
Yes, I can see {a} talking to {b}.
Yes, in this video, {a} is talking to {b}.
Yes, it looks like {a} is talking to {b}.
Yes, from what I can see, {a} is talking to {b}.
""")

SETTING = lines("""
This video was filmed {seen}.
This video was filmed {seen}.
This video is set {seen}.
This video was shot {seen}.
It looks like this video was filmed {seen}.
It looks like we are {seen}.
It was filmed {seen}.
I think this is {seen}.
From what I can see, this is {seen}.
From what I can see, this video was filmed {seen}.
As far as I can tell, this is {seen}.
As far as I can see, this video was filmed {seen}.
""")

SETTING_THINGS = lines("""
This video was filmed {seen}, and I can see {things}.
This video was filmed {seen}; I see {things} there.
This video is set {seen}, with {things}.
This video was shot {seen}, with {things} in the picture.
It looks like this video was filmed {seen}, with {things}.
It was filmed {seen}, and there is {things}.
I think this is {seen}, with {things}.
From what I can see, this is {seen}, with {things}.
From what I can see, this video was filmed {seen}, with {things}.
As far as I can tell, this is {seen}, with {things}.
I see {things}, and it looks like we are {seen}.
I can see {things}; it was filmed {seen}.
""")

THINGS = lines("""
I see {things} in this video.
I can see {things} in this video.
I can see {things}.
This video shows {things}.
There is {things} in this video.
There is {things} in the picture.
In this video, I see {things}.
In the picture I see {things}.
From what I can see, there is {things}.
From what I can see, this video shows {things}.
As far as I can tell, there is {things}.
I see {things} in the picture.
""")

TOPIC: dict[Kind, str] = {
    "hair": "what {n}'s hair is like",
    "is_hair": "whether {n} {look}",
    "garment": "what kind of {up} {n} is wearing",
    "is_garment": "whether {n} {look}",
    "pattern": "what pattern {n}'s {up} has",
    "posture": "whether {n} is sitting or standing",
    "hands": "what {n} is doing with the hands",
    "talks": "whether {a} is talking to {b}",
    "setting": "where this video was filmed",
}
"""What cannot be told, by kind of question."""
TOPIC_OF_HAIR = {"colour": "what colour {n}'s hair is", "length": "how long {n}'s hair is", "any": TOPIC["hair"]}
