#!/bin/sh
# Runs on the host before the kernel is installed; $1 is the new root. The initial
# file system is made once, and with what virtual and most real machines boot from.
set -eu
root=$1

# Also tells which fsck the initial file system needs.
cat > "$root/etc/fstab" <<'END'
/dev/vg0/root / ext4 errors=remount-ro 0 1
/dev/vg0/usr /usr ext4 nodev 0 2
/dev/vg0/var /var ext4 nodev 0 2
/dev/vg0/tmp /tmp ext4 nodev,nosuid 0 2
/dev/vg0/opt /opt ext4 nodev 0 2
END

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
