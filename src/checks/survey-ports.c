/* What a program listens on: the arguments of its calls that bind, followed back
 * through constants, variables, fields and functions to a number, an address or
 * the variable of the environment that gives it. */
#include "survey.h"

#include <ctype.h>
#include <stdio.h>

enum { STEPS_MOST = 20000, LOOKUPS_MOST = 400, DEPTH_MOST = 5, EXPRESSION_MOST = 1500 };

struct search {
	struct surveyed *surveyed;
	const struct rust_source *source; /* of the port, or of the address that is this machine's alone */
	size_t offset, local_offset;
	const struct rust_source *local;
	unsigned steps, lookups;
};

static bool has_word(const char *name, const char *const *words)
{
	return path_has_word(name, words);
}

bool variable_is_of_client(const char *name)
{
	static const char *const words[] = {"db", "database", "postgres", "pg", "pghost", "pgport", "mysql", "mariadb", "mongo", "mongodb", "redis", "smtp", "mail",
		"email", "amqp", "rabbitmq", "kafka", "nats", "otel", "otlp", "jaeger", "proxy", "sentry", "elastic", "ldap", "mqtt", "s3", "minio", "statsd", "syslog",
		"metrics", "prometheus", NULL};
	return has_word(name, words);
}

static bool is_port_name(const char *name)
{
	static const char *const words[] = {"port", NULL};
	return has_word(name, words) && !variable_is_of_client(name);
}

static bool is_address_name(const char *name)
{
	static const char *const words[] = {"addr", "address", "bind", "listen", "host", "ip", "socket", "interface", NULL};
	return has_word(name, words) && !variable_is_of_client(name) && !is_port_name(name);
}

unsigned port_of_text(const char *text, size_t len)
{
	size_t digits = 0;
	unsigned long port = 0;
	while (digits < len && isdigit((unsigned char)text[len - 1 - digits]))
		digits++;
	bool whole = digits == len, address = digits < len && text[len - digits - 1] == ':' && memchr(text, '/', len) == NULL;
	if (digits == 0 || digits > 5 || (!whole && !address))
		return 0;
	for (size_t i = len - digits; i < len; i++)
		port = port * 10 + (unsigned long)(text[i] - '0');
	return port < 65536 ? (unsigned)port : 0;
}

static bool is_local_text(const char *text, size_t len)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost", "::1", "[::1]"};
	for (size_t i = 0; i < COUNT_OF(hosts); i++) {
		size_t size = strlen(hosts[i]);
		if (len >= size && strncmp(text, hosts[i], size) == 0 && (len == size || text[size] == ':'))
			return true;
	}
	return false;
}

static void found_port(struct search *search, unsigned port, const struct rust_source *source, size_t offset)
{
	if (port == 0 || search->surveyed->port != 0)
		return;
	search->surveyed->port = port;
	search->source = source;
	search->offset = offset;
}

static void found_local(struct search *search, const struct rust_source *source, size_t offset)
{
	if (search->local != NULL)
		return;
	search->local = source;
	search->local_offset = offset;
}

static void take_name(char **place, const char *name)
{
	if (*place == NULL)
		*place = mem_copy_string(name);
}

static void take_read(struct search *search, const struct read *read)
{
	size_t len = strlen(read->value);
	bool is_port = is_port_name(read->name), is_address = is_address_name(read->name);
	if (!is_port && !is_address)
		return;
	take_name(is_port ? &search->surveyed->port_env : &search->surveyed->address_env, read->name);
	found_port(search, port_of_text(read->value, len), read->source, read->offset);
	if (is_local_text(read->value, len))
		found_local(search, read->source, read->offset);
}

static const struct read *read_at(const struct surveyed *surveyed, const struct rust_source *source, size_t from, size_t to)
{
	for (size_t i = 0; i < surveyed->reads.count; i++) {
		const struct read *read = &surveyed->reads.items[i];
		if (read->source == source && read->offset >= from && read->offset < to)
			return read;
	}
	return NULL;
}

/* ---- following ---- */

static size_t expression_end(const struct rust_source *source, size_t from)
{
	size_t at = from, depth = 0;
	for (; at < source->len && at - from < EXPRESSION_MOST; at++) {
		char letter = source->code[at];
		if (depth == 0 && strchr(";,)]}", letter) != NULL)
			break;
		depth += letter == '(' || letter == '[' || letter == '{';
		depth -= letter == ')' || letter == ']' || letter == '}';
	}
	return at;
}

static void follow(struct search *search, const struct rust_source *source, size_t from, size_t to, unsigned depth, bool is_loose);

static void follow_words(struct search *search, const char *words, char sign, unsigned depth)
{
	unsigned hits = 0;
	if (++search->lookups > LOOKUPS_MOST)
		return;
	for (struct rust_place place = {0}; hits < 4 && rust_find(&search->surveyed->program->facts, words, &place);) {
		const char *code = place.source->code + place.offset, *behind = strchr(code, sign);
		if (behind == NULL || behind - code > 200 || !reach_has(search->surveyed->reach, place.source, place.offset))
			continue;
		size_t from = (size_t)(behind + 1 - place.source->code);
		if (place.source->code[from] == sign) /* a path: a::b */
			continue;
		hits++;
		follow(search, place.source, from, expression_end(place.source, from), depth + 1, false);
	}
}

/* The last `let NAME = …;` before the place. */
static void follow_let(struct search *search, const struct rust_source *source, size_t before, const char *name, unsigned depth)
{
	static const char *const forms[] = {"", "mut "};
	size_t best = 0;
	if (++search->lookups > LOOKUPS_MOST)
		return;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		auto_free char *words = mem_print("let %s%s", forms[i], name);
		for (const char *at = source->code; (at = memmem(at, before - (size_t)(at - source->code), words, strlen(words))) != NULL; at++)
			if (!is_name_letter(at[strlen(words)]) && (size_t)(at - source->code) >= best)
				best = (size_t)(at - source->code) + strlen(words);
	}
	const char *equals = best > 0 ? memchr(source->code + best, '=', source->len - best) : NULL;
	size_t from = equals != NULL ? (size_t)(equals + 1 - source->code) : before;
	if (from < before)
		follow(search, source, from, expression_end(source, from), depth + 1, false);
}

static void follow_function(struct search *search, const char *name, size_t len, unsigned depth)
{
	static const char *const usual[] = {"new", "from", "into", "parse", "unwrap", "expect", "clone", "to_string", "as_str", "await", "ok", "unwrap_or",
		"unwrap_or_else", "map", "and_then", "var", "format", "default", "get", "to_owned", "String", "Some", "Ok", "context", "load", "serve", "run",
		"unwrap_or_default", "as_ref", "iter", "collect", "trim", "filter", "to_socket_addrs", "with_context", "map_err", "then", "map_or", NULL};
	auto_free char *text = mem_copy_bytes(name, len);
	size_t at = 0;
	const struct reach_function *function;
	if (name_in(text, usual))
		return;
	for (unsigned hits = 0; hits < 3 && (function = reach_named(search->surveyed->reach, name, len, &at)) != NULL; hits++)
		if (function->is_reached || reach_has(search->surveyed->reach, function->source, function->open))
			follow(search, function->source, function->open + 1, function->end, depth + 1, true);
}

/* #[serde(default = "usual_port")] before a field: what that function gives. */
static void follow_default(struct search *search, const struct rust_source *source, size_t field, unsigned depth)
{
	size_t from = field;
	int inside = 0;
	for (; from > 0 && field - from < 300; from--) {
		char letter = source->code[from - 1];
		if (inside == 0 && strchr(",{;", letter) != NULL)
			break;
		inside += (letter == ')' || letter == ']') - (letter == '(' || letter == '[');
	}
	const char *attribute = memmem(source->code + from, field - from, "default", 7), *end = source->code + field;
	const char *open = attribute != NULL ? memchr(attribute, '"', (size_t)(end - attribute)) : NULL;
	const char *close = open != NULL ? memchr(open + 1, '"', (size_t)(end - open - 1)) : NULL;
	size_t at = 0, len = close != NULL ? (size_t)(close - open - 1) : 0;
	const struct reach_function *function = NULL;
	if (len > 0)
		function = reach_named(search->surveyed->reach, source->text + (open + 1 - source->code), len, &at);
	if (function != NULL)
		follow(search, function->source, function->open + 1, function->end, depth + 1, false);
}

/* .port, .address: where such a field is given, or its default. */
static void follow_field(struct search *search, const char *name, unsigned depth)
{
	auto_free char *words = mem_print("%s :", name);
	for (size_t i = 0; i < search->surveyed->reads.count; i++) {
		const struct read *read = &search->surveyed->reads.items[i];
		size_t len = strlen(read->name), need = strlen(name);
		bool ends = len >= need && text_equal_fold(read->name + len - need, name);
		if (!ends)
			continue;
		take_read(search, read);
		if (is_port_name(read->name) && read->source->code[read->offset] != '"')
			follow_default(search, read->source, read->offset, depth);
	}
	follow_words(search, words, ':', depth);
}

static void follow_name(struct search *search, const struct rust_source *source, size_t at, size_t end, unsigned depth)
{
	auto_free char *name = mem_copy_bytes(source->code + at, end - at);
	const char *next = source->code + end + strspn(source->code + end, " \t\r\n");
	bool is_field = at > 0 && source->code[at - 1] == '.';
	bool is_path = next[0] == ':' && next[1] == ':';
	size_t member = next[0] == '.' ? 1 + strspn(next + 1, " \t\r\n") : 0, member_end = member;
	while (member > 0 && is_name_letter(next[member_end]))
		member_end++;
	bool has_field = member_end > member && next[member_end] != '(' && strncmp(next + member, "await", 5) != 0;
	if (strcmp(name, "LOCALHOST") == 0)
		found_local(search, source, at);
	if (is_path || has_field)
		return; /* what follows says more */
	if (next[0] == '(') {
		follow_function(search, name, strlen(name), depth);
	} else if (is_field) {
		follow_field(search, name, depth);
	} else if (is_variable_name(name, strlen(name))) {
		auto_free char *constant = mem_print("const %s :", name), *fixed = mem_print("static %s :", name);
		follow_words(search, constant, '=', depth);
		follow_words(search, fixed, '=', depth);
	} else {
		follow_let(search, source, at, name, depth);
	}
}

/* format!("{host}:{port}"): the variables within. */
static void follow_format(struct search *search, const struct rust_source *source, size_t at, const char *text, size_t len, unsigned depth)
{
	const char *brace = text;
	while ((brace = memchr(brace, '{', len - (size_t)(brace - text))) != NULL) {
		brace++;
		auto_free char *name = mem_copy_bytes(brace, strspn(brace, "abcdefghijklmnopqrstuvwxyz_0123456789"));
		if (name[0] != '\0')
			follow_let(search, source, at, name, depth);
	}
}

/* A literal: a variable's name, an address, a port. Where it ends. */
static size_t follow_literal(struct search *search, const struct rust_source *source, size_t at, unsigned depth)
{
	const char *code = source->code + at, *close = memchr(code + 1, '"', source->len - at - 1), *text = source->text + at + 1;
	size_t len = close != NULL ? (size_t)(close - code) - 1 : 0;
	const struct read *read = read_at(search->surveyed, source, at, at + 1);
	if (read != NULL) {
		take_read(search, read);
	} else {
		if (is_local_text(text, len))
			found_local(search, source, at);
		follow_format(search, source, at, text, len, depth);
		found_port(search, port_of_text(text, len), source, at);
	}
	return at + len + 2;
}

/* `is_loose`: among other numbers, where it need not be a port. */
static void follow_number(struct search *search, const struct rust_source *source, size_t at, size_t end, bool is_loose)
{
	char digits[8] = "";
	size_t used = 0;
	for (size_t i = at; i < end && used < 6 && (isdigit((unsigned char)source->code[i]) || source->code[i] == '_'); i++)
		if (isdigit((unsigned char)source->code[i]))
			digits[used++] = source->code[i];
	unsigned long port = strtoul(digits, NULL, 10);
	bool is_part = (at > 0 && source->code[at - 1] == '.') || source->code[end] == '.';
	if (port == 127)
		found_local(search, source, at);
	else if (!is_loose && !is_part && port >= 80 && port < 65536)
		found_port(search, (unsigned)port, source, at);
}

/* [127, 0, 0, 1]: where it ends. */
static size_t follow_address(struct search *search, const struct rust_source *source, size_t at, size_t to)
{
	if (strtoul(source->code + at + 1, NULL, 10) == 127)
		found_local(search, source, at);
	while (at < to && source->code[at] != ']')
		at++;
	return at;
}

/* `is_loose`: a whole function, whose bare numbers are no ports. */
static void follow(struct search *search, const struct rust_source *source, size_t from, size_t to, unsigned depth, bool is_loose)
{
	if (depth > DEPTH_MOST)
		return;
	for (size_t at = from; at < to && search->steps++ < STEPS_MOST;) {
		const char *code = source->code + at;
		size_t end = at;
		while (end < to && is_name_letter(source->code[end]))
			end++;
		if (*code == '"') {
			at = follow_literal(search, source, at, depth);
		} else if (*code == '[' && isdigit((unsigned char)code[1 + strspn(code + 1, " ")])) {
			at = follow_address(search, source, at, to);
		} else if (end > at) {
			if (isdigit((unsigned char)*code))
				follow_number(search, source, at, end, is_loose);
			else
				follow_name(search, source, at, end, depth);
			at = end;
		} else {
			at++;
		}
	}
}

/* ---- calls that listen ---- */

static bool is_listening_bind(const struct rust_source *source, size_t offset, size_t argument)
{
	static const char *const owners[] = {"TcpListener::", "UdpSocket::", "Server::", "axum_server::", "axum::Server::", "UnixListener::"};
	for (size_t i = 0; i < COUNT_OF(owners); i++)
		if (code_ends_with(source, offset, owners[i]))
			return true;
	if (!code_ends_with(source, offset, "."))
		return false;
	/* HttpServer::new(…).bind(("0.0.0.0", 8080))?: a query's bind takes no pair and cannot fail */
	const char *first = source->code + argument + strspn(source->code + argument, " \t\r\n");
	size_t end = expression_end(source, argument);
	const char *behind = source->code[end] == ')' ? source->code + end + 1 + strspn(source->code + end + 1, " \t\r\n") : "";
	return *first == '(' || *behind == '?' || strncmp(behind, ".unwrap()", 9) == 0 || strncmp(behind, ".expect(", 8) == 0;
}

static void look_at_calls(struct search *search, bool *listens)
{
	static const struct {
		const char *words, *needs; /* a framework's name that has to be there, or NULL */
		bool is_bind;
	} calls[] = {{"bind (", NULL, true}, {"bind_rustls (", NULL, false}, {"bind_rustls_0_23 (", NULL, false}, {"bind_openssl (", NULL, false},
		{"bind_auto_h2c (", NULL, false}, {"serve (", "tonic", false}, {"serve_with_shutdown (", NULL, false}, {"warp :: serve (", NULL, false},
		{"run (", "warp", false}, {"bind_with_graceful_shutdown (", NULL, false}, {"bind_ephemeral (", NULL, false},
		{"listen (", "tide", false}, {"Server :: http (", NULL, false}, {"TcpListener :: new (", NULL, false}, {"start_server (", NULL, false},
		{"SocketAddr :: from (", NULL, false}, {"SocketAddr :: new (", NULL, false}, {"TcpSocket :: new_v4 (", NULL, false}};
	const struct surveyed *surveyed = search->surveyed;
	for (size_t i = 0; i < COUNT_OF(calls); i++)
		for (struct rust_place place = {0}; rust_find(&surveyed->program->facts, calls[i].words, &place);) {
			const char *open = strchr(place.source->code + place.offset, '(');
			if (open == NULL || (calls[i].needs != NULL && !text_equal(surveyed->framework, calls[i].needs)))
				continue;
			size_t argument = (size_t)(open + 1 - place.source->code), len;
			const char *before = code_before(place.source, place.offset, &len);
			if (memmem(before, len, "connect", strlen("connect")) != NULL)
				continue; /* of a client */
			if (!reach_has(surveyed->reach, place.source, place.offset) || (calls[i].is_bind && !is_listening_bind(place.source, place.offset, argument)))
				continue;
			*listens = *listens || !text_starts_with(calls[i].words, "SocketAddr");
			for (size_t at = argument, end; at < place.source->len; at = end + 1) { /* each argument */
				end = expression_end(place.source, at);
				follow(search, place.source, at, end, 0, false);
				if (place.source->code[end] != ',')
					break;
			}
		}
}

/* Frameworks whose start needs no address. */
static bool starts_framework(const struct surveyed *surveyed, unsigned *usual)
{
	static const struct {
		const char *crate;
		const char *words[5];
		unsigned port;
	} starts[] = {{"rocket", {"rocket :: build", "# [launch]", "Rocket :: build", "rocket :: custom", NULL}, 8000}, {"loco-rs", {"cli :: main", "loco_rs", NULL}, 5150},
		{"axum", {"axum :: serve", "axum_server", NULL}, 0}, {"actix-web", {"HttpServer :: new", NULL}, 0}, {"lambda_http", {"lambda_http :: run", NULL}, 0},
		{"hyper", {"serve_connection", NULL}, 0}};
	struct rust_place place;
	for (size_t i = 0; i < COUNT_OF(starts); i++)
		if (text_equal(surveyed->framework, starts[i].crate) && find_any(&surveyed->program->facts, starts[i].words, &place) &&
			reach_has(surveyed->reach, place.source, place.offset)) {
			*usual = starts[i].port;
			return true;
		}
	return false;
}

/* ---- all ---- */

static unsigned line_of(const struct rust_source *source, size_t offset)
{
	return text_line_at(source->text, offset);
}

/* What the bind call did not lead to: variables and constants called so. */
static void look_around(struct search *search)
{
	struct surveyed *surveyed = search->surveyed;
	static const char *const constants[] = {"const PORT :", "const DEFAULT_PORT :", "const HTTP_PORT :"};
	for (size_t i = 0; i < surveyed->reads.count; i++)
		if ((surveyed->port_env == NULL && is_port_name(surveyed->reads.items[i].name)) || (surveyed->port == 0 && surveyed->address_env == NULL))
			take_read(search, &surveyed->reads.items[i]);
	for (size_t i = 0; i < COUNT_OF(constants) && surveyed->port == 0; i++)
		follow_words(search, constants[i], '=', 0);
}

void ports_find(struct surveyed *surveyed, json_t *says)
{
	struct search search = {.surveyed = surveyed};
	unsigned usual = 0;
	surveyed->listens = starts_framework(surveyed, &usual);
	look_at_calls(&search, &surveyed->listens);
	if (!surveyed->listens) {
		free(surveyed->port_env);
		free(surveyed->address_env);
		surveyed->port_env = surveyed->address_env = NULL;
		surveyed->port = 0;
		return;
	}
	if (text_equal(surveyed->framework, "rocket")) {
		surveyed->port = 0;
		take_name(&surveyed->port_env, "ROCKET_PORT");
		take_name(&surveyed->address_env, "ROCKET_ADDRESS");
	} else if (surveyed->port == 0 || surveyed->port_env == NULL) {
		look_around(&search);
	}
	const char *name = surveyed->program->name;
	if (surveyed->port != 0 && search.source != NULL)
		survey_say(says, search.source->path, line_of(search.source, search.offset), _("%s listens on port %u"), name, surveyed->port);
	if (surveyed->port == 0)
		ports_in_settings(surveyed, says);
	if (surveyed->port == 0 && usual != 0) {
		surveyed->port = usual;
		survey_say(says, surveyed->program->path, 0, _("%s listens on port %u: %s does where nothing else is said"), name, usual, surveyed->framework);
	}
	if (search.local != NULL && surveyed->address_env == NULL)
		survey_say(says, search.local->path, line_of(search.local, search.local_offset),
			_("%s listens on 127.0.0.1 alone: in a container nobody reaches it there; let it bind 0.0.0.0"), name);
	else if (search.local != NULL)
		survey_say(says, search.local->path, line_of(search.local, search.local_offset),
			_("%s listens on 127.0.0.1 where nothing else is said: in a container set %s to 0.0.0.0"), name, surveyed->address_env);
}
