/* What is masked and what is not: names, values, commands, addresses. */
#include "../unit.h"
#include "cargodeck/base.h"

static void test_names(void **state)
{
	static const char *const secret[] = {"POSTGRES_PASSWORD", "db_pass", "requirepass", "GITHUB_TOKEN", "API_KEY", "apiKey", "api.key", "SECRET_KEY_BASE",
		"aws_secret_access_key", "MYSQL_PWD", "SLACK_WEBHOOK", "JWT", "REDIS_AUTH", "Authorization", "SESSION_COOKIE", "PASSPHRASE"};
	static const char *const plain[] = {"PWD", "OLDPWD", "PATH", "KEYCLOAK_URL", "KEYBOARD", "RUST_LOG", "POSTGRES_HOST_AUTH_METHOD", "MONKEY", "PASSIVE",
		"DATABASE_URL", "PORT", ""};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(secret); i++)
		if (!secret_is_name(secret[i], strlen(secret[i])))
			fail_msg("%s is shown", secret[i]);
	for (size_t i = 0; i < COUNT_OF(plain); i++)
		if (secret_is_name(plain[i], strlen(plain[i])))
			fail_msg("%s is masked", plain[i]);
}

static void test_values(void **state)
{
	static const struct {
		const char *name, *value, *shown;
	} cases[] = {
		{"POSTGRES_PASSWORD", "hunter2", "****"},
		{"POSTGRES_PASSWORD", "", ""},
		{"POSTGRES_PASSWORD_FILE", "/run/secrets/db", "/run/secrets/db"},
		{"POSTGRES_PASSWORD_FILE", "hunter2", "****"},
		{"DATABASE_URL", "postgres://shop:hunter2@db:5432/shop", "postgres://shop:****@db:5432/shop"},
		{"DATABASE_URL", "postgres://shop@db/shop", "postgres://shop@db/shop"},
		{"DATABASE_URL", "postgres://shop:p@ss/w:rd@db/shop", "postgres://shop:****@db/shop"},
		{"REDIS_URL", "redis://:hunter2@redis:6379/0", "redis://:****@redis:6379/0"},
		{"SENTRY_DSN", "https:" "//0123456789abcdef@sentry.example/4", "https:" "//****@sentry.example/4"},
		{"BROKERS", "amqp://a:b@one,amqp://c:d@two", "amqp://a:****@two"},
		{"SITE", "http://host:8080/users/me@example.com", "http://host:8080/users/me@example.com"},
		{"DSN", "shop:hunter2@tcp(db:3306)/shop", "shop:****@tcp(db:3306)/shop"},
		{"IMAGE", "shop/api:dev@sha256:0a1b", "shop/api:dev@sha256:0a1b"},
		{"URL", "postgres://u:80/80@db/x", "postgres://u:****@db/x"},
		{"URL", "http:" "//u:80?80@db/x", "http:" "//u:****@db/x"},
		{"DSN", "host=db user=shop password=hunter2 dbname=shop", "host=db user=shop password=**** dbname=shop"},
		{"DSN", "host=db password='hun ter2' dbname=shop", "host=db password='****' dbname=shop"},
		{"URL", "https://example.com/?token=abc", "https://example.com/?token=****"},
		{"SETTINGS", "{\"password\": \"hunter2\", \"port\": 1}", "{\"password\": \"****\", \"port\": 1}"},
		{"HEADER", "Authorization: Bearer abcdef", "Authorization: Bearer ****"},
		{"CI", "ghp_0123456789abcdefghij", "****"},
		{"CI", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "****"},
		{"PEM", "-----BEGIN RSA PRIVATE KEY-----\nMIIE", "****"},
		{"RUST_LOG", "info,sqlx=warn", "info,sqlx=warn"},
		{"PATH", "/usr/local/bin:/usr/bin", "/usr/local/bin:/usr/bin"},
		{"TEXT", "token", "token"},
		{"TEXT", "://", "://"},
		{"TEXT", "a://@", "a://@"},
		{"TEXT", "password=", "password="},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_str out = {0};
		bool masked = secret_add_value(&out, cases[i].name, cases[i].value, strlen(cases[i].value));
		assert_string_equal(str_text(&out), cases[i].shown);
		assert_int_equal(masked, strstr(cases[i].shown, "****") != NULL);
	}
}

static void test_commands(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"redis-server --requirepass hunter2 --save ''", "redis-server --requirepass **** --save ''"},
		{"app --token --verbose", "app --token --verbose"},
		{"sh -c \"TOKEN=abc app\"", "sh -c \"TOKEN=**** app\""},
		{"curl -H 'X-Api-Key: abc' http://a", "curl -H 'X-Api-Key: ****' http://a"},
		{"sh -c 'redis-cli -a hunter2 ping'", "sh -c 'redis-cli -a **** ping'"},
		{"/usr/bin/mysql -uroot -phunter2", "/usr/bin/mysql -uroot -p****"},
		{"ls -a hunter2 -phunter2", "ls -a hunter2 -phunter2"},
		{"app --api-key=abc -p 80", "app --api-key=**** -p 80"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_str out = {0};
		secret_add_text(&out, cases[i].text, strlen(cases[i].text));
		assert_string_equal(str_text(&out), cases[i].shown);
	}
}

static void test_words(void **state)
{
	static const char *const words[] = {"CMD", "/usr/bin/redis-cli", "-a", "hunter2", "--token", "--verbose", "--token", "abc", "ping", "--key="};
	static const char shown[] = "CMD /usr/bin/redis-cli -a **** --token --verbose --token **** ping --key= ";
	struct secret_command command = {0};
	auto_str out = {0};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		secret_add_word(&command, &out, words[i]);
		str_add_char(&out, ' ');
	}
	assert_string_equal(str_text(&out), shown);
}

/* A long hostile text takes time by its length, and its end is bounded. */
static void test_long(void **state)
{
	auto_str text = {0}, out = {0};
	(void)state;
	while (text.len < 1 << 20)
		str_add(&text, "a://b:c--key");
	str_add(&text, "@d");
	uint64_t began = clock_now_ns();
	secret_add_text(&out, text.data, text.len);
	assert_true(clock_now_ns() - began < 2000000000u);
	assert_null(strstr(str_text(&out), "c--key"));
	str_clear(&out);
	secret_add_text(&out, text.data, 0);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
