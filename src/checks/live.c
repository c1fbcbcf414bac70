/* What runs, as checks ask for it: paths into the answers of the engine. The
 * text may hold anything at any place. */
#include "live.h"

#include "checks.h"

json_t *live_each(const struct sources *sources, size_t *at)
{
	const json_t *containers = json_object_get(sources->live, "containers");
	while (*at < json_array_size(containers)) {
		json_t *container = json_array_get(containers, (*at)++);
		if (json_is_object(container))
			return container;
	}
	return NULL;
}

const char *live_service(const json_t *container)
{
	const char *service = json_string_value(json_object_get(container, "service"));
	return service != NULL ? service : "";
}

json_t *live_at(const json_t *container, const char *path)
{
	json_t *at = NULL;
	for (const json_t *from = container; from != NULL && *path != '\0'; from = at) {
		size_t len = strcspn(path, ".");
		auto_free char *part = mem_copy_bytes(path, len);
		at = json_is_array(from) && len < 7 && strspn(part, "0123456789") == len ? json_array_get(from, (size_t)atoi(part)) : json_object_get(from, part);
		path += len + (path[len] == '.');
	}
	return *path != '\0' || json_is_null(at) ? NULL : at;
}

const char *live_text(const json_t *container, const char *path)
{
	return json_string_value(live_at(container, path));
}

int64_t live_number(const json_t *container, const char *path, int64_t missing)
{
	const json_t *value = live_at(container, path);
	const char *text = json_string_value(value);
	if (json_is_integer(value))
		return json_integer_value(value);
	if (json_is_real(value))
		return (int64_t)json_real_value(value);
	if (json_is_boolean(value))
		return json_is_true(value);
	if (text == NULL || text[0] == '\0' || strlen(text) > 16 || strspn(text, "0123456789abcdefABCDEF") != strlen(text))
		return missing;
	return (int64_t)strtoull(text, NULL, 16);
}

char *live_env(const json_t *container, const char *name)
{
	const json_t *all = live_at(container, "inspect.Config.Env");
	size_t len = strlen(name);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const char *text = json_string_value(json_array_get(all, i));
		if (text != NULL && strncmp(text, name, len) == 0 && text[len] == '=')
			return mem_copy_string(text + len + 1);
	}
	return NULL;
}
