"""Backups: one file with the database, the mails that were written into a folder, and what was in it, to be checked before it is trusted.

Secret and signing keys are never in it. Nothing here runs beside requests: commands call it before any event loop does.
"""

from app.backup.archive import Manifest
from app.backup.faults import BackupRefused
from app.backup.making import Made, back_up
from app.backup.restoring import Restored, restore

__all__ = ["BackupRefused", "Made", "Manifest", "Restored", "back_up", "restore"]
