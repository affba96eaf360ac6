"""An issuer whose keys the tests hold, so that they can also sign what no provider would."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeyParameters, OKPKey, RSAKey

AUDIENCE = "https://simedsos.test"


@dataclass
class TestIssuer:
    """What it publishes, and how often it was asked; `down` answers with an error."""

    __test__ = False

    address: str
    keys: dict[str, RSAKey | ECKey | OKPKey] = field(default_factory=dict)
    published: list[dict[str, Any]] = field(default_factory=list)
    named: str | None = None
    down: bool = False
    asked: int = 0

    def add(self, kid: str, kind: str = "RSA") -> None:
        """Publish another key."""
        parameters: KeyParameters = {"kid": kid, "use": "sig"}
        key: RSAKey | ECKey | OKPKey
        if kind == "RSA":
            key = RSAKey.generate_key(2048, parameters)
        elif kind == "EC":
            key = ECKey.generate_key("P-256", parameters)
        else:
            key = OKPKey.generate_key("Ed25519", parameters)
        self.keys[kid] = key
        self.published.append(dict(key.as_dict(private=False)))

    def token(self, claims: dict[str, Any], *, kid: str = "a", **header: Any) -> str:
        """A token signed with a key of ours."""
        told = {"alg": "RS256", "typ": "at+jwt", "kid": kid, **header}
        return jwt.encode(told, claims, self.keys[kid], algorithms=[told["alg"]])

    def answer(self, path: str) -> dict[str, Any]:
        self.asked += 1
        if path.endswith("/jwks"):
            return {"keys": self.published}
        issuer = self.named or self.address
        return {"issuer": issuer, "jwks_uri": f"{self.address}/jwks"}


@contextmanager
def issuing() -> Iterator[TestIssuer]:
    """An issuer on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(issuer.answer(self.path)).encode()
            self.send_response(503 if issuer.down else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Keep silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = TestIssuer(f"http://127.0.0.1:{server.server_port}")
    issuer.add("a")
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
