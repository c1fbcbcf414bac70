/* Shell text: commands and words, and the calls of cargo in it. */
#include "../unit.h"
#include "../../src/project/project.h"

static char *show(const char *body)
{
	struct shell_commands commands = {0};
	struct str out = {0};
	shell_split(body, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		auto_free char *words = strings_join(&commands.items[i].words, "|", NULL);
		if (commands.items[i].words.count > 0)
			str_print(&out, "%s%s", out.len > 0 ? " ; " : "", words);
	}
	shell_commands_finish(&commands);
	return str_steal(&out);
}

static void splits(void **state)
{
	(void)state;
	static const struct { const char *body, *expected; } cases[] = {
		{"", ""},
		{"a b && c||d;e|f\ng &", "a|b ; c ; d ; e ; f ; g"},
		{"a 2>&1 && b &> x", "a|2>&1 ; b|&>|x"},
		{"a 'b && c' \"d ; $e \\\" f\" g\\ h", "a|b && c|d ; $e \" f|g h"},
		{"# don't\na # 'b\nc#d", "a ; c#d"},
		{"(cd x && a); b", "cd|x ; a ; b"},
		{"a $(b | c && (d)) e", "a|$(b | c && (d))|e"},
		{"a \\\n  b", "a|b"},
		{"case x in a) b;; esac", "case|x|in|a ; b ; esac"},
		{"a 'open", "a|open"},
		{"'' x", "|x"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *shown = show(cases[i].body);
		assert_string_equal(shown, cases[i].expected);
	}
}

/* "verb kind packages bins target folder env features" of each call. */
static char *calls_of(const char *body)
{
	struct cargo_calls calls = {0};
	struct str out = {0};
	run_find_cargo(body, &calls);
	for (size_t i = 0; i < calls.count; i++) {
		const struct cargo_call *call = &calls.items[i];
		const struct { const char *name; const struct strings *list; } lists[] = {
			{"p", &call->packages}, {"bin", &call->bins}, {"F", &call->features}, {"env", &call->env}, {"names", &call->names}};
		str_print(&out, "%s%s", i > 0 ? "; " : "", call->verb);
		str_add(&out, cargo_call_makes_programs(call) ? "!" : cargo_call_needs_sources(call) ? "?" : "");
		for (size_t j = 0; j < COUNT_OF(lists); j++) {
			auto_free char *joined = strings_join(lists[j].list, ",", NULL);
			if (lists[j].list->count > 0)
				str_print(&out, " %s=%s", lists[j].name, joined);
		}
		if (call->target != NULL)
			str_print(&out, " target=%s", call->target);
		if (call->path != NULL)
			str_print(&out, " path=%s", call->path);
		if (call->root != NULL)
			str_print(&out, " root=%s", call->root);
		if (call->folder != NULL)
			str_print(&out, " in=%s", call->folder);
	}
	cargo_calls_finish(&calls);
	return str_steal(&out);
}

static void finds_cargo(void **state)
{
	(void)state;
	static const struct { const char *body, *expected; } cases[] = {
		{"cargo build --release", "build!"},
		{"cargo b -r -p api --bin=api -pworker", "b! p=api,worker bin=api"},
		{"RUSTFLAGS='-C x' SQLX_OFFLINE=true cargo +nightly build --features a,b -F c", "build! F=a,b,c env=RUSTFLAGS=-C x,SQLX_OFFLINE=true"},
		{"env A=1 /usr/local/cargo/bin/cargo build", "build! env=A=1"},
		{"cargo --config net.retry=5 -Z x build --target x86_64-unknown-linux-musl", "build! target=x86_64-unknown-linux-musl"},
		{"cd server && cd api && cargo build", "build! in=server/api"},
		{"(cd server && cargo build)", "build! in=server"},
		{"cargo install --path crates/api --root /out", "install! path=crates/api root=/out"},
		{"cargo install sqlx-cli --version 0.8 --no-default-features --features rustls", "install F=rustls names=sqlx-cli"},
		{"cargo install --git https://x/y z", "install names=z"},
		{"cargo chef prepare --recipe-path recipe.json", "chef? names=prepare"},
		{"cargo chef cook --release --recipe-path recipe.json && cargo build", "chef? names=cook; build!"},
		{"sh -c 'cargo build --bin api'", "build! bin=api"},
		{"bash -euxc \"cd x; cargo build\"", "build! in=x"},
		{"if [ -n \"$X\" ]; then cargo build --release; else cargo test; fi", "build!; test?"},
		{"for b in a b; do cargo build --bin $b; done", "build! bin=$b"},
		{"rustup run nightly cargo build", "build!"},
		{"xx-cargo build --target-dir /t --bin a", "build! bin=a"},
		{"cargo run --bin api -- --package x", "run! bin=api"},
		{"cargo build --features ''", "build!"},
		{"cargo --version && cargo -V", ""},
		{"apt-get install -y cargo build-essential", ""},
		{"rm -rf /usr/local/cargo registry build", ""},
		{"echo cargo build", ""},
		{"cargo-chef x", ""},
		{"cargo", ""},
		{"cargo build -p", "build!"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *shown = calls_of(cases[i].body);
		assert_string_equal(shown, cases[i].expected);
	}
}

static void finds_bodies(void **state)
{
	(void)state;
	static const char text[] =
		"FROM x\nARG BIN=api\n"
		"RUN --mount=type=cache,target=/usr/local/cargo build --bin $BIN\n"
		"RUN [\"cargo\", \"build\", \"--bin\", \"it's\"]\n"
		"RUN [\"sh\", \"-c\", \"cargo build && x\"]\n"
		"RUN <<EOF\ncargo build --bin ${BIN}\necho $HOME\nEOF\n"
		"RUN bash -e <<EOF\ncargo test\nEOF\n"
		"RUN cat <<EOF > /x\ncargo build\nEOF\n";
	static const char *const expected[] = {"build --bin api", "'cargo' 'build' '--bin' 'it'\\''s'", "cargo build && x",
		"cargo build --bin api\necho $HOME\n", "cargo test\n", "cat <<EOF > /x"};
	struct dockerfile file;
	assert_true(dockerfile_read(text, sizeof text - 1, NULL, &file, NULL));
	for (size_t i = 0; i < COUNT_OF(expected); i++) {
		auto_free char *body = run_body(&file, i + 2);
		assert_string_equal(body, expected[i]);
	}
	dockerfile_finish(&file);
}

static void reads_flags(void **state)
{
	(void)state;
	static const char rest[] = " --mount=type=cache,target=/x --from=build  --chown=a:b a b";
	auto_free char *from = flag_value(rest, "from");
	auto_free char *owner = flag_value(rest, "chown");
	assert_string_equal(from, "build");
	assert_string_equal(owner, "a:b");
	assert_null(flag_value(rest, "fro"));
	assert_string_equal(after_flags(rest), "a b");
	assert_string_equal(after_flags("--only"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits), cmocka_unit_test(finds_cargo), cmocka_unit_test(finds_bodies), cmocka_unit_test(reads_flags),
	};
	return cmocka_run_group_tests_name("shell", tests, NULL, NULL);
}
