"""Where a key is turned into an account: the page that mails and letters lead to."""

from urllib.parse import quote

from app.services.districts import OpenDistrict


def activation_page(district: OpenDistrict, public_url: str) -> str:
    """The page without a key."""
    return f"{district.base_url(public_url)}/activate?district={quote(district.id)}"


def activation_link(district: OpenDistrict, public_url: str, activation_key: str) -> str:
    """The same with the key, in the fragment: browsers send that to no server, so it stands in no log."""
    return f"{activation_page(district, public_url)}#key={activation_key}"
