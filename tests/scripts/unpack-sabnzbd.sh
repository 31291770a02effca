#!/bin/sh
# unpack-sabnzbd.sh DESTINATION: unpacks SABnzbd from Debian's contrib without installing it (it depends on the non-free
# unrar), with a Python environment of its own. The system's package sources are not touched: apt gets a private state.
set -eu
scripts=$(cd "$(dirname "$0")" && pwd)
destination=$1
rm -rf "$destination" "$destination.apt"
mkdir -p "$destination" "$destination.apt/sources" "$destination.apt/lists/partial"
cd "$destination"

# The first suite that has it: 5.1 pipelines its requests, 4.5 does not.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | sort -u | head -n 1)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
private() {
  apt-get -qq -o APT::Sandbox::User=root -o Dir::Etc::SourceList=/dev/null \
    -o Dir::Etc::SourceParts="$destination.apt/sources" -o Dir::State::Lists="$destination.apt/lists" \
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@"
}
for suite in trixie-backports trixie; do
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: contrib\nSigned-By: %s\n' "$mirror" "$suite" "$keyring" \
    >"$destination.apt/sources/contrib.sources"
  private update && private download "sabnzbdplus/$suite" && break
done
dpkg -x sabnzbdplus_*.deb .
rm -rf sabnzbdplus_*.deb "$destination.apt"

program=usr/share/sabnzbdplus/sabnzbd
sabctools=$(sed -n 's/^SABCTOOLS_VERSION_REQUIRED = "\(.*\)"/\1/p' $program/constants.py)
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check -r "$scripts/sabnzbd-requirements.txt" "sabctools==$sabctools"
# It names a module that it misses, should a newer SABnzbd want more.
PYTHONPATH=$PWD/usr/share/sabnzbdplus venv/bin/python -OO usr/bin/sabnzbdplus --version
