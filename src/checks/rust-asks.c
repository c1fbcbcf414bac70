/* The program in its sources: literals, code and dependencies that say what kind
 * of program it is. */
#include "rust-asks.h"

#include "own-images.h"
#include "services.h"

#include <ctype.h>

enum { BEFORE_LIMIT = 200, WALK_LIMIT = 1000, WALK_BYTES = 256 << 10 };

/* ---- texts ---- */

char *text_walk_next(const struct sources *sources, struct text_walk *walk, const char *const *patterns)
{
	while (patterns[walk->pattern] != NULL && walk->read < WALK_LIMIT) {
		walk->file = tree_each(&sources->tree, &walk->at, patterns[walk->pattern]);
		if (walk->file == NULL) {
			walk->pattern++;
			walk->at = 0;
			continue;
		}
		if (walk->file->is_harness || walk->file->size > WALK_BYTES)
			continue;
		walk->read++;
		char *text = tree_read(&sources->tree, walk->file->path, NULL);
		if (text != NULL)
			return text;
	}
	return NULL;
}

/* ---- sources ---- */

const char *rust_file(const struct sources *sources)
{
	if (sources->rust.graph_file != NULL)
		return sources->rust.graph_file;
	if (sources->rust.manifests.count > 0)
		return sources->rust.manifests.items[0];
	return sources->shipped.count > 0 ? sources->shipped.items[0].source->path : "Cargo.toml";
}

int manifest_of(const struct rust_facts *facts, const char *path)
{
	int best = -1;
	size_t most = 0;
	for (size_t i = 0; i < facts->manifests.count; i++) {
		size_t len = strlen(facts->manifests.items[i]) - strlen("Cargo.toml");
		if ((best >= 0 && len <= most) || strncmp(path, facts->manifests.items[i], len) != 0)
			continue;
		best = (int)i;
		most = len;
	}
	return best;
}

bool literal_each(const struct rust_facts *facts, struct literal *literal)
{
	size_t index = 0, at = 0;
	if (literal->source != NULL) {
		index = (size_t)(literal->source - facts->sources.items);
		at = literal->offset + literal->len + 2;
	}
	for (; index < facts->sources.count; index++, at = 0) {
		const struct rust_source *source = &facts->sources.items[index];
		const char *open = !source->is_test && at < source->len ? memchr(source->code + at, '"', source->len - at) : NULL;
		const char *close = open != NULL ? memchr(open + 1, '"', (size_t)(source->code + source->len - open - 1)) : NULL;
		if (close == NULL)
			continue;
		size_t offset = (size_t)(open - source->code);
		*literal = (struct literal){source, offset, source->text + offset + 1, (size_t)(close - open) - 1};
		return true;
	}
	return false;
}

unsigned literal_line(const struct literal *literal)
{
	return text_line_at(literal->source->text, literal->offset);
}

bool is_name_letter(char letter)
{
	return isalnum((unsigned char)letter) || letter == '_';
}

bool code_ends_with(const struct rust_source *source, size_t offset, const char *letters)
{
	size_t len = strlen(letters), at = offset;
	while (len > 0) {
		while (at > 0 && isspace((unsigned char)source->code[at - 1]))
			at--;
		if (at == 0 || source->code[at - 1] != letters[len - 1])
			return false;
		at--;
		len--;
	}
	return at == 0 || !is_name_letter(letters[0]) || !is_name_letter(source->code[at - 1]);
}

const char *code_before(const struct rust_source *source, size_t offset, size_t *len)
{
	size_t at = offset;
	while (at > 0 && offset - at < BEFORE_LIMIT && strchr(";{}", source->code[at - 1]) == NULL)
		at--;
	*len = offset - at;
	return source->code + at;
}

const char *code_before_bracket(const struct rust_source *source, size_t offset, size_t *len)
{
	size_t depth = 1;
	const char *before = code_before(source, offset, len);
	while (*len > 0 && depth > 0) {
		--*len;
		depth += before[*len] == ')';
		depth -= before[*len] == '(';
	}
	return before;
}

bool has_name(const char *code, size_t len, const char *name)
{
	size_t size = strlen(name);
	for (const char *at = code; (at = memmem(at, len - (size_t)(at - code), name, size)) != NULL; at++) {
		bool begins = at == code || !is_name_letter(at[-1]);
		bool ends = at + size == code + len || !is_name_letter(at[size]);
		if (begins && ends)
			return true;
	}
	return false;
}

/* Does it stand in a `use`, which names it and does nothing yet? */
static bool is_import(const struct rust_place *place)
{
	const char *code = place->source->code;
	size_t at = place->offset;
	while (at > 0 && place->offset - at < BEFORE_LIMIT && code[at - 1] != ';' && code[at - 1] != '}')
		at--;
	const char *start = code + at + strspn(code + at, " \t\r\n");
	return strncmp(start, "use ", 4) == 0 || strncmp(start, "pub use ", 8) == 0;
}

bool find_any(const struct rust_facts *facts, const char *const *words, struct rust_place *place)
{
	struct rust_place imported = {0};
	for (; *words != NULL; words++) {
		*place = (struct rust_place){0};
		while (rust_find(facts, *words, place)) {
			if (!is_import(place))
				return true;
			imported = imported.source == NULL ? *place : imported;
		}
	}
	*place = imported;
	return imported.source != NULL;
}

const struct rust_crate *direct_crate(const struct rust_facts *facts, const char *const *names)
{
	for (; *names != NULL; names++) {
		const struct rust_crate *crate = rust_crate(facts, *names);
		if (crate != NULL && (crate->is_direct || crate->is_member))
			return crate;
	}
	return NULL;
}

const char *web_framework(const struct rust_facts *facts)
{
	static const char *const names[] = {"axum", "actix-web", "rocket", "warp", "poem", "salvo", "tide", "loco-rs", "ntex",
		"gotham", "rouille", "tiny_http", "tonic", "viz", "trillium", "dropshot", "pavex", "cot", "roa", "thruster", "iron",
		"xitca-web", "rama", "saphir", "astra", "oxhttp", "volo-http", "volo-grpc", "leptos_axum", "leptos_actix", "lambda_http",
		"jsonrpsee-server", "pingora", "pingora-core", "pingora-proxy", "submillisecond", "graphul", "silent", "axum-server",
		"juniper_warp", "nickel", "may_minihttp", "async-graphql-axum", "actix-server", "ohkami", NULL};
	static const char *const servers[] = {"hyper :: server", "hyper :: Server", "serve_connection",
		"serve_connection_with_upgrades", "Server :: bind", NULL};
	static const char *const hyper[] = {"hyper", "hyper-util", NULL};
	static const char *const jsonrpsee[] = {"jsonrpsee", NULL};
	struct rust_place place;
	const struct rust_crate *crate = direct_crate(facts, names);
	if (crate != NULL)
		return crate->name;
	if (direct_crate(facts, jsonrpsee) != NULL && rust_has_feature(facts, "jsonrpsee", "server"))
		return "jsonrpsee";
	return direct_crate(facts, hyper) != NULL && (rust_has_feature(facts, "hyper", "server") || find_any(facts, servers, &place)) ? "hyper" : NULL;
}

static bool has_ports(const struct sources *sources)
{
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		if (service_is_rust(sources, name, service) && service_has_ports(service))
			return true;
	size_t at = 0;
	for (const struct shipped *shipped; (shipped = own_rust_image(sources, &at)) != NULL;)
		if (dockerfile_last(&shipped->source->file, shipped->stage, "EXPOSE") >= 0)
			return true;
	return false;
}

bool program_is_for_developers(const char *name)
{
	static const char *const words[] = {"xtask", "codegen", "bench", "benchmark", "loadtest", "example", "examples", "test", "tests", "fuzz", NULL};
	return path_has_word(name, words);
}

bool has_program(const struct sources *sources)
{
	static const char *const words[] = {"fn main (", "# [launch]"};
	struct rust_place place;
	for (size_t i = 0; i < sources->rust.sources.count; i++) {
		const struct rust_source *source = &sources->rust.sources.items[i];
		if (!source->is_test && !program_is_for_developers(source->path) &&
			(strcmp(path_name(source->path), "main.rs") == 0 || strstr(source->path, "/bin/") != NULL))
			return true;
	}
	for (size_t i = 0; i < COUNT_OF(words); i++)
		for (place = (struct rust_place){0}; rust_find(&sources->rust, words[i], &place);)
			if (!program_is_for_developers(place.source->path))
				return true;
	return false;
}

bool serves_network(const struct sources *sources)
{
	static const char *const listens[] = {"TcpListener :: bind", "UdpSocket :: bind", "TcpSocket :: new_v4", "Server :: bind", "serve_connection", NULL};
	struct rust_place place;
	return web_framework(&sources->rust) != NULL || has_ports(sources) || find_any(&sources->rust, listens, &place);
}

bool is_program(struct check *check)
{
	const struct sources *sources = check->sources;
	if (!sources->rust.is_there) {
		check_none(check, rust_file(sources), "there is no Rust program");
		return false;
	}
	if (!has_program(sources) && !sources->rust.is_cut) {
		check_none(check, rust_file(sources), "a library alone: nothing of it runs by itself");
		return false;
	}
	return true;
}

bool is_network_service(struct check *check)
{
	if (!is_program(check))
		return false;
	if (serves_network(check->sources))
		return true;
	check_none(check, rust_file(check->sources), "no web framework is among the dependencies, and nothing listens");
	return false;
}

bool is_service(struct check *check)
{
	static const char *const workers[] = {"lapin", "rdkafka", "kafka", "async-nats", "nats", "pulsar", "aws-sdk-sqs", "amqprs",
		"redis", "fred", "apalis", "tokio-cron-scheduler", "cron", "kube", "serenity", "poise", "teloxide", "twilight-gateway",
		"matrix-sdk", "rumqttc", "paho-mqtt", "sqlx", "tokio-postgres", "diesel", "sea-orm", "mongodb", NULL};
	size_t at = 0;
	if (!is_program(check))
		return false;
	if (web_framework(&check->sources->rust) != NULL || has_ports(check->sources) || rust_services(check->sources) > 0)
		return true;
	if (own_rust_image(check->sources, &at) != NULL && direct_crate(&check->sources->rust, workers) != NULL)
		return true;
	check_none(check, rust_file(check->sources), "no service: it has no web framework, no port and no compose service");
	return false;
}
