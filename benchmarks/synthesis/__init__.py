"""How good synthesized samples are, what the gate lets through, and what mining finds."""
