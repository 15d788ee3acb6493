#!/bin/sh
# Real services for InspIRCd (Debian package anope): NickServ and SASL. anope.sh WORKDIR SERVERPORT
# Prints READY once it is linked; foreground; stop it with SIGTERM.
set -eu
ulimit -c 0
W=$1 P=$2; mkdir -p "$W/db" "$W/log" "$W/conf"
cat > "$W/conf/services.conf" <<C
uplink { host = "127.0.0.1"; ipv6 = no; port = $P; password = "linkpw"; }
serverinfo { name = "services.test.local"; description = "services"; pid = "$W/services.pid"; motd = "$W/conf/motd"; }
module { name = "inspircd3"; use_server_side_mlock = no; use_server_side_topiclock = no; }
networkinfo { networkname = "TestNet"; nicklen = 30; userlen = 10; hostlen = 64; chanlen = 60; vhost_chars = "a"; allow_undotted_vhosts = no; disallow_start_or_end = ".-"; }
options { casemap = "rfc1459"; seed = 7; strictpasswords = no; badpasslimit = 5; badpasstimeout = 1h; updatetimeout = 5m;
 expiretimeout = 30m; readtimeout = 5s; warningtimeout = 4h; timeoutcheck = 3s; retrywait = 5s; hideprivilegedcommands = no;
 hideregisteredcommands = no; languages = "en"; defaultlanguage = "en"; }
log { target = "services.log"; logage = 7; admin = "*"; override = "*"; commands = "*"; servers = "*"; channels = "*"; users = "*"; other = "*"; rawio = no; debug = no; }
module { name = "db_flatfile"; database = "anope.db"; keepbackups = 1; fork = no; }
module { name = "enc_sha256"; }
module { name = "m_sasl"; }
service { nick = "NickServ"; user = "services"; host = "services.test.local"; gecos = "Nicks"; }
module { name = "nickserv"; client = "NickServ"; forceemail = no; defaults = "autoop"; regdelay = 0; expire = 90d; guestnickprefix = "Guest"; nonicknameownership = no; passlen = 50; }
module { name = "ns_register"; registration = "none"; }
command { service = "NickServ"; name = "REGISTER"; command = "nickserv/register"; }
module { name = "ns_identify"; }
command { service = "NickServ"; name = "IDENTIFY"; command = "nickserv/identify"; }
module { name = "ns_cert"; max = 5; }
command { service = "NickServ"; name = "CERT"; command = "nickserv/cert"; }
C
: > "$W/conf/motd"; : > "$W/out.log"
PATH=$PATH:/usr/sbin
anope --confdir="$W/conf" --dbdir="$W/db" --logdir="$W/log" --modulesdir=/usr/lib/anope --localedir=/usr/share/anope/locale --nofork > "$W/out.log" 2>&1 & PID=$!
trap 'kill -TERM $PID 2>/dev/null; wait $PID; exit 0' TERM INT
i=0; until grep -q "(services) is done syncing" "$W/out.log"; do
  i=$((i+1)); [ $i -lt 300 ] && kill -0 $PID 2>/dev/null || { cat "$W/out.log" >&2; exit 1; }; sleep 0.1; done
echo "READY"; wait $PID
