#!/bin/bash
# Installs what the tests need, builds everything and runs all tests, on the engines from stable suites; with
# --full also on the newest engine, from a moving suite. Needs root on a Debian or Ubuntu machine, and cargo.
#
# Root file systems of the engines are made once and kept in ${BRIDGEWALK_CACHE:-~/.cache/bridgewalk-tests}.
set -euo pipefail
cd "$(dirname "$0")/.."

full=
case ${1-} in
'') ;;
--full) full=1 ;;
*)
  echo "usage: tests/run.sh [--full]" >&2
  exit 2
  ;;
esac
[ -z "$full" ] || export BRIDGEWALK_FULL=1

if [ "$(id -u)" != 0 ]; then
  echo "tests/run.sh makes network namespaces and mounts: run it as root" >&2
  exit 2
fi
if ! command -v cargo >/dev/null; then
  echo "tests/run.sh needs Rust: no cargo is in the PATH" >&2
  exit 2
fi

say() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

packages=(
  # to build
  gcc g++ libc6-dev pkg-config
  # the hosts
  util-linux iproute2 iptables ipset nftables debootstrap debian-archive-keyring perl-base curl busybox-static strace
  # the window
  xvfb xdotool imagemagick x11-utils libgl1-mesa-dri mesa-vulkan-drivers libgl1 libegl1 libx11-6 libxcursor1 libxi6
  libxrandr2 libxkbcommon0 libxkbcommon-x11-0 dbus
  # pictures and documents
  librsvg2-bin man-db desktop-file-utils
  # exported files, opened by others
  inkscape libreoffice-impress-nogui libreoffice-draw-nogui poppler-utils graphviz libxml2-utils unzip python3-pip
)
missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  for attempt in 1 2 3; do
    if apt-get -qq -o Acquire::Retries=3 update &&
      apt-get -qq -o Acquire::Retries=3 install -y --no-install-recommends "${missing[@]}" >/dev/null; then
      break
    fi
    [ "$attempt" != 3 ] || {
      echo "cannot install ${missing[*]}" >&2
      exit 1
    }
    sleep 10
  done
fi

# What opens exported files and is in no suite: exact versions, once, beside the root file systems.
cache=${BRIDGEWALK_CACHE:-$HOME/.cache/bridgewalk-tests}
opened=$cache/opened-$(cat tests/opened/package.json tests/opened/requirements.txt | sha256sum | cut -c1-12)
if [ ! -d "$opened" ]; then
  say "programs that open exported files"
  if ! command -v npm >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 install -y --no-install-recommends nodejs npm >/dev/null
  fi
  rm -rf "$opened.making"
  mkdir -p "$opened.making"
  cp tests/opened/package.json "$opened.making/"
  npm install --prefix "$opened.making" --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null
  python3 -m pip install --quiet --root-user-action ignore --retries 5 \
    --target "$opened.making/python" --requirement tests/opened/requirements.txt
  mv "$opened.making" "$opened"
fi
export BRIDGEWALK_NODE_MODULES=$opened/node_modules PYTHONPATH=$opened/python${PYTHONPATH:+:$PYTHONPATH}

# All at once, as the tests will want it: a build of less would choose other features and be built again.
say "building"
cargo build --locked --workspace --bins --tests

say "root file systems of the engines"
"${CARGO_TARGET_DIR:-target}/debug/bridgewalk-bed" prepare

say "fuzzing by coverage"
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/fuzz fuzz/run.sh "$([ -n "$full" ] && echo 600 || echo 10)"

say "tests"
# In a mount namespace with a /run of its own: whatever a test mounts, names or leaves goes with the run, also if it is
# killed, and the machine has none of it.
apart=(unshare --mount --propagation private -- sh -euc 'mount -t tmpfs -o mode=755 tmpfs /run; exec "$@"' sh)
# The runner's closing line is the last thing on standard output.
if cargo nextest --version >/dev/null 2>&1; then
  exec "${apart[@]}" cargo nextest run --locked --workspace --no-fail-fast 2>&1
fi
exec "${apart[@]}" cargo test --locked --workspace --no-fail-fast -- --test-threads=1 2>&1
