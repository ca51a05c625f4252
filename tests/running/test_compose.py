"""compose.yaml of examples/running, read as far as that goes without a container engine."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import load_settings, unknown_variables
from tests.support.shell import Shell

RUNNING = Path(__file__).resolve().parents[2] / "examples" / "running"
OURS = ("migrate", "server", "worker")


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((RUNNING / "compose.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", OURS)
def test_each_of_our_services_runs_a_command_that_is_there(compose: Any, name: str, tmp_path: Path) -> None:
    assert "Usage" in Shell(tmp_path).campus(compose["services"][name]["command"][0], "--help")


@pytest.mark.parametrize("name", OURS)
def test_settings_are_ours_and_each_secret_is_given(compose: Any, name: str, tmp_path: Path) -> None:
    service = compose["services"][name]
    files = {
        variable: path for variable, path in service["environment"].items() if str(path).startswith("/run/secrets/")
    }

    assert unknown_variables(service["environment"]) == []
    assert {Path(path).name for path in files.values()} == set(service["secrets"]) <= set(compose["secrets"])
    (tmp_path / "database-url").write_text("postgresql://campus:secret@database/campus")
    (tmp_path / "secret-keys").write_text("x" * 48)
    (tmp_path / "signing-keys").write_text("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n")
    given = {**service["environment"], **{name: str(tmp_path / Path(path).name) for name, path in files.items()}}
    settings = load_settings(given)
    assert {str(network) for network in settings.trusted_proxies} == {
        f"{compose['services']['proxy']['networks']['default']['ipv4_address']}/32"
    }


def test_files_that_are_mounted_are_committed_or_said_to_be_the_operators(compose: Any) -> None:
    mounted = [line.partition(":")[0] for line in compose["services"]["proxy"]["volumes"]]
    missing = [path for path in mounted if not (RUNNING / path).exists()]
    assert missing == ["./certificates"]
    assert "certificates" in (RUNNING / "README.md").read_text(encoding="utf-8")


def test_whoever_is_waited_for_is_there_and_can_tell(compose: Any) -> None:
    services = compose["services"]
    for service in services.values():
        waits = service.get("depends_on", {})
        for name, how in waits.items() if isinstance(waits, dict) else ((name, {}) for name in waits):
            assert name in services
            assert how.get("condition") != "service_healthy" or "healthcheck" in services[name]
