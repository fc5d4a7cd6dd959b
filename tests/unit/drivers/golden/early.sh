mount --all --fstab /etc/ashore/fstab
