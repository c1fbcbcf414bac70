/* Topic 2, what is known of an image: whether it was scanned, what entered it,
 * and who answers for it by a signature. */
#include "security.h"

#include "own-images.h"
#include "pipe-images.h"
#include "writings.h"

#include <fnmatch.h>
#include <stdio.h>

enum { FOUND_SHOWN = 20, LEFT_OUT_SHOWN = 5 };

/* ---- 2.7 the scan ---- */

/* A script is run by hand: whoever runs it sees what it finds. */
static bool is_good_scan(const struct image_step *step)
{
	return step->act == SCAN_OF_IMAGE && (step->is_script || step->is_reporting || (step->is_stopping && !step->is_late));
}

static void say_no_scan(struct check *check, const struct image_steps *steps)
{
	const struct sources *sources = check->sources;
	const struct image_step *push = image_steps_find(steps, IMAGE_PUSH);
	size_t at = 0;
	const struct shipped *shipped = own_image(sources, &at);
	if (steps->elsewhere != NULL)
		check_missing(check, "%s takes steps from elsewhere: whether they scan the image cannot be read here", steps->elsewhere);
	else if (push != NULL)
		check_against(check, push->file, push->line, "an image is pushed, and nothing scans it");
	else if (sources->workflows.count > 0)
		check_against(check, shipped->source->path, shipped_line(shipped), "no workflow and no script scans the image that is built here");
	else
		check_against(check, shipped->source->path, shipped_line(shipped), "nothing scans the image that is built here");
}

void check_scan(struct check *check)
{
	auto_image_steps steps = {0};
	bool good = false, weak = false;
	if (!has_own_image(check->sources)) {
		own_image_none(check);
		return;
	}
	image_steps_open(check->sources, &steps);
	for (size_t i = 0; i < steps.count; i++) {
		if (!is_good_scan(&steps.items[i]))
			continue;
		good = true;
		check_for(check, steps.items[i].file, steps.items[i].line, "the image is scanned");
	}
	for (size_t i = 0; i < steps.count && !good; i++) {
		if (!is_scan(&steps.items[i]))
			continue;
		weak = true;
		say_no_gate(check, &steps.items[i]);
	}
	if (!good && !weak)
		say_no_scan(check, &steps);
}

/* ---- 2.8 what enters the context ---- */

static bool is_example(const char *name)
{
	static const char *const words[] = {"example", "sample", "template", "dist", "defaults", "tmpl", "schema", "vault", "enc", "sops", "age"};
	for (const char *at = name; *at != '\0';) {
		size_t len = strcspn(at, ".-_");
		for (size_t i = 0; i < COUNT_OF(words); i++)
			if (strlen(words[i]) == len && strncmp(at, words[i], len) == 0)
				return true;
		at += len + (at[len] != '\0');
	}
	return false;
}

static bool is_env_file(const char *name)
{
	return (strcmp(name, ".env") == 0 || text_starts_with(name, ".env.") || (text_ends_with(name, ".env") && strlen(name) > 4)) &&
		!is_example(name);
}

static bool fits_any(const char *name, const char *const *patterns)
{
	for (; *patterns != NULL; patterns++)
		if (fnmatch(*patterns, name, 0) == 0)
			return true;
	return false;
}

/* Below a folder that says that nothing in it is real. */
static bool is_sample_path(const char *path)
{
	static const char *const folders[] = {"testdata", "test_data", "test-data", "fixtures", "fixture", "samples", "sample", "mock",
		"mocks", "docs", "doc", "node_modules", "vendor", "snapshots", "certs-test", "test-certs", "testing"};
	for (const char *at = path; strchr(at, '/') != NULL;) {
		size_t len = strcspn(at, "/");
		for (size_t i = 0; i < COUNT_OF(folders); i++)
			if (strlen(folders[i]) == len && strncmp(at, folders[i], len) == 0)
				return true;
		at += len + 1;
	}
	return false;
}

/* Does a file of settings hold a secret? */
static bool env_has_secret(const struct sources *sources, const char *path)
{
	auto_free char *text = tree_read(&sources->tree, path, NULL);
	auto_strings lines = {0};
	strings_split(&lines, text != NULL ? text : "", '\n');
	for (size_t i = 0; i < lines.count; i++) {
		char *line = lines.items[i] + strspn(lines.items[i], " \t");
		line += text_starts_with(line, "export ") ? 7 : 0;
		char *equals = strchr(line, '=');
		if (line[0] == '#' || equals == NULL)
			continue;
		*equals = '\0';
		const char *value = equals + 1 + strspn(equals + 1, "\"' ");
		if (value_is_secret(line, value[0] != '\r' ? value : ""))
			return true;
	}
	return false;
}

static bool holds_private_key(const struct sources *sources, const char *path)
{
	auto_free char *text = tree_read(&sources->tree, path, NULL);
	return text != NULL && strstr(text, "PRIVATE KEY") != NULL;
}

static bool is_below_secrets(const char *path)
{
	static const char *const kinds[] = {"*.txt", "*.key", "*.yaml", "*.yml", "*.json", "*.toml", "*.env", NULL};
	const char *name = path_name(path);
	bool below = text_starts_with(path, "secrets/") || text_starts_with(path, ".secrets/") || strstr(path, "/secrets/") != NULL;
	bool is_source = strstr(path, "src/") != NULL;
	return below && !is_source && !is_example(name) && name[0] != '.' && (strchr(name, '.') == NULL || fits_any(name, kinds)) &&
		strstr(name, "README") == NULL;
}

/* A file whose place is not in an image. */
static bool is_sensitive(const struct sources *sources, const struct tree_file *file)
{
	static const char *const keys[] = {"*.pem", "*.key", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*.p8", NULL};
	static const char *const always[] = {"*.p12", "*.pfx", "*.jks", "*.keystore", ".netrc", ".pgpass", ".git-credentials", "*.dump",
		"*.kdbx", "*.tfstate", "*.tfstate.backup", "kubeconfig", ".htpasswd", "*.ovpn", NULL};
	const char *name = path_name(file->path);
	if (file->is_harness || is_sample_path(file->path))
		return false;
	if (is_env_file(name))
		return !file->is_tracked || env_has_secret(sources, file->path);
	if (fits_any(name, keys))
		return holds_private_key(sources, file->path);
	if (text_ends_with(file->path, ".cargo/credentials.toml") || text_ends_with(file->path, ".cargo/credentials") ||
		text_ends_with(file->path, ".aws/credentials") || text_ends_with(file->path, ".docker/config.json"))
		return true;
	return fits_any(name, always) || (is_below_secrets(file->path) && !file->is_tracked);
}

/* The program itself is built of it. */
static bool is_compiled_in(const struct sources *sources, const char *path)
{
	struct rust_place place = {0};
	return rust_find_string(&sources->rust, path_name(path), false, &place);
}

static const char *ignore_place(const struct sources *sources, const struct shipped *shipped, unsigned *line)
{
	*line = sources_ignore(sources, shipped) != NULL ? 0 : shipped_line(shipped);
	return *line == 0 ? shipped->ignore_path : shipped->source->path;
}

/* Does a COPY name it, not a folder above it? Its line, or 0. */
static unsigned copied_by_name(const struct shipped *shipped, const char *relative)
{
	const struct dockerfile *file = &shipped->source->file;
	unsigned line = 0;
	for (size_t i = 0; i < file->lines.count; i++) {
		struct copy_line copy;
		if (!copy_line_read(file, i, &copy))
			continue;
		for (size_t j = 0; copy.from == NULL && j < copy.sources.count; j++) {
			auto_free char *source = path_clean(copy.sources.items[j] + strspn(copy.sources.items[j], "/"));
			if (strcmp(source, relative) == 0 || (strchr(source, '*') != NULL && strcmp(source, "*") != 0 &&
				fnmatch(source, relative, FNM_PERIOD) == 0))
				line = file->lines.items[i].first;
		}
		copy_line_finish(&copy);
	}
	return line;
}

/* Cargo's macros of sqlx may read .env while they compile. */
static bool compile_reads_env(const struct sources *sources)
{
	static const char *const crates[] = {"dotenv_codegen", "dotenvy_macro", "dotenvy-macro", NULL};
	bool queries = rust_crate(&sources->rust, "sqlx-macros") != NULL && !tree_has_folder(&sources->tree, ".sqlx");
	return queries || rust_has_any(&sources->rust, crates, NULL);
}

/* Would that pattern leave out what a COPY names, so that the build stops there? */
static bool breaks_a_copy(const struct shipped *shipped, const char *pattern)
{
	const struct dockerfile *file = &shipped->source->file;
	const char *name = path_name(pattern);
	bool found = false;
	for (size_t i = 0; i < file->lines.count && !found; i++) {
		struct copy_line copy;
		if (!copy_line_read(file, i, &copy))
			continue;
		for (size_t j = 0; copy.from == NULL && j < copy.sources.count; j++) {
			const char *last = path_name(copy.sources.items[j]);
			found = found || strcmp(last, name) == 0 || (strchr(last, '*') != NULL && last[0] == name[0] && fnmatch(last, name, 0) == 0);
		}
		copy_line_finish(&copy);
	}
	return found;
}

struct context {
	struct check *check;
	const struct shipped *shipped;
	const struct ignore *ignore; /* NULL: there is none */
	struct strings patterns; /* that would mend it */
	unsigned found, left_out;
	bool is_copied; /* a COPY names one: no pattern mends that */
};

static void offer_pattern(struct context *context, const char *pattern)
{
	if (!breaks_a_copy(context->shipped, pattern))
		strings_add_new(&context->patterns, pattern);
}

/* One path of the context: left out, or in it. */
static void look_at_path(struct context *context, const char *relative, const char *pattern, bool is_there)
{
	struct check *check = context->check;
	unsigned line = 0, place_line;
	if (context->ignore != NULL && ignore_leaves_out(context->ignore, relative, &line)) {
		context->left_out++;
		check_for(check, context->shipped->ignore_path, line, "%s is left out", relative);
		return;
	}
	context->found++;
	const char *file = ignore_place(check->sources, context->shipped, &place_line);
	unsigned copied = copied_by_name(context->shipped, relative);
	if (copied > 0) {
		check_against(check, context->shipped->source->path, copied, "COPY takes %s into the image", relative);
		check_mend(check, "Drop the COPY of %s: give the program what is in it when its container starts", relative);
		context->is_copied = true;
		return;
	}
	if (is_there)
		check_against(check, file, place_line, "%s enters the context of %s", relative, context->shipped->source->path);
	else
		check_against(check, file, place_line, "%s would enter the context of %s: an example of it is here, and no pattern leaves it out",
			relative, context->shipped->source->path);
	if (pattern != NULL)
		offer_pattern(context, pattern);
}

static void look_at_files(struct context *context)
{
	const struct sources *sources = context->check->sources;
	const char *folder = strcmp(context->shipped->context, ".") == 0 ? "" : context->shipped->context;
	for (size_t i = 0; i < sources->tree.files.count && context->found < FOUND_SHOWN; i++) {
		const struct tree_file *file = &sources->tree.files.items[i];
		size_t len = strlen(folder);
		if (file->is_link || (len > 0 && (strncmp(file->path, folder, len) != 0 || file->path[len] != '/')))
			continue;
		const char *relative = file->path + len + (len > 0), *name = path_name(file->path);
		bool is_out = context->ignore != NULL && ignore_leaves_out(context->ignore, relative, NULL);
		if ((is_out && context->left_out >= LEFT_OUT_SHOWN) || !is_sensitive(sources, file) || (!is_out && is_compiled_in(sources, file->path)))
			continue;
		auto_free char *pattern = is_env_file(name) ? mem_print("**/%s", name) : mem_copy_string(relative);
		bool is_plain = strpbrk(pattern + (is_env_file(name) ? 2 : 0), "*?[\\ ") == NULL && !(is_env_file(name) && compile_reads_env(sources));
		look_at_path(context, relative, is_plain ? pattern : NULL, true);
	}
}

/* COPY . or a mount of the whole. */
static bool takes_whole_context(const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	bool found = false;
	for (size_t i = 0; i < file->lines.count && !found; i++) {
		struct copy_line copy;
		const char *raw = file->lines.items[i].raw;
		bool is_mount = strcmp(file->lines.items[i].word, "RUN") == 0 && strstr(raw, "type=bind") != NULL;
		found = is_mount && strstr(raw, "source=") == NULL && strstr(raw, "src=") == NULL && strstr(raw, "from=") == NULL;
		if (!copy_line_read(file, i, &copy))
			continue;
		for (size_t j = 0; copy.from == NULL && j < copy.sources.count; j++)
			found = found || strspn(copy.sources.items[j], "./*") == strlen(copy.sources.items[j]);
		copy_line_finish(&copy);
	}
	return found;
}

/* A .env that is not here now (git leaves it out), but is wherever somebody works. */
static void look_at_expected(struct context *context)
{
	static const char *const examples[] = {".env.example", ".env.sample", ".env.template", ".env.dist", "example.env", "sample.env",
		"env.example"};
	const struct sources *sources = context->check->sources;
	auto_free char *own = shipped_path(context->shipped, ".env");
	if (tree_find(&sources->tree, own) != NULL || !takes_whole_context(context->shipped))
		return;
	for (size_t i = 0; i < COUNT_OF(examples); i++) {
		auto_free char *path = shipped_path(context->shipped, examples[i]);
		if (tree_find(&sources->tree, path) == NULL)
			continue;
		look_at_path(context, ".env", compile_reads_env(sources) ? NULL : "**/.env", false);
		return;
	}
}

static void look_at_git(struct context *context)
{
	const struct sources *sources = context->check->sources;
	auto_free char *inside = shipped_path(context->shipped, ".git"), *folder = path_join(sources->tree.root, inside);
	if (!dir_exists(folder) || image_reads_history(sources, context->shipped))
		return;
	unsigned line = 0, place_line;
	if (context->ignore != NULL && ignore_leaves_out(context->ignore, ".git/config", &line)) {
		context->left_out++;
		check_for(context->check, context->shipped->ignore_path, line, ".git is left out");
		return;
	}
	const char *file = ignore_place(sources, context->shipped, &place_line);
	context->found++;
	check_against(context->check, file, place_line, ".git enters the context of %s: all history, and credentials that are kept there",
		context->shipped->source->path);
	offer_pattern(context, "**/.git");
}

/* Does any line take files of the context? */
static bool takes_context(const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	bool found = false;
	for (size_t i = 0; i < file->lines.count && !found; i++) {
		struct copy_line copy;
		if (strcmp(file->lines.items[i].word, "RUN") == 0 && strstr(file->lines.items[i].raw, "type=bind") != NULL)
			found = true;
		if (!copy_line_read(file, i, &copy))
			continue;
		for (size_t j = 0; copy.from == NULL && j < copy.sources.count; j++)
			found = found || strstr(copy.sources.items[j], "://") == NULL;
		copy_line_finish(&copy);
	}
	return found;
}

static void say_no_ignore(struct context *context)
{
	struct check *check = context->check;
	const struct shipped *shipped = context->shipped;
	auto_free char *folder = strchr(shipped->source->path, '/') != NULL ? path_parent(shipped->source->path) : NULL;
	auto_free char *beside = folder != NULL ? path_join(folder, ".dockerignore") : NULL;
	if (beside != NULL && strcmp(beside, shipped->ignore_path) != 0 && tree_find(&check->sources->tree, beside) != NULL)
		check_against(check, beside, 1, "this .dockerignore does not count: the context of %s is %s", shipped->source->path, shipped->context);
	else if (context->found == 0)
		check_against(check, shipped->source->path, shipped_line(shipped),
			"there is no %s: nothing keeps sensitive files out of the context", shipped->ignore_path);
	if (!context->is_copied)
		check_mend(check, "Write %s with the patterns **/.git, **/.env, **/*.pem and **/*.key", shipped->ignore_path);
	offer_pattern(context, "**/.env");
}

static void look_at_context(struct check *check, const struct shipped *shipped)
{
	struct context context = {.check = check, .shipped = shipped, .ignore = sources_ignore(check->sources, shipped)};
	if (!takes_context(shipped)) {
		check_for(check, shipped->source->path, shipped_line(shipped), "it takes no file of its context");
		return;
	}
	look_at_git(&context);
	look_at_files(&context);
	look_at_expected(&context);
	if (context.ignore == NULL)
		say_no_ignore(&context);
	else if (context.found == 0 && context.left_out == 0)
		check_for(check, shipped->ignore_path, 0, "nothing sensitive lies in the context of %s", shipped->source->path);
	if (context.patterns.count > 0) {
		auto_free char *lines = strings_join(&context.patterns, "\n", "\n");
		check_edit_insert(check, shipped->ignore_path, 0, lines);
	}
	strings_finish(&context.patterns);
}

void check_context(struct check *check)
{
	const struct shipped *shipped, *before;
	/* images with the same context and patterns take in the same: it is said once */
	if (!has_own_image(check->sources)) {
		own_image_none(check);
		return;
	}
	for (size_t at = 0; (shipped = own_image(check->sources, &at)) != NULL;) {
		bool is_seen = false;
		for (size_t other = 0; other + 1 < at && (before = own_image(check->sources, &other)) != NULL && before != shipped;)
			is_seen = is_seen || (strcmp(before->ignore_path, shipped->ignore_path) == 0 && strcmp(before->context, shipped->context) == 0);
		if (!is_seen)
			look_at_context(check, shipped);
	}
}

/* ---- 2.9 signatures ---- */

/* DOCKER_CONTENT_TRUST=1 breaks pulls since 2025, and Docker 29 ignores it. */
static bool trust_in_text(struct check *check, const char *path, const char *text)
{
	static const char name[] = "DOCKER_CONTENT_TRUST";
	bool found = false;
	for (const char *at = text; at != NULL && (at = strstr(at, name)) != NULL; at += sizeof name - 1) {
		const char *line = at, *value = at + sizeof name - 1;
		while (line > text && line[-1] != '\n')
			line--;
		value += strspn(value, "\"' :=");
		if (line[strspn(line, " \t")] == '#' || (at > text && at[-1] == '_') || *value != '1')
			continue;
		check_against(check, path, text_line_at(text, (size_t)(at - text)),
			"DOCKER_CONTENT_TRUST is set: its servers are being shut down, and pulls fail");
		found = true;
	}
	return found;
}

static void look_for_trust(struct check *check)
{
	const struct sources *sources = check->sources;
	const struct tree_file *file;
	bool found = false;
	for (size_t i = 0; i < sources->workflows.count; i++)
		found = trust_in_text(check, sources->workflows.items[i].path, sources->workflows.items[i].text) || found;
	for (size_t at = 0; (file = script_each(sources, &at)) != NULL;) {
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		found = trust_in_text(check, file->path, text) || found;
	}
	static const char *const names[] = {".env", ".env.example", ".gitlab-ci.yml"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_free char *text = tree_find(&sources->tree, names[i]) != NULL ? tree_read(&sources->tree, names[i], NULL) : NULL;
		found = trust_in_text(check, names[i], text) || found;
	}
	if (found)
		check_mend(check, "Take DOCKER_CONTENT_TRUST away; sign the digest with cosign after the push, and verify it before it is deployed");
}

/* The program's image in a file for production: by digest, or by a tag that anybody may move. */
static void look_at_production(struct check *check, const struct yaml_source *source)
{
	const struct yaml_node *services = compose_written(source);
	for (size_t i = 0; services != NULL && i < services->items.count; i++) {
		const struct yaml_node *image = yaml_get(services->items.items[i], "image");
		const char *text = yaml_text(image), *service = yaml_text(services->keys.items[i]);
		if (text == NULL || service == NULL || !image_is_own(check->sources, text))
			continue;
		if (strstr(text, "@sha256:") != NULL || strstr(text, "}@$") != NULL)
			check_for(check, source->path, image->line, "the service %s takes its image by digest", service);
	}
}

static bool is_verified(const struct sources *sources)
{
	static const char *const words[] = {"cosign verify", "notation verify", "attestation verify", "slsa-verifier verify"};
	static const char *const policies[] = {"verifyImages", "ClusterImagePolicy"};
	unsigned line;
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(words) && !found; i++) {
		struct written_line at = {0};
		for (size_t j = 0; j < sources->workflows.count; j++)
			found = found || strstr(sources->workflows.items[j].text, words[i]) != NULL;
		found = found || writings_find(sources->writings, words[i], &at);
		written_line_finish(&at);
	}
	for (size_t i = 0; i < COUNT_OF(policies) && !found; i++)
		found = manifest_find(sources, policies[i], &line) != NULL;
	return found;
}

/* A signature that nobody looks at holds nobody off. */
static void look_for_verification(struct check *check, const struct image_steps *steps)
{
	const struct pipe_job *deploys = pipe_first(&steps->workflows, PIPE_DEPLOYS);
	if (deploys == NULL || is_verified(check->sources))
		return;
	check_against(check, pipe_file(&steps->workflows, deploys), deploys->line, "%s deploys the image, and nothing verifies its signature before", deploys->name);
	check_mend(check, "Run cosign verify with --certificate-identity and --certificate-oidc-issuer on the digest before it is deployed");
}

static void say_signed(struct check *check, const struct image_steps *steps)
{
	const struct sources *sources = check->sources;
	const struct image_step *push = image_steps_find(steps, IMAGE_PUSH), *sign = image_steps_find(steps, IMAGE_SIGN);
	if (sign != NULL && (push != NULL || !sign->is_script)) {
		check_for(check, sign->file, sign->line, "the image is signed");
		look_for_verification(check, steps);
	} else if (push != NULL)
		check_against(check, push->file, push->line, "the image is pushed and not signed");
	else if (!has_own_image(sources))
		own_image_none(check);
	else if (steps->elsewhere != NULL)
		check_missing(check, "%s takes steps from elsewhere: whether they sign an image cannot be read here", steps->elsewhere);
	else if (sources->workflows.count > 0)
		check_none(check, sources->workflows.items[0].path, "no workflow pushes an image");
	else
		check_none(check, sources->shipped.items[0].source->path, "no workflow and no script pushes an image");
}

void check_signed(struct check *check)
{
	auto_image_steps steps = {0};
	image_steps_open(check->sources, &steps);
	look_for_trust(check);
	say_signed(check, &steps);
	for (size_t i = 0; i < check->sources->other_composes.count; i++)
		if (layer_role(check->sources->other_composes.items[i].path) == LAYER_PROD)
			look_at_production(check, &check->sources->other_composes.items[i]);
}

/* The engine's own word (image inspect, Identity, API 1.53). */
void live_signed(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;)
		if (live_is_own(check->sources, container) && json_array_size(live_at(container, "image.Identity.Signature")) > 0)
			check_live_for(check, live_service(container), "Identity shows a signature of its image");
}
