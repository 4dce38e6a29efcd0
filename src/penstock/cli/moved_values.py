"""What `push` and `pull` print of what they have moved."""

from __future__ import annotations

from penstock.cli import output
from penstock.model.words import plural, size
from penstock.space.space_structs import MovedInfo


def tell_of_moved(info: MovedInfo, verb: str, way: str, where: str, *, as_json: bool) -> None:
    """`verb`, `way`: "sent", "up to"; `where`: the others had been "there"."""
    if as_json:
        output.json(info)
        return
    already = f"; {plural(info.already, 'value')} had been {where}" if info.already else ""
    output.note(f"{verb} {plural(info.blobs, 'value')} {way} {info.url}, {size(info.bytes)}{already}")
    if info.missing:
        output.note(f"{plural(info.missing, 'value')} that are needed lie neither here nor there")
    output.next_command("penstock du", "see what lies where")
