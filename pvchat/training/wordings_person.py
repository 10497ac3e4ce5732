"""Question wordings about how one person looks, acts and stands; slots as in `wordings`."""

EXISTENCE = """
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

APPEARANCE = """
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

UPPER = """
What colour is {n}'s {up}?
What color is {n}'s {up}?
What colour is {n}'s {up} in {v}?
What color {up} is {n} wearing?
What colour {up} is {n} wearing in {v}?
Which colour is {n}'s {up}?
Which color {up} does {n} wear?
What {up} is {n} wearing?
What {up} does {n} have on?
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

LOWER = """
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

ACTION = """
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

LOCATION = """
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

DISTANCE = """
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
