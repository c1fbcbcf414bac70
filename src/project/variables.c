/* Variables of a Dockerfile: what ARG and ENV lines set, what a line sees of
 * it, and filling it in (Dockerfile reference: ARG, ENV, environment
 * replacement). The reader and everything that looks into lines call it. */
#include "project.h"

#include <ctype.h>

enum { SIZE_LIMIT = 32 << 10, DEPTH_LIMIT = 16 };

struct expander {
	const struct map *scope;
	char escape;
	bool keep; /* what is not known stays as it is written: shell text */
};

static const char *lookup(const struct map *scope, const char *name, size_t len)
{
	auto_free char *key = mem_copy_bytes(name, len);
	return map_get(scope, key);
}

static void expand_into(struct str *out, const struct expander *how, const char *text, int depth);

/* ${NAME}, ${NAME:-word}, ${NAME:+word}, ${NAME-word}, ${NAME+word}; `at`
 * stands after "${". What is no such thing stays as it is. */
static const char *expand_braces(struct str *out, const struct expander *how, const char *at, int depth)
{
	const char *name = at;
	while (isalnum((unsigned char)*at) || *at == '_')
		at++;
	size_t name_len = (size_t)(at - name);
	const char *rest = at;
	int nested = 1;
	for (; *at != '\0' && nested > 0; at++)
		nested += *at == '{' ? 1 : *at == '}' ? -1 : 0;
	const char *value = lookup(how->scope, name, name_len);
	bool colon = *rest == ':' && rest[1] != '\0' && strchr("-+?", rest[1]) != NULL;
	rest += colon;
	bool plain = *rest == '}', minus = *rest == '-', plus = *rest == '+';
	if (nested > 0 || name_len == 0 || (how->keep && value == NULL && !minus && !plus)) {
		str_add(out, "${");
		str_add_bytes(out, name, (size_t)(at - name));
		return at;
	}
	bool set = value != NULL && (!colon || value[0] != '\0');
	auto_free char *word = plain ? NULL : mem_copy_bytes(rest + 1, (size_t)(at - 1 - (rest + 1)));
	if ((minus && !set) || (plus && set))
		expand_into(out, how, word, depth + 1);
	else if (!plus && value != NULL)
		str_add(out, value);
	return at;
}

static void expand_into(struct str *out, const struct expander *how, const char *text, int depth)
{
	while (*text != '\0' && depth <= DEPTH_LIMIT && out->len <= SIZE_LIMIT) {
		if (*text == how->escape && text[1] == '$') {
			if (how->keep)
				str_add_char(out, *text);
			str_add_char(out, '$');
			text += 2;
		} else if (text[0] == '$' && text[1] == '{') {
			text = expand_braces(out, how, text + 2, depth);
		} else if (text[0] == '$' && (isalpha((unsigned char)text[1]) || text[1] == '_')) {
			const char *name = ++text;
			while (isalnum((unsigned char)*text) || *text == '_')
				text++;
			const char *value = lookup(how->scope, name, (size_t)(text - name));
			if (value != NULL)
				str_add(out, value);
			else if (how->keep)
				str_add_bytes(out, name - 1, (size_t)(text - name) + 1);
		} else {
			str_add_char(out, *text++);
		}
	}
}

static char *expand(const struct map *scope, char escape, const char *text, bool keep)
{
	struct str out = {0};
	if (strchr(text, '$') == NULL)
		return mem_copy_string(text);
	expand_into(&out, &(struct expander){scope, escape, keep}, text, 0);
	return str_steal(&out);
}

/* ---- what lines set ---- */

/* "NAME=VALUE NAME2=VALUE2" or the old "NAME VALUE". */
static void add_env(struct map *scope, char escape, const char *rest)
{
	auto_strings words = {0};
	bool json;
	dockerfile_words(rest, &words, &json);
	if (words.count >= 2 && strchr(words.items[0], '=') == NULL) {
		const char *value = rest + strcspn(rest, " \t");
		map_put(scope, words.items[0], expand(scope, escape, value + strspn(value, " \t"), false));
		return;
	}
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');
		if (equals == NULL)
			continue;
		*equals = '\0';
		map_put(scope, words.items[i], expand(scope, escape, equals + 1, false));
	}
}

/* ARG NAME[=default]: what the build gives wins, then the default, then the
 * global ARG of that name. */
static void add_arg(const struct dockerfile *file, struct map *scope, const char *rest)
{
	auto_strings words = {0};
	bool json;
	dockerfile_words(rest, &words, &json);
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');
		if (equals != NULL)
			*equals = '\0';
		const char *given = map_get(file->given, words.items[i]);
		const char *global = map_get(file->args, words.items[i]);
		if (given != NULL)
			map_put(scope, words.items[i], mem_copy_string(given));
		else if (equals != NULL)
			map_put(scope, words.items[i], expand(scope, file->escape, equals + 1, false));
		else if (global != NULL && scope != file->args)
			map_put(scope, words.items[i], mem_copy_string(global));
	}
}

void dockerfile_add_global(struct dockerfile *file, const char *rest)
{
	add_arg(file, file->args, rest);
}

/* What a line of that stage sees. A stage built on another one sees its
 * variables too. */
static void fill_scope(const struct dockerfile *file, int stage, size_t until, struct map *scope, int depth)
{
	if (stage < 0 || (size_t)stage >= file->stages.count || depth > DEPTH_LIMIT)
		return;
	const struct docker_stage *own = &file->stages.items[stage];
	if (own->base_stage >= 0)
		fill_scope(file, own->base_stage, file->lines.count, scope, depth + 1);
	for (size_t i = own->from + 1; i < until && i < file->lines.count && file->lines.items[i].stage == stage; i++) {
		const struct docker_line *line = &file->lines.items[i];
		if (strcmp(line->word, "ENV") == 0)
			add_env(scope, file->escape, line->rest);
		else if (strcmp(line->word, "ARG") == 0)
			add_arg(file, scope, line->rest);
	}
}

char *dockerfile_expand_global(const struct dockerfile *file, const char *text)
{
	return expand(file->args, file->escape, text, false);
}

static char *expand_at(const struct dockerfile *file, int stage, size_t at, const char *text, bool keep)
{
	if (stage < 0)
		return expand(file->args, file->escape, text, keep);
	if (strchr(text, '$') == NULL)
		return mem_copy_string(text);
	struct map *scope = map_open(free);
	fill_scope(file, stage, at, scope, 0);
	char *out = expand(scope, file->escape, text, keep);
	map_close(scope);
	return out;
}

char *dockerfile_expand(const struct dockerfile *file, size_t at, const char *text)
{
	return expand_at(file, at < file->lines.count ? file->lines.items[at].stage : -1, at, text, false);
}

char *dockerfile_expand_shell(const struct dockerfile *file, size_t at, const char *text)
{
	return expand_at(file, at < file->lines.count ? file->lines.items[at].stage : -1, at, text, true);
}

char *stage_expand(const struct dockerfile *file, int stage, const char *text)
{
	return expand_at(file, stage, file->lines.count, text, true);
}
