"""django-allauth, headless, as its documentation sets it up for apps: sessions in the database, Argon2id with the cost that is given.

A program of its own environment: `python allauth_site.py fill NUMBER PASSWORD` makes people, gunicorn serves `application`.
"""

import os
import sys

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from psycopg.conninfo import conninfo_to_dict

BATCH = 10_000


class Argon2(Argon2PasswordHasher):
    memory_cost = int(os.environ["ARGON2_MEMORY_KIB"])
    time_cost = int(os.environ["ARGON2_TIME_COST"])
    parallelism = int(os.environ["ARGON2_PARALLELISM"])


def _database(url: str) -> dict[str, object]:
    if url.startswith("sqlite"):
        options = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 60,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        }
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url.removeprefix("sqlite:///"), "OPTIONS": options}
    named = conninfo_to_dict(url)
    place = {key.upper(): str(named.pop(key, "")) for key in ("user", "password", "host", "port")}
    return {"ENGINE": "django.db.backends.postgresql", "NAME": named.pop("dbname"), **place, "OPTIONS": named}


settings.configure(
    SECRET_KEY="of a measurement, and of nothing else",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": _database(os.environ["DATABASE_URL"]) | {"CONN_MAX_AGE": None}},
    INSTALLED_APPS=[
        *("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"),
        *("allauth", "allauth.account", "allauth.headless"),
    ],
    MIDDLEWARE=[
        "django.middleware.common.CommonMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    PASSWORD_HASHERS=[f"{__name__}.Argon2"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    ACCOUNT_LOGIN_METHODS={"username"},
    ACCOUNT_SIGNUP_FIELDS=["username*", "password1*"],
    ACCOUNT_EMAIL_VERIFICATION="none",
    ACCOUNT_RATE_LIMITS=False,
    HEADLESS_ONLY=True,
    HEADLESS_CLIENTS=("app",),
    LOGGING_CONFIG=None,
)
django.setup()


def hello(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"hello": "world"})


urlpatterns = [
    path("hello", hello),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
]
application = get_wsgi_application()


def fill(people: int, password: str) -> None:
    call_command("migrate", verbosity=0)
    hashed, user = make_password(password), get_user_model()
    for start in range(0, people, BATCH):
        numbers = range(start, min(start + BATCH, people))
        user.objects.bulk_create(user(username=f"guardian{number}", password=hashed) for number in numbers)


if __name__ == "__main__":
    fill(int(sys.argv[2]), sys.argv[3])
