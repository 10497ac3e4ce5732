"""Question wordings about posture and hands of one person, who talks to whom, and where it is."""

POSTURE = """
Is {n} sitting or standing?
Is {n} standing or sitting?
Is {n} sitting or standing in {v}?
Does {n} sit or stand?
Does {n} stand, sit or lie?
Does {n} sit or stand in {v}?
Is {n} sitting, standing or lying?
Is {n} lying or sitting?
What is {n}'s posture?
What is {n}'s posture in {v}?
What posture is {n} in?
In what posture is {n}?
In which posture do we see {n}?
Which posture does {n} have?
Describe {n}'s posture.
Describe the posture of {n} in {v}.
Tell me {n}'s posture.
Tell me whether {n} is sitting or standing.
Tell me if {n} sits or stands.
Can you tell whether {n} is sitting or standing?
Can you describe {n}'s posture?
Could you say if {n} is standing or lying?
Do you see {n} sitting or standing?
How does {n} hold their body?
Is {n} on their feet?
Is {n} on their feet in {v}?
Sitting or standing, what about {n}?
Please describe {n}'s posture.
I'd like to know if {n} is sitting or standing.
Was {n} sitting or standing?
Is she sitting or standing?
Is he standing or lying?
What posture does {n} take?
What posture do you see {n} in?
What can you say about {n}'s posture?
How would you describe {n}'s posture in {v}?
Do we see {n} standing or lying down?
In {v}, is {n} sitting or standing?
Please tell me whether {n} is sitting or standing.
What is her posture?
And is he sitting or standing?
"""

HANDS = """
What is {n} doing with their hands?
What is {n} doing with the hands?
What does {n} do with their hands?
What does {n} do with the hands in {v}?
What are {n}'s hands doing?
What are {n}'s hands doing in {v}?
What do {n}'s hands do?
What happens with {n}'s hands?
What can you say about {n}'s hands?
What gestures does {n} make?
What gesture does {n} make in {v}?
Which gestures do you see {n} make?
What gestures are made by {n}?
How does {n} use their hands?
How does {n} move the hands?
How are {n}'s hands moving?
Describe what {n}'s hands do.
Describe {n}'s hands.
Describe what {n} does with the hands in {v}.
Tell me what {n} does with the hands.
Tell me about {n}'s hands.
Can you tell what {n} does with the hands?
Can you describe what {n}'s hands are doing?
Could you tell me what {n} is doing with the hands?
Do you see what {n}'s hands do?
Is {n} using the hands?
Is {n} doing something with the hands?
Are {n}'s hands doing anything?
Please describe what {n}'s hands are doing.
In {v}, what are {n}'s hands doing?
What gestures do you see {n} make in {v}?
What kind of gestures does {n} make?
Does {n} make any gestures?
Does {n} do anything with the hands?
Please tell me what {n} does with the hands.
What do you see of {n}'s hands?
What is happening with {n}'s hands?
What is she doing with her hands?
What are his hands doing?
And the hands?
What does he do with his hands?
"""

TALKS = """
Is {a} talking to {b}?
Is {a} talking to {b} in {v}?
Is {a} talking with {b}?
Is {a} speaking to {b}?
Is {a} speaking with {b} in {v}?
Is {a} seen talking to {b}?
Was {a} talking to {b}?
Was {a} speaking with {b}?
Does {a} talk to {b}?
Does {a} talk to {b} in {v}?
Does {a} talk with {b}?
Does {a} speak to {b}?
Does {a} ever talk to {b}?
Did {a} talk to {b}?
Did {a} speak with {b} in {v}?
Do {a} and {b} talk to each other?
Do {a} and {b} talk to each other in {v}?
Do {a} and {b} talk with each other?
Do {a} and {b} speak to each other?
Do {a} and {b} speak with one another?
Do you see {a} talking to {b}?
Do we see {a} talking with {b}?
Are {a} and {b} talking to each other?
Are {a} and {b} talking to one another?
Are {a} and {b} talking with each other in {v}?
Are {a} and {b} speaking to each other?
Are {a} and {b} seen talking to each other?
Were {a} and {b} talking to each other?
Were {a} and {b} speaking with one another?
Can you see {a} talking to {b}?
Can you tell if {a} is talking to {b}?
Can you tell me whether {a} and {b} talk to each other?
Can {a} be seen talking to {b}?
Could you check whether {a} is talking to {b}?
Could you tell me if {a} and {b} are talking to each other?
Tell me whether {a} is talking to {b}.
Tell me if {a} and {b} talk to each other.
Check if {a} is speaking to {b}.
Please check whether {a} talks to {b}.
Would you say {a} is talking to {b}?
I think {a} is talking to {b}. Is that so?
In {v}, is {a} talking to {b}?
"""

SETTING = """
Where was {v} filmed?
Where was {v} shot?
Where was {v} recorded?
Where was {v} taken?
Where was this filmed?
Where was that filmed?
Where was it filmed?
Where was it recorded?
Where is this set?
Where is it set?
Where does this take place?
Where does it take place?
Where does all this happen?
Where has this been filmed?
What kind of place is this?
What kind of place is it?
What kind of place is that in {v}?
What kind of place do we see?
What kind of place does {v} show?
What kind of setting is this?
What kind of location is it?
What kind of background is there?
What sort of place is this?
What sort of place does {v} show?
What sort of setting do you see?
What type of place is shown?
What type of setting is {v} in?
What is the setting?
What is the setting of {v}?
What place is this?
What place is shown in {v}?
What is in the background?
What is there in the background?
What else is in the background?
What do you see in the background?
What can be seen in the background of {v}?
What are the surroundings?
What are the surroundings like in {v}?
What things do you see?
What things are there in {v}?
What things can be seen?
What objects are there?
What objects do you see in {v}?
Which objects can be seen?
Which things does {v} show?
Describe the setting.
Describe the surroundings.
Describe the scenery in {v}.
Describe the setting of {v}.
Tell me about the setting.
Tell me where {v} was filmed.
Tell me what kind of place this is.
Can you tell where {v} was filmed?
Can you tell what kind of place it is?
Can you describe the surroundings?
Could you say where this was filmed?
Could you tell me what kind of place we see?
Do you know where {v} was recorded?
Do you see what kind of place this is?
Please describe the setting.
Please tell me where this was filmed.
I'd like to know where {v} was filmed.
In {v}, what kind of place do we see?
"""
