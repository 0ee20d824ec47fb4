#!/bin/bash
# Makes the bundled recording of a swarm's ingress: run as root on a Docker host that may be thrown away, whose kernel
# has IPVS and whose eth0 leads somewhere (into a dummy interface nobody comes), with the image bb:1 (an image whose entry
# point is busybox) and one argument, the program.
#
#   bash demo_ingress.sh ./bridgewalk     makes demo-ingress.bwrec
#
# Two replicas of `web` behind the published port 8888, on the overlay `backend`; and an ipvlan, which test hosts lack.
set -eu
program=${1:?usage: demo_ingress.sh PROGRAM}
address=$(ip -4 -o addr show dev eth0 | awk '{print $4; exit}')
address=${address%/*}
hostname reef
docker swarm init --advertise-addr "$address" >/dev/null
docker network create --driver overlay --attachable backend >/dev/null
docker service create --name web --replicas 2 --publish 8888:80 --network backend --detach \
  --entrypoint /bin/busybox bb:1 httpd -f -p 80 >/dev/null
docker network create --driver ipvlan --opt parent=eth0 --subnet 10.77.0.0/24 ipv >/dev/null
docker run --detach --name probe --network ipv bb:1 sleep 100000 >/dev/null
docker run --detach --name client --network backend bb:1 sleep 100000 >/dev/null
for _ in $(seq 240); do
  sleep 1
  [ "$(docker service ps web | grep -c ' Running ')" != 2 ] || break
done
# The load balancer is programmed a moment after its tasks run.
for _ in $(seq 60); do
  sleep 1
  ! nsenter --net=/run/docker/netns/ingress_sbox grep -q Masq /proc/net/ip_vs || break
done
docker exec client /bin/busybox ping -c 1 -w 5 web || true
"$program" record --output demo-ingress.bwrec --seconds 20
