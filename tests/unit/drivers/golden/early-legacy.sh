mount --all --fstab /etc/ashore/fstab
for group in /sys/fs/cgroup/*; do mount -o remount,bind,rw "$group" || :; done
mount --make-rshared /
