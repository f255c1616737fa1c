# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs the stand-in as maas_<version>.snap: python -m tests.simulator.snap.build --version 3.7.3 --output DIR."""

from __future__ import annotations

import argparse
import compileall
import pathlib
import py_compile
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent
BUILD = "12345-g.deadbeef"
EPOCHS = {"3.4": "3", "3.8": "5*"}  # the others: 4*

SNAP_YAML = """\
name: maas
version: {version}
epoch: {epoch}
summary: Stand-in for MAAS
description: Behaves towards administrators and machines as MAAS does.
type: app
base: core22
architectures: [all]
confinement: strict
grade: stable
apps:
  maas:
    command: bin/maas
    plugs: [home, network, network-bind, network-control, network-observe]
  {daemon}:
    command: bin/run-daemon
    daemon: simple
    stop-timeout: 20s
    plugs: [network, network-bind, network-control, network-observe]
hooks:
  install:
    plugs: [network, network-bind]
  post-refresh:
    plugs: [network, network-bind]
"""


def tree(directory, version):
    """Lay out the contents of the snap of a version in an empty directory."""
    series = ".".join(version.split(".")[:2])
    shutil.copytree(HERE / "files", directory, symlinks=True, dirs_exist_ok=True)
    package = pathlib.Path(directory, "lib/simulator")
    package.mkdir(parents=True)
    for module in HERE.parent.glob("*.py"):
        shutil.copy(module, package)
    compileall.compile_dir(package, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    pathlib.Path(directory, "meta/snap.yaml").write_text(
        SNAP_YAML.format(
            version=f"{version}-{BUILD}",
            epoch=EPOCHS.get(series, "4*"),
            daemon="supervisor" if series == "3.4" else "pebble",
        )
    )


def build(version, output):
    """Pack the snap of a version into a directory and return the path of the file."""
    path = pathlib.Path(output, f"maas_{version}.snap")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        contents = pathlib.Path(scratch, "maas")
        tree(contents, version)
        contents.chmod(0o755)
        path.unlink(missing_ok=True)
        command = ["mksquashfs", contents, path, "-noappend", "-comp", "zstd", "-all-root", "-no-progress", "-quiet"]
        subprocess.run(command, check=True)
    return path


def main():
    """Build what the command line asks for and print the path."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", default="3.7.3", help="the version to play, of the series 3.4 to 3.8")
    parser.add_argument("--output", required=True, help="the directory for the file")
    options = parser.parse_args()
    print(build(options.version, options.output))


if __name__ == "__main__":
    main()
