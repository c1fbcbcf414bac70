/* Topic 1, what comes into the runtime: what COPY lines of the shipped stage
 * take, certificates, and from where artefacts come. */
#include "image.h"

#include <stdio.h>

enum { DEPTH_LIMIT = 8 };

/* ---- 1.7: the program alone ---- */

struct look {
	struct check *check;
	const struct shipped *shipped;
	bool good;
	const char *from; /* the stage that the last good copy took the program from */
	unsigned line;
};

/* The line of a COPY that takes too much. */
static unsigned bad_line(struct look *look, size_t index)
{
	look->good = false;
	return image_line(look->shipped, index)->first;
}

static void say_sources(struct look *look, size_t index, const char *source, const char *found)
{
	check_against(look->check, look->shipped->source->path, bad_line(look, index), "%s comes into the image, and with it %s",
		source, found);
}

static void say_output(struct look *look, size_t index, const char *source)
{
	check_against(look->check, look->shipped->source->path, bad_line(look, index),
		"%s comes into the image: all that cargo leaves there, not the program alone", source);
}

/* All of a folder of cargo's output: "target", "target/release", also with a star behind. */
static bool is_output_folder(const char *path)
{
	static const char *const profiles[] = {"release", "debug", "deps", NULL};
	auto_free char *bare = mem_copy_bytes(path, strlen(path) - (text_ends_with(path, "/*") ? 2 : 0));
	auto_free char *clean = path_clean(bare);
	const char *name = path_name(clean);
	return strcmp(name, "target") == 0 || (name_in(name, profiles) && strstr(clean, "target/") != NULL);
}

/* Sources that a path of a compiling stage holds: they came by COPY from the
 * context to somewhere at or below that path, or above it. */
static const char *sources_below(const struct look *look, int stage, const char *path)
{
	const struct dockerfile *file = &look->shipped->source->file;
	const struct sources *sources = look->check->sources;
	const char *found = NULL;
	size_t at = 0;
	for (int index; found == NULL && (index = stage_next(file, stage, "", &at)) >= 0;) {
		struct copy_line copy;
		if (!copy_line_read(file, (size_t)index, &copy))
			continue;
		auto_free char *to = path_clean(copy.to);
		for (size_t i = 0; i < copy.sources.count && copy.from == NULL && found == NULL; i++) {
			auto_free char *target = copy_line_target(&copy, i), *own = shipped_path(look->shipped, copy.sources.items[i]);
			bool folder = strcmp(own, ".") == 0 || tree_has_folder(&sources->tree, own);
			const char *lies = folder ? to : target, *below = path_relative(path, lies);
			if (path_is_below(lies, path)) {
				found = copy_brings(sources, look->shipped, &copy, i).source_file;
			} else if (folder && below != NULL) {
				/* a part of what was copied */
				auto_free char *part = path_join(copy.sources.items[i], below);
				struct copy_line one = {.from_stage = -1};
				strings_add(&one.sources, part);
				auto_free char *own_part = shipped_path(look->shipped, part);
				if (tree_has_folder(&sources->tree, own_part) || tree_find(&sources->tree, own_part) != NULL)
					found = copy_brings(sources, look->shipped, &one, 0).source_file;
				strings_finish(&one.sources);
			}
		}
		copy_line_finish(&copy);
	}
	return found;
}

static void look_at_stage(struct look *look, int stage, int depth);

static void look_at_stage_copy(struct look *look, const struct copy_line *copy, const char *source, int depth)
{
	const struct dockerfile *file = &look->shipped->source->file;
	bool compiles = stage_compiles(file, copy->from_stage, true);
	auto_free char *absolute = path_join("/", source);
	auto_free char *bare = mem_copy_string(absolute);
	if (text_ends_with(bare, "/*"))
		bare[strlen(bare) - 2] = '\0';
	auto_free char *path = path_clean(bare[0] != '\0' ? bare : "/");
	const char *found = NULL;
	if (strcmp(path, "/") == 0 && !compiles)
		look_at_stage(look, copy->from_stage, depth + 1); /* squashed: what that one holds */
	else if (strcmp(path, "/") == 0)
		check_against(look->check, look->shipped->source->path, bad_line(look, copy->line),
			"the whole of the stage that compiles comes into the image");
	else if (compiles && is_output_folder(absolute))
		say_output(look, copy->line, source);
	else if ((found = sources_below(look, copy->from_stage, path)) != NULL)
		say_sources(look, copy->line, source, found);
	else
		look->line = image_line(look->shipped, copy->line)->first;
}

static void look_at_context_copy(struct look *look, const struct copy_line *copy, size_t i)
{
	const char *source = copy->sources.items[i];
	struct brought brought = copy_brings(look->check->sources, look->shipped, copy, i);
	if (is_output_folder(source))
		say_output(look, copy->line, source);
	else if (brought.sources)
		say_sources(look, copy->line, source, brought.source_file);
	else if (brought.manifest || brought.lock)
		say_sources(look, copy->line, source, brought.manifest ? "Cargo.toml" : "Cargo.lock");
}

static void look_at_stage(struct look *look, int stage, int depth)
{
	const struct dockerfile *file = &look->shipped->source->file;
	size_t at = 0;
	if (depth > DEPTH_LIMIT)
		return;
	for (int index; (index = stage_next(file, stage, "", &at)) >= 0;) {
		struct copy_line copy;
		if (!copy_line_read(file, (size_t)index, &copy))
			continue;
		for (size_t i = 0; i < copy.sources.count; i++) {
			if (copy.from == NULL)
				look_at_context_copy(look, &copy, i);
			else if (copy.from_stage >= 0)
				look_at_stage_copy(look, &copy, copy.sources.items[i], depth);
		}
		copy_line_finish(&copy);
	}
}

void image_program_alone(struct check *check)
{
	size_t at = 0;
	bool any = false;
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, true)) != NULL; any = true) {
		struct look look = {.check = check, .shipped = shipped, .good = true};
		const struct docker_stage *stage = &shipped->source->file.stages.items[shipped->stage];
		look_at_stage(&look, shipped->stage, 0);
		if (look.good && shipped_builder(shipped) == shipped->stage)
			check_against(check, shipped->source->path, stage->line,
				"the stage that compiles is shipped: sources and the target folder are in it");
		else if (look.good)
			check_for(check, shipped->source->path, look.line != 0 ? look.line : stage->line,
				"no sources and no target folder come into the shipped stage");
	}
	if (!any)
		image_none(check, true);
}

/* ---- 1.8: certificates ---- */

/* A crate that reads the system's certificates; NULL: none. */
static const char *asking_crate(const struct rust_facts *rust)
{
	static const char *const names[] = {"rustls-native-certs", "rustls-platform-verifier", "native-tls", "openssl", "curl",
		"isahc", "boring", "ureq-native-certs", NULL};
	const char *which = NULL;
	return rust_has_any(rust, names, &which) ? which : NULL;
}

/* Where certificates come from in the shipped stage: a line's index, or -1. */
static int line_with_certificates(const struct dockerfile *file, int stage)
{
	static const char *const packages[] = {"ca-certificates*", "ca-cert*", NULL};
	static const char *const recommending[] = {"curl", "wget", "git", "libcurl4", "libcurl4-openssl-dev", NULL};
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "", &at)) >= 0;) {
		const struct docker_line *line = &file->lines.items[index];
		bool copies = strcmp(line->word, "COPY") == 0 || strcmp(line->word, "ADD") == 0;
		if (copies && (strstr(line->raw, "/etc/ssl") != NULL || strstr(line->raw, "ca-certificates") != NULL ||
			strstr(line->raw, "ca-bundle") != NULL || strstr(line->raw, "cacert") != NULL ||
			strstr(line->raw, "/etc/pki") != NULL))
			return index;
		if (strcmp(line->word, "RUN") != 0)
			continue;
		struct package_calls calls = {0};
		bool found = false;
		package_calls_read(file, (size_t)index, &calls);
		for (size_t i = 0; i < calls.count; i++)
			for (size_t j = 0; j < calls.items[i].names.count && !calls.items[i].removes; j++)
				found = found || name_in(calls.items[i].names.items[j], packages) ||
					(calls.items[i].takes_recommended && name_in(calls.items[i].names.items[j], recommending));
		package_calls_finish(&calls);
		if (found || strstr(line->raw, "update-ca-certificates") != NULL)
			return index;
	}
	return -1;
}

/* Stages whose whole root is taken count as the stage itself. */
static int stage_of_root(const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	int stage = shipped->stage;
	for (int depth = 0; depth < DEPTH_LIMIT; depth++) {
		int from = -1;
		size_t at = 0;
		for (int index; (index = stage_next(file, stage, "COPY", &at)) >= 0;) {
			struct copy_line copy;
			if (!copy_line_read(file, (size_t)index, &copy))
				continue;
			if (copy.from_stage >= 0 && copy.sources.count == 1 && strcmp(copy.sources.items[0], "/") == 0)
				from = copy.from_stage;
			copy_line_finish(&copy);
		}
		if (from < 0)
			return stage;
		stage = from;
	}
	return stage;
}

/* Images with certificates in them: 1 yes, 0 no, -1 not known. */
static int base_has_certificates(const char *text)
{
	static const char *const with[] = {"alpine", "*/alpine", "distroless/*", "*/distroless/*", "rust", "*library/rust",
		"buildpack-deps", "python", "golang", "*ubi*", "fedora", "amazonlinux", "rockylinux*", "almalinux*", "chainguard/*",
		"*wolfi*", "*cargo-chef", "node", "nvidia/cuda", "*playwright*", NULL};
	static const char *const without[] = {"scratch", "debian", "ubuntu", "busybox", "*/minideb", NULL};
	struct image_name name;
	image_name_read(text, &name);
	int has = name_in(name.name, without) ? 0 : name_in(name.name, with) || text_equal(name.registry, "cgr.dev") ||
		text_equal(name.suite, "alpine") ? 1 : -1;
	if (strcmp(name.name, "node") == 0 && name.tag != NULL && strstr(name.tag, "slim") != NULL)
		has = 0;
	image_name_finish(&name);
	return has;
}

static void look_at_certificates(struct check *check, const struct shipped *shipped, const char *crate)
{
	const struct dockerfile *file = &shipped->source->file;
	const char *path = shipped->source->path, *graph = check->sources->rust.graph_file != NULL ? check->sources->rust.graph_file :
		"Cargo.toml";
	int stage = stage_of_root(shipped), found = line_with_certificates(file, stage);
	const char *base = stage_root_base(file, stage);
	if (found < 0 && stage != shipped->stage)
		found = line_with_certificates(file, shipped->stage);
	unsigned line = file->stages.items[shipped->stage].line;
	int has = base_has_certificates(base);
	if (found >= 0)
		check_for(check, path, line_with(&file->lines.items[found], "ca-cert"), "certificates are put into the image");
	else if (has > 0 && crate != NULL)
		check_for(check, path, line, "%s asks for certificates, and the base %s has them", crate, base);
	else if (crate == NULL)
		check_none(check, graph, "no enabled crate reads the system's certificates");
	else if (has == 0)
		check_against(check, path, line, "%s reads the system's certificates, and %s has none", crate, base);
	else
		check_missing(check, "whether the base %s of %s has certificates", base, path);
}

void image_certificates(struct check *check)
{
	const struct rust_facts *rust = &check->sources->rust;
	size_t at = 0;
	bool any = false;
	const char *crate = asking_crate(rust);
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, true)) != NULL; any = true)
		look_at_certificates(check, shipped, crate);
	if (!any)
		image_none(check, true);
}

/* ---- 1.10: COPY --from=NAME ---- */

/* Contexts that compose or a bake file gives under a name. */
static bool is_named_context(const struct sources *sources, const struct shipped *shipped, const char *name)
{
	const json_t *contexts = compose_member(image_service(sources, shipped), "build.additional_contexts");
	size_t at = 0;
	if (json_object_get(contexts, name) != NULL)
		return true;
	for (const struct tree_file *file; (file = tree_each(&sources->tree, &at, "*")) != NULL;) {
		static const char *const names[] = {"docker-bake*", "bake.*", "*.hcl", "Makefile", "justfile", "*.sh", "*.yml", "*.yaml",
			NULL};
		if (!name_in(path_name(file->path), names) || file->is_link)
			continue;
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		auto_free char *given = mem_print("%s=", name);
		if (text != NULL && ((strstr(text, "contexts") != NULL && strstr(text, name) != NULL) ||
			(strstr(text, "build-context") != NULL && strstr(text, given) != NULL)))
			return true;
	}
	return false;
}

/* Is what is copied left behind in a cache mount? The mount that holds it. */
static char *hiding_mount(const struct dockerfile *file, const struct copy_line *copy, const char *source)
{
	auto_free char *absolute = path_join("/", source);
	auto_free char *path = path_clean(absolute);
	char *mount = NULL;
	bool made_elsewhere = false;
	size_t at = 0;
	for (int index; (index = stage_next(file, copy->from_stage, "RUN", &at)) >= 0;) {
		struct cargo_calls calls = {0};
		auto_strings mounts = {0};
		auto_free char *body = run_body(file, (size_t)index);
		run_find_cargo(body, &calls);
		bool makes = false, hidden = false;
		for (size_t i = 0; i < calls.count; i++)
			makes = makes || cargo_call_makes_programs(&calls.items[i]);
		cargo_calls_finish(&calls);
		cache_mounts(file, (size_t)index, &mounts);
		for (size_t i = 0; i < mounts.count; i++) {
			if (!makes || !path_is_below(path, mounts.items[i]))
				continue;
			hidden = true;
			free(mount);
			mount = mem_copy_string(mounts.items[i]);
		}
		made_elsewhere = made_elsewhere || (makes && !hidden) || (!makes && mounts.count == 0 && strstr(body, path) != NULL);
	}
	if (made_elsewhere) {
		free(mount);
		return NULL;
	}
	return mount;
}

/* A stage of this file: named, numbered, and is what is copied in a layer? */
static void look_at_named_copy(struct check *check, const struct shipped *shipped, const struct copy_line *copy, const char *word)
{
	const struct dockerfile *file = &shipped->source->file;
	const char *path = shipped->source->path;
	unsigned line = image_line(shipped, copy->line)->first;
	for (size_t i = 0; i < copy->sources.count; i++) {
		auto_free char *mount = hiding_mount(file, copy, copy->sources.items[i]);
		if (mount == NULL)
			continue;
		check_against(check, path, line, "%s lies in the cache mount %s when it is built, and is in no layer to copy from",
			copy->sources.items[i], mount);
		check_mend(check, "Copy it out of the mount in the same RUN line, and COPY it from there");
		return;
	}
	if (strspn(word, "0123456789") == strlen(word)) {
		auto_free char *title = stage_title(file, copy->from_stage);
		check_against(check, path, line, "--from=%s names a stage by its number (%s): with a stage before it, it is another one",
			word, title);
	} else {
		check_for(check, path, line, "copied from the stage %s by its name", word);
	}
}

/* True: something was said. */
static bool look_at_foreign_copy(struct check *check, const struct shipped *shipped, const struct copy_line *copy,
	const char *word)
{
	static const char *const images[] = {"busybox", "alpine", "debian", "ubuntu", "rust", "node", "golang", "python", "scratch",
		"composer", "nginx", "docker", NULL};
	unsigned line = image_line(shipped, copy->line)->first;
	int meant = near_stage(&shipped->source->file, word);
	if (word[0] == '\0' || strpbrk(word, "/:@.$") != NULL || name_in(word, images) ||
		is_named_context(check->sources, shipped, word))
		return false;
	if (meant >= 0)
		check_against(check, shipped->source->path, line,
			"no stage is called %s (there is %s): Docker takes it for an image and pulls that", word,
			shipped->source->file.stages.items[meant].name);
	else
		check_against(check, shipped->source->path, line, "no stage is called %s: Docker takes it for an image and pulls that",
			word);
	return true;
}

/* RUN --mount=type=bind,from=builder … copies without COPY. */
static bool binds_a_stage(const struct dockerfile *file, int stage, size_t *line)
{
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "RUN", &at)) >= 0;)
		if (strstr(file->lines.items[index].rest, "--mount=") != NULL && strstr(file->lines.items[index].rest, "from=") != NULL) {
			*line = (size_t)index;
			return true;
		}
	return false;
}

static void look_at_copies(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	const char *path = shipped->source->path;
	bool any = false;
	size_t at = 0, bound = 0;
	for (int index; (index = stage_next(file, shipped->stage, "COPY", &at)) >= 0;) {
		struct copy_line copy;
		if (!copy_line_read(file, (size_t)index, &copy))
			continue;
		if (copy.from != NULL && copy.from_stage >= 0) {
			look_at_named_copy(check, shipped, &copy, copy.from);
			any = true;
		} else if (copy.from != NULL) {
			any = look_at_foreign_copy(check, shipped, &copy, copy.from) || any;
		}
		copy_line_finish(&copy);
	}
	if (any)
		return;
	if (binds_a_stage(file, shipped->stage, &bound))
		check_for(check, path, file->lines.items[bound].first, "a stage is mounted, and what is needed is copied from there");
	else if (shipped_builder(shipped) == shipped->stage || file->stages.count == 1)
		check_against(check, path, file->stages.items[shipped->stage].line,
			"nothing is copied from a stage: the one that compiles is shipped");
	else
		check_against(check, path, file->stages.items[shipped->stage].line, "the shipped stage copies nothing from the others");
}

void image_copies(struct check *check)
{
	size_t at = 0;
	bool any = false;
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, false)) != NULL; any = true)
		look_at_copies(check, shipped);
	if (!any)
		image_none(check, false);
}
