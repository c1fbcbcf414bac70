/* Crates from cargo's metadata, from locks and from manifests; masked sources;
 * finding in them. */
#include "../../src/checks/crates.h"
#include "../../src/checks/toml.h"
#include "sample.h"

static void read_folder(const char *folder, const char *metadata, struct tree *tree, struct rust_facts *facts)
{
	assert_true(tree_open(folder, NULL, tree, NULL));
	rust_read(tree, metadata, metadata != NULL ? strlen(metadata) : 0, NULL, facts);
}

/* For tests alone too; one without a name: it is not there. */
static const struct rust_crate *any_crate(const struct rust_facts *facts, const char *name)
{
	static const struct rust_crate none = {.name = ""};
	for (size_t i = 0; i < facts->crates.count; i++)
		if (strcmp(facts->crates.items[i].name, name) == 0)
			return &facts->crates.items[i];
	return &none;
}

/* ---- TOML ---- */

static void show_leaf(void *context, const struct toml_leaf *leaf)
{
	struct str *out = context;
	for (size_t i = 0; i < leaf->depth; i++)
		str_print(out, "%s%s", i > 0 ? "/" : "", leaf->path[i]);
	str_print(out, leaf->is_table ? "{}" : leaf->is_item ? "[]=%s" : "=%s", leaf->text);
	str_add_char(out, leaf->is_string ? '"' : ' ');
}

static void reads_toml(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"a = 1 # one\nb.c = \"x\\\"#\\u00e9\\n\"\n", "a=1 b/c=x\"#é\n\""},
		{"[a.\"b.c\".'d']\r\nx = true\r\n", "a/b.c/d{} a/b.c/d/x=true "},
		{"[[p]]\nn='\\'\n[[p]]\n", "p{} p/n=\\\"p{} "},
		{"x = [ # c\n  \"a\", 'b',\n  [1, 2],\n] # d\ny=2", "x[]=a\"x[]=b\"x[]=1 x[]=2 y=2 "},
		{"x = { a = \"1\", b.c = [\"2\"], d = {} }\n", "x{} x/a=1\"x/b/c[]=2\"x/d{} "},
		{"s = \"\"\"\none \\\n  two\"\"\"\nt = '''a'b'''", "s=one two\"t=a'b\""},
		{"junk\n= 1\nx = \n[bad\ny = \"open\nz = 1\n[t]\nw = 2026-01-01 10:00:00\n", "t{} t/w=2026-01-01 10:00:00 "},
		{"\xef\xbb\xbf" "a=[", ""},
		{"a.b.c.d.e.f.g.h.i.j.k.l.m = 1\nb = 1", "b=1 "},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_str out = {0};
		toml_read(cases[i][0], strlen(cases[i][0]), show_leaf, &out);
		assert_string_equal(str_text(&out), cases[i][1]);
	}
	auto_str deep = {0}, out = {0};
	for (int i = 0; i < 100000; i++)
		str_add(&deep, i == 0 ? "a=[" : "[");
	toml_read(deep.data, deep.len, show_leaf, &out);
	assert_string_equal(str_text(&out), "");
}

/* ---- masking ---- */

static void masks(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"a // \"x\nb", "a      \nb"},
		{"/* a /* b */ \n c */d", "             \n     d"},
		{"/// \"doc\nfn", "        \nfn"},
		{"f(\"a\\\"b\") g", "f(\"    \") g"},
		{"\"// no\" x // yes", "\"     \" x       "},
		{"r#\"a\"b\"# c", "r#\"   \"# c"},
		{"br##\"\"# \"## c", "br##\"   \"## c"},
		{"r\"\\\" c", "r\" \" c"},
		{"attr\"\\\"\" c", "attr\"  \" c"},
		{"x!(#\"a\\\"\") c", "x!(#\"   \") c"},
		{"b\"x\" b'\"' '\\'' '\"' '/' c", "b\" \" b' ' '  ' ' ' ' ' c"},
		{"fn f<'a>(x: &'a str, c: char = '\xc3\xa9') {}", "fn f<'a>(x: &'a str, c: char = '  ') {}"},
		{"'\\u{1F600}' 'static: '", "'         ' 'static: '"},
		{"\"a\nb\" c", "\" \n \" c"},
		{"\"open", "\"    "},
		{"r#\"open\"", "r#\"     "},
		{"/* open", "       "},
		{"a/b", "a/b"},
		{"\"\\", "\" "},
		{"'\\", "'\\"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *code = rust_mask(cases[i][0], strlen(cases[i][0]));
		assert_string_equal(code, cases[i][1]);
	}
}

static void masks_tests(void **state)
{
	(void)state;
	/* what is between @ and ~ is to be gone */
	static const char *const cases[] = {
		"fn a() {} @#[cfg(test)]\nmod tests { fn b() { \"}\"; } }~ fn c() {}",
		"@# [ cfg ( test ) ] #[allow(x)] pub(crate) mod tests { {} }~ d",
		"@#[cfg(test)] use a::{b, c}~; d",
		"@#[cfg(test)] mod tests;~ d",
		"@#[cfg(all(test, unix))] fn f<A, B>(a: A, b: B) {}~ d",
		"#[cfg(all(not(test), unix))] fn f() {} d",
		"#[cfg(not(test))] fn f() {} #[cfg(any(test, x))] fn g() {}",
		"@#[test] fn f() {}~ @#[tokio::test(flavor = \"multi_thread\")] async fn g() {}~ d",
		"S { @#[cfg(test)] a: 1,~ b: 2 }",
		"S { b: 2, @#[cfg(test)] a: 1 ~}",
		"match x { @#[cfg(test)] A => {}~ B => {} }",
		"#[derive(Debug)] struct S; #[test_case(1)] fn f() {}",
		"@#![cfg(test)]\nfn all() {}~",
		"@#[cfg(test)] mod open { ~",
		"#[", "#", "@#[cfg(test)]~", "} ] ) #[x]",
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_str text = {0}, wanted = {0};
		bool gone = false;
		for (const char *at = cases[i]; *at != '\0'; at++) {
			bool is_mark = *at == '@' || *at == '~';
			gone = is_mark ? *at == '@' : gone;
			if (is_mark)
				continue;
			str_add_char(&text, *at);
			str_add_char(&wanted, gone && *at != '\n' ? ' ' : *at);
		}
		auto_free char *code = rust_mask(text.data, text.len);
		assert_string_equal(code, wanted.data);
	}
}

/* ---- finding ---- */

static void finds_names_and_strings(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct tree tree;
	struct rust_facts facts;
	sample_write(folder, "Cargo.toml", "[package]\nname = \"a\"\nversion = \"1.0.0\"\n");
	sample_write(folder, "src/a.rs", "use tokio::signal::unix;\n// signal::unix\nfn main_x() {}\nfn\tmain\n () { signal /* here */ :: unix(); }\n"
		"const A: &str = \"/healthz\";\nconst B: &str = r#\"\nsay \"/ready\" \\n\"#; const C: &str = \"a\\\\b\\\"c\\x2fd\";\n"
		"#[cfg(test)]\nmod tests { fn f() { signal::unix(); \"/healthz/test\"; } }\n");
	sample_write(folder, "src/b.rs", "x.route(\"/healthz/deep\").y; // \"/healthz\"\nasignal::unix; signal::unixb; signal::unix");
	sample_write(folder, "tests/t.rs", "signal::unix \"/healthz\"");
	sample_write(folder, "build.rs", "signal::unix");
	sample_write(folder, "other/Cargo.toml", "[package]\nname = \"other\"\n");
	sample_write(folder, "other/src/lib.rs", "signal::unix");
	read_folder(folder, NULL, &tree, &facts);
	assert_int_equal(facts.sources.count, 4);
	struct rust_place place = {0};
	static const struct {
		const char *path;
		unsigned line;
	} wanted[] = {{"src/a.rs", 1}, {"src/a.rs", 5}, {"src/b.rs", 2}};
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		assert_true(rust_find(&facts, "signal::unix", &place));
		assert_string_equal(place.source->path, wanted[i].path);
		assert_int_equal(place.line, wanted[i].line);
	}
	assert_false(rust_find(&facts, "signal::unix", &place));
	place = (struct rust_place){0};
	assert_true(rust_find(&facts, "fn main (", &place));
	assert_int_equal(place.line, 4);
	assert_false(rust_find(&facts, "fn main (", &place));
	place = (struct rust_place){0};
	assert_true(rust_find(&facts, ".route(", &place));
	place = (struct rust_place){0};
	assert_false(rust_find(&facts, "", &place));
	assert_false(rust_find(&facts, "fnmain", &place));

	assert_true(rust_find_string(&facts, "/healthz", false, &place));
	assert_string_equal(place.source->path, "src/a.rs");
	assert_int_equal(place.line, 6);
	assert_true(rust_find_string(&facts, "/healthz", false, &place));
	assert_string_equal(place.source->path, "src/b.rs");
	assert_false(rust_find_string(&facts, "/healthz", false, &place));
	place = (struct rust_place){0};
	assert_true(rust_find_string(&facts, "/healthz", true, &place));
	assert_false(rust_find_string(&facts, "/healthz", true, &place));
	place = (struct rust_place){0};
	assert_true(rust_find_string(&facts, "\"/ready\" \\n", false, &place));
	assert_int_equal(place.line, 8);
	place = (struct rust_place){0};
	assert_true(rust_find_string(&facts, "a\\b\"c/d", true, &place));
	assert_int_equal(place.line, 8);
	rust_finish(&facts);
	tree_finish(&tree);
	sample_close(folder);
}

/* ---- crates ---- */

static const char workspace_manifest[] =
	"[workspace]\nmembers = [\n  \"crates/*\", # all\n]\nexclude = [\"crates/old\"]\n"
	"[workspace.package]\nversion = \"0.3.0\"\nedition = \"2021\"\nrust-version = \"1.85\"\n"
	"[workspace.dependencies]\naxum = { version = \"0.8\", default-features = false, features = [\"http1\",\n \"json\"] }\n"
	"tokio = \"1\"\nshared = { path = \"lib/shared\" }\n";

static void write_workspace(const char *folder)
{
	sample_write(folder, "Cargo.toml", workspace_manifest);
	sample_write(folder, "crates/api/Cargo.toml",
		"[package]\nname = \"api\"\nversion.workspace = true\nedition = { workspace = true }\nrust-version.workspace = true\n"
		"[dependencies]\naxum.workspace = true\nshared = { workspace = true, features = [\"full\"] }\nweb = { package = \"hyper\", version = \"1\" }\n"
		"off = { version = \"1\", optional = true }\n"
		"[dependencies.on]\nversion = \"1\"\noptional = true\n"
		"[target.'cfg(unix)'.dependencies]\nnix = \"0.29\"\n"
		"[build-dependencies]\ncc = \"1\"\n[dev-dependencies]\ntokio = { workspace = true, features = [\"test-util\"] }\ntower = \"0.5\"\n"
		"[features]\ndefault = [\"extra\"]\nextra = [\"dep:on\", \"web/http2\", \"off?/x\"]\nunused = [\"dep:off\"]\n");
	sample_write(folder, "crates/old/Cargo.toml", "[package]\nname = \"old\"\n");
	sample_write(folder, "crates/old/src/lib.rs", "");
	sample_write(folder, "crates/bare/Cargo.toml", "[package]\nname = \"bare\"\nversion = \"1.0.0\"\nedition = \"2024\"\nrust-version = \"1.9\"\n");
	/* what another member asks of it is on, and nothing else */
	sample_write(folder, "lib/shared/Cargo.toml", "[package]\nname = \"shared\"\nversion = \"0.1.0\"\n[dependencies]\nserde_json = \"1\"\n"
		"diesel = { version = \"2\", features = [\"postgres\"], optional = true }\nsqlx = { version = \"0.8\", optional = true }\n"
		"[features]\nfull = [\"store\"]\nstore = [\"dep:diesel\", \"diesel/r2d2\"]\nother = [\"dep:sqlx\"]\n");
	sample_write(folder, "lib/shared/src/lib.rs", "pub fn f() {}");
	sample_write(folder, "crates/api/src/main.rs", "fn main() {}");
}

static void check_workspace(const struct rust_facts *facts)
{
	assert_true(facts->is_there);
	assert_false(facts->is_graph_known);
	assert_string_equal(facts->edition, "2024");
	assert_string_equal(facts->rust_version, "1.85");
	assert_int_equal(facts->manifests.count, 3);
	assert_int_equal(facts->sources.count, 2);
	assert_true(rust_crate(facts, "api")->is_member);
	assert_true(rust_crate(facts, "shared")->is_member);
	static const char *const direct[] = {"axum", "hyper", "on", "nix", "cc", "serde-json", "diesel"};
	for (size_t i = 0; i < COUNT_OF(direct); i++) {
		assert_non_null(rust_crate(facts, direct[i]));
		assert_true(rust_crate(facts, direct[i])->is_direct);
	}
	assert_null(rust_crate(facts, "off"));
	assert_null(rust_crate(facts, "sqlx"));
	assert_true(rust_has_feature(facts, "diesel", "postgres"));
	assert_true(rust_has_feature(facts, "diesel", "r2d2"));
	assert_string_equal(any_crate(facts, "off")->name, "");
	assert_null(rust_crate(facts, "web"));
	assert_null(rust_crate(facts, "tower"));
	assert_true(any_crate(facts, "tower")->is_dev_only);
	assert_false(any_crate(facts, "tower")->is_direct);
	assert_true(rust_has_feature(facts, "axum", "json"));
	assert_false(rust_has_feature(facts, "axum", "default"));
	assert_true(rust_has_feature(facts, "hyper", "http2"));
	assert_true(rust_has_feature(facts, "hyper", "default"));
	assert_false(rust_has_feature(facts, "tokio", "test-util"));
	const char *which = NULL;
	assert_true(rust_has_any(facts, (const char *const[]){"tower", "off", "nix", NULL}, &which));
	assert_string_equal(which, "nix");
	assert_false(rust_has_any(facts, (const char *const[]){"tower", NULL}, NULL));
}

static void reads_manifests_without_a_lock(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct tree tree;
	struct rust_facts facts;
	write_workspace(folder);
	read_folder(folder, NULL, &tree, &facts);
	check_workspace(&facts);
	assert_false(facts.has_lock);
	assert_string_equal(facts.graph_file, "Cargo.toml");
	assert_true(any_crate(&facts, "tokio")->is_dev_only);
	rust_finish(&facts);
	tree_finish(&tree);
	sample_close(folder);
}

#define SOURCE "source = \"registry+https://index.example/\"\n"
static const char lock_3[] =
	"# made\nversion = 3\n"
	"[[package]]\nname = \"api\"\nversion = \"0.3.0\"\ndependencies = [\n \"axum\",\n \"cc\",\n \"hyper 1.4.0\",\n \"nix\",\n \"off\",\n \"on\",\n"
	" \"shared\",\n \"tokio\",\n \"tower\",\n]\n"
	"[[package]]\nname = \"bare\"\nversion = \"1.0.0\"\n"
	"[[package]]\nname = \"shared\"\nversion = \"0.1.0\"\ndependencies = [\"diesel\", \"serde_json\", \"sqlx\"]\n"
	"[[package]]\nname = \"diesel\"\nversion = \"2.2.0\"\n" SOURCE
	"[[package]]\nname = \"sqlx\"\nversion = \"0.8.0\"\n" SOURCE
	"[[package]]\nname = \"axum\"\nversion = \"0.8.1\"\n" SOURCE "dependencies = [\n \"hyper 0.14.0\",\n]\n"
	"[[package]]\nname = \"hyper\"\nversion = \"0.14.0\"\n" SOURCE
	"[[package]]\nname = \"hyper\"\nversion = \"1.4.0\"\n" SOURCE "dependencies = [\"mio\"]\n"
	"[[package]]\nname = \"mio\"\nversion = \"1.0.0\"\n" SOURCE
	"[[package]]\nname = \"tower\"\nversion = \"0.5.0\"\n" SOURCE "dependencies = [\"below-tower\", \"mio\"]\n"
	"[[package]]\nname = \"below-tower\"\nversion = \"1.0.0\"\n" SOURCE
	"[[package]]\nname = \"off\"\nversion = \"1.0.0\"\n" SOURCE "dependencies = [\"below-off\"]\n"
	"[[package]]\nname = \"below-off\"\nversion = \"1.0.0\"\n" SOURCE
	"[[package]]\nname = \"on\"\nversion = \"1.0.0\"\n" SOURCE
	"[[package]]\nname = \"nix\"\nversion = \"0.29.0\"\n" SOURCE
	"[[package]]\nname = \"cc\"\nversion = \"1.1.0\"\n" SOURCE
	"[[package]]\nname = \"tokio\"\nversion = \"1.40.0\"\n" SOURCE
	"[[package]]\nname = \"serde_json\"\nversion = \"1.0.0\"\n" SOURCE;

static void reads_a_lock(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct tree tree;
	struct rust_facts facts;
	write_workspace(folder);
	sample_write(folder, "Cargo.lock", lock_3);
	read_folder(folder, "this is no JSON", &tree, &facts);
	check_workspace(&facts);
	assert_int_equal(facts.lock_version, 3);
	assert_string_equal(facts.graph_file, "Cargo.lock");
	assert_string_equal(rust_crate(&facts, "hyper")->version, "1.4.0");
	assert_false(rust_crate(&facts, "mio")->is_direct);
	assert_true(any_crate(&facts, "below-tower")->is_dev_only);
	assert_string_equal(any_crate(&facts, "below-off")->name, "");
	assert_true(any_crate(&facts, "tokio")->is_dev_only);
	assert_true(strings_have(&any_crate(&facts, "tokio")->features, "test-util"));
	rust_finish(&facts);
	tree_finish(&tree);
	sample_close(folder);
}

static void knows_formats_of_locks(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned version;
	} cases[] = {
		{"[root]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\n \"b 1.0.0 (registry+https://index.example/)\",\n]\n"
		 "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n" SOURCE "[metadata]\n\"checksum b 1.0.0 (registry)\" = \"12\"\n", 1},
		{"[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b\"]\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n" SOURCE
		 "checksum = \"12\"\n", 2},
		{"version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b\"]\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n", 4},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *folder = sample_open();
		struct tree tree;
		struct rust_facts facts;
		sample_write(folder, "server/Cargo.toml", "[package]\nname = \"a\"\n[dependencies]\nb = { version = \"1\" }\n");
		sample_write(folder, "tests/x/Cargo.toml", "[package]\nname = \"x\"\n");
		sample_write(folder, "server/Cargo.lock", cases[i].text);
		read_folder(folder, NULL, &tree, &facts);
		assert_int_equal(facts.lock_version, cases[i].version);
		assert_true(facts.has_lock);
		assert_string_equal(facts.graph_file, "server/Cargo.lock");
		assert_int_equal(facts.crates.count, 2);
		assert_true(rust_crate(&facts, "b")->is_direct);
		rust_finish(&facts);
		tree_finish(&tree);
		sample_close(folder);
	}
}

/* As cargo 1.97 writes it, shortened. `@` is the folder. */
static char *fill(const char *text, const char *folder)
{
	struct str out = {0};
	for (; *text != '\0'; text++) {
		if (*text == '@')
			str_add(&out, folder);
		else
			str_add_char(&out, *text);
	}
	return str_steal(&out);
}

#define PACKAGES \
	"{\"packages\":[{\"name\":\"api\",\"version\":\"0.3.0\",\"id\":\"path+file://@/crates/api#0.3.0\",\"source\":null,\"manifest_path\":\"@/crates/api/Cargo.toml\"," \
	"\"edition\":\"2021\",\"rust_version\":\"1.85\",\"features\":{\"default\":[\"x\"],\"x\":[\"dep:on\"]},\"dependencies\":[" \
	"{\"name\":\"hyper\",\"rename\":\"web\",\"kind\":null,\"optional\":false,\"uses_default_features\":false,\"features\":[\"http2\"]}," \
	"{\"name\":\"on\",\"rename\":null,\"kind\":null,\"optional\":true,\"uses_default_features\":true,\"features\":[]}," \
	"{\"name\":\"off\",\"rename\":null,\"kind\":null,\"optional\":true,\"uses_default_features\":true,\"features\":[]}," \
	"{\"name\":\"tower\",\"rename\":null,\"kind\":\"dev\",\"optional\":false,\"uses_default_features\":true,\"features\":[]}]}"

static void reads_metadata_with_its_graph(void **state)
{
	(void)state;
	static const char text[] = PACKAGES
		",{\"name\":\"hyper\",\"version\":\"1.4.0\",\"id\":\"r#hyper@1\"},{\"name\":\"mio\",\"version\":\"1.0.0\",\"id\":\"r#mio\"}"
		",{\"name\":\"tower\",\"version\":\"0.5.0\",\"id\":\"r#tower\"},{\"name\":\"cc\",\"version\":\"1.1.0\",\"id\":\"r#cc\"}"
		",{\"name\":\"both\",\"version\":\"1.1.0\",\"id\":\"r#both\"},{\"name\":\"below\",\"version\":\"1.1.0\",\"id\":\"r#below\"}],"
		"\"workspace_members\":[\"path+file://@/crates/api#0.3.0\"],\"workspace_root\":\"@\",\"target_directory\":\"@/target\",\"resolve\":{\"nodes\":["
		"{\"id\":\"path+file://@/crates/api#0.3.0\",\"features\":[\"default\",\"x\"],\"deps\":["
		"{\"name\":\"web\",\"pkg\":\"r#hyper@1\",\"dep_kinds\":[{\"kind\":null,\"target\":null}]},"
		"{\"name\":\"tower\",\"pkg\":\"r#tower\",\"dep_kinds\":[{\"kind\":\"dev\",\"target\":null}]},"
		"{\"name\":\"both\",\"pkg\":\"r#both\",\"dep_kinds\":[{\"kind\":\"dev\",\"target\":null},{\"kind\":null,\"target\":\"cfg(unix)\"}]},"
		"{\"name\":\"cc\",\"pkg\":\"r#cc\",\"dep_kinds\":[{\"kind\":\"build\",\"target\":null}]},{\"pkg\":\"r#gone\"}]},"
		"{\"id\":\"r#hyper@1\",\"features\":[\"http2\"],\"deps\":[{\"name\":\"mio\",\"pkg\":\"r#mio\",\"dep_kinds\":[{\"kind\":null}]}]},"
		"{\"id\":\"r#tower\",\"features\":[],\"deps\":[{\"pkg\":\"r#below\",\"dep_kinds\":[{\"kind\":null}]}]},"
		"{\"id\":\"r#mio\",\"features\":[\"net\"],\"deps\":[]},{\"id\":\"r#cc\"},{\"id\":\"r#both\"},{\"id\":\"r#below\"}],\"root\":null}}";
	char *folder = sample_open();
	struct tree tree;
	struct rust_facts facts;
	sample_write(folder, "Cargo.toml", "[workspace]\n");
	sample_write(folder, "Cargo.lock", "version = 4\n");
	sample_write(folder, "crates/api/Cargo.toml", "");
	sample_write(folder, "crates/api/src/main.rs", "fn main() {}");
	for (int i = 0; i < 2; i++) { /* cargo ran here; then in a container */
		auto_free char *json = fill(text, i == 0 ? folder : "/app");
		read_folder(folder, json, &tree, &facts);
		assert_true(facts.is_graph_known);
		assert_int_equal(facts.lock_version, 4);
		assert_string_equal(facts.graph_file, "Cargo.lock");
		assert_int_equal(facts.manifests.count, 1);
		assert_int_equal(facts.sources.count, 1);
		assert_int_equal(facts.crates.count, 7);
		assert_true(rust_crate(&facts, "api")->is_member);
		assert_true(rust_crate(&facts, "hyper")->is_direct);
		assert_true(rust_crate(&facts, "cc")->is_direct);
		assert_true(rust_crate(&facts, "both")->is_direct);
		assert_false(rust_crate(&facts, "mio")->is_direct);
		assert_true(rust_has_feature(&facts, "mio", "net"));
		assert_null(rust_crate(&facts, "tower"));
		assert_null(rust_crate(&facts, "below"));
		assert_true(any_crate(&facts, "below")->is_dev_only);
		rust_finish(&facts);
		tree_finish(&tree);
	}
	sample_close(folder);
}

static void reads_metadata_without_dependencies(void **state)
{
	(void)state;
	static const char text[] = PACKAGES "],\"workspace_members\":[\"path+file://@/crates/api#0.3.0\"],\"workspace_root\":\"@\",\"resolve\":null}";
	char *folder = sample_open();
	struct tree tree;
	struct rust_facts facts;
	sample_write(folder, "crates/api/Cargo.toml", "");
	auto_free char *json = fill(text, folder);
	for (int i = 0; i < 2; i++) {
		read_folder(folder, json, &tree, &facts);
		assert_false(facts.is_graph_known);
		assert_string_equal(facts.rust_version, "1.85");
		assert_string_equal(facts.graph_file, i == 0 ? "Cargo.toml" : "Cargo.lock");
		assert_true(rust_has_feature(&facts, "hyper", "http2"));
		assert_false(rust_has_feature(&facts, "hyper", "default"));
		assert_true(rust_crate(&facts, "on")->is_direct);
		assert_string_equal(any_crate(&facts, "off")->name, "");
		assert_null(rust_crate(&facts, "tower"));
		assert_true(any_crate(&facts, "tower")->is_dev_only);
		rust_finish(&facts);
		tree_finish(&tree);
		sample_write(folder, "Cargo.lock", lock_3);
	}
	sample_close(folder);
}

static void has_nothing_to_say_without_rust(void **state)
{
	(void)state;
	static const char *const metadata[] = {NULL, "", "{}", "[]", "{\"packages\":3,\"workspace_root\":\"/\"}"};
	char *folder = sample_open();
	sample_write(folder, "tests/Cargo.toml", "[package]\nname = \"t\"\n");
	sample_write(folder, "a.rs", "fn main() {}");
	for (size_t i = 0; i < COUNT_OF(metadata); i++) {
		struct tree tree;
		struct rust_facts facts;
		read_folder(folder, metadata[i], &tree, &facts);
		assert_false(facts.is_there);
		assert_null(facts.graph_file);
		assert_int_equal(facts.crates.count, 0);
		assert_int_equal(facts.sources.count, 0);
		rust_finish(&facts);
		tree_finish(&tree);
	}
	sample_close(folder);
}

/* ---- the real ones ---- */

static void reads_the_example(void **state)
{
	(void)state;
	auto_free char *folder = path_join(getenv("TEST_SRCDIR") != NULL ? getenv("TEST_SRCDIR") : ".", "share/example");
	struct tree tree;
	struct rust_facts facts;
	struct rust_place place = {0};
	read_folder(folder, NULL, &tree, &facts);
	assert_int_equal(facts.manifests.count, 4);
	assert_int_equal(facts.lock_version, 4);
	assert_string_equal(facts.rust_version, "1.85");
	assert_true(rust_crate(&facts, "shop-core")->is_member);
	assert_true(rust_crate(&facts, "axum")->is_direct);
	assert_true(rust_has_feature(&facts, "tracing-subscriber", "json"));
	assert_true(rust_has_feature(&facts, "sqlx", "postgres"));
	assert_null(rust_crate(&facts, "off"));
	/* a direct dependency of tests, and one of axum's besides: enabled, not direct */
	assert_false(rust_crate(&facts, "http-body-util")->is_direct);
	assert_true(rust_find(&facts, "fn main()", &place));
	place = (struct rust_place){0};
	assert_true(rust_find(&facts, "signal::unix", &place));
	place = (struct rust_place){0};
	assert_true(rust_find_string(&facts, "/healthz", true, &place));
	rust_finish(&facts);
	tree_finish(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_toml),
		cmocka_unit_test(masks),
		cmocka_unit_test(masks_tests),
		cmocka_unit_test(finds_names_and_strings),
		cmocka_unit_test(reads_manifests_without_a_lock),
		cmocka_unit_test(reads_a_lock),
		cmocka_unit_test(knows_formats_of_locks),
		cmocka_unit_test(reads_metadata_with_its_graph),
		cmocka_unit_test(reads_metadata_without_dependencies),
		cmocka_unit_test(has_nothing_to_say_without_rust),
		cmocka_unit_test(reads_the_example),
	};
	return cmocka_run_group_tests_name("rust", tests, NULL, NULL);
}
