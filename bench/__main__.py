"""`python -m bench`: speed and size of the engine."""

import sys

from bench.index.table import main

sys.exit(main(sys.argv[1:]))
