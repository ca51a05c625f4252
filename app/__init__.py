"""Campus Accounts: the account side of a K-12 portal, for many school districts at once."""

import gc

__version__ = "0.1.0"

# Almost nothing of what is made while modules are imported is garbage; searching for it took a quarter of the time to start.
# Who opens the product (app/composition) goes back to what was usual.
USUAL_GC_THRESHOLD = gc.get_threshold()
gc.set_threshold(100_000, 10, 10)
