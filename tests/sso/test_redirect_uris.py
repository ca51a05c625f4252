"""What a district may put on its list of addresses where apps take their answers."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.services.district_settings import SsoPolicy

SCHEMES = [
    "https://",
    "http://",
    "https:",
    "org.example.app:/",
    "app:/",
    "javascript:",
    "data:text/html,",
    "//",
    "file:///",
]
HOSTS = ["portal.example.org", "localhost", "127.0.0.1:5173", "evil.example.org", "user@host", "*.example.org", ""]
PATHS = ["/sso", "/", "", "/a#b", "/a?b=c", "/ a", "/\\b", "/<b>", '/"b"', "/\n", "/\u202e"]


@given(st.sampled_from(SCHEMES), st.sampled_from(HOSTS), st.sampled_from(PATHS))
def test_what_may_stand_on_the_list(scheme: str, host: str, path: str) -> None:
    """https, an app's own scheme with a dot in it, or this machine; no fragment, no user, no wildcard, nothing unprintable."""
    text = f"{scheme}{host}{path}"
    try:
        [kept] = SsoPolicy.model_validate({"redirect_uris": [text]}).redirect_uris
    except ValidationError:
        kept = ""
    if kept:
        assert kept == text
        assert kept.startswith(("https://", "http://localhost", "http://127.0.0.1", "org.example.app:/"))
        assert not set(kept) & set('#@*\\<>" \n\u202e')
        assert host or not scheme.startswith("http")
