/* A map from string to pointer: entries in a list in order of insertion, and
 * an open-addressed table of indexes into it. Removed entries leave a hole in
 * the list until the table is built anew. */
#include "cargodeck/base.h"

struct entry {
	char *key; /* NULL: removed */
	void *value;
	uint64_t hash;
};

struct map {
	ARRAY(struct entry) entries;
	uint32_t *slots; /* index + 1; 0: free */
	size_t slot_count; /* a power of two */
	size_t live;
	map_free_value free_value;
};

uint64_t hash_bytes(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t hash = 0xcbf29ce484222325u;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash;
}

static void place(struct map *map, size_t index)
{
	size_t slot = map->entries.items[index].hash & (map->slot_count - 1);
	while (map->slots[slot] != 0)
		slot = (slot + 1) & (map->slot_count - 1);
	map->slots[slot] = (uint32_t)index + 1;
}

static void rebuild(struct map *map, size_t slot_count)
{
	size_t kept = 0;
	for (size_t i = 0; i < map->entries.count; i++)
		if (map->entries.items[i].key != NULL)
			map->entries.items[kept++] = map->entries.items[i];
	map->entries.count = kept;
	free(map->slots);
	map->slots = mem_alloc(slot_count * sizeof *map->slots);
	map->slot_count = slot_count;
	for (size_t i = 0; i < kept; i++)
		place(map, i);
}

static struct entry *find(const struct map *map, const char *key)
{
	if (map == NULL)
		return NULL;
	uint64_t hash = hash_bytes(key, strlen(key));
	size_t slot = hash & (map->slot_count - 1);
	for (; map->slots[slot] != 0; slot = (slot + 1) & (map->slot_count - 1)) {
		struct entry *entry = &map->entries.items[map->slots[slot] - 1];
		if (entry->key != NULL && entry->hash == hash && strcmp(entry->key, key) == 0)
			return entry;
	}
	return NULL;
}

static void free_entry(struct map *map, struct entry *entry)
{
	free(entry->key);
	if (map->free_value != NULL)
		map->free_value(entry->value);
	entry->key = NULL;
	entry->value = NULL;
}

struct map *map_open(map_free_value free_value)
{
	struct map *map = mem_alloc(sizeof *map);
	map->free_value = free_value;
	rebuild(map, 16);
	return map;
}

void map_close(struct map *map)
{
	if (map == NULL)
		return;
	for (size_t i = 0; i < map->entries.count; i++)
		if (map->entries.items[i].key != NULL)
			free_entry(map, &map->entries.items[i]);
	array_finish(&map->entries);
	free(map->slots);
	free(map);
}

void *map_get(const struct map *map, const char *key)
{
	struct entry *entry = find(map, key);
	return entry != NULL ? entry->value : NULL;
}

bool map_has(const struct map *map, const char *key)
{
	return find(map, key) != NULL;
}

void map_put(struct map *map, const char *key, void *value)
{
	struct entry *entry = find(map, key);
	if (entry != NULL) {
		if (map->free_value != NULL && entry->value != value)
			map->free_value(entry->value);
		entry->value = value;
		return;
	}
	/* grow by what lives: holes are dropped on the way */
	if ((map->entries.count + 1) * 4 > map->slot_count * 3)
		rebuild(map, map->live * 2 > map->slot_count ? map->slot_count * 2 : map->slot_count);
	*array_add(&map->entries) = (struct entry){
		.key = mem_copy_string(key), .value = value, .hash = hash_bytes(key, strlen(key))};
	place(map, map->entries.count - 1);
	map->live++;
}

bool map_remove(struct map *map, const char *key)
{
	struct entry *entry = find(map, key);
	if (entry == NULL)
		return false;
	free_entry(map, entry);
	map->live--;
	return true;
}

size_t map_count(const struct map *map)
{
	return map->live;
}

bool map_next(const struct map *map, size_t *at, const char **key, void **value)
{
	while (*at < map->entries.count) {
		const struct entry *entry = &map->entries.items[(*at)++];
		if (entry->key == NULL)
			continue;
		if (key != NULL)
			*key = entry->key;
		if (value != NULL)
			*value = entry->value;
		return true;
	}
	return false;
}
