"""Question wordings about the hair of one person, and what the clothes are beside their colours."""

HAIR = """
What colour is {n}'s hair?
What color is {n}'s hair?
What colour is {n}'s hair in {v}?
What colour of hair does {n} have?
What color hair does {n} have in {v}?
What is {n}'s hair colour?
What is the colour of {n}'s hair?
Which hair colour does {n} have?
Is {n}'s hair dark or fair?
Tell me what colour {n}'s hair is.
Can you tell the colour of {n}'s hair?
I'd like to know {n}'s hair colour.
In {v}, what colour is {n}'s hair?
How long is {n}'s hair?
How long is {n}'s hair in {v}?
Could you say how long {n}'s hair is?
Is {n}'s hair long or short?
What kind of hair does {n} have?
What sort of hair has {n} got?
How does {n} wear their hair?
What does {n}'s hair look like?
How does {n}'s hair look in {v}?
What is {n}'s hair like?
Describe {n}'s hair.
Describe the hair of {n} in {v}.
Tell me about {n}'s hair.
Tell me what {n}'s hair is like.
Can you describe {n}'s hair?
Could you tell me what {n}'s hair looks like?
Do you see what hair {n} has?
What can you say about {n}'s hair?
What do you see of {n}'s hair?
Give me a description of {n}'s hair.
Please describe {n}'s hair.
Please tell me about {n}'s hair in {v}.
What hairstyle does {n} have?
In {v}, what is {n}'s hair like?
What colour is her hair?
What is his hair like?
And the hair?
How long is her hair?
Describe his hair.
"""

IS_HAIR = """
Does {n} have {h} hair?
Does {n} have {h} hair in {v}?
Is {n}'s hair {h}?
Is {n}'s hair {h} in {v}?
Has {n} got {h} hair?
Is {n} the one with {h} hair?
Is {n} the person with {h} hair?
Is the person with the {h} hair {n}?
Is the hair of {n} {h}?
Was {n}'s hair {h}?
Did {n} have {h} hair?
Did {n} have {h} hair in {v}?
Do you see {n} with {h} hair?
Do we see {n} with {h} hair?
Do you think {n} has {h} hair?
Does {v} show {n} with {h} hair?
Does {n} wear {h} hair?
Can you see {h} hair on {n}?
Can you see whether {n} has {h} hair?
Can you confirm that {n} has {h} hair?
Can you tell if {n}'s hair is {h}?
Can you tell me whether {n} has {h} hair?
Could you check whether {n}'s hair is {h}?
Could you tell me if {n} has {h} hair?
Could it be that {n} has {h} hair?
Tell me whether {n} has {h} hair.
Tell me if {n}'s hair is {h}.
Tell me if {n} has {h} hair in {v}.
Check if {n} has {h} hair.
Please check whether {n} has {h} hair.
Please tell me if {n}'s hair is {h}.
Would you say {n}'s hair is {h}?
Would you say {n} has {h} hair?
I think {n} has {h} hair. Is that so?
In {v}, is {n}'s hair {h}?
In {v}, does {n} have {h} hair?
{n} has {h} hair, is that true?
{n} has {h} hair, yes or no?
Is her hair {h}?
Does he have {h} hair?
Has she got {h} hair?
"""

GARMENT = """
What kind of garment is {n} wearing?
What kind of garment is {n} wearing in {v}?
What garment does {n} wear?
What garment is {n} wearing on top?
Which garment does {n} have on in {v}?
What kind of {up} does {n} have on?
What kind of {up} does {n} wear?
What kind of {up} is {n} wearing?
What kind of {up} is {n} wearing in {v}?
What kind of {up} is that on {n}?
What sort of {up} does {n} have on?
What sort of {up} is {n} wearing?
What sort of garment has {n} got on?
What type of {up} does {n} wear?
What type of garment is {n} in?
Which kind of {up} is {n} wearing?
Which type of garment does {n} wear in {v}?
In which kind of {up} do we see {n}?
In what sort of garment is {n}?
By which garment can I recognise {n}?
Describe the garment {n} is wearing.
Describe the garment {n} has on in {v}.
Describe the kind of {up} {n} is wearing.
Tell me which garment {n} is wearing.
Tell me what kind of {up} {n} wears.
Tell me what sort of {up} {n} has on in {v}.
Can you tell what kind of {up} {n} is wearing?
Can you describe the garment on {n}?
Could you tell me what garment {n} has on?
Could you say what type of {up} {n} is wearing?
Do you know what sort of {up} {n} has on?
Do you see which garment {n} wears?
Is {n} wearing a suit or a sweater?
Is {n} in a dress or in a suit?
Name the garment {n} is wearing.
Please describe {n}'s garment.
Please tell me what kind of {up} {n} is wearing.
In {v}, what kind of {up} does {n} have on?
What garment is she wearing?
What kind of {up} does he wear?
And what sort of {up} is it?
"""

IS_GARMENT = """
Is {n} wearing {g}?
Is {n} wearing {g} in {v}?
Is {n} in {g}?
Is {n} dressed in {g}?
Is {n} the one in {g}?
Is {n} the person wearing {g}?
Was {n} wearing {g}?
Does {n} wear {g}?
Does {n} wear {g} in {v}?
Does {n} have {g} on?
Do you see {n} in {g}?
Do we see {n} wearing {g}?
Can {n} be seen in {g}?
Can you confirm that {n} wears {g}?
Can you tell me if {n} is wearing {g}?
Could you check whether {n} is wearing {g}?
Tell me whether {n} is wearing {g}.
Tell me if {n} has {g} on in {v}.
Check if {n} is wearing {g}.
Please check whether {n} wears {g}.
Would you say {n} is wearing {g}?
I think {n} is wearing {g}. Is that so?
In {v}, is {n} wearing {g}?
Has {n} got {g} on?
Is {n}'s {up} {p}?
Is {n}'s {up} {p} in {v}?
Is {n} wearing a {p} {up}?
Is {n} wearing a {p} {up} in {v}?
Is the {up} {n} is wearing {p}?
Was {n}'s {up} {p}?
Does {n} wear a {p} {up}?
Does {n} have a {p} {up} on?
Does {n}'s {up} have a pattern?
Does {n}'s {up} have stripes?
Is there a pattern on {n}'s {up}?
Is there any pattern on {n}'s clothes?
Can you see a pattern on {n}'s {up}?
Can you tell if {n}'s {up} is {p}?
Could you tell me whether {n}'s {up} is {p}?
Tell me if {n}'s {up} is {p}.
Please check whether {n}'s {up} is {p}.
Would you say {n}'s {up} is {p}?
In {v}, is {n}'s {up} {p}?
Is she wearing {g}?
Does he wear {g}?
Is his {up} {p}?
Does her {up} have a pattern?
"""

PATTERN = """
What pattern does {n}'s {up} have?
What pattern does {n}'s {up} have in {v}?
What pattern is on {n}'s {up}?
What pattern is {n} wearing?
What pattern do you see on {n}'s {up}?
What pattern can you see on {n}'s clothes?
What is the pattern of {n}'s {up}?
What is the pattern on {n}'s {up} in {v}?
What kind of pattern is on {n}'s {up}?
What kind of pattern does {n}'s {up} have?
What sort of pattern does {n} wear?
What sort of pattern is that on {n}'s {up}?
Which pattern does {n}'s {up} have in {v}?
Which pattern is on {n}'s {up}?
Which pattern is {n} wearing?
Is {n}'s {up} plain or patterned?
Is {n}'s {up} plain or striped?
Is {n}'s {up} striped or checked?
Is {n}'s {up} checked, striped or plain?
Is {n} wearing a plain or a striped {up}?
Describe the pattern of {n}'s {up}.
Describe the pattern on {n}'s clothes.
Describe the pattern {n} is wearing in {v}.
Tell me about the pattern on {n}'s {up}.
Tell me what pattern {n}'s {up} has.
Tell me which pattern {n} wears.
Can you describe the pattern of {n}'s {up}?
Can you tell me the pattern on {n}'s {up}?
Can you say whether {n}'s {up} is plain or patterned?
Could you tell me which pattern {n}'s {up} has?
Could you describe the pattern on {n}'s {up}?
Do you see which pattern {n}'s {up} has?
Do you know what pattern {n} is wearing?
Name the pattern of {n}'s {up}.
By pattern, what is {n}'s {up} like?
I'd like to know the pattern of {n}'s {up}.
Please describe the pattern of {n}'s {up}.
In {v}, which pattern does {n}'s {up} have?
What pattern does her {up} have?
Is his {up} plain or striped?
And which pattern is it?
"""
