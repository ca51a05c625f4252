"""Families with children in two districts: linking, switching, devices."""
