/* Fuzzes what was chosen on the screen, as a file: whatever stands there, a choice
 * can be put, is written and is found again. */
#include "cargodeck/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/cargodeck-fuzz-XXXXXX";

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void drop_folder(void)
{
	dir_remove_all(folder, NULL);
}

static void make_folder(void)
{
	must(mkdtemp(folder) != NULL);
	setenv("XDG_STATE_HOME", folder, 1);
	atexit(drop_folder);
	auto_free char *chosen = path_join(folder, "cargodeck/chosen");
	must(dir_make_all(chosen, 0700, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_made;
	if (!is_made)
		make_folder();
	is_made = true;
	auto_free char *path = path_join(folder, "cargodeck/chosen/shop.json");
	must(file_write(path, (const char *)data, size, 0600, NULL));
	struct fault fault = {0};
	struct remember *remember = remember_open("shop", &fault);
	must((fault.code == FAULT_NONE) == file_exists(path));
	remember_text(remember, "service");
	remember_number(remember, "focus", 0);
	remember_put_text(remember, "focus", NULL);
	remember_put_number(remember, "service", 41);
	bool is_put = remember_number(remember, "service", 0) == 41;
	must(remember_save(remember, &fault));
	remember_close(remember);
	remember = remember_open("shop", &fault);
	must(fault.code == FAULT_NONE);
	must(!is_put || remember_number(remember, "service", 0) == 41);
	remember_close(remember);
	return 0;
}
