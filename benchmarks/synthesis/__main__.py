"""`python -m benchmarks.synthesis`."""

import sys

from benchmarks.synthesis.run import main

if __name__ == "__main__":
    sys.exit(main())
