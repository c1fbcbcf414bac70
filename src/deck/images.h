/* Inside the deck: what the files about images share. */
#ifndef CARGODECK_IMAGES_H
#define CARGODECK_IMAGES_H

#include "deck.h"

/* ---- image-hash.c ---- */
enum { HASH_LIMIT = 64 << 20 };
struct hashing {
	uint64_t sum;
	size_t left; /* bytes of files that may still be read */
};
void hash_add(struct hashing *hashing, const void *bytes, size_t len);
void hash_text(struct hashing *hashing, const char *text);
void hash_path(struct hashing *hashing, const char *path, int depth); /* a file, or a folder with all below */
/* "cargodeck:PROJECT.WHAT.HASH"; the caller frees. */
char *image_tag(const struct deck *deck, const char *what, const struct hashing *hashing);

/* ---- machine.c: the machine's own network settings ---- */
/* Gives each RUN line the machine's CA bundle as a secret; the caller frees. */
char *machine_with_ca(const char *dockerfile);
void machine_add_words(struct strings *argv); /* for buildx: proxies, the secret */

/* ---- launcher-image.c ---- */
/* Fills the archive with deckhand and a launcher for each program, and names the
 * image in deck->launcher_image. */
bool launcher_make(struct deck *deck, struct str *tar, struct fault *fault);

#endif
