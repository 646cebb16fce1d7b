"""`python -m retention_ledger` is the command `retention-ledger`."""

import sys

from retention_ledger.cli import main

sys.exit(main())
