"""The command line: one command per verb, each in a file of its name. `main` is the script's entry point."""

from app.cli.run import main

__all__ = ["main"]
