/* Images of before: each goes as soon as nothing stands on it. */
#include "images.h"

static bool is_in_use(const struct deck *deck, const char *tag)
{
	size_t at = 0;
	void *value;
	if (text_equal(tag, deck->launcher_image))
		return true;
	for (const char *service; map_next(deck->images, &at, &service, &value);)
		if (text_equal(tag, value))
			return true;
	for (size_t i = 0; i < deck->families.count; i++)
		if (text_equal(tag, deck->families.items[i]->image))
			return true;
	return false;
}

static void on_removed(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	(void)data;
	(void)answer;
	(void)fault; /* a container still stands on it: the next time */
}

static void on_images(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct deck *deck = data;
	size_t i, j;
	json_t *image, *tag;
	if (fault != NULL || deck->imaging != NULL)
		return;
	json_array_foreach(answer->json, i, image) {
		json_array_foreach(json_object_get(image, "RepoTags"), j, tag) {
			const char *text = json_string_value(tag);
			if (text == NULL || !text_starts_with(text, "cargodeck:") || is_in_use(deck, text))
				continue;
			auto_free char *quoted = engine_quote(text);
			auto_free char *path = mem_print("/images/%s", quoted);
			engine_ask(deck->engine, "DELETE", path, NULL, 60000, on_removed, deck);
		}
	}
}

void images_drop_old(struct deck *deck)
{
	auto_free char *filters = mem_print("{\"label\":[\"dev.cargodeck.project=%s\"]}", deck->name);
	auto_free char *quoted = engine_quote(filters);
	auto_free char *path = mem_print("/images/json?filters=%s", quoted);
	engine_ask(deck->engine, "GET", path, NULL, 60000, on_images, deck);
}
