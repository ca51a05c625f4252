"""Campus Accounts: the account side of a K-12 portal."""
