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

int main(int count, char **words)
{
	struct fault fault = {0};
	if (count != 3) {
		fprintf(stderr, "render TEMPLATE FACTS.json\n");
		return 2;
	}
	size_t len;
	auto_free char *text = file_read(words[1], 1 << 20, &len, &fault);
	auto_free char *facts = text != NULL ? file_read(words[2], 1 << 24, NULL, &fault) : NULL;
	if (facts == NULL)
		return fail(&fault);
	auto_free char *folder = path_parent(words[1]);
	auto_str out = {0};
	bool good = template_render(path_name(words[1]), text, len, facts, read_beside, folder, &out, &fault);
	if (!good)
		return fail(&fault);
	fwrite(str_text(&out), 1, out.len, stdout);
	return 0;
}
