"""Make the sample report in docs/: a real job of default size about the man of the carphone clip.

    python -m benchmarks.enroll.sample_report --out docs/sample-report.html

Carphone is a public test sequence, and so is what else is shown: nobody who is not on these media gets into the page.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.enroll.household import Household
from pipelines.enroll.options import QUICK, JobOptions
from pvchat import weights
from pvchat.errors import PVChatError

NAME = "Carphone"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job and write its report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.enroll.sample_report", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the page is written")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs")
    parser.add_argument("--work", type=Path, metavar="DIR", help="where the data folder is made (default: temporary)")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        work: Path = options.work or Path(stack.enter_context(TemporaryDirectory(prefix="sample-report-")))
        try:
            clip, other = weights.path("demo-carphone"), weights.path("demo-bikes")
            with Household(work.resolve() / "home", say=_say) as folder:
                folder.ask_about([other])
                enrolled = folder.enroll(NAME, clip, QUICK if options.quick else JobOptions())
        except PVChatError as error:
            _say(str(error))
            return error.exit_code
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(enrolled.report, encoding="utf-8")
    _say(f"{options.out}: {options.out.stat().st_size / 1e3:.0f} kB, {enrolled.result}")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
