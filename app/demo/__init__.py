"""Demo data: five districts shaped like those of the districts' documents, small enough to read, whole enough to try every flow."""

from app.demo.fill import DemoSummary, fill_demo

__all__ = ["DemoSummary", "fill_demo"]
