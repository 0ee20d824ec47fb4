# Runs inside a freshly debootstrapped root file system, as the last step of making it (rootfs.rs).
# It adds what a test needs from a host and what a package does not bring: people with different rights,
# and the one image, since nothing can be pulled.
set -eu

# Three people: one in the docker group, one in no group at all, one who may use sudo without a password.
getent group docker >/dev/null || groupadd --system docker
useradd --create-home --uid 1000 --groups docker --shell /bin/bash member
useradd --create-home --uid 1001 --shell /bin/bash plain
useradd --create-home --uid 1002 --shell /bin/bash admin
echo 'admin ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/bridgewalk
chmod 0440 /etc/sudoers.d/bridgewalk

# The image: busybox for everything, and perl with its C library, because Debian's busybox can listen
# on TCP but not on UDP.
image=/var/lib/bridgewalk/image
mkdir -p "$image/bin" "$image/usr/bin" "$image/www" "$image/etc" "$image/tmp"
cp /bin/busybox "$image/bin/busybox"
for applet in $(/bin/busybox --list); do
  [ "$applet" = busybox ] || ln -sf busybox "$image/bin/$applet"
done
cp /usr/bin/perl "$image/usr/bin/perl"
for library in $(ldd /usr/bin/perl | grep -o '/[^ ]*'); do
  mkdir -p "$image${library%/*}"
  cp -L "$library" "$image$library"
done
echo 'hello from the test bed' >"$image/www/index.html"
echo 'root:x:0:0:root:/:/bin/sh' >"$image/etc/passwd"
cat >"$image/bin/udp-echo" <<'PERL'
#!/usr/bin/perl
# udp-echo PORT: sends every datagram back to where it came from.
my $port = shift;
socket(S, 2, 2, 17) or die "socket: $!";
bind(S, pack("Sna4x8", 2, $port, "\0\0\0\0")) or die "bind: $!";
while (1) {
  my $from = recv(S, my $data, 2048, 0);
  send(S, $data, 0, $from) if defined $from;
}
PERL
chmod 0755 "$image/bin/udp-echo"
tar -C "$image" -cf /var/lib/bridgewalk/bb.tar .
rm -rf "$image"

# What is not needed any more is most of the size.
apt-get clean
rm -rf /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/*
