"""How well a person is told from others by what is made and mined for a training."""
