/* The one reading of HEALTHCHECK, of compose's healthcheck and of what the engine
 * keeps of either. */
#include "probes.h"

#include <strings.h>

enum { WORDS_LIMIT = 100 };

bool probe_of_test(const json_t *test, struct probe *probe)
{
	const char *first = json_string_value(json_array_get(test, 0));
	*probe = (struct probe){.is_shell = json_is_string(test) || text_equal(first, "CMD-SHELL"), .is_off = text_equal(first, "NONE")};
	if (json_is_string(test))
		strings_add(&probe->words, json_string_value(test));
	for (size_t i = 1; !probe->is_off && i < json_array_size(test) && i < WORDS_LIMIT; i++)
		if (json_is_string(json_array_get(test, i)))
			strings_add(&probe->words, json_string_value(json_array_get(test, i)));
	return json_is_string(test) || first != NULL;
}

bool probe_of_service(const struct sources *sources, const char *name, const json_t *service, struct probe *probe)
{
	bool is_there = probe_of_test(compose_member(service, "healthcheck.test"), probe);
	if (json_is_true(compose_member(service, "healthcheck.disable"))) {
		strings_finish(&probe->words);
		probe->is_off = is_there = true;
	}
	probe->file = compose_place(sources, name, is_there && !probe->is_off ? "healthcheck.test" : "healthcheck", &probe->line);
	return is_there;
}

bool probe_of_image(const struct shipped *shipped, struct probe *probe)
{
	const struct dockerfile *file = &shipped->source->file;
	int index = dockerfile_last(file, shipped->stage, "HEALTHCHECK");
	*probe = (struct probe){.file = shipped->source->path};
	if (index < 0)
		return false;
	const char *rest = after_flags(file->lines.items[index].rest);
	probe->line = file->lines.items[index].first;
	probe->is_off = strncasecmp(rest, "CMD", 3) != 0;
	if (probe->is_off)
		return true;
	bool json;
	auto_free char *text = dockerfile_expand(file, (size_t)index, rest + 3 + strspn(rest + 3, " \t"));
	dockerfile_words(text, &probe->words, &json);
	probe->is_shell = !json;
	if (!json) {
		strings_finish(&probe->words);
		strings_add(&probe->words, text);
	}
	return true;
}

void probe_finish(struct probe *probe)
{
	strings_finish(&probe->words);
}

char *probe_text(const struct probe *probe)
{
	struct str out = {0};
	for (size_t i = 0; i < probe->words.count; i++) {
		const char *word = probe->words.items[i];
		bool quote = !probe->is_shell && (word[0] == '\0' || strpbrk(word, " \t") != NULL) && strchr(word, '\'') == NULL;
		if (quote && i > 0 && strcmp(probe->words.items[i - 1], "-c") == 0)
			str_print(&out, "; %s", word);
		else
			str_print(&out, quote ? "%s'%s'" : "%s%s", i > 0 ? " " : "", word);
	}
	return str_steal(&out);
}
