/* The compose configuration as cargodeck runs it: what `docker compose config`
 * makes of the project's files and the override that the deck has laid over
 * them last. It holds secrets; whoever shows it masks it. See container.h. */
#include "container.h"

static json_t *undouble(const json_t *json);

static char *undouble_text(const char *text)
{
	struct str out = {0};
	for (const char *at = text; *at != '\0'; at++) {
		str_add_char(&out, *at);
		at += at[0] == '$' && at[1] == '$';
	}
	return str_steal(&out);
}

static json_t *undouble_members(const json_t *json)
{
	json_t *out = json_object(), *item;
	const char *key;
	json_object_foreach((json_t *)(uintptr_t)json, key, item)
		json_object_set_new(out, key, undouble(item));
	return out;
}

static json_t *undouble(const json_t *json)
{
	size_t i;
	const json_t *item;
	if (json_is_object(json))
		return undouble_members(json);
	if (json_is_string(json)) {
		auto_free char *text = undouble_text(json_string_value(json));
		return json_string(text);
	}
	if (!json_is_array(json))
		return json_copy((json_t *)(uintptr_t)json);
	json_t *out = json_array();
	json_array_foreach(json, i, item)
		json_array_append_new(out, undouble(item));
	return out;
}

void configured_words(const struct project *project, const char *state_folder, struct strings *argv)
{
	static const char *const words[] = {"config", "--format", "json"};
	auto_free char *override = path_join(state_folder, "override.json");
	project_compose_words(project, argv);
	if (file_exists(override)) {
		strings_add(argv, "-f");
		strings_add(argv, override);
	}
	for (size_t i = 0; i < COUNT_OF(words); i++)
		strings_add(argv, words[i]);
}

json_t *configured_read(const char *text, size_t len, struct fault *fault)
{
	json_t *json = json_loadb(text, len, 0, NULL);
	if (!json_is_object(json_object_get(json, "services"))) {
		fault_set(fault, FAULT_INPUT, "compose gave a configuration that cannot be read");
		fault_mend(fault, "`docker compose config` says more");
		json_decref(json);
		return NULL;
	}
	json_t *plain = undouble(json);
	json_decref(json);
	return plain;
}
