#!/bin/sh
# Builds the Debian packages from this tree:  packaging/build-deb.sh [--install-deps] [OUTDIR]
#
# dpkg-buildpackage wants debian/ at the top, so the tree is copied to a temporary directory and
# packaging/debian put there. A plain checkout will do, git is not needed. OUTDIR (default: ./debs)
# gets the .deb, .buildinfo and .changes files. --install-deps first installs what is missing to
# build (apt, root); nothing is installed otherwise. DEB_BUILD_OPTIONS is honoured.
set -eu

install_deps=no
if [ "${1:-}" = --install-deps ]; then
    install_deps=yes
    shift
fi
out=${1:-debs}
tree=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)

work=$(mktemp -d "${TMPDIR:-/tmp}/errand-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

mkdir "$work/errand"
tar -C "$tree" -cf - --exclude=./.git --exclude='./build*' --exclude=./debs \
    --exclude=__pycache__ --exclude=.pytest_cache --exclude=./packaging/debian . |
    tar -C "$work/errand" -xf -
cp -R "$tree/packaging/debian" "$work/errand/debian"

cd "$work/errand"
if [ "$install_deps" = yes ]; then
    apt-get -q update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends dpkg-dev fakeroot
    DEBIAN_FRONTEND=noninteractive apt-get build-dep -y --no-install-recommends "$work/errand"
fi
dpkg-buildpackage -us -uc -b
find "$work" -maxdepth 1 -type f -exec mv {} "$out/" \;
