/* A folder of its own with a project in it, for tests of the room checks. */
#ifndef TESTS_CHECKS_SAMPLE_H
#define TESTS_CHECKS_SAMPLE_H

#include "../unit.h"
#include "cargodeck/base.h"

#include <stdio.h>
#include <unistd.h>

static inline char *sample_open(void)
{
	char *folder = mem_copy_string("/tmp/test-checks.XXXXXX");
	assert_non_null(mkdtemp(folder));
	return folder;
}

static inline void sample_close(char *folder)
{
	assert_true(dir_remove_all(folder, NULL));
	free(folder);
}

static inline void sample_write(const char *folder, const char *below, const char *text)
{
	auto_free char *path = path_join(folder, below);
	auto_free char *parent = path_parent(path);
	assert_true(dir_make_all(parent, 0755, NULL));
	assert_true(file_write(path, text, strlen(text), 0644, NULL));
}

#endif
