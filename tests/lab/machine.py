# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine: systemd under systemd-nspawn, in a cgroup and a network namespace of its own.

Nothing is remembered between calls: what runs is read from the cgroup.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .shell import LabError, run, wait_for

CGROUPS = Path("/sys/fs/cgroup")
SLICE = "maas-lab"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin", "HOME": "/root", "LANG": "C.UTF-8"}

# Prints the id of the mount namespace it runs in: ioctl NS_GET_MNTNS_ID.
PRINT_MOUNT_NAMESPACE = """
import fcntl
answer = bytearray(8)
fcntl.ioctl(open("/proc/self/ns/mnt"), 0x8008B705, answer)
print(int.from_bytes(answer, "little"))
"""

BATCH = 4096  # ids of namespaces that the kernel gives a CPU at a time
BOOTS = 512  # more than are used while a lab's machines boot

# Moves itself into the cgroups named before "--", then becomes the command after it.
ENTER_CGROUPS = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"'


def unified() -> Path:
    """The cgroup v2 hierarchy: all there is, or one beside those of v1."""
    return CGROUPS / "unified" if (CGROUPS / "unified").is_dir() else CGROUPS


def hierarchies() -> list[Path]:
    """Where a machine needs a cgroup of its own: wherever systemd and snapd write."""
    if unified() == CGROUPS:
        return [CGROUPS]
    return [path for name in ("systemd", "unified", "freezer", "memory", "pids") if (path := CGROUPS / name).is_dir()]


def first_cpu() -> int:
    """The CPU whose next mount namespaces get the lowest ids.

    The kernel deals out ids in batches for each CPU, and a namespace can be bind-mounted only from one with a lower id.
    snapd does that inside the machine, so the machine's own namespace must be the lowest. A batch that would end while
    machines boot is used up before.
    """

    def next_id(cpu: int) -> int:
        probe = ["taskset", "-c", str(cpu), "unshare", "--mount", sys.executable, "-c", PRINT_MOUNT_NAMESPACE]
        return int(run(probe, check=False) or 0)

    def left(cpu: int) -> int:
        return BATCH - next_id(cpu) % BATCH

    for cpu in sorted(os.sched_getaffinity(0)):
        if (count := left(cpu)) < BOOTS:
            run(["taskset", "-c", str(cpu), "sh", "-c", f"for turn in $(seq {count}); do unshare --mount true; done"])
    return min(os.sched_getaffinity(0), key=next_id)


def make_room() -> None:
    """Raise this kernel's limits for many systemds: each watches files, and all of them count as one user's."""
    for limit, least in (("max_user_instances", 8192), ("max_user_watches", 524288)):
        path = Path("/proc/sys/fs/inotify") / limit
        path.write_text(str(max(least, int(path.read_text()))))


def start(machine: str, root: Path, log: Path, *, network: str, hostname: str) -> None:
    """Boot the machine (lab/host) from its root directory within the named network namespace, and see systemd run."""
    groups = [hierarchy / SLICE / machine for hierarchy in hierarchies()]
    for group in groups:
        group.mkdir(parents=True, exist_ok=True)
    nspawn = [
        *("taskset", "-c", str(first_cpu()), "systemd-nspawn", "--boot", "--quiet", "--register=no", "--keep-unit"),
        *("--console=read-only", "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--bind=/dev/fuse"),
        *(f"--directory={root}", f"--machine={machine.replace('/', '-')}", f"--hostname={hostname}"),
        *(f"--network-namespace-path=/run/netns/{network}", "--capability=CAP_NET_ADMIN"),
    ]
    with log.open("w") as output:
        subprocess.run(
            ["setsid", "--fork", "sh", "-euc", ENTER_CGROUPS, "start", *map(str, groups), "--", *nspawn],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**ENVIRONMENT, "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"},
            timeout=20,
            check=True,
        )
    try:
        wait_for(f"systemd of {machine}", lambda: leader(machine), 60)
    except LabError as error:
        raise LabError(f"{error}\n{log.read_text()[-2000:]}") from error
    for process in processes(machine):
        widen(process)


def processes(machine: str) -> list[int]:
    """The ids of all its processes."""
    return [
        int(pid)
        for directory, dummy, dummy in os.walk(unified() / SLICE / machine)
        for pid in Path(directory, "cgroup.procs").read_text().split()
    ]


def widen(process: int) -> None:
    """Let every thread of a process run on all CPUs."""
    run(["taskset", "--all-tasks", "--pid", "--cpu-list", f"0-{os.cpu_count() - 1}", str(process)], check=False)


def leader(machine: str) -> int | None:
    """The process id of the machine's systemd; None when it does not run."""
    try:
        pids = (unified() / SLICE / machine / "payload/init.scope/cgroup.procs").read_text().split()
        return next((int(pid) for pid in pids if "\t1\n" in Path(f"/proc/{pid}/status").read_text()), None)
    except OSError:
        return None


def inside(machine: str, command: list[str]) -> list[str]:
    """The command that runs a command within the machine, whatever its network does."""
    if not (pid := leader(machine)):
        raise LabError(f"{machine} is off")
    environment = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
    return ["nsenter", f"--target={pid}", "--all", "env", "-i", *environment, *command]


def kill(machine: str) -> None:
    """Kill all processes below a cgroup at once (a machine or a whole lab), and remove it; fine when there is none."""
    group = unified() / SLICE / machine
    if group.is_dir():
        (group / "cgroup.kill").write_text("1")
        events = group / "cgroup.events"
        wait_for(f"the processes of {machine} to die", lambda: "populated 0" in events.read_text(), 20)
    for hierarchy in hierarchies():
        for directory, dummy, dummy in os.walk(hierarchy / SLICE / machine, topdown=False):
            wait_for(f"{directory} to be empty", lambda path=directory: remove(path), 10)


def remove(group: str) -> bool:
    """Remove one cgroup; false while something is still in it."""
    try:
        os.rmdir(group)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
