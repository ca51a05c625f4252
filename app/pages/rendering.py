"""The templates of the built-in pages, in somebody's language."""

from collections.abc import Mapping
from functools import cache

from babel import Locale
from jinja2 import Environment, PackageLoader, StrictUndefined

from app.translation import LANGUAGES, Translator


def render(template: str, words: Translator, **values: object) -> str:
    """The page as HTML. Whatever is put into a template is escaped; what a template lacks is an error."""
    page = _environment().get_template(template)
    return page.render(_=words.text, lang=words.tag, dir=words.direction, languages=_language_names(), **values)


@cache
def _language_names() -> Mapping[str, str]:
    """Each language as those call it who speak it."""
    return {tag: (Locale.parse(tag, sep="-").get_display_name() or tag).capitalize() for tag in LANGUAGES}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("app.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
