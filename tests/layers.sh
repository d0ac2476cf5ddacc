#!/bin/sh
# The include rules of the house, enforced: which folder may include which, and
# behind which file each library stays.  Silent when all is well.  With a
# folder as argument, checks that tree instead (its own test plants offences).
set -eu
cd "${1:-$(dirname "$0")/..}"

# folder: header globs it may include
layers='
base            base/*
certs/x509      base/* certs/x509/*
certs           base/* certs/*
acme/dns        base/* acme/dns/*
acme            base/* certs/* acme/*
router          base/* certs/* acme/* router/*
router/edge     base/* certs/* router/config.h router/edge/*
router/control  base/* certs/* acme/* router/config.h router/control/*
admin-tui       base/* certs/x509/* admin-tui/*
'
# never, whatever the folder may
refused='
router/edge     router/control/* acme/*
router/control  router/edge/*
'
# system header: files that may include it
doors='
gnutls/     certs/* acme/jws.* acme/challenge.* router/edge/tls.* router/edge/tls_* router/edge/tickets.* base/clock.*
openssl/    certs/key_sign.* router/edge/x25519.*
llhttp.h    base/http1.*
nghttp2/    router/edge/h2_session* router/edge/h2_client*
ares.h      acme/dns/dns_inside.*
curl/       base/fetch.*
sqlite3.h   base/db.* base/db_*
libxml/     acme/dns/route53_xml.*
ldns/       acme/dns/rfc2136_message.*
jansson.h   base/json.*
curses.h    admin-tui/terminal.*
ncurses.h   admin-tui/terminal.*
seccomp.h   base/sandbox.*
idn2.h      base/host.*
libpsl.h    base/registered.*
libpq-fe.h  router/control/cluster.*
systemd/    base/proc.*
'
matches() { # matches VALUE GLOB...
	value=$1; shift
	for glob; do
		# shellcheck disable=SC2254 # globs are meant
		case $value in $glob) return 0 ;; esac
	done
	return 1
}
row() { # row TABLE KEY: the globs of that key
	echo "$1" | awk -v key="$2" '$1 == key { $1 = ""; print }'
}
bad=0
complain() { echo "$1: may not include $2" >&2; bad=1; }
files=$(find base certs acme router admin-tui -name '*.[ch]' 2>/dev/null | sort)
set -f
for file in $files; do
	folder=${file%/*}
	allowed=$(row "$layers" "$folder")
	forbidden=$(row "$refused" "$folder")
	for header in $(sed -n 's/^#include "\(.*\)".*/\1/p' "$file"); do
		# shellcheck disable=SC2086 # globs, a list of words
		matches "$header" $allowed && ! matches "$header" $forbidden ||
			complain "$file" "$header"
	done
	for header in $(sed -n 's/^#include <\(.*\)>.*/\1/p' "$file"); do
		door=$(echo "$doors" | awk -v h="$header" \
			'NF && index(h, $1) == 1 { $1 = ""; print }')
		# shellcheck disable=SC2086
		[ -z "$door" ] || matches "$file" $door || complain "$file" "$header"
	done
done
exit $bad
