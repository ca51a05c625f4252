"""The three doors of a district."""

from enum import StrEnum


class Portal(StrEnum):
    PARENT = "parent"
    STUDENT = "student"
    STAFF = "staff"
