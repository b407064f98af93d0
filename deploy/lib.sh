# Shared by deploy/run and tests/run: saying what is done, installing, building.
# Sourced; needs bash and $root, the project's root.

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages FILE...: installs what is listed and missing.
install_packages() {
  local missing=() package
  for package in $(sed 's/#.*//' "$@"); do
    # A Node from elsewhere will do, and Debian's would not go beside it.
    case $package in
      nodejs) ! command -v node >/dev/null || continue ;;
      npm) ! command -v npm >/dev/null || continue ;;
    esac
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    die "packages are missing and there is no sudo: run as root, or install them and use --no_install"
  fi
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$root/.cache/install.log" 2>&1 ||
    { tail -20 "$root/.cache/install.log" >&2; die "apt-get could not install the packages above"; }
}

# use_node: puts a Node that the web app can be built with on PATH. Debian's is too
# old; its npm fetches a newer one into .cache once.
use_node() {
  export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
  local tools=$root/.cache/node
  if [ ! -x "$tools/node_modules/.bin/npm" ] || [ ! -x "$tools/node_modules/node/bin/node" ]; then
    local major
    major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
    if [ "${major:-0}" -ge 20 ] && [ "$(npm --version | cut -d. -f1)" -ge 11 ]; then return; fi
    command -v npm >/dev/null || die "there is no npm: install it (apt-get install npm)"
    say "Fetching Node 22 for the build of the web app"
    mkdir -p "$tools"
    (cd "$tools" && npm install --silent --no-save --no-audit --no-fund --prefix . node@22 npm@11 >"$root/.cache/node.log" 2>&1) ||
      { tail -20 "$root/.cache/node.log" >&2; die "npm could not fetch Node 22"; }
  fi
  export PATH="$tools/node_modules/node/bin:$tools/node_modules/.bin:$PATH"
}

# build_native PRESET [TARGET...]: configures and builds, with progress.
build_native() {
  local preset=$1
  shift
  say "Building ($preset); the first time takes several minutes"
  # A second copy of the project gets what the first compiled.
  export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
  (cd "$root" && cmake --preset "$preset" >"$root/.cache/configure-$preset.log" 2>&1) ||
    { tail -30 "$root/.cache/configure-$preset.log" >&2; die "cmake could not configure"; }
  (cd "$root" && cmake --build --preset "$preset" ${1:+--target "$@"}) >&2 || die "the build failed"
}

# build_web: builds the web app unless nothing changed since the last time.
build_web() {
  local stamp=$root/web/dist/.built sum
  sum=$(cd "$root" && find web/src web/public web/tools web/index.html web/*.json web/*.ts web/.npmrc proto/atrium/v1 -type f -not -path '*/gen/*' 2>/dev/null | LC_ALL=C sort | xargs cat | sha256sum)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ]; then return; fi
  use_node
  say "Building the web app"
  (cd "$root/web" && { [ -d node_modules ] && [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent --no-audit --no-fund; } &&
    npm run --silent build) >"$root/.cache/web.log" 2>&1 || { tail -30 "$root/.cache/web.log" >&2; die "the web app could not be built"; }
  printf '%s' "$sum" >"$stamp"
}
