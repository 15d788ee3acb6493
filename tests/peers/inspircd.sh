#!/bin/sh
# Real IRC server with IRCv3 (InspIRCd, Debian package inspircd): CAP, message-tags, server-time, echo-message,
# labeled-response, account SASL shape, flood kill. inspircd.sh WORKDIR PORT [SSLPORT]
# Prints READY; foreground; stop with SIGTERM. FLOOD=hard gives a strict command rate so that "Excess Flood" is seen.
set -eu
W=$1 P=$2 SP=${3:-}; mkdir -p "$W/data" "$W/run" "$W/log"
TLS=""
if [ -n "$SP" ]; then
  [ -f "$W/cert.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
     -keyout "$W/key.pem" -out "$W/cert.pem" 2>/dev/null
  TLS="<module name=\"ssl_gnutls\"><sslprofile name=\"p\" provider=\"gnutls\" certfile=\"$W/cert.pem\" keyfile=\"$W/key.pem\"><bind address=\"127.0.0.1\" port=\"$SP\" type=\"clients\" sslprofile=\"p\">"
fi
if [ "${FLOOD:-}" = hard ]; then CL='commandrate="1000" threshold="8" fakelag="no"'; else CL='commandrate="100000" threshold="10000" fakelag="no"'; fi
cat > "$W/inspircd.conf" <<C
<server name="irc.test.local" description="loopback" network="TestNet">
<admin name="a" nick="a" email="a@test.local">
<bind address="127.0.0.1" port="$P" type="clients">
$TLS
<connect name="main" allow="*" timeout="30" pingfreq="${PING:-120}" hardsendq="1M" softsendq="16384" recvq="8K"
 localmax="3000" globalmax="3000" resolvehostnames="no" useident="no" maxchans="100" $CL>
<class name="c" commands="*" usermodes="*" chanmodes="*" privs="*">
<type name="NetAdmin" classes="c">
<oper name="op" password="oppw" host="*@*" type="NetAdmin">
<pid file="$W/run/inspircd.pid">
<path configdir="$W" datadir="$W/data" logdir="$W/log" moduledir="${MODDIR:-/usr/lib/inspircd/modules}">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="$W/log/ircd.log">
<options defaultmodes="not"><performance softlimit="4000" clonesonconnect="no" netbuffersize="10240">
<security hideserver="">
<limits maxnick="30" maxchan="60" maxline="512">
<module name="cap"><module name="ircv3"><module name="ircv3_msgid"><module name="ircv3_servertime"><module name="ircv3_echomessage">
<module name="ircv3_labeledresponse"><module name="ircv3_batch"><module name="ircv3_ctctags"><module name="ircv3_accounttag"><module name="chanhistory"><module name="ircv3_capnotify"><module name="services_account"><module name="sasl"><sasl target="services.test.local" requiressl="no">
<module name="sakick"><module name="namesx">
C
ROOT=""; [ "$(id -u)" != 0 ] || ROOT="--runasroot"   # a test host that is root all the way down
PATH=$PATH:/usr/sbin; inspircd --nofork --config="$W/inspircd.conf" $ROOT > "$W/out.log" 2>&1 & PID=$!
trap 'kill -TERM $PID 2>/dev/null; wait $PID; exit 0' TERM INT
i=0; until python3 -c "import socket;socket.create_connection(('127.0.0.1',$P),1).close()" 2>/dev/null; do
  i=$((i+1)); [ $i -lt 100 ] && kill -0 $PID 2>/dev/null || { cat "$W/out.log" >&2; exit 1; }; sleep 0.1; done
echo "READY 127.0.0.1:$P pid=$PID"; wait $PID
