"""Settings from the environment and from mounted files; secrets are never shown."""

from typing import Any

import pytest
from pydantic import SecretStr

from app.settings import SecretsFolderMissing, Settings, settings_from

SECRET = "rahasia-sekali"


def test_a_file_brings_a_secret_and_the_environment_goes_first(tmp_path, monkeypatch):
    (tmp_path / "simedsos_smtp_password").write_text(f"{SECRET}\n")
    (tmp_path / "simedsos_token_keys").write_text("of the file")
    monkeypatch.setenv("SIMEDSOS_TOKEN_KEYS", "of the environment")
    found = settings_from(str(tmp_path))
    assert found.smtp_password is not None
    assert found.smtp_password.get_secret_value() == SECRET
    assert found.token_keys is not None
    assert found.token_keys.get_secret_value() == "of the environment"


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(SecretsFolderMissing, match="SIMEDSOS_SECRETS_DIR"):
        settings_from(str(tmp_path / "none"))


def test_no_secret_is_shown():
    secret: dict[str, Any] = {
        name: SecretStr(SECRET)
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    assert len(secret) > 15
    shown = Settings(**secret)
    for told in (repr(shown), str(shown), shown.model_dump_json(), str(shown.model_dump())):
        assert SECRET not in told


def test_whatever_sounds_secret_is_a_secret():
    for name, field in Settings.model_fields.items():
        if name.endswith(("_secret", "_password", "_token", "_keys", "_key", "_database_url")):
            assert "SecretStr" in str(field.annotation), name
