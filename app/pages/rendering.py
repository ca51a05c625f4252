"""The templates of the built-in pages, in somebody's language."""

from functools import cache
from typing import TYPE_CHECKING

from app.translation import NAMES, Translator

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, words: Translator, **values: object) -> str:
    """The page as HTML. Whatever is put into a template is escaped; what a template lacks is an error."""
    page = _environment().get_template(template)
    return page.render(_=words.text, lang=words.tag, dir=words.direction, languages=NAMES, **values)


@cache
def _environment() -> "Environment":
    from jinja2 import (  # noqa: PLC0415  # slow to import, and apps never ask for a page
        Environment,
        PackageLoader,
        StrictUndefined,
    )

    return Environment(
        loader=PackageLoader("app.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
