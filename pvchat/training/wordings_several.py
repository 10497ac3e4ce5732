"""Question wordings about several people: how many, which, and how they stand to each other."""

COUNT = """
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

COUNT_NAMED = """
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

RELATION = """
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

ORDER = """
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

TOGETHER = """
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

EARLIER = """
Who appears first, {a} or {b}?
Who appears first in {v}, {a} or {b}?
Who appears earlier, {a} or {b}?
Who is seen first, {a} or {b}?
Who is seen first in {v}, {a} or {b}?
Who is seen earlier, {a} or {b}?
Who is first, {a} or {b}?
Who is first in {v}, {a} or {b}?
Who is there first, {a} or {b}?
Who is the first to appear, {a} or {b}?
Who is the first to be seen, {a} or {b}?
Who comes first, {a} or {b}?
Who comes in first, {a} or {b}?
Who comes first in {v}, {a} or {b}?
Who shows up first, {a} or {b}?
Who shows up first in {v}, {a} or {b}?
Who shows up earlier, {a} or {b}?
Who arrives first, {a} or {b}?
Who do we see first, {a} or {b}?
Who do you see first in {v}, {a} or {b}?
Who can be seen first, {a} or {b}?
Who of {a} and {b} appears first?
Who of {a} and {b} is seen first in {v}?
Which of {a} and {b} appears first?
Which of {a} and {b} is seen earlier?
Which of {a} and {b} do we see first in {v}?
Which one appears first, {a} or {b}?
Which one is seen earlier in {v}, {a} or {b}?
Is {a} or {b} seen first?
Is it {a} or {b} who appears first?
Is it {a} or {b} that we see first in {v}?
Does {a} or {b} appear first?
Does {a} or {b} show up earlier in {v}?
Tell me who appears first, {a} or {b}.
Tell me which of {a} and {b} appears first.
Can you tell who is seen first, {a} or {b}?
Can you tell me who appears first in {v}, {a} or {b}?
Could you say who is there first, {a} or {b}?
Please tell me who comes first, {a} or {b}.
In {v}, who appears first, {a} or {b}?
"""

BOTH = """
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

EITHER = """
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

WHICH = """
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
