"""Kotlin and Swift as `openapi-generator-cli` writes them: classes of our names and no others, and types that mean what they say.

They are read, not compiled: neither compiler comes from where this project may install.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT: Mapping[str, Any] = json.loads((ROOT / "openapi" / "openapi.json").read_text(encoding="utf-8"))
SCHEMAS: Mapping[str, Mapping[str, Any]] = DOCUMENT["components"]["schemas"]
NO_TESTS_OR_PAGES = "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"
# Of 3.1 in general, and of a body that is a file.
KNOWN_WARNINGS = (
    "OpenAPI 3.1 support is still in beta",
    "Failed to get the schema name: null",
    # Within their own models: `type` is WebAuthn's word, `error` is OAuth's.
    "Type (reserved word) cannot be used as model name",
    "Error (reserved word) cannot be used as model name",
)


@dataclass(frozen=True)
class Language:
    name: str
    ending: str
    models: str
    apis: str
    function: str
    """How an operation is declared."""
    field: str
    """How a field is declared, with its name and its type."""
    types: Mapping[str, str]
    """By format."""
    unknown: str
    """The value of an enumeration that this version does not know."""


KOTLIN = Language(
    name="kotlin",
    ending=".kt",
    models="src/main/kotlin/org/example/campus/models",
    apis="src/main/kotlin/org/example/campus/apis",
    function=r"suspend fun ([^ (]+)\(",
    field=r"^    val (\S+): ([^\s?,]+)",
    types={"date-time": "java.time.OffsetDateTime", "date": "java.time.LocalDate", "uuid": "java.util.UUID"},
    unknown="unknown_default_open_api",
)
SWIFT = Language(
    name="swift",
    ending=".swift",
    models="Sources/CampusClient/Models",
    apis="Sources/CampusClient/APIs",
    function=r"open class func ([^ (]+)\((?!.*RequestBuilder<)",
    field=r"^    public var (\S+): ([^\s?]+)(?!.*\{)",
    types={"date-time": "Date", "date": "OpenAPIDateWithoutTime", "uuid": "UUID"},
    unknown="unknownDefaultOpenApi",
)


@dataclass(frozen=True)
class Client:
    language: Language
    folder: Path
    log: str

    def models(self) -> Mapping[str, str]:
        """The source of each class, by the name of its file."""
        return self._files(self.language.models)

    def apis(self) -> Mapping[str, str]:
        return self._files(self.language.apis)

    def _files(self, below: str) -> Mapping[str, str]:
        files = (self.folder / below).glob(f"*{self.language.ending}")
        return {file.stem: file.read_text(encoding="utf-8") for file in files}


@pytest.fixture(scope="module", params=[KOTLIN, SWIFT], ids=["kotlin", "swift"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Client:
    language: Language = request.param
    folder = tmp_path_factory.mktemp(language.name)
    generator = Path(sys.executable).with_name("openapi-generator-cli")
    words = ["generate", "-c", f"openapi/{language.name}.yaml", "-i", "openapi/openapi.json", "-o", str(folder)]
    done = subprocess.run(  # noqa: S603  # our own words
        [generator, *words, "--global-property", NO_TESTS_OR_PAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Client(language, folder, done.stdout + done.stderr)


def test_the_generator_has_nothing_to_complain_about(client: Client) -> None:
    complaints = [line for line in client.log.splitlines() if " WARN " in line or " ERROR " in line]
    assert [line for line in complaints if not any(known in line for known in KNOWN_WARNINGS)] == []


def test_there_is_a_class_for_each_schema_and_none_that_has_no_name(client: Client) -> None:
    assert set(client.models()) == set(SCHEMAS)


def test_every_operation_is_a_function_of_its_name(client: Client) -> None:
    functions = [name for source in client.apis().values() for name in re.findall(client.language.function, source)]
    operations = [one["operationId"] for path in DOCUMENT["paths"].values() for one in path.values()]
    assert sorted(functions) == sorted(operations)
    assert len(client.apis()) == len(DOCUMENT["tags"])


def test_every_field_has_its_own_name(client: Client) -> None:
    """In camel case, without what a generator puts before a word that it thinks reserved."""
    for name, source in client.models().items():
        fields = [field.strip("`") for field, _ in re.findall(client.language.field, source, re.MULTILINE)]
        assert sorted(fields) == sorted(map(camel_case, SCHEMAS[name].get("properties", {}))), name


def test_moments_days_and_ids_have_types_of_their_own(client: Client) -> None:
    for name, field, kind in fields_with_format():
        types = dict(re.findall(client.language.field, client.models()[name], re.MULTILINE))
        assert types[camel_case(field)] == client.language.types[kind], (name, field)


def test_an_enumeration_may_get_new_values(client: Client) -> None:
    for name, schema in SCHEMAS.items():
        if "enum" in schema:
            assert client.language.unknown in client.models()[name], name


def fields_with_format() -> Iterator[tuple[str, str, str]]:
    for name, schema in SCHEMAS.items():
        for field, below in schema.get("properties", {}).items():
            if below.get("format") in KOTLIN.types:
                yield name, field, below["format"]


def camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
