#!/bin/sh
# Runs while the image is built: installs /packages, and leaves what the pods need.
set -eu

# Fixed numbers, since pods name them.
echo 'postgres:x:170:' >>/etc/group
echo 'postgres:x:170:170:PostgreSQL:/var/lib/postgresql:/bin/sh' >>/etc/passwd
echo 'guestbook:x:171:' >>/etc/group
echo 'guestbook:x:171:171:Guestbook:/nonexistent:/bin/sh' >>/etc/passwd

# No service starts here, and no database is made: Patroni does that in the pod.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf

export DEBIAN_FRONTEND=noninteractive
apt-get --quiet --yes --no-install-recommends \
    -o Dpkg::Options::=--force-confold install /packages/*.deb

# The compiler of PostgreSQL's jit, which is off: 160 MB.
dpkg --force-depends --purge libllvm19 libz3-4
rm -rf /packages /install.sh /usr/sbin/policy-rc.d /var/cache/apt/* /var/cache/debconf/*-old \
    /var/lib/apt/lists/* /var/lib/dpkg/*-old /var/log/* /usr/share/i18n /usr/share/locale
