/* What checks ask of Dockerfiles beyond their reader: names of images and the
 * Debian release behind them, who the user is in the end, where the program is
 * compiled. */
#include "checks.h"

#include <ctype.h>
#include <stdio.h>

enum { DEPTH_LIMIT = 32, TRIGGERS_LIMIT = 4000 };

/* ---- names of images ---- */

static const struct {
	const char *name;
	unsigned number; /* of Debian; 0: another distribution */
} suites[] = {{"buster", 10}, {"bullseye", 11}, {"bookworm", 12}, {"trixie", 13}, {"forky", 14}, {"sid", 0}, {"focal", 0}, {"jammy", 0}, {"noble", 0},
	{"alpine", 0}};

unsigned suite_number(const char *suite)
{
	for (size_t i = 0; suite != NULL && i < COUNT_OF(suites); i++)
		if (strcmp(suites[i].name, suite) == 0)
			return suites[i].number;
	return 0;
}

static const char *suite_of_number(unsigned number)
{
	for (size_t i = 0; i < COUNT_OF(suites); i++)
		if (number != 0 && suites[i].number == number)
			return suites[i].name;
	return NULL;
}

/* A part of a tag: "bookworm", "alpine3.20". */
static const char *suite_of_part(const char *part)
{
	for (size_t i = 0; i < COUNT_OF(suites); i++) {
		size_t len = strlen(suites[i].name);
		if (strncmp(part, suites[i].name, len) == 0 && (part[len] == '\0' || (strcmp(suites[i].name, "alpine") == 0 && isdigit((unsigned char)part[len]))))
			return suites[i].name;
	}
	return NULL;
}

static const char *suite_in_tag(const char *tag)
{
	auto_strings parts = {0};
	strings_split(&parts, tag, '-');
	for (size_t i = 0; i < parts.count; i++)
		if (suite_of_part(parts.items[i]) != NULL)
			return suite_of_part(parts.items[i]);
	return NULL;
}

/* Numbers that name a release: debian:12.5-slim, ubuntu:24.04. */
static const char *suite_of_version(const char *name, const char *tag)
{
	if (strcmp(name, "debian") == 0)
		return isdigit((unsigned char)tag[0]) ? suite_of_number((unsigned)atoi(tag)) : strcmp(tag, "stable") == 0 || text_starts_with(tag, "stable-") ? "trixie" : NULL;
	if (strcmp(name, "ubuntu") == 0)
		return text_starts_with(tag, "24.04") ? "noble" : text_starts_with(tag, "22.04") ? "jammy" : text_starts_with(tag, "20.04") ? "focal" : NULL;
	return NULL;
}

/* What rust's tags without a release stand for (docker-library/official-images:
 * bookworm from 1.71, trixie from 1.89, of August 2025; older tags stay). */
static const char *suite_of_rust(const char *tag)
{
	unsigned major = 0, minor = 0;
	if (tag == NULL || sscanf(tag, "%u.%u", &major, &minor) != 2)
		return "trixie";
	return major > 1 || minor >= 89 ? "trixie" : minor >= 71 ? "bookworm" : minor >= 55 ? "bullseye" : NULL;
}

static void find_suite(struct image_name *name)
{
	const char *behind = strstr(name->name, "-debian");
	if (strstr(name->name, "distroless/") != NULL && behind != NULL)
		name->suite = suite_of_number((unsigned)atoi(behind + 7));
	if (name->suite == NULL && name->tag != NULL)
		name->suite = suite_in_tag(name->tag);
	if (name->suite == NULL && name->tag != NULL)
		name->suite = suite_of_version(name->name, name->tag);
	if (name->suite == NULL && strcmp(name->name, "alpine") == 0)
		name->suite = "alpine";
	name->is_suite_said = name->suite != NULL;
	if (name->suite == NULL && strcmp(name->name, "rust") == 0 && !name->is_variable)
		name->suite = suite_of_rust(name->tag);
}

void image_name_read(const char *text, struct image_name *name)
{
	*name = (struct image_name){0};
	const char *at = strchr(text, '@');
	auto_free char *rest = mem_copy_bytes(text, at != NULL ? (size_t)(at - text) : strlen(text));
	name->digest = at != NULL && at[1] != '\0' ? mem_copy_string(at + 1) : NULL;
	char *slash = strchr(rest, '/'), *begin = rest;
	if (slash != NULL) {
		*slash = '\0';
		if (strpbrk(rest, ".:") != NULL || strcmp(rest, "localhost") == 0) {
			name->registry = mem_copy_string(rest);
			begin = slash + 1;
		} else {
			*slash = '/';
		}
	}
	if (text_starts_with(begin, "library/"))
		begin += 8;
	char *last = strrchr(begin, '/'), *colon = strchr(last != NULL ? last : begin, ':');
	if (colon != NULL) {
		*colon = '\0';
		name->tag = colon[1] != '\0' ? mem_copy_string(colon + 1) : NULL;
	}
	name->name = mem_copy_string(begin);
	const char *tag = name->tag;
	name->is_variable = strchr(text, '$') != NULL || name->name[0] == '\0' || (colon != NULL && tag == NULL) ||
		(tag != NULL && (tag[0] == '-' || text_ends_with(tag, "-") || strstr(tag, "--") != NULL));
	find_suite(name);
}

void image_name_finish(struct image_name *name)
{
	free(name->name);
	free(name->registry);
	free(name->tag);
	free(name->digest);
	*name = (struct image_name){0};
}

/* ---- ONBUILD ---- */

/* "COPY . ." of "ONBUILD COPY . .". */
static struct docker_line trigger_line(const struct docker_line *trigger, int stage, unsigned line)
{
	const char *text = trigger->rest + strspn(trigger->rest, " \t");
	size_t len = strcspn(text, " \t");
	struct docker_line made = {.word = mem_copy_bytes(text, len), .rest = mem_copy_string(text + len + strspn(text + len, " \t")),
		.raw = mem_copy_string(text), .first = line > 0 ? line : trigger->first, .last = line > 0 ? line : trigger->last, .stage = stage};
	for (char *at = made.word; *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
	return made;
}

static void insert_line(struct dockerfile *file, size_t at, struct docker_line line)
{
	array_add(&file->lines);
	memmove(&file->lines.items[at + 1], &file->lines.items[at], (file->lines.count - 1 - at) * sizeof line);
	file->lines.items[at] = line;
	for (size_t i = 0; i < file->stages.count; i++)
		file->stages.items[i].from += file->stages.items[i].from >= at;
}

void docker_take_triggers(struct dockerfile *file, int stage, const struct dockerfile *base, int base_stage, unsigned line)
{
	size_t at = file->stages.items[stage].from + 1;
	for (size_t i = 0; i < base->lines.count && file->lines.count < TRIGGERS_LIMIT; i++) {
		if (base->lines.items[i].stage != base_stage || strcmp(base->lines.items[i].word, "ONBUILD") != 0)
			continue;
		struct docker_line made = trigger_line(&base->lines.items[i], stage, line);
		insert_line(file, at++, made); /* behind those of its own base, which do not move */
	}
}

/* ---- stages ---- */

const char *shipped_base(const struct shipped *shipped)
{
	return stage_root_base(&shipped->source->file, shipped->stage);
}

static bool base_is_nonroot(const char *base)
{
	struct image_name name;
	image_name_read(base, &name);
	bool nonroot = (name.tag != NULL && strstr(name.tag, "nonroot") != NULL) || text_equal(name.registry, "cgr.dev") || text_starts_with(name.name, "chainguard/");
	image_name_finish(&name);
	return nonroot;
}

char *shipped_user(const struct shipped *shipped, unsigned *line)
{
	const struct dockerfile *file = &shipped->source->file;
	int index = dockerfile_last(file, shipped->stage, "USER");
	*line = 0;
	if (index < 0)
		return base_is_nonroot(shipped_base(shipped)) ? mem_copy_string("nonroot") : NULL;
	*line = file->lines.items[index].first;
	return dockerfile_expand(file, (size_t)index, file->lines.items[index].rest);
}

bool user_is_root(const char *user)
{
	user += strspn(user, " \t\"'");
	size_t len = strcspn(user, ": \t\"'");
	return len == 0 || (len == 4 && strncmp(user, "root", 4) == 0) || strspn(user, "0") >= len;
}

bool stage_has_line(const struct dockerfile *file, int stage, size_t line)
{
	for (int depth = 0; stage >= 0 && depth < DEPTH_LIMIT; depth++, stage = file->stages.items[stage].base_stage)
		if (line < file->lines.count && file->lines.items[line].stage == stage)
			return true;
	return false;
}

/* Stages that are copied from come before: numbers fall, so this ends. `seen`
 * keeps it from asking one twice. */
static int find_builder(const struct dockerfile *file, int stage, bool *seen, int depth)
{
	if (stage < 0 || depth > DEPTH_LIMIT || seen[stage])
		return -1;
	seen[stage] = true;
	if (stage_compiles(file, stage, true))
		return stage;
	for (size_t i = 0; i < file->lines.count; i++) {
		struct copy_line copy;
		if (!stage_has_line(file, stage, i) || !copy_line_read(file, i, &copy))
			continue;
		int found = find_builder(file, copy.from_stage, seen, depth + 1);
		copy_line_finish(&copy);
		if (found >= 0)
			return found;
	}
	return -1;
}

int shipped_builder(const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	auto_free bool *seen = mem_alloc(file->stages.count * sizeof *seen);
	return find_builder(file, shipped->stage, seen, 0);
}
