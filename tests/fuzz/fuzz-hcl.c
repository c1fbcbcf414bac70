/* Fuzzes the reading of HCL: what is read has places and can be asked, what is
 * refused says why. */
#include "../../src/checks/hcl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void walk(const struct yaml_node *node, unsigned level)
{
	must(node->line > 0 && node->column > 0 && level < 60);
	must((node->kind == YAML_SCALAR) == (node->text != NULL));
	must(node->kind != YAML_MAP || node->keys.count == node->items.count);
	yaml_get(node, "target");
	for (size_t i = 0; i < node->items.count; i++)
		walk(node->items.items[i], level + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault fault = {0};
	struct hcl *hcl = hcl_read((const char *)data, size, &fault);
	must(hcl != NULL || fault.text[0] != '\0');
	if (hcl != NULL)
		walk(hcl_root(hcl), 0);
	hcl_close(hcl);
	return 0;
}
