"""What podman and docker say when they fail, as an error that names the image and the mend. Pure."""

from __future__ import annotations

import re

from penstock.errors import PenstockError, PlatformError, UsageError
from penstock.model.tuples import NamedTuple

_MAX_LINES = 12
_LONGEST = 300  # characters
_NOISE = re.compile(r"time=\"[^\"]*\" level=|STEP \d|Step \d|Trying to pull|Getting image|Resolved \"|WARN")
_LEAD = re.compile(r"^(?:Error response from daemon|Error|ERROR|error|docker|Error: unable to copy.*?): ")


class _KnownFailure(NamedTuple):
    """A kind of failure, known by what is said."""

    signs: tuple[str, ...]
    error: type[PenstockError]
    mend: str  # with the engine, the image and its registry


_KINDS = (
    _KnownFailure(
        ("no space left on device", "Disk quota exceeded", "not enough space"),
        PlatformError,
        "The engine's disk is full: free some space there, as with `{engine} system prune`",
    ),
    _KnownFailure(
        ("permission denied while trying to connect",),
        UsageError,
        "Its daemon may not be used: `sudo usermod -aG docker $USER` and a new login let you, or say "
        '`containers = "podman"` in [project]',
    ),
    _KnownFailure(
        (
            *("Cannot connect to the Docker daemon", "Is the docker daemon running", "error during connect"),
            *("docker daemon is not running", "dial unix"),
        ),
        PlatformError,
        'Start it: `sudo systemctl start docker`, or say `containers = "podman"` in [project]',
    ),
    _KnownFailure(
        (
            *("no matching manifest", "no image found in manifest list", "no image found in image index"),
            *("Exec format error", "exec format error"),
        ),
        UsageError,
        "{image} is not made for this machine ({machine}): name one that is, or build it with `{engine} build`",
    ),
    _KnownFailure(
        ("server gave HTTP response to HTTPS client",),
        UsageError,
        "{registry} speaks no HTTPS: name it as insecure in the settings of {engine}",
    ),
    _KnownFailure(
        ("x509:", "certificate"),
        UsageError,
        "{registry} has a certificate that {engine} doesn't trust: have it installed there",
    ),
    _KnownFailure(
        ("toomanyrequests", "rate limit"),
        PlatformError,
        "{registry} lets no more pull now: wait, or `{engine} login {registry}`",
    ),
    _KnownFailure(
        (
            *("manifest unknown", "name unknown", "repository name not known", "repository does not exist"),
            *("StatusCode: 404", "manifest for", "does not exist or may require", "access to the resource is denied"),
            *("access to resource is denied", "no such image", "image not known", "not found: manifest"),
        ),
        UsageError,
        "There is no {image} at {registry}, or it is not yours to see: check its name and tag, or "
        "`{engine} login {registry}`",
    ),
    _KnownFailure(
        (
            *("unauthorized", "authentication required", "no basic auth credentials", "denied:"),
            *("authorization failed", "invalid username/password", "403 (Forbidden)", "status code 40"),
        ),
        UsageError,
        "Say who you are: `{engine} login {registry}`",
    ),
    _KnownFailure(
        (
            *(
                "no such host",
                "dial tcp",
                "i/o timeout",
                "TLS handshake",
                "network is unreachable",
                "connection refused",
            ),
            *("connection reset", "server misbehaving", "Temporary failure", "Client.Timeout", "EOF"),
        ),
        UsageError,
        "{registry} can't be reached: check the network, or bring the image here by `{engine} load`",
    ),
)


def failure(purpose: str, said: str, code: int, engine: str, image: str, machine: str = "") -> PenstockError:
    """The error for what a client said before it exited with that code (negative: killed by that signal).

    UsageError where what the user asks for can't be had, PlatformError where the machine failed.
    """
    if code < 0:
        return PlatformError(f"can't {purpose}: {engine} was killed by signal {-code}. Run it again")
    reason = "\n  ".join(reasons(said)) or f"{engine} exited with {code} and said nothing"
    for kind in _KINDS:
        if any(sign in said for sign in kind.signs):
            mend = kind.mend.format(engine=engine, image=image, registry=registry_of(image), machine=machine)
            return kind.error(f"can't {purpose}: {reason}\n{mend}")
    return UsageError(f"can't {purpose}: {reason}")


def reasons(said: str) -> list[str]:
    """The last lines of it, without warnings and what was told as progress."""
    lines = [line.rstrip() for line in said.splitlines() if line.strip() and not _NOISE.match(line)]
    return [_shortened(_LEAD.sub("", line)) for line in lines[-_MAX_LINES:]]


def _shortened(line: str) -> str:
    """Without its middle, where it is long: an engine may show all that it was asked."""
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 3]} ... {line[-_LONGEST // 2 :]}"


def registry_of(image: str) -> str:
    """Where a name leads to: "docker.io" for one that does not say."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"
