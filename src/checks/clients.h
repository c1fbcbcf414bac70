/* Which servers the program is a client of, by its enabled crates: databases,
 * redis, mail. */
#ifndef CARGODECK_CHECKS_CLIENTS_H
#define CARGODECK_CHECKS_CLIENTS_H

#include "checks.h"

enum { STORE_POSTGRES = 1, STORE_MYSQL = 2, STORE_SQLITE = 4, STORE_MONGO = 8,
	STORE_SQL = 16 /* one of the three, not known which */, STORE_OTHER = 32 /* no SQL, or none of these */ };
unsigned stores_find(const struct sources *sources, const char **crate); /* 0: none; *crate: by which */
/* "postgres", "mysql" or "mongodb"; NULL: no database server. *crate: which one says so. */
const char *server_database(const struct sources *sources, const char **crate);
const char *redis_crate(const struct sources *sources); /* NULL: none */
const char *mail_crate(const struct sources *sources); /* that speaks SMTP; NULL: none */

#endif
