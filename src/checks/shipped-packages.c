/* What package managers install in stages of a Dockerfile, what bases are, and
 * how a program is linked there. */
#include "shipped.h"

#include <ctype.h>
#include <stdio.h>

/* ---- packages ---- */

void package_calls_finish(struct package_calls *calls)
{
	for (size_t i = 0; i < calls->count; i++) {
		free(calls->items[i].tool);
		free(calls->items[i].group);
		strings_finish(&calls->items[i].names);
	}
	array_finish(calls);
}

/* Options that bring a word of their own. */
static bool takes_word(const char *tool, const char *option)
{
	static const char *const apt[] = {"-o", "-t", "-c", "--target-release", "--option", "--config-file", NULL};
	static const char *const apk[] = {"-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch", "--keys-dir", "--wait",
		NULL};
	return name_in(option, strstr(tool, "apk") != NULL ? apk : apt);
}

/* "libssl-dev=3.0.1", "curl~8", "libc6:arm64", "clang>15" without what follows. */
static void add_name(struct strings *names, const char *word)
{
	size_t len = strcspn(word, "=<>~:@ \t\n");
	auto_free char *name = mem_copy_bytes(word, len);
	if (len > 0 && strpbrk(name, "$/") == NULL)
		strings_add(names, name);
}

static bool turns_recommends_off(const char *word)
{
	return strcmp(word, "--no-install-recommends") == 0 || (strstr(word, "nstall-Recommends=") != NULL &&
		strpbrk(strchr(word, '='), "0fF") != NULL);
}

static void read_value(struct package_call *call, const char *option, const char *value)
{
	call->takes_recommended = call->takes_recommended && !turns_recommends_off(value);
	if (strcmp(option, "--virtual") == 0 || (strcmp(option, "-t") == 0 && strstr(call->tool, "apk") != NULL)) {
		free(call->group);
		call->group = mem_copy_string(value);
	}
}

static void read_words(const struct strings *words, size_t at, struct package_calls *calls)
{
	static const char *const installs[] = {"install", "add", "localinstall", "in", "-S", "-Sy", "-Syu", "-Sy*", NULL};
	static const char *const removes[] = {"remove", "purge", "del", "erase", "autoremove", NULL};
	const char *tool = words->items[at];
	struct package_call call = {.tool = mem_copy_string(path_name(tool)), .takes_recommended = strstr(tool, "apt") != NULL};
	const char *verb = NULL;
	for (at++; at < words->count; at++) {
		const char *word = words->items[at];
		if (turns_recommends_off(word))
			call.takes_recommended = false;
		if (text_starts_with(word, "--virtual="))
			read_value(&call, "--virtual", word + strlen("--virtual="));
		if (verb == NULL && (word[0] != '-' || strstr(tool, "pacman") != NULL))
			verb = word;
		else if (word[0] == '-' && takes_word(tool, word) && at + 1 < words->count)
			read_value(&call, word, words->items[++at]);
		else if (word[0] != '-' && verb != NULL && strpbrk(word, "<>") != word)
			add_name(&call.names, word);
	}
	call.removes = verb != NULL && name_in(verb, removes);
	if (verb != NULL && (call.removes || name_in(verb, installs))) {
		*array_add(calls) = call;
	} else {
		free(call.tool);
		free(call.group);
		strings_finish(&call.names);
	}
}

void package_calls_read(const struct dockerfile *file, size_t index, struct package_calls *calls)
{
	static const char *const tools[] = {"apt-get", "apt", "aptitude", "apk", "dnf", "yum", "microdnf", "zypper", "pacman", "tdnf",
		"xx-apt", "xx-apt-get", "xx-apk", "install_packages", NULL};
	static const char *const before[] = {"sudo", "eatmydata", "env", "busybox", NULL};
	struct shell_commands commands = {0};
	auto_free char *body = run_body(file, index);
	shell_split(body, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct strings *words = &commands.items[i].words;
		size_t at = command_at(words);
		while (at < words->count && (name_in(words->items[at], before) || is_assignment(words->items[at])))
			at++;
		if (at < words->count && name_in(path_name(words->items[at]), tools))
			read_words(words, at, calls);
	}
	shell_commands_finish(&commands);
}

/* What was put into a group goes by the group's name. */
static void drop_package(struct strings *names, const struct package_calls *groups, const char *name)
{
	strings_drop(names, name);
	for (size_t i = 0; i < groups->count; i++)
		for (size_t j = 0; text_equal(groups->items[i].group, name) && j < groups->items[i].names.count; j++)
			strings_drop(names, groups->items[i].names.items[j]);
}

void stage_packages(const struct dockerfile *file, int stage, struct strings *names)
{
	struct package_calls calls = {0};
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "RUN", &at)) >= 0;)
		package_calls_read(file, (size_t)index, &calls);
	for (size_t i = 0; i < calls.count; i++)
		for (size_t j = 0; j < calls.items[i].names.count; j++) {
			if (calls.items[i].removes)
				drop_package(names, &calls, calls.items[i].names.items[j]);
			else
				strings_add_new(names, calls.items[i].names.items[j]);
		}
	package_calls_finish(&calls);
}

/* ---- bases ---- */

bool base_is_rust(const struct image_name *name)
{
	return strcmp(name->name, "rust") == 0 || text_ends_with(name->name, "library/rust");
}

void rust_tag_version(const struct image_name *name, unsigned *major, unsigned *minor)
{
	const char *tag = name->tag != NULL ? name->tag : "", *behind = strstr(tag, "rust-");
	*major = *minor = 0;
	if (behind != NULL)
		tag = behind + 5;
	if (sscanf(tag, "%u.%u", major, minor) < 1 || *major > 9)
		*major = *minor = 0;
}

enum image_base base_kind(const struct image_name *name)
{
	static const char *const empty[] = {"scratch", "distroless/static*", "*/distroless/static*", "chainguard/static*", NULL};
	static const char *const distroless[] = {"distroless/*", "*/distroless/*", "chainguard/glibc-dynamic*",
		"chainguard/cc-dynamic*", "distroless*", NULL};
	static const char *const toolchain[] = {"rust", "*library/rust", "rustlang/rust", "buildpack-deps", "*cargo-chef*",
		"*rust-musl*", "*muslrust*", "golang", "gcc", "*devcontainers/*", "*vscode/*", "*rust-builder*", NULL};
	static const char *const small[] = {"alpine", "*/alpine", "*alpine-glibc*", "busybox", "*/minideb", "ubuntu", "*ubi*-minimal",
		"*ubi*-micro", "*wolfi*", "chainguard/*", "*-slim", "*-minimal", "*-micro", "amazonlinux", "*nixos*", "*photon*", NULL};
	const char *tag = name->tag != NULL ? name->tag : "";
	if (name_in(name->name, empty))
		return BASE_EMPTY;
	if (text_equal(name->registry, "cgr.dev") && (strcmp(path_name(name->name), "static") == 0))
		return BASE_EMPTY;
	if (name_in(name->name, distroless) || (text_equal(name->registry, "cgr.dev") && strstr(name->name, "-dynamic") != NULL))
		return BASE_DISTROLESS;
	if (name_in(name->name, toolchain))
		return BASE_TOOLCHAIN;
	if (name_in(name->name, small) || strstr(tag, "slim") != NULL || strstr(tag, "alpine") != NULL ||
		strstr(tag, "minimal") != NULL)
		return BASE_SLIM;
	return strcmp(name->name, "debian") == 0 ? BASE_FULL : BASE_OTHER;
}

bool base_is_known(const struct shipped *shipped)
{
	static const char *const known[] = {"distroless/", "nvidia/cuda", "muslrust", "cargo-chef", "rust-musl-cross", "rust-musl",
		"alpine-glibc", "redhat/ubi", "ubi8", "ubi9", "azurelinux", "cbl-mariner", "amazonlinux", "fedora", "opensuse/", "almalinux",
		"rockylinux", "oraclelinux", "wolfi-base", "archlinux/", "alpine/", "debian/", "ubuntu/", "playwright", "nixos/"};
	static const char *const official[] = {"rust", "debian", "alpine", "ubuntu", "busybox", "python", "node", "buildpack-deps"};
	struct image_name name;
	image_name_read(shipped_base(shipped), &name);
	bool found = !name.is_variable && name.registry == NULL && strchr(name.name, '/') == NULL;
	for (size_t i = 0; i < COUNT_OF(known) && !found && !name.is_variable; i++)
		found = strstr(name.name, known[i]) != NULL;
	/* mirrors of the official images keep their last part */
	for (size_t i = 0; i < COUNT_OF(official) && !found && !name.is_variable; i++)
		found = strcmp(path_name(name.name), official[i]) == 0;
	image_name_finish(&name);
	return found;
}

bool base_is_bare(const struct shipped *shipped)
{
	struct image_name name;
	image_name_read(shipped_base(shipped), &name);
	enum image_base kind = base_kind(&name);
	bool has_shell = name.tag != NULL && (strstr(name.tag, "debug") != NULL || strstr(name.tag, "busybox") != NULL);
	image_name_finish(&name);
	return !has_shell && (kind == BASE_EMPTY || kind == BASE_DISTROLESS);
}

/* ---- linking ---- */

/* Versions of glibc (packages.debian.org, packages.ubuntu.com, Red Hat's release
 * notes). What a program asks for is less: symbols that std and its C
 * libraries use changed their version in 2.34 and 2.39. */
static unsigned glibc_of_suite(const char *suite)
{
	static const struct {
		const char *suite;
		unsigned minor;
	} versions[] = {{"buster", 28}, {"bullseye", 31}, {"focal", 31}, {"jammy", 35}, {"bookworm", 36}, {"noble", 39},
		{"trixie", 41}, {"forky", 42}, {"sid", 42}};
	for (size_t i = 0; suite != NULL && i < COUNT_OF(versions); i++)
		if (strcmp(versions[i].suite, suite) == 0)
			return versions[i].minor;
	return 0;
}

/* lukemathwalker/cargo-chef:latest-rust-1.86 stands on rust:1.86. */
static const char *suite_below_chef(const struct image_name *name)
{
	const char *behind = text_ends_with(name->name, "cargo-chef") && name->tag != NULL ? strstr(name->tag, "rust-") : NULL;
	if (behind == NULL || name->suite != NULL || name->digest != NULL)
		return name->suite;
	auto_free char *text = mem_print("rust:%s", behind + 5);
	struct image_name rust;
	image_name_read(text, &rust);
	const char *suite = rust.suite; /* of a table */
	image_name_finish(&rust);
	return suite;
}

unsigned base_glibc(const struct image_name *name)
{
	static const char *const of_nine[] = {"*ubi9*", "rockylinux*", "almalinux*", "amazonlinux*", NULL};
	unsigned minor = glibc_of_suite(suite_below_chef(name));
	if (minor != 0 || strcmp(name->name, "alpine") == 0)
		return minor;
	if (strstr(name->name, "ubi8") != NULL)
		return 28;
	bool nine = name_in(name->name, of_nine) && (strstr(name->name, "ubi9") != NULL ||
		(name->tag != NULL && (text_starts_with(name->tag, "9") || text_starts_with(name->tag, "2023"))));
	return nine ? 34 : 0;
}

unsigned base_glibc_needed(const struct image_name *name)
{
	unsigned minor = base_glibc(name);
	return minor >= 39 ? 39 : minor >= 34 ? 34 : minor;
}

/* All that may say how cargo links: lines of the builder, cargo's configuration. */
static void gather_settings(const struct sources *sources, const struct shipped *shipped, int builder, struct str *out)
{
	static const char *const names[] = {".cargo/config.toml", ".cargo/config"};
	const struct dockerfile *file = &shipped->source->file;
	size_t at = 0;
	for (size_t i = 0; i < file->lines.count && file->lines.items[i].stage < 0; i++)
		str_add(out, file->lines.items[i].raw);
	for (int index; (index = stage_next(file, builder, "", &at)) >= 0;)
		str_add(out, file->lines.items[index].raw);
	at = 0;
	for (int index; (index = stage_next(file, shipped->stage, "COPY", &at)) >= 0;)
		str_add(out, file->lines.items[index].raw);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_free char *inside = shipped_path(shipped, names[i]);
		auto_free char *text = tree_read(&sources->tree, inside, NULL);
		str_add(out, text != NULL ? text : "");
	}
}

/* Flags of musl-gcc, zig and the like say nothing of what is made. */
static bool names_glibc_version(const char *settings)
{
	const char *at = strstr(settings, "-gnu.2.");
	return at != NULL && isdigit((unsigned char)at[7]);
}

enum linkage image_linkage(const struct sources *sources, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	int builder = shipped_builder(shipped);
	auto_str text = {0};
	struct image_name base;
	if (builder < 0)
		return LINK_UNKNOWN;
	gather_settings(sources, shipped, builder, &text);
	const char *settings = str_text(&text);
	image_name_read(stage_root_base(file, builder), &base);
	bool on = strstr(settings, "+crt-static") != NULL, off = strstr(settings, "-crt-static") != NULL;
	bool musl = strstr(settings, "-musl") != NULL || strstr(base.name, "musl") != NULL || text_equal(base.suite, "alpine");
	bool gnu = suite_number(base.suite) > 0 || base_glibc(&base) > 0;
	image_name_finish(&base);
	if (on)
		return LINK_STATIC;
	if (names_glibc_version(settings) || strstr(settings, "$RUSTFLAGS") != NULL)
		return LINK_UNKNOWN;
	return musl ? (off ? LINK_MUSL : LINK_STATIC) : gnu ? LINK_GNU : LINK_UNKNOWN;
}
