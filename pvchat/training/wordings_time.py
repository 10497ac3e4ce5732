"""Question wordings about times, and questions about one person to be answered by yes or no."""

TIME = """
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

FIRST = """
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

LAST = """
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

DURATION = """
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

IS_PLACE = """
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

IS_COLOUR = """
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

IS_ACTION = """
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
Does {n} {do}?
Does {n} {do} in {v}?
Does {n} ever {do}?
Did {n} {do}?
Did {n} {do} in {v}?
Do you see {n} {do}?
Do we ever see {n} {do}?
Can you see {n} {do} in {v}?
Can you tell me if {n} does {do}?
Does she {do}?
Is she {act}?
Is he {act} there?
"""
