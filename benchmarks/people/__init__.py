"""How well, and how fast, people are found and described: `python -m benchmarks.people`."""
