/* Fuzzes a whole run of the checks: the input is a fixture, its files are laid
 * out below a folder in memory, judged, written in every format, mended as a diff,
 * and surveyed. Paths that would leave the folder are left out. */
#include "../checks/fixture.h"
#include "cargodeck/checks.h"

#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_safe(const char *name)
{
	if (name[0] == '\0' || name[0] == '/' || strlen(name) > 120 || strstr(name, "..") != NULL)
		return false;
	for (const char *at = name; *at != '\0'; at++)
		if (!isalnum((unsigned char)*at) && strchr("._-/", *at) == NULL)
			return false;
	return true;
}

static void lay_out(const char *folder, const struct section *section)
{
	auto_free char *name = mem_copy_bytes(section->name, strcspn(section->name, " "));
	if (is_about(section->name) || !is_safe(name))
		return;
	auto_free char *path = path_join(folder, name);
	auto_free char *parent = path_parent(path);
	if (dir_make_all(parent, 0755, NULL))
		file_write(path, section->text, strlen(section->text), 0644, NULL);
}

static void look(const struct check_report *report, const char *folder)
{
	struct str out = {0};
	auto_str diff = {0};
	checks_write_text(report, true, true, &out);
	checks_write_json(report, &out);
	checks_write_sarif(report, "0", true, &out);
	/* lines of files as they stand: who shows them cleans them */
	checks_write_diff(report, folder, &diff);
	text_add_clean(&out, str_text(&diff), diff.len, true);
	for (size_t i = 0; i < out.len; i++)
		if ((unsigned char)out.data[i] < ' ' && out.data[i] != '\n' && out.data[i] != '\t' && out.data[i] != '\033' && out.data[i] != '\r')
			abort();
	str_finish(&out);
}

static void judge(const struct sections *sections, const char *folder)
{
	struct check_report report;
	auto_strings files = {0};
	for (size_t i = 0; i < sections->count; i++)
		if (strstr(sections->items[i].name, "compose") != NULL && !is_about(sections->items[i].name))
			strings_add(&files, sections->items[i].name);
	auto_free char *compose = with_root(section_text(sections, "compose.json"), folder);
	const char *metadata = section_text(sections, "metadata.json"), *live = section_text(sections, "live.json");
	struct check_options options = {.root = folder, .compose_json = compose[0] != '\0' ? compose : NULL, .compose_len = strlen(compose),
		.compose_reason = "no compose", .compose_files = &files, .cargo_json = metadata, .cargo_len = metadata != NULL ? strlen(metadata) : 0,
		.cargo_reason = "no cargo", .live_json = live, .live_len = live != NULL ? strlen(live) : 0};
	if (!checks_run(&options, &report, NULL))
		abort();
	for (size_t i = 0; i < report.results.count; i++)
		if (report.results.items[i].evidence.count == 0 && report.results.items[i].reason == NULL)
			abort(); /* silently nothing */
	look(&report, folder);
	check_report_finish(&report);
	char *survey = checks_survey(&options, NULL);
	if (survey == NULL || survey[0] != '{')
		abort();
	free(survey);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sections sections = {0};
	char folder[] = "/dev/shm/fuzz-checks.XXXXXX", other[] = "/tmp/fuzz-checks.XXXXXX";
	char *made = mkdtemp(folder) != NULL ? folder : mkdtemp(other);
	auto_free char *text = mem_copy_bytes((const char *)data, size);
	if (made == NULL)
		return 0;
	read_sections(text, &sections);
	for (size_t i = 0; i < sections.count; i++)
		lay_out(made, &sections.items[i]);
	judge(&sections, made);
	sections_finish(&sections);
	dir_remove_all(made, NULL);
	return 0;
}
