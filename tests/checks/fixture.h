/* A fixture of the checks: a sentence, then sections that begin with "-- NAME --".
 * What they may be is said in test-fixtures.c. */
#ifndef TESTS_CHECKS_FIXTURE_H
#define TESTS_CHECKS_FIXTURE_H

#include "cargodeck/base.h"

struct section {
	char *name, *text;
};
struct sections {
	struct section *items;
	size_t count, cap;
};

static inline bool is_heading(const char *line, size_t len)
{
	return len > 6 && strncmp(line, "-- ", 3) == 0 && strncmp(line + len - 3, " --", 3) == 0;
}

static inline void read_sections(const char *text, struct sections *sections)
{
	struct str *body = NULL;
	struct str bodies[200] = {0};
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		if (is_heading(text, len)) {
			if (sections->count >= COUNT_OF(bodies))
				break;
			body = &bodies[sections->count];
			array_add(sections)->name = mem_copy_bytes(text + 3, len - 6);
		} else if (body != NULL) {
			str_add_bytes(body, text, len + (text[len] == '\n'));
		}
		text += len + (text[len] == '\n');
	}
	for (size_t i = 0; i < sections->count; i++)
		sections->items[i].text = str_steal(&bodies[i]);
}

static inline void sections_finish(struct sections *sections)
{
	for (size_t i = 0; i < sections->count; i++) {
		free(sections->items[i].name);
		free(sections->items[i].text);
	}
	array_finish(sections);
}

static inline const char *section_text(const struct sections *sections, const char *name)
{
	for (size_t i = 0; i < sections->count; i++)
		if (strcmp(sections->items[i].name, name) == 0)
			return sections->items[i].text;
	return NULL;
}

static inline bool is_about(const char *name)
{
	static const char *const names[] = {"expect", "compose.json", "compose-files", "metadata.json", "tracked", "live.json"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static inline char *with_root(const char *text, const char *root)
{
	struct str out = {0};
	for (const char *at; text != NULL && (at = strstr(text, "@ROOT@")) != NULL; text = at + 6) {
		str_add_bytes(&out, text, (size_t)(at - text));
		str_add(&out, root);
	}
	str_add(&out, text != NULL ? text : "");
	return str_steal(&out);
}

#endif
