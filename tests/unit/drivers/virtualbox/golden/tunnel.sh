#!/bin/sh
exec ssh -F none -o BatchMode=yes -o ConnectTimeout=30 -o ControlPath=none -o ExitOnForwardFailure=yes -o HostKeyAlias=gw -o IdentitiesOnly=yes -o IdentityFile=/secrets/user -o LogLevel=ERROR -o Port=24032 -o ServerAliveCountMax=8 -o ServerAliveInterval=15 -o StrictHostKeyChecking=yes -o Tunnel=point-to-point -o TunnelDevice=24032:any -o UserKnownHostsFile=/files/known_hosts root@127.0.0.1 -- 'set -eu
ip link set "$SSH_TUNNEL" up
for address in 10.79.213.1 10.79.213.3; do
    ip route replace "$address" dev "$SSH_TUNNEL" src 10.79.213.2
done
echo 0 >/proc/sys/net/ipv4/neigh/eth0/proxy_delay
while :; do
    for link in eth0 "$SSH_TUNNEL"; do
        echo 1 >"/proc/sys/net/ipv4/conf/$link/forwarding"
    done
    for address in 10.79.213.1 10.79.213.3; do
        ip neigh replace proxy "$address" dev eth0
    done
    sleep 2
done'
