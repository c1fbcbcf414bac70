/* Names of images: a tag carries the hash of all that went in, so what is there
 * already is not built again. */
#include "images.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

void hash_add(struct hashing *hashing, const void *bytes, size_t len)
{
	hashing->sum = hashing->sum * 1099511628211u ^ hash_bytes(bytes, len);
}

void hash_text(struct hashing *hashing, const char *text)
{
	hash_add(hashing, text, strlen(text) + 1);
}

void hash_path(struct hashing *hashing, const char *path, int depth)
{
	struct stat status;
	hash_text(hashing, path);
	if (depth > 24 || lstat(path, &status) != 0)
		return;
	if (S_ISREG(status.st_mode)) {
		size_t len = 0;
		auto_free char *text = (size_t)status.st_size <= hashing->left ? file_read(path, hashing->left, &len, NULL) : NULL;
		if (text != NULL) {
			hashing->left -= len;
			hash_add(hashing, text, len);
		} else {
			hash_add(hashing, &status.st_mtim, sizeof status.st_mtim);
		}
		return;
	}
	DIR *dir = S_ISDIR(status.st_mode) ? opendir(path) : NULL;
	auto_strings names = {0};
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && names.count < 20000;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			strcmp(entry->d_name, ".git") != 0 && strcmp(entry->d_name, "target") != 0)
			strings_add(&names, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	strings_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *inside = path_join(path, names.items[i]);
		hash_path(hashing, inside, depth + 1);
	}
}

/* A tag holds at most 128 of [A-Za-z0-9_.-] (Docker's reference grammar). */
char *image_tag(const struct deck *deck, const char *what, const struct hashing *hashing)
{
	char text[128];
	snprintf(text, sizeof text, "%.50s.%.50s", deck->name, what);
	for (char *at = text; *at != '\0'; at++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", *at) == NULL)
			*at = '-';
	return mem_print("cargodeck:%s.%016llx", text, (unsigned long long)hashing->sum);
}
