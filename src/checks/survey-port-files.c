/* The port of a service as files beside the code give it: its settings, an example
 * of its environment. */
#include "survey.h"

#include <ctype.h>
#include <stdio.h>

/* `port: 8000` of a section that is no other server's. */
static unsigned port_in_settings(const char *text, unsigned *line)
{
	static const char *const keys[] = {"port", "application_port", "app_port", "server_port", "http_port", "listen_port", "web_port", NULL};
	char section[64] = "";
	unsigned number = 0, port = 0;
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		auto_free char *row = mem_copy_bytes(text, len);
		const char *at = row + strspn(row, " \t\"");
		number++;
		if (sscanf(row, "[%63[^]]", section) != 1 && row == at && isalpha((unsigned char)*at) && strchr(row, ':') != NULL)
			snprintf(section, sizeof section, "%.*s", (int)strcspn(at, ":\""), at);
		size_t key = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		auto_free char *name = mem_copy_bytes(at, key);
		const char *sign = at + key + strspn(at + key, " \t\":=");
		bool is_port = name_in(name, keys) && at[key] != '\0' && sscanf(sign, "%5u", &port) == 1 && port > 0 && port < 65536;
		if (is_port && !variable_is_of_client(section)) {
			*line = number;
			return port;
		}
		text += len + (text[len] == '\n');
	}
	return 0;
}

static bool is_settings_file(const char *path)
{
	static const char *const patterns[] = {"config*.toml", "config*.y*ml", "settings*.toml", "settings*.y*ml", "default.*", "base.*", "local.*", "production.*",
		"development.*", "Rocket.toml", "app*.toml", "app*.y*ml", "server*.toml", "server*.y*ml", NULL};
	const char *dot = strrchr(path, '.');
	static const char *const ends[] = {".toml", ".yaml", ".yml", NULL};
	for (size_t i = 0; dot != NULL && ends[i] != NULL; i++)
		if (strcmp(dot, ends[i]) == 0)
			return name_in(path_name(path), patterns);
	return false;
}

static void look_at_settings(struct surveyed *surveyed, json_t *says)
{
	const struct sources *sources = &surveyed->view;
	unsigned read = 0, line;
	for (size_t i = 0; i < sources->tree.files.count && read < 50 && surveyed->port == 0; i++) {
		const struct tree_file *file = &sources->tree.files.items[i];
		const char *folder = surveyed->program->folder;
		if (file->is_harness || !is_settings_file(file->path) || (folder[0] != '\0' && !path_is_below(file->path, folder)))
			continue;
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		read++;
		surveyed->port = text != NULL ? port_in_settings(text, &line) : 0;
		if (surveyed->port != 0)
			survey_say(says, file->path, line, _("%s listens on port %u: these settings say so"), surveyed->program->name, surveyed->port);
	}
}

/* PORT=8080 of .env.example and its like, where the code leaves it to the variable. */
static void look_at_examples(struct surveyed *surveyed, json_t *says)
{
	static const char *const files[] = {".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", ".env", NULL};
	struct text_walk walk = {0};
	auto_free char *words = mem_print("%s=", surveyed->port_env);
	for (char *text; surveyed->port == 0 && (text = text_walk_next(&surveyed->view, &walk, files)) != NULL;) {
		auto_free char *own = text;
		for (const char *at = own; surveyed->port == 0 && (at = strstr(at, words)) != NULL; at++) {
			const char *value = at + strlen(words) + strspn(at + strlen(words), "\"'");
			if (at > own && at[-1] != '\n' && at[-1] != ' ')
				continue;
			surveyed->port = port_of_text(value, strcspn(value, "\"' \t\r\n#"));
			if (surveyed->port != 0)
				survey_say(says, walk.file->path, text_line_at(own, (size_t)(at - own)), _("%s listens on port %u: these settings say so"),
					surveyed->program->name, surveyed->port);
		}
	}
}

void ports_in_settings(struct surveyed *surveyed, json_t *says)
{
	look_at_settings(surveyed, says);
	if (surveyed->port == 0 && surveyed->port_env != NULL)
		look_at_examples(surveyed, says);
}
