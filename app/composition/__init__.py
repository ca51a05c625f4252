"""The composition root: the only place that wires parts together. The server and the commands start from here."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app import USUAL_GC_THRESHOLD
from app.clock import Clock, SystemClock
from app.composition.entrance import Entrance, wire_entrance
from app.composition.ground import Ground, open_ground
from app.composition.office import Office, wire_office
from app.composition.own_account import OwnAccount, wire_own_account
from app.composition.tools import wire_tools
from app.composition.upkeep import Upkeep, wire_upkeep
from app.letters.press import LetterPress
from app.mail.senders import MailSender
from app.push.senders import PushSender
from app.settings import Settings


@dataclass(frozen=True)
class Campus(Upkeep, Office, OwnAccount, Entrance, Ground):
    """Every part of a running product, wired."""


@asynccontextmanager
async def open_campus(
    settings: Settings,
    *,
    clock: Clock | None = None,
    mail_sender: MailSender | None = None,
    push_sender: PushSender | None = None,
    letter_press: LetterPress | None = None,
) -> AsyncIterator[Campus]:
    """All parts over one database, closed at the end.

    Raises:
        ValueError: a signing key that cannot be used.
        Overloaded: in development, where the signing key lies in the database and that is gone.
    """
    async with open_ground(settings, clock or SystemClock(), mail_sender, push_sender, letter_press) as ground:
        tools = wire_tools(ground)
        rooms = (ground, *(wire(ground, tools) for wire in (wire_entrance, wire_own_account, wire_office, wire_upkeep)))
        campus = Campus(**{name: part for room in rooms for name, part in vars(room).items()})
        gc.set_threshold(*USUAL_GC_THRESHOLD)
        yield campus
