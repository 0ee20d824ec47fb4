# The first process of a test host (host.rs): it runs as PID 1 of new network, PID, mount, UTS, IPC and
# cgroup namespaces, still in the machine's own root, and turns them into a machine of their own.
# usage: host_init.sh NAME LOWER MOUNTPOINT [OUTER INNER]...
#
# Everything the host writes lies in one tmpfs of its mount namespace, so that nothing is left of it when
# its processes are gone, however they went.
set -eu
name=$1 lower=$2 bed=$3
shift 3

# /proc is still the machine's, so this is the PID by which it knows us.
read -r outer_pid _ </proc/self/stat

mount -t tmpfs -o mode=755 bridgewalk-bed "$bed"
root=$bed/root
mkdir "$bed/upper" "$bed/work" "$root"
mount -t overlay -o "lowerdir=$lower,upperdir=$bed/upper,workdir=$bed/work" bridgewalk-root "$root"
# Docker's overlay2 cannot lie on an overlay.
mkdir -p "$root/var/lib/docker"
mount -t tmpfs -o mode=711 docker "$root/var/lib/docker"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"

# The cgroup hierarchies again, each with this host's own cgroup as its root: inside, a container lies in
# /docker/ID as it does on a real host.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mkdir -p "$root/sys/fs/cgroup/init.scope"
  echo 0 >"$root/sys/fs/cgroup/init.scope/cgroup.procs"
  for controller in $(cat "$root/sys/fs/cgroup/cgroup.controllers"); do
    echo "+$controller" >"$root/sys/fs/cgroup/cgroup.subtree_control" || true
  done
else
  mount -t tmpfs -o mode=755 cgroup "$root/sys/fs/cgroup"
  while IFS=: read -r _ controllers _; do
    case $controllers in
    '')
      mkdir "$root/sys/fs/cgroup/unified"
      mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified" || rmdir "$root/sys/fs/cgroup/unified"
      ;;
    *)
      directory=$root/sys/fs/cgroup/${controllers#name=}
      mkdir "$directory"
      case $controllers in
      name=*) mount -t cgroup -o "none,$controllers" cgroup "$directory" ;;
      *) mount -t cgroup -o "$controllers" cgroup "$directory" ;;
      esac
      ;;
    esac
  done </proc/self/cgroup
fi

while [ $# -ge 2 ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  mount -o remount,bind,ro "$root$2"
  shift 2
done

echo "$name" >/proc/sys/kernel/hostname
echo "$name" >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t%s\n' "$name" >"$root/etc/hosts"
# Nobody answers there, and says so at once.
echo 'nameserver 192.0.2.1' >"$root/etc/resolv.conf"

# The root of this namespace becomes the host's, so that whoever enters it comes there. If the test runs in a chroot,
# that is not the root we see: entering our own mount namespace leaves the chroot, and the working directory stays.
cd "$root"
exec nsenter --mount=/proc/self/ns/mnt --wd=. -- sh -euc '
outer_pid=$1
pivot_root . mnt
umount -l /mnt
ip link set lo up
cd /

echo "pid $outer_pid"
# From here on each line on standard input is a command to run as a child of the init of this host; the end of
# standard input (the test process is gone, or let go) ends the supervisor, then init, and with PID 1 the
# kernel ends every process of the host. A process frozen by a version 1 freezer (docker pause) would not even
# die of that, and hold up the end of all: hence the thaw.
exec >/dev/null 2>/var/log/supervisor.log
exec /usr/bin/tini -s -- /bin/sh -c "while read -r line; do eval \"\$line\"; done
for state in \$(find /sys/fs/cgroup -name freezer.state); do echo THAWED >\"\$state\"; done"
' sh "$outer_pid"
