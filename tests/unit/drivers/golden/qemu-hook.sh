#cloud-boothook
#!/bin/sh
# Runs at every boot before anything of the machine's role does.
set -eu
exec >/dev/console 2>&1

keep() { # serial number, directory, options: a disk is mounted now and at every boot
    line="/dev/disk/by-id/virtio-$1 $2 ext4 $3 0 0"
    mkdir -p "$2"
    grep -qxF "$line" /etc/fstab || echo "$line" >>/etc/fstab
    mountpoint -q "$2" || mount "$2"
}

# Who opens the console is root on the host.
getty=/etc/systemd/system/serial-getty@ttyS0.service.d/ashore.conf
if [ ! -e "$getty" ]; then
    mkdir -p "${getty%/*}"
    login='-/sbin/agetty --autologin root %I vt220'
    printf '[Service]\nExecStart=\nExecStart=%s\n' "$login" >"$getty"
    printf 'br_netfilter\noverlay\n' >/etc/modules-load.d/ashore.conf
    modprobe --all --quiet br_netfilter overlay || echo "ashore: kernel modules are missing"
    systemctl daemon-reload
fi

keep programs /usr/lib/ashore/programs ro
cp --recursive --symbolic-link --force /usr/lib/ashore/programs/. /
keep data-399dacdf77ce '/var/lib/containerd' defaults
keep data-bb4ec503e637 '/var/lib/etcd' defaults
