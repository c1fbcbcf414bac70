/* The machine's own network settings, for builds of images: proxies and the CA
 * bundle. They end up in no layer. */
#include "images.h"

#define CA_SECRET "cargodeck-ca"
#define CA_PATH "/run/secrets/" CA_SECRET

const char *machine_ca_bundle(void)
{
	static const char *const names[] = {"CARGO_HTTP_CAINFO", "SSL_CERT_FILE", "CURL_CA_BUNDLE"};
	/* Debian and Arch; Fedora; openSUSE; Alpine */
	static const char *const stores[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
		"/etc/ssl/cert.pem"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *path = getenv(names[i]);
		if (path != NULL && path[0] != '\0' && file_exists(path))
			return path;
	}
	/* a company's own authority is mostly added to the system's store */
	for (size_t i = 0; i < COUNT_OF(stores); i++)
		if (file_exists(stores[i]))
			return stores[i];
	return NULL;
}

/* Gives each RUN line the machine's CA bundle as a secret: it is in no layer. */
char *machine_with_ca(const char *text)
{
	struct dockerfile file;
	struct str out = {0};
	if (!dockerfile_read(text, strlen(text), NULL, &file, NULL))
		return mem_copy_string(text);
	for (size_t i = 0; i < file.lines.count; i++) {
		const struct docker_line *line = &file.lines.items[i];
		if (strcmp(line->word, "RUN") == 0) {
			const char *at = line->raw + strspn(line->raw, " \t");
			str_print(&out, "RUN --mount=type=secret,id=" CA_SECRET ",target=" CA_PATH ",mode=0444 %s", at + 3 + strspn(at + 3, " \t"));
		} else {
			str_add(&out, line->raw);
		}
		if (out.len > 0 && out.data[out.len - 1] != '\n')
			str_add_char(&out, '\n');
		if (strcmp(line->word, "FROM") == 0)
			str_add(&out, "ARG CARGO_HTTP_CAINFO=" CA_PATH "\nARG SSL_CERT_FILE=" CA_PATH "\n");
	}
	dockerfile_finish(&file);
	return str_steal(&out);
}

void machine_add_words(struct strings *argv)
{
	/* predefined build arguments: in no history (Dockerfile reference, ARG) */
	static const char *const proxies[] = {"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"};
	for (size_t i = 0; i < COUNT_OF(proxies); i++) {
		if (getenv(proxies[i]) != NULL) {
			strings_add(argv, "--build-arg");
			strings_add(argv, proxies[i]); /* buildx reads the value itself: it is on no command line */
		}
	}
	if (machine_ca_bundle() != NULL) {
		strings_add(argv, "--secret");
		strings_print(argv, "id=" CA_SECRET ",src=%s", machine_ca_bundle());
	}
}
