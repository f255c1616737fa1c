# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts are made of: layers and snaps, built once and kept outside the repository.

A layer is the upper directory of an overlay, named by a digest of what built it, and never changed afterwards:

    base    Debian 12, the smallest (debootstrap)
    host    a bare host: systemd, sshd, Python, snapd; the packages that roles install lie in apt's cache
    seed    snapd has installed the stand-ins for the snaps snapd and core22

Snaps lie beside the layers. core22 is made of base, too, and holds Python, psycopg2, PyYAML, isc-dhcp-server and
iproute2. The stand-in for MAAS is packed anew for every lab and installed by the roles.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from inspect import getsource as source
from pathlib import Path

from tests.simulator.snap.build import build as build_maas
from tests.simulator.versions import DEFAULT

from . import machine
from .shell import run, wait_for

CACHE = Path(os.environ.get("LAB_CACHE", "/var/cache/maas-ha-lab"))
BUILD = CACHE / "build"
BUILDER = f"builder-{hashlib.sha256(bytes(CACHE)).hexdigest()[:8]}"  # one for each cache
RECIPES = Path(__file__).parent / "recipes"
SUITE = "bookworm"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SNAPD = "name: snapd\nversion: '2.40'\ntype: snapd\nsummary: Stand-in\ndescription: Older than the host's own snapd.\n"


def image() -> list[Path]:
    """The layers of a host, lowest first; those that are missing are built, by one process at a time."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        base = layer("base", [], SUITE + source(debootstrap) + recipe("host/etc/apt"), debootstrap)
        host = layer("host", [base], source(host_layer) + recipe("host.sh", "host"), host_layer)
        core22 = base.name + source(core22_snap) + recipe("core22.sh")
        snaps = [
            cached("snaps/snapd.snap", SNAPD + source(snapd_snap), snapd_snap),
            cached("snaps/core22.snap", core22, lambda snap: core22_snap(snap, base)),
        ]
        names = "".join(snap.name for snap in snaps)
        seed = layer("seed", [base, host], names + source(seed_layer), lambda root: seed_layer(root, snaps))
        return [base, host, seed]


def pack_maas() -> None:
    """Pack the stand-in for MAAS as it is now: a second's work."""
    with tempfile.TemporaryDirectory(dir=CACHE) as place:
        made = Path(build_maas(DEFAULT, place))
        made.rename(CACHE / "snaps" / made.name)


def cached(name: str, ingredients: str, make: Callable[[Path], None]) -> Path:
    """The path of something in the cache that bears the digest of its ingredients; made unless it is there."""
    path = CACHE / name
    path = path.with_stem(f"{path.stem}-{hashlib.sha256(ingredients.encode()).hexdigest()[:12]}")
    if not path.exists():
        print(f"Building {path}, once: up to 2 minutes", file=sys.stderr, flush=True)
        path.parent.mkdir(exist_ok=True)
        clear()
        try:
            made = BUILD / path.name
            BUILD.mkdir()
            make(made)
            made.rename(path)
        finally:
            clear()
    return path


def layer(name: str, below: Sequence[Path], ingredients: str, build: Callable[[Path], None]) -> Path:
    """A layer on top of others; build is given a root directory to work in."""

    def make(path: Path) -> None:
        with overlay(BUILD / name, below) as root:
            build(root)
        (BUILD / name / "upper").rename(path)

    return cached(f"layers/{name}", "\n".join([*(path.name for path in below), ingredients]), make)


def clear() -> None:
    """Remove what is left of a build, finished or killed."""
    machine.kill(BUILDER)
    run(["ip", "netns", "delete", BUILDER], check=False)
    discard(BUILD)


@contextmanager
def overlay(place: Path, layers: Sequence[Path]) -> Iterator[Path]:
    """A root directory over layers while something is built in it."""
    yield mount(place, layers)
    unmount(place)


def mount(place: Path, layers: Sequence[Path]) -> Path:
    """Mount layers (lowest first) below a new upper directory, and return the root.

    The mount is volatile: syncing to disk does nothing. No host outlives the memory of the machine that it runs on.
    """
    for name in ("lower", "upper", "work", "root"):
        (place / name).mkdir(parents=True, exist_ok=True)
    lower = ":".join(map(str, [*reversed(layers), place / "lower"]))
    options = f"lowerdir={lower},upperdir={place}/upper,workdir={place}/work,volatile"
    run(["mount", "-t", "overlay", "overlay", "-o", options, str(place / "root")])
    return place / "root"


def unmount(place: Path) -> None:
    """Unmount everything below a directory."""
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for target in reversed(mounted):
        if target.startswith(f"{place}/"):
            run(["umount", target])


def discard(place: Path) -> None:
    """Unmount and remove a directory; fine when there is none."""
    unmount(place)
    if place.exists():
        shutil.rmtree(place)


def recipe(*names: str) -> str:
    """These recipes, files or directories, with their modes, as one text to take a digest of."""
    paths = [path for name in names for path in [RECIPES / name, *(RECIPES / name).rglob("*")]]
    files = {path.relative_to(RECIPES): path for path in sorted(paths) if path.is_file()}
    return "\n".join(f"{name} {path.stat().st_mode:o}\n{path.read_text()}" for name, path in files.items())


def mirrors() -> tuple[str, str]:
    """Debian's mirror and that of its security updates: those of this machine, else the usual ones."""
    rows = run(["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"]).splitlines()
    known = dict(row.rsplit(" ", 1) for row in rows)
    return (
        known.get("Debian", "http://deb.debian.org/debian/"),
        known.get("Debian-Security", "http://deb.debian.org/debian-security/"),
    )


def debootstrap(root: Path) -> None:
    """Fill a directory with the smallest Debian."""
    main, security = mirrors()
    options = ["--variant=minbase", "--include=ca-certificates", f"--keyring={KEYRING}"]
    run(["debootstrap", *options, SUITE, str(root), main], seconds=900)
    (root / "etc/apt/sources.list").write_text(
        f"deb {main} {SUITE} main\ndeb {main} {SUITE}-updates main\ndeb {security} {SUITE}-security main\n"
    )
    shutil.copytree(RECIPES / "host/etc/apt", root / "etc/apt", dirs_exist_ok=True)
    run(["chroot", str(root), "apt-get", "clean"])


def host_layer(root: Path) -> None:
    """Make a bare host of the base system."""
    shutil.copytree(RECIPES / "host", root, dirs_exist_ok=True)
    bake(root, "host.sh")


def bake(root: Path, script: str) -> None:
    """Run a recipe within a root directory, with this machine's name servers and process ids of its own."""
    shutil.copy(name_servers(), root / "etc/resolv.conf")
    contained = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={root}/proc"]
    run(
        [*contained, "chroot", str(root), "sh", "-c", (RECIPES / script).read_text()],
        env={**machine.ENVIRONMENT, "DEBIAN_FRONTEND": "noninteractive"},
        seconds=900,
    )


def name_servers() -> Path:
    """The file that names this machine's true name servers, not a stub on its loopback."""
    resolved = Path("/run/systemd/resolve/resolv.conf")
    return resolved if resolved.exists() else Path("/etc/resolv.conf")


def snapd_snap(snap: Path) -> None:
    """Pack a snapd that holds nothing but its version: snapd wants one installed before any base."""
    tree = BUILD / "snapd"
    (tree / "meta").mkdir(parents=True)
    (tree / "meta/snap.yaml").write_text(SNAPD)
    (tree / "usr/lib/snapd").mkdir(parents=True)
    (tree / "usr/lib/snapd/info").write_text("VERSION=2.40\n")
    squash(tree, snap)


def core22_snap(snap: Path, base: Path) -> None:
    """Pack the stand-in for the base core22."""
    with overlay(BUILD / "core22", [base]) as root:
        bake(root, "core22.sh")
        squash(root, snap)


def squash(tree: Path, snap: Path) -> None:
    """Pack a directory as a snap file."""
    run(["mksquashfs", str(tree), str(snap), "-noappend", "-comp", "zstd", "-all-root", "-quiet"], seconds=300)


def seed_layer(root: Path, snaps: Sequence[Path]) -> None:
    """Boot a host once, without a network, and let its own snapd install the snaps."""
    run(["ip", "netns", "add", BUILDER])
    machine.start(BUILDER, root, BUILD / "console", network=BUILDER, hostname="seed")
    listening = machine.inside(BUILDER, ["test", "-S", "/run/snapd.socket"])
    wait_for("snapd to listen", lambda: subprocess.run(listening, check=False).returncode == 0, 30)
    run(machine.inside(BUILDER, ["snap", "wait", "system", "seed.loaded"]))
    file = root / "var/tmp/seed.snap"
    for snap in snaps:
        shutil.copy(snap, file)
        run(machine.inside(BUILDER, ["snap", "install", "--dangerous", "/var/tmp/seed.snap"]), seconds=120)
    run(machine.inside(BUILDER, ["systemctl", "poweroff"]))
    wait_for("the host to power off", lambda: not machine.processes(BUILDER), 60)
    for path in (file, root / "etc/machine-id", root / "var/lib/dbus/machine-id"):
        path.unlink(missing_ok=True)
    for journal in (root / "var/log/journal").iterdir():
        shutil.rmtree(journal)
