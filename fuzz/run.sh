#!/bin/bash
# Fuzzes every decoder by coverage, with the stable toolchain: libFuzzer needs only the compiler's own counters.
# cargo-fuzz runs the same targets, with a nightly one and a sanitizer: cargo +nightly fuzz run netlink.
#
# usage: fuzz/run.sh [--keep] [SECONDS [TARGET]...]
#
# SECONDS are for each target (20), as many targets at once as there are processors. --keep puts what was found into
# seeds/, as few pieces as cover the same. An input that makes a decoder panic, take more than 512 MiB or 10 seconds
# ends the run, and lies in ARTIFACTS.
set -euo pipefail
cd "$(dirname "$0")"

keep=
if [ "${1-}" = --keep ]; then
  keep=1
  shift
fi
seconds=${1:-20}
[ $# = 0 ] || shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(netlink xt nf_tables agent_protocol engine_answers recordings)

machine=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_INCREMENTAL=0
# What cargo-fuzz passes, without a sanitizer. The explicit target keeps it off build scripts.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares" \
  cargo build --locked --release --target "$machine" --bins
target=${CARGO_TARGET_DIR:-target}
programs=$target/$machine/release
artifacts=$target/artifacts
corpus=$target/corpus
mkdir -p "$artifacts"
# No fuzzer's main belongs to it, so it is built without the counters.
rustc --edition 2024 -O -o "$target/pieces" src/pieces.rs

one() {
  local name=$1 log=$artifacts/$1.log
  mkdir -p "$corpus/$name"
  "$target/pieces" unpack "seeds/$name" "$corpus/$name"
  # A decoder may take what it is given, so an input is as long as a datagram, or an answer.
  "$programs/$name" "$corpus/$name" -max_total_time="$seconds" -max_len=65536 -len_control=20 -timeout=10 \
    -rss_limit_mb=512 -malloc_limit_mb=512 -artifact_prefix="$artifacts/$name-" -print_final_stats=1 >"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    return 1
  }
  local covered executed
  covered=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "$name: $executed executions, $covered, at most $(sed -n 's/^stat::peak_rss_mb: *//p' "$log") MiB"
  if [ -n "$keep" ]; then
    rm -rf "$corpus/$name.least"
    mkdir "$corpus/$name.least"
    "$programs/$name" -merge=1 -max_len=65536 "$corpus/$name.least" "$corpus/$name" >"$log" 2>&1
    "$target/pieces" pack "$corpus/$name.least" "seeds/$name"
  fi
}

export -f one
export seconds target programs artifacts corpus keep
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -euo pipefail -c 'one {}'
