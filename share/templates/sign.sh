#!/bin/sh
# sign.sh sign IMAGE@DIGEST    by the key of COSIGN_KEY, or as who you log in as
# sign.sh verify IMAGE@DIGEST  by the key of COSIGN_PUB, or by who signed:
#                              COSIGN_IDENTITY, COSIGN_ISSUER
# A tag may be moved while you look: only a digest is signed. What cosign 3 signed,
# as the workflow does, an older one takes for unsigned.
set -eu
case ${2:-} in
*@sha256:*) ;;
*)
	sed -n 's/^# \{0,1\}//; 2,6p' "$0"
	exit 2
	;;
esac
case $1 in
sign)
	if [ -n "${COSIGN_KEY:-}" ]; then
		cosign sign --yes --recursive --key "$COSIGN_KEY" "$2"
	else
		cosign sign --yes --recursive "$2"
	fi
	;;
verify)
	if [ -n "${COSIGN_PUB:-}" ]; then
		cosign verify --key "$COSIGN_PUB" "$2"
	else
		cosign verify --certificate-identity-regexp "${COSIGN_IDENTITY:?who signed}" \
			--certificate-oidc-issuer "${COSIGN_ISSUER:?where they logged in}" "$2"
	fi
	;;
*)
	echo "sign.sh sign|verify IMAGE@DIGEST" >&2
	exit 2
	;;
esac
