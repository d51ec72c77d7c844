"""``python -m upshot.cli``: the command line without an installed script."""

import sys

from upshot.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
