"""Answer wordings about hair, kind of clothes, posture and hands.

Slots as in `answers`, plus {hair} "long brown hair", {worn} "a striped suit" or "a plain top", {acts} as for actions.
"""

from pvchat.training.answers import lines

HAIR = lines("""
{n} has {hair}.
{n} has {hair}.
{n} has {hair} in this video.
In this video, {n} has {hair}.
I see {n} with {hair}.
I can see {n} with {hair}.
{n} can be seen with {hair}.
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
From what I can see, {n}'s hair is {c}.
It looks like {n}'s hair is {c}.
""")

GARMENT = lines("""
{n} is wearing {worn}.
{n} is wearing {worn}.
{n} is wearing {worn} in this video.
{n} wears {worn}.
{n} has {worn} on.
{n} is in {worn}.
I see {n} in {worn}.
In this video, {n} is wearing {worn}.
From what I can see, {n} is wearing {worn}.
It looks like {n} is wearing {worn}.
""")

DOES = lines("""
{n} is {acts}.
{n} is {acts}.
{n} is {acts} in this video.
In this video, {n} is {acts}.
I see {n} {acts}.
I can see {n} {acts}.
{n} can be seen {acts}.
From what I can see, {n} is {acts}.
It looks like {n} is {acts}.
As far as I can tell, {n} is {acts}.
""")
