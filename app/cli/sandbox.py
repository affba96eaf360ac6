"""`simedsos sandbox`: the platforms' wire formats on this machine, for trying things out."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from app.cli.terminal import fail, say
from app.core.clock import SystemClock
from app.local.demo_network import sandbox_environment
from app.local.demo_world import write_demo
from app.local.folder import PortTaken, require_free_port
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import WorldUnusable, read_world
from app.settings import get_settings

# It speaks in the platforms' names and asks for no secret, so it must stay on this machine.
HOST = "127.0.0.1"


def sandbox(
    world: Annotated[
        Path | None, typer.Argument(help="world.json; without it the demo's, made if need be")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8010,
) -> None:
    """Serve the platforms' wire formats on this machine until Ctrl-C.

    It prints the settings that lead a worker here. Order faults with POST /_sandbox/faults.
    """
    try:
        require_free_port(HOST, port)
        app = create_sandbox(read_world(world or _demo_world()), SystemClock())
    except WorldUnusable as error:
        fail(str(error))
    except PortTaken:
        fail(f"Port {port} is taken by another program; choose another with --port.")
    for name, value in sandbox_environment(f"http://{HOST}:{port}").items():
        say(f"export {name}='{value}'")
    uvicorn.run(app, host=HOST, port=port, log_level="warning", access_log=False)


def _demo_world() -> Path:
    """The demo's world, written first where there is none."""
    world = get_settings().data_dir / "demo" / "world.json"
    if not world.exists():
        write_demo(world.parent, now=SystemClock().now())
    return world
