#!/bin/sh
# Installs Erlang/OTP, whose supervisor ours is compared with in tests/otp/test_live.py.
set -eu
if command -v escript >/dev/null; then
    exit 0
fi
refuse() {
    echo "tests/otp needs Erlang/OTP 24 or newer: $1." >&2
    echo "Install it yourself so that 'escript' is on the PATH (Debian, Ubuntu: erlang-base;" >&2
    echo "Fedora: erlang-erts; macOS: brew install erlang), then run this again." >&2
    exit 1
}
command -v apt-get >/dev/null || refuse "there is no escript, and no apt-get to install it with"
if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root=sudo
else
    refuse "there is no escript, and installing it takes root or sudo"
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq || echo "apt-get update failed; trying with the lists there are" >&2
$as_root apt-get install -y -qq --no-install-recommends erlang-base >/dev/null ||
    refuse "apt-get could not install erlang-base"
command -v escript >/dev/null || refuse "erlang-base was installed, yet there is no escript"
