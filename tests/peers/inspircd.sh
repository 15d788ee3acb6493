#!/bin/sh
# A real IRC server with most of IRCv3 (Debian package inspircd), on loopback.
# inspircd.sh WORKDIR PORT [TLSPORT [SERVERPORT]]
# Prints READY; foreground; stop it with SIGTERM. With TLSPORT it makes a certificate of
# its own, WORKDIR/cert.pem; with SERVERPORT it waits for services there (see anope.sh).
set -eu
ulimit -c 0
W=$1 P=$2 TP=${3:-} SP=${4:-}
mkdir -p "$W/data" "$W/run" "$W/log"
TLS=""
if [ -n "$TP" ]; then
  [ -f "$W/cert.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$W/key.pem" -out "$W/cert.pem" 2>/dev/null
  TLS="<module name=\"ssl_gnutls\"><sslprofile name=\"p\" provider=\"gnutls\" certfile=\"$W/cert.pem\" keyfile=\"$W/key.pem\">
<bind address=\"127.0.0.1\" port=\"$TP\" type=\"clients\" sslprofile=\"p\">"
fi
LINK=""
if [ -n "$SP" ]; then
  LINK="<module name=\"spanningtree\"><module name=\"hidechans\"><module name=\"svshold\"><module name=\"chghost\"><module name=\"chgident\"><module name=\"globops\"><module name=\"cban\"><module name=\"rline\"><bind address=\"127.0.0.1\" port=\"$SP\" type=\"servers\">
<link name=\"services.test.local\" ipaddr=\"127.0.0.1\" port=\"$SP\" allowmask=\"127.0.0.0/8\" sendpass=\"linkpw\" recvpass=\"linkpw\">
<uline server=\"services.test.local\" silent=\"yes\">"
fi
cat > "$W/inspircd.conf" <<C
<server name="irc.test.local" description="loopback" network="TestNet" id="1AA">
<admin name="a" nick="a" email="a@test.local">
<bind address="127.0.0.1" port="$P" type="clients">
$TLS
$LINK
<connect name="main" allow="*" timeout="30" pingfreq="120" hardsendq="1M" softsendq="16384" recvq="8K"
 localmax="3000" globalmax="3000" resolvehostnames="no" useident="no" maxchans="100"
 commandrate="100000" threshold="10000" fakelag="no">
<class name="c" commands="*" usermodes="*" chanmodes="*" privs="*">
<type name="NetAdmin" classes="c">
<oper name="op" password="oppw" host="*@*" type="NetAdmin">
<pid file="$W/run/inspircd.pid">
<path configdir="$W" datadir="$W/data" logdir="$W/log" moduledir="${MODDIR:-/usr/lib/inspircd/modules}">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="$W/log/ircd.log">
<options defaultmodes="not">
<performance softlimit="4000" clonesonconnect="no" netbuffersize="10240">
<security hideserver="">
<limits maxnick="30" maxchan="60" maxline="512">
<module name="cap"><module name="ircv3"><module name="ircv3_msgid"><module name="ircv3_servertime">
<module name="ircv3_echomessage"><module name="ircv3_labeledresponse"><module name="ircv3_batch">
<module name="ircv3_ctctags"><module name="ircv3_accounttag"><module name="ircv3_capnotify">
<module name="chanhistory"><module name="namesx"><module name="services_account">
<module name="sasl"><sasl target="services.test.local" requiressl="no">
C
ROOT=""; [ "$(id -u)" != 0 ] || ROOT="--runasroot"
PATH=$PATH:/usr/sbin; inspircd --nofork --config="$W/inspircd.conf" $ROOT > "$W/out.log" 2>&1 & PID=$!
trap 'kill -TERM $PID 2>/dev/null; wait $PID; exit 0' TERM INT
i=0; until python3 -c "import socket;socket.create_connection(('127.0.0.1',$P),1).close()" 2>/dev/null; do
  i=$((i+1)); [ $i -lt 100 ] && kill -0 $PID 2>/dev/null || { cat "$W/out.log" >&2; exit 1; }; sleep 0.1; done
echo "READY"; wait $PID
