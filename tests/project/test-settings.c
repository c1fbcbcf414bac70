/* What a project's own files say: taken as labels, named where it is wrong. */
#include "sample.h"

static const char dockerfile[] = "FROM rust AS build\nCOPY . .\nRUN cargo build --release\n"
	"FROM debian\nCOPY --from=build /src/target/release/api /usr/local/bin/api\nCMD [\"/usr/local/bin/api\"]\n";

static char *put(char *place, const char *text)
{
	free(place);
	return mem_copy_string(text);
}

static void open_project(struct sample *sample, const char *compose, const char *workspace, const char *package)
{
	struct project *project = &sample->project;
	struct fault fault;
	sample_open(sample);
	sample_write(sample, "Dockerfile", dockerfile);
	auto_free char *json = mem_print("{\"name\":\"shop\",\"x-cargodeck\":%s,\"services\":{"
		"\"api\":{\"build\":{\"context\":\"%s\"},\"labels\":{\"dev.cargodeck.target\":\"mine\"}},\"db\":{\"image\":\"postgres\"}}}", compose, sample->folder);
	if (!compose_model_read(json, strlen(json), &project->compose, &fault))
		fail_msg("%s", fault.text);
	project->manifest = sample_path(sample, "Cargo.toml");
	if (workspace != NULL)
		project->cargo.settings = put(project->cargo.settings, workspace);
	if (package != NULL)
		project->cargo.packages.items[0].settings = put(project->cargo.packages.items[0].settings, package);
}

static void close_project(struct sample *sample)
{
	strings_finish(&sample->project.settings);
	strings_finish(&sample->project.ignored);
	strings_finish(&sample->project.notes);
	free(sample->project.manifest);
	sample_close(sample);
}

static void the_nearest_place_wins(void **state)
{
	(void)state;
	struct sample sample;
	open_project(&sample, "{\"swap\":\"restart\",\"target\":\"theirs\",\"services\":{\"api\":{\"swap\":\"alone\",\"ready_limit\":\"1min 30s\"}}}",
		"{\"ready\":\"/workspace\",\"ready_silent\":700,\"profile\":\"fast\"}", "{\"ready\":\"/readyz\",\"ready_limit\":\"1s\"}");
	sample_write(&sample, "compose.yaml", "services: {}\nx-cargodeck:\n  swap: restart\n  services:\n    api:\n      swap: alone\n");
	project_map_services(&sample.project);
	const struct project_service *api = project_find(&sample.project, "api");
	assert_string_equal(api->bin, "api");
	assert_string_equal(api->swap, "alone");
	assert_string_equal(api->ready, "/readyz");
	assert_int_equal(api->ready_ms, 90000);
	assert_int_equal(api->silent_ms, 700);
	assert_string_equal(map_get(api->compose->labels, "dev.cargodeck.target"), "mine"); /* a label is nearer */
	assert_string_equal(map_get(api->compose->labels, "dev.cargodeck.profile"), "fast");
	assert_true(strings_have(&sample.project.settings, "api: swap = alone (compose.yaml:6)"));
	assert_int_equal(sample.project.notes.count, 0);
	close_project(&sample);
}

static void mistakes_are_named_with_their_place(void **state)
{
	(void)state;
	struct sample sample;
	open_project(&sample, "{\"redy\":\"/x\",\"services\":{\"api\":{\"swap\":\"fast\",\"ready_limit\":\"1 h\",\"ignore\":\"x\"},\"wep\":{}}}",
		"{\"ready\":{}}", "{\"bin\":\"x\"}");
	sample_write(&sample, "compose.yaml", "x-cargodeck:\n  redy: /x\n  services:\n    api:\n      swap: fast\n      ready_limit: 1 h\n    wep: {}\n");
	sample_write(&sample, "Cargo.toml", "[workspace]\n\n[workspace.metadata.cargodeck]\nready = {}\n");
	project_map_services(&sample.project);
	static const char *const wanted[] = {
		"compose.yaml:2: x-cargodeck knows no \"redy\" here; it knows ready, swap, ",
		"compose.yaml:5: swap takes auto, alone, restart or overlap, not \"fast\"",
		"compose.yaml:6: ready_limit takes a time from 100 ms to 600 s, as 20s, not \"1 h\"",
		"x-cargodeck knows no \"ignore\" here; it knows bin, ready",
		"compose.yaml:7: there is no service \"wep\"",
		"Cargo.toml:4: ready takes a text",
		"[package.metadata.cargodeck] knows no \"bin\" here",
	};
	auto_free char *notes = strings_join(&sample.project.notes, "\n", NULL);
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		if (strstr(notes, wanted[i]) == NULL)
			fail_msg("not told: %s; told:\n%s", wanted[i], notes);
	assert_string_equal(project_find(&sample.project, "api")->swap, "auto");
	close_project(&sample);
}

static void ignored_paths_build_nothing(void **state)
{
	(void)state;
	struct sample sample;
	struct save save;
	auto_strings paths = {0};
	open_project(&sample, "{\"ignore\":[\"crates/shop-api/gen\",\"../outside\",\".\"]}", NULL, NULL);
	project_map_services(&sample.project);
	assert_int_equal(sample.project.ignored.count, 1);
	assert_int_equal(sample.project.notes.count, 2);
	strings_take(&paths, sample_path(&sample, "crates/shop-api/gen/a.rs"));
	project_map_paths(&sample.project, &paths, &(struct strings){0}, &save);
	assert_int_equal(save.bins.count, 0);
	save_finish(&save);
	strings_take(&paths, sample_path(&sample, "crates/shop-api/src/main.rs"));
	project_map_paths(&sample.project, &paths, &(struct strings){0}, &save);
	assert_int_equal(save.bins.count, 1);
	save_finish(&save);
	close_project(&sample);
}

static void times_are_read(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "x", "5", "-1s", "1h", "11min", "99999999999999999999s", "1s x", "s"};
	unsigned ms;
	assert_true(settings_read_ms("2s 500ms", 100, 600000, &ms) && ms == 2500);
	assert_true(settings_read_ms("10min", 100, 600000, &ms) && ms == 600000);
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(settings_read_ms(wrong[i], 100, 600000, &ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_place_wins),
		cmocka_unit_test(mistakes_are_named_with_their_place),
		cmocka_unit_test(ignored_paths_build_nothing),
		cmocka_unit_test(times_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
