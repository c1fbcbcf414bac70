/* 5.1: does EXPOSE say which ports the program listens on, and can anybody
 * reach it there? */
#include "observability.h"
#include "probes.h"

#include <ctype.h>
#include <stdio.h>

/* ---- EXPOSE ---- */

struct ports {
	bool has[65536]; /* exposed, tcp or udp */
	bool any; /* a line is there */
	bool is_open; /* a part of it is a variable without a value */
};

/* "8080", "8080/tcp", "8000-8010/udp". False: it is none. */
static bool add_port(struct ports *ports, const char *word)
{
	unsigned from = 0, to = 0;
	int used = 0;
	if (sscanf(word, "%5u%n", &from, &used) != 1)
		return false;
	const char *rest = word + used;
	to = from;
	if (*rest == '-' && sscanf(rest, "-%5u%n", &to, &used) == 1)
		rest += used;
	if (*rest != '\0' && !text_equal_fold(rest, "/tcp") && !text_equal_fold(rest, "/udp") && !text_equal_fold(rest, "/sctp"))
		return false;
	if (from == 0 || to < from || to > 65535)
		return false;
	for (unsigned port = from; port <= to; port++)
		ports->has[port] = true;
	return true;
}

static void read_expose(struct check *check, const struct shipped *shipped, size_t at, struct ports *ports)
{
	const struct docker_line *line = &shipped->source->file.lines.items[at];
	auto_free char *text = dockerfile_expand(&shipped->source->file, at, line->rest);
	auto_strings words = {0};
	strings_split_words(&words, text);
	for (size_t i = 0; i < words.count; i++) {
		const char *word = words.items[i];
		if (word[0] == '#')
			break;
		ports->any = true;
		if (strchr(word, '$') != NULL)
			ports->is_open = true;
		else if (!add_port(ports, word))
			check_against(check, shipped->source->path, line->first,
				"EXPOSE %s is no port: it takes a number from 1 to 65535, /tcp or /udp", word);
		else if (strcmp(word, "22") == 0 || strcmp(word, "22/tcp") == 0)
			check_against(check, shipped->source->path, line->first, "EXPOSE 22 is SSH: a service needs none in its image");
	}
}

static unsigned read_exposed(struct check *check, const struct shipped *shipped, struct ports *ports)
{
	const struct dockerfile *file = &shipped->source->file;
	unsigned line = 0;
	for (size_t i = 0; i < file->lines.count; i++) {
		if (strcmp(file->lines.items[i].word, "EXPOSE") != 0 || !stage_has_line(file, shipped->stage, i))
			continue;
		read_expose(check, shipped, i, ports);
		line = file->lines.items[i].first;
	}
	return line;
}

/* ---- compose ---- */

/* Of the same lines, whatever their arguments. */
/* The next port that compose publishes of the image, from *at on; 0: no more. */
static unsigned published_port(const struct sources *sources, const char *service, size_t *at)
{
	const json_t *ports = compose_member(json_object_get(compose_services(sources), service), "ports");
	while (*at < json_array_size(ports)) {
		json_int_t port = json_integer_value(json_object_get(json_array_get(ports, (*at)++), "target"));
		if (port > 0 && port < 65536)
			return (unsigned)port;
	}
	return 0;
}

static bool probes_http(const struct sources *sources, const struct shipped *shipped, const json_t *service)
{
	auto_probe own = {0}, said = {0};
	probe_of_image(shipped, &own);
	probe_of_service(sources, shipped->service != NULL ? shipped->service : "", service, &said);
	auto_free char *own_text = probe_text(&own), *text = probe_text(&said);
	return strstr(own_text, "http") != NULL || strstr(text, "http") != NULL;
}

/* Is it seen to listen: by ports, a probe, labels of a proxy, a variable? */
static bool is_seen_to_listen(const struct sources *sources, const struct shipped *shipped)
{
	auto_free char *port = image_env(shipped, "PORT", NULL);
	for (size_t i = 0; i < sources->shipped.count; i++) {
		const struct shipped *each = &sources->shipped.items[i];
		const json_t *service = each->service != NULL ? json_object_get(compose_services(sources), each->service) : NULL;
		if (!shipped_is_same(each, shipped))
			continue;
		if (service_has_ports(service) || probes_http(sources, each, service))
			return true;
		const char *label;
		json_t *value;
		json_object_foreach((json_t *)json_object_get(service, "labels"), label, value)
			if (strstr(label, ".loadbalancer.server.port") != NULL)
				return true;
	}
	return port != NULL;
}

/* ---- one image ---- */

/* The line to put EXPOSE before: behind the instruction above what starts the program. */
static unsigned line_for_expose(const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	for (size_t i = 0; i < file->lines.count; i++) {
		const struct docker_line *line = &file->lines.items[i];
		if (line->stage != shipped->stage || (strcmp(line->word, "CMD") != 0 && strcmp(line->word, "ENTRYPOINT") != 0))
			continue;
		return file->lines.items[i - 1].last + 1; /* FROM is above it in any case */
	}
	return 0;
}

static void offer_expose(struct check *check, const struct shipped *shipped, const struct ports *published)
{
	auto_str text = {0};
	unsigned line = line_for_expose(shipped);
	for (unsigned port = 1; port < 65536; port++)
		if (published->has[port])
			str_print(&text, " %u", port);
	if (text.len == 0)
		return;
	check_mend(check, "Add EXPOSE%s to the last stage of %s", str_text(&text), shipped->source->path);
	auto_free char *whole = mem_print("EXPOSE%s", str_text(&text));
	if (line > 0 && !shipped->source->is_inline)
		check_edit_insert(check, shipped->source->path, line, whole);
}

/* What compose publishes of it, over all services that it is built for. */
static void hold_against_compose(struct check *check, const struct shipped *shipped, const struct ports *exposed,
	struct ports *published)
{
	const struct sources *sources = check->sources;
	for (size_t i = 0; i < sources->shipped.count; i++) {
		const struct shipped *each = &sources->shipped.items[i];
		size_t at = 0;
		if (each->service == NULL || !shipped_is_same(each, shipped))
			continue;
		for (unsigned port, line; (port = published_port(sources, each->service, &at)) != 0;) {
			published->has[port] = published->any = true;
			const char *file = compose_place(sources, each->service, "ports", &line);
			if (exposed->any && !exposed->is_open && !exposed->has[port])
				check_against(check, file, line, "%s publishes port %u of the container, which %s does not expose", each->service,
					port, shipped->source->path);
		}
	}
}

/* ---- what the code binds ---- */

enum { BOUND_MOST = 20 };
struct bound {
	unsigned port;
	const char *file;
	unsigned line;
};
struct bounds {
	struct bound items[BOUND_MOST];
	size_t count;
	bool is_open; /* a port comes from elsewhere */
};

static void add_bound(struct bounds *bounds, unsigned long port, const char *file, unsigned line)
{
	if (port > 0 && port < 65536 && bounds->count < BOUND_MOST)
		bounds->items[bounds->count++] = (struct bound){(unsigned)port, file, line};
}

/* The name of a variable whose whole value begins with the literal, and that is bound: `let addr = "…"; bind(addr)`. */
static bool is_bound_later(const struct literal *literal)
{
	size_t len;
	const struct rust_source *source = literal->source;
	const char *before = code_before(source, literal->offset, &len), *end = before + len, *name = NULL;
	if (!code_ends_with(source, literal->offset, "="))
		return false;
	for (const char *at = before; (at = memmem(at, (size_t)(end - at), "let ", 4)) != NULL;)
		name = at += 4;
	while (name != NULL && name < end && isspace((unsigned char)*name))
		name++;
	if (name != NULL && end - name > 4 && strncmp(name, "mut ", 4) == 0)
		name += 4;
	size_t size = 0;
	while (name != NULL && name + size < end && (isalnum((unsigned char)name[size]) || name[size] == '_'))
		size++;
	for (const char *at = source->code; size > 0 && (at = memmem(at, (size_t)(source->code + source->len - at), "bind(", 5)) != NULL;) {
		at += 5;
		at += *at == '&';
		if ((size_t)(source->code + source->len - at) > size && strncmp(at, name, size) == 0 && !isalnum((unsigned char)at[size]) && at[size] != '_')
			return true;
	}
	return false;
}

/* "0.0.0.0:8080": its port; 0: it is no such address. */
static unsigned long port_of_address(const struct literal *literal)
{
	static const char *const hosts[] = {"0.0.0.0:", "[::]:", "127.0.0.1:", "localhost:", "[::1]:", ":::"};
	for (size_t i = 0; i < COUNT_OF(hosts); i++) {
		size_t len = strlen(hosts[i]), digits = 0;
		if (literal->len <= len || strncmp(literal->text, hosts[i], len) != 0)
			continue;
		while (len + digits < literal->len && isdigit((unsigned char)literal->text[len + digits]))
			digits++;
		if (digits > 0 && len + digits == literal->len)
			return strtoul(literal->text + len, NULL, 10);
	}
	return 0;
}

/* The number behind a comma: `[0, 0, 0, 0], 8080`; 0: another thing. */
static unsigned long port_behind(const char *code, char close)
{
	const char *at = strchr(code, close);
	if (at == NULL)
		return 0;
	at += 1 + strspn(at + 1, " \t\r\n");
	return *at == ',' ? strtoul(at + 1, NULL, 10) : 0;
}

static void read_bounds(const struct rust_facts *facts, struct bounds *bounds)
{
	static const char *const calls[] = {"TcpListener :: bind (", "Server :: bind (", "axum_server :: bind ("};
	struct rust_place place = {0};
	size_t len, called = 0;
	for (struct literal literal = {0}; literal_each(facts, &literal);) {
		bool is_direct = code_ends_with(literal.source, literal.offset, "bind(");
		unsigned long port = port_of_address(&literal);
		if (code_ends_with(literal.source, literal.offset, "bind(("))
			port = port_behind(literal.source->code + literal.offset + 1, '"');
		else if (port == 0 || (!is_direct && !is_bound_later(&literal)))
			continue;
		add_bound(bounds, port, literal.source->path, literal_line(&literal));
		bounds->is_open = bounds->is_open || port == 0;
	}
	while (rust_find(facts, "([0, 0, 0, 0]", &place)) {
		unsigned long port = port_behind(place.source->code + place.offset, ']');
		const char *before = code_before(place.source, place.offset, &len);
		bool is_default = memmem(before, len, "unwrap_or", 9) != NULL || memmem(before, len, "default", 7) != NULL;
		bounds->is_open = bounds->is_open || port == 0 || is_default;
		add_bound(bounds, port, place.source->path, place.line);
	}
	for (size_t i = 0; i < COUNT_OF(calls); i++)
		for (place = (struct rust_place){0}; rust_find(facts, calls[i], &place);)
			called++;
	bounds->is_open = bounds->is_open || called > bounds->count;
}

/* Ports that are written into the code: is one of them exposed? */
static void hold_against_code(struct check *check, const struct shipped *shipped, const struct ports *exposed, unsigned line)
{
	struct bounds bounds = {0};
	bool any = false;
	read_bounds(&check->sources->rust, &bounds);
	for (size_t i = 0; i < bounds.count; i++)
		any = any || exposed->has[bounds.items[i].port];
	if (bounds.is_open || bounds.count == 0 || any)
		return;
	check_against(check, shipped->source->path, line, "EXPOSE does not name %u, the port that the program binds (%s:%u)",
		bounds.items[0].port, bounds.items[0].file, bounds.items[0].line);
	check_mend(check, "Write EXPOSE %u, the port that the program binds", bounds.items[0].port);
}

/* A variable that the code asks for its port, as the image or the service sets it. */
static void hold_against_variable(struct check *check, const struct shipped *shipped, const struct ports *exposed)
{
	static const char *const names[] = {"PORT", "HTTP_PORT", "SERVER_PORT", "APP_PORT", "LISTEN_PORT"};
	const struct sources *sources = check->sources;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct rust_place place = {0};
		if (!rust_find_string(&sources->rust, names[i], true, &place))
			continue;
		for (size_t k = 0; k < sources->shipped.count; k++) {
			const struct shipped *each = &sources->shipped.items[k];
			const json_t *service = each->service != NULL ? json_object_get(compose_services(sources), each->service) : NULL;
			unsigned line = 0;
			auto_free char *own = image_env(each, names[i], &line);
			const char *set = service_env(service, names[i]), *value = set != NULL ? set : own, *file = each->source->path;
			unsigned long port = value != NULL && value[0] != '\0' && strspn(value, "0123456789") == strlen(value) ? strtoul(value, NULL, 10) : 0;
			if (!shipped_is_same(each, shipped) || port == 0 || port > 65535 || exposed->has[port])
				continue;
			if (set != NULL)
				compose_entry(sources, each->service, "environment", names[i], &file, &line);
			check_against(check, file, line, "the program listens on port %lu (%s), which EXPOSE of %s does not name", port, names[i],
				shipped->source->path);
			check_mend(check, "Write EXPOSE %lu, the port that %s gives the program", port, names[i]);
		}
	}
}

static void judge_image(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	auto_free struct ports *exposed = mem_alloc(sizeof *exposed), *published = mem_alloc(sizeof *published);
	unsigned line = read_exposed(check, shipped, exposed);
	hold_against_compose(check, shipped, exposed, published);
	if (exposed->any) {
		if (!exposed->is_open) {
			hold_against_variable(check, shipped, exposed);
			hold_against_code(check, shipped, exposed, line);
		}
		check_for(check, shipped->source->path, line, "EXPOSE stands in the stage that is shipped");
		return;
	}
	check_against(check, shipped->source->path, file->stages.items[shipped->stage].line,
		"the stage that is shipped has no EXPOSE");
	offer_expose(check, shipped, published);
}

static bool was_before(const struct sources *sources, const struct shipped *shipped)
{
	for (const struct shipped *each = sources->shipped.items; each < shipped; each++)
		if (shipped_is_same(each, shipped))
			return true;
	return false;
}

static void judge_images(struct check *check)
{
	const struct sources *sources = check->sources;
	bool seen = false;
	size_t at = 0;
	for (const struct shipped *shipped; (shipped = own_rust_image(sources, &at)) != NULL;)
		seen = seen || is_seen_to_listen(sources, shipped) || dockerfile_last(&shipped->source->file, shipped->stage,
			"EXPOSE") >= 0;
	/* of several images those of workers have no port: judge what is seen to listen */
	at = 0;
	for (const struct shipped *shipped; (shipped = own_rust_image(sources, &at)) != NULL;) {
		bool exposes = dockerfile_last(&shipped->source->file, shipped->stage, "EXPOSE") >= 0;
		if (!was_before(sources, shipped) && (!seen || exposes || is_seen_to_listen(sources, shipped)))
			judge_image(check, shipped);
	}
}

/* ---- the address ---- */

/* Is the word in a setting that a container gets: an image, compose, a script? */
static bool is_set_somewhere(const struct sources *sources, const char *word)
{
	const char *name;
	void *iter = NULL;
	for (size_t i = 0; i < sources->dockers.count; i++)
		if (strstr(sources->dockers.items[i]->text, word) != NULL)
			return true;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		if (service_env(service, word) != NULL)
			return true;
	static const char *const patterns[] = {"*.sh", "*.env", ".env*", "fly.toml", "*.y*ml", NULL};
	struct text_walk walk = {0};
	for (char *text; (text = text_walk_next(sources, &walk, patterns)) != NULL;) {
		bool found = strstr(text, word) != NULL;
		free(text);
		if (found)
			return true;
	}
	return false;
}

static bool uses_host_network(const struct sources *sources)
{
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		if (text_equal(json_string_value(json_object_get(service, "network_mode")), "host"))
			return true;
	return false;
}

/* Rocket from 0.5 on listens on 127.0.0.1 unless it is told (Rocket guide, Configuration). */
static void judge_rocket(struct check *check)
{
	static const char *const told[] = {"address :", ". address =", NULL};
	const struct sources *sources = check->sources;
	const struct rust_crate *rocket = rust_crate(&sources->rust, "rocket");
	struct rust_place place = {0};
	if (rocket == NULL || !rocket->is_direct || !text_starts_with(rocket->version, "0.5"))
		return;
	if (find_any(&sources->rust, told, &place) || is_set_somewhere(sources, "ROCKET_ADDRESS"))
		return;
	place = (struct rust_place){0};
	if (rust_find_string(&sources->rust, "address", true, &place) || rust_find_string(&sources->rust, "0.0.0.0", false, &place))
		return;
	const struct tree_file *file;
	for (size_t at = 0; (file = tree_each(&sources->tree, &at, "Rocket.toml")) != NULL;) {
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		if (text != NULL && strstr(text, "address") != NULL)
			return;
	}
	place = (struct rust_place){0};
	bool found = rust_find(&sources->rust, "rocket :: build", &place);
	check_against(check, found ? place.source->path : rust_file(sources), found ? place.line : 0,
		"Rocket listens on 127.0.0.1 unless ROCKET_ADDRESS or Rocket.toml say 0.0.0.0: nobody outside the container reaches it");
}

static bool binds_to_all(const struct rust_facts *facts)
{
	static const char *const all[] = {"[0, 0, 0, 0]", "Ipv4Addr :: UNSPECIFIED", "Ipv6Addr :: UNSPECIFIED",
		"Ipv4Addr :: new (0, 0, 0, 0)", NULL};
	static const char *const texts[] = {"0.0.0.0", "[::]", "::"};
	struct rust_place place;
	if (find_any(facts, all, &place))
		return true;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		place = (struct rust_place){0};
		if (rust_find_string(facts, texts[i], i == COUNT_OF(texts) - 1, &place))
			return true;
	}
	return false;
}

/* Does an address of the container alone stand in a call of bind() itself? */
static bool binds_to_itself(const struct rust_facts *facts, const char **file, unsigned *line)
{
	static const char *const codes[] = {"SocketAddr :: from (([127, 0, 0, 1]", "bind (([127, 0, 0, 1]", "run (([127, 0, 0, 1]",
		"bind ((Ipv4Addr :: LOCALHOST", NULL};
	struct rust_place place;
	if (find_any(facts, codes, &place)) {
		*file = place.source->path;
		*line = place.line;
		return true;
	}
	for (struct literal literal = {0}; literal_each(facts, &literal);) {
		bool own = strncmp(literal.text, "127.0.0.1", 9) == 0 || strncmp(literal.text, "localhost", 9) == 0;
		bool none = literal.len >= 2 && strncmp(literal.text + literal.len - 2, ":0", 2) == 0; /* any port: a client's */
		if (literal.len < 9 || !own || none)
			continue;
		if (!code_ends_with(literal.source, literal.offset, "bind(") && !code_ends_with(literal.source, literal.offset, "bind((") &&
			!is_bound_later(&literal))
			continue;
		*file = literal.source->path;
		*line = literal_line(&literal);
		return true;
	}
	return false;
}

static void judge_address(struct check *check)
{
	const struct sources *sources = check->sources;
	const char *file = NULL;
	unsigned line = 0;
	if (uses_host_network(sources))
		return;
	judge_rocket(check);
	if (!binds_to_all(&sources->rust) && binds_to_itself(&sources->rust, &file, &line)) {
		check_against(check, file, line, "the program binds to the container's own 127.0.0.1: nobody outside it can connect");
		check_mend(check, "Bind to 0.0.0.0, or take the address from a variable");
	}
}

void ports_files(struct check *check)
{
	size_t at = 0;
	if (!is_network_service(check))
		return;
	if (own_rust_image(check->sources, &at) == NULL) {
		check_none(check, rust_file(check->sources), "no Dockerfile makes an image of the program");
		return;
	}
	judge_images(check);
	judge_address(check);
}

/* ---- what runs ---- */

/* "8080" or "8080/tcp" as key (engines write both forms). */
static bool live_exposes(const json_t *container, unsigned port)
{
	const json_t *all = live_at(container, "image.Config.ExposedPorts");
	static const char *const ends[] = {"", "/tcp", "/udp"};
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		auto_free char *key = mem_print("%u%s", port, ends[i]);
		if (json_object_get(all, key) != NULL)
			return true;
	}
	return false;
}

static void judge_listens(struct check *check, const json_t *container)
{
	const json_t *listens = live_at(container, "kernel.listens");
	const char *service = live_service(container);
	unsigned open = 0, own = 0;
	for (size_t i = 0; i < json_array_size(listens) && i < 100; i++) {
		const char *address = json_string_value(json_array_get(listens, i));
		const char *colon = address != NULL ? strrchr(address, ':') : NULL;
		unsigned port = colon != NULL ? (unsigned)atoi(colon + 1) : 0;
		if (port == 0 || port > 65535)
			continue;
		if (text_starts_with(address, "127.") || text_starts_with(address, "[::1]")) {
			own++;
			continue;
		}
		open++;
		if (live_exposes(container, port))
			check_live_for(check, service, "listens on %s, and Config.ExposedPorts of its image has %u", address, port);
		else
			check_live_against(check, service, "listens on %s, but Config.ExposedPorts of its image has no %u", address, port);
	}
	/* the engine's own DNS listens on 127.0.0.11 in every network */
	if (open == 0 && own > 0 && json_object_size(live_at(container, "image.Config.ExposedPorts")) > 0 &&
		strcmp(live_text(container, "inspect.HostConfig.NetworkMode") != NULL ? live_text(container,
		"inspect.HostConfig.NetworkMode") : "", "host") != 0) {
		const char *first = json_string_value(json_array_get(listens, 0));
		if (first != NULL && !text_starts_with(first, "127.0.0.11:"))
			check_live_against(check, service, "listens on %s alone: nobody outside the container reaches it", first);
	}
}

static void judge_published(struct check *check, const json_t *container)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)live_at(container, "inspect.NetworkSettings.Ports"), key, value) {
		unsigned port = (unsigned)atoi(key);
		if (json_array_size(value) > 0 && port > 0 && port < 65536 && !live_exposes(container, port))
			check_live_against(check, live_service(container), "publishes %u, but Config.ExposedPorts of its image has no %u",
				port, port);
	}
}

void ports_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		if (!live_is_rust(check->sources, container) || live_at(container, "image") == NULL)
			continue;
		if (live_at(container, "kernel.listens") != NULL)
			judge_listens(check, container);
		else
			judge_published(check, container);
	}
}
