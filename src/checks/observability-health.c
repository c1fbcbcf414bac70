/* 5.4: has the program paths that tell its health? Frameworks write routes in
 * many ways; common to all is a literal that holds the path, among the words of
 * a route. What HEALTHCHECK or compose probes counts too, where the code has it. */
#include "observability.h"
#include "probes.h"

#include <ctype.h>

/* ---- names ---- */

struct word {
	const char *text;
	size_t len;
};

static bool is_one_of(struct word word, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strlen(*names) == word.len && strncasecmp(*names, word.text, word.len) == 0)
			return true;
	return false;
}

/* Nothing else is called so. */
static bool is_sure_name(struct word word)
{
	static const char *const names[] = {"health", "healthz", "healthcheck", "health_check", "health-check", "healthy", "readyz",
		"readiness", "ready", "livez", "liveness", "alive", "is_alive", "isalive", "heartbeat", "_health", "__heartbeat__",
		"__lbheartbeat__", "liveliness", "readycheck", "livecheck", "liveness_probe", "readiness_probe", "health_checks",
		"server_health", NULL};
	return is_one_of(word, names);
}

/* These are, where they stand in a route. */
static bool is_likely_name(struct word word)
{
	static const char *const names[] = {"ping", "_ping", "up", "status", "live", "hc", "statusz", "uptime", "am-i-up", NULL};
	return is_one_of(word, names);
}

/* The parts of a path, from *at on. False: no more. */
static bool next_part(struct word path, size_t *at, struct word *part)
{
	while (*at < path.len && path.text[*at] == '/')
		++*at;
	size_t start = *at;
	while (*at < path.len && path.text[*at] != '/')
		++*at;
	*part = (struct word){path.text + start, *at - start};
	return part->len > 0;
}

/* ---- routes ---- */

static bool is_path(struct word text)
{
	for (size_t i = 0; i < text.len; i++)
		if (isspace((unsigned char)text.text[i]) || strchr("?\"\\=%", text.text[i]) != NULL)
			return false;
	return text.len > 0;
}

static bool is_among(const struct literal *literal, const char *const *names)
{
	size_t len;
	const char *before = code_before(literal->source, literal->offset, &len);
	for (; *names != NULL; names++)
		if (has_name(before, len, *names))
			return true;
	return false;
}

static bool is_in_route(const struct literal *literal)
{
	static const char *const words[] = {"route", "routes", "get", "head", "service", "scope", "resource", "nest", "at", "path",
		"mount", "GET", "any", "handle", "with_path", "Path", "push", "endpoint", "on", "to", "route_service", "nest_service",
		"uri", "api", "rapidoc", NULL};
	return is_among(literal, words);
}

/* Of a client that asks somebody else. */
static bool is_of_client(const struct literal *literal)
{
	static const char *const words[] = {"client", "reqwest", "join", "Client", "set_path", "ureq", "http_client", NULL};
	return is_among(literal, words);
}

/* "api", "v1": what stands before the path of a whole service. */
static bool is_prefix(struct word part)
{
	static const char *const names[] = {"api", "internal", "system", "_", "-", "meta", "management", "actuator", "rest", NULL};
	bool version = part.len > 1 && (part.text[0] == 'v' || part.text[0] == 'V') && isdigit((unsigned char)part.text[1]);
	return version || is_one_of(part, names);
}

/* The name of the call or macro whose argument it is: "path" of path!("api" / "up").
 * Empty: of none, as in a tuple. */
static struct word call_around(const struct literal *literal)
{
	size_t len;
	const char *before = code_before_bracket(literal->source, literal->offset, &len);
	while (len > 0 && (isspace((unsigned char)before[len - 1]) || before[len - 1] == '!'))
		len--;
	size_t end = len;
	while (len > 0 && is_name_letter(before[len - 1]))
		len--;
	return (struct word){before + len, end - len};
}

/* Where no slash begins it, few functions take a part of a path. */
static bool is_part_of_route(const struct literal *literal)
{
	static const char *const words[] = {"path", "with_path", "at", "scope", "resource", "nest", "route", NULL};
	return is_one_of(call_around(literal), words);
}

/* route(&format!("{prefix}/health")) */
static bool is_argument_of_route(const struct literal *literal)
{
	static const char *const words[] = {"route", "service", "route_service", "nest_service", NULL};
	return is_among(literal, words);
}

static bool is_health_route(const struct literal *literal)
{
	struct word path = {literal->text, literal->len}, part;
	bool rooted = literal->len > 0 && literal->text[0] == '/', sure = false, likely = false, whole = true;
	if (literal->len > 200 || !is_path(path))
		return false;
	for (size_t at = 0; next_part(path, &at, &part);) {
		whole = whole && !likely;
		sure = sure || is_sure_name(part);
		likely = is_likely_name(part); /* of the last part alone */
		whole = whole && (likely || is_prefix(part));
	}
	if (is_of_client(literal))
		return false;
	if (sure)
		return rooted || is_part_of_route(literal) || (memchr(literal->text, '/', literal->len) != NULL &&
			is_argument_of_route(literal));
	return likely && whole && (rooted ? is_in_route(literal) : is_part_of_route(literal));
}

bool health_route_next(const struct rust_facts *facts, struct literal *literal)
{
	while (literal_each(facts, literal))
		if (is_health_route(literal))
			return true;
	return false;
}

/* Routes that are written without a literal: rouille's (GET) (/health), and
 * functions of frameworks that take the path from elsewhere. */
static bool find_other_route(const struct rust_facts *facts, struct rust_place *place)
{
	static const char *const words[] = {"( / health )", "( / healthz )", "( / ping )", "async fn health (", "async fn healthz (",
		"async fn health_check (", "async fn healthcheck (", "async fn readiness (", "async fn readyz (", "async fn liveness (",
		"async fn livez (", "async fn health_handler (", NULL};
	return find_any(facts, words, place);
}

/* ---- who may ask ---- */

/* The name in get(handlers::health): the last before the bracket that closes. */
static char *handler_of(const char *code)
{
	static const char *const verbs[] = {"get", "head", "any", "to"};
	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		auto_free char *call = mem_print("%s(", verbs[i]);
		const char *at = strstr(code, call);
		if (at == NULL || at - code > 40 || (at > code && is_name_letter(at[-1])))
			continue;
		at += strlen(call);
		size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_: ");
		if (at[len] != ')')
			return NULL;
		size_t start = len;
		while (start > 0 && is_name_letter(at[start - 1]))
			start--;
		return start < len ? mem_copy_bytes(at + start, len - start) : NULL;
	}
	return NULL;
}

/* Extractors that turn away who has not logged in. */
static bool asks_for_login(const char *code)
{
	static const char *const names[] = {"BearerAuth", "BasicAuth", "Authorization", "Claims", "AuthUser", "CurrentUser", "AuthenticatedUser",
		"RequireAuth", "AuthSession", "JwtClaims", "ApiKey", "AdminUser"};
	const char *open = strchr(code, '(');
	size_t len = open != NULL ? strcspn(open, "{") : 0;
	const char *optional = open != NULL ? memmem(open, len, "Option<", 7) : NULL;
	for (size_t i = 0; len > 0 && optional == NULL && i < COUNT_OF(names); i++)
		if (has_name(open, len, names[i]))
			return true;
	return false;
}

bool route_handler(const struct rust_facts *facts, const struct literal *literal, struct rust_place *place)
{
	const char *rest = literal->source->code + literal->offset + 1 + literal->len;
	size_t len = strlen(rest) < 300 ? strlen(rest) : 300;
	auto_free char *code = mem_copy_bytes(rest, len);
	size_t before_len;
	const char *before = code_before(literal->source, literal->offset, &before_len);
	*place = (struct rust_place){0};
	if (memmem(before, before_len, "#[", 2) != NULL) {
		const char *function = strstr(rest, "fn ");
		*place = (struct rust_place){literal->source, function != NULL ? (size_t)(function - literal->source->code) : 0, 0};
		return function != NULL && function - rest < 300;
	}
	auto_free char *name = handler_of(code);
	auto_free char *words = name != NULL ? mem_print("fn %s (", name) : NULL;
	return words != NULL && rust_find(facts, words, place);
}

/* A probe has no login. True: it was said that the path asks for one. */
static bool judge_login(struct check *check, const struct literal *literal, const char *path)
{
	struct rust_place place;
	if (!route_handler(&check->sources->rust, literal, &place) || !asks_for_login(place.source->code + place.offset))
		return false;
	check_against(check, place.source->path, text_line_at(place.source->text, place.offset),
		"the path %s answers only to who has logged in, which a probe has not", path);
	check_mend(check, "Let the path of health answer without a login: tell nothing there but whether the program is well");
	return true;
}

static bool find_routes(struct check *check)
{
	const struct rust_facts *facts = &check->sources->rust;
	struct rust_place place;
	unsigned found = 0;
	for (struct literal literal = {0}; found < 8 && literal_each(facts, &literal);) {
		if (!is_health_route(&literal))
			continue;
		auto_free char *path = mem_copy_bytes(literal.text, literal.len);
		if (!judge_login(check, &literal, path))
			check_for(check, literal.source->path, literal_line(&literal), "the path %s tells its health", path);
		found++;
	}
	if (found == 0 && find_other_route(facts, &place)) {
		check_for(check, place.source->path, place.line, "a function here answers for its health");
		found++;
	}
	return found > 0;
}

/* ---- probes ---- */

/* The path of the first address in a command: "/healthz" of
 * "curl -f http://localhost:8080/healthz || exit 1"; NULL: none. */
static char *probed_path(const char *text)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "0.0.0.0", "[::1]"};
	const char *at = strstr(text, "://");
	at = at != NULL ? at + 3 : NULL;
	/* curl and wget need no http:// before it */
	for (size_t i = 0; at == NULL && strpbrk(text, "/") != NULL && i < COUNT_OF(hosts); i++)
		at = strstr(text, hosts[i]);
	if (at == NULL)
		return NULL;
	at += strcspn(at, "/ \t\"'|;&)\\");
	if (*at != '/')
		return mem_copy_string("/");
	return mem_copy_bytes(at, strcspn(at, " \t\"'|;&)?#\\"));
}

/* Has some literal the last part of the path? */
static bool code_has_path(const struct rust_facts *facts, const char *path, struct literal *literal)
{
	struct word whole = {path, strlen(path)}, part, last = {"", 0};
	for (size_t at = 0; next_part(whole, &at, &part);)
		last = part;
	for (*literal = (struct literal){0}; last.len > 0 && literal_each(facts, literal);) {
		const char *found = literal->len >= last.len ? memmem(literal->text, literal->len, last.text, last.len) : NULL;
		if (found != NULL && found + last.len == literal->text + literal->len && (found == literal->text || found[-1] == '/'))
			return true;
	}
	return false;
}

struct probes {
	struct check *check;
	bool has_route; /* the code has one */
	bool is_probed; /* for a path that it has */
};

static void judge_probe(struct probes *probes, const struct probe *probe)
{
	struct check *check = probes->check;
	const struct rust_facts *facts = &check->sources->rust;
	struct literal literal;
	auto_free char *text = probe_text(probe), *path = probed_path(text);
	if (path == NULL || strchr(path, '$') != NULL || strcmp(path, "/") == 0)
		return;
	if (code_has_path(facts, path, &literal)) {
		probes->is_probed = true;
		check_for(check, literal.source->path, literal_line(&literal), "the path %s, which is probed, is answered here", path);
	} else if (!facts->is_cut && probes->has_route) {
		/* without any route of health the want of one is the finding */
		check_against(check, probe->file, probe->line, "the probe asks for %s, which no route in the code has", path);
	}
}

static void judge_probes(struct probes *probes)
{
	const struct sources *sources = probes->check->sources;
	size_t at = 0;
	for (const struct shipped *shipped; (shipped = own_rust_image(sources, &at)) != NULL;) {
		auto_probe probe = {0};
		if (probe_of_image(shipped, &probe))
			judge_probe(probes, &probe);
	}
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;) {
		auto_probe probe = {0};
		if (service_is_rust(sources, name, service) && probe_of_service(sources, name, service, &probe))
			judge_probe(probes, &probe);
	}
}

/* ---- the check ---- */

/* Crates that bring the routes with them. */
static bool has_health_crate(struct check *check)
{
	const struct rust_facts *facts = &check->sources->rust;
	for (size_t i = 0; i < facts->crates.count; i++) {
		const struct rust_crate *crate = &facts->crates.items[i];
		if (!crate->is_direct || crate->is_dev_only || crate->is_member || strstr(crate->name, "health") == NULL)
			continue;
		check_for(check, rust_file(check->sources), 0, "%s brings the answers", crate->name);
		return true;
	}
	static const char *const loco[] = {"loco-rs", NULL};
	if (direct_crate(facts, loco) == NULL)
		return false;
	check_for(check, rust_file(check->sources), 0, "loco-rs answers /_ping and /_health by itself");
	return true;
}

static void say_none(struct check *check, const char *framework)
{
	static const char *const starts[] = {"Router :: new", "HttpServer :: new", "App :: new", "rocket :: build",
		"Server :: builder", "Route :: new", "warp :: serve", "tide :: new", "# [launch]", "Server :: bind", "serve_connection",
		"fn main", NULL};
	struct rust_place place;
	bool found = find_any(&check->sources->rust, starts, &place);
	const char *file = found ? place.source->path : rust_file(check->sources);
	if (strcmp(framework, "tonic") == 0) {
		check_against(check, file, found ? place.line : 0,
			"the gRPC server has no grpc.health.v1: tonic-health is not among the dependencies");
		check_mend(check, "Add tonic-health and its service to the server");
	} else {
		check_against(check, file, found ? place.line : 0, "no route of health was found where %s routes", framework);
	}
}

void health_files(struct check *check)
{
	struct probes probes = {.check = check};
	if (!is_network_service(check))
		return;
	const char *framework = web_framework(&check->sources->rust);
	if (framework == NULL) {
		check_none(check, rust_file(check->sources),
			"it listens, but no web framework is among the dependencies: it speaks no HTTP");
		return;
	}
	probes.has_route = find_routes(check);
	judge_liveness(check);
	bool has_crate = has_health_crate(check);
	judge_probes(&probes);
	if (probes.is_probed)
		remark_noise(check);
	if (!probes.has_route && !has_crate && !probes.is_probed)
		say_none(check, framework);
}

/* ---- what runs ---- */

static bool is_health_path_text(const char *text)
{
	struct word path = {text, strlen(text)}, part;
	for (size_t at = 0; next_part(path, &at, &part);)
		if (is_sure_name(part) || is_likely_name(part))
			return true;
	return false;
}

bool path_ends_in_health(const char *path)
{
	struct word whole = {path, strlen(path)}, part, last = {"", 0};
	for (size_t at = 0; next_part(whole, &at, &part);)
		last = part;
	return is_sure_name(last);
}

/* 503 is an answer too: it is not ready. A page is none: some programs give their
 * front page for any path. */
static bool is_answer(const struct check *check, const json_t *each)
{
	const char *type = live_text(each, "type");
	int64_t status = live_number(each, "status", 0);
	bool page = type != NULL && text_starts_with(type, "text/html");
	return ((status >= 200 && status < 300) || status == 503) && (!page || files_speak_for(check));
}

/* Only usual paths are asked: where the code has one of another name, silence says nothing. */
static void judge_answers(struct check *check, const json_t *container, bool *was_asked)
{
	const json_t *all = live_at(container, "http");
	const char *service = live_service(container), *missing = NULL;
	bool good = false;
	for (size_t i = 0; i < json_array_size(all) && i < 100; i++) {
		const json_t *each = json_array_get(all, i);
		const char *path = live_text(each, "path");
		int64_t status = live_number(each, "status", 0), port = live_number(each, "port", 0);
		if (path == NULL || !is_health_path_text(path))
			continue;
		if (is_answer(check, each)) {
			check_live_for(check, service, "GET :%lld%s answers %lld in %lld ms", (long long)port, path, (long long)status,
				(long long)live_number(each, "ms", 0));
			good = true;
		} else if (status == 401 || status == 403) {
			check_live_against(check, service, "GET :%lld%s answers %lld: a probe has no login", (long long)port, path,
				(long long)status);
			good = true;
		} else {
			missing = path;
		}
	}
	*was_asked = good;
	if (!good && missing != NULL && !files_speak_for(check))
		check_live_against(check, service, "nothing answers for its health: neither %s nor another path that was asked", missing);
}

void health_live(struct check *check)
{
	size_t at = 0;
	if (web_framework(&check->sources->rust) == NULL)
		return;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		bool was_asked = false;
		if (!live_is_rust(check->sources, container))
			continue;
		judge_answers(check, container, &was_asked);
		const char *health = live_text(container, "inspect.State.Health.Status");
		if (!was_asked && text_equal(health, "healthy"))
			check_live_for(check, live_service(container), "State.Health.Status is healthy");
	}
}
