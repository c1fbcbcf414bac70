/* Fuzzes what is read of Rust: the masking of sources and the finding in them,
 * manifests and locks, and cargo's metadata. */
#include "../../src/checks/crates.h"
#include "../../src/checks/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(void *context, const struct toml_leaf *leaf)
{
	size_t *bytes = context;
	for (size_t i = 0; i < leaf->depth; i++)
		*bytes += strlen(leaf->path[i]);
	*bytes += strlen(leaf->text);
}

static void find_all(const char *text, size_t len)
{
	struct rust_source source = {.path = "a.rs", .text = mem_copy_bytes(text, len), .len = len, .code = rust_mask(text, len)};
	struct rust_facts facts = {.sources = {.items = &source, .count = 1}};
	static const char *const words[] = {"signal::unix", "fn main (", "a", "."};
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct rust_place place = {0};
		for (size_t most = 1000; most > 0 && rust_find(&facts, words[i], &place);)
			most--;
	}
	for (int whole = 0; whole < 2; whole++) {
		struct rust_place place = {0};
		for (size_t most = 1000; most > 0 && rust_find_string(&facts, "a", whole, &place);)
			most--;
	}
	free(source.text);
	free(source.code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t bytes = 0;
	struct crate_members members = {0};
	struct crate_graph graph = {0};
	struct rust_facts facts = {0};
	struct tree tree = {.root = (char[]){"/"}};
	char *root = NULL;
	bool is_resolved;
	find_all(text, size);
	toml_read(text, size, look_at, &bytes);
	crate_metadata_read(&tree, text, size, &members, &graph, &is_resolved, &root);
	crate_graph_of_lock(text, size, &members, &graph);
	crate_graph_walk(&graph, &facts);
	rust_finish(&facts);
	crate_graph_finish(&graph);
	crate_members_finish(&members);
	free(root);
	return 0;
}
