"""`python -m benchmarks.enroll`."""

import sys

from benchmarks.enroll.run import main

sys.exit(main())
