/* Runs a fuzz target without libFuzzer: each file of its corpus, then seeded
 * mutations of them; the same run every time. Prints TAP.
 *   fuzz-NAME [CORPUS] [ROUNDS]
 * The corpus is tests/fuzz/corpus/NAME of the source tree unless given. With
 * libFuzzer (configure --enable-fuzzer) nothing of this is built: it has a
 * main() of its own. */
#ifndef FUZZER
#include "cargodeck/base.h"

#include <dirent.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void mutate(struct str *text, uint64_t *state)
{
	static const char *const odd[] = {"\n", "\\", "\"", "\033[", "\xff", "${", "}", "<<", "\r\n", "-1", "99999999999"};
	for (uint64_t left = 1 + next_random(state) % 8; left > 0; left--) {
		size_t at = text->len > 0 ? next_random(state) % text->len : 0;
		switch (next_random(state) % 5) {
		case 0:
			if (text->len > 0)
				text->data[at] = (char)next_random(state);
			break;
		case 1:
			str_cut(text, at);
			break;
		case 2:
			str_add(text, odd[next_random(state) % COUNT_OF(odd)]);
			break;
		case 3:
			str_drop_front(text, at / 2);
			break;
		default: {
			auto_free char *twice = mem_copy_bytes(str_text(text) + at, text->len - at);
			if (text->len < 65536)
				str_add_bytes(text, twice, text->len - at);
		}
		}
	}
}

/* The input lies in memory of just its size, so that reading past it is seen. */
static void run_one(const char *bytes, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	if (len > 0)
		memcpy(exact, bytes, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static size_t load_corpus(const char *folder, struct strings *seeds, size_t **lens)
{
	ARRAY(size_t) sizes = {0};
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		auto_free char *path = path_join(folder, entry->d_name);
		size_t len;
		char *text = file_read(path, 1 << 20, &len, NULL);
		if (text == NULL)
			continue;
		strings_take(seeds, text);
		*array_add(&sizes) = len;
	}
	if (dir != NULL)
		closedir(dir);
	*lens = sizes.items;
	return sizes.count;
}

int main(int argc, char **argv)
{
	const char *source = getenv("TEST_SRCDIR");
	const char *name = path_name(argv[0]);
	if (text_starts_with(name, "lt-"))
		name += 3;
	if (text_starts_with(name, "fuzz-"))
		name += 5;
	auto_free char *usual = mem_print("%s/tests/fuzz/corpus/%s", source != NULL ? source : ".", name);
	const char *folder = argc > 1 ? argv[1] : usual;
	long rounds = argc > 2 ? atol(argv[2]) : 3000;
	auto_strings seeds = {0};
	auto_free size_t *lens = NULL;
	size_t count = load_corpus(folder, &seeds, &lens);
	printf("1..1\n");
	if (count == 0) {
		printf("not ok 1 - fuzz %s: no corpus in %s\n", name, folder);
		return 1;
	}
	for (size_t i = 0; i < count; i++)
		run_one(seeds.items[i], lens[i]);
	uint64_t state = 0x9e3779b97f4a7c15u;
	for (long i = 0; i < rounds; i++) {
		size_t pick = next_random(&state) % count;
		auto_str text = {0};
		str_add_bytes(&text, seeds.items[pick], lens[pick]);
		mutate(&text, &state);
		run_one(str_text(&text), text.len);
	}
	printf("ok 1 - fuzz %s: %zu files, %ld mutations\n", name, count, rounds);
	return 0;
}
#endif
