#!/bin/sh
# Photographs the window on a live test host, in both themes: docs/pictures/window.sh [FOLDER WITH PROGRAMS]
# Needs root and what tests/run.sh installs.
set -eu
programs=$(realpath "${1:-target/debug}")
pictures=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
export DISPLAY=:88
mkfifo "$work/input"
sleep 600 >"$work/input" &
keeper=$!
Xvfb "$DISPLAY" -screen 0 1920x1080x24 -nolisten tcp >/dev/null 2>&1 &
display=$!
"$programs/bridgewalk-bed" up 26.1 everything <"$work/input" >"$work/host" 2>&1 &
trap 'kill $keeper $display; wait; rm -r "$work"' EXIT
until grep -q '^enter' "$work/host"; do sleep 1; done
pid=$(sed -n 's/^enter: nsenter -t \([0-9]*\) .*/\1/p' "$work/host")
# The host's network, processes and /run, with this machine's own programs and libraries.
cat >"$work/inside" <<'END'
mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t tmpfs run /run
for entry in $(ls /proc/1/root/run); do ln -s "/proc/1/root/run/$entry" "/run/$entry"; done
exec setpriv --pdeathsig KILL -- "$@"
END
HOME=$work XDG_DATA_HOME=$work LANG=C.UTF-8 LIBGL_ALWAYS_SOFTWARE=1 nsenter -t "$pid" -u -n -p -C -- \
  unshare --mount sh "$work/inside" "$programs/bridgewalk" >/dev/null 2>&1 &
until xdotool search --onlyvisible --name Bridgewalk >/dev/null 2>&1; do sleep 1; done
sleep 6
xdotool search --onlyvisible --name Bridgewalk windowsize 1920 1080 windowmove 0 0 windowfocus
# Where it points at nothing.
xdotool mousemove 960 1070
sleep 2
photograph() {
  sleep 3
  import -window root "$pictures/$1.png"
}
# One of two lies in the other's theme: a walk, and what is known of a container.
xdotool key ctrl+k && sleep 1 && xdotool type 172.17.0.2 && sleep 1 && xdotool key Return
photograph window-light
xdotool key Escape Escape d && sleep 1 && xdotool key w && sleep 1
xdotool type --delay 60 outside && sleep 1 && xdotool key Return && sleep 1
xdotool type --delay 60 192.0.2.10:8080 && sleep 1 && xdotool key Return && sleep 2 && xdotool key Right Right Right
photograph window-dark
