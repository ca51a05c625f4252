"""Marks for tests (or `pytestmark`) that make sense on one engine only; without one, a test runs on both."""

import pytest

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
