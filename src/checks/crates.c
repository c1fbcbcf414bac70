/* The graph of crates: who needs whom, and the walk from the members that tells
 * what is enabled, and what for tests alone. It holds nothing of its own;
 * metadata.c and lock.c fill a graph, rust.c has it walked. */
#include "crates.h"

#include <stdio.h>

size_t crate_graph_add(struct crate_graph *graph, const char *name, const char *version)
{
	*array_add(&graph->nodes) = (struct crate_node){.name = mem_copy_string(name), .version = mem_copy_string(version != NULL ? version : "")};
	return graph->nodes.count - 1;
}

void crate_graph_join(struct crate_graph *graph, size_t from, size_t to, enum crate_kind kind)
{
	*array_add(&graph->nodes.items[from].edges) = (struct crate_edge){.to = to, .kind = kind};
}

void crate_graph_need(struct crate_graph *graph, size_t from, size_t to, const struct crate_need *need)
{
	struct crate_node *node = &graph->nodes.items[to];
	struct strings *features = need->kind == CRATE_DEV ? &node->dev_features : &node->features;
	for (size_t i = 0; i < need->features.count; i++)
		strings_add_new(features, need->features.items[i]);
	if (!need->is_bare)
		strings_add_new(features, "default");
	crate_graph_join(graph, from, to, need->kind);
}

void crate_graph_finish(struct crate_graph *graph)
{
	for (size_t i = 0; i < graph->nodes.count; i++) {
		struct crate_node *node = &graph->nodes.items[i];
		free(node->name);
		free(node->version);
		strings_finish(&node->features);
		strings_finish(&node->dev_features);
		array_finish(&node->edges);
	}
	array_finish(&graph->nodes);
}

/* ---- the walk ---- */

struct reached {
	bool by_product, by_tests, is_direct;
};

/* Follows from all nodes that wait; development dependencies count from members
 * alone, and only where they are asked for. */
static void spread(const struct crate_graph *graph, struct reached *reached, bool with_dev)
{
	ARRAY(size_t) waiting = {0};
	for (size_t i = 0; i < graph->nodes.count; i++)
		if (graph->nodes.items[i].is_member)
			*array_add(&waiting) = i;
	for (size_t i = 0; i < waiting.count; i++) {
		const struct crate_node *node = &graph->nodes.items[waiting.items[i]];
		for (size_t j = 0; j < node->edges.count; j++) {
			const struct crate_edge *edge = &node->edges.items[j];
			struct reached *to = &reached[edge->to];
			if (edge->kind == CRATE_DEV && !(with_dev && node->is_member))
				continue;
			bool *flag = with_dev ? &to->by_tests : &to->by_product;
			to->is_direct = to->is_direct || (node->is_member && edge->kind != CRATE_DEV);
			if (!*flag && !graph->nodes.items[edge->to].is_member)
				*array_add(&waiting) = edge->to;
			*flag = true;
		}
	}
	array_finish(&waiting);
}

static const char *keep(struct rust_facts *facts, const char *text)
{
	char *copy = mem_copy_string(text);
	*array_add(&facts->texts) = copy;
	return copy;
}

void crate_graph_walk(const struct crate_graph *graph, struct rust_facts *facts)
{
	struct reached *reached = mem_alloc((graph->nodes.count + 1) * sizeof *reached);
	bool has_members = false;
	for (size_t i = 0; i < graph->nodes.count; i++)
		has_members = has_members || graph->nodes.items[i].is_member;
	spread(graph, reached, false);
	spread(graph, reached, true);
	for (size_t i = 0; i < graph->nodes.count; i++) {
		const struct crate_node *node = &graph->nodes.items[i];
		bool is_product = node->is_member || reached[i].by_product || !has_members;
		if (!is_product && !reached[i].by_tests)
			continue;
		struct rust_crate *crate = array_add(&facts->crates);
		*crate = (struct rust_crate){.name = keep(facts, node->name), .version = keep(facts, node->version),
			.is_member = node->is_member, .is_direct = reached[i].is_direct, .is_dev_only = !is_product};
		strings_copy(&crate->features, &node->features);
		if (!is_product)
			strings_copy(&crate->features, &node->dev_features);
	}
	free(reached);
}

/* ---- without a lock ---- */

static size_t node_of(struct crate_graph *graph, struct map *names, const char *name, const char *version)
{
	size_t index = (size_t)(uintptr_t)map_get(names, name);
	if (index > 0)
		return index - 1;
	index = crate_graph_add(graph, name, version);
	map_put(names, name, (void *)(uintptr_t)(index + 1));
	return index;
}

void crate_graph_of_members(const struct crate_members *members, struct crate_graph *graph)
{
	struct map *names = map_open(NULL);
	for (size_t i = 0; i < members->items.count; i++) {
		size_t index = node_of(graph, names, members->items.items[i].name, members->items.items[i].version);
		graph->nodes.items[index].is_member = true; /* only now: the list may have moved */
	}
	for (size_t i = 0; i < members->items.count; i++) {
		const struct crate_member *member = &members->items.items[i];
		size_t from = node_of(graph, names, member->name, NULL);
		for (size_t j = 0; j < member->needs.count; j++)
			if (member->needs.items[j].is_on)
				crate_graph_need(graph, from, node_of(graph, names, member->needs.items[j].package, NULL), &member->needs.items[j]);
	}
	map_close(names);
}
