#!/bin/sh
# Installs what building, the demo and the tests need, and nothing when it is
# all there already.  Uses sudo when not root.
#   packaging/deps.sh [bench]     with what `make bench` compares and loads with
set -eu
packages='
build-essential pkg-config
libgnutls28-dev libssl-dev libev-dev libncurses-dev libcurl4-gnutls-dev libsqlite3-dev
libc-ares-dev libnghttp2-dev libxml2-dev libldns-dev libjansson-dev
libseccomp-dev libidn2-dev libpsl-dev publicsuffix node-llhttp
libcmocka-dev clang-format clang-tidy
pebble caddy bind9 bind9-dnsutils gnutls-bin openssl curl nghttp2-client nghttp2-server
slowhttptest
sqlite3 tmux strace gdb wrk ca-certificates
python3 python3-h2 python3-pyte python3-cryptography python3-prometheus-client
debhelper fakeroot lintian procps iproute2'
[ "${1:-}" != bench ] || packages="$packages
nginx haproxy nghttp2-client"
missing=
for package in $packages; do
	case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
	'install ok installed') ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
$sudo apt-get update -qq
# shellcheck disable=SC2086 # a list of words is meant
# a server that comes along is a program to run, not a service to start
$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
	apt-get install -y -qq --no-install-recommends $missing
