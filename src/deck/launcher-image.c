/* The launcher's image: deckhand itself, and for each program of the workspace
 * deckhand with a trailer that names it. It is imported, not built. */
#include "images.h"

#include <stdio.h>

static void add_launcher(struct str *tar, const char *name, const char *helper, size_t len)
{
	/* the trailer of deckhand.h: magic, bin=NAME */
	char trailer[DECKHAND_TRAILER_SIZE] = DECKHAND_TRAILER_MAGIC;
	auto_str whole = {0};
	snprintf(trailer + sizeof DECKHAND_TRAILER_MAGIC, sizeof trailer - sizeof DECKHAND_TRAILER_MAGIC, "bin=%s", name);
	str_add_bytes(&whole, helper, len);
	str_add_bytes(&whole, trailer, sizeof trailer);
	tar_add_file(tar, name, whole.data, whole.len, 0755);
}

bool launcher_make(struct deck *deck, struct str *tar, struct fault *fault)
{
	struct hashing hashing = {.left = HASH_LIMIT};
	auto_free char *path = deck_helper_path(deck->engine_arch);
	size_t len = 0;
	auto_strings bins = {0};
	if (path == NULL) {
		fault_set(fault, FAULT_OUTSIDE, "the helper deckhand for %s is not installed", deck->engine_arch);
		return fault_mend(fault, "install a cross compiler for it and build cargodeck again");
	}
	auto_free char *helper = file_read(path, 16 << 20, &len, fault);
	if (helper == NULL)
		return false;
	for (size_t i = 0; i < deck->families.count; i++)
		for (size_t j = 0; j < deck->families.items[i]->served.count; j++)
			strings_add_new(&bins, deck->families.items[i]->served.items[j]);
	/* not the archive itself: it holds the time */
	hash_add(&hashing, helper, len);
	tar_add_file(tar, "deckhand", helper, len, 0755);
	for (size_t i = 0; i < bins.count; i++) {
		hash_text(&hashing, bins.items[i]);
		add_launcher(tar, bins.items[i], helper, len);
	}
	tar_end(tar);
	free(deck->launcher_image);
	deck->launcher_image = image_tag(deck, "launcher", &hashing);
	return true;
}
