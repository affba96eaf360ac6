"""What the doctor says of keys and of the identity provider."""

import os
import subprocess
import sys

import pytest

from tests.sign_in.conftest import issuer  # noqa: F401


@pytest.fixture
def doctor(separate_services):
    url = separate_services.settings.required_database_url()

    def run(**settings: str | None) -> subprocess.CompletedProcess[str]:
        given = {**os.environ, "SIMEDSOS_DATABASE_URL": url, **settings}
        return subprocess.run(
            [sys.executable, "-c", "from app.cli import main; main()", "doctor"],
            env={name: value for name, value in given.items() if value is not None},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


async def test_a_sound_set_up_is_called_sound(doctor):
    said = doctor()
    assert said.returncode == 0, said.stdout
    assert "NIPs: keys are set." in said.stdout
    assert "no identity provider, links only" in said.stdout


async def test_keys_that_are_missing_or_half_set_are_named(doctor):
    said = doctor(SIMEDSOS_REGISTRY_KEYS=None, SIMEDSOS_LOOKUP_KEY=None)
    assert (said.returncode, "set SIMEDSOS_REGISTRY_KEYS and" in said.stdout) == (1, True)
    half = doctor(SIMEDSOS_LOOKUP_KEY=None)
    assert (half.returncode, "SIMEDSOS_LOOKUP_KEY" in half.stderr) == (1, True)


async def test_a_provider_is_asked(doctor, issuer):  # noqa: F811
    asked = {
        "SIMEDSOS_OIDC_ISSUER": issuer.address,
        "SIMEDSOS_OIDC_AUDIENCE": "x",
        "SIMEDSOS_OIDC_TENANT": "sumsel",
    }
    assert "its keys are usable" in doctor(**asked).stdout
    issuer.named = "https://masuk.example"
    refused = doctor(**asked)
    assert (refused.returncode, "compare" in refused.stdout) == (1, True)
