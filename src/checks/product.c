/* The project's own services, images and programs among all that it names: what
 * checks about a running service ask first. */
#include "product.h"

#include <ctype.h>

enum { BEFORE_LIMIT = 200, SERVICES_LIMIT = 1000, WALK_LIMIT = 1000, WALK_BYTES = 256 << 10 };

/* ---- compose ---- */

bool compose_is_there(struct check *check)
{
	const struct sources *sources = check->sources;
	const char *reason = sources->options->compose_reason;
	if (compose_services(sources) != NULL)
		return true;
	if (sources->compose_files.count > 0)
		check_missing(check, "compose did not say what its files mean together: %s", reason != NULL ? reason :
			sources->compose_files.items[0].path);
	else if (sources->other_composes.count > 0)
		check_missing(check, "compose was not asked for %s: name it with -f", sources->other_composes.items[0].path);
	else
		check_none(check, rust_file(sources), "there is no compose file");
	return false;
}

const json_t *service_each(const struct sources *sources, void **iter, const char **name)
{
	json_t *services = (json_t *)compose_services(sources);
	while (services != NULL && json_object_size(services) <= SERVICES_LIMIT) {
		*iter = *iter == NULL ? json_object_iter(services) : json_object_iter_next(services, *iter);
		if (*iter == NULL)
			return NULL;
		*name = json_object_iter_key(*iter);
		if (json_is_object(json_object_iter_value(*iter)))
			return json_object_iter_value(*iter);
	}
	return NULL;
}

static bool is_member_name(const struct sources *sources, const char *name)
{
	const struct rust_crate *crate = rust_crate(&sources->rust, name);
	return crate != NULL && crate->is_member;
}

/* "lemmy" of the member lemmy_server. */
static bool begins_member_name(const struct sources *sources, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < sources->rust.crates.count; i++) {
		const struct rust_crate *crate = &sources->rust.crates.items[i];
		if (crate->is_member && strncmp(crate->name, name, len) == 0 && (crate->name[len] == '-' || crate->name[len] == '_'))
			return true;
	}
	return false;
}

/* Of others, whatever a member is called. */
static bool is_known_image(const char *image)
{
	static const char *const others[] = {"postgres", "mysql", "mariadb", "mongo", "redis", "valkey", "nginx", "traefik", "caddy",
		"prometheus", "grafana", "elasticsearch", "rabbitmq", "node", "haproxy", "fluentd", "fluent-bit", "pgbouncer", "postgis",
		"minio", "jaeger", "alpine", "debian", "busybox", NULL};
	struct image_name name;
	image_name_read(image, &name);
	const char *last = path_name(name.name);
	bool known = false;
	for (size_t i = 0; others[i] != NULL; i++)
		known = known || strcmp(last, others[i]) == 0;
	image_name_finish(&name);
	return known;
}

/* An image that was built elsewhere: is it called as the project is? */
static bool is_own_image(const struct sources *sources, const char *image)
{
	struct image_name name;
	auto_strings parts = {0};
	if (image == NULL || is_known_image(image))
		return false;
	image_name_read(image, &name);
	strings_split(&parts, name.name, '/');
	bool own = begins_member_name(sources, path_name(name.name)) || strcmp(path_name(name.name),
		path_name(sources->tree.root)) == 0;
	for (size_t i = 0; i < parts.count; i++)
		own = own || is_member_name(sources, parts.items[i]);
	image_name_finish(&name);
	return own;
}

const struct shipped *service_shipped(const struct sources *sources, const char *service)
{
	for (size_t i = 0; i < sources->shipped.count; i++)
		if (text_equal(sources->shipped.items[i].service, service))
			return &sources->shipped.items[i];
	return NULL;
}

static bool any_image_has_rust(const struct sources *sources)
{
	for (size_t i = 0; i < sources->shipped.count; i++)
		if (sources->shipped.items[i].has_rust)
			return true;
	return false;
}

/* A database that is built of its own image with something added is no program
 * of the project. */
static bool is_program_image(const struct shipped *shipped)
{
	const char *base = shipped_base(shipped);
	struct image_name name;
	image_name_read(base, &name);
	bool bare = strcmp(name.name, "alpine") == 0 || strcmp(name.name, "debian") == 0 || strcmp(name.name, "busybox") == 0;
	image_name_finish(&name);
	return bare || !is_known_image(base);
}

/* The sources under a toolchain's image: `image: rust` with `cargo run`. */
static bool runs_cargo(const json_t *service)
{
	const char *image = compose_image(service);
	auto_free char *command = words_text(json_object_get(service, "command"));
	struct image_name name;
	if (image == NULL || strstr(command, "cargo ") == NULL)
		return false;
	image_name_read(image, &name);
	bool rust = text_starts_with(path_name(name.name), "rust") || text_starts_with(path_name(name.name), "cargo");
	image_name_finish(&name);
	return rust;
}

bool service_is_product(const struct sources *sources, const char *name, const json_t *service)
{
	const struct shipped *shipped = service_shipped(sources, name);
	const char *image = compose_image(service);
	if (!compose_is_built(service))
		return is_own_image(sources, image) || runs_cargo(service);
	if (shipped == NULL)
		return !any_image_has_rust(sources) || is_member_name(sources, name);
	return shipped->has_rust || (!any_image_has_rust(sources) && is_program_image(shipped));
}

/* Run once, or by hand: by its name. */
static bool is_called_job(const char *name)
{
	static const char *const names[] = {"cli", "init", "setup", "seed", "shell", "tools", "migrate", "migrations", "migration"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strstr(name, "migrat") != NULL || text_ends_with(name, "-cli") || text_ends_with(name, "-init") ||
		text_ends_with(name, "-setup");
}

bool service_is_job(const struct sources *sources, const char *name)
{
	if (is_called_job(name))
		return true;
	const char *other, *condition;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &other)) != NULL;) {
		const json_t *depend = json_object_get(json_object_get(service, "depends_on"), name);
		condition = json_string_value(json_object_get(depend, "condition"));
		if (text_equal(condition, "service_completed_successfully"))
			return true;
	}
	return false;
}

bool service_is_for_tests(const char *name)
{
	for (const char *at = name; *at != '\0';) {
		size_t len = strcspn(at, "-_.");
		if ((len == 4 && strncmp(at, "test", 4) == 0) || (len == 5 && strncmp(at, "tests", 5) == 0) ||
			(len == 7 && strncmp(at, "testing", 7) == 0))
			return true;
		at += len + (at[len] != '\0');
	}
	return false;
}

unsigned product_count(const struct sources *sources)
{
	unsigned count = 0;
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		count += service_is_product(sources, name, service) && !service_is_job(sources, name) && !service_is_for_tests(name);
	return count;
}

const char *service_env(const json_t *service, const char *name)
{
	return json_string_value(json_object_get(json_object_get(service, "environment"), name));
}

/* The service as a file writes it. */
static const struct yaml_node *written_service(const struct yaml_source *source, const char *service)
{
	const struct yaml_node *services = source->yaml != NULL ? yaml_get(yaml_root(source->yaml), "services") : NULL;
	return services != NULL ? yaml_get(services, service) : NULL;
}

/* In a list of NAME=VALUE: the item, and its value; "" where there is none. */
static const char *value_in_list(const struct yaml_node *list, const char *name, unsigned *line)
{
	size_t len = strlen(name);
	for (size_t i = 0; list != NULL && list->kind == YAML_LIST && i < list->items.count; i++) {
		const char *text = yaml_text(list->items.items[i]);
		if (text == NULL || strncmp(text, name, len) != 0 || (text[len] != '=' && text[len] != '\0'))
			continue;
		*line = list->items.items[i]->line;
		return text + len + (text[len] == '=');
	}
	return NULL;
}

const char *service_written(const struct sources *sources, const char *service, const char *where, const char *name,
	const char **file, unsigned *line)
{
	for (size_t i = sources->compose_files.count; i-- > 0;) {
		const struct yaml_source *source = &sources->compose_files.items[i];
		const struct yaml_node *node = written_service(source, service);
		const struct yaml_node *all = node != NULL ? yaml_at(node, where) : NULL;
		const struct yaml_node *key = all != NULL ? yaml_key(all, name) : NULL;
		const char *value = value_in_list(all, name, line);
		*file = source->path;
		if (value != NULL)
			return value;
		if (key == NULL)
			continue;
		*line = key->line;
		value = yaml_text(yaml_get(all, name));
		return value != NULL ? value : "";
	}
	*file = compose_place(sources, service, where, line);
	return NULL;
}

const char *service_env_written(const struct sources *sources, const char *service, const char *name, const char **file,
	unsigned *line)
{
	return service_written(sources, service, "environment", name, file, line);
}

static bool mounts_on(const struct yaml_node *item, const char *target)
{
	const char *text = yaml_text(item), *long_form = yaml_text(yaml_get(item, "target"));
	if (text == NULL)
		return text_equal(long_form, target);
	const char *at = strstr(text, target);
	size_t len = strlen(target);
	return at != NULL && (at == text || at[-1] == ':') && (at[len] == '\0' || at[len] == ':' ||
		(at[len] == '/' && (at[len + 1] == '\0' || at[len + 1] == ':')));
}

const char *service_mount_place(const struct sources *sources, const char *service, const char *target, unsigned *line)
{
	static const char *const lists[] = {"volumes", "tmpfs", "configs"};
	for (size_t i = sources->compose_files.count; i-- > 0;) {
		const struct yaml_source *source = &sources->compose_files.items[i];
		const struct yaml_node *node = written_service(source, service);
		for (size_t k = 0; node != NULL && k < COUNT_OF(lists); k++) {
			const struct yaml_node *list = yaml_get(node, lists[k]);
			for (size_t j = 0; list != NULL && list->kind == YAML_LIST && j < list->items.count; j++) {
				if (!mounts_on(list->items.items[j], target))
					continue;
				*line = list->items.items[j]->line;
				return source->path;
			}
		}
	}
	return compose_place(sources, service, "volumes", line);
}

const char *service_place(const struct sources *sources, const char *service, const char *path, unsigned *line)
{
	auto_free char *part = mem_copy_string(path);
	unsigned own;
	const char *file = compose_place(sources, service, "", &own);
	for (;;) {
		const char *found = compose_place(sources, service, part, line);
		char *dot = strrchr(part, '.');
		if (dot == NULL || found == NULL || *line != own || !text_equal(found, file))
			return found;
		*dot = '\0';
	}
}

const char *path_in_project(const struct sources *sources, const char *path)
{
	if (path == NULL)
		return NULL;
	const char *below = path_relative(path, sources->tree.root);
	return below != NULL ? below : path_relative(path, sources->options->root);
}

char *words_text(const json_t *words)
{
	struct str out = {0};
	const char *text = json_string_value(words);
	if (text != NULL)
		str_add(&out, text);
	for (size_t i = 0; i < json_array_size(words) && i < 1000; i++) {
		const char *word = json_string_value(json_array_get(words, i));
		str_print(&out, "%s%s", i > 0 ? " " : "", word != NULL ? word : "");
	}
	return str_steal(&out);
}

/* ---- images ---- */

const struct shipped *product_image_each(const struct sources *sources, size_t *at)
{
	bool rust = any_image_has_rust(sources);
	while (*at < sources->shipped.count) {
		const struct shipped *shipped = &sources->shipped.items[(*at)++];
		if (rust ? shipped->has_rust : is_program_image(shipped))
			return shipped;
	}
	return NULL;
}

/* The value of NAME in "NAME=a OTHER=b" or "NAME a b". */
static char *env_in_line(const char *rest, const char *name)
{
	auto_strings words = {0};
	size_t len = strlen(name);
	if (!strings_split_words(&words, rest) || words.count == 0)
		return NULL;
	if (strchr(words.items[0], '=') == NULL) {
		const char *value = rest + strspn(rest, " \t");
		if (strcmp(words.items[0], name) != 0 || strlen(value) <= len)
			return NULL;
		return mem_copy_string(value + len + strspn(value + len, " \t"));
	}
	for (size_t i = words.count; i-- > 0;)
		if (strncmp(words.items[i], name, len) == 0 && words.items[i][len] == '=')
			return mem_copy_string(words.items[i] + len + 1);
	return NULL;
}

char *image_env(const struct shipped *shipped, const char *name, unsigned *line)
{
	const struct dockerfile *file = &shipped->source->file;
	for (size_t i = file->lines.count; i-- > 0;) {
		const struct docker_line *each = &file->lines.items[i];
		if (strcmp(each->word, "ENV") != 0 || !stage_has_line(file, shipped->stage, i))
			continue;
		auto_free char *value = env_in_line(each->rest, name);
		if (value == NULL)
			continue;
		if (line != NULL)
			*line = each->first;
		return dockerfile_expand(file, i, value);
	}
	return NULL;
}

char *live_env(const json_t *container, const char *name)
{
	const json_t *all = live_at(container, "inspect.Config.Env");
	size_t len = strlen(name);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const char *text = json_string_value(json_array_get(all, i));
		if (text != NULL && strncmp(text, name, len) == 0 && text[len] == '=')
			return mem_copy_string(text + len + 1);
	}
	return NULL;
}

bool files_speak_for(const struct check *check)
{
	for (size_t i = 0; i < check->result->evidence.count; i++)
		if (!check->result->evidence.items[i].is_live && !check->result->evidence.items[i].is_against)
			return true;
	return false;
}

bool live_is_product(const struct sources *sources, const json_t *container)
{
	const char *name = live_service(container);
	const json_t *service = json_object_get(compose_services(sources), name);
	if (service == NULL)
		return live_is_built(sources, container) || is_member_name(sources, name);
	return service_is_product(sources, name, service) && !service_is_job(sources, name) && !service_is_for_tests(name);
}

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

static bool is_name_letter(char letter)
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

const char *web_framework(const struct sources *sources)
{
	static const char *const names[] = {"axum", "actix-web", "rocket", "warp", "poem", "salvo", "tide", "loco-rs", "ntex",
		"gotham", "rouille", "tiny_http", "tonic", "viz", "trillium", "dropshot", "pavex", "cot", "roa", "thruster", "iron",
		"xitca-web", "rama", "saphir", "astra", "oxhttp", "volo-http", "leptos_axum", "leptos_actix", "lambda_http", "jsonrpsee",
		"pingora", "submillisecond", "graphul", "silent", NULL};
	static const char *const servers[] = {"hyper :: server", "hyper :: Server", "serve_connection",
		"serve_connection_with_upgrades", "Server :: bind", NULL};
	static const char *const hyper[] = {"hyper", "hyper-util", NULL};
	struct rust_place place;
	const struct rust_crate *crate = direct_crate(&sources->rust, names);
	if (crate != NULL)
		return crate->name;
	return direct_crate(&sources->rust, hyper) != NULL && find_any(&sources->rust, servers, &place) ? "hyper" : NULL;
}

static bool has_ports(const struct sources *sources)
{
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		if (service_is_product(sources, name, service) && json_array_size(json_object_get(service,
			"ports")) + json_array_size(json_object_get(service, "expose")) > 0)
			return true;
	size_t at = 0;
	for (const struct shipped *shipped; (shipped = product_image_each(sources, &at)) != NULL;)
		if (dockerfile_last(&shipped->source->file, shipped->stage, "EXPOSE") >= 0)
			return true;
	return false;
}

static bool has_program(const struct sources *sources)
{
	static const char *const words[] = {"fn main (", "# [launch]", NULL};
	struct rust_place place;
	for (size_t i = 0; i < sources->rust.sources.count; i++) {
		const struct rust_source *source = &sources->rust.sources.items[i];
		if (!source->is_test && (strcmp(path_name(source->path), "main.rs") == 0 || strstr(source->path, "/bin/") != NULL))
			return true;
	}
	return find_any(&sources->rust, words, &place);
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
	static const char *const listens[] = {"TcpListener :: bind", "UdpSocket :: bind", "TcpSocket :: new_v4", NULL};
	struct rust_place place;
	if (!is_program(check))
		return false;
	if (web_framework(check->sources) != NULL || has_ports(check->sources) || find_any(&check->sources->rust, listens, &place))
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
	if (web_framework(check->sources) != NULL || has_ports(check->sources) || product_count(check->sources) > 0)
		return true;
	if (product_image_each(check->sources, &at) != NULL && direct_crate(&check->sources->rust, workers) != NULL)
		return true;
	check_none(check, rust_file(check->sources), "no service: it has no web framework, no port and no compose service");
	return false;
}
