/* Topic 1, what the builder does: system packages, and the profile that cargo
 * builds with. */
#include "image.h"

#include <stdio.h>

/* ---- 1.4: system packages ---- */

static bool turns_recommends_off(const struct dockerfile *file)
{
	for (size_t i = 0; i < file->lines.count; i++) {
		const char *at = strstr(file->lines.items[i].raw, "Install-Recommends");
		if (at != NULL && strcmp(file->lines.items[i].word, "RUN") == 0 && strstr(file->lines.items[i].raw, "apt.conf") != NULL)
			return true;
	}
	return false;
}

static bool installs_tools(const struct dockerfile *file, int stage)
{
	size_t at = 0;
	bool found = false;
	for (int index; !found && (index = stage_next(file, stage, "RUN", &at)) >= 0;) {
		struct cargo_calls calls = {0};
		auto_free char *body = run_body(file, (size_t)index);
		run_find_cargo(body, &calls);
		for (size_t i = 0; i < calls.count; i++) {
			bool chef = calls.items[i].names.count == 1 && text_starts_with(calls.items[i].names.items[0], "cargo-chef");
			found = found || (cargo_call_installs(&calls.items[i]) && !chef);
		}
		found = found || strstr(body, "git clone") != NULL;
		cargo_calls_finish(&calls);
	}
	return found;
}

/* Is such a crate in a lock file, for whatever feature? */
static bool has_any_crate(const struct sources *sources, const char *const *names)
{
	size_t at = 0;
	for (const struct tree_file *file; (file = tree_each(&sources->tree, &at, "Cargo.lock")) != NULL;) {
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		for (const char *const *name = names; *name != NULL; name++) {
			auto_free char *words = mem_print("name = \"%s\"", *name);
			if (text == NULL || strstr(text, words) != NULL)
				return true; /* one that cannot be read may have it */
		}
	}
	return false;
}

/* A library for a crate that the project has not in any way: NULL, or the crate
 * that would ask for it. */
static const char *missing_crate(const struct sources *sources, const char *package)
{
	static const struct {
		const char *const packages[6], *const crates[10];
	} pairs[] = {
		{{"libpq-dev"}, {"pq-sys", "libpq-sys", "pgrx", "pgrx-pg-sys"}},
		{{"libsqlite3-dev", "sqlite-dev"}, {"libsqlite3-sys", "sqlite3-sys", "gdal-sys"}},
		{{"libmysqlclient-dev", "default-libmysqlclient-dev", "libmariadb-dev", "libmariadb-dev-compat"}, {"mysqlclient-sys"}},
		{{"librdkafka-dev"}, {"rdkafka-sys"}},
		{{"libssl-dev", "openssl-dev"}, {"openssl-sys", "libssh2-sys", "curl-sys", "rdkafka-sys", "mysqlclient-sys",
		"libgssapi-sys", "zmq-sys"}}, };
	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		if (name_in(package, pairs[i].packages) && sources->rust.has_lock && !has_any_crate(sources, pairs[i].crates))
			return pairs[i].crates[0];
	return NULL;
}

static bool check_packages(struct check *check, const struct shipped *shipped, size_t index, const struct package_call *call)
{
	static const char *const for_people[] = {"vim*", "nano", "emacs*", "neovim", "htop", "less", "man-db", "sudo",
		"openssh-server", "gdb", "lldb*", "strace", "ltrace", "iputils-ping", "net-tools", "telnet", "tmux", "screen", "zsh",
		"fish", "tree", "mc", NULL};
	const struct docker_line *line = image_line(shipped, index);
	bool foreign = installs_tools(&shipped->source->file, line->stage), good = true;
	for (size_t i = 0; i < call->names.count; i++) {
		const char *name = call->names.items[i];
		const char *crate = foreign ? NULL : missing_crate(check->sources, name);
		if (name_in(name, for_people))
			check_against(check, shipped->source->path, line_with(line, name),
				"%s is a tool for people: the build does not need it", name);
		else if (crate != NULL)
			check_against(check, shipped->source->path, line_with(line, name),
				"%s is installed, and no crate asks for it: %s is in no lock file", name, crate);
		else
			continue;
		good = false;
	}
	if (call->takes_recommended && call->names.count > 0 && !turns_recommends_off(&shipped->source->file)) {
		auto_free char *words = mem_print("%s install", call->tool);
		check_against(check, shipped->source->path, line_with(line, words),
			"%s installs what is merely recommended too: --no-install-recommends is missing", call->tool);
		good = false;
	}
	return good;
}

/* Libraries that a dynamic program asks for where it runs: the pair of -dev. */
static void check_runtime_libraries(struct check *check, const struct shipped *shipped, int builder)
{
	static const struct {
		const char *crate, *library;
		const char *const packages[10];
	} pairs[] = {
		{"pq-sys", "libpq5", {"libpq*", "postgresql*"}},
		{"openssl-sys", "libssl3", {"libssl*", "openssl", "ca-certificates*", "curl", "libcurl*", "libpq*", "postgresql*",
		"wget", "git"}},
		{"mysqlclient-sys", "libmariadb3", {"libmariadb*", "libmysqlclient*", "default-libmysqlclient*", "*mysql-client*",
		"mariadb-client*"}}, };
	const struct rust_facts *rust = &check->sources->rust;
	const struct dockerfile *file = &shipped->source->file;
	struct image_name base;
	image_name_read(shipped_base(shipped), &base);
	bool bare = strcmp(base.name, "debian") == 0 || strcmp(base.name, "ubuntu") == 0;
	image_name_finish(&base);
	if (!bare || builder == shipped->stage || !rust->is_graph_known || rust->manifests.count != 1 ||
		image_linkage(check->sources, shipped) != LINK_GNU)
		return;
	size_t at = 0;
	for (int index; (index = stage_next(file, shipped->stage, "COPY", &at)) >= 0;)
		if (strstr(file->lines.items[index].raw, ".so") != NULL || strstr(file->lines.items[index].raw, "/lib") != NULL)
			return;
	auto_strings packages = {0};
	stage_packages(file, shipped->stage, &packages);
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		bool has = rust_crate(rust, pairs[i].crate) == NULL || rust_has_feature(rust, pairs[i].crate, "bundled") ||
			rust_has_feature(rust, pairs[i].crate, "vendored") || rust_crate(rust, "pq-src") != NULL ||
			rust_crate(rust, "openssl-src") != NULL;
		for (size_t j = 0; j < packages.count; j++)
			has = has || name_in(packages.items[j], pairs[i].packages);
		if (!has)
			check_against(check, shipped->source->path, file->stages.items[shipped->stage].line,
				"%s links %s, and the runtime does not install it: the program does not start", pairs[i].crate, pairs[i].library);
	}
}

/* rust:…-slim has gcc and nothing that -sys crates ask for besides; the full image has it all. */
static void check_build_libraries(struct check *check, const struct shipped *shipped, int builder)
{
	static const struct {
		const char *crate, *words, *packages[3];
	} pairs[] = {{"openssl-sys", "pkg-config, libssl-dev", {"libssl-dev"}}, {"pq-sys", "libpq-dev", {"libpq-dev", "postgresql*"}}};
	const struct rust_facts *rust = &check->sources->rust;
	const struct dockerfile *file = &shipped->source->file;
	struct image_name base;
	image_name_read(stage_root_base(file, builder), &base);
	bool slim = base_is_rust(&base) && base.tag != NULL && strstr(base.tag, "slim") != NULL;
	image_name_finish(&base);
	if (!slim || rust->manifests.count != 1 || strstr(shipped->source->text, "OPENSSL_") != NULL)
		return;
	auto_strings packages = {0};
	stage_packages(file, builder, &packages);
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		const struct rust_crate *crate = rust_crate(rust, pairs[i].crate);
		/* without cargo's word the lock has what is switched off too */
		bool has = crate == NULL || (!rust->is_graph_known && !crate->is_direct) || rust_has_feature(rust, crate->name, "bundled") ||
			rust_has_feature(rust, crate->name, "vendored") || rust_crate(rust, "pq-src") != NULL || rust_crate(rust, "openssl-src") != NULL;
		for (size_t j = 0; j < packages.count; j++)
			has = has || name_in(packages.items[j], pairs[i].packages);
		if (!has)
			check_against(check, shipped->source->path, file->stages.items[builder].line, "%s asks for %s where it is compiled, which a slim image has not",
				pairs[i].crate, pairs[i].words);
	}
}

static void look_at_packages(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	int builder = build_stage(shipped);
	check_build_libraries(check, shipped, builder);
	bool any = false;
	size_t at = 0;
	for (int index; (index = stage_next(file, builder, "RUN", &at)) >= 0;) {
		struct package_calls calls = {0};
		package_calls_read(file, (size_t)index, &calls);
		for (size_t i = 0; i < calls.count; i++) {
			if (calls.items[i].removes || calls.items[i].names.count == 0)
				continue;
			any = true;
			auto_free char *names = strings_join(&calls.items[i].names, ", ", ", ");
			if (check_packages(check, shipped, (size_t)index, &calls.items[i]))
				check_for(check, shipped->source->path, line_with(image_line(shipped, (size_t)index), calls.items[i].tool),
					"the builder installs %s", names);
		}
		package_calls_finish(&calls);
	}
	if (!any)
		check_for(check, shipped->source->path, file->stages.items[builder].line, "the builder installs no system packages");
	check_runtime_libraries(check, shipped, builder);
}

void image_system_packages(struct check *check)
{
	size_t at = 0;
	bool any = false;
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, false)) != NULL; any = true)
		look_at_packages(check, shipped);
	if (!any)
		image_none(check, false);
}

/* ---- 1.6: --release ---- */

enum profile { PROFILE_NONE, PROFILE_DEBUG, PROFILE_UNKNOWN, PROFILE_RELEASE };

static enum profile call_profile(const struct cargo_call *call, const char *body)
{
	if (call->release || (strcmp(call->verb, "install") == 0 && strstr(body, "--debug") == NULL) ||
		strings_have(&call->names, "--release"))
		return PROFILE_RELEASE;
	if (call->profile != NULL && strchr(call->profile, '$') != NULL)
		return PROFILE_UNKNOWN;
	if (call->profile != NULL)
		return strcmp(call->profile, "dev") == 0 || strcmp(call->profile, "test") == 0 || strcmp(call->profile, "debug") == 0 ?
			PROFILE_DEBUG : PROFILE_RELEASE;
	for (size_t i = 0; i < call->env.count; i++)
		if (text_starts_with(call->env.items[i], "CARGO_PROFILE") || strchr(call->env.items[i], '$') != NULL)
			return PROFILE_UNKNOWN;
	if (strchr(body, '$') == NULL)
		return PROFILE_DEBUG;
	/* $(test "$PROFILE" = release && echo --release) */
	return strstr(body, "--release") != NULL ? PROFILE_RELEASE : PROFILE_UNKNOWN;
}

/* The best profile of the stage's builds: one of a condition's two may be debug. */
static enum profile stage_profile(const struct dockerfile *file, int stage, int *line)
{
	enum profile best = PROFILE_NONE;
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "RUN", &at)) >= 0;) {
		struct cargo_calls calls = {0};
		auto_free char *body = run_body(file, (size_t)index);
		run_find_cargo(body, &calls);
		for (size_t i = 0; i < calls.count; i++) {
			if (!cargo_call_makes_programs(&calls.items[i]))
				continue;
			enum profile one = call_profile(&calls.items[i], body);
			if (one >= best) {
				best = one;
				*line = index;
			}
		}
		cargo_calls_finish(&calls);
	}
	return best;
}

/* The folder that programs are copied from: "release", "debug", NULL. */
static const char *copied_from(const struct shipped *shipped, int *line)
{
	const struct dockerfile *file = &shipped->source->file;
	const char *found = NULL;
	size_t at = 0;
	for (int index; (index = stage_next(file, shipped->stage, "COPY", &at)) >= 0;) {
		struct copy_line copy;
		if (!copy_line_read(file, (size_t)index, &copy))
			continue;
		for (size_t i = 0; i < copy.sources.count; i++) {
			const char *source = copy.sources.items[i];
			bool debug = strstr(source, "target/") != NULL &&
				(strstr(source, "/debug/") != NULL || text_ends_with(source, "/debug"));
			bool release = strstr(source, "/release/") != NULL || text_ends_with(source, "/release");
			if (debug || (release && found == NULL)) {
				found = debug ? "debug" : "release";
				*line = index;
			}
		}
		copy_line_finish(&copy);
	}
	return found;
}

/* The triple that every build of the stage names, with which its output lies in
 * target/TRIPLE; NULL: not so, or something takes it back to target/release. */
static char *built_for(const struct dockerfile *file, int stage)
{
	char *triple = NULL;
	bool all = true;
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "RUN", &at)) >= 0;) {
		struct cargo_calls calls = {0};
		auto_free char *body = run_body(file, (size_t)index);
		run_find_cargo(body, &calls);
		for (size_t i = 0; i < calls.count; i++) {
			if (strcmp(calls.items[i].verb, "build") != 0)
				continue;
			all = all && calls.items[i].target != NULL;
			if (triple == NULL)
				triple = mem_copy_string(calls.items[i].target);
		}
		cargo_calls_finish(&calls);
		all = all && strstr(body, "target/release") == NULL && strstr(body, "--target-dir") == NULL && strstr(body, "--artifact-dir") == NULL;
	}
	if (all)
		return triple;
	free(triple);
	return NULL;
}

/* Says so where the path that is copied lacks the triple. */
static void check_triple(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	size_t at = 0;
	for (int index; (index = stage_next(file, shipped->stage, "COPY", &at)) >= 0;) {
		struct copy_line copy;
		if (!copy_line_read(file, (size_t)index, &copy))
			continue;
		auto_free char *triple = copy.from_stage >= 0 ? built_for(file, copy.from_stage) : NULL;
		for (size_t i = 0; triple != NULL && i < copy.sources.count; i++) {
			if (strstr(copy.sources.items[i], "target/release/") == NULL)
				continue;
			check_against(check, shipped->source->path, image_line_at(shipped, index), "cargo builds with --target %s: the program lies in target/%s/release, not here",
				triple, triple);
			check_mend(check, "Copy it from target/%s/release", triple);
		}
		copy_line_finish(&copy);
	}
}

static bool check_start_by_cargo(struct check *check, const struct shipped *shipped)
{
	struct image_start start;
	image_start(check->sources, shipped, &start);
	bool cargo = start.words.count > 1 && strcmp(path_name(start.words.items[0]), "cargo") == 0 &&
		strcmp(start.words.items[1], "run") == 0;
	cargo = cargo || (start.body != NULL && strstr(start.body, "cargo run") != NULL);
	const char *script_file;
	unsigned before;
	auto_free char *script = start.words.count > 0 ? image_script(check->sources, shipped, start.words.items[0], &script_file,
		&before) : NULL;
	const char *call = script != NULL ? strstr(script, "cargo run") : NULL;
	if (call != NULL && strstr(call, "--release") == NULL) {
		check_against(check, script_file, before + text_line_at(script, (size_t)(call - script)),
			"the program is started by cargo run, without --release");
		image_start_finish(&start);
		return false;
	}
	bool release = strings_have(&start.words, "--release") || strings_have(&start.words, "-r") ||
		(start.body != NULL && strstr(start.body, "--release") != NULL);
	if (cargo && !release)
		check_against(check, start.file, start.line, "the program is started by cargo run, without --release");
	image_start_finish(&start);
	return !cargo || release;
}

/* A build that another program than cargo runs: trunk build --release, make release. */
static int line_for_release(const struct dockerfile *file, int stage)
{
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "RUN", &at)) >= 0;)
		if (strstr(file->lines.items[index].raw, "--release") != NULL || strstr(file->lines.items[index].raw, " release") != NULL)
			return index;
	return -1;
}

/* As the Dockerfile stands: compose hands over other arguments for development. */
static bool is_release_by_itself(const struct shipped *shipped, int builder)
{
	struct dockerfile plain;
	int line;
	if (shipped->source->is_inline || shipped->service == NULL)
		return false;
	bool release = dockerfile_read(shipped->source->text, shipped->source->len, NULL, &plain, NULL) &&
		stage_profile(&plain, builder, &line) == PROFILE_RELEASE;
	dockerfile_finish(&plain);
	return release;
}

static void look_at_profile(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	const char *path = shipped->source->path;
	int builder = build_stage(shipped), build_line = -1, copy_line = -1;
	enum profile profile = stage_profile(file, builder, &build_line);
	if (profile == PROFILE_NONE && (build_line = line_for_release(file, builder)) >= 0)
		profile = PROFILE_RELEASE;
	const char *folder = copied_from(shipped, &copy_line);
	unsigned line = build_line >= 0 ? line_with(image_line(shipped, (size_t)build_line), "cargo") : 0;
	check_triple(check, shipped);
	if (!check_start_by_cargo(check, shipped)) {
		/* said */
	} else if (text_equal(folder, "debug")) {
		check_against(check, path, image_line_at(shipped, copy_line), "the program is copied from target/debug");
	} else if (profile == PROFILE_RELEASE) {
		check_for(check, path, line, "the build is one for release");
	} else if (text_equal(folder, "release") && profile != PROFILE_DEBUG) {
		check_for(check, path, image_line_at(shipped, copy_line), "the program is copied from the folder release");
	} else if (profile == PROFILE_DEBUG && is_release_by_itself(shipped, builder)) {
		check_for(check, path, line, "cargo builds for release where compose does not ask for another profile");
	} else if (profile == PROFILE_DEBUG) {
		check_against(check, path, line, "cargo builds without --release and without a profile");
	} else if (profile == PROFILE_UNKNOWN) {
		check_missing(check, "%s:%u takes the profile from a variable that has no value here", path, line);
	} else {
		check_missing(check, "%s:%u does not say how the program is built", path, file->stages.items[builder].line);
	}
}

void image_release(struct check *check)
{
	size_t at = 0;
	bool any = false;
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, false)) != NULL; any = true)
		look_at_profile(check, shipped);
	if (!any)
		image_none(check, false);
}
