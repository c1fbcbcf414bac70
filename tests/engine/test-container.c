/* Reading what the engine says of containers, whatever it says; tar archives. */
#include "fake.h"

#include <stdio.h>
#include <unistd.h>

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_ALLOW_NUL, &error);
	if (json == NULL)
		fail_msg("%s: %s", text, error.text);
	return json;
}

static void reads_a_list(void **state)
{
	(void)state;
	json_t *json = parse(
		"[{\"Id\":\"abc1\",\"Names\":[\"/shop-api-1\"],\"Image\":\"shop-api\",\"ImageID\":\"sha256:1\",\"Created\":1700000000,"
		"\"State\":\"running\",\"Status\":\"Up 2 hours (healthy)\",\"Ports\":[{\"IP\":\"0.0.0.0\",\"PrivatePort\":8080,\"PublicPort\":80,"
		"\"Type\":\"tcp\"},{\"IP\":\"::\",\"PrivatePort\":8080,\"PublicPort\":80,\"Type\":\"tcp\"},{\"PrivatePort\":5432,\"Type\":\"tcp\"}],"
		"\"Labels\":{\"com.docker.compose.service\":\"api\",\"com.docker.compose.project\":\"shop\","
		"\"com.docker.compose.container-number\":\"1\",\"com.docker.compose.oneoff\":\"False\",\"dev.cargodeck.image\":\"own\"},"
		"\"NetworkSettings\":{\"Networks\":{\"none\":{\"IPAddress\":\"\"},\"shop_default\":{\"IPAddress\":\"172.18.0.2\"}}}},"
		"{\"Id\":\"abc2\",\"Names\":[\"/x\"],\"State\":\"exited\",\"Status\":\"Exited (1)\",\"Labels\":{\"com.docker.compose.oneoff\":\"True\"}}]");
	struct engine_containers list = {0};
	engine_containers_read(json, &list);
	json_decref(json);
	assert_int_equal(list.count, 2);
	const struct engine_container *first = &list.items[0], *second = &list.items[1];
	assert_string_equal(first->id, "abc1");
	assert_string_equal(first->name, "shop-api-1");
	assert_string_equal(first->health, "healthy");
	assert_string_equal(first->service, "api");
	assert_string_equal(first->project, "shop");
	assert_string_equal(first->number, "1");
	assert_string_equal(first->deck_image, "own");
	assert_string_equal(first->ports, "80->8080, 5432");
	assert_string_equal(first->address, "172.18.0.2");
	assert_int_equal(first->created_s, 1700000000);
	assert_false(first->oneoff);
	assert_true(second->oneoff);
	assert_string_equal(second->health, "none");
	assert_null(second->service);
	assert_null(second->address);
	engine_containers_finish(&list);
	assert_int_equal(list.count, 0);
}

static void tells_health(void **state)
{
	(void)state;
	static const char *const cases[][2] = {{"Up 4 seconds (health: starting)", "starting"}, {"Up 1 hour (unhealthy)", "unhealthy"},
		{"Up 1 hour (healthy)", "healthy"}, {"Up 1 hour (Paused)", "none"}, {"", "none"}};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *text = mem_print("[{\"Id\":\"1\",\"State\":\"running\",\"Status\":\"%s\"}]", cases[i][0]);
		struct engine_containers list = {0};
		json_t *json = parse(text);
		engine_containers_read(json, &list);
		json_decref(json);
		assert_string_equal(list.items[0].health, cases[i][1]);
		engine_containers_finish(&list);
	}
}

static void wrong_types_count_as_absent(void **state)
{
	(void)state;
	static const struct {
		const char *json;
		size_t count;
	} cases[] = {
		{"{}", 0}, {"[]", 0}, {"[null,1,\"x\",[],{}]", 0}, {"[{\"Id\":1,\"State\":\"running\"}]", 0}, {"[{\"Id\":\"a\"}]", 0},
		{"[{\"Id\":\"a\",\"State\":{}}]", 0},
		{"[{\"Id\":\"a\",\"State\":\"running\",\"Names\":7,\"Ports\":{},\"Labels\":[],\"NetworkSettings\":3,\"Created\":\"now\",\"Status\":[]}]", 1},
		{"[{\"Id\":\"a\",\"State\":\"s\",\"Names\":[],\"Ports\":[null,3,{\"PrivatePort\":\"x\"}],\"Labels\":{\"com.docker.compose.service\":9},"
			"\"NetworkSettings\":{\"Networks\":{\"a\":null,\"b\":{\"IPAddress\":5}}}}]", 1},
		{"[{\"Id\":\"a\",\"State\":\"s\",\"Created\":1e300,\"Ports\":[{\"PrivatePort\":-1,\"PublicPort\":99999999999}]}]", 1},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct engine_containers list = {0};
		json_t *json = parse(cases[i].json);
		engine_containers_read(json, &list);
		json_decref(json);
		assert_int_equal(list.count, cases[i].count);
		for (size_t j = 0; j < list.count; j++) {
			assert_string_equal(list.items[j].name, "");
			assert_null(list.items[j].service);
			assert_non_null(list.items[j].health);
		}
		engine_containers_finish(&list);
	}
	struct engine_containers none = {0};
	engine_containers_read(NULL, &none);
	assert_int_equal(none.count, 0);
}

static void escapes_do_not_come_through(void **state)
{
	(void)state;
	json_t *json = parse("[{\"Id\":\"a\",\"State\":\"s\",\"Names\":[\"/x\\u001b[2Jy\"],\"Status\":\"Up\\n1\",\"Image\":\"a\\u0000b\","
		"\"Labels\":{\"com.docker.compose.service\":\"\\u001b]0;t\\u0007\"}}]");
	struct engine_containers list = {0};
	engine_containers_read(json, &list);
	json_decref(json);
	assert_string_equal(list.items[0].name, "x [2Jy");
	assert_string_equal(list.items[0].status, "Up 1");
	assert_string_equal(list.items[0].service, " ]0;t ");
	assert_string_equal(list.items[0].image, "a");
	engine_containers_finish(&list);
}

static void reads_inspect(void **state)
{
	(void)state;
	json_t *json = parse(
		"{\"Id\":\"abc\",\"RestartCount\":3,\"State\":{\"Status\":\"exited\",\"Running\":false,\"OOMKilled\":true,\"Pid\":0,\"ExitCode\":137,"
		"\"StartedAt\":\"2026-11-23T14:02:11.5Z\",\"FinishedAt\":\"0001-01-01T00:00:00Z\",\"Health\":{\"Status\":\"unhealthy\",\"Log\":["
		"{\"Output\":\"first\"},{\"Output\":\"curl: (7) \\u001b[31mrefused\\n\"}]}},\"Config\":{\"Tty\":true},"
		"\"HostConfig\":{\"Memory\":268435456,\"RestartPolicy\":{\"Name\":\"always\"}}}");
	struct engine_inspect inspect;
	engine_inspect_read(json, &inspect);
	json_decref(json);
	assert_string_equal(inspect.id, "abc");
	assert_string_equal(inspect.state, "exited");
	assert_string_equal(inspect.health, "unhealthy");
	assert_string_equal(inspect.health_output, "curl: (7)  [31mrefused ");
	assert_string_equal(inspect.restart_policy, "always");
	assert_int_equal(inspect.exit_code, 137);
	assert_int_equal(inspect.restarts, 3);
	assert_true(inspect.tty);
	assert_true(inspect.oom_killed);
	assert_false(inspect.running);
	assert_int_equal(inspect.started_ns % 1000000000, 500000000);
	assert_int_equal(inspect.finished_ns, -1);
	assert_int_equal(inspect.memory_limit, 268435456);
	engine_inspect_finish(&inspect);
}

static void inspect_forgives(void **state)
{
	(void)state;
	static const char *const cases[] = {"{}", "[]", "{\"State\":[],\"Config\":1,\"HostConfig\":\"x\"}",
		"{\"State\":{\"Status\":4,\"ExitCode\":99999999999999,\"StartedAt\":5,\"Health\":{\"Status\":[],\"Log\":{}},\"Running\":\"true\"},"
		"\"HostConfig\":{\"Memory\":-5,\"RestartPolicy\":[]}}",
		"{\"State\":{\"StartedAt\":\"never\",\"Health\":{\"Log\":[]}}}", "{\"State\":{\"Health\":{\"Log\":[7]}}}"};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		json_t *json = parse(cases[i]);
		struct engine_inspect inspect;
		engine_inspect_read(json, &inspect);
		json_decref(json);
		assert_null(inspect.state);
		assert_false(inspect.running);
		assert_int_equal(inspect.exit_code, 0);
		assert_int_equal(inspect.started_ns, -1);
		assert_int_equal(inspect.memory_limit, 0);
		assert_string_equal(inspect.health_output, "");
		engine_inspect_finish(&inspect);
	}
}

static void quotes_for_a_query(void **state)
{
	(void)state;
	auto_free char *quoted = engine_quote("{\"a b\":[\"\xd0\xb6&=?/%\"]}");
	assert_string_equal(quoted, "%7B%22a%20b%22%3A%5B%22%D0%B6%26%3D%3F%2F%25%22%5D%7D");
	auto_free char *path = engine_containers_path("shop \"x\"");
	assert_non_null(strstr(path, "compose.project%3Dshop%20"));
	assert_null(strchr(path, '"'));
	auto_free char *folder = engine_containers_of_folder_path("/home/a \"b\"");
	assert_non_null(strstr(folder, "working_dir%3D%2Fhome%2Fa%20%5C%22b%5C%22%22"));
	auto_free char *odd = engine_containers_of_folder_path("/\xff");
	assert_non_null(strstr(odd, "working_dir%3D%22"));
}

static void usage_needs_an_id(void **state)
{
	(void)state;
	static const char *const ids[] = {"", "../../../etc", "abc/def", "abc ", "%s", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		struct engine_usage_state usage_state = {0};
		struct engine_usage usage;
		assert_false(engine_usage_read(ids[i], &usage_state, &usage));
		assert_true(usage.cpu_percent < 0);
	}
}

static void traffic_is_summed(void **state)
{
	uint64_t in, out;
	(void)state;
	engine_traffic_count_net("Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
		"    lo:     900       9    0    0    0     0          0         0      900       9    0    0    0     0       0          0\n"
		"  eth0:    1000      10    0    0    0     0          0         0     2000      20    0    0    0     0       0          0\n"
		"  eth1:7 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0\n", &in, &out);
	assert_int_equal(in, 1007);
	assert_int_equal(out, 2008);
	engine_traffic_count_net("eth0: 1 2 3\neth0: x\n:\n\n", &in, &out);
	assert_int_equal(in + out, 0);
	engine_traffic_count_block("8:0 Read 4096\n8:0 Write 512\n8:0 Sync 1\n8:0 Total 4608\n8:16 Read 4\nTotal 4612\n", &in, &out);
	assert_int_equal(in, 4100);
	assert_int_equal(out, 512);
	engine_traffic_count_block("8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 wbytes=1", &in, &out);
	assert_int_equal(in, 10);
	assert_int_equal(out, 21);
	engine_traffic_count_block("", &in, &out);
	assert_int_equal(in + out, 0);
	struct engine_traffic_state traffic_state = {0};
	struct engine_traffic traffic;
	assert_false(engine_traffic_read("../../etc", &traffic_state, &traffic));
	assert_true(traffic.received < 0 && traffic.written < 0);
}

/* tar itself must read what we write. */
static void tar_reads_our_archives(void **state)
{
	(void)state;
	auto_free char *deep = mem_print("%s/%s/file", "a-folder-of-quite-a-long-name-that-takes-a-third-of-the-room",
		"another-folder-of-quite-a-long-name-that-takes-a-third");
	auto_str longest = {0}, tar = {0}, out = {0}, err = {0};
	for (int i = 0; i < 200; i++)
		str_add_char(&longest, (char)('a' + i % 26));
	auto_free char *folder = mem_copy_string("/tmp/cargodeck-tar-XXXXXX");
	assert_non_null(mkdtemp(folder));
	tar_add_folder(&tar, "etc/", 0755);
	tar_add_file(&tar, "etc/small", "text", 4, 0640);
	tar_add_file(&tar, "etc/empty", "", 0, 0755);
	tar_add_file(&tar, deep, longest.data, longest.len, 0644);
	tar_add_file(&tar, longest.data, deep, 100, 0600);
	tar_end(&tar);
	assert_int_equal(tar.len % 512, 0);
	const char *const argv[] = {"tar", "-x", "-v", "-f", "-", NULL};
	struct fault fault = {0};
	int status = loop_child_run(&(struct loop_child_options){.argv = argv, .cwd = folder, .input = tar.data, .input_len = tar.len}, 20000,
		&out, &err, &fault);
	if (status != 0)
		fail_msg("tar: %d %s %s", status, fault.text, str_text(&err));
	auto_free char *want = mem_print("etc/\netc/small\netc/empty\n%s\n%s\n", deep, longest.data);
	assert_string_equal(out.data, want);
	auto_free char *deep_path = path_join(folder, deep);
	auto_free char *deep_text = file_read(deep_path, 1000, NULL, NULL);
	assert_string_equal(deep_text, longest.data);
	auto_free char *small_path = path_join(folder, "etc/small");
	auto_free char *small = file_read(small_path, 1000, NULL, NULL);
	assert_string_equal(small, "text");
	dir_remove_all(folder, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_list),
		cmocka_unit_test(tells_health),
		cmocka_unit_test(wrong_types_count_as_absent),
		cmocka_unit_test(escapes_do_not_come_through),
		cmocka_unit_test(reads_inspect),
		cmocka_unit_test(inspect_forgives),
		cmocka_unit_test(quotes_for_a_query),
		cmocka_unit_test(usage_needs_an_id),
		cmocka_unit_test(traffic_is_summed),
		cmocka_unit_test(tar_reads_our_archives),
	};
	return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
