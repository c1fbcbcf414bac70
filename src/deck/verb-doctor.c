/* `doctor`: what the machine has and lacks, each with what mends it; then for
 * each service which program it runs, in which image, how it is swapped, why. */
#include "cargodeck/verbs.h"
#include "cargodeck/commands.h"
#include "deck.h"

#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct finding {
	const char *name;
	bool good;
	char *text, *mend;
};

struct findings {
	struct finding *items;
	size_t count, cap;
};

static void add(struct findings *list, const char *name, bool good, const char *mend, const char *format, ...) PRINTF_LIKE(5, 6);

static void add(struct findings *list, const char *name, bool good, const char *mend, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	*array_add(list) = (struct finding){.name = name, .good = good, .text = mem_print_v(format, args), .mend = mem_copy_string(good ? NULL : mend)};
	va_end(args);
}

/* ---- the machine ---- */

static char *ask(const char *const *argv)
{
	auto_str out = {0};
	if (loop_child_run(&(struct loop_child_options){.argv = argv}, 15000, &out, NULL, NULL) != 0)
		return NULL;
	str_cut(&out, strcspn(str_text(&out), "\r\n"));
	auto_str clean = {0};
	text_add_clean(&clean, str_text(&out), out.len, false);
	return str_steal(&clean);
}

static bool at_least(const char *version, unsigned major, unsigned minor)
{
	unsigned a = 0, b = 0;
	const char *digits = version + strcspn(version, "0123456789");
	if (sscanf(digits, "%u.%u", &a, &b) != 2)
		return false;
	return a > major || (a == major && b >= minor);
}

static void check_compose(struct findings *list)
{
	static const char *const argv[] = {"docker", "compose", "version", "--short", NULL};
	auto_free char *version = ask(argv);
	if (version == NULL)
		add(list, "compose", false, _("install docker-compose-plugin, or run `share/quickstart deps`"), _("docker has no compose command"));
	else
		add(list, "compose", at_least(version, 2, 22), _("install Compose 2.22 or newer"), "Compose %s", version);
}

static void check_buildx(struct findings *list)
{
	static const char *const argv[] = {"docker", "buildx", "version", NULL};
	auto_free char *version = ask(argv);
	if (version == NULL)
		add(list, "buildx", false, _("install docker-buildx-plugin, or run `share/quickstart deps`"), _("docker has no buildx command"));
	else
		add(list, "buildx", true, NULL, "%s", version);
}

static long read_number(const char *path)
{
	auto_free char *text = file_read(path, 64, NULL, NULL);
	return text != NULL ? strtol(text, NULL, 10) : -1;
}

static void check_inotify(struct findings *list)
{
	long watches = read_number("/proc/sys/fs/inotify/max_user_watches");
	long instances = read_number("/proc/sys/fs/inotify/max_user_instances");
	add(list, N_("inotify watches"), watches >= 65536, "sudo sysctl fs.inotify.max_user_watches=524288", _("%ld folders may be watched"), watches);
	add(list, N_("inotify instances"), instances >= 64, "sudo sysctl fs.inotify.max_user_instances=512", _("%ld programs may watch"), instances);
}

static void check_disk(struct findings *list)
{
	struct statvfs disk;
	if (statvfs("/var/lib/docker", &disk) != 0 && statvfs("/", &disk) != 0)
		return;
	uint64_t bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	char text[24];
	format_bytes(bytes, text, sizeof text);
	add(list, N_("disk"), bytes >= (uint64_t)5 << 30, _("free some: `docker system df` says what takes it, `docker builder prune` frees caches"),
		_("%s free for images and caches"), text);
}

static void check_ptrace(struct findings *list)
{
	long scope = read_number("/proc/sys/kernel/yama/ptrace_scope");
	add(list, "ptrace", scope <= 1, "sudo sysctl kernel.yama.ptrace_scope=1", scope < 0 ? _("not restricted") : _("Yama scope %ld"), scope);
}

static void check_cargo(struct findings *list)
{
	static const char *const argv[] = {"cargo", "--version", NULL};
	auto_free char *version = ask(argv);
	if (version != NULL)
		add(list, "cargo", true, NULL, _("%s (only asked for the workspace's shape)"), version);
	else
		add(list, "cargo", true, NULL, _("not on this machine: the workspace is read from its manifests"));
}

static void check_engine(struct findings *list, const struct deck *deck)
{
	add(list, N_("engine"), true, NULL, _("%s at %s, API %s"), deck->engine_version, engine_address(deck->engine), engine_api_version(deck->engine));
	auto_free char *helper = deck_helper_path(deck->engine_arch);
	add(list, "deckhand", helper != NULL, _("build cargodeck with a compiler for that architecture"),
		helper != NULL ? _("the helper for %s is there") : _("the helper for %s is missing"), deck->engine_arch);
	add(list, N_("rights"), true, NULL, "%s", getuid() == 0 ? _("root: files that the builder makes belong to root") :
		_("an ordinary user with access to the engine"));
}

/* ---- services ---- */

static const char *swap_of(const struct deck *deck, const struct project_service *service)
{
	for (size_t i = 0; i < deck->launchers.count; i++)
		if (strcmp(deck->launchers.items[i].service, service->name) == 0)
			return deck->launchers.items[i].way;
	return service->swap;
}

static void image_of(const struct deck *deck, const struct project_service *service, char *out, size_t size, struct str *why)
{
	struct rendering rendering;
	struct fault fault;
	if (!project_render_service(deck->project, service, "launcher", "builder", &rendering, &fault)) {
		snprintf(out, size, "%s", N_("none"));
		str_add(why, fault.text);
		return;
	}
	snprintf(out, size, "%s", rendering.fallback != NULL ? N_("builder") : N_("own"));
	if (rendering.fallback != NULL)
		str_add(why, rendering.fallback);
	if (rendering.left_out.count > 0) {
		auto_free char *left = strings_join(&rendering.left_out, "; ", NULL);
		str_add(why, why->len > 0 ? "; " : "");
		str_print(why, _("left out: %s"), left);
	}
	rendering_finish(&rendering);
}

/* The five columns of a service: name, program, image, swap, why and more. */
static void print_row(int width, const char *const columns[], const char *more)
{
	const int widths[] = {width + 1, 16, 8, 8};
	for (size_t i = 0; i < COUNT_OF(widths); i++)
		printf("%-*s ", text_pad(columns[i], widths[i]), columns[i]);
	printf("%s%s\n", columns[COUNT_OF(widths)], more);
}

static void print_services(const struct deck *deck)
{
	int width = 7;
	for (size_t i = 0; i < deck->project->services.count; i++) {
		int len = (int)strlen(deck->project->services.items[i].name);
		width = len > width ? len : width;
	}
	putchar('\n');
	print_row(width, (const char *const[]){_("SERVICE"), _("PROGRAM"), _("IMAGE"), _("SWAP"), _("WHY")}, "");
	for (size_t i = 0; i < deck->project->services.count; i++) {
		const struct project_service *service = &deck->project->services.items[i];
		char image[16] = "-";
		auto_str why = {0};
		str_add(&why, service->trouble != NULL ? service->trouble : service->why);
		if (service->kind == PROJECT_RUST) {
			auto_str more = {0};
			image_of(deck, service, image, sizeof image, &more);
			if (more.len > 0)
				str_print(&why, "; %s", str_text(&more));
		}
		auto_str clean = {0};
		text_add_clean(&clean, str_text(&why), why.len, false);
		bool is_rust = service->kind == PROJECT_RUST;
		print_row(width, (const char *const[]){service->name, is_rust ? service->bin : "-", _(image), is_rust ? swap_of(deck, service) : "-",
			str_text(&clean)}, service->runs_watcher ? _("; it runs a watcher of its own: two would fight") : "");
	}
	for (size_t i = 0; i < deck->project->families.count; i++) {
		const struct project_family *family = &deck->project->families.items[i];
		auto_free char *packages = strings_join(&family->packages, ", ", NULL);
		printf(_("builder %zu: %s, %s; packages %s\n"), i, family->dockerfile != NULL ? family->dockerfile : _("no Dockerfile"),
			family->cargo_line != NULL ? family->cargo_line : _("no cargo line"), packages);
	}
	for (size_t i = 0; i < deck->project->settings.count; i++) {
		auto_str clean = {0};
		text_add_clean(&clean, deck->project->settings.items[i], strlen(deck->project->settings.items[i]), false);
		printf(_("setting: %s\n"), str_text(&clean));
	}
	for (size_t i = 0; i < deck->project->notes.count; i++)
		printf(_("note: %s\n"), deck->project->notes.items[i]);
}

static json_t *services_json(const struct deck *deck)
{
	json_t *array = json_array();
	for (size_t i = 0; deck != NULL && deck->project != NULL && i < deck->project->services.count; i++) {
		const struct project_service *service = &deck->project->services.items[i];
		char image[16] = "-";
		auto_str why = {0};
		if (service->kind == PROJECT_RUST)
			image_of(deck, service, image, sizeof image, &why);
		json_t *json = json_pack("{s:s, s:s?, s:s?, s:s?, s:s}", "service", service->name, "binary", service->kind == PROJECT_RUST ? service->bin : NULL,
			"image", service->kind == PROJECT_RUST ? image : NULL, "swap", service->kind == PROJECT_RUST ? swap_of(deck, service) : NULL,
			"why", service->trouble != NULL ? service->trouble : why.len > 0 ? str_text(&why) : service->why);
		if (json != NULL)
			json_array_append_new(array, json);
	}
	return array;
}

static json_t *texts_json(const struct strings *texts)
{
	json_t *array = json_array();
	for (size_t i = 0; texts != NULL && i < texts->count; i++)
		json_array_append_new(array, verb_text_or_null(texts->items[i]));
	return array;
}

/* ---- printing ---- */

static int columns_of(const char *text)
{
	return (int)strlen(text) - text_pad(text, 0);
}

static void print_findings(const struct command_line *line, const struct findings *list, const struct deck *deck)
{
	bool colour = verb_is_coloured(line);
	if (command_line_has(line, "json")) {
		json_t *checks = json_array();
		const struct project *project = deck != NULL ? deck->project : NULL;
		for (size_t i = 0; i < list->count; i++)
			json_array_append_new(checks, json_pack("{s:s, s:b, s:s, s:s?}", "check", list->items[i].name, "good", list->items[i].good,
				"text", list->items[i].text, "mend", list->items[i].mend));
		json_t *whole = json_pack("{s:o, s:o, s:o, s:o}", "checks", checks, "services", services_json(deck),
			"settings", texts_json(project != NULL ? &project->settings : NULL), "notes", texts_json(project != NULL ? &project->notes : NULL));
		auto_free char *text = json_dumps(whole, JSON_INDENT(2));
		puts(text != NULL ? text : "{}");
		json_decref(whole);
		return;
	}
	int good = columns_of(_("good")), bad = columns_of(_("BAD")), width = good > bad ? good : bad;
	for (size_t i = 0; i < list->count; i++) {
		const struct finding *finding = &list->items[i];
		const char *name = _(finding->name), *verdict = finding->good ? _("good") : _("BAD");
		printf("%s%-*s%s  %-*s %s\n", colour ? (finding->good ? "\033[32m" : "\033[31m") : "", text_pad(verdict, width), verdict,
			colour ? "\033[0m" : "", text_pad(name, 17), name, finding->text);
		if (finding->mend != NULL)
			printf(_("%*s  %-17s mend: %s\n"), width, "", "", finding->mend);
	}
	if (deck != NULL && deck->project != NULL)
		print_services(deck);
}

int verb_doctor(const struct command_line *line)
{
	struct findings list = {0};
	struct deck_options options;
	struct fault fault = {0};
	struct loop *loop = loop_open();
	bool all_good = true;
	verb_options_read(line, &options);
	struct deck *deck = deck_open(loop, &options, NULL, NULL, &fault);
	if (deck == NULL)
		add(&list, N_("engine"), false, fault.mend, "%s", fault.text);
	else
		check_engine(&list, deck);
	check_compose(&list);
	check_buildx(&list);
	check_cargo(&list);
	check_inotify(&list);
	check_disk(&list);
	check_ptrace(&list);
	if (deck != NULL && !deck_look(deck, false, &fault))
		add(&list, N_("project"), false, fault.mend, "%s", fault.text);
	print_findings(line, &list, deck);
	for (size_t i = 0; i < list.count; i++) {
		all_good = all_good && list.items[i].good;
		free(list.items[i].text);
		free(list.items[i].mend);
	}
	array_finish(&list);
	deck_close(deck);
	verb_options_finish(&options);
	loop_close(loop);
	return all_good ? 0 : 1;
}
