#!/bin/sh
# A real Matrix homeserver (Synapse) on loopback: SQLite, no federation, no limits.
#   synapse.sh WORKDIR PORT
# Prints READY when it answers, stays in the foreground, and stops on SIGTERM.
# Whoever knows the secret "loopback-secret" may register users.
set -eu
W=$1 P=$2
V=$(cd "$(dirname "$0")/../.." && pwd)/.venv-synapse
mkdir -p "$W"
[ -f "$W/signing.key" ] || "$V/bin/python" -m synapse._scripts.generate_signing_key -o "$W/signing.key"
cat > "$W/log.yaml" <<Y
version: 1
formatters: {f: {format: '%(asctime)s %(levelname)s %(name)s %(message)s'}}
handlers: {file: {class: logging.FileHandler, filename: $W/synapse.log, formatter: f}}
root: {level: WARNING, handlers: [file]}
disable_existing_loggers: false
Y
cat > "$W/homeserver.yaml" <<Y
server_name: "localhost"
pid_file: $W/synapse.pid
report_stats: false
signing_key_path: $W/signing.key
log_config: $W/log.yaml
media_store_path: $W/media
database: {name: sqlite3, args: {database: $W/hs.db}}
registration_shared_secret: "loopback-secret"
macaroon_secret_key: "loopback-macaroon"
form_secret: "loopback-form"
trusted_key_servers: []
suppress_key_server_warning: true
federation_domain_whitelist: []
url_preview_enabled: false
listeners:
  - {port: $P, bind_addresses: ["127.0.0.1"], type: http, tls: false, x_forwarded: false,
     resources: [{names: [client, media], compress: false}]}
bcrypt_rounds: 4  # the passwords of nobody: each would take a quarter of a second of a CPU
rc_message: {per_second: 1000, burst_count: 1000}
rc_login:
  address: {per_second: 1000, burst_count: 1000}
  account: {per_second: 1000, burst_count: 1000}
  failed_attempts: {per_second: 1000, burst_count: 1000}
rc_joins: {local: {per_second: 1000, burst_count: 1000}}
rc_invites: {per_room: {per_second: 1000, burst_count: 1000}, per_user: {per_second: 1000, burst_count: 1000}}
rc_room_creation: {per_second: 1000, burst_count: 1000}
Y
SYNAPSE_CACHE_FACTOR=0.5 "$V/bin/python" -m synapse.app.homeserver -c "$W/homeserver.yaml" &
PID=$!
trap 'kill -TERM $PID 2>/dev/null; wait $PID; exit 0' TERM INT
i=0
until "$V/bin/python" -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$P/_matrix/client/versions', timeout=2)" 2>/dev/null; do
  i=$((i + 1))
  [ $i -lt 150 ] || { echo "synapse did not answer" >&2; kill $PID; exit 1; }
  kill -0 $PID 2>/dev/null || { echo "synapse died, see $W/synapse.log" >&2; exit 1; }
  sleep 0.2
done
echo "READY http://127.0.0.1:$P"
wait $PID
