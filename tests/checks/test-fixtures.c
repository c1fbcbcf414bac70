/* Fixtures of the checks: each is a small project in one file, laid out in a
 * folder of its own, judged, and held against what its section `expect` says. A
 * file is a sentence, then sections that begin with "-- NAME --":
 *   expect        lines "ID STATE [FILE[:LINE]] [words]", "none broken", "topics 2 3", "note words";
 *                 the state "allowed" is one that is broken and let through
 *   compose.json  as docker compose merged it (made by compose-json; @ROOT@ is the folder)
 *   compose-files, metadata.json, tracked ("*": all), live.json
 *   NAME, NAME (executable), NAME -> TARGET    files and links of the project
 *   NAME (0600)   a file of that mode; ". (0755)" is the project's folder
 *   test-fixtures [PART...]    those with a part in their name */
#include "cargodeck/checks.h"
#include "fixture.h"
#include "sample.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

enum { FIXTURES_LIMIT = 1000 };

/* ---- laying out ---- */

/* "NAME (0600)": its mode; 0: none is said. */
static unsigned take_mode(char *name)
{
	size_t len = strlen(name);
	if (len < 8 || name[len - 1] != ')' || name[len - 6] != '(' || strspn(name + len - 5, "01234567") != 4)
		return 0;
	name[len - 7] = '\0';
	return (unsigned)strtoul(name + len - 5, NULL, 8);
}

static void lay_out(const char *folder, const struct section *section, struct strings *tracked)
{
	static const char mark[] = " (executable)";
	bool executable = text_ends_with(section->name, mark);
	auto_free char *name = mem_copy_bytes(section->name, strlen(section->name) - (executable ? sizeof mark - 1 : 0));
	unsigned mode = executable ? 0755 : take_mode(name);
	if (strcmp(name, ".") == 0) {
		assert_true(chmod(folder, mode) == 0);
		return;
	}
	char *arrow = strstr(name, " -> ");
	if (arrow != NULL)
		*arrow = '\0';
	strings_add(tracked, name);
	if (arrow == NULL) {
		sample_write(folder, name, section->text);
		auto_free char *path = path_join(folder, name);
		assert_true(mode == 0 || chmod(path, mode) == 0);
		return;
	}
	auto_free char *path = path_join(folder, name);
	auto_free char *parent = path_parent(path);
	assert_true(dir_make_all(parent, 0755, NULL));
	assert_int_equal(symlink(arrow + 4, path), 0);
}

/* ---- expecting ---- */

static const struct check_result *find_result(const struct check_report *report, const char *id)
{
	for (size_t i = 0; i < report->results.count; i++)
		if (strcmp(report->results.items[i].practice->id, id) == 0)
			return &report->results.items[i];
	return NULL;
}

static bool has_words(const char *text, const char *words)
{
	return words == NULL || words[0] == '\0' || (text != NULL && strstr(text, words) != NULL);
}

/* `place`: "FILE", "FILE:LINE" or NULL. */
static bool is_seen(const struct check_result *result, const char *place, const char *words)
{
	for (size_t i = 0; i < result->evidence.count; i++) {
		const struct check_evidence *each = &result->evidence.items[i];
		auto_free char *with_line = mem_print("%s:%u", each->file != NULL ? each->file : "", each->line);
		bool here = place == NULL || text_equal(each->file, place) || strcmp(with_line, place) == 0;
		if (here && (result->state != CHECK_BROKEN || each->is_against) && has_words(each->text, words))
			return true;
	}
	/* not applicable and cannot tell: their reason names the file */
	bool named = place == NULL || (result->evidence.count == 0 && has_words(result->reason, place));
	return named && (has_words(result->reason, words) || has_words(result->mend, words));
}

static void show_result(const struct check_result *result)
{
	fprintf(stderr, "  %s %s%s%s%s%s\n", result->practice->id, check_state_name(result->state), result->is_allowed ? " (allowed)" : "",
		result->reason != NULL ? ": " : "", result->reason != NULL ? result->reason : "", result->edits.count > 0 ? " [edits]" : "");
	for (size_t i = 0; i < result->evidence.count; i++) {
		const struct check_evidence *each = &result->evidence.items[i];
		fprintf(stderr, "    %s %s%s:%u %s\n", each->is_against ? "against" : "for", each->is_live ? "live " : "", each->file != NULL ? each->file : "-", each->line, each->text);
	}
}

static unsigned expect_result(const struct check_report *report, const char *line)
{
	char id[8] = "", state[32] = "";
	int used = 0;
	assert_int_equal(sscanf(line, "%7s %31s%n", id, state, &used), 2);
	const struct check_result *result = find_result(report, id);
	const char *rest = line + used + strspn(line + used, " ");
	size_t len = strcspn(rest, " ");
	auto_free char *first = mem_copy_bytes(rest, len);
	/* a place holds a dot, a slash or a colon, or is a file that is written large */
	bool is_place = len > 0 && (strpbrk(first, "./:") != NULL || strstr(first, "ockerfile") != NULL) && first[strlen(first) - 1] != ':';
	const char *words = is_place ? rest + len + strspn(rest + len, " ") : rest;
	const char *is = result == NULL ? "" : result->is_allowed ? "allowed" : check_state_name(result->state);
	if (result != NULL && strcmp(is, state) == 0 && is_seen(result, is_place ? first : NULL, words))
		return 0;
	fprintf(stderr, "  expected: %s\n", line);
	if (result != NULL)
		show_result(result);
	else
		fprintf(stderr, "  there is no %s\n", id);
	return 1;
}

static unsigned expect_note(const struct check_report *report, const char *words)
{
	for (size_t i = 0; i < report->notes.count; i++)
		if (strstr(report->notes.items[i], words) != NULL)
			return 0;
	fprintf(stderr, "  expected: note %s\n", words);
	for (size_t i = 0; i < report->notes.count; i++)
		fprintf(stderr, "    note %s\n", report->notes.items[i]);
	return 1;
}

static unsigned expect_none_broken(const struct check_report *report)
{
	unsigned bad = 0;
	for (size_t i = 0; i < report->results.count; i++) {
		const struct check_result *result = &report->results.items[i];
		if (result->state != CHECK_BROKEN || result->is_allowed)
			continue;
		fprintf(stderr, "  expected: none broken\n");
		show_result(result);
		bad++;
	}
	return bad;
}

/* What must hold of any result, whatever the fixture. */
static unsigned expect_whole(const struct check_report *report)
{
	unsigned bad = 0;
	for (size_t i = 0; i < report->results.count; i++) {
		const struct check_result *result = &report->results.items[i];
		bool told = result->state == CHECK_KEPT || result->state == CHECK_BROKEN ? result->evidence.count > 0 : result->reason != NULL;
		if (told && (result->state != CHECK_BROKEN || result->mend != NULL))
			continue;
		fprintf(stderr, "  nothing is said with it:\n");
		show_result(result);
		bad++;
	}
	return bad;
}

/* ---- one fixture ---- */

static void read_topics(const char *expect, struct strings *only)
{
	const char *line = strstr(expect, "topics ");
	if (line == NULL)
		return;
	auto_free char *words = mem_copy_bytes(line + 7, strcspn(line + 7, "\n"));
	strings_split(only, words, ' ');
}

static unsigned hold_against(const struct check_report *report, const char *expect)
{
	unsigned bad = expect_whole(report);
	auto_strings lines = {0};
	strings_split(&lines, expect, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		if (strcmp(line, "none broken") == 0)
			bad += expect_none_broken(report);
		else if (text_starts_with(line, "note "))
			bad += expect_note(report, line + 5);
		else if (line[0] >= '0' && line[0] <= '9')
			bad += expect_result(report, line);
		else
			assert_true(line[0] == '#' || text_starts_with(line, "topics "));
	}
	return bad;
}

static void judge(void **state)
{
	struct sections sections = {0};
	size_t len;
	struct fault fault = {0};
	auto_free char *text = file_read(*state, 4 << 20, &len, &fault);
	assert_non_null(text);
	read_sections(text, &sections);
	char *folder = sample_open();
	auto_strings tracked = {0}, compose_files = {0}, only = {0}, given = {0};
	for (size_t i = 0; i < sections.count; i++)
		if (!is_about(sections.items[i].name))
			lay_out(folder, &sections.items[i], &tracked);
	const char *expect = section_text(&sections, "expect"), *names = section_text(&sections, "compose-files"), *has = section_text(&sections, "tracked");
	assert_non_null(expect);
	read_topics(expect, &only);
	static const char *const usual[] = {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml", "compose.override.yaml",
		"compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml"};
	if (names != NULL)
		strings_split(&compose_files, names, '\n');
	for (size_t i = 0; names == NULL && i < COUNT_OF(usual); i++)
		if (strings_have(&tracked, usual[i]))
			strings_add(&compose_files, usual[i]);
	if (has != NULL && has[0] != '*')
		strings_split(&given, has, '\n');
	auto_free char *compose = with_root(section_text(&sections, "compose.json"), folder);
	auto_free char *metadata = with_root(section_text(&sections, "metadata.json"), folder);
	auto_free char *live = with_root(section_text(&sections, "live.json"), folder);
	bool has_compose = section_text(&sections, "compose.json") != NULL, has_metadata = section_text(&sections, "metadata.json") != NULL;
	bool has_live = section_text(&sections, "live.json") != NULL;
	struct check_options options = {.root = folder, .compose_json = has_compose ? compose : NULL, .compose_len = strlen(compose),
		.compose_reason = has_compose ? NULL : "there is no compose file", .compose_files = &compose_files,
		.cargo_json = has_metadata ? metadata : NULL, .cargo_len = strlen(metadata), .cargo_reason = has_metadata ? NULL : "cargo was not asked",
		.tracked = has == NULL ? NULL : has[0] == '*' ? &tracked : &given, .live_json = has_live ? live : NULL, .live_len = strlen(live), .only = &only};
	struct check_report report;
	assert_true(checks_run(&options, &report, &fault));
	unsigned bad = hold_against(&report, expect);
	check_report_finish(&report);
	sections_finish(&sections);
	sample_close(folder);
	assert_int_equal(bad, 0);
}

/* ---- all ---- */

static bool is_chosen(const char *name, int count, char **parts)
{
	for (int i = 1; i < count; i++)
		if (strstr(name, parts[i]) != NULL)
			return true;
	return count < 2 && text_ends_with(name, ".fixture");
}

static void list_fixtures(const char *folder, int count, char **parts, struct strings *paths)
{
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (text_ends_with(entry->d_name, ".fixture") && is_chosen(entry->d_name, count, parts))
			strings_take(paths, path_join(folder, entry->d_name));
	closedir(dir);
	strings_sort(paths);
}

int main(int count, char **parts)
{
	struct CMUnitTest tests[FIXTURES_LIMIT] = {0};
	auto_strings paths = {0};
	const char *source = getenv("TEST_SRCDIR");
	auto_free char *folder = path_join(source != NULL ? source : "..", "tests/checks/fixtures");
	list_fixtures(folder, count, parts, &paths);
	if (paths.count == 0 || paths.count > FIXTURES_LIMIT) {
		fprintf(stderr, "no such fixture in %s, or too many\n", folder);
		return 1;
	}
	for (size_t i = 0; i < paths.count; i++)
		tests[i] = (struct CMUnitTest){.name = path_name(paths.items[i]), .test_func = judge, .initial_state = paths.items[i]};
	return _cmocka_run_group_tests("fixtures", tests, paths.count, NULL, NULL);
}
