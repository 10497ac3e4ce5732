"""Entry point of `python -m benchmarks.people`."""

from benchmarks.people.run import main

if __name__ == "__main__":
    raise SystemExit(main())
