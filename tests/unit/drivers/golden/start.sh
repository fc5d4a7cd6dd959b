#!/bin/sh
# Runs lb1 of stack demo until it is switched off.
exec >>/state/demo/machines/lb1/console.log 2>&1 </dev/null
set -e
for group in /sys/fs/cgroup/memory/ashore-demo/lb1/cgroup.procs /sys/fs/cgroup/u/ashore-demo/lb1/cgroup.procs; do echo $$ >"$group"; done
mount -t overlay overlay -o lowerdir=/cache/programs:/cache/rootfs,upperdir=/state/demo/machines/lb1/upper,workdir=/state/demo/machines/lb1/work /state/demo/machines/lb1/root
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network SYSTEMD_NSPAWN_LOCK=0 SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=0
while :; do
  code=0
  systemd-nspawn --quiet --boot --keep-unit --directory=/state/demo/machines/lb1/root --machine=ashore-demo-lb1 --hostname=lb1 --network-namespace-path=/run/netns/ashore-demo.lb1 --private-users=no --capability=all --drop-capability=CAP_SYS_MODULE,CAP_SYS_TIME,CAP_SYS_RAWIO,CAP_MAC_ADMIN,CAP_MAC_OVERRIDE,CAP_WAKE_ALARM,CAP_BLOCK_SUSPEND '--system-call-filter=@keyring bpf add_key keyctl @mount' --bind=/dev/fuse --bind=/dev/null:/dev/kmsg --bind=/state/demo/machines/lb1/data/var/lib/etcd:/var/lib/etcd '--bind=/state/demo/machines/lb1/data/var/lib/with blank:/var/lib/with blank' --link-journal=no --resolv-conf=off --timezone=off --console=pipe --kill-signal=SIGRTMIN+3 --register=no systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 || code=$?
  # systemd-nspawn(1): 133 asks whoever started it to start it again.
  [ $code = 133 ] || exit $code
  find /sys/fs/cgroup/memory/ashore-demo/lb1 /sys/fs/cgroup/u/ashore-demo/lb1 -mindepth 1 -depth -type d -delete || :
done
