#!/bin/sh
# Installs two real IRC servers, their services and a client (Debian, Ubuntu), and a client
# library into .venv-peers, which setup.sh has made.
set -eu
cd "$(dirname "$0")/../.."
if command -v apt-get > /dev/null; then
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    $as_root apt-get update -qq || echo "apt-get update failed; trying with the lists there are" >&2
    $as_root apt-get install -y -qq --no-install-recommends inspircd ngircd ii anope openssl > /dev/null
else
    echo "tests/peers needs inspircd, ngircd, ii and anope on the PATH; install them yourself." >&2
fi
.venv-peers/bin/python -m pip install --quiet 'irc>=20.5'
