"""``python -m bench.calibrate``: see ``bench.calibrate.run`` (a spawned process cannot import a ``__main__``)."""

import sys

from bench.calibrate.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
