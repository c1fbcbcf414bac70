# shellcheck shell=bash
# Sourced. Reads the Debian mirror out of the machine's own apt settings, so
# that no host name is written down anywhere.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# mirror_uri main|security: the archive's address as apt knows it.
mirror_uri() {
	# shellcheck disable=SC2016 # apt fills these in
	apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages' |
		awk -v want="$1" '$2 == "Debian" { sub(/\/$/, "", $1); s = ($1 ~ /security/) ? "security" : "main"
			if (s == want) { print $1; exit } }'
}

# mirror_sources SUITE: sources.list lines for a suite of Debian.
mirror_sources() {
	local main security
	main=$(mirror_uri main)
	# apt knows whose archive it is only after it has read it once.
	if [ -z "$main" ] && [ "$(id -u)" = 0 ]; then
		apt-get update -qq >&2
		main=$(mirror_uri main)
	fi
	security=$(mirror_uri security)
	[ -n "$main" ] || { echo "no Debian archive in apt's settings: run 'apt-get update' first" >&2; return 1; }
	echo "deb [signed-by=$keyring] $main $1 main"
	[ "$1" = sid ] && return 0
	echo "deb [signed-by=$keyring] $main $1-updates main"
	if [ -n "$security" ]; then echo "deb [signed-by=$keyring] $security $1-security main"; fi
}

# mirror_unpack SUITE FOLDER PACKAGE...: the files of these packages of that
# suite, below FOLDER. The machine's own apt and what it has installed stay as
# they are.
mirror_unpack() {
	local suite=$1 folder=$2 apt deb status=0
	shift 2
	apt=$(mktemp -d)
	chmod 755 "$apt"
	mkdir -p "$apt"/lists/partial "$apt"/archives/partial "$apt"/parts "$folder"
	: >"$apt/status"
	# The machine's own apt.conf.d (proxies, certificates) is read after this.
	cat >"$apt/apt.conf" <<-END
		Dir::State "$apt";
		Dir::State::lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt";
		Dir::Cache::archives "$apt/archives";
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "$apt/parts";
		Dir::Etc::preferencesparts "$apt/parts";
		APT::Sandbox::User "";
	END
	mirror_sources "$suite" >"$apt/sources.list" && (
		cd "$apt/archives"
		export APT_CONFIG=$apt/apt.conf
		# A suite without -updates or -security is no error: what is there is enough.
		apt-get update -qq || :
		apt-get download -qq "$@"
	) && for deb in "$apt"/archives/*.deb; do dpkg-deb -x "$deb" "$folder" || status=$?; done || status=1
	rm -rf "$apt"
	return $status
}

# next_release SUITE: the Debian release after it.
next_release() {
	case $1 in
	bullseye) echo bookworm ;;
	bookworm) echo trixie ;;
	trixie) echo forky ;;
	*) echo sid ;;
	esac
}
