"""Question wordings about hair, kind of clothes, posture and hands of one person; slots as in `wordings`."""

HAIR = """
What colour is {n}'s hair?
What color is {n}'s hair?
What colour is {n}'s hair in {v}?
What colour of hair does {n} have?
What color hair does {n} have in {v}?
What is {n}'s hair colour?
What is the colour of {n}'s hair?
Which hair colour does {n} have?
What kind of hair does {n} have?
What sort of hair has {n} got?
How long is {n}'s hair?
How does {n} wear their hair?
What does {n}'s hair look like?
How does {n}'s hair look in {v}?
Describe {n}'s hair.
Describe the hair of {n} in {v}.
Tell me about {n}'s hair.
Tell me what colour {n}'s hair is.
Can you describe {n}'s hair?
Can you tell the colour of {n}'s hair?
Could you tell me what {n}'s hair looks like?
Do you see what hair {n} has?
Is {n}'s hair dark or fair?
Is {n}'s hair long?
Does {n} have long hair?
Does {n} have long hair in {v}?
Please describe {n}'s hair.
I'd like to know {n}'s hair colour.
In {v}, what colour is {n}'s hair?
What hairstyle does {n} have?
What colour is her hair?
What is his hair like?
And the hair?
How long is her hair?
"""

GARMENT = """
What kind of garment is {n} wearing?
What garment does {n} wear?
What garment is {n} wearing on top?
Which garment does {n} have on in {v}?
Is {n} wearing a suit?
Is {n} wearing a uniform in {v}?
Is {n} wearing a dress?
Is {n} in a robe?
Does {n} wear a suit?
Does {n} wear a jersey?
Is there a pattern on {n}'s {up}?
Is there any pattern on {n}'s clothes?
What pattern does {n}'s {up} have?
What pattern is on {n}'s {up}?
Which pattern does {n}'s {up} have in {v}?
Does {n}'s {up} have a pattern?
Does {n}'s {up} have stripes?
Is {n}'s {up} plain or patterned?
Is {n}'s {up} striped?
Is {n}'s {up} checked?
Is {n}'s {up} plain?
Is there a print on {n}'s {up}?
Describe the pattern of {n}'s {up}.
Describe the garment {n} is wearing.
Tell me which garment {n} is wearing.
Tell me about the pattern on {n}'s {up}.
Can you see a pattern on {n}'s {up}?
Could you tell me what garment {n} has on?
By pattern, what is {n}'s {up} like?
Please describe {n}'s garment.
What garment is she wearing?
Is his {up} striped?
Does her {up} have a pattern?
"""

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
What is she doing with her hands?
What are his hands doing?
And the hands?
What does he do with his hands?
"""
