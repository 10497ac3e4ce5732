"""What a person notices, asked the way a person asks, in turns, measured."""
