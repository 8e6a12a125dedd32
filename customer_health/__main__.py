"""`python -m customer_health` is the same as `customer-health`."""

import sys

from customer_health.cli import main

sys.exit(main())
