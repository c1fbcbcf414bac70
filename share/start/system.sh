# shellcheck shell=bash
# Sourced. What is needed of a distribution: one table, one column for each
# family. A new distribution is a new case in the three functions below.

# need|Debian and Ubuntu (x|y: either will do)
packages_table='
build     autoconf
build     automake
build     gcc
build     libc6-dev
build     make
build     pkg-config|pkgconf
build     libncurses-dev
build     libcurl4-gnutls-dev|libcurl4-openssl-dev
build     libjansson-dev
build     libinotifytools0-dev
build     libuv1-dev
build     libpcre2-dev
build     libinih-dev
build     libyaml-dev
build     gettext
build     ca-certificates
test      libcmocka-dev
test      libvterm-dev
test      python3
test      python3-venv
test      ncurses-bin
test      shellcheck
test      gcc-aarch64-linux-gnu
test      libc6-dev-arm64-cross
engine    docker.io
images    mmdebstrap
'

# Sets $family; "" where nobody has written it down yet.
system_find() {
	family=
	system_name="this system"
	[ -r /etc/os-release ] || return 0
	# shellcheck source=/dev/null
	. /etc/os-release
	system_name=${PRETTY_NAME:-$system_name}
	case " ${ID:-} ${ID_LIKE:-} " in
	*" debian "* | *" ubuntu "*) family=debian ;;
	esac
}

# system_missing NEED...: the packages for these needs that are not installed.
system_missing() {
	local need package wanted
	case $family in
	debian)
		wanted=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null | awk '$1 == "installed" { print $2 }')
		while read -r need package; do
			case " $* " in *" $need "*) ;; *) continue ;; esac
			# the machine's cross compiler is of no use where it is the machine's own
			case $package in *aarch64* | *arm64*) [ "$(uname -m)" = x86_64 ] || continue ;; esac
			grep -qxE "$package" <<<"$wanted" || printf '%s\n' "${package%%|*}"
		done <<<"$packages_table"
		;;
	*) return 0 ;; # configure names what it lacks
	esac
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

# system_install PACKAGE...: nothing that is installed is taken away for it.
system_install() {
	case $family in
	debian)
		as_root apt-get update -qq
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove "$@"
		;;
	esac
}

# The line that a person may type instead.
system_install_line() {
	case $family in
	debian) echo "sudo apt-get update && sudo apt-get install --no-install-recommends $*" ;;
	*) echo "install the packages of $system_name for: $*" ;;
	esac
}

# A started daemon is left running: whoever asked for it wants to use it.
system_start_engine() {
	if [ -d /run/systemd/system ]; then
		as_root systemctl start docker
	elif as_root service docker start; then
		:
	else
		as_root sh -c 'setsid dockerd >/var/log/dockerd.log 2>&1 </dev/null &'
	fi
}
