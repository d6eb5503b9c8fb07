# Sourced by the scripts: how they speak, and where the build is.

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# build PRESET TARGET… : configures once, builds the targets (none = all).
build() {
  local preset=$1
  shift
  if [ ! -f "build/$preset/build.ninja" ]; then
    cmake --preset "$preset" >"build-$preset.log" 2>&1 || { cat "build-$preset.log" >&2; rm -f "build-$preset.log"; die "configuring failed"; }
    rm -f "build-$preset.log"
  fi
  cmake --build "build/$preset" --parallel "$(nproc)" ${1:+--target "$@"}
}
