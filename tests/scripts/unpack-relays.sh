#!/bin/sh
# unpack-relays.sh DESTINATION: unpacks Debian's HAProxy and nginx without installing them, so that neither is ever
# started by the system. Only the shared libraries that they need are installed, and only where one is missing.
set -eu
destination=$1
rm -rf "$destination.new"
mkdir -p "$destination.new"
cd "$destination.new"

apt-get -qq -o APT::Sandbox::User=root download haproxy nginx libnginx-mod-stream
for package in *.deb; do dpkg -x "$package" .; done

if ldd usr/sbin/haproxy usr/sbin/nginx | grep -q 'not found'; then
  libraries=$(for package in haproxy_*.deb nginx_*.deb; do dpkg-deb -f "$package" Depends; done |
    tr ',' '\n' | grep -E '^ *(lib|zlib)' | sort -u | paste -sd,)
  root=; [ "$(id -u)" = 0 ] || root=sudo
  $root apt-get satisfy -qq -y --no-install-recommends -o DPkg::Lock::Timeout=600 "$libraries"
fi
rm -f ./*.deb
rm -rf "$destination"
mv "$destination.new" "$destination"
