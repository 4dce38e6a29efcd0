"""Containers as plain data, and the argument lists by which podman and docker are asked for them. Pure.

What a container is to hold lies outside and inside at the same path. The values of variables never stand in an argument
list, which every user of the machine can read: the engine's client has them in its own environment.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, Mapping, Optional, Tuple

from penstock.model.tuples import NamedTuple

PODMAN, DOCKER = "podman", "docker"

CLIENT_NAMES = frozenset(
    (
        "HOME", "LOGNAME", "PATH", "USER", "TMPDIR", "TMP", "TEMP", "SHELL",
        "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "DBUS_SESSION_BUS_ADDRESS",
        "DOCKER_API_VERSION", "DOCKER_AUTH_CONFIG", "DOCKER_BUILDKIT", "DOCKER_CERT_PATH", "DOCKER_CONFIG",
        "DOCKER_CONTEXT", "DOCKER_CUSTOM_HEADERS", "DOCKER_DEFAULT_PLATFORM", "DOCKER_HOST", "DOCKER_TMPDIR",
        "CONTAINERS_CONF", "CONTAINERS_CONF_OVERRIDE", "CONTAINERS_REGISTRIES_CONF", "CONTAINERS_STORAGE_CONF",
        "CONTAINER_CONNECTION", "CONTAINER_HOST", "CONTAINER_SSHKEY", "REGISTRY_AUTH_FILE", "STORAGE_DRIVER",
        "STORAGE_OPTS", "_CONTAINERS_ROOTLESS_GID", "_CONTAINERS_ROOTLESS_UID", "_CONTAINERS_USERNS_CONFIGURED",
        "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "NOTIFY_SOCKET", "SSL_CERT_DIR", "SSL_CERT_FILE",
    )
)  # fmt: skip
"""Variables that the engine's client goes by itself."""

_CLIENT_BEGINNINGS = (
    "BUILDAH_", "BUILDKIT_", "CONTAINERS_", "DOCKER_CLI_", "DOCKER_CONTENT_TRUST", "DOCKER_TLS", "LD_", "PODMAN_",
    "XDG_",
)  # fmt: skip

_NEEDED = (
    "/", "/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/usr", "/usr/bin", "/usr/lib",
    "/usr/lib64", "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/sbin",
)  # fmt: skip
"""What an image needs for itself: nothing of outside may lie over it."""

_SYSTEM_FOLDERS = ("/dev", "/proc", "/sys")
"""Likewise, nor over anything in it."""


class ContainerEngine(NamedTuple):
    """What runs containers on this machine."""

    kind: str  # "podman" or "docker"
    program: str  # its client, an absolute path
    rootless: bool = False


class Mount(NamedTuple):
    """A folder or file that a container sees, at the path that it has outside."""

    path: str
    writable: bool = False


class Container(NamedTuple):
    """What a step's image comes to: all that is the same for each container that is started for it."""

    engine: ContainerEngine
    image: str  # its id, "sha256:..."
    python: str = ""  # its interpreter's path inside; "": it has none
    python_version: str = ""  # "3.12.4"
    user: str = "0:0"  # "uid:gid" of whoever runs the flow, outside
    mounts: Tuple[Mount, ...] = ()
    network: bool = False
    shm_bytes: int = 0  # of /dev/shm; 0: what the engine gives
    gpus: Tuple[str, ...] = ()  # their numbers or names; ("all",): all that there are
    labels: Tuple[Tuple[str, str], ...] = ()
    keeper: str = ""  # path of the keeper's socket
    groups: Tuple[int, ...] = ()  # that the caller is in, beside that of `user`

    @property
    def has_python(self) -> bool:
        """Whether steps run inside of a warm one; else each of its programs has a container of its own."""
        return bool(self.python)

    def lacks(self, path: str) -> str:
        """What it would lack if a mount lay at this path; "": nothing."""
        lies_over = bool(self.python) and (self.python == path or _holds(path, self.python))
        return hides(path) or (self.python if lies_over else "")

    def seeing(self, *mounts: Mount) -> Container:
        """The same with more mounts: what is said of a path last holds, and a folder comes before what is in it."""
        known = {mount.path: mount for mount in (*self.mounts, *mounts)}
        return self._replace(mounts=tuple(known[path] for path in sorted(known)))


def short_id(image: str) -> str:
    """The first 12 digits of an image's id: what a person needs to name it."""
    return image.rpartition(":")[2][:12]


def run_words(
    container: Container,
    name: str,
    command: Tuple[str, ...],
    variables: Mapping[str, str],
    folder: str,
    *,
    memory_bytes: Optional[int] = None,
    init: bool = False,
) -> List[str]:
    """The command that runs a container to its end, removes it, and passes on what it prints and its exit code.

    `variables`: what it finds beside the image's own; the client is to have them (`client_environ`). `folder`: where it
    works. `memory_bytes`: beyond this the kernel kills it, and it is left to be removed, so that its engine can be
    asked whether that was so; None: the worker that it holds minds its memory. `init`: a small first process passes
    signals on and buries the dead, where the command itself can't.
    """
    engine = container.engine
    words = [engine.program, "run", *(["--rm"] if memory_bytes is None else []), "--pull=never", f"--name={name}"]
    words += ["--log-driver=none", "--no-healthcheck", "--pids-limit=-1", "--security-opt=label=disable"]
    words += _as_user(container)
    if init:
        words.append("--init")
    if engine.kind == PODMAN:
        words.append("--http-proxy=false")  # which may name a password
    if not container.network:
        words.append("--network=none")
    if container.shm_bytes:
        words.append(f"--shm-size={container.shm_bytes}")
    if memory_bytes is not None:
        words += [f"--memory={memory_bytes}", f"--memory-swap={memory_bytes}"]
    words += _gpus(container)
    words += [f"--label={label}={value}" for label, value in container.labels]
    words += [f"--mount={mount_word(mount)}" for mount in container.mounts]
    for variable, value in sorted(variables.items()):
        words.append(f"--env={variable}={value}" if is_client_s(variable) else f"--env={variable}")
    return [*words, f"--workdir={folder}", f"--entrypoint={command[0]}", container.image, *command[1:]]


def is_client_s(variable: str) -> bool:
    """Whether the engine's client goes by a variable itself: a container's own of that name goes in the argument list,
    with its value."""
    return variable in CLIENT_NAMES or variable.startswith(_CLIENT_BEGINNINGS)


def client_environ(variables: Mapping[str, str], environ: Mapping[str, str]) -> Dict[str, str]:
    """What the engine's client finds: this process's variables, and the container's own that it passes on by name."""
    return {**environ, **{name: value for name, value in variables.items() if not is_client_s(name)}}


def remove_words(engine: ContainerEngine, name: str) -> List[str]:
    """The command that ends and removes a container with its volumes, at once."""
    at_once = ["--time=0"] if engine.kind == PODMAN else []
    return [engine.program, "rm", "--force", "--volumes", *at_once, name]


def signal_words(engine: ContainerEngine, name: str, signal: str) -> List[str]:
    """The command that sends a container's first process a signal: "TERM"."""
    return [engine.program, "kill", f"--signal={signal}", name]


def mount_word(mount: Mount) -> str:
    """A mount as `--mount` takes it: fields of a line of CSV, so that a path may hold whatever a path may."""
    fields = ["type=bind", f"source={mount.path}", f"target={mount.path}"]
    if not mount.writable:
        fields.append("readonly")
    return ",".join(map(_csv_field, fields))


def merged(mounts: Iterable[Mount]) -> Tuple[Mount, ...]:
    """Mounts as a process sees their folders: each path once, outer folders first, writable where any mount of it is.
    What lies in another one is left out, unless that is read-only and it is not."""
    writable: Dict[str, bool] = {}
    for path, can_write in mounts:
        writable[path] = writable.get(path, False) or can_write
    found: List[Mount] = []
    for path in sorted(writable):
        outer = [one for one in found if _holds(one.path, path)]
        if not outer or (writable[path] and not outer[-1].writable):
            found.append(Mount(path, writable[path]))
    return tuple(found)


def hides(path: str) -> str:
    """What of an image, that it needs for itself, a mount at this path would lie over; "": nothing."""
    path = path.rstrip("/") or "/"
    if path in _NEEDED:
        return path
    return next((folder for folder in _SYSTEM_FOLDERS if folder == path or _holds(folder, path)), "")


def _holds(folder: str, path: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _as_user(container: Container) -> List[str]:
    """So that what is written is the caller's, as if a process had written it."""
    engine = container.engine
    groups = [f"--group-add={group}" for group in container.groups]
    if engine.kind == PODMAN and engine.rootless:
        return ["--userns=keep-id", f"--user={container.user}", *(["--group-add=keep-groups"] if groups else [])]
    if engine.kind == PODMAN:
        return [f"--user={container.user}", *groups]
    # A rootless daemon takes its own root for the caller. Another may shift users' numbers, but not here.
    return ["--user=0:0"] if engine.rootless else ["--userns=host", f"--user={container.user}", *groups]


def _gpus(container: Container) -> List[str]:
    if not container.gpus:
        return []
    if container.engine.kind == PODMAN:
        return [f"--device=nvidia.com/gpu={gpu}" for gpu in container.gpus]
    if container.gpus == ("all",):
        return ["--gpus=all"]
    return [f'--gpus="device={",".join(container.gpus)}"']


def _csv_field(text: str) -> str:
    if any(mark in text for mark in ',"\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text
