/* 4.7: caches that outlive the runner, and whether they hold what costs. */
#include "caching.h"
#include "ci.h"

struct cache {
	struct check *check;
	const struct pipeline *pipe;
	const struct image_builds *builds;
	const struct image_build *build;
	bool is_staged; /* what costs is compiled in another stage than the last */
	const struct shipped *shipped;
};

static bool is_open(const char *text)
{
	return strstr(text, "${{") != NULL || strstr(text, "${") != NULL || strchr(text, '(') != NULL;
}

/* Does what is left to be filled in tell one job from another? */
static bool tells_apart(const char *text)
{
	static const char *const parts[] = {"matrix.", "env.", "steps.", "inputs.", "$", "runner.arch"};
	for (const char *at = text; (at = strstr(at, "${")) != NULL; at += 2) {
		const char *end = strchr(at, '}');
		auto_free char *inside = end != NULL ? mem_copy_bytes(at + 2, (size_t)(end - at - 2)) : mem_copy_string("");
		for (size_t i = 0; i < COUNT_OF(parts); i++)
			if (strstr(inside, parts[i]) != NULL || (inside[0] != '{' && inside[0] != '\0'))
				return true;
	}
	return false;
}

static void look_at_mode(struct cache *cache, const char *text, const char *type)
{
	const struct image_build *build = cache->build;
	auto_free char *mode = cache_value(text, "mode");
	if (!cache->is_staged || text_equal(mode, "max") || (is_open(text) && strstr(text, "mode=max") != NULL) || (mode != NULL &&
		is_open(mode)) || (mode == NULL && text_starts_with(text, "${{")))
		return;
	check_against(cache->check, build->cache_file, build->cache_line,
		"the cache (%s) has mode=min, the default: the stage that compiles (%s:%u) is not in it", type,
		cache->shipped->source->path, cache->shipped->source->file.stages.items[shipped_builder(cache->shipped)].line);
	check_mend(cache->check, "Add `mode=max` to cache-to");
}

static void look_at_reference(struct cache *cache, const char *text)
{
	const struct image_build *build = cache->build;
	auto_free char *ref = strchr(text, '=') != NULL ? cache_value(text, "ref") : mem_copy_string(text);
	bool on_pulls = cache->pipe->workflows.count > 0 && build->job != NULL &&
		(cache->pipe->workflows.items[build->job->workflow].triggers & PIPE_ON_PULL) != 0;
	if (ref != NULL && strings_have(&build->tags, ref)) {
		check_against(cache->check, build->cache_file, build->cache_line,
			"the cache overwrites the image %s: both have the same reference", ref);
		check_mend(cache->check, "Give the cache a tag of its own, as `:buildcache`");
	}
	bool guarded = build->step == NULL || pipe_has_condition(cache->pipe, build->step) || strstr(text, "event_name") != NULL ||
		strstr(text, "&&") != NULL ||
		strstr(text, "ignore-error=true") != NULL || text_starts_with(text, "${{");
	if (on_pulls && !guarded && build->pushes < 2) {
		check_against(cache->check, build->cache_file, build->cache_line,
			"the cache is written on pull requests too: one from a fork may not push, and its build fails");
		check_mend(cache->check, "Write the cache under a condition, or add `ignore-error=true`");
	}
}

/* Several jobs that write to one place leave what the last of them wrote. */
static void look_at_sharing(struct cache *cache, const char *text)
{
	const struct image_build *build = cache->build;
	if (build->job == NULL || build->is_bake || text_starts_with(text, "${{") || tells_apart(text))
		return;
	if (pipe_matrix_count(build->job) > 1) {
		check_against(cache->check, build->cache_file, build->cache_line,
			"all jobs of the matrix write the same cache: only that of the last one stays");
		check_mend(cache->check, "Give each a scope or a tag of its own: `scope=${{ matrix.platform }}`");
		return;
	}
	auto_free char *own = strings_join(&build->platforms, ",", ",");
	for (size_t i = 0; i < cache->builds->items.count; i++) {
		const struct image_build *other = &cache->builds->items.items[i];
		auto_free char *platforms = strings_join(&other->platforms, ",", ",");
		if (other == build || other->job == NULL || !strings_have(&other->cache_to, text) || strcmp(own, platforms) == 0 ||
			build->platforms.count == 0 ||
			other->platforms.count == 0)
			continue;
		check_against(cache->check, build->cache_file, build->cache_line, "another build, for %s, writes the same cache (%s:%u)",
			platforms, other->cache_file, other->cache_line);
		check_mend(cache->check, "Give each platform a scope or a tag of its own");
		return;
	}
}

static void look_at_target(struct cache *cache, const char *text)
{
	const struct image_build *build = cache->build;
	auto_free char *type = cache_value(text, "type");
	const char *name = type != NULL ? type : "registry";
	if (strcmp(name, "inline") == 0) {
		if (cache->is_staged) {
			check_against(cache->check, build->cache_file, build->cache_line,
				"an inline cache holds the last stage alone: the one that compiles is not in it");
			check_mend(cache->check, "Use `type=registry,ref=IMAGE:buildcache,mode=max`");
		} else {
			check_for(cache->check, build->cache_file, build->cache_line, "the image itself is the cache");
		}
		return;
	}
	look_at_mode(cache, text, name);
	if (strcmp(name, "registry") == 0)
		look_at_reference(cache, text);
	if (strcmp(name, "local") != 0)
		look_at_sharing(cache, text);
	check_for(cache->check, build->cache_file, build->cache_line, "what is built is kept outside of the runner: %s", name);
}

static void look_at_cache(struct cache *cache, unsigned *unknown)
{
	const struct image_build *build = cache->build;
	if (build->is_remote) {
		++*unknown;
		return;
	}
	if (build->keeps_layers) {
		check_for(cache->check, build->file, build->line, "%s builds on a machine that keeps its layers", build->via);
		return;
	}
	for (size_t i = 0; i < build->cache_to.count; i++)
		look_at_target(cache, build->cache_to.items[i]);
	if (build->cache_to.count > 0)
		return;
	if (strings_have(&build->args, "BUILDKIT_INLINE_CACHE") && build->cache_from.count > 0)
		look_at_target(cache, "type=inline");
	else if (build->cache_from.count > 0)
		check_against(cache->check, build->cache_file, build->cache_line, "a cache is read that this build does not write");
	else if (build->job != NULL && ci_keeps_layers(cache->pipe, build->job))
		check_for(cache->check, build->file, build->line, "the runner is the project's own: its engine keeps the layers");
	else
		check_against(cache->check, build->file, build->line, "%s keeps nothing in a registry or in another place for the next run",
			build->via);
}

/* Another build that writes makes up for one that only reads. */
static bool is_written_elsewhere(const struct image_builds *builds, const struct image_build *build)
{
	for (size_t i = 0; build->cache_to.count == 0 && build->cache_from.count > 0 && i < builds->items.count; i++)
		if (builds->items.items[i].cache_to.count > 0)
			return true;
	return false;
}

void caching_registry(struct check *check)
{
	auto_pipeline pipe = {0};
	auto_builds builds = {0};
	unsigned unknown = 0, looked = 0;
	const struct image_build *remote = NULL;
	if (caching_has_none(check))
		return;
	pipeline_open(check->sources, &pipe);
	image_builds_open(check->sources, &pipe, &builds);
	if (builds.items.count == 0)
		image_builds_add_bake(&builds);
	for (size_t i = 0; i < builds.items.count; i++) {
		struct cache cache = {.check = check, .pipe = &pipe, .builds = &builds, .build = &builds.items.items[i]};
		bool is_file = cache.build->job == NULL && cache.build->cache_to.count == 0;
		if (is_file || !ci_counts(&builds, cache.build) || !build_compiles(check->sources, cache.build, &cache.shipped) ||
			is_written_elsewhere(&builds, cache.build))
			continue;
		cache.is_staged = shipped_builder(cache.shipped) != cache.shipped->stage;
		looked++;
		remote = cache.build->is_remote ? cache.build : remote;
		look_at_cache(&cache, &unknown);
	}
	if (looked > 0 && looked == unknown)
		check_missing(check, "%s lies in another repository: what it caches is not known", remote->via);
	else if (looked == 0 && pipeline_is_there(check, &pipe))
		check_none(check, pipe.workflows.items[0].source->path, "no workflow builds an image that compiles anything");
}
