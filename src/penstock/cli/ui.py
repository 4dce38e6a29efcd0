"""`penstock ui`: serve the project to a browser and to scripts."""

from __future__ import annotations

import os
import platform
import sys
import threading
import webbrowser
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import output
from penstock.errors import UsageError
from penstock.reading.reader import JournalReader

if TYPE_CHECKING:
    from penstock.server.listening import Listening

_EPILOG = """\b
Examples:
  penstock ui                        on this machine, in its browser
  penstock ui --no-open --port 9000  only say where
"""
_DOOR = "ui-open.html"


@click.command(epilog=_EPILOG)
@click.option("--port", type=click.IntRange(0, 65535), help="Of the server; 0: any.  [default: 8123, or the next]")
@click.option("--host", metavar="NAME", default="", help="Listen on this name or address of the machine, for others.")
@click.option("--no-open", is_flag=True, help="Open no browser.")
def command(port: int | None, host: str, no_open: bool) -> int:
    """Serve the project's page and its HTTP API until Ctrl-C.

    Only this machine is answered, and only who has the token that stands in the address: it is kept in
    .penstock/ui-token, which you alone can read.
    """
    try:
        from penstock.server import listening
        from penstock.server.api import Api
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("starlette", "uvicorn"):
            raise
        raise UsageError(f'penstock ui needs {missing}: pip install "penstock[ui]"') from None
    from penstock.reading.attempt_logs import KnownLogs
    from penstock.server.actions import Actions
    from penstock.server.api_call import Served
    from penstock.server.event_hub import EventHub
    from penstock.server.site_watch import SiteWatch
    from penstock.server.tokens import Keyring, token_of

    reader = JournalReader.find()
    _ = reader.journal  # one that can't be read is told before anything is served
    found = listening.listen(port, host)
    keyring = Keyring(token_of(reader.project.home))
    actions = Actions(reader.project.root, reader.project.home)
    api = Api(Served(reader, keyring, found.hosts, actions, KnownLogs(), EventHub(reader), SiteWatch(reader.project)))
    address = f"http://{found.address}/#token={keyring.token}"
    door = reader.project.home / _DOOR
    try:
        told = partial(_told, reader, found, address, host, None if no_open else door)
        listening.serve(api, found, told, api.close)
    finally:
        with suppress(OSError):  # what can't be written has none
            door.unlink(missing_ok=True)
    return 0


def _told(reader: JournalReader, found: Listening, address: str, host: str, door: Path | None) -> None:
    from penstock.server import shell

    output.line(address)
    output.note(f"serving {reader.project.root}; Ctrl-C ends it")
    if not shell.is_built():
        output.note(f"note: the API alone, since its page is not built: {shell.MEND}")
    if not found.is_local:
        output.note(
            f"warning: whoever reaches {host} can ask, what is said is not encrypted, and the token is all it takes"
        )
    elif host:
        output.note(f"note: {host} is reached from this machine alone; --host 0.0.0.0 listens on all its addresses")
    elif os.environ.get("SSH_CONNECTION"):
        output.note("from your own machine, then open the address there:")
        output.next_command(
            f"ssh -N -L {found.port}:127.0.0.1:{found.port} {platform.node()}", "reach this machine's port"
        )
    elif door is not None and _has_browser():
        _open(address, door)
    sys.stdout.flush()


def _has_browser() -> bool:
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _open(address: str, door: Path) -> None:
    """By a file that leads there: what a browser is started with, all users of the machine can read."""
    try:
        door.unlink(missing_ok=True)
        number = os.open(door, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(f'<!doctype html><meta http-equiv="refresh" content="0;url={address}">')
    except OSError:
        return  # the address has been printed
    # Some browsers return when they end, and are to be answered meanwhile.
    threading.Thread(target=webbrowser.open, args=(door.as_uri(),), daemon=True).start()
