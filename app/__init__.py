"""Campus Accounts: the account side of a K-12 portal, for many school districts at once."""

__version__ = "0.1.0"
