#!/bin/sh
# Runs on the host when the packages are in place; $1 is the new root.
# What is the same for every machine of one image must not be a secret or an
# identity, and what the stack does not use must not run.
set -eu
root=$1

# Made at package installation, would be the same everywhere.
rm -f "$root"/etc/ssh/ssh_host_* "$root"/var/lib/systemd/random-seed "$root"/etc/hostname
rm -rf "$root"/etc/corosync/qnetd/nssdb "$root"/etc/corosync/qdevice/net/nssdb
rm -f "$root"/etc/corosync/authkey "$root"/etc/pacemaker/authkey
rm -f "$root"/etc/haproxy/haproxy.cfg "$root"/etc/corosync/corosync.conf
# Empty, not absent: systemd then makes one at boot, and does not take the boot
# for a first one, which would enable units by preset.
: > "$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id"

# Components enable what a machine's role needs.
for unit in corosync corosync-qdevice corosync-qnetd dnsmasq docker docker-registry glusterd \
    glustereventsd haproxy logd nftables pacemaker pacemaker_remote; do
    if [ -e "$root/usr/lib/systemd/system/$unit.service" ]; then
        chroot "$root" systemctl --quiet disable "$unit.service"
    fi
done

chroot "$root" systemctl --quiet disable docker.socket

# Docker depends on Debian's containerd and runc, and uses the kubelet's.
chroot "$root" systemctl --quiet disable containerd.service
rm -f "$root"/usr/bin/containerd* "$root"/usr/bin/ctr "$root"/usr/bin/runc "$root"/usr/sbin/runc \
    "$root"/usr/lib/systemd/system/containerd.service

# The one service that every machine needs and Debian leaves off.
chroot "$root" systemctl --quiet enable systemd-networkd.service
chroot "$root" systemctl --quiet disable systemd-networkd-wait-online.service

# Timers and checks that machines of a stack have no use for: image and host
# are looked after elsewhere, and each of them costs processor time at boot.
chroot "$root" systemctl --quiet mask \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer systemd-tpm2-setup.service \
    systemd-tpm2-setup-early.service systemd-pcrmachine.service \
    console-getty.service getty@tty1.service getty-static.service \
    systemd-firstboot.service systemd-hwdb-update.service ldconfig.service \
    systemd-journal-catalog-update.service systemd-update-done.service \
    systemd-pstore.service sshd-keygen.service cloud-init-hotplugd.socket \
    logd.service systemd-networkd-persistent-storage.service \
    systemd-network-generator.service xfs_scrub_all.timer

# glusterd runs this Python program about ten times at each start, to prepare
# for replication to other sites. Where it is not there, it starts at once.
rm -f "$root"/usr/lib/*/glusterfs/gsyncd

mkdir -p "$root/var/lib/cloud/seed/nocloud"
rm -rf "$root/etc/cloud/cloud.cfg.d"
cp "$(dirname "$0")/cloud.cfg" "$root/etc/cloud/cloud.cfg"

# A cable pulled for a moment, or a restart of networkd, takes no address away.
mkdir -p "$root/etc/systemd/network/10-cloud-init-eth0.network.d"
cat > "$root/etc/systemd/network/10-cloud-init-eth0.network.d/50-ashore.conf" <<'END'
[Network]
LinkLocalAddressing=no
LLMNR=no
IgnoreCarrierLoss=yes
KeepConfiguration=static
END
# The seed is always there: nothing is to be looked for at boot.
echo 'policy: enabled' > "$root/etc/cloud/ds-identify.cfg"

rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/log/*.log \
    "$root"/var/log/apt "$root"/tmp/* "$root"/run/*
touch "$root/etc/.updated" "$root/var/.updated"
