/* A service's image: the final stage of its Dockerfile rendered, or, where a
 * line of it is not understood, the builder's image with the service's own
 * settings on top. */
#include "render.h"

#include <stdio.h>

/* The project's own .dockerignore, and what a running build changes all the
 * time. */
static char *read_ignore(const struct project *project, const struct compose_service *service)
{
	auto_free char *special = service->dockerfile != NULL ? mem_print("%s.dockerignore", service->dockerfile) : mem_copy_string("");
	auto_free char *usual = service->context != NULL ? path_join(service->context, ".dockerignore") : mem_copy_string("");
	char *text = file_read(special, FILE_LIMIT, NULL, NULL);
	if (text == NULL)
		text = file_read(usual, FILE_LIMIT, NULL, NULL);
	const char *target = service->context != NULL && project->cargo.target != NULL ? path_relative(project->cargo.target, service->context) : NULL;
	struct str out = {0};
	if (text != NULL)
		str_add(&out, text);
	str_print(&out, "\n%s\n.git\n", target != NULL && target[0] != '\0' ? target : "target");
	free(text);
	return str_steal(&out);
}

static bool is_setting(const char *word)
{
	static const char *const words[] = {"ENV", "ARG", "WORKDIR", "EXPOSE", "LABEL", "HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "CMD", "SHELL"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* Settings of the final stage and files of the context; its RUN lines belong to
 * another system. */
static void put_settings(struct render *render, int stage, struct str *text, int depth)
{
	const struct docker_stage *own = &render->file->stages.items[stage];
	if (own->base_stage >= 0 && depth < STAGE_DEPTH_LIMIT)
		put_settings(render, own->base_stage, text, depth + 1);
	for (size_t i = own->from + 1; i < render->file->lines.count && render->file->lines.items[i].stage == stage; i++) {
		const struct docker_line *line = &render->file->lines.items[i];
		struct copy_line copy = {.from_stage = -1};
		bool context = copy_line_read(render->file, i, &copy) && copy.from == NULL && strcmp(line->word, "COPY") == 0;
		auto_free char *owner = context ? flag_value(line->rest, "chown") : NULL;
		bool numeric = strcmp(line->word, "USER") == 0 && strspn(line->rest, "0123456789:") == strlen(line->rest);
		if (is_setting(line->word) || numeric || (context && (owner == NULL || strspn(owner, "0123456789:") == strlen(owner)))) {
			str_add(text, line->raw);
			if (!text_ends_with(line->raw, "\n"))
				str_add_char(text, '\n');
		}
		copy_line_finish(&copy);
	}
}

static char *in_builder(struct render *render, const char *builder_image, int stage)
{
	struct str text = {0};
	const struct project_service *service = render->service;
	str_print(&text, "FROM %s\nUSER 0\n", builder_image);
	put_settings(render, stage, &text, 0);
	str_print(&text, "COPY --from=%s /%s %s\n", render->launcher_image, service->bin, service->program);
	return str_steal(&text);
}

/* A service with an image alone: taken over for the session. */
static bool render_prebuilt(const struct project_service *service, const char *launcher_image, struct rendering *out)
{
	out->base = mem_copy_string(service->compose->image != NULL ? service->compose->image : "scratch");
	out->text = mem_print("FROM %s\nCOPY --from=%s /%s %s\n", out->base, launcher_image, service->bin, service->program);
	return true;
}

static void add_file(struct str *out, const char *folder, const char *name)
{
	auto_free char *path = path_join(folder, name);
	auto_free char *text = file_read(path, FILE_LIMIT, NULL, NULL);
	if (text != NULL)
		str_add(out, text);
}

/* Does what its builder makes run in its own image? */
static char *misfit(const struct project *project, const struct project_service *service, const char *final_base)
{
	struct rendering builder;
	if (service->family < 0 || !project_render_builder(project, service->family, &builder, NULL))
		return NULL;
	auto_str settings = {0};
	str_add(&settings, builder.text);
	if (project->cargo.root != NULL) {
		add_file(&settings, project->cargo.root, ".cargo/config.toml");
		add_file(&settings, project->cargo.root, ".cargo/config");
	}
	char *why = libc_misfit(&project->families.items[service->family], builder.base, str_text(&settings), final_base);
	rendering_finish(&builder);
	return why;
}

bool project_render_service(const struct project *project, const struct project_service *service,
	const char *launcher_image, const char *builder_image, struct rendering *out, struct fault *fault)
{
	struct dockerfile file;
	*out = (struct rendering){.ignore = read_ignore(project, service->compose)};
	if (service->program == NULL) {
		fault_set(fault, FAULT_INPUT, "%s: %s", service->name, service->trouble != NULL ? service->trouble : _("its start command leads to no program"));
		return fault_mend(fault, "give it a command that starts the program by its path");
	}
	if (!service->compose->has_build)
		return render_prebuilt(service, launcher_image, out);
	if (!service_dockerfile(service->compose, &file, fault))
		return false;
	struct render render = {.project = project, .service = service, .compose = service->compose, .file = &file,
		.build_args = &service->compose->build_args, .launcher_image = launcher_image, .out = out};
	int final = dockerfile_stage(&file, service->compose->build_target);
	if (final < 0) {
		dockerfile_finish(&file);
		return fault_set(fault, FAULT_INPUT, "the Dockerfile of %s has no stage %s", service->name, service->compose->build_target);
	}
	out->text = render_stages(&render, final, MODE_FINAL);
	out->base = mem_copy_string(stage_root_base(&file, final));
	if (out->fallback == NULL)
		out->fallback = misfit(project, service, out->base);
	if (out->fallback != NULL) {
		free(out->text);
		free(out->base);
		out->text = in_builder(&render, builder_image, final);
		out->base = mem_copy_string(builder_image);
	} else if (!render.placed) {
		/* compiled in the final stage itself: the program was never copied */
		char *text = out->text;
		out->text = mem_print("%sCOPY --from=%s /%s %s\n", text, launcher_image, service->bin, service->program);
		free(text);
	}
	dockerfile_finish(&file);
	return true;
}
