#!/bin/sh
# Runs on the host after customize.sh; $1 is the new root, which becomes the file
# systems of a disk: what a machine with a kernel of its own needs beyond a container.
set -eu
root=$1

sed -i 's/^datasource_list: .*/datasource_list: [NoCloud, None]/' "$root/etc/cloud/cloud.cfg"
# A seed comes on a disk of its own; an empty one here would be looked at first.
rmdir "$root/var/lib/cloud/seed/nocloud"

# dmeventd watches snapshots and pools, which are there when asked for.
chroot "$root" systemctl --quiet enable lvm2-monitor.service

# Kernel, initial file system and command line in one program for the firmware: no
# boot loader, and nothing that an update could leave half written.
kernel=$(basename "$root"/boot/vmlinuz-*)
version=${kernel#vmlinuz-}
# Writable at once: the initial file system has checked it, and nothing else is waited for.
echo 'root=/dev/vg0/root rw console=tty0 console=ttyS0' > "$root/boot/cmdline"
stub=$(cd "$root" && ls usr/lib/systemd/boot/efi/linux*.efi.stub)
if [ -e "$root/usr/bin/ukify" ]; then
    chroot "$root" ukify build --linux="/boot/$kernel" --initrd="/boot/initrd.img-$version" \
        --cmdline=@/boot/cmdline --os-release=@/usr/lib/os-release --uname="$version" \
        --stub="/$stub" --output=/boot/uki.efi > /dev/null
else
    # The way of systemd-stub(7) before there was ukify: sections behind the stub's last one.
    end=$(chroot "$root" objdump -h "/$stub" | awk 'NF == 7 { size = $3; start = $4 }
        END { print size, start }')
    at=$((0x${end% *} + 0x${end#* }))
    set --
    for part in osrel:/usr/lib/os-release cmdline:/boot/cmdline \
        linux:/boot/$kernel initrd:/boot/initrd.img-$version; do
        at=$(((at + 0xffff) / 0x10000 * 0x10000))
        set -- "$@" --add-section ".${part%%:*}=${part#*:}" \
            --change-section-vma ".${part%%:*}=$at"
        at=$((at + $(stat -L -c %s "$root${part#*:}")))
    done
    chroot "$root" objcopy --preserve-dates "$@" "/$stub" /boot/uki.efi
fi
rm "$root"/boot/vmlinuz-* "$root"/boot/initrd.img-* "$root/boot/cmdline"
rm -f "$root/vmlinuz" "$root/initrd.img" "$root/vmlinuz.old" "$root/initrd.img.old"

# Differs from one build to the next and is made again where it is needed.
rm -rf "$root"/var/cache/ldconfig/* "$root"/var/cache/debconf/*-old "$root"/var/lib/dpkg/*-old \
    "$root"/var/lib/systemd/catalog/database "$root"/etc/*- "$root"/var/cache/apt/* \
    "$root"/var/lib/cloud/instances "$root"/var/log/journal
