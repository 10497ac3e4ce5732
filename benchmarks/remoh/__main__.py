"""`python -m benchmarks.remoh`."""

import sys

from benchmarks.remoh.run import main

sys.exit(main())
