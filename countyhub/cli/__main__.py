"""`python -m countyhub.cli`, where the command itself is not installed."""

import sys

from countyhub.cli import main

sys.exit(main())
