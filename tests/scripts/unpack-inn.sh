#!/bin/sh
# unpack-inn.sh DESTINATION: unpacks Debian's news server INN2 without installing it, so that no news server is ever
# started by the system. Only the shared libraries that it needs are installed, and only where one is missing.
set -eu
destination=$1
rm -rf "$destination.new"
mkdir -p "$destination.new"
cd "$destination.new"

apt-get -qq -o APT::Sandbox::User=root download inn2 inn2-inews
for package in *.deb; do dpkg -x "$package" .; done

LD_LIBRARY_PATH=$PWD/usr/lib/news:$PWD/usr/lib
export LD_LIBRARY_PATH
cd usr/lib/news/bin
if ldd innd nnrpd ctlinnd makedbz auth/passwd/ckpasswd | grep -q 'not found'; then
  libraries=$(dpkg-deb -f ../../../../inn2_*.deb Depends | tr ',' '\n' | grep '^ *lib' | grep -v -- '-perl' | paste -sd,)
  root=; [ "$(id -u)" = 0 ] || root=sudo
  $root apt-get satisfy -qq -y --no-install-recommends -o DPkg::Lock::Timeout=600 "$libraries"
fi
cd "$destination.new"
rm -f ./*.deb
rm -rf "$destination"
mv "$destination.new" "$destination"
