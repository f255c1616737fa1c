#!/bin/sh
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes a bare host of the base system: what a server installation has, and snapd.
# What the roles install is downloaded only, so that hosts install it themselves, for real, without waiting for a mirror.
set -eu

echo 'exit 101' >/usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d

apt-get update
apt-get install --yes \
    systemd systemd-sysv dbus libpam-systemd openssh-server sudo python3 python3-apt ca-certificates \
    iproute2 iputils-ping isc-dhcp-client netbase netcat-openbsd procps curl gnupg \
    snapd squashfs-tools squashfuse fuse3
apt-get clean
apt-get install --yes --download-only \
    acl chrony socat nftables haproxy keepalived openssl apache2 \
    etcd-server etcd-client patroni postgresql postgresql-contrib \
    python3-cryptography python3-etcd python3-psutil python3-psycopg2 python3-yaml

rm /usr/sbin/policy-rc.d
rm -f /etc/ssh/ssh_host_* /etc/resolv.conf /etc/machine-id /var/lib/dbus/machine-id
systemctl enable systemd-networkd.service
systemctl mask apt-daily.timer apt-daily-upgrade.timer systemd-networkd-wait-online.service
