"""A real Slurm on this host: a controller, and two nodes with two CPUs each, one of which has two GPUs by name.

A job that is requeued waits for as long as credentials last, half a minute here: then its first life is over.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.free_ports import free_ports

_CONF = """
ClusterName=penstock
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=30
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/completed
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=2
InactiveLimit=0
MinJobAge={remembered_s}
SlurmdTimeout=10
ReturnToService=2
GresTypes=gpu
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={n1} CPUs=2 RealMemory=2000 Gres=gpu:2
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={n2} CPUs=2 RealMemory=2000
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=60 State=UP PriorityTier=1 PreemptMode=REQUEUE
PartitionName=spot Nodes=n1,n2 MaxTime=60 State=UP PriorityTier=1 PreemptMode=CANCEL
PartitionName=first Nodes=n1,n2 MaxTime=60 State=UP PriorityTier=10 PreemptMode=OFF
PartitionName=short Nodes=n1,n2 MaxTime=1 State=UP PriorityTier=1
"""


class Slurm:
    """Where its settings lie, and what ends its parts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environ(self) -> dict[str, str]:
        """Variables of what is to ask it."""
        return {"SLURM_CONF": f"{self.folder}/slurm.conf"}

    def ask(self, *command: str) -> str:
        """What one of its programs prints."""
        done = subprocess.run(
            command, env={**os.environ, **self.environ}, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    def states(self) -> dict[str, str]:
        """How its nodes are; {} before it answers."""
        command = ["sinfo", "-h", "-N", "-p", "main", "-o", "%N %T"]
        environ = {**os.environ, **self.environ}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        return dict(line.split() for line in done.stdout.splitlines())

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a daemon of it, in the foreground of a session of its own."""
        with open(self.folder / f"{name}.log", "ab") as log:
            self._daemons[name] = subprocess.Popen(
                command,
                env={**os.environ, **self.environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_node(self, name: str) -> None:
        """Start a node's daemon."""
        self.start(name, [_program("slurmd"), "-D", "-N", name])

    def resume(self, name: str) -> None:
        """Have a node back that was down; one that has come back by itself is none."""
        command = ["scontrol", "update", f"nodename={name}", "state=resume"]
        subprocess.run(command, env={**os.environ, **self.environ}, capture_output=True, check=False)

    def kill(self, name: str) -> None:
        """Kill a daemon: as when its machine is switched off, where its jobs are killed, too."""
        if (daemon := self._daemons.pop(name, None)) is not None:
            daemon.kill()
            daemon.wait()

    def stop(self) -> None:
        """End all of it, jobs included."""
        if "slurmctld" in self._daemons:
            subprocess.run(["scancel", "-u", str(os.getuid())], env={**os.environ, **self.environ}, check=False)
            until = time.monotonic() + 20
            while self.ask("squeue", "-h").strip() and time.monotonic() < until:
                time.sleep(0.1)
        for name in reversed(list(self._daemons)):
            self.kill(name)


def _program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path is None:
        pytest.skip(f"no {name}: install slurm-wlm and munge")
    return path


@contextmanager
def served(folder: Path, remembered_s: int = 300) -> Iterator[Slurm]:
    """A cluster whose files lie in a folder. `remembered_s`: how long it knows of jobs that ended. Skips the test where
    there is no Slurm."""
    munged, controller = _program("munged"), _program("slurmctld")
    munge = folder / "munge"
    for made in (folder, munge, folder / "state"):
        made.mkdir(mode=0o755, parents=True, exist_ok=True)
    (munge / "key").write_bytes(os.urandom(128))
    (munge / "key").chmod(0o400)
    port, n1, n2 = free_ports(3)
    host = socket.gethostname().partition(".")[0]
    user = "root" if os.getuid() == 0 else os.environ["USER"]
    conf = _CONF.format(folder=folder, host=host, port=port, n1=n1, n2=n2, user=user, remembered_s=remembered_s)
    (folder / "slurm.conf").write_text(conf, encoding="ascii")
    devices = "NodeName=n1 Name=gpu File=/dev/null,/dev/zero AutoDetect=off\n"  # any will do
    (folder / "gres.conf").write_text(devices, encoding="ascii")
    slurm = Slurm(folder)
    files = [f"--{kind}-file={munge}/{kind}" for kind in ("key", "pid", "log", "seed")]
    try:
        slurm.start("munged", [munged, "--foreground", "--force", f"--socket={munge}/socket", *files])
        _until(slurm, (munge / "socket").exists)
        slurm.start("slurmctld", [controller, "-D"])
        for node in ("n1", "n2"):
            slurm.start_node(node)
        _until(slurm, lambda: slurm.states() == {"n1": "idle", "n2": "idle"})
        yield slurm
    finally:
        slurm.stop()


def _until(slurm: Slurm, holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        if time.monotonic() > until:
            logs = [file.read_text(errors="replace")[-1000:] for file in slurm.folder.glob("*.log")]
            raise AssertionError("\n".join(logs))
        time.sleep(0.05)
