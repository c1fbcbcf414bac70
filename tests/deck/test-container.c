/* What a container is, its pages, its configuration and where the two differ:
 * from answers as the engine and compose give them, and from hostile ones. */
#include "../unit.h"
#include "container.h"
#include "stats.h"

#include <stdio.h>

static json_t *read_json(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, 0, &error);
	if (json == NULL)
		fail_msg("%s: %s", error.text, text);
	return json;
}

static const char container_text[] =
	"{\"Id\": \"abc\", \"Name\": \"/shop-api-1\", \"Image\": \"sha256:11\", \"Created\": \"2026-11-23T14:02:11Z\", \"RestartCount\": 2,"
	" \"State\": {\"Status\": \"running\", \"Running\": true, \"StartedAt\": \"2026-11-23T14:02:12Z\", \"ExitCode\": 0,"
	"  \"Health\": {\"Status\": \"unhealthy\", \"FailingStreak\": 3, \"Log\": [{\"Start\": \"t1\", \"ExitCode\": 0, \"Output\": \"ok\"},"
	"   {\"Start\": \"t2\", \"ExitCode\": 1, \"Output\": \"\\u001b[31mpassword=hunter2\\n\"}]}},"
	" \"Config\": {\"Image\": \"shop-api:dev\", \"Cmd\": [\"api\", \"--token\", \"hunter2\", \"--port=80\"], \"Entrypoint\": null,"
	"  \"Env\": [\"RUST_LOG=info\", \"DB_PASSWORD=hunter2\", \"DATABASE_URL=postgres://u:hunter2@db/x\", \"BARE\", \"PATH=/bin\"],"
	"  \"Labels\": {\"a.b\": \"plain\", \"some.secret\": \"hunter2\"}, \"Healthcheck\": {\"Test\": [\"CMD-SHELL\", \"redis-cli -a hunter2 ping\"]}},"
	" \"HostConfig\": {\"Memory\": 536870912, \"NanoCpus\": 1500000000, \"PidsLimit\": null, \"ReadonlyRootfs\": true,"
	"  \"RestartPolicy\": {\"Name\": \"unless-stopped\", \"MaximumRetryCount\": 0},"
	"  \"PortBindings\": {\"8080/tcp\": [{\"HostIp\": \"127.0.0.1\", \"HostPort\": \"8080\"}]}},"
	" \"Mounts\": [{\"Type\": \"volume\", \"Name\": \"shop_data\", \"Source\": \"/var/lib\", \"Destination\": \"/data\", \"RW\": true},"
	"  {\"Type\": \"bind\", \"Source\": \"/home/x\", \"Destination\": \"/x\", \"RW\": false}],"
	" \"NetworkSettings\": {\"Networks\": {\"shop_default\": {\"IPAddress\": \"172.20.0.5\", \"Aliases\": [\"api\"]}},"
	"  \"Ports\": {\"8080/tcp\": [{\"HostIp\": \"127.0.0.1\", \"HostPort\": \"8080\"}], \"9000/tcp\": null}}}";
static const char image_text[] =
	"{\"Id\": \"sha256:11\", \"RepoDigests\": [\"shop-api@sha256:22\"], \"Config\": {\"Env\": [\"PATH=/bin\", \"BARE=1\"]}}";
static const char configured_text[] =
	"{\"services\": {\"api\": {\"image\": \"shop-api:dev\", \"command\": [\"api\", \"--token\", \"hunter2\", \"--port=80\"], \"entrypoint\": null,"
	"  \"environment\": {\"RUST_LOG\": \"info\", \"DB_PASSWORD\": \"hunter2\", \"DATABASE_URL\": \"postgres://u:hunter2@db/x\", \"UNSET\": null},"
	"  \"ports\": [{\"host_ip\": \"127.0.0.1\", \"target\": 8080, \"published\": \"8080\", \"protocol\": \"tcp\"}],"
	"  \"volumes\": [{\"type\": \"volume\", \"source\": \"data\", \"target\": \"/data\"},"
	"   {\"type\": \"bind\", \"source\": \"/home/x\", \"target\": \"/x\", \"read_only\": true}],"
	"  \"mem_limit\": \"536870912\", \"cpus\": 1.5, \"restart\": \"unless-stopped\"}}, \"volumes\": {\"data\": {\"name\": \"shop_data\"}}}";

static void assert_no_secret(const json_t *json)
{
	auto_free char *text = json_dumps(json, 0);
	if (strstr(text, "hunter2") != NULL)
		fail_msg("a secret is shown: %s", text);
	assert_null(strchr(text, 27));
	assert_null(strstr(text, "\\u001b"));
}

static const char *text_at(const json_t *json, const char *one, const char *two)
{
	const json_t *at = json_object_get(json, one);
	const char *text = json_string_value(two != NULL ? json_object_get(at, two) : at);
	return text != NULL ? text : "(none)";
}

/* ---- facts ---- */

static void test_facts(void **state)
{
	json_t *inspect = read_json(container_text), *image = read_json(image_text);
	json_t *facts = facts_make("api", inspect, image);
	(void)state;
	assert_no_secret(facts);
	assert_string_equal(text_at(facts, "container", NULL), "shop-api-1");
	assert_string_equal(text_at(facts, "image", "digest"), "sha256:22");
	assert_string_equal(text_at(facts, "restart", "policy"), "unless-stopped");
	assert_true(json_is_null(json_object_get(facts, "exit_code")));
	const json_t *env = json_object_get(facts, "env"), *limits = json_object_get(facts, "limits");
	assert_int_equal(json_array_size(env), 5);
	assert_string_equal(json_string_value(json_object_get(json_array_get(env, 1), "value")), "****");
	assert_string_equal(json_string_value(json_object_get(json_array_get(env, 2), "value")), "postgres://u:****@db/x");
	assert_true(json_is_null(json_object_get(json_array_get(env, 3), "value")));
	assert_int_equal(json_integer_value(json_object_get(limits, "memory_bytes")), 536870912);
	assert_true(json_is_null(json_object_get(limits, "processes")));
	assert_int_equal(json_array_size(json_object_get(facts, "ports")), 2);
	json_decref(facts);
	facts = facts_mask(inspect);
	assert_no_secret(facts);
	assert_int_equal(json_object_size(facts), json_object_size(inspect));
	json_decref(facts);
	json_decref(inspect);
	json_decref(image);
}

/* Members of a wrong type, or none at all: no crash, every member is there. */
static void test_odd_facts(void **state)
{
	static const char *const texts[] = {"{}", "[]", "null", "{\"Config\": [], \"State\": 1, \"HostConfig\": \"x\", \"Mounts\": {}, \"NetworkSettings\": []}",
		"{\"Config\": {\"Env\": [1, null, \"\", \"=\", \"=x\"], \"Cmd\": \"x\", \"Labels\": [1], \"Healthcheck\": {\"Test\": 1}}, \"Name\": \"\","
		" \"State\": {\"Health\": {\"Log\": [1, null]}}, \"Mounts\": [1, null, {}], \"NetworkSettings\": {\"Ports\": {\"x\": 1, \"y\": [1]}, \"Networks\": {\"n\": 1}}}"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		json_error_t error;
		json_t *inspect = json_loads(texts[i], JSON_DECODE_ANY, &error);
		json_t *facts = facts_make("api", inspect, inspect);
		struct page page = {0};
		assert_int_equal(json_object_size(facts), 20);
		page_overview(&page, facts);
		page_env(&page, facts);
		page_mounts(&page, facts);
		page_labels(&page, facts);
		page_processes(&page, inspect);
		page_tree(&page, inspect, 1);
		page_finish(&page);
		json_decref(drift_find(inspect, "api", inspect, inspect));
		json_decref(facts);
		json_decref(inspect);
	}
}

/* ---- pages ---- */

static const struct view_field *row_named(const struct page *page, const char *name)
{
	for (size_t i = 0; i < page->rows.count; i++)
		if (text_equal(page->rows.items[i].name, name))
			return &page->rows.items[i];
	fail_msg("there is no row %s", name);
	return NULL;
}

static void test_pages(void **state)
{
	json_t *inspect = read_json(container_text), *facts = facts_make("api", inspect, NULL), *shown = facts_mask(inspect);
	json_t *top = read_json("{\"Titles\": [\"UID\", \"PID\", \"TIME\", \"CMD\"], \"Processes\": [[\"root\", \"7\", \"00:01\", \"api --token hunter2\"], [1], 2]}");
	struct page page = {0};
	(void)state;
	page_overview(&page, facts);
	assert_string_equal(row_named(&page, "command")->value, "api --token **** --port=80");
	assert_string_equal(row_named(&page, "health")->value, "unhealthy");
	assert_int_equal(row_named(&page, "health")->look, VIEW_FIELD_BAD);
	assert_int_equal(row_named(&page, "health")->below, 3);
	assert_string_equal(row_named(&page, "t2")->value, "failed with 1   [31mpassword=**** ");
	assert_string_equal(row_named(&page, "8080/tcp")->value, "127.0.0.1:8080");
	assert_string_equal(row_named(&page, "9000/tcp")->value, "not published");
	page_finish(&page);
	page_processes(&page, top);
	assert_int_equal(page.rows.count, 3);
	assert_non_null(strstr(row_named(&page, "7")->value, "api --token ****"));
	page_finish(&page);
	page_tree(&page, shown, 0);
	const struct view_field *health = row_named(&page, "Health");
	assert_int_equal(health->depth, 1);
	assert_true(health->is_folded);
	assert_int_equal(health->below, 11); /* Status, FailingStreak, Log, its two items with three members each */
	for (size_t i = 0; i < page.rows.count; i++)
		assert_true(i + page.rows.items[i].below < page.rows.count);
	uint64_t id = health->id;
	page_finish(&page);
	page_tree(&page, shown, 0);
	assert_true(row_named(&page, "Health")->id == id);
	page_finish(&page);
	json_decref(top);
	json_decref(shown);
	json_decref(facts);
	json_decref(inspect);
}

/* 10,000 labels, a value of 1 MiB, nesting without an end: what is shown is
 * bounded, and made in a moment. */
static void test_large(void **state)
{
	json_t *inspect = read_json("{\"Config\": {\"Labels\": {}, \"Env\": []}}"), *deep = json_object();
	json_t *config = json_object_get(inspect, "Config");
	auto_str value = {0};
	char name[32];
	(void)state;
	while (value.len < 1 << 20)
		str_add(&value, "a://b:c=");
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof name, "label.%d", i);
		json_object_set_new(json_object_get(config, "Labels"), name, json_string("value"));
	}
	auto_free char *pair = mem_print("LONG=%s", str_text(&value));
	json_array_append_new(json_object_get(config, "Env"), json_string(pair));
	for (int i = 0; i < 500; i++) {
		json_t *around = json_object();
		json_object_set_new(around, "in", deep);
		deep = around;
	}
	json_object_set_new(inspect, "Deep", deep);
	struct page labels = {0}, env = {0}, tree = {0};
	uint64_t began = clock_now_ns();
	json_t *facts = facts_make("api", inspect, NULL), *shown = facts_mask(inspect);
	page_labels(&labels, facts);
	page_env(&env, facts);
	page_tree(&tree, shown, 0);
	assert_true(clock_now_ns() - began < 3000000000u);
	assert_int_equal(labels.rows.count, 10000);
	assert_true(strlen(env.rows.items[0].value) < 2100);
	assert_non_null(strstr(env.rows.items[0].value, "bytes)"));
	assert_true(tree.rows.count < 10100);
	for (size_t i = 0; i < tree.rows.count; i++)
		assert_true(tree.rows.items[i].depth < 30);
	page_finish(&labels);
	page_finish(&env);
	page_finish(&tree);
	json_decref(facts);
	json_decref(shown);
	/* more than a page has room for */
	for (int i = 0; i < 30000; i++) {
		snprintf(name, sizeof name, "more.%d", i);
		json_object_set_new(json_object_get(config, "Labels"), name, json_string("value"));
	}
	shown = facts_mask(inspect);
	page_tree(&tree, shown, 0);
	assert_true(tree.rows.count <= FACTS_MOST);
	page_finish(&tree);
	json_decref(shown);
	json_decref(inspect);
}

/* ---- drift ---- */

static void expect_drift(const char *configured, const char *inspected, const char *const *wanted, size_t count)
{
	json_t *whole = read_json(configured), *inspect = read_json(inspected), *image = read_json(image_text);
	json_t *found = drift_find(whole, "api", inspect, image);
	assert_no_secret(found);
	auto_str text = {0};
	size_t i;
	const json_t *item;
	json_array_foreach(found, i, item)
		str_print(&text, "%s %s: %s, %s\n", text_at(item, "what", NULL), text_at(item, "name", NULL), text_at(item, "configured", NULL),
			text_at(item, "running", NULL));
	auto_str all = {0};
	for (size_t j = 0; j < count; j++)
		str_print(&all, "%s\n", wanted[j]);
	assert_string_equal(str_text(&text), str_text(&all));
	json_decref(found);
	json_decref(whole);
	json_decref(inspect);
	json_decref(image);
}

static void test_drift(void **state)
{
	static const char other[] =
		"{\"services\": {\"api\": {\"image\": \"shop-api:2\", \"command\": [\"api\", \"--token\", \"hunter3\"],"
		"  \"environment\": {\"RUST_LOG\": \"debug\", \"DB_PASSWORD\": \"hunter2x\", \"NEW\": \"hunter2\"},"
		"  \"ports\": [{\"target\": 8080, \"published\": \"8081\"}],"
		"  \"volumes\": [{\"type\": \"volume\", \"source\": \"data\", \"target\": \"/data\", \"read_only\": true}],"
		"  \"deploy\": {\"resources\": {\"limits\": {\"memory\": \"1073741824\", \"cpus\": \"1.5\"}}}}}, \"volumes\": {\"data\": {\"name\": \"shop_data\"}}}";
	static const char *const wanted[] = {
		"image (none): shop-api:2, shop-api:dev",
		"env RUST_LOG: one value, another value",
		"env DB_PASSWORD: one value, another value",
		"env NEW: set, not set",
		"env DATABASE_URL: not set, set",
		"ports :8081->8080/tcp: there, not there",
		"ports 127.0.0.1:8080->8080/tcp: not there, there",
		"mounts /data: volume shop_data read-only, volume shop_data",
		"mounts /x: not there, bind /home/x read-only",
		"command (none): [\"api\",\"--token\",\"****\"], [\"api\",\"--token\",\"****\",\"--port=80\"]",
		"limits memory: 1073741824, 536870912",
		"restart (none): no, unless-stopped",
	};
	(void)state;
	expect_drift(configured_text, container_text, NULL, 0);
	expect_drift(other, container_text, wanted, COUNT_OF(wanted));
	expect_drift("{\"services\": {}}", container_text, NULL, 0);
}

static void test_configured(void **state)
{
	static const char text[] = "{\"services\": {\"a\": {\"command\": [\"$$HOME\"], \"environment\": {\"X\": \"a$$b\"}, \"scale\": 2}}}";
	struct fault fault;
	(void)state;
	json_t *json = configured_read(text, strlen(text), &fault);
	auto_free char *all = json_dumps(json, JSON_COMPACT);
	assert_string_equal(all, "{\"services\":{\"a\":{\"command\":[\"$HOME\"],\"environment\":{\"X\":\"a$b\"},\"scale\":2}}}");
	json_decref(json);
	assert_null(configured_read("{", 1, &fault));
	assert_int_equal(fault.code, FAULT_INPUT);
	assert_null(configured_read("[]", 2, &fault));
}

/* ---- stats ---- */

static void test_stats(void **state)
{
	json_t *one = read_json("{\"read\": \"2026-11-23T14:02:11Z\", \"cpu_stats\": {\"cpu_usage\": {\"total_usage\": 1000000000}},"
		" \"memory_stats\": {\"usage\": 3000, \"stats\": {\"inactive_file\": 1000}}, \"pids_stats\": {\"current\": 4},"
		" \"networks\": {\"eth0\": {\"rx_bytes\": 10, \"tx_bytes\": 20}, \"eth1\": {\"rx_bytes\": 1, \"tx_bytes\": -2}},"
		" \"blkio_stats\": {\"io_service_bytes_recursive\": [{\"op\": \"Read\", \"value\": 5}, {\"op\": \"write\", \"value\": 6}, {\"op\": \"Sync\", \"value\": 7}]}}");
	json_t *two = read_json("{\"read\": \"2026-11-23T14:02:12Z\", \"cpu_stats\": {\"cpu_usage\": {\"total_usage\": 1500000000}},"
		" \"memory_stats\": {\"usage\": 3000, \"stats\": {\"total_inactive_file\": 500, \"inactive_file\": 0}}}");
	json_t *ended = read_json("{\"read\": \"0001-01-01T00:00:00Z\", \"cpu_stats\": null}");
	struct stats_reading before, now, gone;
	(void)state;
	stats_read(one, &before);
	stats_read(two, &now);
	stats_read(ended, &gone);
	assert_true(before.is_there);
	assert_int_equal(before.memory, 2000);
	assert_int_equal(before.received, 11);
	assert_int_equal(before.sent, 20);
	assert_int_equal(before.read, 5);
	assert_int_equal(before.written, 6);
	assert_int_equal(before.processes, 4);
	assert_int_equal(now.memory, 2500);
	assert_true(stats_cpu_percent(&before, &now) > 49.9 && stats_cpu_percent(&before, &now) < 50.1);
	assert_true(stats_cpu_percent(&now, &before) < 0);
	assert_false(gone.is_there);
	assert_true(stats_cpu_percent(&before, &gone) < 0);
	json_decref(one);
	json_decref(two);
	json_decref(ended);
	stats_read(NULL, &gone);
	assert_false(gone.is_there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_odd_facts),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_configured),
		cmocka_unit_test(test_stats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
