/* Renders one template with the facts of a JSON file and prints the result, for
 * those who write templates:
 *   render TEMPLATE FACTS.json
 * What it includes is read beside it, else in the folder above. */
#include "cargodeck/templates.h"

#include <stdio.h>

static char *read_beside(void *folder, const char *name, size_t *len)
{
	auto_free char *path = path_join(folder, name), *above = path_parent(folder), *other = path_join(above, name);
	return file_read(file_exists(path) ? path : other, 1 << 20, len, NULL);
}

static int fail(const struct fault *fault)
{
	fprintf(stderr, "%s\n", fault->text);
	return 1;
}

static int render_one(const char *template, const char *facts)
{
	struct fault fault = {0};
	size_t len;
	auto_free char *text = file_read(template, 1 << 20, &len, &fault);
	auto_free char *folder = path_parent(template);
	auto_str out = {0};
	if (text == NULL || !template_render(path_name(template), text, len, facts, read_beside, folder, &out, &fault))
		return fail(&fault);
	fwrite(str_text(&out), 1, out.len, stdout);
	return 0;
}

static int render_project(const char *templates, const char *facts, const char *folder)
{
	struct fault fault = {0};
	struct plan plan;
	auto_strings written = {0};
	if (!plan_open(templates, folder, facts, &plan, &fault))
		return fail(&fault);
	bool good = plan_apply(&plan, folder, &written, &fault);
	plan_close(&plan);
	return good ? 0 : fail(&fault);
}

int main(int count, char **words)
{
	struct fault fault = {0};
	if (count != 3 && count != 4) {
		fprintf(stderr, "render TEMPLATE FACTS.json\nrender TEMPLATES FACTS.json FOLDER\n");
		return 2;
	}
	auto_free char *facts = file_read(words[2], 1 << 24, NULL, &fault);
	if (facts == NULL)
		return fail(&fault);
	return count == 3 ? render_one(words[1], facts) : render_project(words[1], facts, words[3]);
}
