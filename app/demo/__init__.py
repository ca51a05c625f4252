"""Demo data: five districts shaped like those of the districts' documents, small enough to read, whole enough to try every flow."""

from app.demo.districts import TOTP_SECRET
from app.demo.fill import DemoSummary, fill_demo

__all__ = ["TOTP_SECRET", "DemoSummary", "fill_demo"]
