/* Pipelines of GitLab, Woodpecker and Drone, written out as a workflow of GitHub
 * Actions in flow style, each part on its own line: one reader reads all of them
 * then. (GitLab CI/CD YAML syntax reference; Woodpecker, workflow syntax; Drone,
 * docker pipelines.) */
#include "pipe-other.h"

#include "cargodeck/base.h"

#include <jansson.h>

enum { JOBS_LIMIT = 300, LINES_LIMIT = 200000 };

struct writer {
	struct str out;
	unsigned line;
};

static void go_to(struct writer *writer, unsigned line)
{
	while (writer->line < line && writer->line < LINES_LIMIT) {
		str_add_char(&writer->out, '\n');
		writer->line++;
	}
}

static void put(struct writer *writer, const char *text)
{
	str_add(&writer->out, text);
}

/* In double quotes, without ends of lines. */
static void put_quoted(struct writer *writer, const char *text)
{
	auto_str clean = {0};
	text_add_clean(&clean, text, strlen(text), true);
	json_t *json = json_string(str_text(&clean));
	auto_free char *quoted = json_dumps(json, JSON_ENCODE_ANY);
	json_decref(json);
	put(writer, quoted != NULL ? quoted : "\"\"");
}

/* A scalar, or the lines of a list (nested once, as references give them). */
static void add_lines(const struct yaml_node *node, struct str *out, int depth)
{
	if (yaml_text(node) != NULL)
		str_print(out, "%s\n", node->text);
	for (size_t i = 0; node != NULL && node->kind == YAML_LIST && i < node->items.count && depth < 3; i++)
		add_lines(node->items.items[i], out, depth + 1);
}

static void put_run(struct writer *writer, unsigned line, const char *text)
{
	go_to(writer, line);
	put(writer, "{run: ");
	put_quoted(writer, text);
	put(writer, "}, ");
}

static void begin(struct writer *writer)
{
	writer->line = 1;
	put(writer, "{on: {push: {branches: [main], tags: ['*']}, pull_request: {}}, jobs: {");
}

/* ---- GitLab ---- */

static bool is_job(const struct yaml_node *key, const struct yaml_node *value)
{
	static const char *const words[] = {"default", "variables", "stages", "workflow", "include", "image", "services", "cache", "before_script",
		"after_script", "pages:deploy"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (yaml_is(key, words[i]))
			return false;
	return key->text != NULL && key->text[0] != '.' && value->kind == YAML_MAP;
}

/* Of the job, or of what it extends. */
static const struct yaml_node *member(const struct yaml_node *root, const struct yaml_node *job, const char *name)
{
	for (int depth = 0; depth < 5 && job != NULL; depth++) {
		const struct yaml_node *found = yaml_get(job, name), *extends = yaml_get(job, "extends");
		if (found != NULL)
			return found;
		if (extends != NULL && extends->kind == YAML_LIST && extends->items.count > 0)
			extends = extends->items.items[extends->items.count - 1];
		job = yaml_text(extends) != NULL ? yaml_get(root, extends->text) : NULL;
	}
	return NULL;
}

static size_t stage_of(const struct yaml_node *root, const struct yaml_node *job)
{
	static const char *const usual[] = {".pre", "build", "test", "deploy", ".post"};
	const struct yaml_node *stages = yaml_get(root, "stages"), *stage = member(root, job, "stage");
	const char *name = yaml_text(stage) != NULL ? stage->text : "test";
	for (size_t i = 0; stages != NULL && stages->kind == YAML_LIST && i < stages->items.count; i++)
		if (yaml_is(stages->items.items[i], name))
			return i + 1;
	for (size_t i = 0; i < COUNT_OF(usual); i++)
		if (strcmp(usual[i], name) == 0)
			return i;
	return 0;
}

static void put_needs(struct writer *writer, const struct yaml_node *root, const struct yaml_node *job)
{
	const struct yaml_node *needs = member(root, job, "needs");
	put(writer, "needs: [");
	for (size_t i = 0; needs != NULL && needs->kind == YAML_LIST && i < needs->items.count; i++) {
		const struct yaml_node *each = needs->items.items[i];
		const char *name = yaml_text(each) != NULL ? each->text : yaml_text(yaml_get(each, "job"));
		if (name != NULL) {
			put_quoted(writer, name);
			put(writer, ", ");
		}
	}
	for (size_t i = 0; needs == NULL && i < root->keys.count; i++)
		if (is_job(root->keys.items[i], root->items.items[i]) && stage_of(root, root->items.items[i]) < stage_of(root, job)) {
			put_quoted(writer, root->keys.items[i]->text);
			put(writer, ", ");
		}
	put(writer, "], ");
}

/* What it runs on, as far as rules say; steps that run on some events alone have a condition. */
static void add_words(const struct yaml_node *node, struct str *out, int depth)
{
	if (yaml_text(node) != NULL)
		str_print(out, " %s", node->text);
	for (size_t i = 0; node != NULL && node->kind != YAML_SCALAR && i < node->items.count && depth < 5; i++)
		add_words(node->items.items[i], out, depth + 1);
}

static void put_condition(struct writer *writer, const struct yaml_node *rules)
{
	auto_str words = {0};
	add_words(rules, &words, 0);
	const char *text = str_text(&words);
	if (strstr(text, "TAG") != NULL || strstr(text, "tag") != NULL)
		put(writer, "if: \"github.ref_type == 'tag'\", ");
	else if (strstr(text, "BRANCH") != NULL || strstr(text, "main") != NULL || strstr(text, "master") != NULL || strstr(text, "push") != NULL)
		put(writer, "if: \"github.ref == 'refs/heads/main'\", ");
}

static void put_text_member(struct writer *writer, const char *name, const struct yaml_node *value)
{
	const char *text = yaml_text(value) != NULL ? value->text : yaml_text(yaml_get(value, "name"));
	if (text == NULL)
		return;
	put(writer, name);
	put(writer, ": ");
	put_quoted(writer, text);
	put(writer, ", ");
}

static void put_gitlab_job(struct writer *writer, const struct yaml_node *root, const struct yaml_node *key, const struct yaml_node *job)
{
	static const char *const scripts[] = {"before_script", "script", "after_script"};
	const struct yaml_node *rules = member(root, job, "rules"), *only = member(root, job, "only");
	go_to(writer, key->line);
	put_quoted(writer, key->text);
	put(writer, ": {");
	put_needs(writer, root, job);
	put_condition(writer, rules != NULL ? rules : only);
	put_text_member(writer, "environment", member(root, job, "environment"));
	if (yaml_truth(member(root, job, "allow_failure")) == 1)
		put(writer, "continue-on-error: true, "); /* no text */
	put(writer, "steps: [");
	for (size_t i = 0; i < COUNT_OF(scripts); i++) {
		const struct yaml_node *own = yaml_get(job, scripts[i]);
		auto_str text = {0};
		add_lines(member(root, job, scripts[i]), &text, 0);
		if (text.len > 0)
			put_run(writer, own != NULL ? own->line : key->line, str_text(&text));
	}
	put(writer, "]}, ");
}

static bool write_gitlab(struct writer *writer, const struct yaml_node *root)
{
	size_t jobs = 0;
	for (size_t i = 0; i < root->keys.count && jobs < JOBS_LIMIT; i++) {
		if (!is_job(root->keys.items[i], root->items.items[i]) || member(root, root->items.items[i], "script") == NULL)
			continue;
		put_gitlab_job(writer, root, root->keys.items[i], root->items.items[i]);
		jobs++;
	}
	return jobs > 0;
}

/* ---- Woodpecker and Drone ---- */

static bool is_image_plugin(const char *image)
{
	bool is_plugin = strstr(image, "woodpeckerci/plugin-") != NULL || text_starts_with(image, "plugins/") || strstr(image, "/drone-") != NULL ||
		strstr(image, "/plugin-") != NULL;
	return is_plugin && (strstr(image, "docker") != NULL || strstr(image, "buildx") != NULL || strstr(image, "kaniko") != NULL);
}

/* "${CI_COMMIT_TAG}" is the name of the tag. */
static void add_tag(struct str *out, const char *repo, const char *tag)
{
	if (strstr(tag, "COMMIT_TAG") != NULL || strstr(tag, "DRONE_TAG") != NULL)
		str_print(out, "%s:${{ github.ref_name }}\n", repo);
	else if (strstr(tag, "COMMIT_SHA") != NULL)
		str_print(out, "%s:${{ github.sha }}\n", repo);
	else
		str_print(out, "%s:%s\n", repo, tag);
}

static void put_tags(struct writer *writer, const struct yaml_node *settings)
{
	const char *repo = yaml_text(yaml_get(settings, "repo"));
	const struct yaml_node *tags = yaml_get(settings, "tags") != NULL ? yaml_get(settings, "tags") : yaml_get(settings, "tag");
	auto_str lines = {0}, out = {0};
	auto_strings list = {0};
	add_lines(tags, &lines, 0);
	for (char *at = lines.data; at != NULL && *at != '\0'; at++)
		if (*at == ',')
			*at = '\n';
	strings_split(&list, str_text(&lines), '\n');
	for (size_t i = 0; i < list.count; i++)
		add_tag(&out, repo != NULL ? repo : "image", list.items[i] + strspn(list.items[i], " "));
	if (list.count == 0)
		add_tag(&out, repo != NULL ? repo : "image", yaml_truth(yaml_get(settings, "auto_tag")) == 1 ? "${CI_COMMIT_TAG}" : "latest");
	put(writer, "tags: ");
	put_quoted(writer, str_text(&out));
	put(writer, ", ");
}

static void put_setting(struct writer *writer, const char *name, const struct yaml_node *value)
{
	auto_str lines = {0};
	add_lines(value, &lines, 0);
	if (lines.len == 0)
		return;
	str_cut(&lines, lines.len - 1);
	for (char *at = lines.data; strcmp(name, "platforms") == 0 && *at != '\0'; at++)
		if (*at == '\n')
			*at = ',';
	put(writer, name);
	put(writer, ": ");
	put_quoted(writer, lines.data);
	put(writer, ", ");
}

/* A password that stands there is said as it is; one of a secret is a secret. */
static void put_login(struct writer *writer, const struct yaml_node *settings)
{
	const char *password = yaml_text(yaml_get(settings, "password"));
	bool is_literal = password != NULL && strchr(password, '$') == NULL && password[0] != '\0';
	put(writer, "{uses: 'docker/login-action@v3', with: {username: robot, password: "); /* no text */
	put_quoted(writer, is_literal ? password : "${{ secrets.PASSWORD }}");
	put(writer, "}}, ");
}

static void put_plugin(struct writer *writer, const struct yaml_node *step, unsigned line)
{
	const struct yaml_node *settings = yaml_get(step, "settings");
	go_to(writer, line);
	put_login(writer, settings);
	put(writer, "{uses: 'docker/setup-qemu-action@v3'}, "); /* the plugins bring it along */
	put(writer, "{uses: 'docker/build-push-action@v6', ");
	put_condition(writer, yaml_get(step, "when"));
	put(writer, "with: {");
	put(writer, yaml_truth(yaml_get(settings, "dry_run")) == 1 || yaml_truth(yaml_get(settings, "dry-run")) == 1 ? "push: false, " : "push: true, ");
	put_tags(writer, settings);
	put_setting(writer, "file", yaml_get(settings, "dockerfile"));
	put_setting(writer, "context", yaml_get(settings, "context"));
	put_setting(writer, "platforms", yaml_get(settings, "platforms"));
	put_setting(writer, "cache-from", yaml_get(settings, "cache_from"));
	put_setting(writer, "cache-to", yaml_get(settings, "cache_to"));
	put_setting(writer, "build-args", yaml_get(settings, "build_args"));
	put(writer, "}}, ");
}

static void put_step(struct writer *writer, const struct yaml_node *step, unsigned line)
{
	const char *image = yaml_text(yaml_get(step, "image"));
	const struct yaml_node *commands = yaml_get(step, "commands");
	auto_str text = {0};
	if (commands == NULL && image != NULL && is_image_plugin(image)) {
		put_plugin(writer, step, line);
		return;
	}
	add_lines(commands, &text, 0);
	if (text.len > 0)
		put_run(writer, commands->line > line ? commands->line : line, str_text(&text));
}

static bool write_steps(struct writer *writer, const struct yaml_node *root)
{
	const struct yaml_node *steps = yaml_get(root, "steps") != NULL ? yaml_get(root, "steps") : yaml_get(root, "pipeline");
	if (steps == NULL || steps->kind == YAML_SCALAR)
		return false;
	put(writer, "pipeline: {");
	put_condition(writer, yaml_get(root, "when"));
	put(writer, "steps: [");
	for (size_t i = 0; i < steps->items.count && i < JOBS_LIMIT; i++)
		if (steps->items.items[i]->kind == YAML_MAP)
			put_step(writer, steps->items.items[i], steps->kind == YAML_MAP ? steps->keys.items[i]->line : steps->items.items[i]->line);
	put(writer, "]}, ");
	return steps->items.count > 0;
}

/* ---- public ---- */

bool pipe_other_is(const char *path)
{
	static const char *const files[] = {".gitlab-ci.yml", ".drone.yml", ".woodpecker.yml", ".woodpecker.yaml"};
	for (size_t i = 0; i < COUNT_OF(files); i++)
		if (strcmp(path, files[i]) == 0)
			return true;
	return text_starts_with(path, ".woodpecker/") && (text_ends_with(path, ".yml") || text_ends_with(path, ".yaml"));
}

char *pipe_other_write(const struct yaml_node *root, const char *path)
{
	struct writer writer = {0};
	if (root == NULL || root->kind != YAML_MAP)
		return NULL;
	begin(&writer);
	bool found = strcmp(path, ".gitlab-ci.yml") == 0 ? write_gitlab(&writer, root) : write_steps(&writer, root);
	put(&writer, "}}\n");
	char *text = str_steal(&writer.out);
	if (found)
		return text;
	free(text);
	return NULL;
}
