"""Wordings: how people ask, kind by kind, and which wordings are kept out of training.

Templates hold slots: {v} the video ("this video", "the clip"), {n} the asked person, {a} and {b} two people, {names}
all of them, {up} and {lo} a garment, {c} a colour, {act} an action, {place} a place phrase, {rel} "left" or "right".
Templates without a person's slot ask by pronoun or by nothing at all, as follow-ups do.
"""

import hashlib
import re
from typing import Literal

from pvchat.chat.questions import QuestionKind

Kind = QuestionKind
Split = Literal["train", "heldout"]

HELD_OUT_SHARE = 0.3

VIDEO_NOUNS = (
    "this video",
    "this video",
    "this video",
    "the video",
    "the video",
    "this clip",
    "the clip",
    "the footage",
)
UPPER_GARMENTS = ("top", "shirt", "jacket", "sweater", "jumper")
LOWER_GARMENTS = ("trousers", "pants", "bottoms", "jeans")

_EXISTENCE = """
Is {n} in {v}?
Is {n} here?
Do you see {n}?
Do you see {n} in {v}?
Can you see {n} anywhere?
Can you see {n} in {v}?
Can you find {n} in {v}?
Does {n} appear in {v}?
Does {n} show up in {v}?
Does {n} show up at any point?
Is {n} visible in {v}?
Is {n} present?
Is {n} one of the people in {v}?
Is {n} among the people shown?
Is that {n}?
Is that {n} in {v}?
Is this {n}?
Was {n} there?
Was {n} filmed here?
Have you seen {n} in {v}?
Did {n} turn up?
Did you spot {n}?
Could you check whether {n} is in {v}?
Could you tell me if {n} is here?
Tell me whether {n} is in {v}.
Tell me if you can see {n}.
Check if {n} is in {v}.
Please check {v} for {n}.
Look for {n} in {v}.
Find {n}.
Any sign of {n}?
Any sign of {n} in {v}?
I am looking for {n}. Is {n} in {v}?
I'd like to know if {n} is in {v}.
Would you say {n} is in {v}?
Do you recognise {n} in {v}?
Do you recognize anyone as {n}?
Does {v} show {n}?
Does {v} have {n} in it?
{n} in {v}, yes or no?
Is the person in {v} {n}?
Is {n} to be seen in {v}?
Are we looking at {n}?
Is he in {v}?
Is she in {v}?
"""

_APPEARANCE = """
What is {n} wearing?
What is {n} wearing in {v}?
What does {n} wear?
What's {n} wearing?
What clothes does {n} have on?
What clothes is {n} wearing in {v}?
What does {n} have on?
What has {n} got on?
What does {n} look like in {v}?
What does {n} look like?
How is {n} dressed?
How is {n} dressed in {v}?
How does {n} look?
Describe {n}.
Describe what {n} is wearing.
Describe {n}'s clothes.
Describe {n}'s outfit in {v}.
Describe the appearance of {n}.
Tell me what {n} is wearing.
Tell me about {n}'s clothes.
Can you describe {n}'s clothing?
Can you describe how {n} looks in {v}?
Could you tell me what {n} has on?
Could you describe {n}'s outfit?
What colours is {n} wearing?
What colors is {n} wearing in {v}?
Which colours does {n} wear?
What are the colours of {n}'s clothes?
What is {n}'s outfit?
What sort of clothes is {n} in?
What kind of clothes does {n} wear?
In what clothes do we see {n}?
Please describe {n}'s appearance.
Please say what {n} is wearing in {v}.
I want to know what {n} is wearing.
How would you describe {n}'s look?
By which clothes can I recognise {n} in {v}?
What is she wearing?
What is he wearing?
What are they wearing?
What's he got on?
And what does she look like?
"""

_UPPER = """
What colour is {n}'s {up}?
What color is {n}'s {up}?
What colour is {n}'s {up} in {v}?
What color {up} is {n} wearing?
What colour {up} is {n} wearing in {v}?
Which colour is {n}'s {up}?
Which color {up} does {n} wear?
What {up} is {n} wearing?
What kind of {up} does {n} have on?
What is the colour of {n}'s {up}?
What is the color of {n}'s {up} in {v}?
What is the colour of the {up} {n} is wearing?
Tell me the colour of {n}'s {up}.
Tell me what color {n}'s {up} is.
Name the colour of {n}'s {up}.
Describe {n}'s {up}.
Describe the {up} {n} has on.
Can you tell the colour of {n}'s {up}?
Can you tell me what color {up} {n} has on?
Could you say which colour {n}'s {up} is?
Do you know the color of {n}'s {up}?
Do you see what colour {n}'s {up} is?
What does {n} wear on the upper body?
What is {n} wearing on top?
What colour is {n} wearing on top?
What color does {n} have on above the waist?
How does {n}'s {up} look?
In {v}, what colour is {n}'s {up}?
In {v}, which {up} does {n} wear?
Please tell me the color of {n}'s {up}.
I need the colour of {n}'s {up}.
{n}'s {up}: what colour?
What colour is his {up}?
What color is her {up}?
And the colour of the {up}?
What colour is their {up} in {v}?
"""

_LOWER = """
What colour are {n}'s {lo}?
What color are {n}'s {lo}?
What colour are {n}'s {lo} in {v}?
What color {lo} is {n} wearing?
What colour {lo} is {n} wearing in {v}?
Which colour are {n}'s {lo}?
Which color {lo} does {n} wear?
What {lo} is {n} wearing?
What kind of {lo} does {n} have on?
What is the colour of {n}'s {lo}?
What is the color of {n}'s {lo} in {v}?
What is the colour of the {lo} {n} is wearing?
Tell me the colour of {n}'s {lo}.
Tell me what color {n}'s {lo} are.
Name the colour of {n}'s {lo}.
Describe {n}'s {lo}.
Describe the {lo} {n} has on.
Can you tell the colour of {n}'s {lo}?
Can you tell me what color {lo} {n} has on?
Could you say which colour {n}'s {lo} are?
Do you know the color of {n}'s {lo}?
Do you see what colour {n}'s {lo} are?
What does {n} wear on the legs?
What is {n} wearing below the waist?
What colour is {n} wearing on the legs?
What color does {n} have on below the waist?
How do {n}'s {lo} look?
In {v}, what colour are {n}'s {lo}?
In {v}, which {lo} does {n} wear?
Please tell me the color of {n}'s {lo}.
I need the colour of {n}'s {lo}.
{n}'s {lo}: what colour?
What colour are his {lo}?
What color are her {lo}?
And the colour of the {lo}?
What colour are their {lo} in {v}?
"""

_ACTION = """
What is {n} doing?
What is {n} doing in {v}?
What's {n} doing?
What's {n} up to?
What is {n} up to in {v}?
What does {n} do?
What does {n} do in {v}?
What did {n} do?
What was {n} doing?
What can {n} be seen doing?
What do you see {n} doing?
Describe what {n} does.
Describe what {n} is doing in {v}.
Describe {n}'s actions.
Describe {n}'s behaviour.
Describe {n}'s behavior in {v}.
Tell me what {n} is doing.
Tell me what {n} does in {v}.
Can you tell what {n} is doing?
Can you describe {n}'s activity?
Could you tell me what {n} is doing in {v}?
Could you describe what {n} does?
How does {n} act in {v}?
How does {n} behave?
How is {n} acting?
How does {n} move?
Which action does {n} perform?
What actions does {n} carry out in {v}?
What activity is {n} engaged in?
What happens with {n} in {v}?
What is happening with {n}?
Please describe what {n} is doing.
Say what {n} is doing.
I'd like to know what {n} is doing.
In {v}, what is {n} doing?
What is going on with {n}?
What is he doing?
What is she doing?
What are they doing?
And what's she doing there?
What does he do in {v}?
"""

_LOCATION = """
Where is {n}?
Where is {n} in {v}?
Where's {n}?
Where can I see {n}?
Where can {n} be seen in {v}?
Where do you see {n}?
Where does {n} appear?
Where in the picture is {n}?
Where in the frame is {n}?
Where in {v} is {n} located?
Where should I look for {n}?
Where was {n}?
Where exactly is {n}?
On which side is {n}?
On which side of the picture is {n}?
On what side does {n} appear in {v}?
Which side is {n} on?
Which part of the picture is {n} in?
Which part of the frame shows {n}?
What is {n}'s position?
What is {n}'s position in {v}?
What's the location of {n}?
In what part of the image is {n}?
Tell me where {n} is.
Tell me where {n} is in {v}.
Show me where {n} is.
Locate {n}.
Locate {n} in {v}.
Can you locate {n}?
Can you tell me where {n} is in the frame?
Could you say where {n} is?
Could you point out {n} in {v}?
Point me to {n}.
Do you know where {n} is?
Is {n} on the left, in the middle or on the right?
Is {n} left, right or in the middle?
Please tell me {n}'s location.
Please locate {n} in {v}.
I can't find {n}, where is {n}?
Describe where {n} is.
Where is she?
Where is he in {v}?
Where are they?
And where is he?
"""

_DISTANCE = """
How far away is {n}?
How far is {n} from the camera?
How close is {n} to the camera?
How close is {n}?
How near is {n} in {v}?
Is {n} near or far?
Is {n} near the camera?
Is {n} far from the camera?
Is {n} close to the camera in {v}?
Is {n} far away in {v}?
Is {n} in the foreground or in the background?
Does {n} stand near the camera?
Does {n} appear close or far away?
Does {n} look near or far in {v}?
Tell me how far away {n} is.
Tell me whether {n} is near or far.
Tell me how close {n} is to the camera.
Can you tell how far {n} is from the camera?
Can you say if {n} is near or far away?
Could you tell me how close {n} is?
Could you judge how far {n} is in {v}?
Do you see {n} up close or from far?
What is {n}'s distance from the camera?
What's the distance to {n}?
At what distance is {n}?
At what distance do we see {n} in {v}?
Please say how far away {n} is.
Describe how near {n} is.
Near or far, where is {n}?
Has {n} been filmed from near or from far?
Was {n} filmed from close up?
Would you call {n} near or far?
How far is she from the camera?
Is he near or far?
Are they close to the camera?
"""

_TIME = """
When is {n} in {v}?
When is {n} seen?
When can I see {n}?
When can {n} be seen in {v}?
When does {n} appear?
When does {n} appear in {v}?
When does {n} show up?
When do we see {n}?
When was {n} there?
When was {n} visible in {v}?
At what time is {n} visible?
At what times does {n} appear in {v}?
At which point does {n} appear?
At which moments can I see {n}?
In which part of {v} is {n}?
In which part of {v} do we see {n}?
During which part of {v} is {n} visible?
From when to when is {n} in {v}?
From when until when can {n} be seen?
Between which times is {n} visible?
What are the times of {n} in {v}?
What time does {n} appear?
Which seconds show {n}?
Which part of {v} shows {n}?
Tell me when {n} appears.
Tell me when {n} is in {v}.
Give me the times when {n} is visible.
Give me the timestamps of {n}.
List the times at which {n} appears in {v}.
Can you tell me when {n} is seen?
Could you give me {n}'s timestamps?
Could you say when {n} is in {v}?
Do you know when {n} appears?
Please tell me when I can see {n}.
I want to jump to {n}. When is that?
Where in the timeline is {n}?
When is she visible?
When do we see him?
When are they in {v}?
At what time is he seen?
"""

_FIRST = """
When does {n} first appear?
When does {n} first appear in {v}?
When is {n} first seen?
When is {n} seen for the first time?
When do we first see {n}?
When do we see {n} for the first time in {v}?
When does {n} come in?
When does {n} come into {v}?
When does {n} come into view?
When does {n} enter?
When does {n} enter the picture?
When does {n} arrive?
When did {n} arrive in {v}?
When did {n} first turn up?
When did you first spot {n}?
At what time does {n} first appear?
At what time does {n} enter?
At which second do we first see {n}?
At which time does {n} first come up in {v}?
What is the first time {n} is seen?
What is the first moment with {n} in {v}?
What time does {n} come in?
From when on is {n} visible?
From what time can {n} be seen in {v}?
Tell me when {n} first appears.
Tell me the first time {n} is in {v}.
Can you tell when {n} comes in?
Can you tell me when {n} first shows up in {v}?
Could you find the first moment with {n}?
How soon do we see {n}?
How early does {n} appear in {v}?
Please give the first time {n} is visible.
Find the first appearance of {n}.
When does she first appear?
When does he come in?
When do we first see them in {v}?
"""

_LAST = """
When does {n} last appear?
When does {n} last appear in {v}?
When is {n} last seen?
When is {n} seen for the last time?
When do we last see {n}?
When do we see {n} for the last time in {v}?
When does {n} go away?
When does {n} go out of {v}?
When does {n} go out of view?
When does {n} leave?
When does {n} leave the picture?
When does {n} disappear?
When did {n} disappear from {v}?
When did {n} leave?
When did you last spot {n}?
At what time does {n} last appear?
At what time does {n} leave?
At which second do we last see {n}?
At which time does {n} vanish from {v}?
What is the last time {n} is seen?
What is the last moment with {n} in {v}?
What time does {n} go?
Until when is {n} visible?
Until what time can {n} be seen in {v}?
Tell me when {n} last appears.
Tell me the last time {n} is in {v}.
Can you tell when {n} leaves?
Can you tell me when {n} is last in {v}?
Could you find the last moment with {n}?
Until when does {n} stay?
Up to when does {n} stay in {v}?
Please give the last time {n} is visible.
Find the last appearance of {n}.
When does she leave?
When does he disappear?
When do we last see them in {v}?
"""

_DURATION = """
How long is {n} in {v}?
How long is {n} visible?
How long is {n} visible in {v}?
How long is {n} seen?
How long can I see {n}?
How long can {n} be seen in {v}?
How long does {n} appear?
How long does {n} appear for?
How long does {n} stay?
How long does {n} stay in {v}?
How long do we see {n}?
How long was {n} there?
How long was {n} in {v}?
How many seconds is {n} in {v}?
How many seconds of {n} are there?
How many seconds can we see {n}?
How many seconds does {n} appear in {v}?
How much of {v} shows {n}?
How much screen time does {n} get?
How much time does {n} spend in {v}?
For how long is {n} visible?
For how long is {n} in {v}?
For how many seconds do we see {n}?
What is {n}'s screen time?
What's the total time {n} is seen in {v}?
Tell me how long {n} is in {v}.
Tell me for how long {n} is seen.
Can you tell how long {n} is visible?
Can you tell me how many seconds {n} is in {v}?
Could you say how long {n} stays?
Please work out how long {n} is in {v}.
Give me the length of time {n} is seen.
Is {n} there the whole time, or how long?
How long is she in {v}?
How long do we see him?
How long are they visible?
"""

_COUNT = """
How many people are in {v}?
How many people are there?
How many people are there in {v}?
How many people do you see?
How many people do you see in {v}?
How many people can be seen?
How many people can you count?
How many people appear in {v}?
How many people show up?
How many people does {v} show?
How many persons are in {v}?
How many persons can you see?
How many different people are in {v}?
How many different people can be seen?
How many individuals are there in {v}?
How many faces do you see in {v}?
How many were there?
How many people were in {v}?
How many are in {v}?
What is the number of people in {v}?
What's the number of people?
What is the total number of people in {v}?
Count the people.
Count the people in {v}.
Please count the people in {v}.
Please tell me how many people there are.
Tell me how many people are in {v}.
Tell me the number of people you see.
Can you count the people in {v}?
Can you tell me how many people there are?
Could you count everyone in {v}?
Could you say how many people appear?
Do you know how many people are in {v}?
Give me the number of people in {v}.
I'd like to know how many people are in {v}.
In {v}, how many people are there?
Besides {n}, how many people are there in all?
With {n}, how many people are in {v}?
How many people are in {v}, and is {n} one of them?
"""

_COUNT_NAMED = """
How many of {names} are in {v}?
How many of {names} are here?
How many of {names} can you see?
How many of {names} do you see in {v}?
How many of {names} appear?
How many of {names} appear in {v}?
How many of {names} show up?
How many of {names} are visible?
How many of {names} were there?
How many of {names} were filmed?
How many of the people {names} are in {v}?
Of {names}, how many are in {v}?
Of {names}, how many can be seen?
Of {names}, how many appear?
Out of {names}, how many do you see?
Out of {names}, how many are present?
Count how many of {names} are in {v}.
Count how many of {names} you see.
Tell me how many of {names} are here.
Tell me how many of {names} are in {v}.
Can you tell how many of {names} are in {v}?
Can you count how many of {names} appear?
Could you say how many of {names} are visible in {v}?
Please count how many of {names} are there.
What number of {names} is in {v}?
In {v}, how many of {names} can I see?
From {names}, how many are present?
I asked about {names}. How many are in {v}?
How many of them are in {v}?
How many of them do you see?
How many of these people are here?
How many of those named are in {v}?
"""

_RELATION = """
Is {a} to the {rel} of {b}?
Is {a} to the {rel} of {b} in {v}?
Is {a} {rel} of {b}?
Is {a} on the {rel} of {b}?
Is {a} on the {rel} side of {b}?
Is {a} standing to the {rel} of {b}?
Is {a} further {rel} than {b}?
Is {a} farther {rel} than {b} in {v}?
Is {a} more to the {rel} than {b}?
Is {a} at {b}'s {rel}?
Is {a} on {b}'s {rel} in the picture?
Does {a} appear to the {rel} of {b}?
Does {a} appear {rel} of {b} in {v}?
Does {a} stand to the {rel} of {b}?
Do you see {a} to the {rel} of {b}?
Do we see {a} {rel} of {b}?
Can {a} be seen to the {rel} of {b}?
Can you tell if {a} is {rel} of {b}?
Can you tell me whether {a} is to the {rel} of {b}?
Could you check whether {a} is to the {rel} of {b}?
Tell me whether {a} is {rel} of {b}.
Tell me if {a} is to the {rel} of {b} in {v}.
Check if {a} is to the {rel} of {b}.
Please check whether {a} is {rel} of {b}.
Was {a} to the {rel} of {b}?
Was {a} {rel} of {b} in {v}?
Would you say {a} is to the {rel} of {b}?
Seen from the camera, is {a} {rel} of {b}?
In {v}, is {a} to the {rel} of {b}?
In the picture, is {a} {rel} of {b}?
I think {a} is to the {rel} of {b}. Is that so?
{a} is {rel} of {b}, right or wrong?
"""

_ORDER = """
Who is on the {rel}, {a} or {b}?
Who is on the {rel} in {v}, {a} or {b}?
Who is further {rel}, {a} or {b}?
Who is farther {rel} in {v}, {a} or {b}?
Who is more to the {rel}, {a} or {b}?
Who is to the {rel} of the other, {a} or {b}?
Who stands on the {rel}, {a} or {b}?
Who do you see on the {rel}, {a} or {b}?
Who of {a} and {b} is on the {rel}?
Who of {a} and {b} is further {rel} in {v}?
Which of {a} and {b} is on the {rel}?
Which of {a} and {b} is further to the {rel}?
Which one is on the {rel}, {a} or {b}?
Which one is further {rel} in {v}, {a} or {b}?
Is {a} or {b} on the {rel}?
Is {a} or {b} further {rel} in {v}?
Is it {a} or {b} who is on the {rel}?
Is it {a} or {b} that we see further {rel}?
Tell me who is on the {rel}, {a} or {b}.
Tell me which of {a} and {b} is further {rel}.
Can you tell who is on the {rel}, {a} or {b}?
Can you tell me who is further {rel} in {v}, {a} or {b}?
Could you say who is to the {rel}, {a} or {b}?
Please tell me who stands further {rel}, {a} or {b}.
Where is {a} compared with {b}?
Where is {a} relative to {b}?
Where is {a} in relation to {b} in {v}?
On which side of {b} is {a}?
On what side of {b} does {a} stand?
In which order do {a} and {b} stand?
What is the order of {a} and {b} from left to right?
How do {a} and {b} stand relative to each other?
"""

_TOGETHER = """
Are {a} and {b} in {v} together?
Are {a} and {b} together?
Are {a} and {b} in {v} at the same time?
Are {a} and {b} seen at the same time?
Are {a} and {b} seen together in {v}?
Are {a} and {b} ever seen together?
Are {a} and {b} there at once?
Are {a} and {b} in the same shot?
Are {a} and {b} in the picture together?
Do {a} and {b} appear together?
Do {a} and {b} appear together in {v}?
Do {a} and {b} appear at the same time?
Do {a} and {b} meet in {v}?
Do {a} and {b} share the screen?
Do we see {a} and {b} together?
Do you see {a} and {b} at the same time?
Does {a} appear with {b}?
Does {a} appear together with {b} in {v}?
Is {a} with {b}?
Is {a} with {b} in {v}?
Is {a} together with {b}?
Is {a} seen with {b}?
Can {a} and {b} be seen at the same time?
Can I see {a} and {b} together?
Can you see {a} with {b} in {v}?
Could you check if {a} and {b} are seen together?
Tell me whether {a} and {b} appear together.
Tell me if {a} is with {b} in {v}.
Please check if {a} and {b} are together in {v}.
When are {a} and {b} together?
When are {a} and {b} seen at the same time in {v}?
When do {a} and {b} appear together?
Were {a} and {b} filmed together?
"""

_BOTH = """
Are {names} in {v}?
Are {names} all in {v}?
Are {names} here?
Are {names} all here?
Are {names} present?
Are {names} visible?
Are {names} visible in {v}?
Are {names} among the people in {v}?
Are {names} all shown in {v}?
Do {names} appear?
Do {names} appear in {v}?
Do {names} all appear?
Do {names} show up in {v}?
Do you see {names}?
Do you see {names} in {v}?
Do you see all of {names}?
Does {v} show {names}?
Can you see {names}?
Can you see {names} in {v}?
Can you find {names} in {v}?
Can you spot all of {names}?
Could you check whether {names} are in {v}?
Could you tell me if {names} are here?
Tell me whether {names} are in {v}.
Tell me if you see {names}.
Check if {names} are in {v}.
Please check {v} for {names}.
Look for {names}.
Find {names} in {v}.
Have you seen {names} in {v}?
Were {names} there?
I am looking for {names}. Are they in {v}?
Are they all in {v}?
Is everyone I asked about here?
"""

_EITHER = """
Is {names_or} in {v}?
Is {names_or} here?
Is {names_or} present?
Is {names_or} visible in {v}?
Is either of {names} in {v}?
Is any of {names} in {v}?
Is any of {names} here?
Is at least one of {names} in {v}?
Is anyone of {names} visible?
Is one of {names} in {v}?
Does {names_or} appear?
Does {names_or} appear in {v}?
Does {names_or} show up?
Does any of {names} appear in {v}?
Does any of {names} show up?
Does {v} show {names_or}?
Do you see {names_or}?
Do you see {names_or} in {v}?
Do you see any of {names}?
Do you recognise any of {names} in {v}?
Can you see {names_or}?
Can you see any of {names} in {v}?
Can you find {names_or}?
Can you spot {names_or} in {v}?
Could you check whether {names_or} is in {v}?
Could you tell me if any of {names} is here?
Tell me whether {names_or} is in {v}.
Tell me if you see any of {names}.
Check if {names_or} is here.
Please check if any of {names} is in {v}.
Any sign of {names_or}?
Was {names_or} there?
Are any of them in {v}?
Is anyone I asked about here?
"""

_WHICH = """
Which of {names} are in {v}?
Which of {names} is in {v}?
Which of {names} can you see?
Which of {names} do you see in {v}?
Which of {names} appear?
Which of {names} appears in {v}?
Which of {names} are here?
Which of {names} is present?
Which of {names} show up?
Which of {names} were there?
Who of {names} is in {v}?
Who of {names} can be seen?
Who of {names} is here?
Who of {names} appears in {v}?
Who do you see, {names_or}?
Who is in {v}, {names_or}?
Who is here, {names_or}?
Who is it, {names_or}?
Of {names}, who is in {v}?
Of {names}, who do you see?
Of {names}, which ones appear?
Tell me which of {names} are in {v}.
Tell me who of {names} is here.
Tell me who you see, {names_or}.
Can you tell which of {names} are in {v}?
Can you tell me who of {names} appears?
Could you say which of {names} is visible?
Could you check who of {names} is in {v}?
Please tell me which of {names} you see.
List which of {names} are in {v}.
Name those of {names} who are in {v}.
I asked about {names}. Who is in {v}?
Which of them is in {v}?
Which of them do you see?
Who is in {v}?
Who do you see?
"""

_IS_PLACE = """
Is {n} {place}?
Is {n} {place} in {v}?
Is {n} {place} of the picture?
Is {n} {place} of the frame?
Is {n} seen {place}?
Is {n} standing {place}?
Is {n} located {place}?
Is {n} mostly {place}?
Is {n} the person {place}?
Is {n} the one {place}?
Is the person {place} {n}?
Is that {n} {place}?
Was {n} {place}?
Was {n} {place} in {v}?
Does {n} appear {place}?
Does {n} appear {place} in {v}?
Does {n} stand {place}?
Does {n} stay {place}?
Do you see {n} {place}?
Do we see {n} {place} in {v}?
Can I see {n} {place}?
Can {n} be seen {place}?
Can you confirm that {n} is {place}?
Can you tell me if {n} is {place}?
Could you check whether {n} is {place}?
Tell me whether {n} is {place}.
Tell me if {n} is {place} in {v}.
Check if {n} is {place}.
Please check whether {n} is {place}.
Would you say {n} is {place}?
I think {n} is {place}. Is that so?
In {v}, is {n} {place}?
{n} is {place}, is that true?
Is she {place}?
Is he {place}?
"""

_IS_COLOUR = """
Is {n} wearing {a_c} {up}?
Is {n} wearing {a_c} {up} in {v}?
Is {n}'s {up} {c}?
Is {n}'s {up} {c} in {v}?
Is {n} in {a_c} {up}?
Is {n} dressed in {a_c} {up}?
Is {n} the one in {a_c} {up}?
Is {n} the person wearing {a_c} {up}?
Is the person in the {c} {up} {n}?
Is the {up} of {n} {c}?
Is the {up} {n} is wearing {c}?
Was {n} wearing {a_c} {up}?
Was {n}'s {up} {c}?
Does {n} wear {a_c} {up}?
Does {n} wear {a_c} {up} in {v}?
Does {n} have {a_c} {up} on?
Does {n} have {a_c} {up}?
Do you see {n} in {a_c} {up}?
Do we see {n} wearing {a_c} {up}?
Can {n} be seen in {a_c} {up}?
Can you confirm that {n} wears {a_c} {up}?
Can you tell me if {n}'s {up} is {c}?
Could you check whether {n} is wearing {a_c} {up}?
Tell me whether {n} is wearing {a_c} {up}.
Tell me if {n}'s {up} is {c}.
Check if {n} has {a_c} {up} on.
Please check whether {n} wears {a_c} {up}.
Would you say {n}'s {up} is {c}?
I think {n} is wearing {a_c} {up}. Is that so?
In {v}, is {n} wearing {a_c} {up}?
Has {n} got {a_c} {up} on?
Is she wearing {a_c} {up}?
Is his {up} {c}?
"""

_IS_ACTION = """
Is {n} {act}?
Is {n} {act} in {v}?
Is {n} seen {act}?
Is {n} {act} at any point?
Is {n} ever {act}?
Is {n} the one {act}?
Is {n} the person {act}?
Is that {n} {act}?
Is the person {act} {n}?
Was {n} {act}?
Was {n} {act} in {v}?
Do you see {n} {act}?
Do you see {n} {act} in {v}?
Do we see {n} {act}?
Do we ever see {n} {act}?
Does {v} show {n} {act}?
Can I see {n} {act}?
Can you see {n} {act} in {v}?
Can {n} be seen {act}?
Can you confirm that {n} is {act}?
Can you tell if {n} is {act}?
Can you tell me whether {n} is {act} in {v}?
Could you check whether {n} is {act}?
Could you tell me if {n} is {act}?
Tell me whether {n} is {act}.
Tell me if {n} is {act} in {v}.
Check if {n} is {act}.
Please check whether {n} is {act}.
Would you say {n} is {act}?
I think {n} is {act}. Is that so?
In {v}, is {n} {act}?
{n} is {act}, is that true?
Is she {act}?
Is he {act} there?
"""

UNANSWERABLE: tuple[tuple[str, str], ...] = (
    ("How old is {n}?", "how old {n} is"),
    ("How tall is {n}?", "how tall {n} is"),
    ("How much does {n} weigh?", "how much {n} weighs"),
    ("What is {n}'s job?", "what job {n} has"),
    ("What does {n} do for a living?", "what {n} does for a living"),
    ("What brand is {n}'s {up}?", "the brand of {n}'s {up}"),
    ("Which brand does {n} wear?", "which brand {n} wears"),
    ("What is {n} saying?", "what {n} is saying"),
    ("What is {n} talking about?", "what {n} is talking about"),
    ("What is {n} thinking?", "what {n} is thinking"),
    ("Why is {n} here?", "why {n} is here"),
    ("Why is {n} doing that?", "why {n} is doing that"),
    ("Where was {v} filmed with {n}?", "where {n} was filmed"),
    ("Where does {n} live?", "where {n} lives"),
    ("Where does {n} come from?", "where {n} comes from"),
    ("In which city is {n}?", "in which city {n} is"),
    ("What language does {n} speak?", "which language {n} speaks"),
    ("What is {n}'s phone number?", "the phone number of {n}"),
    ("What is {n}'s last name?", "the last name of {n}"),
    ("What colour are {n}'s eyes?", "the colour of {n}'s eyes"),
    ("What colour is {n}'s hair?", "the colour of {n}'s hair"),
    ("What color is {n}'s hair in {v}?", "the color of {n}'s hair"),
    ("Is {n} wearing glasses?", "whether {n} is wearing glasses"),
    ("Does {n} wear a hat?", "whether {n} is wearing a hat"),
    ("What shoes is {n} wearing?", "which shoes {n} is wearing"),
    ("Is {n} married?", "whether {n} is married"),
    ("Is {n} happy?", "whether {n} is happy"),
    ("How does {n} feel?", "how {n} feels"),
    ("Is {n} rich?", "whether {n} is rich"),
    ("Who is {n}'s friend?", "who {n}'s friend is"),
    ("What is {n} holding?", "what {n} is holding"),
    ("What did {n} eat?", "what {n} ate"),
    ("What did {n} do before {v}?", "what {n} did before"),
    ("What will {n} do next?", "what {n} will do next"),
    ("On what day was {n} filmed?", "on what day {n} was filmed"),
    ("What is the weather like around {n}?", "what the weather around {n} is like"),
    ("Tell me {n}'s age.", "the age of {n}"),
    ("Tell me where {n} was born.", "where {n} was born"),
    ("Does {n} have a dog?", "whether {n} has a dog"),
    ("How much did {n}'s clothes cost?", "how much {n}'s clothes cost"),
    ("What is {n} listening to?", "what {n} is listening to"),
    ("Can you tell me {n}'s nationality?", "the nationality of {n}"),
    ("How old is she?", "how old {n} is"),
    ("What's his job?", "what job {n} has"),
)
"""Questions the record cannot answer, each with the words for what cannot be told."""


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.strip().splitlines() if line)


QUESTIONS: dict[Kind, tuple[str, ...]] = {
    "existence": _lines(_EXISTENCE),
    "appearance": _lines(_APPEARANCE),
    "upper": _lines(_UPPER),
    "lower": _lines(_LOWER),
    "action": _lines(_ACTION),
    "location": _lines(_LOCATION),
    "distance": _lines(_DISTANCE),
    "time": _lines(_TIME),
    "first": _lines(_FIRST),
    "last": _lines(_LAST),
    "duration": _lines(_DURATION),
    "count": _lines(_COUNT),
    "count_named": _lines(_COUNT_NAMED),
    "relation": _lines(_RELATION),
    "order": _lines(_ORDER),
    "together": _lines(_TOGETHER),
    "both": _lines(_BOTH),
    "either": _lines(_EITHER),
    "which": _lines(_WHICH),
    "is_place": _lines(_IS_PLACE),
    "is_colour": _lines(_IS_COLOUR),
    "is_action": _lines(_IS_ACTION),
    "unanswerable": tuple(question for question, _ in UNANSWERABLE),
}
"""All question wordings, by kind."""

TOPICS: dict[str, str] = dict(UNANSWERABLE)

_PERSON_SLOT = re.compile(r"\{(n|a|b|names|names_or)\}")


def names_a_person(template: str) -> bool:
    """Whether the wording names whom it asks about (else it leans on the conversation)."""
    return _PERSON_SLOT.search(template) is not None


def _rank(template: str) -> str:
    return hashlib.sha256(template.encode()).hexdigest()


def split_wordings(kind: Kind, split: Split) -> tuple[str, ...]:
    """The wordings of one kind that belong to one side.

    Within each kind 30 % of the wordings that name a person and 30 % of those that do not are held out; which ones
    depends on nothing but their text.
    """
    chosen: list[str] = []
    for named in (True, False):
        group = sorted((t for t in QUESTIONS[kind] if names_a_person(t) == named), key=_rank)
        held = round(len(group) * HELD_OUT_SHARE)
        chosen += group[:held] if split == "heldout" else group[held:]
    return tuple(chosen)
