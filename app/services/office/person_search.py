"""Finding people of a roster by whatever somebody at the counter or on the phone says of himself."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, or_

from app.models import Account, Person
from app.text import fold, fold_address, search_words


def is_found_by(q: str) -> ColumnElement[bool]:
    """SQL: the `Person` row is meant by `q`.

    Each word of `q` begins a word of the name (case, accents and order do not matter), or `q` is exactly the student number, the
    sourced id, the id, or the address on record.
    """
    exact = q.strip()
    ways = [Person.student_number == exact, Person.sourced_id == exact, Person.id == uuid_or_none(exact)]
    if words := search_words(q).split():
        ways.append(and_(*(_begins_a_word_of_name(word) for word in words)))
    if "@" in exact:
        ways += [Person.email == exact, func.lower(Person.email) == fold_address(exact)]
    return or_(*ways)


def has_account_found_by(q: str) -> ColumnElement[bool]:
    """SQL: `q` is the beginning of the username of the `Account` row, its id, or its recovery address."""
    exact = q.strip()
    ways = [Account.username_folded.startswith(fold(q), autoescape=True), Account.id == uuid_or_none(exact)]
    if "@" in exact:
        folded = fold_address(exact)
        ways += [Account.recovery_email_folded == folded, func.lower(Account.unconfirmed_recovery_email) == folded]
    return or_(*ways)


def comes_after(place: tuple[Any, Any], name_words: Any, row_id: UUID) -> ColumnElement[bool]:
    """SQL: the columns `place` (folded name, id) stand after the row that a page ended with.

    `name_words` is a scalar query for the name of that row: a cursor that held it would tell it.
    """
    name, identity = place
    return or_(name > name_words, and_(name == name_words, identity > row_id))


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _begins_a_word_of_name(word: str) -> ColumnElement[bool]:
    return (literal(" ") + Person.name_words).contains(f" {word}", autoescape=True)
