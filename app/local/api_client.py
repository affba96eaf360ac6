"""A small client of our own API, so that the demo comes in by the door that users come in by."""

import hashlib
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any


class DemoRefused(Exception):
    """The service refused the demo."""


class ApiClient:
    """Calls the API on this machine with one key; every answer that is not a success raises."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self.token = token

    def get(self, path: str) -> Any:
        return self._send("GET", path, None, "application/json")

    def post(self, path: str, body: Any) -> Any:
        return self._send("POST", path, json.dumps(body).encode(), "application/json")

    def put(self, path: str, body: Any) -> Any:
        return self._send("PUT", path, json.dumps(body).encode(), "application/json")

    def post_once(self, path: str, body: Any) -> Any:
        """Post, or hear again what the same post was answered before."""
        content = json.dumps(body).encode()
        key = hashlib.sha256(path.encode() + b"\n" + content).hexdigest()
        return self._send("POST", path, content, "application/json", {"Idempotency-Key": key})

    def browse(self, address: str) -> None:
        """Open an address as a browser does, wherever it leads on to."""
        try:
            with urllib.request.urlopen(address, timeout=30):
                return
        except urllib.error.URLError as error:
            raise DemoRefused(f"a page did not open: {error.reason}") from error

    def upload(self, path: str, file: Path, **fields: str) -> Any:
        """Send a file as a browser's form does."""
        boundary = secrets.token_hex(16)
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file";'
            f' filename="{file.name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        )
        body = "".join(parts).encode() + file.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        return self._send("POST", path, body, f"multipart/form-data; boundary={boundary}")

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        content_type: str,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Any:
        request = urllib.request.Request(
            self._url + path,
            data=body,
            method=method,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": content_type,
                **headers,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise DemoRefused(f"{method} {path}: {error.code} {error.read().decode()}") from error
