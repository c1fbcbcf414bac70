# Sourced. Reads the Debian mirror out of the machine's own apt settings, so
# that no host name is written down anywhere.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# mirror_uri main|security: the archive's address as apt knows it.
mirror_uri() {
	apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages' |
		awk -v want="$1" '$2 == "Debian" { sub(/\/$/, "", $1); s = ($1 ~ /security/) ? "security" : "main"
			if (s == want) { print $1; exit } }'
}

# mirror_sources SUITE: sources.list lines for a suite of Debian.
mirror_sources() {
	main=$(mirror_uri main)
	security=$(mirror_uri security)
	[ -n "$main" ] || { echo "no Debian archive in apt's settings: run 'apt-get update' first" >&2; return 1; }
	echo "deb [signed-by=$keyring] $main $1 main"
	[ "$1" = sid ] && return 0
	echo "deb [signed-by=$keyring] $main $1-updates main"
	if [ -n "$security" ]; then echo "deb [signed-by=$keyring] $security $1-security main"; fi
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
