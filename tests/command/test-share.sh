# What lies in share/ is what the tables say; and it is read without complaint
# by those that it is for: man, bash, zsh, fish.
share=$TEST_SRCDIR/share
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
number=0

result() { # STATUS NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
	fi
}

skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

echo 1..9
"$TEST_BUILDDIR/tests/command/write-share" "$work"
result $? "writes all files"

for file in man/cargodeck.1 completions/cargodeck.bash completions/_cargodeck completions/cargodeck.fish config.ini.sample; do
	diff -u "$share/$file" "$work/$file" | sed 's/^/# /'
	cmp -s "$share/$file" "$work/$file"
	result $? "share/$file is up to date (make update-share)"
done

if command -v groff >/dev/null; then
	groff -ww -z -t -K utf8 -man -T utf8 "$work/man/cargodeck.1" 2>"$work/complaints"
	status=$?
	sed 's/^/# /' "$work/complaints"
	[ $status = 0 ] && [ ! -s "$work/complaints" ]
	result $? "groff has no complaint about the manual page"
else
	skip "groff has no complaint about the manual page" "groff is not installed"
fi

if command -v zsh >/dev/null; then
	zsh -n "$work/completions/_cargodeck"
	result $? "zsh reads its completion"
else
	skip "zsh reads its completion" "zsh is not installed"
fi

if command -v fish >/dev/null; then
	fish --no-execute "$work/completions/cargodeck.fish"
	result $? "fish reads its completion"
else
	skip "fish reads its completion" "fish is not installed"
fi
