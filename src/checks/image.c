/* Topic 1: how the image of a Rust program is made. Here stages and bases; what the
 * builder does is in image-build.c and image-order.c, what is copied in
 * image-copy.c, the user in image-user.c. */
#include "image.h"

#include <stdio.h>

/* ---- 1.1: several stages ---- */

static bool asks_for_stage(const struct sources *sources, const char *name)
{
	auto_free char *words = mem_print("target: %s", name);
	for (size_t i = 0; i < sources->workflows.count; i++)
		if (strstr(sources->workflows.items[i].text, words) != NULL)
			return true;
	size_t at = 0;
	auto_free char *quoted = mem_print("\"%s\"", name);
	auto_free char *option = mem_print("--target %s", name);
	for (const struct tree_file *file; (file = tree_each(&sources->tree, &at, "*")) != NULL;) {
		static const char *const names[] = {"*.hcl", "Makefile", "justfile", "Justfile", "Taskfile.y*ml", "*.sh",
			"docker-bake.json", ".gitlab-ci.yml", NULL};
		if (file->is_harness || file->is_link || !name_in(path_name(file->path), names))
			continue;
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		const char *target = text != NULL ? strstr(text, "target") : NULL;
		if (target != NULL && (strstr(text, quoted) != NULL || strstr(text, option) != NULL))
			return true;
	}
	return false;
}

/* A stage for developers that stands last is what a plain build gives. */
static bool check_last_stage(struct check *check, const struct shipped *shipped)
{
	static const char *const development[] = {"dev", "develop", "development", "debug", "test", "tests", "testing", "bench",
		"lint", "*-dev", "*-test", "*-debug", NULL};
	static const char *const production[] = {"prod", "production", "release", "runtime", "runner", "final", "app", "deploy",
		"*-prod", NULL};
	const struct dockerfile *file = &shipped->source->file;
	const char *last = file->stages.items[shipped->stage].name;
	if (shipped->target != NULL || last == NULL || !name_in(last, development))
		return true;
	for (int i = 0; i < shipped->stage; i++) {
		const char *name = file->stages.items[i].name;
		if (name == NULL || !name_in(name, production) || asks_for_stage(check->sources, name))
			continue;
		check_against(check, shipped->source->path, file->stages.items[shipped->stage].line,
			"the stage %s stands last: a build that names no stage gives it, not %s", last, name);
		check_mend(check, "Move the stage %s to the end of %s", name, shipped->source->path);
		return false;
	}
	return true;
}

static bool check_stage_names(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	bool good = true;
	for (size_t i = 1; i < file->stages.count; i++)
		for (size_t j = 0; j < i && file->stages.items[i].name != NULL; j++) {
			if (file->stages.items[j].name == NULL || !text_equal_fold(file->stages.items[i].name, file->stages.items[j].name))
				continue;
			check_against(check, shipped->source->path, file->stages.items[i].line, "the name %s stands for two stages",
				file->stages.items[i].name);
			good = false;
		}
	return good;
}

static void look_at_stages(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	const char *path = shipped->source->path;
	const struct docker_stage *stage = &file->stages.items[shipped->stage];
	int builder = shipped_builder(shipped);
	struct image_name base;
	image_name_read(shipped_base(shipped), &base);
	if (!check_last_stage(check, shipped) || !check_stage_names(check, shipped)) {
		/* said */
	} else if (builder == shipped->stage) {
		check_against(check, path, stage->line,
			"the stage that compiles is the one that is shipped: the toolchain and all sources go along");
	} else if (base_kind(&base) == BASE_TOOLCHAIN) {
		check_against(check, path, stage->line, "what is shipped stands on %s, with the toolchain in it", shipped_base(shipped));
	} else if (builder >= 0) {
		auto_free char *from = stage_title(file, builder);
		check_for(check, path, stage->line, "a stage of its own is shipped, and the program comes from the stage %s", from);
	} else {
		check_for(check, path, stage->line, "a stage of its own is shipped, without a compiler");
	}
	image_name_finish(&base);
}

static void stages_files(struct check *check)
{
	size_t at = 0;
	bool any = false;
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, false)) != NULL; any = true)
		look_at_stages(check, shipped);
	if (!any)
		image_none(check, false);
}

/* ---- live: is the toolchain in the image? ---- */

/* What tells of it, or NULL: a variable of the official image, or a layer. */
static char *live_toolchain(const json_t *container)
{
	const json_t *env = live_at(container, "image.Config.Env"), *history = live_at(container, "history");
	size_t i;
	const json_t *item;
	EACH_ITEM(env, i, item) {
		const char *text = json_string_value(item);
		if (text != NULL && (text_starts_with(text, "CARGO_HOME=/usr/local/cargo") || text_starts_with(text, "RUSTUP_HOME=")))
			return mem_print("image.Config.Env %s", text);
	}
	EACH_ITEM(history, i, item) {
		const char *text = json_string_value(json_object_get(item, "CreatedBy"));
		if (text != NULL && (strstr(text, "cargo build") != NULL || strstr(text, "cargo install") != NULL ||
			strstr(text, "rustup") != NULL))
			return mem_print("image.History %.80s", text);
	}
	return NULL;
}

static void toolchain_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		if (!live_is_own(check->sources, container) || live_at(container, "image.Config") == NULL)
			continue;
		auto_free char *trace = live_toolchain(container);
		if (trace != NULL)
			check_live_against(check, live_service(container), "the toolchain is in the image: %s", trace);
		else
			check_live_for(check, live_service(container), "the image has no CARGO_HOME and no layer that runs cargo");
	}
}

/* ---- 1.2: the builder's image ---- */

/* What the project asks of the compiler; *why says where that stands. */
static unsigned needed_minor(const struct rust_facts *rust, char **why)
{
	static const struct {
		const char *crate, *version;
		unsigned minor;
	} known[] = {{"sqlx", "0.8.", 78}, {"sqlx", "0.9.", 86}};
	unsigned minor = 0, major = 1, asked = 0;
	if (rust->rust_version != NULL && sscanf(rust->rust_version, "%u.%u", &major, &asked) == 2 && major == 1) {
		minor = asked;
		*why = mem_print("rust-version = \"%s\"", rust->rust_version);
	}
	if (rust->lock_version >= 4 && minor < 78) {
		minor = 78;
		free(*why);
		*why = mem_print(_("Cargo.lock, version %u"), rust->lock_version);
	}
	unsigned of_edition = rust->edition == NULL ? 0 : strcmp(rust->edition, "2024") == 0 ? 85 : strcmp(rust->edition, "2021") == 0 ? 56 : 0;
	if (minor < of_edition) {
		minor = of_edition;
		free(*why);
		*why = mem_print("edition = \"%s\"", rust->edition);
	}
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		const struct rust_crate *crate = rust_crate(rust, known[i].crate);
		if (crate == NULL || !text_starts_with(crate->version, known[i].version) || minor >= known[i].minor)
			continue;
		minor = known[i].minor;
		free(*why);
		*why = mem_print("%s %s", crate->name, crate->version);
	}
	return minor;
}

/* rustup takes the toolchain that this file names, whatever the image has. */
static bool has_toolchain_file(const struct sources *sources, const struct shipped *shipped)
{
	static const char *const names[] = {"rust-toolchain.toml", "rust-toolchain"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_free char *path = shipped_path(shipped, names[i]);
		if (tree_find(&sources->tree, path) != NULL)
			return true;
	}
	return strstr(shipped->source->text, "rustup toolchain") != NULL || strstr(shipped->source->text, "rustup default") != NULL ||
		strstr(shipped->source->text, "rustup update") != NULL;
}

static void look_at_version(struct check *check, const struct shipped *shipped, const struct image_name *base, unsigned line)
{
	unsigned major, minor;
	auto_free char *why = NULL;
	rust_tag_version(base, &major, &minor);
	unsigned needed = needed_minor(&check->sources->rust, &why);
	if (major == 1 && minor > 0 && minor < needed && !has_toolchain_file(check->sources, shipped)) {
		check_against(check, shipped->source->path, line,
			"Rust 1.%u is older than the project asks for: %s, that is 1.%u or newer", minor, why, needed);
		check_mend(check, "Take rust:1.%u-slim or newer as the builder", needed);
	} else if (major > 0 && !base_is_rust(base)) {
		check_for(check, shipped->source->path, line, "the builder is cargo-chef's image, which stands on the official one of Rust: %s",
			base->tag);
	} else if (major > 0 || base->digest != NULL) {
		check_for(check, shipped->source->path, line, "the builder is the official image of Rust, tag %s", base->tag != NULL ?
			base->tag : base->digest);
	} else if (base->tag != NULL && strchr(base->tag, '$') == NULL && !base->is_variable) {
		check_against(check, shipped->source->path, line,
			"the tag %s names no version: which compiler builds it depends on the day", base->tag);
	} else if (base->tag == NULL && !base->is_variable) {
		check_against(check, shipped->source->path, line,
			"the image of the builder has no tag: which compiler builds it depends on the day");
	} else {
		check_for(check, shipped->source->path, line,
			"the builder is the official image of Rust, and who builds it gives the version");
	}
}

static void look_at_builder(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	int stage = build_stage(shipped), depth = 0;
	for (; file->stages.items[stage].base_stage >= 0 && depth < 32; depth++)
		stage = file->stages.items[stage].base_stage;
	struct image_name base;
	const char *text = file->stages.items[stage].base;
	unsigned line = file->stages.items[stage].line;
	image_name_read(text, &base);
	if (base_is_rust(&base)) {
		look_at_version(check, shipped, &base, line);
	} else if (text_ends_with(base.name, "cargo-chef") && base.tag != NULL && strstr(base.tag, "rust-") != NULL) {
		look_at_version(check, shipped, &base, line);
	} else if (base.is_variable && (base.name[0] == '\0' || strchr(base.name, '$') != NULL)) {
		check_missing(check, "%s:%u takes the image of the builder from a variable that has no value here", shipped->source->path,
			line);
	} else {
		check_against(check, shipped->source->path, line, "the builder stands on %s, not on the official image of Rust", text);
	}
	image_name_finish(&base);
}

static void builder_files(struct check *check)
{
	size_t at = 0;
	bool any = false;
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, false)) != NULL; any = true)
		look_at_builder(check, shipped);
	if (!any)
		image_none(check, false);
}

/* ---- 1.3: the runtime's image ---- */

/* Does a program of the builder start on that glibc? */
static bool check_libc(struct check *check, const struct shipped *shipped, const struct image_name *base, unsigned line)
{
	static const char *const shims[] = {"gcompat", "libc6-compat", "glibc", NULL};
	const struct dockerfile *file = &shipped->source->file;
	int builder = shipped_builder(shipped);
	enum linkage linkage = image_linkage(check->sources, shipped);
	bool is_alpine = text_equal(base->suite, "alpine") && strstr(base->name, "glibc") == NULL;
	if (builder < 0 || builder == shipped->stage)
		return true;
	struct image_name from;
	image_name_read(stage_root_base(file, builder), &from);
	/* of a digest alone nobody knows the release */
	unsigned needed = from.digest != NULL && !from.is_suite_said ? 0 : base_glibc_needed(&from), has = base_glibc(base);
	auto_strings packages = {0};
	stage_packages(file, shipped->stage, &packages);
	bool has_shim = false;
	for (size_t i = 0; i < packages.count; i++)
		has_shim = has_shim || name_in(packages.items[i], shims);
	bool good = true;
	if (linkage == LINK_GNU && needed > 0 && has > 0 && needed > has && base_kind(base) != BASE_EMPTY) {
		check_against(check, shipped->source->path, line,
			"built with the glibc 2.%u of %s and run on %s, which has 2.%u: it does not start", base_glibc(&from),
			stage_root_base(file, builder), shipped_base(shipped), has);
		check_mend(check, "Take the builder and the runtime of the same Debian release");
		good = false;
	} else if (linkage == LINK_GNU && is_alpine && !has_shim) {
		check_against(check, shipped->source->path, line,
			"built for glibc on %s and run on Alpine, which has musl: it does not start", stage_root_base(file, builder));
		check_mend(check, "Build on rust:…-alpine, or run on debian:…-slim");
		good = false;
	} else if (linkage == LINK_MUSL && has > 0) {
		check_against(check, shipped->source->path, line,
			"built for a dynamic musl and run on %s, which has glibc: it does not start", shipped_base(shipped));
		good = false;
	}
	image_name_finish(&from);
	return good;
}

/* debian:bookworm and debian:bookworm-slim hold the same programs; documents are
 * what differs. */
static void offer_slim(struct check *check, const struct shipped *shipped, const struct image_name *base, int stage)
{
	const struct docker_line *line = image_line(shipped, shipped->source->file.stages.items[stage].from);
	auto_free char *old_text = mem_print("%s:%s", base->name, base->tag != NULL ? base->tag : "");
	const char *found = strstr(line->raw, old_text);
	auto_strings packages = {0};
	stage_packages(&shipped->source->file, shipped->stage, &packages);
	if (base->tag == NULL || base->digest != NULL || found == NULL || line->first != line->last || shipped->source->is_inline ||
		packages.count > 0)
		return;
	size_t after = strcspn(found + strlen(old_text), " \t\r\n");
	if (after > 0 || strstr(found + 1, old_text) != NULL || strspn(base->tag, "abcdefghijklmnopqrstuvwxyz0123456789.") < strlen(base->tag))
		return;
	auto_free char *new_text = mem_print("%s-slim", old_text);
	check_edit_replace(check, shipped->source->path, line->first, old_text, new_text);
}

static void look_at_runtime(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	int stage = shipped->stage, depth = 0;
	for (; file->stages.items[stage].base_stage >= 0 && depth < 32; depth++)
		stage = file->stages.items[stage].base_stage;
	const char *text = file->stages.items[stage].base, *path = shipped->source->path;
	unsigned line = file->stages.items[stage].line;
	struct image_name base;
	image_name_read(text, &base);
	enum image_base kind = base_kind(&base);
	if (base.is_variable && base.name[0] == '\0') {
		check_missing(check, "%s:%u takes the image of the runtime from a variable that has no value here", path, line);
	} else if (shipped_builder(shipped) == shipped->stage) {
		check_against(check, path, file->stages.items[shipped->stage].line, "the program runs where it is compiled, on %s", text);
	} else if (kind == BASE_TOOLCHAIN) {
		check_against(check, path, line, "the runtime stands on %s, an image for building", text);
	} else if (kind == BASE_FULL) {
		check_against(check, path, line, "the runtime stands on %s: its slim variant holds all that a program needs", text);
		offer_slim(check, shipped, &base, stage);
	} else if (check_libc(check, shipped, &base, line)) {
		if (kind == BASE_OTHER)
			check_for(check, path, line, "a runtime of its own stands on %s", text);
		else
			check_for(check, path, line, "the runtime stands on %s, a small image", text);
	}
	image_name_finish(&base);
}

static void runtime_files(struct check *check)
{
	size_t at = 0;
	bool any = false;
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, true)) != NULL; any = true)
		look_at_runtime(check, shipped);
	if (!any)
		image_none(check, true);
}

static bool is_against_already(const struct check *check)
{
	for (size_t i = 0; i < check->result->evidence.count; i++)
		if (check->result->evidence.items[i].is_against)
			return true;
	return false;
}

/* What runs tells the size; that it is small enough, files alone can say. */
static void runtime_live(struct check *check)
{
	size_t at = 0;
	bool is_bad = is_against_already(check);
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		char size[16];
		if (!live_is_own(check->sources, container) || live_at(container, "image.Config") == NULL)
			continue;
		auto_free char *trace = live_toolchain(container);
		int64_t bytes = live_number(container, "image.Size", 0);
		format_bytes(bytes > 0 ? (uint64_t)bytes : 0, size, sizeof size);
		if (trace != NULL)
			check_live_against(check, live_service(container), "the image of %s holds the toolchain: %s", size, trace);
		else if (!is_bad)
			check_live_for(check, live_service(container), "image.Size is %s, in %zu layers", size,
				json_array_size(live_at(container, "image.RootFS.Layers")));
	}
}

/* ---- the table ---- */

static const struct practice practices[] = {
	{"1.1", N_("A Dockerfile with several stages builds and ships the program"), CHECK_MEDIUM,
		N_("With one stage the compiler, the sources and every intermediate file are part of what is shipped: gigabytes to pull, "
			"and a toolchain for whoever breaks in. A second stage begins empty and takes the program alone."),
		N_("The stage that is shipped (the last one, or the one that compose asks for), and whether cargo runs in it or below "
			"it."),
		N_("Variables of the toolchain and layers that run cargo in the images of running containers."),
		N_("Add a last stage FROM a small image, and COPY --from the builder the program into it"), false, stages_files,
		toolchain_live},
	{"1.2", N_("The builder is the official image of Rust with its version (rust:1.75-slim)"), CHECK_MEDIUM,
		N_("The official image is kept up to date and is what others test with. A tag with a version makes a build of next month "
			"use the compiler of today; one that is older than Cargo.lock or the edition asks for does not build at all."),
		N_("The FROM line that the compiling stage stands on, held against rust-version, edition, Cargo.lock and the crates in "
			"it."), NULL,
		N_("Begin the builder with FROM rust:VERSION-slim-SUITE, as rust:1.75-slim-bookworm"), false, builder_files, NULL},
	{"1.3", N_("The runtime stands on a small image that suits the builder (debian:bookworm-slim)"), CHECK_HIGH,
		N_("What is not in the image is not pulled, not scanned and not attacked. And a program asks for the glibc that it was "
			"linked with: on an older release it ends at once with \"GLIBC_… not found\"."),
		N_("The base of the shipped stage, its libc, and the libc of the builder unless the program is linked statically."),
		N_("The size of the image, and traces of the toolchain in it."),
		N_("Let the last stage stand on debian:SUITE-slim, with the SUITE of the builder"), false, runtime_files, runtime_live},
	{"1.4", N_("The build stage installs the system packages that are needed, and no others"), CHECK_LOW,
		N_("Each package costs time in every build without a cache and may break it. Packages that are merely recommended and "
			"tools for people have no use in a builder."),
		N_("Packages that RUN lines of the builder install, and the crates that would ask for them."), NULL,
		N_("Install with apt-get install --no-install-recommends, and name what the crates ask for alone"), false,
		image_system_packages, NULL},
	{"1.5", N_("Cargo.toml and Cargo.lock are copied first, so that dependencies stay cached"), CHECK_MEDIUM,
		N_("Dependencies change seldom and take most of the time. Where the manifests are copied and built before the sources, a "
			"change of the sources compiles the own crates alone; without Cargo.lock each build may take other versions."),
		N_("The order of COPY and cargo lines in the builder, cache mounts, Cargo.lock and whether it reaches the build."), NULL,
		N_("Copy Cargo.toml and Cargo.lock and build the dependencies (cargo chef cook) before COPY . ."), false,
		image_dependencies, NULL},
	{"1.6", N_("The program is built with cargo build --release"), CHECK_MEDIUM,
		N_("Without optimisation a Rust program runs ten times slower or worse, and its overflow checks and debug assertions are "
			"on."),
		N_("Calls of cargo in the stage that the program comes from, and the folder that it is copied from."), NULL,
		N_("Build with cargo build --release, and copy from target/release"), false, image_release, NULL},
	{"1.7", N_("Only the compiled program and what it reads are copied into the runtime"), CHECK_HIGH,
		N_("Sources, manifests and the target folder in an image show the code to whoever can pull it and make it many times "
			"larger."),
		N_("COPY and ADD lines of the shipped stage, and which of the project's files they take."),
		N_("Layers that run cargo in the images of running containers."),
		N_("Copy the program by its own path: COPY --from=builder /src/target/release/NAME /usr/local/bin/NAME"), false,
		image_program_alone, toolchain_live},
	{"1.8", N_("ca-certificates is in the runtime of a program that makes TLS connections"), CHECK_LOW,
		N_("A crate that asks the system for trusted certificates finds none in debian:…-slim and in scratch: every HTTPS "
			"request fails, at run time and not before."),
		N_("Crates that read the system's certificates, and where the shipped stage has them from."), NULL,
		N_("Install ca-certificates in the last stage, or copy /etc/ssl/certs/ca-certificates.crt into it"), true,
		image_certificates, NULL},
	{"1.9", N_("The image has a user of its own that is not root, and uses it"), CHECK_HIGH,
		N_("Root in a container is root of the kernel: a hole in the program, a mount or the engine is then a hole in the host. "
			"A user that no USER line names protects nothing."),
		N_("USER, useradd and adduser of the shipped stage, users of its base, the user that compose sets, gosu and the like in "
			"the start command."),
		N_("The uid of the first process, and Config.User of the container."),
		N_("Create a user in the last stage (useradd --system --uid 10001 app) and end it with USER 10001"), false, image_user,
		image_user_live},
	{"1.10", N_("Artefacts come from a stage by its name: COPY --from=builder"), CHECK_LOW,
		N_("A number means another stage as soon as one is put before it, and a misspelt name is no error: Docker takes it for "
			"an image and pulls that. What lies in a cache mount is in no layer and cannot be copied."),
		N_("COPY --from lines that lead to the shipped stage, and cache mounts over what they copy."), NULL,
		N_("Name the stage (FROM … AS builder) and copy with COPY --from=builder"), false, image_copies, NULL},
};

const struct practice_topic topic_image = {.title = N_("Docker image"), .practices = practices, .count = COUNT_OF(practices)};
