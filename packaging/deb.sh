#!/bin/sh
# Builds build/*.deb from the tree as it is committed (plus uncommitted changes
# to tracked files), with Debian's own tools.
#   packaging/deb.sh VERSION
set -eu
cd "$(dirname "$0")/.."
version=$1
work=build/deb
rm -rf "$work"
mkdir -p "$work/towpath-$version"
git ls-files -z | xargs -0 cp --parents -t "$work/towpath-$version"
cp -r packaging/debian "$work/towpath-$version/debian"
log=$PWD/build/deb.log
(cd "$work/towpath-$version" && dpkg-buildpackage -b -us -uc >"$log" 2>&1) || {
	tail -n 40 "$log"
	exit 1
}
rm -f build/towpath_*.deb
mv "$work"/towpath_*.deb build/
rm -rf "$work"
ls build/towpath_*.deb
