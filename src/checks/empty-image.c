/* 8.3: what a program looks for in its image, and does not find on scratch: a folder
 * for temporary files, and the rules of time zones. */
#include "production.h"
#include "rust-asks.h"

/* Does a COPY, WORKDIR or VOLUME line of the stage name it? */
static bool image_names(const struct shipped *shipped, const char *words)
{
	const struct dockerfile *file = &shipped->source->file;
	bool found = false;
	for (size_t i = 0; i < file->lines.count && !found; i++)
		found = stage_has_line(file, shipped->stage, i) && strstr(file->lines.items[i].raw, words) != NULL;
	return found;
}

static void judge_temporary(struct check *check, const struct shipped *shipped)
{
	static const char *const crates[] = {"tempfile", "temp-dir", "tempdir", "async-tempfile", NULL}, *const calls[] = {"temp_dir (", "tempfile (",
		"tempdir (", "NamedTempFile :: new", "TempDir :: new", NULL};
	const json_t *service = image_service(check->sources, shipped);
	struct rust_place place;
	const char *folder = service != NULL ? json_string_value(compose_member(service, "environment.TMPDIR")) : NULL;
	bool asks = find_any(&check->sources->rust, calls, &place) && (direct_crate(&check->sources->rust, crates) != NULL ||
		find_any(&check->sources->rust, (const char *const[]){"env :: temp_dir (", NULL}, &place));
	if (service == NULL || !asks || folder != NULL || service_covers(service, "/tmp") || image_names(shipped, "/tmp"))
		return;
	check_against(check, place.source->path, place.line, "the program makes temporary files, and scratch has no /tmp (%s): they fail", shipped->source->path);
	check_mend(check, "Give %s tmpfs: [/tmp], or set TMPDIR", shipped->service);
}

static void judge_zone(struct check *check, const struct shipped *shipped)
{
	static const char *const calls[] = {"Local :: now", "chrono :: Local", "now_local (", "Zoned :: now", NULL};
	const json_t *service = image_service(check->sources, shipped);
	unsigned line = 0;
	auto_free char *own = image_env(shipped, "TZ", &line);
	const char *set = service_env(service, "TZ"), *zone = set != NULL ? set : own, *file = shipped->source->path;
	struct rust_place place;
	bool is_plain = zone == NULL || zone[0] == '\0' || strcmp(zone, "UTC") == 0 || strcmp(zone, "Etc/UTC") == 0 || strchr(zone, '/') == NULL;
	if (is_plain || image_names(shipped, "zoneinfo") || (service != NULL && service_covers(service, "/usr/share/zoneinfo")) ||
		!find_any(&check->sources->rust, calls, &place))
		return;
	if (set != NULL)
		compose_entry(check->sources, shipped->service, "environment", "TZ", &file, &line);
	check_against(check, file, line, "TZ is %s, and scratch has no rules of time zones: the program (%s:%u) goes by UTC", zone, place.source->path, place.line);
	check_mend(check, "Copy /usr/share/zoneinfo from the builder, where the package tzdata is installed, or keep to UTC");
}

void empty_image_judge(struct check *check, const struct shipped *shipped)
{
	judge_temporary(check, shipped);
	judge_zone(check, shipped);
}
