"""`python -m benchmarks.rich`; see `benchmarks.rich.run`."""

import sys

from benchmarks.rich.run import main

if __name__ == "__main__":
    sys.exit(main())
