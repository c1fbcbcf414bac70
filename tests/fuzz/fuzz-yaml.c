/* Fuzzes the reading of YAML: what is read has places and can be asked, what is
 * refused says why. */
#include "../../src/checks/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Aliases share nodes: steps are bounded, too. */
static void walk(const struct yaml_node *node, unsigned *steps)
{
	if ((*steps)++ > 10000)
		return;
	must(node->line > 0 && node->column > 0);
	must((node->kind == YAML_SCALAR) == (node->text != NULL));
	must(node->kind != YAML_MAP || node->keys.count == node->items.count);
	yaml_truth(node);
	yaml_get(node, "a");
	for (size_t i = 0; i < node->items.count; i++)
		walk(node->items.items[i], steps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault fault = {0};
	unsigned steps = 0;
	struct yaml *yaml = yaml_read((const char *)data, size, &fault);
	must(yaml != NULL || fault.text[0] != '\0');
	if (yaml != NULL && yaml_root(yaml) != NULL) {
		walk(yaml_root(yaml), &steps);
		yaml_at(yaml_root(yaml), "a.0.b.<<.c");
	}
	yaml_close(yaml);
	return 0;
}
