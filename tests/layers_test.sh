#!/bin/sh
# The include rules refuse what they should: plants offences in a copy of the
# tree and expects tests/layers.sh to name each.  Silent when all is well.
set -eu
cd "$(dirname "$0")/.."
sh tests/layers.sh || { echo "the tree itself breaks the rules"; exit 1; }
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
bad=0
plant() { # plant FILE INCLUDE: expects the include in FILE to be refused
	rm -rf "${copy:?}"/*
	mkdir -p "$copy/${1%/*}"
	printf '#include %s\n' "$2" >"$copy/$1"
	if sh tests/layers.sh "$copy" 2>"$copy/said"; then
		echo "$1: $2 was not refused"; bad=1
	elif ! grep -q "^$1: may not include" "$copy/said"; then
		echo "$1: $2 was refused with: $(cat "$copy/said")"; bad=1
	fi
}
for folder in base certs/x509 certs acme/dns acme router router/edge router/control admin-tui; do
	mkdir -p "$copy/$folder"
done
plant base/planted.c '"certs/choose.h"'
plant certs/x509/planted.c '"certs/keyring.h"'
plant certs/planted.c '"acme/order.h"'
plant acme/planted.c '"router/config.h"'
plant router/edge/planted.c '"router/control/events.h"'
plant router/edge/planted.c '"acme/issuer.h"'
plant router/control/planted.c '"router/edge/site.h"'
plant admin-tui/planted.c '"certs/install.h"'
plant acme/planted.c '<sqlite3.h>'
plant router/control/planted.c '<gnutls/gnutls.h>'
plant admin-tui/planted.c '<ncurses.h>'
plant base/planted.c '<curl/curl.h>'
exit $bad
