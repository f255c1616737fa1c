#!/bin/sh
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the stand-in for the snap base core22: what the stand-in for MAAS runs on, and the directories that snapd mounts over.
set -eu

echo 'exit 101' >/usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d

apt-get update
apt-get install --yes ca-certificates iproute2 isc-dhcp-server python3 python3-psycopg2 python3-yaml

rm -rf /var/cache/apt /var/lib/apt/lists /usr/share/doc /usr/share/man /usr/share/locale /usr/share/info
mkdir -p /snap /writable /usr/lib/snapd /usr/src /lib/modules /var/snap /var/lib/snapd /var/log \
    /media /mnt /home /root /run /tmp /meta
cat >/meta/snap.yaml <<END
name: core22
version: lab
type: base
summary: Stand-in for the base of the maas snap
description: Debian with Python, psycopg2, PyYAML, isc-dhcp-server and iproute2.
END
