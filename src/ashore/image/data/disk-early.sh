#!/bin/sh
# Runs on the host before the kernel is installed; $1 is the new root. The initial
# file system is made once, and with what virtual and most real machines boot from.
set -eu
root=$1

mkdir -p "$root/etc/initramfs-tools/conf.d" "$root/usr/share/initramfs-tools/modules.d"
cat > "$root/etc/initramfs-tools/conf.d/ashore" <<'END'
MODULES=list
COMPRESS=zstd
COMPRESSLEVEL=3
RESUME=none
END
cat > "$root/usr/share/initramfs-tools/modules.d/ashore" <<'END'
virtio_pci
virtio_blk
virtio_scsi
ahci
ata_piix
sd_mod
nvme
ext4
dm-mod
dm-snapshot
END
